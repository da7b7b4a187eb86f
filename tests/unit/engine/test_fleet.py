"""Where all cases stand, told from rows at a fixed cost; and a version that stands still as a whole."""

import threading
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from sqlalchemy import event, select, text, update

from engine import clock, fleet, messages, operations, signals, starts, tasks, timers
from engine.clock import CIVIL
from engine.db import transaction
from engine.errors import InstanceSuspended, NotAllowed, NotFound, OperationRefused, VersionSuspended
from engine.fleet import Filter, standstills
from engine.tables import Event, Instance, Standstill, StandstillCase, StartEvent, Task
from tests.support.shapes import boundary, call, catch, end, exclusive, start, timer, user, way, when
from tests.support.shapes import message as message_event
from tests.support.shapes import signal as signal_event
from tests.support.stage import Stage

OUTER = (
    start()
    + user("a", role="PRV_INTAKE")
    + boundary("late", "a", timer("P2D"), interrupting=False)
    + call("c")
    + end("e", "f")
    + way("s a c e", "late f")
)
INNER = start() + catch("t", timer("P9D")) + user("b", role="ARCHIVIST") + end("e") + way("s t b e")
STUCK = (
    start()
    + exclusive("x")
    + user("a", role="PRV_INTAKE")
    + end("e")
    + way("s x", "a e")
    + when("x", "a", "=1 = missing")
)
HERE = Filter("small", "p")


@pytest.fixture
def stage(sessions, tmp_path):
    return Stage(sessions, tmp_path / "drawn", "liuguan")


@pytest.fixture
def clerk(actor):
    return actor("shouli")


@pytest.fixture
def keeper(actor):
    return actor("admin")


def at(day, hour=10):
    clock.travel(datetime.fromisoformat(f"{day}T{hour:02}:00").replace(tzinfo=CIVIL))


@contextmanager
def counted(engine):
    told = []

    def hear(*given):
        told.append(given[2])

    event.listen(engine, "before_cursor_execute", hear)
    yield told
    event.remove(engine, "before_cursor_execute", hear)


def figures(stage, wanted=HERE):
    found = stage.do(fleet.measure, wanted)
    return {step.element: step for step in found.steps}, found


def test_cases_are_counted_where_they_stand_with_the_working_days_they_wait(stage, clerk):
    at("2026-03-05")  # a Thursday
    stage.deploy(p=OUTER, q=INNER)
    first, second = stage.start("p"), stage.start("p")
    with transaction(stage.sessions) as session:
        session.execute(update(Task).where(Task.instance == first).values(due_at=clock.now() + timedelta(days=1)))
    stage.do(tasks.complete, stage.task(second, "a"), {}, by=clerk)
    at("2026-03-09")
    stage.start("p")
    steps, found = figures(stage)
    assert {name: (step.cases, step.tasks, step.waits) for name, step in steps.items()} == {
        "c": (0, 0, 0),
        "a": (2, 2, 0),
        "late": (2, 0, 2),
    }
    assert (steps["c"].within, steps["c"].called) == (1, "q")
    assert (steps["a"].oldest, steps["a"].median, steps["a"].late) == (2, 0, 1)
    assert ("a", "a") in found.places
    inner, _ = figures(stage, Filter("small", "q"))
    assert (inner["t"].cases, inner["t"].oldest) == (1, None)
    rows = stage.do(fleet.cases, HERE, ["a"])
    assert rows[0].instance == first
    assert rows[0].late
    waiting = stage.do(fleet.timers, Filter("small", "q"), ["t"])
    assert [(row.instance, bool(row.given_up)) for row in waiting] == [(second, False)]
    processes, versions = stage.do(fleet.overview)
    assert {row.process: (row.cases, row.tasks, row.late) for row in processes} == {"p": (3, 2, 1), "q": (0, 0, 0)}
    assert [(row.number, row.running) for row in versions] == [(1, 3)]


def test_versions_are_told_apart(stage):
    stage.play(STUCK)
    stage.deploy(p=STUCK + "<!-- another -->", q=INNER)
    second = stage.start("p")
    everything, found = figures(stage)
    assert everything["x"].incidents == 2
    assert [(row.number, row.running) for row in found.versions] == [(2, 1), (1, 1)]
    newest, _ = figures(stage, Filter("small", "p", 2))
    assert newest["x"].incidents == 1
    (failure,) = stage.do(fleet.failures, Filter("small", "p", 2), ["x"])
    assert (failure.instance, failure.number, failure.kind.value) == (second, 2, "step")
    for wrong in (Filter("small", "p", 9), Filter("small", "none"), Filter("none", "p")):
        with pytest.raises(NotFound):
            stage.do(fleet.measure, wrong)


def test_nobody_else_sees_the_fleet(stage, clerk):
    stage.play(STUCK)
    assert stage.do(fleet.overview, by=clerk) == ([], [])
    with pytest.raises(NotFound):
        stage.do(fleet.measure, HERE, by=clerk)
    for verb in (fleet.failures, fleet.timers, fleet.cases):
        with pytest.raises(NotFound):
            stage.do(verb, HERE, ["x"], by=clerk)


def test_twenty_thousand_cases_cost_as_many_statements_as_one(stage, engine):
    instance = stage.play(STUCK)

    def cost():
        with counted(engine) as told:
            stage.do(fleet.overview)
            found = stage.do(fleet.measure, HERE)
            for verb in (fleet.failures, fleet.timers, fleet.cases):
                stage.do(verb, HERE, found.elements)
        return len(told), found.steps[0].cases

    cost()
    before, one = cost()
    with transaction(stage.sessions) as session:
        copies = {"source": instance}
        session.execute(
            text(
                """INSERT INTO instance (id, programme, deployment, process, title, state, version, steps, envelope,
                started_at) SELECT gen_random_uuid(), programme, deployment, process, title, state, version, steps,
                envelope, started_at FROM instance, generate_series(1, 20000) WHERE id = :source"""
            ),
            copies,
        )
        session.execute(
            text(
                """INSERT INTO incident (instance, task, element, kind, reason, state, raised_at)
                SELECT i.id, gen_random_uuid(), n.element, n.kind, n.reason, n.state, n.raised_at
                FROM instance i, incident n WHERE n.instance = :source AND i.id <> :source"""
            ),
            copies,
        )
        session.execute(text("ANALYZE"))  # as the database does by itself
    after, many = cost()
    assert (one, many) == (1, 20001)
    assert after == before


def test_a_version_stands_still_and_goes_on_as_a_whole(stage, keeper, configuration):
    first = stage.play(INNER)
    paused = stage.start("p")
    stage.do(operations.suspend, paused, "早已暂停", by=keeper)
    assert stage.do(standstills.suspend, "small", 1, "发现错误") == 1
    assert [stage.state(one) for one in (first, paused)] == ["suspended", "suspended"]
    told = _of_instance(stage, first)
    assert (told.number, told.reason, told.by) == (1, "发现错误", "梁流管")
    with pytest.raises(VersionSuspended):
        stage.start("p")
    with pytest.raises(OperationRefused):
        stage.do(operations.resume, first, "单独恢复", by=keeper)
    clock.travel(clock.now() + timedelta(days=30))
    stage.sweep(configuration)
    assert stage.tasks(first) == []  # its time came, and it stood still
    assert stage.do(standstills.resume, "small", 1, "已改正") == 1
    assert [stage.state(one) for one in (first, paused)] == ["running", "suspended"]
    stage.sweep(configuration)
    assert stage.tasks(first) == ["b"]
    assert _of_instance(stage, stage.start("p")) is None
    assert stage.kinds(first).count("instance.suspended") == stage.kinds(first).count("instance.resumed") == 1
    assert stage.all(select(Event.kind).where(Event.kind.like("version.%"))) == ["version.suspended", "version.resumed"]
    assert (stage.all(select(Standstill.deployment)), stage.all(select(StandstillCase.instance))) == ([], [])
    assert stage.sound()


def _of_instance(stage, instance):
    with transaction(stage.sessions) as session:
        return standstills.of_instance(session, instance)


def test_only_owners_with_a_reason_let_a_known_version_stand_still(stage, clerk):
    stage.play(INNER)
    with pytest.raises(NotAllowed):
        stage.do(standstills.suspend, "small", 1, "停", by=clerk)
    with pytest.raises(NotFound):
        stage.do(standstills.suspend, "small", 7, "停")
    for verb, reason in ((standstills.suspend, " "), (standstills.resume, "没有暂停")):
        with pytest.raises(OperationRefused):
            stage.do(verb, "small", 1, reason)
    stage.do(standstills.suspend, "small", 1, "停")
    with pytest.raises(OperationRefused):
        stage.do(standstills.suspend, "small", 1, "再停")
    stage.do(standstills.resume, "small", 1, "好")
    with transaction(stage.sessions) as session:
        assert standstills.closed(session, ["small"]) == {}


def test_what_starts_by_itself_waits_while_its_version_stands_still(stage, keeper, configuration):
    body = (
        start(trigger=timer("R/2026-03-05T00:00:00Z/P1D", "timeCycle"))
        + user("a", role="ARCHIVIST")
        + end("e")
        + way("s a e")
    )
    heard = start(trigger=message_event()) + user("b", role="ARCHIVIST") + end("e") + way("s b e")
    alarmed = start(trigger=signal_event()) + user("c", role="ARCHIVIST") + end("e") + way("s c e")
    at("2026-03-04")
    stage.deploy(p=body, q=heard, r=alarmed)
    stage.do(standstills.suspend, "small", 1, "停")
    at("2026-03-09")
    with transaction(stage.sessions) as session:
        facts = ("elsewhere", "1", "answer", "", {})
        assert messages.receive(session, keeper, *facts).state == "waiting"
        signals.broadcast(session, keeper, signals.Broadcast("elsewhere", "1", "Alarm", {}))
        assert starts.due(session, 9) == []
        assert timers.due(session, 9) == []
    stage.sweep(configuration)
    assert stage.all(select(Instance.id)) == []
    stage.do(standstills.resume, "small", 1, "好")
    stage.sweep(configuration)
    assert sorted(stage.all(select(Instance.process))) == ["p", "q", "r"]
    assert len(stage.all(select(StartEvent.id))) == 3


def test_whoever_starts_while_the_version_is_suspended_is_refused_or_stands_still_with_it(stage):
    stage.play(INNER)
    results = []

    def begin():
        try:
            results.append(stage.start("p"))
        except (VersionSuspended, InstanceSuspended):
            results.append(None)

    threads = [threading.Thread(target=begin) for _ in range(6)]
    threads.insert(3, threading.Thread(target=lambda: stage.do(standstills.suspend, "small", 1, "停")))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 6
    assert {stage.state(one) for one in results if one} <= {"suspended"}
