"""The register of titles: granted, ended, taken over, and who may not apply; told as events, kept by the rules."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from engine import delegates, divisions, events, rounds, titles, units
from engine.db import transaction
from engine.delegates import Grounds
from engine.domain import indicators
from engine.domain.divisions import Change, Happening
from engine.domain.workdays import Calendar
from engine.errors import StepFailed
from engine.settings import ROOT
from engine.tables import Event, Round, RoundState, Title

ROWS = indicators.read_rows((ROOT / "workflows" / "innovative-city" / "indicators.csv").read_bytes())
YUNXI, SHIQIAO, LIUPU = "339921", "339922", "339923"
PILOT = {"unit": YUNXI, "kind": "pilot", "document_no": "浙科发〔2013〕3号", "case_id": "339921-2013"}
RECOGNISED = {"unit": YUNXI, "kind": "recognised", "document_no": "浙政函〔2017〕12号"}


@pytest.fixture
def run(session, instance_row):
    """Give a function that runs an operator as a diagram does, on a day."""
    units.seed(session)

    def operate(name, on="2019-07-01", **parameters):
        now = datetime.fromisoformat(f"{on}T01:00:00+00:00").astimezone(UTC)
        calendar = Calendar({}, date(2026, 12, 31))
        grounds = Grounds(ROWS, calendar, now, "innovative-city", session, instance_row)
        return delegates.run(name, parameters, grounds)

    return operate


@pytest.fixture
def rehearse():
    """Give a function that runs an operator as a rehearsal does, on a memory of its own."""
    memory = {}

    def operate(name, on="2019-07-01", **parameters):
        now = datetime.fromisoformat(f"{on}T01:00:00+00:00").astimezone(UTC)
        grounds = Grounds(ROWS, Calendar({}, date(2026, 12, 31)), now, "innovative-city", memory=memory)
        return delegates.run(name, parameters, grounds)

    return operate


@pytest.fixture(params=["run", "rehearse"])
def both(request):
    """Give the database and the rehearsal in turn: they answer alike."""
    return request.getfixturevalue(request.param)


def held(run, unit=YUNXI, on="2019-07-01"):
    return run("unit record", on, unit=unit)["titles"]


def test_unit_is_pilot_then_recognised(both):
    assert both("grant title", "2013-06-03", **PILOT) == {"kind": "pilot", "granted_on": "2013-06-03"}
    both("grant title", "2017-09-01", **RECOGNISED)
    assert held(both) == ["pilot", "recognised", "science_strong"]
    assert held(both, on="2017-08-31") == ["pilot", "science_strong"]
    assert held(both, on="2013-06-02") == ["science_strong"]


def test_record_of_a_unit_names_all_a_diagram_needs(both):
    record = both("unit record", unit=YUNXI)
    assert list(record) == [
        "unit", "unit_code", "unit_name", "level", "tier", "parent", "parent_name", "government", "applicant",
        "statistics", "forwarder", "titles", "barred",
    ]  # fmt: skip
    assert (record["unit_name"], record["level"], record["tier"]) == ("云溪县", "county", "county")
    assert (record["forwarder"], record["barred"]) == (None, 0)
    assert both("unit record", unit="339902")["forwarder"]


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        (PILOT, "holds a title of this kind"),
        ({**RECOGNISED, "unit": SHIQIAO}, "only a pilot can be recognised"),
    ],
)
def test_what_may_not_be_granted_becomes_an_incident(both, wanted, reason):
    both("grant title", "2013-06-03", **PILOT)
    with pytest.raises(StepFailed, match=reason):
        both("grant title", **wanted)
    assert held(both) == ["pilot", "science_strong"]


def test_unit_that_is_not_strong_in_science_takes_the_other_route(run):
    with pytest.raises(StepFailed, match="no unit goes from none to applied"):
        run("grant title", **{**PILOT, "unit": "339721"})


def test_revocation_takes_the_titles_of_the_programme(both):
    both("grant title", "2013-06-03", **PILOT)
    both("grant title", "2017-09-01", **RECOGNISED)
    ended = both("end title", unit=YUNXI, reason="revoked", document_no="浙政函〔2019〕5号")
    assert ended == ["pilot", "recognised"]
    assert held(both) == ["science_strong"]
    assert both("end title", unit=YUNXI, reason="revoked", document_no="浙政函〔2019〕5号") == []


@pytest.mark.parametrize("number", ["浙科发〔2019〕8号", None])
def test_only_the_government_revokes_what_it_granted(both, number):
    both("grant title", "2013-06-03", **PILOT)
    both("grant title", "2017-09-01", **RECOGNISED)
    with pytest.raises(StepFailed, match="only the organ that granted"):
        both("end title", unit=YUNXI, kind="recognised", reason="revoked", document_no=number)
    assert held(both) == ["pilot", "recognised", "science_strong"]


def test_unit_that_is_no_more_holds_nothing(both):
    both("grant title", "2013-06-03", **PILOT)
    assert set(both("end title", unit=YUNXI, reason="abolished")) == {"pilot", "science_strong"}
    assert held(both) == []


def test_restored_title_is_a_new_one(both):
    both("grant title", "2013-06-03", **PILOT)
    both("end title", "2018-01-08", unit=YUNXI, kind="pilot", reason="revoked", document_no="浙科发〔2018〕1号")
    both("grant title", "2018-03-01", **{**PILOT, "document_no": "浙科发〔2018〕9号"})
    assert held(both) == ["pilot", "science_strong"]


def test_heir_takes_over_and_the_two_years_go_on(both, request):
    both("grant title", "2013-06-03", **{**PILOT, "unit": LIUPU, "case_id": "339923-2013"})
    wanted = {"unit": LIUPU, "heir": SHIQIAO, "effect": "inherit", "document_no": "国函〔2019〕9号"}
    assert both("settle titles", **wanted) == {"ended": ["science_strong", "pilot"], "granted": ["pilot"]}
    assert (held(both, LIUPU), held(both, SHIQIAO)) == ([], ["pilot", "science_strong"])
    if "run" in request.fixturenames and both is not request.getfixturevalue("rehearse"):
        session = request.getfixturevalue("session")
        row = session.scalars(select(Title).where(Title.unit == SHIQIAO, Title.kind == "pilot")).one()
        assert (row.granted_on, row.case_id) == (date(2013, 6, 3), "339923-2013")
        assert titles.faults(session) == []


@pytest.mark.parametrize("effect", ["suspend", "end"])
def test_suspended_titles_stay_and_ended_ones_go(both, effect):
    outcome = both("settle titles", unit=LIUPU, effect=effect, reason="abolished")
    assert outcome == {"ended": ["science_strong"] if effect == "end" else [], "granted": []}


def test_everything_is_told(run, session, instance_row):
    run("grant title", "2013-06-03", **PILOT)
    run("bar unit", unit=YUNXI, rounds=2, reason="数据造假", document_no="浙科发〔2019〕8号")
    run("end title", unit=YUNXI, kind="pilot", reason="revoked", document_no="浙科发〔2019〕8号")
    told = {row.kind: row for row in session.scalars(select(Event).where(Event.instance == instance_row))}
    granted, ended = told[events.Kind.TITLE_GRANTED], told[events.Kind.TITLE_ENDED]
    about = {"unit": YUNXI, "title": "pilot"}
    assert granted.data == {**about, "on": "2013-06-03", "number": "浙科发〔2013〕3号"}
    assert ended.data == {**about, "on": "2019-07-01", "number": "浙科发〔2019〕8号", "ending": "revoked"}
    assert told[events.Kind.UNIT_BARRED].data["rounds"] == 2


def test_bar_is_counted_down_by_rounds_that_are_over(run, session):
    run("bar unit", "2019-07-01", unit=YUNXI, rounds=2, reason="数据造假")
    assert run("unit record", unit=YUNXI)["barred"] == 2

    def another(year, state):
        name = f"pilot-{year}"
        about = {"programme": "innovative-city", "kind": "pilot", "year": year, "indicator_set": "s"}
        frozen = {"set_digest": "d", "set_rows": [], "opened_on": date(year, 3, 2)}
        session.add(Round(id=name, state=state, **about, **frozen))
        session.flush()
        return run("unit record", f"{year}-12-01", unit=YUNXI)["barred"]

    assert another(2019, RoundState.PUBLISHED) == 2  # it had opened before
    assert another(2020, RoundState.CANCELLED) == 2
    assert another(2021, RoundState.OPEN) == 2  # it is the first of the two
    session.get(Round, "pilot-2021").state = RoundState.PUBLISHED
    assert another(2022, RoundState.CLOSED) == 0
    assert rounds.barred(session, [YUNXI, SHIQIAO]) == {}


def test_holders_are_those_of_the_day(run, session):
    run("grant title", "2013-06-03", **PILOT)
    (holder,) = titles.holders(session, date(2019, 7, 1), [titles.Kind.PILOT])
    assert (holder.unit, holder.granted_on, holder.case_id) == (YUNXI, date(2013, 6, 3), "339921-2013")
    assert titles.holders(session, date(2013, 6, 2), [titles.Kind.PILOT]) == []


def test_seeded_titles_stay_as_they_became(run, session):
    run("end title", unit=YUNXI, reason="abolished")
    units.seed(session)
    assert held(run) == []


def test_register_tells_what_breaks_it(run, session):
    run("grant title", "2013-06-03", **PILOT)
    assert titles.faults(session) == []
    row = session.scalars(select(Title).where(Title.unit == YUNXI, Title.kind == "pilot")).one()
    row.ended_on = date(2019, 7, 1)
    session.flush()
    assert titles.faults(session) == [f"{YUNXI}: a pilot title ends on a day and for a reason, or not at all"]


def test_two_who_grant_at_once_grant_one_title(sessions, session, run):
    session.commit()
    wanted = titles.titles.Title(YUNXI, titles.Kind.PILOT, date(2013, 6, 3), "浙科发〔2013〕3号")
    ground = titles.Ground("innovative-city")
    with transaction(sessions) as one:
        titles.grant(one, ground, wanted, None)
    with transaction(sessions) as other, pytest.raises(titles.titles.TitleRefused):
        titles.grant(other, ground, replace(wanted, granted_on=date(2014, 1, 1)), None)


def test_happening_is_read_with_all_whom_it_concerns(run, session):
    act = Happening(date(2019, 7, 1), Change.MERGE, "国函〔2019〕9号", (LIUPU,), (SHIQIAO,), "并入")
    number = divisions.enter(session, None, act, [])
    found = run("division event", id=number)
    assert [unit["unit_name"] for unit in found["from"]] == ["柳浦县"]
    assert [unit["unit_name"] for unit in found["to"]] == ["石桥县"]
    assert (found["kind"], found["effective_on"], found["heirs"]) == ("merge", "2019-07-01", [SHIQIAO])
    assert [life["unit"] for life in found["lives"]] == [SHIQIAO, LIUPU]
    with pytest.raises(StepFailed, match="successors=\\['339922'\\]"):
        run("unit record", unit=LIUPU)
    with pytest.raises(StepFailed):
        run("division event", id=10**6)


def test_rehearsal_reads_the_happenings_of_the_file(rehearse):
    rehearse("grant title", "2013-06-03", **{**PILOT, "unit": "330204", "case_id": "330204-2013"})
    acts = divisions.published().happenings
    number = 1 + next(n for n, act in enumerate(acts) if act.kind is Change.MERGE)
    found = rehearse("division event", "2016-10-10", id=number)
    assert ([one["unit_name"] for one in found["from"]], [one["unit_name"] for one in found["to"]]) == (
        ["江东区"],
        ["鄞州区"],
    )
    assert [(life["unit"], life["case_id"]) for life in found["lives"]] == [("330204", "330204-2013")]
    assert rehearse("unit record", unit="no file knows it")["unit_name"] == "no file knows it"
    assert rehearse("bar unit", unit=YUNXI, rounds=2, reason="造假") == {"unit": YUNXI, "rounds": 2}
    assert rehearse("unit record", unit=YUNXI)["barred"] == 2
    with pytest.raises(StepFailed):
        rehearse("division event", id=99)
