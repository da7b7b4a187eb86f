"""Boards and rankings: where units stand, what is late, how a round ranked, and who reads of it."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy import event

from engine import boards, clock, rankings, titles, units
from engine.boards import Place
from engine.domain.titles import Kind, Title
from engine.errors import NotFound
from engine.identity import Actor
from engine.tables import (
    Deployment,
    Instance,
    InstanceState,
    Reminder,
    Round,
    RoundState,
    ScoreSheet,
    Task,
    TaskState,
    Timer,
)

GROUND = titles.Ground("innovative-city")
NOW = datetime(2024, 5, 6, 2, tzinfo=UTC)
TODAY = date(2024, 5, 6)
DONGHAI, ZHEJIANG = "390000", "330000"
DONGHU, QINGCHUAN, YUNXI, SHIQIAO = "339900", "339902", "339921", "339922"


def person(*memberships):
    return Actor(id=uuid4(), login="li", name="李", language="zh", memberships=frozenset(memberships))


OFFICER = person(("prov-science", "PRV_OFFICER"))
COUNTY = person(("yunxi-government", "APP_LEAD"))
NOBODY = person()


@pytest.fixture
def register(session):
    clock.travel(NOW)
    units.seed(session)
    session.add(Deployment(digest="d", programme="p", number=1, deployed_at=NOW, deployed_by="a test"))
    session.flush()
    return session


def case(session, unit, **more):
    given = {"state": InstanceState.RUNNING, "started_at": NOW - timedelta(days=300), "process": "lifecycle", **more}
    row = Instance(
        id=uuid4(), programme="p", deployment="d", subject=unit, title=f"{unit}的事项", version=1, envelope=b"", **given
    )
    session.add(row)
    session.flush()
    return row


def task(session, instance, due_at, **more):
    given = {"state": TaskState.OPEN, "created_at": NOW - timedelta(days=30), "name": "填报", **more}
    row = Task(id=uuid4(), instance=instance.id, element="t", due_at=due_at, **given)
    session.add(row)
    session.flush()
    return row


def wakes(session, instance, element, due_at, told="P6M"):
    token = uuid4()
    session.add(Timer(instance=instance.id, task=token, element=element, due_at=due_at))
    session.add(
        Reminder(
            instance=instance.id, task=token, element=element, kind=told, remind_at=due_at, due_at=due_at, roles=[]
        )
    )
    session.flush()


def grant(session, unit, kind, on="2013-06-03", number="浙科发〔2013〕3号"):
    titles.grant(session, GROUND, Title(unit, kind, date.fromisoformat(on), number), None)


def tiles(session, actor, province=None):
    return {tile.unit: tile for tile in boards.board(session, actor, TODAY, province).tiles}


def open_round(session, key, state=RoundState.PUBLISHED, **more):
    kind, _, year = key.partition("-")
    given = {"opened_on": date(int(year), 3, 1), "indicator_set": "S", "set_digest": "x", "set_rows": [], **more}
    session.add(Round(id=key, programme="p", kind=kind, year=int(year), state=state, **given))
    session.flush()


def score(session, round_id, unit, total, supersedes=None, **groups):
    told = [{"code": code, "name": f"组{code}", "index": str(index)} for code, index in groups.items()]
    row = ScoreSheet(
        id=uuid4(), programme="p", round=round_id, unit=unit, case_id=f"{unit}-2013", level="county", agency=None,
        indicator_set="S", set_digest="x", total=Decimal(str(total)), gates_met=True, grade="达标",
        sheet={"groups": told}, digest="x", made_at=NOW, supersedes=supersedes,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row.id


def counted(session, act):
    statements = []

    def note(*given):
        statements.append(given[2])

    event.listen(session.get_bind(), "before_cursor_execute", note)
    act()
    event.remove(session.get_bind(), "before_cursor_execute", note)
    return len(statements)


def test_each_unit_stands_where_its_titles_and_its_case_put_it(register):
    grant(register, YUNXI, Kind.PILOT)
    grant(register, YUNXI, Kind.RECOGNISED, "2017-09-01", "浙政函〔2017〕12号")
    grant(register, DONGHU, Kind.PILOT)
    grant(register, QINGCHUAN, Kind.PILOT)
    case(register, QINGCHUAN, milestone="rectifying")
    case(register, SHIQIAO)
    found = tiles(register, OFFICER)
    assert {unit: found[unit].place for unit in (YUNXI, DONGHU, QINGCHUAN, SHIQIAO, "339122", "339721")} == {
        YUNXI: Place.RECOGNISED,
        DONGHU: Place.PILOT,
        QINGCHUAN: Place.RECTIFYING,
        SHIQIAO: Place.APPLYING,
        "339122": Place.ELIGIBLE,
        "339721": Place.NONE,
    }
    assert found[YUNXI].titles[Kind.RECOGNISED] == date(2017, 9, 1)


def test_case_that_has_ended_paints_nothing(register):
    case(register, "339721", state=InstanceState.FINISHED, milestone="rectifying")
    assert tiles(register, OFFICER, DONGHAI)["339721"].place is Place.NONE


def test_province_chooses_between_both_provinces_and_begins_where_cases_live(register):
    assert boards.board(register, OFFICER, TODAY).province.code == ZHEJIANG
    case(register, YUNXI)
    found = boards.board(register, OFFICER, TODAY)
    assert (found.province.code, found.province.fictional) == (DONGHAI, True)
    assert [province.code for province in found.provinces] == [ZHEJIANG, DONGHAI]
    real = boards.board(register, OFFICER, TODAY, ZHEJIANG)
    assert (len(real.tiles), [tile.name for tile in real.tiles][:1]) == (101, ["杭州市"])


def test_county_sees_itself_alone_and_no_targets(register):
    case(register, SHIQIAO)
    found = boards.board(register, COUNTY, TODAY)
    assert [(tile.unit, tile.parent_name) for tile in found.tiles] == [(YUNXI, "东湖市")]
    assert (found.targets, [province.code for province in found.provinces]) == ([], [DONGHAI])
    with pytest.raises(NotFound):
        boards.board(register, COUNTY, TODAY, ZHEJIANG)
    assert boards.board(register, NOBODY, TODAY).province is None


def test_targets_are_those_of_the_province_shown(register):
    wanted = {
        code: [target.wanted for target in boards.board(register, OFFICER, TODAY, code).targets][:5]
        for code in (ZHEJIANG, DONGHAI)
    }
    assert wanted == {ZHEJIANG: [8, 3, 4, 30, 60], DONGHAI: [8, 3, 4, 5, 10]}


def test_late_cases_are_told_the_longest_late_first(register):
    one, other = case(register, YUNXI), case(register, SHIQIAO)
    task(register, one, NOW - timedelta(days=2), name="早")
    task(register, one, NOW - timedelta(days=1), name="晚")
    task(register, other, NOW - timedelta(days=5), name="更早")
    task(register, other, NOW + timedelta(days=5))
    task(register, other, NOW - timedelta(days=9), state=TaskState.COMPLETED)
    found = boards.board(register, OFFICER, TODAY)
    assert [(late.unit, late.name, late.tasks) for late in found.late] == [(SHIQIAO, "更早", 1), (YUNXI, "早", 2)]
    assert (tiles(register, OFFICER)[YUNXI].late, tiles(register, OFFICER)[DONGHU].late) == (2, 0)
    assert [late.unit for late in boards.board(register, COUNTY, TODAY).late] == [YUNXI]


def test_next_date_is_the_first_that_people_are_told_of_beforehand(register):
    one = case(register, YUNXI)
    wakes(register, one, "every_two_years", NOW + timedelta(days=300))
    wakes(register, one, "every_quarter", NOW + timedelta(days=90))
    wakes(register, one, "hidden", NOW + timedelta(days=1), told="before")
    found = tiles(register, OFFICER)[YUNXI]
    assert (found.next_element, found.next_at) == ("every_quarter", NOW + timedelta(days=90))


def test_round_tells_what_is_open_in_its_own_case(register):
    running = case(register, None, process="biennial_round")
    open_round(register, "biennial-2024", RoundState.OPEN, instance=running.id)
    task(register, running, NOW - timedelta(days=1), name="印发通知", provisional=True)
    task(register, running, NOW + timedelta(days=1), name="会审")
    score(register, "biennial-2024", YUNXI, 70)
    (found,) = boards.rounds(register, OFFICER)
    assert (sorted(found.steps), found.late, found.scored) == (["会审", "印发通知"], 1, 1)
    assert (found.next_due, found.provisional) == (NOW - timedelta(days=1), True)
    (outside,) = boards.rounds(register, COUNTY)
    assert (outside.steps, outside.instance, outside.next_due, outside.late) == ([], None, None, 0)


def test_board_takes_the_same_statements_however_much_there_is(register):
    few = counted(register, lambda: boards.board(register, OFFICER, TODAY, DONGHAI))
    for unit in (YUNXI, SHIQIAO, DONGHU):
        one = case(register, unit)
        grant(register, unit, Kind.PILOT)
        wakes(register, one, "every_two_years", NOW + timedelta(days=300))
        for number in range(20):
            task(register, one, NOW - timedelta(days=number + 1))
    assert counted(register, lambda: boards.board(register, OFFICER, TODAY, DONGHAI)) == few <= 6


@pytest.fixture
def scored(register):
    for key in ("biennial-2021", "biennial-2023", "annual-2023"):
        open_round(register, key)
    for unit, before, after in ((YUNXI, 70, 80), (SHIQIAO, 75, 75), (QINGCHUAN, 60, 75), (DONGHU, 50, 55)):
        score(register, "biennial-2021", unit, before, A=before, B=50)
        score(register, "biennial-2023", unit, after, A=after, B=60)
    score(register, "biennial-2023", "339122", 40, A=40, B=70)
    score(register, "annual-2023", YUNXI, 10)
    return register


def test_round_ranks_cities_and_counties_apart_and_tells_the_change(scored):
    found = rankings.ranking(scored, OFFICER, "biennial-2023")
    told = [(row.tier, row.unit, row.rank, row.of, row.rank_before, row.climbed, row.gained) for row in found.rows]
    assert told == [
        ("city", DONGHU, 1, 1, 1, 0, Decimal(5)),
        ("county", YUNXI, 1, 4, 2, 1, Decimal(10)),
        ("county", QINGCHUAN, 2, 4, 3, 1, Decimal(15)),
        ("county", SHIQIAO, 2, 4, 1, -1, Decimal(0)),
        ("county", "339122", 4, 4, None, None, None),
    ]
    assert (found.before.id, found.groups) == ("biennial-2021", {"A": "组A", "B": "组B"})
    assert found.medians["county"] == {"A": Decimal(75), "B": Decimal(60)}


def test_county_reads_its_own_rank_among_all(scored):
    (own,) = rankings.ranking(scored, COUNTY, "biennial-2023").rows
    assert (own.unit, own.rank, own.of) == (YUNXI, 1, 4)


def test_round_that_is_open_is_for_the_province_alone(scored):
    open_round(scored, "biennial-2025", RoundState.OPEN)
    score(scored, "biennial-2025", YUNXI, 90)
    assert rankings.ranking(scored, OFFICER, "biennial-2025").rows[0].unit == YUNXI
    with pytest.raises(NotFound):
        rankings.ranking(scored, COUNTY, "biennial-2025")
    assert "biennial-2025" not in [row.id for row in rankings.rounds(scored, COUNTY)]


def test_sheet_that_was_corrected_counts_no_more(scored):
    first = score(scored, "annual-2023", SHIQIAO, 99)
    score(scored, "annual-2023", SHIQIAO, 5, supersedes=first)
    found = rankings.ranking(scored, OFFICER, "annual-2023")
    assert [(row.unit, row.score.total, row.rank) for row in found.rows] == [(YUNXI, 10, 1), (SHIQIAO, 5, 2)]


def test_ranking_of_no_such_round_or_province_is_not_found(scored):
    with pytest.raises(NotFound):
        rankings.ranking(scored, OFFICER, "biennial-1999")
    with pytest.raises(NotFound):
        rankings.ranking(scored, OFFICER, "biennial-2023", "110000")
    assert rankings.ranking(scored, OFFICER, "biennial-2023", ZHEJIANG).rows == []
