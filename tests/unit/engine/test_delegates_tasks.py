"""An escalation ends when the work is in other hands: the operator that hands an open task over."""

from datetime import date

import pytest
from sqlalchemy import select

from engine import clock, delegates, handovers, signs, tasks
from engine.db import transaction
from engine.delegates import Grounds
from engine.domain.workdays import Calendar
from engine.handovers import Handing
from engine.signs import Asking
from engine.tables import Event, SignKind, Task
from tests.support.shapes import end, mapped, service, start, user, way
from tests.support.stage import Stage

WORK = start() + user("a", role="PRV_OFFICER", **{"icity:form": "any"}, result="x") + end("e") + way("s a e")


GIVES = mapped({"task": "=task", "organisation": "=to", "person": "=person", "reason": "=reason"})
HANDING = start() + service("give", GIVES, operator="assign task", result="answer") + end("e") + way("s give e")


@pytest.fixture
def stage(sessions, tmp_path):
    drawn = Stage(sessions, tmp_path / "drawn")
    drawn.deploy(p=WORK, q=HANDING)
    return drawn


CHECK = (
    start()
    + user("T32_draft", role="PRV_OFFICER", **{"icity:form": "any"}, result="x")
    + user("T32_check", role="PRV_OFFICER", **{"icity:form": "any"}, result="x")
    + end("e")
    + way("s T32_draft T32_check e")
)


def hand_over(stage, task, to, person=None):
    stage.start("q", task=str(task), to=to, person=person, reason="逾期三日")


def answer(stage, task, person=None):
    """Return what the operator answers, in a transaction of its own."""
    with transaction(stage.sessions) as session:
        grounds = Grounds([], Calendar({}, date.min), clock.now(), "small", session)
        return delegates.run("assign task", {"task": str(task), "person": person}, grounds)


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


def test_a_person_is_named_by_id_or_by_login(stage, actor):
    work = stage.start("p")
    task, other = stage.task(work, "a"), actor("jingban2")
    for person in ("jingban2", str(other.id)):
        assert answer(stage, task, person) == {"assigned": True, "reason": None}
        assert stage.one(select(Task.assignee).where(Task.id == task)) == other.id
    assert answer(stage, task)["assigned"]  # back to all who may take it
    assert stage.one(select(Task.assignee).where(Task.id == task)) is None


def test_who_is_unknown_or_excluded_does_not_get_it_and_the_reason_is_told(stage, actor):
    stage.deploy(p=CHECK, q=HANDING)
    work = stage.start("p")
    stage.complete(work, "T32_draft")
    check = stage.task(work, "T32_check")
    refused = answer(stage, check, "jingban")
    assert (refused["assigned"], "“T32_draft”" in refused["reason"]["zh"]) == (False, True)
    assert "Nobody of that name" in answer(stage, check, "nobody")["reason"]["en"]
    assert stage.one(select(Task.assignee).where(Task.id == check)) is None
    assert answer(stage, check, "jingban2")["assigned"]


def test_a_task_that_somebody_prepares_is_free_of_that_when_it_is_handed_over(stage, actor):
    work = stage.start("p")
    task = stage.task(work, "a")
    second, clerk = actor("jingban2"), actor("shouli")
    stage.do(handovers.delegate, task, Handing(clerk.id, "请看"))
    hand_over(stage, task, "prov-science", second.login)
    stage.do(tasks.complete, task, {}, by=second)
    assert stage.state(work) == "finished"


def test_a_task_is_not_handed_to_whoever_signs_on_it(stage, actor):
    work = stage.start("p")
    task = stage.task(work, "a")
    second = actor("jingban2")
    stage.do(signs.ask, task, Asking(SignKind.BEFORE, [second.id], "请看"))
    refused = answer(stage, task, str(second.id))
    assert not refused["assigned"]
    assert "加签" in refused["reason"]["zh"]
