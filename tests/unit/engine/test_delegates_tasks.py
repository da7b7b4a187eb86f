"""An escalation ends when the work is in other hands: the operator that hands an open task over."""

import pytest
from sqlalchemy import select

from engine.tables import Event, Task
from tests.support.shapes import end, mapped, service, start, user, way
from tests.support.stage import Stage

WORK = start() + user("a", role="PRV_OFFICER", **{"icity:form": "any"}, result="x") + end("e") + way("s a e")


GIVES = mapped({"task": "=task", "organisation": "=to", "reason": "=reason"})
HANDING = start() + service("give", GIVES, operator="assign task", result="answer") + end("e") + way("s give e")


@pytest.fixture
def stage(sessions, tmp_path):
    drawn = Stage(sessions, tmp_path / "drawn")
    drawn.deploy(p=WORK, q=HANDING)
    return drawn


def hand_over(stage, task, to):
    stage.start("q", task=str(task), to=to, reason="逾期三日")


def test_an_open_task_goes_to_another_organisation(stage):
    work = stage.start("p")
    task = stage.task(work, "a")
    hand_over(stage, task, "prov-legal")
    assert stage.one(select(Task.organisation).where(Task.id == task)) == "prov-legal"
    told = stage.one(select(Event.data).where(Event.instance == work, Event.kind == "task.reassigned"))
    assert (told["reason"], told["to"]["organisation"]) == ("逾期三日", "prov-legal")


def test_an_unknown_holder_changes_nothing(stage):
    work = stage.start("p")
    task = stage.task(work, "a")
    hand_over(stage, task, "nowhere")
    assert stage.one(select(Task.organisation).where(Task.id == task)) is None
    assert "task.reassigned" not in stage.kinds(work)


def test_a_finished_task_is_left_alone(stage):
    work = stage.start("p")
    task = stage.task(work, "a")
    stage.complete(work, "a")
    hand_over(stage, task, "prov-legal")
    assert "task.reassigned" not in stage.kinds(work)
