"""Whoever waits for a task asks to hurry once a working day, and whoever has it sees that."""

from datetime import datetime
from uuid import uuid4

import pytest
from sqlalchemy import select

from engine import clock, handovers, instances, operations, tasks, urges
from engine.clock import CIVIL
from engine.db import transaction
from engine.errors import InstanceSuspended, NotAllowed, NotFound, TaskClosed, UrgedAlready
from engine.handovers import Handing
from engine.instances import Application
from engine.tables import Event, Urge
from tests.support.shapes import end, start, user, way
from tests.support.stage import Stage

BODY = start() + user("a", role="PRV_INTAKE") + user("b", role="ARCHIVIST") + end("e") + way("s a b e")


@pytest.fixture
def stage(sessions, tmp_path):
    return Stage(sessions, tmp_path / "drawn")


@pytest.fixture
def clerk(actor):
    return actor("shouli")


@pytest.fixture
def keeper(actor):
    return actor("dangan")


def at(day):
    clock.travel(datetime.fromisoformat(f"{day}T10:00").replace(tzinfo=CIVIL))


def second(stage, clerk):
    """Bring a case to its second step, which the archivist does."""
    instance = stage.play(BODY)
    stage.do(tasks.complete, stage.task(instance, "a"), {}, by=clerk)
    return instance, stage.task(instance, "b")


def test_an_earlier_actor_urges_and_the_receiver_sees_it_and_marks_it_seen(stage, clerk, keeper):
    instance, task = second(stage, clerk)
    stage.do(tasks.claim, task, by=keeper)
    stage.do(urges.urge, task, " 领导在等 ", by=clerk)
    (row,) = stage.do(urges.of_task, task, by=keeper)
    assert (row.sender_name, row.note, row.seen_at) == ("沈受理", "领导在等", None)
    stage.do(urges.seen, task, by=keeper)
    (seen,) = stage.do(urges.of_task, task, by=clerk)
    assert seen.seen_at is not None
    assert "task.urged" in stage.kinds(instance)


def test_once_a_working_day_whoever_asks(stage, clerk, keeper):
    at("2026-03-05")  # a Thursday
    _, task = second(stage, clerk)
    stage.do(urges.urge, task, "", by=clerk)
    for person in (clerk, stage.actor):
        with pytest.raises(UrgedAlready):
            stage.do(urges.urge, task, "", by=person)
    at("2026-03-06")
    stage.do(urges.urge, task, "", by=stage.actor)
    for day in ("2026-03-07", "2026-03-08"):  # the days off belong to the Friday
        at(day)
        with pytest.raises(UrgedAlready):
            stage.do(urges.urge, task, "", by=clerk)
    at("2026-03-09")
    stage.do(urges.urge, task, "", by=clerk)
    assert len(stage.all(select(Urge.id))) == 3
    assert len(stage.all(select(Event.id).where(Event.kind == "task.urged"))) == 3


def test_whoever_started_the_case_urges(stage, actor):
    stage.deploy(p=BODY)
    starter = actor("jingban2")
    with transaction(stage.sessions) as session:
        instance = instances.start(session, starter, Application("small", "p", "件", organisation="prov-science"))
    stage.do(urges.urge, stage.task(instance, "a"), "", by=starter)


def test_who_has_nothing_to_do_with_the_case_sees_no_such_task(stage, clerk, actor):
    _, task = second(stage, clerk)
    for verb, given in ((urges.urge, ("",)), (urges.of_task, ()), (urges.seen, ())):
        with pytest.raises(NotFound):
            stage.do(verb, task, *given, by=actor("tianbao"))
        with pytest.raises(NotFound):
            stage.do(verb, uuid4(), *given)


def test_whoever_does_the_task_does_not_urge_themselves(stage, clerk, keeper):
    _, task = second(stage, clerk)
    with pytest.raises(NotAllowed):
        stage.do(urges.urge, task, "", by=keeper)
    stage.do(tasks.claim, task, by=keeper)
    with pytest.raises(NotAllowed):
        stage.do(urges.urge, task, "", by=keeper)


def test_the_delegate_is_the_one_who_is_urged(stage, clerk, keeper, actor):
    _, task = second(stage, clerk)
    stage.do(handovers.delegate, task, Handing(actor("dangan2").id, "请看"), by=keeper)
    stage.do(urges.urge, task, "", by=clerk)
    stage.do(urges.seen, task, by=keeper)
    assert stage.one(select(Urge.seen_at)) is None
    stage.do(urges.seen, task, by=actor("dangan2"))
    assert stage.one(select(Urge.seen_at)) is not None


def test_only_what_is_open_is_urged(stage, clerk, keeper, actor):
    instance, task = second(stage, clerk)
    stage.do(operations.suspend, instance, "等", by=actor("admin"))
    with pytest.raises(InstanceSuspended):
        stage.do(urges.urge, task, "", by=clerk)
    stage.do(operations.resume, instance, "好", by=actor("admin"))
    stage.do(tasks.complete, task, {}, by=keeper)
    with pytest.raises(TaskClosed):
        stage.do(urges.urge, task, "", by=clerk)
    stage.do(urges.seen, task, by=keeper)


def test_a_diagram_that_lets_nobody_urge_hand_over_or_ask_for_signs_is_heard(stage, actor):
    body = BODY.replace('id="a"', 'id="a" icity:actions="copy"')
    instance = stage.play(body)
    task = stage.task(instance, "a")
    clerk, colleague = actor("shouli"), actor("shouli2")
    with pytest.raises(NotAllowed):
        stage.do(urges.urge, task, "")
    for verb in (handovers.transfer, handovers.delegate):
        with pytest.raises(NotAllowed):
            stage.do(verb, task, Handing(colleague.id, "转"), by=clerk)
