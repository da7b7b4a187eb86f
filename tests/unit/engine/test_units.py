"""The register of units: who is in force, who is pilot, and who may open the file."""

from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from sqlalchemy import event, func, select, update

from engine import units
from engine.identity import Actor
from engine.tables import Deployment, Division, Instance, InstanceState, Organisation, Reminder, Timer

TODAY = date(2026, 3, 2)


def person(*roles, organisation="x"):
    memberships = frozenset((organisation, role) for role in roles)
    return Actor(id=uuid4(), login="li", name="李", language="zh", memberships=memberships)


@pytest.fixture
def seeded(session):
    units.seed(session)
    return session


def started(session, subject, **more):
    if session.get(Deployment, "d") is None:
        at = datetime(2024, 1, 1, tzinfo=UTC)
        session.add(Deployment(digest="d", programme="p", number=1, deployed_at=at, deployed_by="test"))
        session.add(Organisation(id="test.yunxi", name={"zh": "云溪县人民政府"}, kind="government", division="339921"))
        session.flush()
    instance = Instance(
        id=uuid4(), programme="p", deployment="d", process="lifecycle", subject=subject, title="云溪县", version=1,
        envelope=b"", **{"started_at": datetime(2024, 1, 1, tzinfo=UTC), "state": InstanceState.RUNNING, **more},
    )  # fmt: skip
    session.add(instance)
    session.flush()
    return instance


def row(session, actor, code="339921"):
    return next(unit for unit in units.listing(session, actor, TODAY) if unit.code == code)


@pytest.mark.parametrize(
    ("on", "count"),
    [
        ("2012-05-21", 90),
        ("2013-12-31", 90),
        ("2016-12-31", 89),
        ("2018-12-31", 89),
        ("2019-12-31", 90),
        ("2026-03-02", 90),
    ],
)
def test_register_holds_the_counties_of_the_day(seeded, on, count):
    listed = [unit for unit in units.listing(seeded, person(), date.fromisoformat(on)) if not unit.fictional]
    assert sum(unit.level != "prefecture_city" for unit in listed) == count
    assert sum(unit.level == "prefecture_city" for unit in listed) == 11


def test_fictional_units_are_marked(seeded):
    fictional = {
        unit.code: (unit.name, unit.parent_name) for unit in units.listing(seeded, person(), TODAY) if unit.fictional
    }
    assert fictional == {"339900": ("东湖市", "浙江省"), "339902": ("青川区", "东湖市"), "339921": ("云溪县", "东湖市")}


def test_installation_may_leave_out_the_fictional_units(session):
    session.execute(update(Division).values(level="province"))
    units.seed(session, [units.DIVISIONS])
    assert not any(unit.fictional for unit in units.listing(session, person(), TODAY))


def test_seed_twice_changes_nothing(seeded):
    count = seeded.scalar(select(func.count()).select_from(Division))
    units.seed(seeded)
    assert seeded.scalar(select(func.count()).select_from(Division)) == count == 115


def test_unit_shows_its_milestone_and_its_next_timer(seeded):
    instance = started(seeded, "339921", milestone="pilot", organisation="test.yunxi")
    for year in (2028, 2026):
        due, task = datetime(year, 5, 21, tzinfo=UTC), uuid4()
        seeded.add(Timer(instance=instance.id, task=task, element="two_years", due_at=due))
        told = {"kind": "P6M", "remind_at": due, "due_at": due, "roles": ["PRV_OFFICER"]}
        seeded.add(Reminder(instance=instance.id, task=task, element="two_years", **told))
    lapse = datetime(2025, 5, 21, tzinfo=UTC)  # a deadline nobody is told of months before is no reassessment
    seeded.add(Timer(instance=instance.id, task=uuid4(), element="lapse", due_at=lapse))
    seeded.flush()
    unit = row(seeded, person("PRV_OFFICER"))
    assert (unit.instance, unit.milestone) == (instance.id, "pilot")
    assert unit.next_reassessment == datetime(2026, 5, 21, tzinfo=UTC)


def test_only_those_concerned_may_open_the_file(seeded):
    instance = started(seeded, "339921", milestone="pilot", organisation="test.yunxi")
    for actor in (
        person("PRV_INTAKE"),
        person("STAT_PRV"),
        person("GOV_LEAD"),
        person("APP_FILL", organisation="test.yunxi"),
    ):
        assert row(seeded, actor).instance == instance.id
    for actor in (person(), person("APP_FILL", organisation="test.other"), person("AGENCY_MGR"), person("DEPT_REV")):
        unit = row(seeded, actor)
        assert (unit.instance, unit.milestone) == (None, "pilot")


def test_running_life_stands_before_an_ended_one(seeded):
    ended = {"state": InstanceState.FINISHED, "started_at": datetime(2025, 1, 1, tzinfo=UTC)}
    started(seeded, "339921", milestone="recognised", **ended)
    started(seeded, "339921", state=InstanceState.CANCELLED, started_at=datetime(2026, 1, 1, tzinfo=UTC))
    running = started(seeded, "339921", milestone="pilot")
    assert row(seeded, person("PRV_LEAD")).instance == running.id


def test_register_takes_one_statement(seeded, engine):
    statements = []
    event.listen(engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    assert len(units.listing(seeded, person(), TODAY)) == 104
    assert len(statements) == 1
