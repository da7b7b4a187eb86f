"""The register of official documents: numbers without gaps, documents void but kept, printing that may be repeated."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from hashlib import sha256

import pytest
from sqlalchemy import select, text, update

from engine import clock, delegates, documents, files, identity, instances, processes, tasks
from engine.db import transaction
from engine.delegates import Grounds
from engine.documents import Form, House, Order, Press
from engine.domain.workdays import Calendar
from engine.errors import DocumentRefused, ModelRefused, NotFound, StateDamaged, StepFailed
from engine.instances import Application
from engine.tables import Event, Incident, NumberSeries, OfficialDocument, Task
from server import printing
from tests.support.invariants import broken
from tests.support.papers import LETTER, ON, issuing, template, typefaces

HOUSE = House("浙科函", ("浙江省科学技术厅",), "", "10年", signatory="厅领导")
ORDER = Order("issuing", "letter", LETTER, ON, case_id="330127-2026")
MORNING = datetime(2026, 6, 18, 2, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path):
    return issuing(tmp_path / "issuing")


@pytest.fixture
def programme(sessions, folder):
    with transaction(sessions) as session:
        processes.deploy(session, folder, "a test")
    return "issuing"


@pytest.fixture
def signed(sessions, programme):
    """Give a function that starts a letter and signs it; it returns the instance."""

    def sign(**data):
        clock.travel(MORNING)
        given = {"case": "330127-2026", "facts": LETTER, "addressees": [], **data}
        with transaction(sessions) as session:
            instance = instances.start(session, None, Application(programme, "issuing", "一函", data=given))
            task = session.scalars(select(Task.id).where(Task.instance == instance)).one()
            tasks.complete(session, identity.load(session, "jingban"), task, {})
        return instance

    return sign


@pytest.fixture
def press(configuration):
    return Press.of(configuration)


def rows(sessions):
    with transaction(sessions) as session:
        return list(session.scalars(select(OfficialDocument).order_by(OfficialDocument.serial)))


def issue(session, order=ORDER, house=HOUSE):
    return documents.issue(session, order, house, template("letter"))


def told(sessions, kind):
    with transaction(sessions) as session:
        return [event.data for event in session.scalars(select(Event).where(Event.kind == kind).order_by(Event.id))]


def test_a_diagram_issues_a_document_under_the_next_number(sessions, signed, programme):
    instance = signed(addressees=["云溪县人民政府", "某单位"])
    signed()
    first, second = rows(sessions)
    assert (first.number, second.number) == ("浙科函〔2026〕1号", "浙科函〔2026〕2号")
    assert (first.kind, first.case_id, first.instance, first.state.value) == (
        "letter",
        "330127-2026",
        instance,
        "issued",
    )
    assert (first.issued_on, first.retention, first.pdf) == (ON, "30年", None)
    assert first.title == "关于云溪县创新型试点县公示异议处理的复函"
    assert first.facts["issue"]["signatory"] == "蒋经办"  # whoever signed it
    assert first.addressees == ["yunxi-government", "某单位"]
    (event, _) = told(sessions, "document.issued")
    assert (event["number"], event["name"], event["case_id"]) == (first.number, first.title, "330127-2026")
    assert broken(sessions) == []


def test_a_missing_fact_stops_the_step_and_takes_no_number(sessions, signed):
    signed(facts={**LETTER, "addressee": None})
    assert rows(sessions) == []
    with transaction(sessions) as session:
        reason = session.scalars(select(Incident.reason)).one()
    assert "addressee（主送机关）" in reason
    signed()
    assert [row.number for row in rows(sessions)] == ["浙科函〔2026〕1号"]
    assert broken(sessions) == []


def test_whoever_rolls_back_gives_the_number_back(sessions, programme):
    with transaction(sessions) as session:
        issue(session)
    with sessions() as session:
        assert issue(session).number == "浙科函〔2026〕2号"
        session.rollback()
    with transaction(sessions) as session:
        assert issue(session).number == "浙科函〔2026〕2号"


def test_every_word_and_year_has_numbers_of_its_own(session, programme):
    other = replace(HOUSE, word="浙政发")
    later = replace(ORDER, on=date(2027, 1, 4))
    numbers = [issue(session).number, issue(session, house=other).number, issue(session, later).number]
    assert numbers == ["浙科函〔2026〕1号", "浙政发〔2026〕1号", "浙科函〔2027〕1号"]
    assert issue(session).number == "浙科函〔2026〕2号"


def test_a_document_is_void_once_and_for_a_reason(sessions, programme, actor):
    with transaction(sessions) as session:
        issued = issue(session)

    def withdraw(reason):
        try:
            with transaction(sessions) as session:
                documents.withdraw(session, actor("tingzhang"), issued.id, reason)
                return "void"
        except DocumentRefused:
            return "refused"

    assert withdraw(" \n") == "refused"
    with ThreadPoolExecutor() as hands:
        assert sorted(hands.map(withdraw, ["误发"] * 4)) == ["refused", "refused", "refused", "void"]
    with transaction(sessions) as session:
        assert len(session.scalars(select(Event).where(Event.kind == "document.voided")).all()) == 1


def test_a_printed_file_that_was_changed_on_the_disk_is_not_handed_out(sessions, programme, actor, press):
    with transaction(sessions) as session:
        issued = issue(session)
        printed = documents.content(session, actor("tingzhang"), issued.id, Form.PDF, press)
    files.place(press.var, sha256(printed).hexdigest()).write_bytes(b"%PDF-1.7 another")
    with transaction(sessions) as session, pytest.raises(StateDamaged):
        documents.content(session, actor("tingzhang"), issued.id, Form.PDF, press)


def test_a_void_number_is_kept_and_never_used_again(sessions, programme, actor):
    with transaction(sessions) as session:
        issued = issue(session)
    with transaction(sessions) as session:
        documents.void(session, actor("tingzhang").id, issued.number, "主送单位有误")
    with transaction(sessions) as session:
        assert issue(session).number == "浙科函〔2026〕2号"
    first, _ = rows(sessions)
    assert (first.state.value, first.void_reason) == ("void", "主送单位有误")
    assert told(sessions, "document.voided")[0]["reason"] == "主送单位有误"
    assert broken(sessions) == []
    with pytest.raises(DocumentRefused), transaction(sessions) as session:
        documents.void(session, None, issued.number, "又一次")
    with pytest.raises(NotFound), transaction(sessions) as session:
        documents.void(session, None, "浙科函〔2026〕9号", "没有")


def test_a_document_is_printed_once_however_often_it_is_asked_for(sessions, signed, configuration, press, actor):
    signed()
    assert printing.print_waiting(sessions, configuration) == 1
    assert printing.print_waiting(sessions, configuration) == 0
    (row,) = rows(sessions)
    kept = {form: files.content(press.var, getattr(row, form.value)) for form in Form}
    assert {form: sha256(content).hexdigest() for form, content in kept.items()} == {
        Form.PDF: row.pdf,
        Form.DOCX: row.docx,
    }
    assert row.remarks["faults"] == []
    assert len(row.remarks["notes"]) == len(typefaces().substitutes)
    with transaction(sessions) as session:
        assert documents.content(session, actor("jingban"), row.id, Form.PDF, press) == kept[Form.PDF]
    assert [event["faults"] for event in told(sessions, "document.rendered")] == [0]


def test_a_file_that_is_lost_is_printed_again_with_the_same_bytes(sessions, signed, configuration, press, actor):
    signed()
    printing.print_waiting(sessions, configuration)
    (row,) = rows(sessions)
    before = files.content(press.var, row.docx)
    files.place(press.var, row.docx).unlink()
    with pytest.raises(NotFound):
        files.content(press.var, row.docx)
    with transaction(sessions) as session:
        assert documents.content(session, actor("jingban"), row.id, Form.DOCX, press) == before
    assert files.content(press.var, row.docx) == before


def test_a_document_keeps_the_template_it_was_issued_by(sessions, signed, folder, press):
    signed()
    with transaction(sessions) as session:
        (old,) = session.scalars(select(OfficialDocument)).all()
        before = documents.print_(documents.draft(session, old.id), press).pdf
    changed = (folder / "templates" / "letter.toml").read_text(encoding="utf-8").replace("关于", "有关")
    (folder / "templates" / "letter.toml").write_text(changed, encoding="utf-8")
    with transaction(sessions) as session:
        assert processes.deploy(session, folder, "a test").number == 2
    signed()
    first, second = rows(sessions)
    assert (first.title[:2], second.title[:2]) == ("关于", "有关")
    with transaction(sessions) as session:
        assert documents.print_(documents.draft(session, first.id), press).pdf == before
        with pytest.raises(NotFound):
            documents.draft(session, second.instance)


def test_what_cannot_be_printed_says_why_and_waits_no_more(sessions, signed, configuration):
    signed()
    with transaction(sessions) as session:
        session.execute(update(OfficialDocument).values(facts=text("jsonb_set(facts, '{given}', '{}')")))
    assert printing.print_waiting(sessions, configuration) == 0
    (row,) = rows(sessions)
    assert "missing" in row.remarks["faults"][0]["text"]["en"]
    with transaction(sessions) as session:
        assert documents.unprinted(session, 10) == []
        assert session.scalar(select(documents.pending())) is False


def test_a_broken_template_is_not_deployed(sessions, folder):
    broken_one = (folder / "templates" / "letter.toml").read_text(encoding="utf-8").replace("{subject}", "{subjekt}")
    (folder / "templates" / "letter.toml").write_text(broken_one, encoding="utf-8")
    with pytest.raises(ModelRefused) as refused, transaction(sessions) as session:
        processes.deploy(session, folder, "a test")
    (finding,) = refused.value.facts["findings"]
    assert (finding["file"], finding["element"], finding["rule"]) == ("templates/letter.toml", "title", "template")
    assert "subjekt" in finding["text"]["zh"]


SPOILT = {
    "number-gap": "UPDATE number_series SET last = last + 1",
    "document-state": "UPDATE official_document SET state = 'void'",
    "document-told": "DELETE FROM event WHERE kind = 'document.issued'",
}


@pytest.mark.parametrize("rule", SPOILT)
def test_a_register_that_is_spoilt_is_found_out(rule, sessions, signed):
    signed()
    assert broken(sessions) == []
    with transaction(sessions) as session:
        session.execute(text(SPOILT[rule]))
    assert [line.partition(":")[0] for line in broken(sessions)] == [rule]


def test_a_document_beyond_its_series_is_found_out(sessions, programme):
    with transaction(sessions) as session:
        issue(session)
        session.execute(text("DELETE FROM number_series"))
    assert [line.partition(":")[0] for line in broken(sessions)] == ["number-gap"]


def grounds(folder, **more):
    built = processes.build(processes._read(folder), "", 0)
    days = {date(2026, 10, day): False for day in range(1, 9)} | {date(2026, 10, 10): True}
    calendar = Calendar(days, date(2026, 12, 31))
    return Grounds([], calendar, MORNING, decisions=built.decisions, templates=built.templates, **more)


def test_a_rehearsal_numbers_and_composes_without_a_database(folder):
    memory: dict = {}
    around = grounds(folder, memory=memory)
    given = {"kind": "letter", "facts": LETTER}
    assert delegates.run("issue document", given, around)["number"] == "浙科函〔2026〕1号"
    second = delegates.run("issue document", given, around)
    assert second == {"id": "浙科函〔2026〕2号", "number": "浙科函〔2026〕2号", "issued_on": "2026-06-18"}
    void = {"number": second["number"], "reason": "错"}
    assert delegates.run("void document", void, around)["state"] == "void"
    with pytest.raises(StepFailed):
        delegates.run("void document", void, around)
    with pytest.raises(StepFailed, match="addressee"):
        delegates.run("issue document", {"kind": "letter", "facts": {**LETTER, "addressee": None}}, around)
    assert delegates.run("issue document", given, around)["number"] == "浙科函〔2026〕3号"


@pytest.mark.parametrize(
    ("given", "why"), [({"kind": "poster"}, "no template"), ({"kind": "letter", "colour": 1}, "colour"), ({}, "kind")]
)
def test_what_cannot_be_issued_fails_the_step(folder, given, why):
    with pytest.raises(StepFailed, match=why):
        delegates.run("issue document", {"facts": LETTER, **given}, grounds(folder))


def test_a_programme_without_the_decision_issues_nothing(folder):
    (folder / "retention.dmn").unlink()
    with pytest.raises(StepFailed, match="retention"):
        delegates.run("issue document", {"kind": "letter", "facts": LETTER}, grounds(folder))


@pytest.mark.parametrize(
    ("start", "days", "workdays", "ends"),
    [
        ("2026-06-18", 7, 5, "2026-06-24"),
        ("2026-06-18", 7, 0, "2026-06-24"),
        ("2026-06-20", 7, 5, "2026-06-28"),  # a Saturday: it begins on Monday
        ("2026-09-29", 7, 5, "2026-10-12"),  # 1 to 8 October are free, Saturday the 10th is worked
        ("2026-06-18", 1, 1, "2026-06-18"),
    ],
)
def test_a_public_notice_has_its_days_and_its_working_days(folder, start, days, workdays, ends):
    given = {"start": start, "days": days, "workdays": workdays}
    period = delegates.run("notice period", given, grounds(folder))
    assert (period["to"], period["to_at"]) == (ends, f"{ends}T23:59:59+08:00")


def test_a_public_notice_begins_today_when_nothing_else_is_said(folder):
    period = delegates.run("notice period", {"days": 7}, grounds(folder))
    assert (period["from"], period["text"]) == ("2026-06-18", "2026年6月18日至2026年6月24日")


def test_a_file_is_kept_once(tmp_path):
    first, second = files.keep(tmp_path, b"one"), files.keep(tmp_path, b"one")
    assert first == second == sha256(b"one").hexdigest()
    assert [path.name for path in (tmp_path / "files").rglob("*") if path.is_file()] == [first]
    assert files.content(tmp_path, first) == b"one"


def test_the_series_is_a_row(session, programme):
    issue(session)
    issue(session)
    assert session.scalars(select(NumberSeries.last)).one() == 2
