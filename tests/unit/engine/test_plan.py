"""The plan of a year: who is measured again and when, and an alarm for whoever holds a title and would be forgotten."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import delete, select, update

from engine import clock, plan, processes, units
from engine.clock import CIVIL
from engine.errors import ModelRefused, NotFound
from engine.plan import Standing
from engine.settings import ROOT
from engine.tables import History, Instance, InstanceState, Timer, Title
from server import watch

PROGRAMME, UNIT, OTHER = "innovative-city", "339921", "339922"
GRANTED = date(2024, 2, 29)
NOON = datetime(2025, 6, 2, 12, tzinfo=CIVIL)


@pytest.fixture
def county(session):
    """Give a county that has been a pilot since a leap day, and the timer of its next measurement."""
    clock.travel(NOON)
    units.seed(session)
    return pilot(session, processes.deploy(session, ROOT / "workflows" / PROGRAMME, "a test").digest)


def pilot(session, digest):
    title = {"id": uuid4(), "programme": PROGRAMME, "unit": UNIT, "kind": "pilot", "document_no": "浙科发〔2024〕1号"}
    session.add(Title(**title, granted_on=GRANTED))
    return live(session, digest)


def live(session, digest, due=datetime(2026, 2, 28, tzinfo=CIVIL)):
    row = Instance(
        id=uuid4(), programme=PROGRAMME, deployment=digest, process="lifecycle", subject=UNIT, title="云溪县",
        state=InstanceState.RUNNING, version=1, envelope=b"", started_at=clock.now(), organisation="yunxi-government",
    )  # fmt: skip
    session.add(row)
    session.flush()
    session.add(Timer(instance=row.id, task=uuid4(), element="every_two_years", due_at=due.astimezone(UTC)))
    session.flush()
    return row.id


def year(session, actor, number, login="jingban"):
    return plan.of_year(session, actor(login), None, number)


def standings(session):
    return [(one.rule, one.instance is not None) for one in plan.alarms(session)]


def test_a_pilot_is_in_the_plan_of_the_year_in_which_its_timer_falls_due(session, actor, county):
    found = year(session, actor, 2026)
    [row] = found.rows
    assert (row.unit, row.name, row.day, row.standing, row.instance) == (
        UNIT,
        "云溪县",
        date(2026, 2, 28),
        Standing.ARMED,
        county,
    )
    assert (found.holders, found.alarms, row.titles) == (1, [], ("pilot",))
    assert "自评报告" in found.needs["zh"]
    assert year(session, actor, 2027).rows == []


def test_later_measurements_are_reckoned_from_the_day_of_the_title(session, actor, county):
    [row] = year(session, actor, 2028).rows
    assert (row.day, row.standing) == (date(2028, 2, 29), Standing.PROJECTED)
    assert year(session, actor, 2024).rows == []


def test_who_may_not_read_of_the_unit_sees_nothing_of_it(session, actor, county):
    assert [row.unit for row in year(session, actor, 2026, "xianzhang").rows] == [UNIT]
    assert year(session, actor, 2026, "hengce").holders == 0


def test_a_pilot_without_a_timer_is_an_alarm(session, actor, county):
    assert standings(session) == []
    session.execute(delete(Timer))
    assert standings(session) == [("repetition-missing", True)]
    session.execute(update(Instance).values(state=InstanceState.FINISHED))
    assert standings(session) == [("repetition-missing", False)]
    [row] = year(session, actor, 2026).alarms
    assert (row.standing, row.day) == (Standing.MISSING, None)


def test_two_timers_are_an_alarm(session, actor, county):
    live(session, session.scalar(select(Instance.deployment)))
    assert standings(session) == [("repetition-doubled", True)]


def test_what_is_being_measured_is_none_until_it_takes_too_long(session, actor, county):
    session.execute(delete(Timer))
    fired = History(
        instance=county, step=0, task=uuid4(), process="lifecycle", element="every_two_years", outcome="fired", at=NOON
    )
    session.add(fired)
    session.flush()
    assert standings(session) == []
    assert [row.standing for row in year(session, actor, 2025).rows] == [Standing.UNDER_WAY]
    clock.travel(NOON + timedelta(days=600))
    assert standings(session) == [("repetition-late", True)]


def test_the_watch_keeps_the_alarm_and_says_so_once(sessions, session, county):
    session.execute(delete(Timer))
    session.commit()
    assert "repetition-missing" in {one.rule for one in watch.everything(sessions)}


@pytest.mark.parametrize(("programme", "number"), [("no-such", 2026), (PROGRAMME, 1999), (PROGRAMME, 2201)])
def test_there_is_no_such_plan(session, actor, county, programme, number):
    with pytest.raises(NotFound):
        plan.of_year(session, actor("jingban"), programme, number)


@pytest.mark.parametrize(
    "change",
    [
        ('every = "P2Y"', 'every = "often"'),
        ('element = "every_two_years"', 'element = "start"'),
        ("needs]\nzh", "needs]\nde"),
    ],
)
def test_a_faulty_repetition_is_refused(change):
    folder = ROOT / "workflows" / PROGRAMME
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    files["programme.toml"] = files["programme.toml"].decode().replace(*change).encode()
    with pytest.raises(ModelRefused):
        processes.build(files, "", 0)
