"""The life of a unit: what everybody reads of it, what its readers alone do, and what became of it."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from engine import clock, divisions, events, lives, sheets, units
from engine.domain.divisions import Change, Happening
from engine.errors import NotFound
from engine.events import Kind
from engine.identity import Actor
from engine.tables import Instance, Reminder, RoundState, Task, TaskState, Timer
from tests.support import registers
from tests.support.registers import CASE, LAST, NOW, NOW_ROUND, OTHER, PROOF, UNIT, VALUES, WHY, Lived

People = Callable[[str], Actor]
MERGER = Happening(date(2025, 9, 3), Change.MERGE, "国函〔2025〕1号（虚构）", (UNIT,), (OTHER,), "整建制并入")


@pytest.fixture
def house(session: Session) -> Session:
    """Give a database with the units, on a day of 2026."""
    clock.travel(NOW)
    units.seed(session)
    return session


@pytest.fixture
def county(house: Session, tmp_path: Path) -> Lived:
    """Give the life of the fictional county, with its second round published."""
    return registers.lived(house, tmp_path)


def test_everybody_reads_names_titles_and_published_rounds(county: Lived, session: Session, actor: People) -> None:
    stranger = actor("hengce")
    known = lives.find(session, UNIT)
    assert (known.last.name, known.last.code, known.heirs) == ("云溪县", UNIT, [])
    assert [row.kind for row in lives.titles(session, UNIT)] == ["pilot", "science_strong"]
    told = lives.rounds(session, stranger, UNIT)
    assert [(row.id, row.outcome) for row in told] == [(NOW_ROUND, "continue"), (LAST, "pilot")]
    assert told[0].practice == "科技特派员入企服务"
    [bar] = lives.bars(session, OTHER)
    assert (bar.rounds, bar.reason) == (2, "数据造假")


def test_a_round_that_is_not_published_is_for_the_readers_of_the_unit(
    house: Session, actor: People, tmp_path: Path
) -> None:
    registers.lived(house, tmp_path, RoundState.CLOSED)
    assert [row.id for row in lives.rounds(house, actor("hengce"), UNIT)] == [LAST]
    assert [row.id for row in lives.rounds(house, actor("tianbao"), UNIT)] == [NOW_ROUND, LAST]


def test_figures_carry_every_version_and_who_stood_for_it(county: Lived, session: Session, actor: People) -> None:
    rows = lives.figures(session, actor("tianbao"), UNIT)
    assert {row.year for row in rows} == {2023, 2025}
    first, second = (row for row in rows if (row.code, row.year) == ("gdp", 2025))
    assert (first.version, second.version, second.reason, second.evidence) == (1, 2, WHY, [PROOF])
    assert (second.entered_by, second.confirmed_by) == ("吕数据", "施核数")
    assert second.value == Decimal(str(VALUES["gdp"]))
    assert [one.name for one in lives.evidence(session, actor("tianbao"), UNIT)] == ["统计年鉴.pdf"]


def test_strangers_read_neither_figures_nor_evidence_nor_decisions(
    county: Lived, session: Session, actor: People
) -> None:
    stranger = actor("hengce")
    assert lives.figures(session, stranger, UNIT) == []
    assert lives.evidence(session, stranger, UNIT) == []
    assert lives.decided(session, stranger, UNIT) == []
    assert lives.upcoming(session, stranger, UNIT) == []
    assert sheets.of_unit(session, stranger, UNIT) == []


def test_scores_know_their_place_among_the_tier(county: Lived, session: Session, actor: People) -> None:
    second, first = sheets.of_unit(session, actor("jingban"), UNIT)
    assert [first.row.id, second.row.id] == county.sheets
    assert [(one.row.round, one.rank, one.among) for one in (first, second)] == [(LAST, 1, 1), (NOW_ROUND, 2, 2)]
    middle = sheets.medians(session, actor("jingban"), NOW_ROUND, "county")
    [other] = sheets.of_unit(session, actor("jingban"), OTHER)
    by_hand = {
        mine["code"]: (Decimal(mine["index"]) + Decimal(its["index"])) / 2
        for mine, its in zip(second.groups, other.groups, strict=True)
    }
    assert {code: float(value) for code, value in middle.items()} == pytest.approx(
        {code: float(value) for code, value in by_hand.items()}, abs=0.005
    )


def test_a_unit_learns_its_place_when_the_round_is_published(house: Session, actor: People, tmp_path: Path) -> None:
    registers.lived(house, tmp_path, RoundState.CLOSED)
    second, first = sheets.of_unit(house, actor("tianbao"), UNIT)
    assert (second.rank, second.among, first.rank) == (None, None, 1)
    assert sheets.medians(house, actor("tianbao"), NOW_ROUND, "county") == {}
    assert sheets.medians(house, actor("jingban"), NOW_ROUND, "county") != {}


def test_a_sheet_that_was_superseded_has_no_place(county: Lived, session: Session, actor: People) -> None:
    registers.score(session, NOW_ROUND, 2025, expert_scores=registers.rated(10), reason="公示异议成立")
    newest, old, _ = sheets.of_unit(session, actor("jingban"), UNIT)
    assert (newest.row.supersedes, newest.row.reason, newest.rank) == (county.sheets[1], "公示异议成立", 2)
    assert (old.row.superseded_by, old.rank, old.among) == (newest.row.id, None, None)


def test_a_unit_that_went_into_another_names_its_heir(house: Session) -> None:
    divisions.enter(house, None, MERGER, [])
    known = lives.find(house, UNIT)
    assert (known.last.until, known.heirs, known.names) == (
        MERGER.effective_on,
        [OTHER],
        {UNIT: "云溪县", OTHER: "石桥县"},
    )
    assert known.lineage.after == (MERGER,)
    assert lives.find(house, OTHER).lineage.before == (MERGER,)


def test_what_nobody_ever_knew_has_no_life(house: Session) -> None:
    with pytest.raises(NotFound):
        lives.find(house, "990000")


def test_what_was_decided_is_told_newest_first(
    county: Lived, session: Session, instance_row: object, actor: People
) -> None:
    case = _case(session, instance_row)
    events.append(session, Kind.MILESTONE_REACHED, instance=case.id, data={"milestone": "pilot"})
    events.append(session, Kind.TASK_CREATED, instance=case.id)
    events.append(session, Kind.TITLE_ENDED, instance=case.id, data={"unit": UNIT, "title": "pilot"})
    told = lives.decided(session, actor("tianbao"), UNIT)
    assert [event.kind for event in told] == ["title.ended", "milestone.reached"]


def test_dates_and_tasks_to_come(county: Lived, session: Session, instance_row: object, actor: People) -> None:
    case = _case(session, instance_row)
    task = Task(
        id=case.id, instance=case.id, element="T05", name="统计核数", role="APP_STAT", organisation="yunxi-statistics",
        state=TaskState.OPEN, created_at=NOW, due_at=NOW + timedelta(days=3),
    )  # fmt: skip
    due = NOW + timedelta(days=700)
    around = {"instance": case.id, "task": case.id, "element": "every_two_years"}
    session.add_all([task, Timer(**around, due_at=due)])
    session.add(Reminder(**around, kind="P6M", remind_at=due - timedelta(days=180), due_at=due, roles=["APP_LEAD"]))
    session.flush()
    [coming] = lives.upcoming(session, actor("tianbao"), UNIT)
    assert (coming.element, coming.due_at, coming.remind_at) == ("every_two_years", due, due - timedelta(days=180))
    [waiting] = lives.open_tasks(session, actor("heshu"), UNIT)
    assert (waiting.name, waiting.person, waiting.organisation_name) == (
        "统计核数",
        None,
        {"zh": "云溪县统计局", "en": "Statistics Bureau of Yunxi County"},
    )
    assert lives.open_tasks(session, actor("tianbao"), UNIT) == []


def _case(session: Session, key: object) -> Instance:
    case = session.get_one(Instance, key)
    case.subject, case.title = UNIT, CASE
    session.flush()
    return case
