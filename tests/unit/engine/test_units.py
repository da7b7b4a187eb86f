"""The register of units: who is in force, what they hold, where they come from, and who may open the file."""

from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from sqlalchemy import event, func, select, update

from engine import divisions, events, units
from engine.domain.divisions import Change, Happening, Level, Lineage, Period
from engine.errors import DivisionsRefused, NotAllowed, NotFound
from engine.identity import Actor
from engine.tables import (
    Deployment,
    Division,
    DivisionEvent,
    Event,
    Instance,
    InstanceState,
    Organisation,
    Reminder,
    Subscription,
    Timer,
    Title,
    WaitKind,
)

TODAY = date(2026, 3, 2)
MERGER = Happening(
    date(2019, 7, 1), Change.MERGE, "国函〔2019〕9号", ("339923",), ("339922",), "柳浦县并入石桥县", "虚构"
)


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


def listed(session, on=TODAY, actor=None):
    return {unit.unit: unit for unit in units.listing(session, actor or person(), on)}


def row(session, actor, unit="339921"):
    return listed(session, actor=actor)[unit]


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
    rows = [unit for unit in units.listing(seeded, person(), date.fromisoformat(on)) if not unit.fictional]
    assert sum(unit.level != "prefecture_city" for unit in rows) == count
    assert sum(unit.level == "prefecture_city" for unit in rows) == 11


def test_register_in_the_database_is_the_register_of_the_files(seeded):
    register = divisions.register(seeded)
    assert register.faults() == []
    assert register.periods == divisions.published().periods
    assert register.happenings == divisions.published().happenings


def test_fictional_province_is_marked(seeded):
    fictional = [unit for unit in listed(seeded).values() if unit.fictional]
    assert sum(unit.level == "prefecture_city" for unit in fictional) == 11
    assert len(fictional) == 11 + 15
    names = {unit.unit: (unit.name, unit.parent_name) for unit in fictional}
    assert names["339900"] == ("东湖市", "东海省")
    assert (names["339902"], names["339921"]) == (("青川区", "东湖市"), ("云溪县", "东湖市"))


def test_installation_may_leave_out_the_fictional_units(session):
    session.execute(update(Division).values(level="province"))
    units.seed(session, [units.DIVISIONS])
    assert not any(unit.fictional for unit in units.listing(session, person(), TODAY))


def test_seed_twice_changes_nothing(seeded):
    def counts():
        return [seeded.scalar(select(func.count()).select_from(table)) for table in (Division, DivisionEvent, Title)]

    before = counts()
    units.seed(seeded)
    assert counts() == before == [115 + 27, 17, 3 + 24]


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


def test_life_follows_the_unit_through_a_new_code(seeded):
    instance = started(seeded, "330183", milestone="pilot")
    fuyang = listed(seeded, actor=person("PRV_LEAD"))["330183"]
    assert (fuyang.code, fuyang.name, fuyang.level, fuyang.instance) == ("330111", "富阳区", "district", instance.id)


def test_register_takes_three_statements(seeded, engine):
    statements = []
    event.listen(engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    assert len(units.listing(seeded, person(), TODAY)) == 101 + 26
    assert len(statements) == 3


def test_national_pilots_hold_their_flag(seeded):
    flags = {unit.name for unit in listed(seeded).values() if "national_pilot" in unit.titles}
    assert flags == {"杭州市", "宁波市", "嘉兴市"}
    assert listed(seeded)["339921"].titles == ["science_strong"]
    assert listed(seeded, on=date(2011, 12, 31)) == {}


def test_lineage_is_told_as_of_the_day(seeded):
    qiantang = listed(seeded)["330114"]
    assert [act.from_units for act in qiantang.lineage.before] == [("330104", "330109")]
    jianggan = listed(seeded, on=date(2021, 3, 10))["330104"]
    assert jianggan.lineage == Lineage((), (), ())


def test_statistics_may_still_use_the_old_code(seeded):
    yuhuan = listed(seeded, on=date(2017, 5, 1))["331021"]
    assert (yuhuan.code, yuhuan.code_in_use, yuhuan.name) == ("331083", "331021", "玉环市")


def test_record_names_who_acts_for_a_unit(seeded):
    found = divisions.records(seeded, ["339921", "339902", "330183", "nobody"], TODAY)
    assert sorted(found) == ["330183", "339902", "339921"]
    yunxi = found["339921"]
    assert (yunxi.unit_name, yunxi.level, yunxi.tier, yunxi.parent_name) == ("云溪县", "county", "county", "东湖市")
    acting = (yunxi.government, yunxi.applicant, yunxi.statistics, yunxi.forwarder)
    assert acting == ("yunxi-government", "yunxi-science", "yunxi-statistics", None)
    assert (found["339902"].government, found["339902"].applicant) == (None, None)
    assert found["339902"].forwarder == "donghu-science"  # a district's files go through its city, chapter 3.3
    assert divisions.records(seeded, ["330183"], date(2014, 12, 12))["330183"].level == "county"


def test_records_of_many_units_take_one_statement(seeded, engine):
    statements = []
    event.listen(engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    assert len(divisions.records(seeded, ["339921", "339922", "339900"], TODAY)) == 3
    assert len(statements) == 1


def test_old_organisations_serve_a_renamed_unit_until_new_ones_come(seeded):
    for name, code in (("fuyang-old", "330183"), ("fuyang-new", "330111")):
        seeded.add(Organisation(id=name, name={"zh": name}, kind="government", division=code))
        seeded.flush()
        assert divisions.records(seeded, ["330183"], TODAY)["330183"].government == name


def test_registrar_enters_a_merger_and_the_next_start_leaves_it_alone(seeded, actor):
    number = units.enter(seeded, actor("jingban"), MERGER, [])
    units.seed(seeded)
    assert divisions.happening(seeded, number) == MERGER
    assert divisions.register(seeded).faults() == []
    assert "339923" not in listed(seeded)
    assert "339923" in listed(seeded, on=date(2019, 6, 30))
    assert listed(seeded)["339922"].lineage.before == (MERGER,)
    told = seeded.scalars(select(Event).where(Event.kind == events.Kind.DIVISION_CHANGED)).one()
    assert told.data["event"] == number


def test_county_that_becomes_a_district_stays_the_same_unit(seeded, actor):
    act = Happening(date(2020, 5, 1), Change.COUNTY_TO_DISTRICT, "国函〔2020〕3号", ("339921",), ("339921",))
    district = Period("339921", "339903", "云溪区", Level.DISTRICT, "339900", act.effective_on)
    units.enter(seeded, actor("jingban"), act, [district])
    unit = listed(seeded)["339921"]
    assert (unit.code, unit.name, unit.level, unit.fictional) == ("339903", "云溪区", "district", True)
    assert divisions.records(seeded, ["339921"], TODAY)["339921"].government == "yunxi-government"


@pytest.mark.parametrize(
    ("act", "begun"),
    [
        (Happening(date(2019, 7, 1), Change.MERGE, "", ("999999",), ("339922",)), []),
        (Happening(date(2019, 7, 1), Change.MERGE, "", ("339923",), ("999999",)), []),
        (
            Happening(date(2019, 7, 1), Change.RENAME, "", ("339923",), ("339923",)),
            [Period("339923", "339921", "云溪县", Level.COUNTY, "339900", date(2019, 7, 1))],
        ),
    ],
)
def test_what_does_not_fit_the_register_is_refused(seeded, act, begun):
    with pytest.raises(DivisionsRefused) as refused:
        units.enter(seeded, person("PRV_OFFICER"), act, begun)
    assert refused.value.facts["findings"]


def test_nobody_else_changes_the_register(seeded):
    with pytest.raises(NotAllowed):
        units.enter(seeded, person("APP_LEAD", "PRV_LEAD", "SYS_ADMIN"), MERGER, [])
    with pytest.raises(NotFound):
        divisions.happening(seeded, 10**6)


def test_lives_that_a_change_concerns_are_found(seeded):
    living = started(seeded, "339922")
    ended = started(seeded, "339923", state=InstanceState.FINISHED)
    for instance, case_id in ((living, "339922-2015"), (ended, "339923-2015")):
        wait = {"kind": WaitKind.MESSAGE, "name": "unit.changed", "correlation": case_id, "element": "e"}
        seeded.add(Subscription(instance=instance.id, task=uuid4(), **wait))
    seeded.flush()
    found = {life.unit: life for life in divisions.lives(seeded, "p", ["339922", "339923", "339721"])}
    assert set(found) == {"339922", "339923"}
    assert (found["339922"].case_id, found["339922"].titles) == ("339922-2015", ["science_strong"])
    assert (found["339923"].case_id, found["339923"].unit_name) == (None, "柳浦县")  # holds a title, has no living case
    assert divisions.lives(seeded, "another", ["339922"])[0].case_id is None
