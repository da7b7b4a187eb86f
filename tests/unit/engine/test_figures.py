"""Figures on record: versions instead of changes, who entered and confirmed, questions, locks and corrections."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import clock, delegates, figures, identity, units
from engine.db import Sessions, transaction
from engine.delegates import Grounds
from engine.domain import indicators, yearbook
from engine.domain.workdays import Calendar
from engine.errors import FiguresRefused, NotFound, StepFailed
from engine.figures import Batch, Correction, Hands, Origin
from engine.identity import Actor
from engine.settings import ROOT
from engine.tables import Event, Evidence, Figure, ScoreSheet, Task, TaskState

ROWS = indicators.read_rows((ROOT / "workflows" / "innovative-city" / "indicators.csv").read_bytes())
UNIT, OTHER, CITY, YEAR = "339921", "330122", "330100", 2013
NOW = datetime(2014, 3, 3, 1, tzinfo=UTC)
VALUES = {"gdp": 312.5, "rd_expenditure": 4.06, "population": 48.2}
SET = "ZJ-DEMO-2012"
DIGEST = "ab" * 32


@pytest.fixture
def house(session: Session) -> Session:
    """Give a database with the units, on a day of 2014."""
    units.seed(session)
    clock.travel(NOW)
    return session


@pytest.fixture
def run(house: Session) -> Callable[..., Any]:
    """Give what runs an operator on the registers."""
    return lambda name, /, **given: delegates.run(name, given, grounds(house))


@pytest.fixture
def rehearse() -> Callable[..., Any]:
    """Give what runs an operator in one rehearsal."""
    memory: dict[str, Any] = {}
    return lambda name, /, **given: delegates.run(name, given, Grounds(ROWS, CALENDAR, NOW, memory=memory))


CALENDAR = Calendar({}, date.min)


def grounds(session: Session, **more: Any) -> Grounds:
    return Grounds(ROWS, CALENDAR, NOW, "innovative-city", session, **more)


def recorded(run: Callable[..., Any], **more: Any) -> Any:
    return run("record figures", **({"unit": UNIT, "year": YEAR, "values": VALUES, "origin": "declared"} | more))


def rows(session: Session, code: str = "gdp", unit: str = UNIT) -> list[Figure]:
    query = select(Figure).where(Figure.unit == unit, Figure.code == code)
    return list(session.scalars(query.order_by(Figure.year, Figure.origin, Figure.version)))


def evidence(session: Session, digest: str = DIGEST) -> str:
    session.add(Evidence(digest=digest, name="年鉴.pdf", media_type="application/pdf", size=1, kept_at=NOW))
    session.flush()
    return digest


def test_figures_come_on_record_once(house: Session, run: Callable[..., Any]) -> None:
    assert recorded(run, case_id="339921-2014") == {"changed": list(VALUES), "late": [], "questions": []}
    assert recorded(run) == {"changed": [], "late": [], "questions": []}
    (gdp,) = rows(house)
    assert (gdp.value, gdp.version, gdp.origin, gdp.case_id) == (Decimal("312.5"), 1, "declared", "339921-2014")
    assert (gdp.entered_at - NOW < timedelta(minutes=1), gdp.locked_at) == (True, None)
    assert run("declared figures", unit=UNIT, year=YEAR) == VALUES
    (told,) = house.scalars(select(Event).where(Event.kind == "figures.recorded"))
    assert (told.data["unit"], told.data["count"], told.data["codes"]) == (UNIT, 3, list(VALUES))


def test_another_value_is_another_version(house: Session, run: Callable[..., Any]) -> None:
    recorded(run)
    assert recorded(run, values={**VALUES, "gdp": 318.4}, reason="补报")["changed"] == ["gdp"]
    assert recorded(run, values={"gdp": None})["changed"] == ["gdp"]
    assert [(row.version, row.value, row.reason) for row in rows(house)] == [
        (1, Decimal("312.5"), None),
        (2, Decimal("318.4"), "补报"),
        (3, None, None),
    ]
    assert run("declared figures", unit=UNIT, year=YEAR) == {"rd_expenditure": 4.06, "population": 48.2}


def test_definition_is_that_of_the_set_in_force_in_the_year(house: Session, run: Callable[..., Any]) -> None:
    for year in (2013, 2019):
        recorded(run, year=year, values={"industrial_output": 100.5, "gdp": 300.25})
    assert [row.definition for row in rows(house, "industrial_output")] == ["2012", "2014"]
    assert [row.definition for row in rows(house)] == ["", ""]


def test_the_word_of_the_agency_counts_before_that_of_the_statisticians_and_the_applicant(
    house: Session, run: Callable[..., Any]
) -> None:
    recorded(run)
    recorded(run, values={"gdp": 311}, origin="monitoring")
    recorded(run, values={"rd_expenditure": 3.9}, origin="verified")
    known = figures.current(house, UNIT, YEAR)
    assert {code: (row.origin, row.value) for code, row in known.items()} == {
        "gdp": ("monitoring", 311),
        "rd_expenditure": ("verified", Decimal("3.9")),
        "population": ("declared", Decimal("48.2")),
    }
    assert run("declared figures", unit=UNIT, year=YEAR) == VALUES


def test_annual_return_counts_as_declared_and_published_figures_do_not(run: Callable[..., Any]) -> None:
    recorded(run, values={"gdp": 311}, origin="monitoring", case_id="339921-2014")
    recorded(run, values={"hightech_output_h1": 7}, origin="monitoring")
    assert run("declared figures", unit=UNIT, year=YEAR) == {"gdp": 311}
    recorded(run, values={"gdp": 312})
    assert run("declared figures", unit=UNIT, year=YEAR) == {"gdp": 312}


def a_task(session: Session, instance: UUID, element: str, state: TaskState, **more: Any) -> None:
    task = Task(id=uuid4(), instance=instance, element=element, name=element, state=state, created_at=NOW, **more)
    session.add(task)
    session.flush()


def test_people_are_those_who_answered_the_tasks(
    house: Session, instance_row: UUID, actor: Callable[[str], Actor]
) -> None:
    one, two, three = (actor(login).id for login in ("shouli", "jingban", "tingzhang"))
    done = TaskState.COMPLETED
    a_task(house, instance_row, "T04", done, ended_by=one, ended_at=NOW, answers={"values": {"gdp": 1}})
    a_task(house, instance_row, "T04", done, ended_by=two, ended_at=NOW + timedelta(1), answers={"population": 1})
    a_task(house, instance_row, "T05", TaskState.OPEN)
    hands = Hands(instance_row, three, "T04", "T05")
    figures.record(house, hands, Batch(UNIT, YEAR, VALUES, Origin.DECLARED))
    known = figures.current(house, UNIT, YEAR)
    assert {code: row.entered_by for code, row in known.items()} == {
        "gdp": one,
        "population": two,
        "rd_expenditure": two,
    }
    assert {row.confirmed_by for row in known.values()} == {three}
    assert all(row.confirmed_at for row in known.values())


def test_figure_that_was_only_entered_may_be_confirmed_later(
    house: Session, actor: Callable[[str], Actor], instance_row: UUID
) -> None:
    one, two = actor("shouli").id, actor("jingban").id
    evidence(house)
    figures.record(house, Hands(instance_row, one, "T37"), Batch(UNIT, YEAR, VALUES, Origin.MONITORING))
    batch = Batch(UNIT, YEAR, VALUES, Origin.MONITORING, evidence={"gdp": [DIGEST]})
    assert figures.record(house, Hands(instance_row, two, "T37", "T37_confirm"), batch).changed == []
    (gdp,) = rows(house)
    assert (gdp.entered_by, gdp.confirmed_by, gdp.evidence) == (one, two, [DIGEST])
    figures.lock(house, Hands(), YEAR)
    figures.record(house, Hands(instance_row, one, "T37", "T37_confirm"), batch)
    assert gdp.confirmed_by == two


def test_questions_are_asked_against_last_year_and_peers(house: Session, run: Callable[..., Any]) -> None:
    recorded(run, year=2012, values={"gdp": 300.4, "rd_expenditure": 3.82})
    answer = recorded(run, values={"gdp": 3182.7, "rd_expenditure": 4.06})
    assert [(one["code"], one["rule"]) for one in answer["questions"]] == [("gdp", "unit_slip")]
    assert "3182.7" in answer["questions"][0]["zh"]
    assert answer["changed"] == ["gdp", "rd_expenditure"]
    assert run("check figures", unit=UNIT, year=YEAR, values={"gdp": 31.2}, set=SET)[0]["rule"] == "unit_slip"
    assert run("check figures", unit=CITY, year=YEAR, values={"gdp": 31.2}, set=SET) == []
    assert recorded(run, values={"gdp": -4}, origin="verified")["questions"] == []


def test_cities_are_compared_with_cities_only(house: Session, run: Callable[..., Any]) -> None:
    counties = house.scalars(text_units("district")).all()[:12]
    for place, unit in enumerate(counties):
        recorded(run, unit=unit, values={"gdp": 300.5 + place, "population": 50.3 + place / 10})
    strange = {"gdp": 3182.7, "population": 50.31}
    assert [one["rule"] for one in run("check figures", unit=UNIT, year=YEAR, values=strange, set=SET)] == ["unit_slip"]
    assert run("check figures", unit=CITY, year=YEAR, values=strange, set=SET) == []


def text_units(level: str) -> Any:
    from_register = units.Division
    return select(from_register.unit).where(from_register.level == level).distinct().order_by(from_register.unit)


def test_evidence_must_be_kept_before_a_figure_rests_on_it(house: Session, run: Callable[..., Any]) -> None:
    with pytest.raises(StepFailed):
        recorded(run, evidence=[DIGEST])
    assert rows(house) == []
    evidence(house)
    assert recorded(run, evidence=[DIGEST])["questions"] == []
    assert {tuple(row.evidence) for code in VALUES for row in rows(house, code)} == {(DIGEST,)}
    for bad in (["no digest"], {"gdp": ["AB" * 32]}, "x"):
        with pytest.raises(StepFailed):
            recorded(run, evidence=bad)


def test_evidence_that_supports_another_unit_is_asked_about(house: Session, run: Callable[..., Any]) -> None:
    evidence(house)
    recorded(run, unit=OTHER, evidence={"gdp": [DIGEST]}, sources={"gdp": "统计年鉴", "population": None})
    assert rows(house, "gdp", OTHER)[0].source == "统计年鉴"
    (question,) = recorded(run, evidence={"gdp": [DIGEST]})["questions"]
    assert (question["code"], question["rule"]) == ("gdp", "evidence")
    assert OTHER in question["zh"]


def test_whoever_locks_a_year_waits_for_those_who_still_put_figures_on_record(sessions: Sessions) -> None:
    def lock() -> int:
        with transaction(sessions) as session:
            return figures.lock(session, Hands(), 2013).figures

    with ThreadPoolExecutor() as hands:
        with transaction(sessions) as session:
            figures.record(session, Hands(), Batch("330122", 2013, {"gdp": 1}, Origin.DECLARED))
            locking = hands.submit(lock)
            with pytest.raises(TimeoutError):
                locking.result(timeout=0.5)
        assert locking.result(timeout=4) == 1
    with transaction(sessions) as session:
        assert session.scalars(select(Figure.locked_at)).one() is not None


def test_two_who_correct_the_same_figure_at_once_make_one_version(sessions: Sessions) -> None:
    with transaction(sessions) as session:
        figures.record(session, Hands(), Batch("330122", 2013, {"gdp": 1}, Origin.DECLARED))

    def correct(_: int) -> str:
        try:
            with transaction(sessions) as session:
                return str(figures.correct(session, Hands(), Correction("330122", 2013, "gdp", 2, "笔误")).version)
        except FiguresRefused:
            return "refused"

    with ThreadPoolExecutor() as hands:
        assert sorted(hands.map(correct, range(4))) == ["2", "refused", "refused", "refused"]


def test_locked_year_changes_by_versions_that_say_why(house: Session, run: Callable[..., Any]) -> None:
    recorded(run)
    recorded(run, unit=OTHER, values={"gdp": 800.5})
    assert run("lock figures", year=YEAR) == {"year": YEAR, "units": 2, "figures": 4}
    assert run("lock figures", year=YEAR) == {"year": YEAR, "units": 0, "figures": 0}
    assert recorded(run, values={"gdp": 318.4, "awards": 3}) == {
        "changed": ["gdp", "awards"],
        "late": ["gdp"],
        "questions": [],
    }
    first, second = rows(house)
    assert (first.value, second.value, second.reason) == (Decimal("312.5"), Decimal("318.4"), figures.LATE)
    assert second.locked_at is not None
    assert house.scalar(select(func.count()).where(Event.kind == "figures.locked")) == 1


def test_correction_tells_which_results_hang_on_it_and_changes_none(house: Session, run: Callable[..., Any]) -> None:
    recorded(run)
    given = {"set": SET, "level": "county", "values": VALUES, "expert_scores": {}, "unit": UNIT, "year": YEAR}
    scored = run("score case", **given, case_id="339921-2014", round=None)
    run("lock figures", year=YEAR)
    before = house.scalars(select(ScoreSheet)).one().sheet
    answer = run("correct figure", unit=UNIT, year=YEAR, code="rd_expenditure", value=3.5, reason="笔误")
    assert (answer["version"], answer["before"], answer["after"], answer["locked"]) == (2, 4.06, 3.5, True)
    (affected,) = answer["affected"]
    assert (affected["unit"], affected["sheet"], affected["before"]) == (UNIT, scored["sheet"], scored["total"])
    assert affected["after"] < affected["before"]
    house.expire_all()
    assert house.scalars(select(ScoreSheet)).one().sheet == before
    assert run("correct figure", unit=UNIT, year=YEAR, code="population", value=50, reason="x")["affected"] != []
    recorded(run, values={"hightech_output_h1": 9})
    apart = run("correct figure", unit=UNIT, year=YEAR, code="hightech_output_h1", value=8, reason="x")
    assert apart["affected"] == []
    assert [one.data["code"] for one in house.scalars(select(Event).where(Event.kind == "figure.corrected"))] == [
        "rd_expenditure",
        "population",
        "hightech_output_h1",
    ]


@pytest.mark.parametrize(
    "given",
    [
        {"code": "gdp", "value": 312.5},
        {"code": "unknown", "value": 1},
        {"code": "gdp", "value": float("nan")},
        {"code": "gdp", "value": 1e16},
        {"code": "gdp", "value": 1, "reason": ""},
        {"code": "gdp", "value": 1, "evidence": [DIGEST]},
    ],
)
def test_correction_that_is_none_is_refused(house: Session, run: Callable[..., Any], given: dict[str, Any]) -> None:
    recorded(run)
    with pytest.raises(StepFailed):
        run("correct figure", **({"unit": UNIT, "year": YEAR, "reason": "更正"} | given))
    assert len(rows(house)) == 1


def test_correction_keeps_what_is_known_of_the_figure(house: Session, actor: Callable[[str], Actor]) -> None:
    one, proof = actor("shouli").id, evidence(house)
    batch = Batch(UNIT, YEAR, VALUES, Origin.DECLARED, sources={"gdp": "年鉴"}, evidence={"gdp": [proof]})
    figures.record(house, Hands(), batch)
    done = figures.correct(house, Hands(actor=one), Correction(UNIT, YEAR, "gdp", None, "无数据"))
    first, second = rows(house)
    assert (done.after, done.locked, second.entered_by, second.source) == (None, False, one, "年鉴")
    assert second.evidence == first.evidence == [proof]
    with pytest.raises(NotFound):
        figures.correct(house, Hands(), Correction(UNIT, 1999, "gdp", 1, "x"))


def test_published_growth_of_the_eleven_cities_comes_on_record_once(house: Session) -> None:
    assert figures.seed(house) == 24
    assert figures.seed(house) == 0
    hangzhou = figures.current(house, CITY, 2014)
    assert {code: row.value for code, row in hangzhou.items()} == {
        "hightech_output_h1": Decimal("2155.35"),
        "hightech_output_h1_growth": Decimal("6.14"),
    }
    assert "2014年上半年" in str(hangzhou["hightech_output_h1"].source)
    values = {row.unit: row.value for row in house.scalars(select(Figure).where(Figure.code == "hightech_output_h1"))}
    assert sum(value for unit, value in values.items() if unit != "330000") == values["330000"] == Decimal("10205.20")
    figures.correct(house, Hands(), Correction(CITY, 2014, "hightech_output_h1", 2155.3, "更正"))
    assert figures.seed(house) == 0


def test_published_figures_of_a_unit_that_is_none_are_refused(house: Session) -> None:
    table = yearbook.Published("999999", 2014, "gdp", Decimal(1), "", "年鉴")
    with pytest.raises(NotFound):
        figures.publish(house, Hands(), [table])


def test_people_read_of_their_own_units_and_the_province_of_all(house: Session, actor: Callable[[str], Actor]) -> None:
    for unit in (UNIT, OTHER):
        figures.record(house, Hands(), Batch(unit, YEAR, VALUES, Origin.DECLARED))
    for login in ("jingban", "tongji-hd"):
        assert len(figures.listing(house, actor(login), OTHER, YEAR)) == 3
    local = [name for name, unit in locals_of(house) if unit == UNIT]
    assert local
    for login in local:
        assert len(figures.listing(house, identity.load(house, login), UNIT, YEAR)) == 3
        assert figures.listing(house, identity.load(house, login), OTHER, YEAR) == []
    assert figures.listing(house, actor("caizheng"), OTHER, YEAR) == []


def locals_of(session: Session) -> list[tuple[str, str]]:
    from_tables = identity
    query = (
        select(from_tables.Person.login, from_tables.Organisation.division)
        .join(from_tables.Membership, from_tables.Membership.person == from_tables.Person.id)
        .join(from_tables.Organisation, from_tables.Organisation.id == from_tables.Membership.organisation)
        .where(from_tables.Organisation.division.is_not(None))
        .distinct()
    )
    return [(login, division) for login, division in session.execute(query)]


def test_whoever_works_on_a_case_reads_of_its_unit(
    house: Session, instance_row: UUID, actor: Callable[[str], Actor]
) -> None:
    figures.record(house, Hands(), Batch(OTHER, YEAR, VALUES, Origin.DECLARED))
    reader = actor("caizheng")
    house.get(identity.events.Instance, instance_row).subject = OTHER  # type: ignore[union-attr]
    a_task(house, instance_row, "T24", TaskState.OPEN, assignee=reader.id)
    assert len(figures.listing(house, reader, OTHER, YEAR)) == 3


def test_rehearsal_answers_alike(rehearse: Callable[..., Any]) -> None:
    assert recorded(rehearse, year=2012, values={"gdp": 300.4})["changed"] == ["gdp"]
    assert recorded(rehearse, values={"gdp": 300.4}, year=2012)["changed"] == []
    answer = recorded(rehearse, values={"gdp": 3182.7})
    assert (answer["changed"], [one["rule"] for one in answer["questions"]]) == (["gdp"], ["unit_slip"])
    assert rehearse("check figures", unit=UNIT, year=YEAR, values={"gdp": 31.2}, set=SET)[0]["rule"] == "unit_slip"
    assert rehearse("declared figures", unit=UNIT, year=YEAR) == {"gdp": 3182.7}
    assert rehearse("lock figures", year=YEAR) == {"year": YEAR, "units": 1, "figures": 1}
    corrected = rehearse("correct figure", unit=UNIT, year=YEAR, code="gdp", value=318.2, reason="单位有误")
    assert (corrected["before"], corrected["after"], corrected["locked"]) == (3182.7, 318.2, True)
    assert recorded(rehearse, values={"gdp": 318.3}, origin="verified") == {
        "changed": ["gdp"],
        "late": ["gdp"],
        "questions": [],
    }
    for code, value in (("awards", 1), ("gdp", 318.3)):
        with pytest.raises(StepFailed):
            rehearse("correct figure", unit=UNIT, year=YEAR, code=code, value=value, reason="x")
