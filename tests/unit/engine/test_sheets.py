"""Score sheets in the registers: where every figure came from, what a correction moves, and who may read them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from engine import clock, delegates, identity, sheets, units
from engine.bpmn.gate import parse_xml
from engine.delegates import Grounds
from engine.domain import canonical, decisions, indicators, scoring
from engine.domain.sheets import About, Frozen, recompute
from engine.domain.workdays import Calendar
from engine.errors import NotFound, StepFailed
from engine.settings import ROOT
from engine.tables import Figure, Person, Round, RoundState, ScoreSheet

FOLDER = ROOT / "workflows" / "innovative-city"
ROWS = indicators.read_rows((FOLDER / "indicators.csv").read_bytes())
GRADING = decisions.parse(parse_xml((FOLDER / "grade.dmn").read_bytes(), "grade.dmn"))
SET = "ZJ-DEMO-2012"
CHOSEN = indicators.parse(ROWS, SET)
CODES = [raw.code for raw in CHOSEN.raw_inputs()]
VALUES = {code: 2.5 + place / 10 for place, code in enumerate(CODES)}
EXPERTS = {"F1": [78, 82, 80, 75, 85], "F2": [72, 76, 74, 70, 78], "F3": [70, 75, 72, 68, 80]}
UNIT, CASE, YEAR = "339921", "339921-2024", 2023
PROGRAMME = "innovative-city"
ABOUT = About(UNIT, YEAR, "county", CASE)
NOW = datetime(2024, 5, 6, 1, tzinfo=UTC)
AGENCY = "agency-qiming"


@pytest.fixture
def house(session: Session) -> Session:
    """Give a database with the units and an open round."""
    units.seed(session)
    a_round(session, "pilot-2024", "pilot", 2024)
    clock.travel(NOW)
    return session


def a_round(session: Session, name: str, kind: str, year: int, state: RoundState = RoundState.OPEN) -> None:
    rows = indicators.of(ROWS, SET)
    more = {"indicator_set": SET, "set_digest": indicators.digest(rows), "set_rows": rows}
    session.add(
        Round(id=name, programme=PROGRAMME, kind=kind, year=year, state=state, opened_on=date(year, 1, 5), **more)
    )
    session.flush()


def a_figure(session: Session, code: str, value: Any, **more: Any) -> None:
    told = {"unit": UNIT, "year": YEAR, "version": 1, "definition": "", "origin": "declared", "evidence": []}
    exact = None if value is None else Decimal(str(value))
    session.add(Figure(code=code, value=exact, **(told | {"entered_at": NOW} | more)))
    session.flush()


def grounds(session: Session, rows: list[dict[str, str]] = ROWS) -> Grounds:
    return Grounds(rows, Calendar({}, date.min), NOW, PROGRAMME, session, decisions=GRADING)


def score(session: Session, rows: list[dict[str, str]] = ROWS, **more: Any) -> dict[str, Any]:
    given = {
        "set": SET, "level": "county", "values": VALUES, "expert_scores": EXPERTS, "unit": UNIT, "case_id": CASE,
        "round": "pilot-2024", "year": YEAR, "agency": AGENCY,
    }  # fmt: skip
    answer: dict[str, Any] = delegates.run("score case", given | more, grounds(session, rows))
    return answer


def kept(session: Session) -> dict[UUID, str]:
    """Return the digest of every sheet, of what it says now and not of what it said."""
    session.expire_all()
    return {row.id: canonical.digest(row.sheet) for row in session.scalars(select(ScoreSheet))}


@contextmanager
def counted(session: Session) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    bind = session.get_bind()
    event.listen(bind, "before_cursor_execute", note)
    yield seen
    event.remove(bind, "before_cursor_execute", note)


def test_scoring_a_case_keeps_a_sheet_that_reckons_itself(house: Session) -> None:
    answer = score(house)
    plain = scoring.score(CHOSEN, indicators.Level.COUNTY, VALUES, EXPERTS).plain()
    assert {name: answer[name] for name in plain} == plain
    row = house.get_one(ScoreSheet, UUID(answer["sheet"]))
    house.refresh(row)
    assert canonical.encode(recompute(row.sheet)) == canonical.encode(row.sheet)
    assert row.digest == canonical.digest(row.sheet)
    assert (row.agency, row.round, float(row.total)) == (AGENCY, "pilot-2024", answer["total"])
    assert answer["grade"] == row.grade in {"优秀", "良好", "达标", "警告"}
    assert answer["change_on_last"] is None


def test_a_case_scored_anew_takes_what_was_corrected_since_and_keeps_the_experts(house: Session) -> None:
    code = next(one for one in CODES if one not in EXPERTS)
    a_figure(house, code, VALUES[code], origin="verified")
    a_figure(house, CODES[-1], 99, entered_at=NOW - timedelta(days=1), origin="declared")
    first = score(house)
    rescore = {"round": "pilot-2024", "unit": UNIT, "reason": "公示异议成立"}
    assert delegates.run("rescore case", rescore, grounds(house))["sheet"] == first["sheet"]
    a_figure(house, code, VALUES[code] / 100, origin="verified", version=2, entered_at=NOW + timedelta(days=9))
    answer = delegates.run("rescore case", rescore, grounds(house))
    by_hand = scoring.score(CHOSEN, indicators.Level.COUNTY, VALUES | {code: VALUES[code] / 100}, EXPERTS).plain()
    assert {name: answer[name] for name in by_hand} == by_hand
    row = house.get_one(ScoreSheet, UUID(answer["sheet"]))
    assert (row.supersedes, row.reason) == (UUID(first["sheet"]), "公示异议成立")
    assert answer["total"] != first["total"]


def test_a_case_that_was_not_scored_cannot_be_scored_anew(house: Session) -> None:
    with pytest.raises(StepFailed, match="339921"):
        delegates.run("rescore case", {"round": "pilot-2024", "unit": UNIT, "reason": "更正"}, grounds(house))


def test_every_value_knows_who_entered_it_and_what_the_applicant_declared(house: Session) -> None:
    clerk, checker = house.scalars(select(Person).order_by(Person.login).limit(2))
    people = {"entered_by": clerk.id, "confirmed_by": checker.id, "confirmed_at": NOW}
    a_figure(house, "gdp", 9, source="统计年鉴", evidence=["ab" * 32], definition="2012", **people)
    a_figure(house, "gdp", VALUES["gdp"], version=2, source="统计公报", evidence=["cd" * 32], **people)
    a_figure(house, "rd_expenditure", 99, **people)
    a_figure(house, "rd_expenditure", VALUES["rd_expenditure"], origin="verified", source="税务核对")
    a_figure(house, "fiscal_sci_tech", 1)
    found = house.get_one(ScoreSheet, UUID(score(house)["sheet"]))
    inputs = {one["code"]: one for one in found.sheet["inputs"]}
    gdp = inputs["gdp"]
    assert (gdp["version"], gdp["source"], gdp["evidence"]) == (2, "统计公报", ["cd" * 32])
    assert (gdp["entered_by"], gdp["confirmed_by"], gdp["differs"]) == (clerk.name, checker.name, False)
    verified = inputs["rd_expenditure"]
    assert (verified["origin"], verified["declared"], verified["differs"]) == ("verified", "99", True)
    given = inputs["fiscal_sci_tech"]
    assert (given["origin"], given["version"], given["declared"], given["differs"]) == ("given", None, "1", True)


def test_provenance_takes_one_statement_however_many_figures(house: Session) -> None:
    def asked() -> int:
        house.expire_all()
        with counted(house) as seen:
            score(house, values=VALUES | {"gdp": 3 + len(seen)})
        return sum("FROM figure" in statement for statement in seen)

    assert asked() == 1
    for code in CODES:
        a_figure(house, code, VALUES[code])
    assert asked() == 1


def test_the_same_inputs_are_kept_once_and_others_supersede(house: Session) -> None:
    first = score(house)["sheet"]
    assert score(house)["sheet"] == first
    before = kept(house)
    second = house.get_one(
        ScoreSheet, UUID(score(house, values=VALUES | {"gdp": 3.25}, reason="更正地区生产总值")["sheet"])
    )
    assert (second.supersedes, second.reason) == (UUID(first), "更正地区生产总值")
    assert kept(house).items() >= before.items()
    rows = sheets.of_case(house, person("PRV_OFFICER"), CASE)
    assert {row.id: row.superseded_by for row in rows} == {second.id: None, UUID(first): second.id}


def test_a_case_is_scored_by_the_rows_its_round_has_frozen(house: Session) -> None:
    heavier = [{**row, "standard_county": "900"} if row["code"] == "B1" else row for row in ROWS]
    frozen = score(house, rows=heavier)
    loose = score(house, rows=heavier, round=None)
    assert frozen["total"] == score(house)["total"] != loose["total"]


def test_scores_of_a_published_round_need_a_reason(house: Session) -> None:
    first = score(house)["sheet"]
    house.get_one(Round, "pilot-2024").state = RoundState.PUBLISHED
    house.flush()
    with pytest.raises(StepFailed) as refused:
        score(house, values=VALUES | {"gdp": 3.25})
    assert "reason" in refused.value.facts
    corrected = score(house, values=VALUES | {"gdp": 3.25}, reason="数据更正")["sheet"]
    assert house.get_one(ScoreSheet, UUID(corrected)).supersedes == UUID(first)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"round": "pilot-1999"}, "no such round"),
        ({"set": "ZJ-CZ-2012"}, "another set"),
        ({"set": "UNHEARD", "round": None}, "no such thing"),
        ({"level": "village"}, "faults"),
        ({"year": 1}, "faults"),
    ],
)
def test_what_cannot_be_scored_is_told(house: Session, more: dict[str, Any], words: str) -> None:
    with pytest.raises(StepFailed) as refused:
        score(house, **more)
    assert words in str(refused.value)
    assert kept(house) == {}


def test_the_change_on_the_last_measurement_is_told(house: Session) -> None:
    a_round(house, "biennial-2026", "biennial", 2026)
    first = score(house)
    better = VALUES | {"fiscal_sci_tech_growth": 12}
    second = score(house, round="biennial-2026", year=2025, values=better)
    assert second["change_on_last"] == round(second["total"] - first["total"], 2) == 5
    row = house.get_one(ScoreSheet, UUID(second["sheet"]))
    assert row.supersedes is None


def test_exactly_the_totals_that_hang_on_an_input_are_flagged(house: Session) -> None:
    a_round(house, "biennial-2026", "biennial", 2026)
    stale = score(house)["sheet"]
    mine = score(house, values=VALUES | {"gdp": 3.25})["sheet"]
    score(house, unit="339922", case_id="339922-2024")
    score(house, round="biennial-2026", year=2025)
    (flagged,) = sheets.affected_by(house, UNIT, YEAR, "gdp")
    assert str(flagged.id) == mine != stale
    assert flagged.paths == ["indicators/A1", "indicators/E3", "groups/A", "groups/E", "total"]
    assert sheets.affected_by(house, UNIT, YEAR, "unheard") == []
    assert sheets.affected_by(house, UNIT, 2020, "gdp") == []


def test_what_if_tells_who_would_cross_and_moves_nothing(house: Session) -> None:
    strong = {code: (0.01 if code in {"energy_consumption", "gdp"} else 500) for code in CODES} | {"gdp": 100}
    score(house, values=strong | {"recurrent_revenue_growth": 1})
    score(house, unit="339922", case_id="339922-2024", values={}, expert_scores={})
    house.get_one(Round, "pilot-2024").state = RoundState.PUBLISHED
    house.flush()
    before, frozen = kept(house), house.get_one(Round, "pilot-2024").set_digest
    harder = [
        {**row, "standard_county": "1000000"} if row["kind"] == "quant" and row["group_code"] in {"B", "C"} else row
        for row in ROWS
    ]
    told = delegates.run("rescore round", {"round": "pilot-2024", "set": SET}, grounds(house, harder))
    first, second = told["units"]
    assert (first["unit"], first["crossed"], second["crossed"]) == (UNIT, True, False)
    assert first["grade"]["before"] != first["grade"]["after"]
    assert first["after"] < first["before"]
    moves = sum(Decimal(one["by"]) for one in first["why"])
    assert float(moves) == pytest.approx(first["after"] - first["before"])
    assert {one["code"][0] for one in first["why"]} <= {"B", "C"}
    assert kept(house) == before
    assert house.get_one(Round, "pilot-2024").set_digest == frozen
    assert indicators.digest(house.get_one(Round, "pilot-2024").set_rows) == frozen


def test_what_if_takes_figures_from_the_register_that_the_old_set_did_not_ask_for(house: Session) -> None:
    score(house)
    other = indicators.parse(ROWS, "ZJ-CZ-2012")
    compares = any(one.compares for one in other.indicators)
    for raw in other.raw_inputs():
        if raw.code not in VALUES:
            a_figure(house, raw.code, 3)
    told = sheets.rescore_round(house, sheets.Place(PROGRAMME), "pilot-2024", Frozen("ZJ-CZ-2012", ROWS))
    (only,) = told["units"]
    assert (only["after"] is None) == compares
    assert ("reason" in only) == compares


def annual(session: Session, year: int = 2013) -> None:
    a_round(session, "annual-2013", "annual", 2013)
    listed = {"330100": 4, "330200": 2, "330300": 3, "330522": 1, "330523": 5}
    for unit, scale in listed.items():
        for code in CODES:
            figure = {"unit": unit, "origin": "monitoring"}
            a_figure(session, code, scale * VALUES[code], year=year, **figure)
            if unit != "330523":
                a_figure(session, code, VALUES[code], year=year - 1, **figure)


def test_the_three_results_of_the_monitoring(house: Session) -> None:
    annual(house)
    told = delegates.run("monitoring results", {"round": "annual-2013", "year": 2013}, grounds(house))
    strength = [(row["unit"], row["level"], row["rank"], row["score"]) for row in told["strength"]]
    assert strength == [
        ("330100", "city", 1, 100),
        ("330300", "city", 2, 80),
        ("330200", "city", 3, 60),
        ("330523", "county", 1, 100),
        ("330522", "county", 2, 60),
    ]
    assert {row["unit_name"] for row in told["level"]} >= {"杭州市", "长兴县"}
    assert "330523" not in {row["unit"] for row in told["change"]}  # nothing to compare it with
    cities = {row["score"]: row["rank"] for row in told["level"] if row["level"] == "city"}
    assert sorted(cities.values()) == [1, 3]  # two with equal scores share the better place
    assert cities[max(cities)] == 1
    rows = {row.unit: row for row in house.scalars(select(ScoreSheet).where(ScoreSheet.round == "annual-2013"))}
    assert {row["unit"]: row["score"] for row in told["level"]} == {
        unit: float(row.total) for unit, row in rows.items()
    }
    again = delegates.run("monitoring results", {"round": "annual-2013", "year": 2013}, grounds(house))
    assert again == told
    assert house.scalar(select(func.count()).select_from(ScoreSheet)) == len(rows)


def test_results_take_as_many_statements_for_a_hundred_units_as_for_five(house: Session) -> None:
    annual(house)
    given = {"round": "annual-2013", "year": 2013}
    with counted(house) as few:
        delegates.run("monitoring results", given, grounds(house))
    for unit in ("330400", "330500", "330600", "330700"):
        for code in CODES:
            a_figure(house, code, 2, unit=unit, year=2013, origin="monitoring")
    with counted(house) as many:
        delegates.run("monitoring results", given, grounds(house))
    assert len(many) <= len(few) + 1


def test_published_results_stand(house: Session) -> None:
    annual(house)
    house.get_one(Round, "annual-2013").state = RoundState.PUBLISHED
    house.flush()
    with pytest.raises(StepFailed):
        delegates.run("monitoring results", {"round": "annual-2013", "year": 2013}, grounds(house))
    assert kept(house) == {}


def person(*roles: str, organisation: str = "x") -> identity.Actor:
    memberships = frozenset((organisation, role) for role in roles)
    return identity.Actor(uuid4(), "li", "李", "zh", memberships)


def test_agencies_see_the_cases_they_measured_units_their_own_and_the_province_all(house: Session) -> None:
    sheet = UUID(score(house)["sheet"])
    score(house, unit="339922", case_id="339922-2024", agency=None)
    allowed = [
        person("PRV_OFFICER"),
        person("ARCHIVIST"),
        person("GOV_LEAD"),
        person("AGENCY_MGR", organisation=AGENCY),
        person("APP_FILL", organisation="yunxi-science"),
    ]
    for actor in allowed:
        view = sheets.show(house, actor, sheet, "indicators/A1")
        assert view.row.id == sheet
        assert view.sheet["unit"] == UNIT
        assert "rd_expenditure / gdp * 100" in view.walk[1]["zh"]
        assert [row.id for row in sheets.of_case(house, actor, CASE)] == [sheet]
    for actor in (person("AGENCY_MGR", organisation="agency-other"), person("APP_LEAD"), person("DEPT_REV")):
        with pytest.raises(NotFound):
            sheets.show(house, actor, sheet)
        with pytest.raises(NotFound):
            sheets.of_case(house, actor, CASE)
    with pytest.raises(NotFound):
        sheets.of_case(house, person("APP_FILL", organisation="yunxi-science"), "339922-2024")


def test_what_if_is_for_those_who_see_every_unit(house: Session) -> None:
    assert sheets.programme_of(house, person("PRV_LEAD"), "pilot-2024") == PROGRAMME
    for actor, round_id in ((person("AGENCY_MGR", organisation=AGENCY), "pilot-2024"), (person("PRV_LEAD"), "none")):
        with pytest.raises(NotFound):
            sheets.programme_of(house, actor, round_id)


def test_a_programme_that_does_not_grade_keeps_sheets_without_a_grade(house: Session) -> None:
    made = sheets.score_case(house, sheets.Place(PROGRAMME), sheets.Case(ABOUT, Frozen(SET, ROWS), VALUES, EXPERTS))
    assert made["grade"] is None
    picky = {"grade": decisions.parse(parse_xml((FOLDER / "outcome.dmn").read_bytes(), "x.dmn"))}["grade"]
    undecided = sheets.Place(PROGRAMME, next(iter(picky.values())))
    assert sheets.grade(undecided, house.get_one(ScoreSheet, UUID(made["sheet"])).sheet) is None


def test_a_rehearsal_gives_answers_of_the_same_shape() -> None:
    memory: dict[str, Any] = {}
    rehearsed = Grounds(ROWS, Calendar({}, date.min), NOW, PROGRAMME, memory=memory, decisions=GRADING)
    given = {"set": SET, "level": "county", "unit": UNIT, "case_id": CASE, "expert_scores": EXPERTS}
    first = delegates.run("score case", given | {"year": 2023, "values": VALUES}, rehearsed)
    second = delegates.run("score case", given | {"year": 2025, "values": {}}, rehearsed)
    assert first["change_on_last"] is None
    assert second["change_on_last"] == round(second["total"] - first["total"], 2)
    assert set(first) >= {"total", "gates_met", "sheet", "grade", "indicators"}
    assert first["grade"] in {"优秀", "良好", "达标", "警告"}
    results = delegates.run("monitoring results", {"round": "annual-2013"}, rehearsed)
    assert results == {"strength": [], "level": [], "change": []}
    assert delegates.run("rescore round", {"round": "r", "set": SET}, rehearsed)["units"] == []
