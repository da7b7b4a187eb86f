"""Agencies are offered by turn and load; those with an interest, or given no work for now, stand last and marked."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy import select

from engine import delegates, units
from engine.delegates import Grounds
from engine.domain.workdays import Calendar
from engine.errors import StepFailed
from engine.tables import AgencyMark, Round, RoundState, ScoreSheet

PROGRAMME = "innovative-city"
UNIT = "339921"
QIMING, HENGCE = "agency-qiming", "agency-hengce"
NOW = datetime(2026, 6, 1, 1, tzinfo=UTC)


def grounds(session, now=NOW):
    return Grounds(indicators=[], calendar=Calendar({}, NOW.date()), now=now, session=session, programme=PROGRAMME)


@pytest.fixture
def house(session):
    """Give a database with two rounds."""
    units.seed(session)
    for name, kind, year in (("pilot-2026", "pilot", 2026), ("biennial-2024", "biennial", 2024)):
        about = {"indicator_set": "x", "set_digest": "x", "set_rows": [], "state": RoundState.OPEN}
        session.add(Round(id=name, programme=PROGRAMME, kind=kind, year=year, opened_on=NOW.date(), **about))
    session.flush()
    return session


def measured(session, agency, unit, where, made_at):
    about = {"level": "county", "indicator_set": "x", "set_digest": "x", "sheet": {}, "digest": "x", "gates_met": True}
    session.add(
        ScoreSheet(
            id=uuid4(),
            programme=PROGRAMME,
            round=where,
            unit=unit,
            case_id=unit,
            agency=agency,
            total=Decimal(80),
            made_at=made_at,
            **about,
        )
    )
    session.flush()


def pool(session, **asked):
    return delegates.run("agencies for", {"unit": UNIT, "round": "pilot-2026", **asked}, grounds(session))


def test_whoever_measured_the_unit_last_comes_last(house):
    measured(house, HENGCE, UNIT, "biennial-2024", datetime(2024, 9, 1, tzinfo=UTC))
    assert [one["agency"] for one in pool(house)] == [QIMING, HENGCE]
    measured(house, QIMING, UNIT, "biennial-2024", datetime(2025, 9, 1, tzinfo=UTC))
    found = pool(house)
    assert [one["agency"] for one in found] == [HENGCE, QIMING]
    assert found[0]["last_round"] == "biennial-2024"


def test_the_less_loaded_in_a_round_comes_first_where_turn_says_nothing(house):
    for unit in ("339911", "339912"):
        measured(house, HENGCE, unit, "pilot-2026", NOW)
    measured(house, HENGCE, "339911", "pilot-2026", NOW)
    measured(house, QIMING, "339913", "pilot-2026", NOW)
    assert [(one["agency"], one["load"]) for one in pool(house)] == [(QIMING, 1), (HENGCE, 2)]


def test_without_a_round_the_load_is_that_of_the_year(house):
    measured(house, HENGCE, "339911", "biennial-2024", datetime(2024, 9, 1, tzinfo=UTC))
    measured(house, QIMING, "339911", "pilot-2026", NOW)
    found = delegates.run("agencies for", {"unit": None, "round": None}, grounds(house))
    assert {one["agency"]: one["load"] for one in found} == {HENGCE: 0, QIMING: 1}


def test_an_agency_that_declared_an_interest_stands_last_and_is_marked(house):
    found = pool(house, declared=[HENGCE])
    assert [(one["agency"], one["conflict"]) for one in found] == [(QIMING, False), (HENGCE, True)]


def test_an_agency_that_is_given_no_work_is_marked_until_its_time_is_over(house):
    given = {"agency": HENGCE, "score": 20, "barred_years": 2, "reason": "向申报单位收费"}
    told = delegates.run("evaluate agency", given, grounds(house))
    assert told == {"agency": HENGCE, "barred_until": "2028-06-01"}
    assert [one["conflict"] for one in pool(house)] == [False, True]
    asked = {"unit": UNIT, "round": "pilot-2026"}
    later = delegates.run("agencies for", asked, grounds(house, datetime(2028, 6, 2, tzinfo=UTC)))
    assert not any(one["conflict"] for one in later)


def test_a_good_mark_bars_nobody(house):
    delegates.run("evaluate agency", {"agency": QIMING, "score": 95, "reason": "好"}, grounds(house))
    assert house.scalars(select(AgencyMark.barred_until)).one() is None
    assert not any(one["conflict"] for one in pool(house))


def test_an_agency_that_is_not_known_is_not_marked(house):
    with pytest.raises(StepFailed):
        delegates.run("evaluate agency", {"agency": "agency-none", "score": 95, "reason": "好"}, grounds(house))


def conflicts(*declarations):
    return delegates.run("find conflicts", {"declarations": list(declarations)}, grounds(None))


def said(seat, name, **more):
    return {"seat": seat, "expert_name": name, "conflict": "none", **more}


def test_experts_without_an_interest_keep_their_seats():
    found = conflicts(said(1, "甲"), said(2, "乙"))
    assert found == {"conflicts": [], "replace": False, "seats": [], "experts": ["甲", "乙"]}


def test_an_interest_a_missing_declaration_and_a_second_seat_are_each_told_with_their_seat():
    found = conflicts(said(1, "甲"), said(2, "乙", conflict="conflict", relation="任职"), None, said(5, "甲"))
    assert found["replace"] is True
    assert [(one["seat"], one["why"]["zh"]) for one in found["conflicts"]] == [
        (2, "与申报单位有利害关系：任职"),
        (3, "逾期未声明"),
        (5, "同一专家占了两个席位"),
    ]
    assert found["experts"] == ["甲"]


@pytest.mark.parametrize(
    ("until", "replaced"), [("2023-06-01", False), ("2023-06-02", True), ("-", True), (None, True)]
)
def test_a_relation_counts_for_three_years_after_it_ended(until, replaced):
    found = conflicts(said(1, "甲", conflict="conflict", relation="受聘", until=until))
    assert found["replace"] is replaced


def test_a_rehearsal_offers_the_agencies_of_the_demonstration():
    found = delegates.run("agencies for", {"unit": UNIT, "declared": [QIMING]}, grounds(None))
    assert [(one["agency"], one["conflict"]) for one in found] == [(HENGCE, False), (QIMING, True)]
    given = {"agency": QIMING, "score": 90, "reason": "好"}
    assert delegates.run("evaluate agency", given, grounds(None)) == {"agency": QIMING, "barred_until": None}
