"""Targets and the assessment's lines as the registers give them: on a day, in a handful of queries."""

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy import event

from engine import clock, delegates, responsibility, targets, titles, units
from engine.delegates import Grounds
from engine.domain.divisions import Level
from engine.domain.titles import Kind, Standing, Title
from engine.domain.workdays import Calendar
from engine.errors import NotAllowed
from engine.tables import Figure, Round, RoundResult, RoundState, ScoreSheet

GROUND = titles.Ground("innovative-city")
DONGHU, QINGCHUAN, YUNXI = "339900", "339902", "339921"
DAY = date(2019, 7, 1)


@pytest.fixture
def real(session):
    """Give a register without the fictional province."""
    units.seed(session, [units.DIVISIONS])
    return session


@pytest.fixture
def demo(session):
    units.seed(session)
    return session


def grant(session, unit, kind, on, number="浙科发〔2013〕3号"):
    titles.grant(session, GROUND, Title(unit, kind, date.fromisoformat(on), number), None)


def recognise(session, unit):
    grant(session, unit, Kind.PILOT, "2013-06-03")
    grant(session, unit, Kind.RECOGNISED, "2017-09-01", "浙政函〔2017〕12号")


def monitor(session, unit, year, value, **more):
    about = {"version": 1, "origin": "monitoring", "definition": "1", "evidence": [], **more}
    at = datetime(year + 1, 3, 1, tzinfo=UTC)
    session.add(Figure(unit=unit, year=year, code="institutes_100", value=value, entered_at=at, **about))
    session.flush()


def reached(session, on=DAY):
    return {target.key: (target.wanted, target.reached) for target in targets.progress(session, on)}


def counted(engine, act):
    statements = []

    def note(*given):
        statements.append(given[2])

    event.listen(engine, "before_cursor_execute", note)
    act()
    event.remove(engine, "before_cursor_execute", note)
    return len(statements)


def test_targets_of_the_real_province_count_its_units(real):
    for city in ("330100", "330200"):
        grant(real, city, Kind.SCIENCE_STRONG, "2010-01-04", "浙委办发〔2010〕1号")
        recognise(real, city)
    found = reached(real)
    assert found["innovative_cities"] == (8, 2)
    assert (found["national_of_innovative"], found["national_of_cities"]) == ((3, 2), (4, 3))
    assert (found["innovative_counties"], found["science_strong_counties"]) == ((30, 0), (60, 0))
    assert reached(real, date(2017, 8, 31))["innovative_cities"] == (8, 0)  # not recognised yet


def test_demonstration_counts_the_fictional_province_alone(demo):
    recognise(demo, DONGHU)
    found = reached(demo)
    assert (found["innovative_cities"], found["innovative_counties"]) == ((8, 1), (5, 0))
    assert found["science_strong_counties"] == (10, 14)
    assert found["national_of_cities"] == (4, 0)


def test_institutes_are_those_of_the_newest_monitored_year(real):
    monitor(real, "330100", 2014, 300)
    monitor(real, "330100", 2015, 380)
    monitor(real, "330100", 2015, 390, version=2)
    monitor(real, "330200", 2014, 210)
    monitor(real, "330200", 2015, 999, origin="declared")
    monitor(real, "330300", 2015, None)
    assert reached(real, date(2015, 12, 31))["institutes_100"] == (600, 600)
    assert reached(real, date(2014, 12, 31))["institutes_100"] == (600, 510)


def test_targets_take_two_queries(real, engine):
    assert counted(engine, lambda: targets.progress(real, DAY)) == 2


def test_operator_tells_the_same_as_the_register(real):
    at = datetime(2019, 7, 1, 1, tzinfo=UTC)
    grounds = Grounds([], Calendar({}, DAY), at, "innovative-city", real)
    told = delegates.run("targets", {}, grounds)
    assert told[0]["key"] == "innovative_cities"
    assert (told[0]["wanted"], told[0]["reached"], told[0]["met"]) == (8, 0, False)
    assert delegates.run("targets", {"on": "2015-12-31"}, grounds) == told
    assert delegates.run("targets", {}, Grounds([], Calendar({}, DAY), at)) == []


def scored(session, unit, year, total, **more):
    inputs = [
        {"unit": unit, "year": year - 1, "code": "fiscal_sci_tech_growth", "value": "1"},
        {"unit": "peer", "year": year, "code": "fiscal_sci_tech_growth", "value": "0"},
        {"unit": unit, "year": year, "code": "fiscal_sci_tech_growth", "value": "12.5"},
        {"unit": unit, "year": year, "code": "recurrent_revenue_growth", "value": "11.5"},
    ]
    sheet = ScoreSheet(
        id=uuid4(), programme="innovative-city", unit=unit, case_id=f"{unit}-2013", level="county", indicator_set="s",
        set_digest="d", gates_met=True, grade="良好", digest="d", made_at=datetime(year, 9, 1, tzinfo=UTC),
        sheet={"unit": unit, "year": year, "inputs": inputs}, total=Decimal(total), **more,
    )  # fmt: skip
    session.add(sheet)
    session.flush()
    return sheet.id


def told(session, unit, on=DAY):
    return next(line for line in responsibility.lines(session, on) if line.code == unit)


def test_assessment_is_told_how_a_unit_stands(demo):
    recognise(demo, YUNXI)
    scored(demo, YUNXI, 2015, "80.25")
    scored(demo, YUNXI, 2017, "86.50")
    line = told(demo, YUNXI)
    assert (line.name, line.level, line.above, line.standing) == ("云溪县", Level.COUNTY, "东湖市", Standing.RECOGNISED)
    assert [title.kind for title in line.titles] == [Kind.SCIENCE_STRONG, Kind.PILOT, Kind.RECOGNISED]
    assert (line.measured.total, line.measured.change, line.measured.fiscal) == (Decimal("86.5"), Decimal("6.25"), True)
    before = told(demo, YUNXI, date(2016, 12, 31))
    assert (before.standing, before.measured.total, before.measured.change) == (Standing.PILOT, Decimal("80.25"), None)
    assert told(demo, QINGCHUAN).measured is None


def test_superseded_sheet_does_not_count(demo):
    first = scored(demo, YUNXI, 2015, "90")
    scored(demo, YUNXI, 2016, "70", supersedes=first, reason="数据更正")
    line = told(demo, YUNXI)
    assert (line.measured.total, line.measured.change) == (Decimal(70), None)
    assert told(demo, YUNXI, date(2015, 12, 31)).measured.total == 90  # as it was known then


def test_only_published_results_are_told(demo):
    for year, state in ((2015, RoundState.PUBLISHED), (2017, RoundState.CLOSED)):
        about = {"programme": "innovative-city", "kind": "biennial", "year": year, "indicator_set": "s"}
        frozen = {"set_digest": "d", "set_rows": [], "opened_on": date(year, 3, 1), "published_on": date(year, 12, 1)}
        demo.add(Round(id=f"biennial-{year}", state=state, **about, **frozen))
        demo.flush()
        result = {"unit": YUNXI, "outcome": "continue", "practice": f"{year}年做法", "kept_at": clock.now()}
        demo.add(RoundResult(round=f"biennial-{year}", **result))
    demo.flush()
    line = told(demo, YUNXI)
    assert (line.round, line.outcome, line.practice) == ("biennial-2015", "continue", "2015年做法")
    assert told(demo, YUNXI, date(2015, 11, 30)).practice is None


def test_assessment_takes_four_queries_and_is_for_the_province_alone(demo, engine, actor):
    assert counted(engine, lambda: responsibility.lines(demo, DAY)) == 4
    assert len(responsibility.lines(demo, DAY)) == 26
    assert responsibility.workbook(demo, actor("jingban"), 2019)[:2] == b"PK"
    assert responsibility.workbook(demo, actor("tongji-hd"), 2019)[:2] == b"PK"
    with pytest.raises(NotAllowed):
        responsibility.workbook(demo, actor("xianzhang"), 2019)
