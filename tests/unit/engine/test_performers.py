"""A task for whoever did another step: given to them where they still may, else free for its role."""

import pytest
from sqlalchemy import delete, select, update

from engine import tasks
from engine.db import transaction
from engine.tables import Membership, Person, Task
from tests.support.shapes import end, start, user, way
from tests.support.stage import Stage

STEPS = (
    start()
    + user("draft", role="PRV_OFFICER")
    + user("check", role="PRV_OFFICER")
    + user("mend", role="PRV_OFFICER", **{"icity:performerOf": "draft"})
    + end("e")
)
LATER = STEPS + way("s draft check mend e")
NEXT = STEPS + way("s check draft mend e")


@pytest.fixture
def stage(sessions, tmp_path):
    return Stage(sessions, tmp_path / "drawn")


@pytest.fixture
def other(actor):
    return actor("jingban2")


def owner(stage, instance, element="mend"):
    """Return who an open task is given to."""
    return stage.one(select(Task.assignee).where(Task.id == stage.task(instance, element)))


def mended(stage, other):
    """Play a case until `mend` is open: `other` drafted, somebody else checked."""
    instance = stage.play(LATER)
    stage.do(tasks.complete, stage.task(instance, "draft"), {}, by=other)
    stage.complete(instance, "check")
    return instance


def test_it_is_given_to_whoever_did_the_step_before(stage, other):
    assert owner(stage, mended(stage, other)) == other.id
    assert stage.sound()


def test_a_step_that_ends_in_the_same_move_counts(stage, other):
    instance = stage.play(NEXT)
    stage.complete(instance, "check")
    stage.do(tasks.complete, stage.task(instance, "draft"), {}, by=other)
    assert owner(stage, instance) == other.id


@pytest.mark.parametrize(
    "gone", [delete(Membership).where(Membership.role == "PRV_OFFICER"), update(Person).values(active=False)]
)
def test_who_left_or_lost_the_role_is_passed_over(stage, other, gone):
    instance = stage.play(LATER)
    stage.do(tasks.complete, stage.task(instance, "draft"), {}, by=other)
    with transaction(stage.sessions) as session:
        whose = Membership.person if gone.is_delete else Person.id
        session.execute(gone.where(whose == other.id))
    stage.complete(instance, "check")
    assert owner(stage, instance) is None
    assert stage.incidents(instance) == []


def test_of_several_turns_the_last_counts_and_before_the_first_the_role_does_it(stage, actor, other):
    body = (
        start()
        + user("draft", role="PRV_OFFICER", **{"icity:performerOf": "draft"})
        + '<exclusiveGateway id="again" default="no"/>'
        + end("e")
        + way("s draft again")
        + '<sequenceFlow id="no" sourceRef="again" targetRef="draft"/>'
        + '<sequenceFlow id="yes" sourceRef="again" targetRef="e">'
        + "<conditionExpression>=false</conditionExpression></sequenceFlow>"
    )
    instance = stage.play(body)
    assert owner(stage, instance, "draft") is None
    stage.do(tasks.complete, stage.task(instance, "draft"), {}, by=other)
    assert owner(stage, instance, "draft") == other.id
    with transaction(stage.sessions) as session:
        session.execute(update(Task).where(Task.state == "open").values(assignee=None))
    stage.complete(instance, "draft")
    assert owner(stage, instance, "draft") == stage.actor.id
