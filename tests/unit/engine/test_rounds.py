"""Rounds: whom each kind gathers, what freezes when one opens, and what it may become."""

from datetime import date, datetime

import pytest
from sqlalchemy import event, select

from engine import delegates, events, units
from engine import titles as register
from engine.delegates import Grounds
from engine.domain import indicators, titles
from engine.domain.titles import Ending, Kind
from engine.domain.workdays import Calendar
from engine.errors import StepFailed
from engine.settings import ROOT
from engine.tables import Bar, Event, Round, RoundResult, RoundState, ScoreSheet, Title
from engine.titles import Ground

ROWS = indicators.read_rows((ROOT / "workflows" / "innovative-city" / "indicators.csv").read_bytes())
SET = "ZJ-DEMO-2012"
GROUND = Ground("innovative-city")
DONGHU, QINGCHUAN, YUNXI, SHIQIAO = "339900", "339902", "339921", "339922"


def grounds(on, **more):
    now = datetime.fromisoformat(f"{on}T01:00:00+00:00")
    return Grounds(ROWS, Calendar({}, date(2026, 12, 31)), now, "innovative-city", **more)


@pytest.fixture
def run(session, instance_row):
    """Give a function that runs an operator as a diagram does, on a day."""
    units.seed(session)
    return lambda name, on, **given: delegates.run(name, given, grounds(on, session=session, instance=instance_row))


@pytest.fixture
def rehearse():
    """Give a function that runs an operator as a rehearsal does, on a memory of its own."""
    memory = {}
    return lambda name, on, **given: delegates.run(name, given, grounds(on, memory=memory))


def granted(session, unit, on, kind=Kind.PILOT, number="浙科发〔2013〕3号"):
    title = titles.Title(unit, kind, date.fromisoformat(on), number)
    register.grant(session, GROUND, title, f"{unit}-{on[:4]}" if kind is Kind.PILOT else None)


def gathered(answer):
    return {unit["unit"]: unit for unit in answer["units"]}


def test_pilot_round_gathers_who_may_apply(run, session):
    granted(session, YUNXI, "2013-06-03")
    bar = {"programme": "innovative-city", "since": date(2014, 1, 1), "rounds": 2, "reason": "数据造假"}
    session.add(Bar(unit=SHIQIAO, **bar))
    session.flush()
    answer = run("open round", "2015-03-02", kind="pilot", set=SET)
    entries = gathered(answer)
    assert {DONGHU, QINGCHUAN} <= set(entries)
    assert not {YUNXI, SHIQIAO, "339721", "330100"} & set(entries)  # a pilot; barred; not yet strong; only a flag
    assert len(entries) == 24 - 2
    assert entries[QINGCHUAN] == {
        "unit": QINGCHUAN, "unit_name": "青川区", "level": "district", "tier": "county", "case_id": "339902-2015",
        "due_on": None, "government": None, "applicant": None, "statistics": None, "agency_before": None,
        "last_outcome": None,
    }  # fmt: skip
    assert {name: answer[name] for name in ("id", "kind", "year", "set", "opened_on")} == {
        "id": "pilot-2015", "kind": "pilot", "year": 2015, "set": SET, "opened_on": "2015-03-02",
    }  # fmt: skip


def test_biennial_round_gathers_those_whose_two_years_are_over(run, session):
    granted(session, YUNXI, "2013-06-03")
    granted(session, YUNXI, "2015-09-01", Kind.RECOGNISED, "浙政函〔2015〕2号")
    granted(session, QINGCHUAN, "2014-06-03")
    granted(session, DONGHU, "2012-02-29")
    assert gathered(run("open round", "2013-03-01", kind="biennial", set=SET)) == {}
    assert sorted(gathered(run("open round", "2014-03-03", kind="biennial", set=SET))) == [DONGHU]
    later = gathered(run("open round", "2017-03-01", kind="biennial", set=SET))
    assert list(later) == [YUNXI]
    assert (later[YUNXI]["due_on"], later[YUNXI]["case_id"]) == ("2017-06-03", "339921-2013")
    assert later[YUNXI]["government"] == "yunxi-government"
    leap = gathered(run("open round", "2018-03-01", kind="biennial", set=SET))
    assert {unit: entry["due_on"] for unit, entry in leap.items()} == {DONGHU: "2018-02-28", QINGCHUAN: "2018-06-03"}


def test_two_years_count_from_the_title_that_is_held(run, session):
    granted(session, YUNXI, "2013-06-03")
    lost = titles.Decision(Ending.REVOKED, date(2015, 1, 5), "浙科发〔2015〕1号")
    register.end(session, GROUND, YUNXI, [Kind.PILOT], lost)
    granted(session, YUNXI, "2016-06-01")
    assert gathered(run("open round", "2017-03-01", kind="biennial", set=SET)) == {}
    assert gathered(run("open round", "2018-03-01", kind="biennial", set=SET))[YUNXI]["due_on"] == "2018-06-01"


def test_annual_round_gathers_every_pilot_and_recognised_unit(run, session):
    granted(session, YUNXI, "2013-06-03")
    granted(session, QINGCHUAN, "2014-06-03")
    granted(session, DONGHU, "2014-06-03")
    ended = titles.Decision(Ending.OWN_REQUEST, date(2015, 1, 5))
    register.end(session, GROUND, DONGHU, [Kind.PILOT], ended)
    entries = gathered(run("open round", "2015-03-01", kind="annual", set=SET))
    assert sorted(entries) == [QINGCHUAN, YUNXI]
    assert entries[YUNXI]["due_on"] is None


def test_round_knows_who_measured_a_unit_and_what_came_of_it(run, session):
    granted(session, YUNXI, "2013-06-03")
    run("open round", "2015-03-01", kind="biennial", set=SET)
    for n, agency in enumerate(("agency-qiming", "agency-hengce")):
        at = datetime.fromisoformat(f"2015-0{n + 5}-01T00:00:00+00:00")
        about = {"programme": "innovative-city", "round": "biennial-2015", "unit": YUNXI, "case_id": "339921-2013"}
        scored = {"level": "county", "indicator_set": SET, "set_digest": "d", "total": 81, "gates_met": True}
        session.add(ScoreSheet(agency=agency, sheet={}, digest="d", made_at=at, id=at_id(n), **about, **scored))
    session.flush()
    results = [{"unit": YUNXI, "outcome": "warn", "practice": "每月晾晒", "score": 81}]
    run("mark round", "2015-11-02", round="biennial-2015", state="closed", results=results)
    entry = gathered(run("open round", "2016-03-01", kind="annual", set=SET))[YUNXI]
    assert (entry["agency_before"], entry["last_outcome"]) == ("agency-hengce", None)  # not published yet
    run("mark round", "2015-12-01", round="biennial-2015", state="published", document_no="浙科发〔2015〕60号")
    entry = gathered(run("open round", "2017-03-01", kind="biennial", set=SET))[YUNXI]
    assert entry["last_outcome"] == "warn"
    kept = session.get(RoundResult, ("biennial-2015", YUNXI))
    assert (kept.outcome, kept.practice) == ("warn", "每月晾晒")


def at_id(n):
    return f"00000000-0000-4000-8000-00000000000{n}"


def test_units_are_gathered_in_one_query(run, session, engine):
    granted(session, YUNXI, "2013-06-03")
    statements = []
    event.listen(engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    run("open round", "2015-03-02", kind="pilot", set=SET)
    assert sum(statement.startswith("SELECT division") for statement in statements) == 1
    assert len(statements) <= 5  # savepoint, round, event, units, release


def test_indicator_set_freezes(run, session):
    run("open round", "2015-03-02", kind="pilot", set=SET)
    row = session.get(Round, "pilot-2015")
    assert row.set_rows == indicators.of(ROWS, SET)
    assert row.set_digest == indicators.digest(row.set_rows)
    assert (row.indicator_set, row.state, row.opened_on) == (SET, RoundState.OPEN, date(2015, 3, 2))
    assert indicators.parse(row.set_rows, SET).code == SET


@pytest.mark.parametrize("who", ["run", "rehearse"])
def test_two_rounds_of_one_kind_and_year_are_refused(who, request):
    operate = request.getfixturevalue(who)
    operate("open round", "2015-03-02", kind="pilot", set=SET)
    operate("open round", "2015-03-02", kind="annual", set=SET)
    operate("open round", "2015-03-02", kind="pilot", year=2016, set=SET)
    with pytest.raises(StepFailed, match="there is a round of this kind and year"):
        operate("open round", "2015-06-01", kind="pilot", set=SET)


@pytest.mark.parametrize("who", ["run", "rehearse"])
def test_round_needs_a_set_that_can_be_scored(who, request):
    operate = request.getfixturevalue(who)
    with pytest.raises(StepFailed):
        operate("open round", "2015-03-02", kind="pilot", set="no such set")


def test_what_was_deferred_is_settled_once_and_nothing_else_changes(run):
    run("open round", "2015-03-02", kind="biennial", set=SET)
    results = [{"unit": YUNXI, "outcome": "deferred"}, {"unit": "339902", "outcome": "warn"}]
    run("mark round", "2015-10-01", round="biennial-2015", state="published", results=results)
    late = {"round": "biennial-2015", "results": [{"unit": YUNXI, "outcome": "continue", "practice": "每月晾晒"}]}
    assert run("settle result", "2015-12-01", **late) == {"id": "biennial-2015", "on": "2015-12-01"}
    for unit in (YUNXI, "339902"):
        with pytest.raises(StepFailed, match="what was published does not change"):
            run("settle result", "2015-12-02", round="biennial-2015", results=[{"unit": unit, "outcome": "warn"}])
    with pytest.raises(StepFailed):
        run("settle result", "2015-12-02", round="biennial-1999", results=[])


@pytest.mark.parametrize("who", ["run", "rehearse"])
def test_who_starts_a_round_can_see_that_it_is_there(who, request):
    operate = request.getfixturevalue(who)
    assert operate("find round", "2015-03-01", kind="annual", year=2015) == {"id": "annual-2015", "state": None}
    operate("open round", "2015-03-02", kind="annual", set=SET)
    assert operate("find round", "2015-03-03", kind="annual", year=2015)["state"] == "open"
    assert operate("find round", "2015-03-03", kind="biennial", year=2015)["state"] is None


def test_round_is_closed_published_and_told(run, session, instance_row):
    run("open round", "2015-03-02", kind="pilot", set=SET)
    assert run("mark round", "2015-10-08", round="pilot-2015", state="closed") == {
        "id": "pilot-2015", "state": "closed", "on": "2015-10-08",
    }  # fmt: skip
    run("mark round", "2015-12-01", round="pilot-2015", state="published", document_no="浙科发〔2015〕60号")
    row = session.get(Round, "pilot-2015")
    session.refresh(row)
    dates = (row.closed_on, row.published_on, row.document_no)
    assert dates == (date(2015, 10, 8), date(2015, 12, 1), "浙科发〔2015〕60号")
    told = session.scalars(select(Event.kind).where(Event.instance == instance_row).order_by(Event.id)).all()
    assert told == [events.Kind.ROUND_OPENED, events.Kind.ROUND_CLOSED, events.Kind.ROUND_PUBLISHED]


@pytest.mark.parametrize("who", ["run", "rehearse"])
@pytest.mark.parametrize(
    "way", [("published", "closed"), ("published", "cancelled"), ("cancelled", "published"), ("closed", "closed")]
)
def test_round_that_is_out_stays_as_it_is(who, way, request):
    operate = request.getfixturevalue(who)
    operate("open round", "2015-03-02", kind="pilot", set=SET)
    first, second = way
    operate("mark round", "2015-12-01", round="pilot-2015", state=first)
    with pytest.raises(StepFailed, match=f"a round that is {first} does not become {second}"):
        operate("mark round", "2015-12-02", round="pilot-2015", state=second)


def test_round_that_nobody_opened_is_not_marked(run, session):
    with pytest.raises(StepFailed):
        run("mark round", "2015-12-01", round="pilot-1999", state="closed")
    with pytest.raises(StepFailed):
        run("mark round", "2015-12-01", round="pilot-1999", state="open")
    assert session.scalars(select(Title.id).where(Title.kind == "pilot")).all() == []


def test_rehearsal_gathers_those_it_granted_a_title(rehearse):
    assert len(rehearse("open round", "2013-03-01", kind="pilot", set=SET)["units"]) == 2
    pilot = {"unit": "A", "kind": "pilot", "document_no": "浙科发〔2013〕3号", "case_id": "A-2013"}
    rehearse("grant title", "2014-06-03", **pilot)
    assert gathered(rehearse("open round", "2015-03-01", kind="annual", set=SET))["A"]["case_id"] == "A-2013"
    assert gathered(rehearse("open round", "2015-03-01", kind="biennial", set=SET)) == {}
    assert gathered(rehearse("open round", "2016-03-01", kind="biennial", set=SET))["A"]["due_on"] == "2016-06-03"


def test_rehearsal_of_a_round_alone_takes_fictional_pilots(rehearse):
    assert rehearse("open round", "2016-03-01", kind="biennial", set=SET)["units"] == []
    due = gathered(rehearse("open round", "2017-03-01", kind="biennial", set=SET))
    assert {unit: entry["due_on"] for unit, entry in due.items()} == {YUNXI: "2017-06-03", QINGCHUAN: "2017-06-03"}
    assert len(rehearse("open round", "2016-03-01", kind="annual", set=SET)["units"]) == 2
