"""The archive: a whole life becomes one file that proves itself, whoever has it and wherever."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event, select, text

from engine import archive, clock, delegates, files, identity
from engine.archive import contents
from engine.db import Sessions, transaction
from engine.delegates import Grounds
from engine.domain import packages
from engine.domain.packages import checking
from engine.domain.workdays import Calendar
from engine.errors import NotFound, StepFailed
from engine.tables import Event, Incident, Instance, OfficialDocument, Task
from tests.support.archived import CASE, LETTER, PROOF, UNIT, Life, tables


@pytest.fixture
def life(sessions: Sessions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Life:
    """Give a case on its way; what the diagram keeps goes to a temporary folder."""
    monkeypatch.setenv("ICITY_VAR", str(tmp_path / "var"))
    return Life(sessions, tmp_path)


def archived(life: Life, **more: Any) -> bytes:
    given = {"programme": "small", "case_id": CASE, "retention": "永久", "var": life.var} | more
    with transaction(life.sessions) as session:
        answer = archive.archive_case(session, archive.Transfer(**given))
    return files.content(life.var, answer["package"])


def read(content: bytes) -> dict[str, Any]:
    unpacked = packages.unpack(content)
    return {name: json.loads(each) for name, each in unpacked.items() if name.endswith(".json")}


@contextmanager
def counted(sessions: Sessions) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    bind = sessions.kw["bind"]
    event.listen(bind, "before_cursor_execute", note)
    yield seen
    event.remove(bind, "before_cursor_execute", note)


def test_a_case_becomes_a_package_that_proves_itself(life: Life) -> None:
    life.live()
    report = packages.check(archived(life), tables)
    assert report.faults == []
    assert report.notes == []
    looked_at = {name: report.checked[name] for name in ("sheets", "decisions", "deadlines", "evidence", "documents")}
    assert looked_at == {"sheets": 1, "decisions": 1, "deadlines": 2, "evidence": 1, "documents": 1}
    assert report.about["case_id"] == CASE
    assert report.about["retention"] == {"class": "permanent", "zh": "永久", "en": "permanent"}


def test_everything_of_the_case_is_inside(life: Life) -> None:
    life.live()
    content = archived(life)
    unpacked, told = packages.unpack(content), read(content)
    assert unpacked[f"evidence/{sha256(PROOF).hexdigest()}"] == PROOF
    (document,) = told["documents.json"]
    assert unpacked[f"documents/{document['id']}.pdf"] == LETTER
    assert document["present"] == ["pdf"]  # its DOCX was never made here
    assert told["titles.json"][0]["document_no"] == "浙科发〔2024〕31号"
    assert {one["element"] for one in told["tasks.json"]} == {"T12", "T50"}
    assert told["tasks.json"][0]["answers"] == {"n": 1}
    assert told["decisions.json"][0]["made"]["value"] == "良好"
    assert [row["number"] for row in told["programme.json"]] == [1]
    zh = unpacked["timeline.zh.txt"].decode()
    assert "蒋经办办结“资格核验”。" in zh
    assert "“评定等次”得出结果：良好。" in zh
    assert "completed “资格核验”" in unpacked["timeline.en.txt"].decode()
    assert {one["code"] for one in told["figures.json"]} >= {"gdp"}
    assert told["calendar.json"]["days"]
    assert told["manifest.json"]["about"]["title"] == "云溪县创建创新型县"


def test_the_diagram_archives_and_the_case_remembers(life: Life) -> None:
    life.live()
    life.transfer()
    assert life.stage.all(select(Incident.reason)) == []
    (told,) = life.stage.all(select(Event.data).where(Event.kind == "case.archived"))
    content = files.content(life.var, told["package"])
    assert packages.check(content, tables).faults == []
    with transaction(life.sessions) as session:
        found = archive.package_of(session, person("ARCHIVIST"), CASE)
    assert (found.package, found.retention) == (told["package"], "30y")


def test_an_unchanged_case_gives_the_same_package_and_a_changed_one_another(life: Life) -> None:
    life.live()
    first = archived(life)
    assert archived(life) == first
    life.score(gdp=3.25)
    later = archived(life)
    assert later != first
    assert packages.check(later, tables).faults == []
    assert len(read(later)["sheets.json"]) == 2


def test_a_package_takes_as_many_statements_however_long_the_case(life: Life) -> None:
    life.live()
    with counted(life.sessions) as few:
        archived(life)
    for n in range(5):
        life.score(gdp=3.25 + n)
    with transaction(life.sessions) as session:
        row = session.scalars(select(OfficialDocument)).one()
        kept = {name: getattr(row, name) for name in OfficialDocument.__table__.columns.keys()}  # noqa: SIM118
        for n in range(5):
            session.add(OfficialDocument(**kept | {"id": uuid4(), "serial": 40 + n, "number": f"{n}号"}))
    with counted(life.sessions) as many:
        archived(life)
    assert len(many) == len(few)


def test_files_that_are_gone_or_too_large_are_told_by_digest_alone(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    life.live()
    files.place(life.var, sha256(LETTER).hexdigest()).unlink()
    monkeypatch.setattr(contents.Store, "left", len(PROOF) - 1)
    monkeypatch.setattr(contents.Store.__init__, "__defaults__", (len(PROOF) - 1,))
    content = archived(life)
    told = read(content)
    assert told["documents.json"][0]["present"] == []
    assert [one["present"] for one in told["evidence.json"]] == [False]
    assert packages.check(content, tables).faults == []


def test_a_deadline_that_a_person_moved_is_noted_not_blamed(life: Life) -> None:
    life.live()
    with transaction(life.sessions) as session:
        task = session.scalars(select(Task).where(Task.element == "T12")).one()
        assert task.due_at is not None
        task.due_at = task.due_at.replace(year=2030)
    report = packages.check(archived(life), tables)
    assert report.faults == []
    assert [en for _, en in report.notes if en.startswith("1 deadlines")]


def test_only_the_instances_that_spoke_of_the_case_belong_to_it(life: Life) -> None:
    life.live()
    with transaction(life.sessions) as session:
        own = session.get_one(Instance, life.instance)
        kept = {name: getattr(own, name) for name in Instance.__table__.columns.keys()}  # noqa: SIM118
        session.add(Instance(**kept | {"id": uuid4(), "title": "another life of the unit"}))
    told = read(archived(life))
    assert {one["instance"] for one in told["events.json"]} == {str(life.instance)}


def test_a_case_nobody_spoke_of_yet_is_the_newest_life_of_its_unit(life: Life) -> None:
    told = read(archived(life))
    assert told["manifest.json"]["about"]["case_id"] == CASE
    assert told["sheets.json"] == []


@pytest.mark.parametrize("case_id", ["999999-2024", "339921", "", "-2024", "x"])
def test_an_unknown_case_is_not_found(life: Life, case_id: str) -> None:
    with pytest.raises(NotFound):
        archived(life, case_id=case_id)
    with transaction(life.sessions) as session, pytest.raises(NotFound):
        archive.package_of(session, person("PRV_LEAD"), case_id)


def test_an_unknown_class_of_retention_is_refused(life: Life) -> None:
    with pytest.raises(StepFailed):
        archived(life, retention="5年")


def person(*roles: str) -> identity.Actor:
    return identity.Actor(uuid4(), "li", "李", "zh", frozenset(("x", role) for role in roles))


def test_packages_are_for_the_province_and_the_archivist(life: Life) -> None:
    life.live()
    archived(life)
    with transaction(life.sessions) as session:
        for role in ("PRV_OFFICER", "GOV_OFFICE", "ARCHIVIST", "AUDIT_ADMIN"):
            assert archive.package_of(session, person(role), CASE).case_id == CASE
        for role in ("APP_LEAD", "AGENCY_MGR", "DEPT_SIGN"):
            with pytest.raises(NotFound):
                archive.package_of(session, person(role), CASE)


def test_a_package_that_holds_what_is_sealed_is_for_its_keepers_alone(life: Life) -> None:
    life.live()
    archived(life)
    with transaction(life.sessions) as session:
        rename = "UPDATE history SET element = 'T29_registration' WHERE instance = :of"
        assert session.execute(text(rename), {"of": life.instance}).rowcount
    with transaction(life.sessions) as session:
        for role in ("ARCHIVIST", "AUDIT_ADMIN"):
            assert archive.package_of(session, person(role), CASE).case_id == CASE
        for role in ("PRV_OFFICER", "PRV_LEAD", "GOV_OFFICE", "STAT_PRV"):
            with pytest.raises(NotFound):
                archive.package_of(session, person(role), CASE)


def test_a_rehearsal_archives_nothing_and_answers_alike() -> None:
    rehearsed = Grounds([], Calendar({}, clock.today()), clock.now())
    answer = delegates.run("archive case", {"case_id": CASE, "retention": "永久"}, rehearsed)
    assert set(answer) == {"package", "files"}
    assert len(answer["package"]) == 64


def test_the_unit_of_a_case_is_all_before_the_last_dash(life: Life) -> None:
    assert CASE.rpartition("-")[0] == UNIT
    assert checking.folder("ab" * 32) == "programme/abababababababab"
    with transaction(life.sessions) as session:
        session.get_one(Instance, life.instance).subject = f"{UNIT}-2021"
    assert read(archived(life, case_id=f"{UNIT}-2021-2024"))["manifest.json"]["about"]["unit"] == f"{UNIT}-2021"
