"""Operations: what may be done to a running instance beside its diagram, by whom, and what becomes of it."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from engine import clock, identity, instances, messages, operations, runtime, tasks, timers
from engine.errors import (
    AssigneeUnknown,
    BudgetSpent,
    InstanceEnded,
    InstanceSuspended,
    NotAllowed,
    NotFound,
    OperationRefused,
    StateDamaged,
    TaskClosed,
)
from engine.operations import Alarm, Member
from engine.tables import Event, Incident, Instance, Message, Reminder, Task, Timer
from engine.tasks import Assignment
from tests.support.shapes import boundary, call, catch, condition, end, many, parallel, receive, start, timer, user, way
from tests.support.stage import Stage

ROLE = {"role": "PRV_OFFICER"}
LINE = start() + user("a", "b", **ROLE) + end("e") + way("s a b e")


@pytest.fixture
def stage(sessions, tmp_path):
    return Stage(sessions, tmp_path / "drawn")


@pytest.fixture
def lead(actor):
    return actor("tingzhang")


def suspend(stage, instance):
    stage.do(operations.suspend, instance, "审计")


def test_a_suspended_instance_refuses_a_completion_and_goes_on_where_it_was(stage):
    instance = stage.play(LINE)
    suspend(stage, instance)
    assert stage.state(instance) == "suspended"
    with pytest.raises(InstanceSuspended):
        stage.complete(instance, "a")
    assert stage.tasks(instance) == ["a"]
    stage.do(operations.resume, instance, "审计结束")
    stage.complete(instance, "a")
    assert stage.tasks(instance) == ["b"]
    assert stage.kinds(instance)[2:4] == ["instance.suspended", "instance.resumed"]
    assert stage.sound()


def test_suspending_twice_and_resuming_what_runs_are_refused(stage):
    instance = stage.play(LINE)
    with pytest.raises(OperationRefused):
        stage.do(operations.resume, instance, "x")
    suspend(stage, instance)
    with pytest.raises(OperationRefused):
        suspend(stage, instance)


def test_a_timer_waits_while_its_instance_is_suspended_and_fires_after(stage, configuration):
    instance = stage.play(start() + catch("wait", timer("PT1H")) + end("e") + way("s wait e"))
    suspend(stage, instance)
    clock.travel(clock.now() + timedelta(hours=2))
    (row,) = stage.all(select(Timer.id))
    assert stage.do(_due) == []
    assert not stage.do(lambda session, _: timers.fire(session, row))
    stage.sweep(configuration)
    assert stage.state(instance) == "suspended"
    stage.do(operations.resume, instance, "x")
    stage.sweep(configuration)
    assert stage.state(instance) == "finished"


def test_a_message_waits_while_its_instance_is_suspended(stage, configuration):
    instance = stage.play(start() + receive("hear", correlation="=case") + end("e") + way("s hear e"), case="c1")
    suspend(stage, instance)
    got = stage.do(lambda session, _: messages.receive(session, None, "tests", "1", "answer", "c1", {}))
    assert got.state == "waiting"
    assert stage.do(lambda session, _: messages.deliverable(session, 10)) == []
    assert stage.do(lambda session, _: messages.park_old(session, 0)) == 0
    stage.do(operations.resume, instance, "x")
    stage.sweep(configuration)
    assert stage.state(instance) == "finished"
    assert stage.one(select(Message.state)) == "delivered"


def test_a_suspended_instance_may_be_repaired_and_ended(stage, lead):
    instance = stage.play(LINE)
    suspend(stage, instance)
    stage.do(operations.write, instance, {"x": 1}, "更正")
    assert stage.do(operations.variables, instance) == {"x": 1}
    assert stage.state(instance) == "suspended"
    stage.do(instances.cancel, instance, "不再需要", by=lead)
    assert stage.state(instance) == "cancelled"
    assert stage.sound()


def test_cancelling_takes_back_what_is_open_and_tells_why(stage, lead):
    instance = stage.play(LINE)
    stage.do(instances.cancel, instance, "合并办理", by=lead)
    assert stage.kinds(instance)[-2:] == ["task.cancelled", "instance.cancelled"]
    told = stage.one(select(Event.data).where(Event.kind == "instance.cancelled"))
    assert told == {"reason": "合并办理"}
    with pytest.raises(InstanceEnded):
        stage.do(instances.cancel, instance, "again", by=lead)
    assert stage.sound()


def test_terminating_ends_also_an_instance_whose_state_is_damaged(stage, lead):
    body = start() + user("a", inner="", **ROLE) + boundary("late", "a", timer("P1D"), interrupting=False)
    instance = stage.play(body + end("e", "le") + way("s a e", "late le"))
    stage.do(lambda session, _: session.execute(update(Instance).values(envelope=b"broken")))
    runtime.forget()
    with pytest.raises(StateDamaged):
        stage.do(operations.suspend, instance, "x")
    stage.do(operations.terminate, instance, "数据损坏", by=lead)
    assert (stage.state(instance), stage.tasks(instance), stage.open_rows(instance)) == ("terminated", [], 0)
    assert stage.kinds(instance)[-2:] == ["task.cancelled", "instance.terminated"]
    with pytest.raises(InstanceEnded):
        stage.do(operations.terminate, instance, "again", by=lead)
    assert stage.sound()


def test_who_may_not_operate_is_told_and_nothing_changes(stage, actor):
    instance = stage.play(LINE)
    stranger = actor("tianbao")
    acts = [
        (operations.suspend, instance, "x"),
        (operations.terminate, instance, "x"),
        (operations.write, instance, {}, "x"),
        (operations.tokens, instance),
        (operations.variables, instance),
        (tasks.reassign, stage.task(instance, "a"), Assignment("x")),
    ]
    for verb, *args in acts:
        with pytest.raises(NotAllowed):
            stage.do(verb, *args, by=stranger)
    assert stage.kinds(instance) == ["instance.started", "task.created"]


def test_what_is_done_without_a_reason_is_refused(stage, lead):
    instance = stage.play(LINE)
    for verb, by in ((operations.suspend, None), (operations.terminate, lead), (instances.cancel, lead)):
        with pytest.raises(OperationRefused):
            stage.do(verb, instance, "  ", by=by)
    with pytest.raises(OperationRefused):
        stage.do(tasks.reassign, stage.task(instance, "a"), Assignment(" "))


def test_an_instance_that_does_not_exist_is_not_found(stage, lead, instance_row):
    for verb in (operations.suspend, operations.resume, operations.terminate):
        with pytest.raises(NotFound):
            stage.do(verb, instance_row, "x", by=lead)  # its transaction was never committed
    for look in (operations.tokens, operations.variables):
        with pytest.raises(NotFound):
            stage.do(look, instance_row)


def test_changed_variables_let_conditions_come_true(stage):
    body = start() + catch("wait", condition("=go")) + user("a", **ROLE) + end("e") + way("s wait a e")
    instance = stage.play(body)
    assert stage.open_rows(instance) == 1
    assert stage.sound()
    stage.do(operations.write, instance, {"go": True}, "放行")
    assert stage.tasks(instance) == ["a"]
    told = stage.one(select(Event.data).where(Event.kind == "instance.changed"))
    assert told == {"reason": "放行", "data": {"go": True}}


def test_a_timer_is_set_to_another_moment_with_its_reminders(stage, configuration):
    body = start() + catch("wait", timer("P30D"), **{"icity:remind": "P3D", "icity:remindRoles": "PRV_OFFICER"})
    instance = stage.play(body + end("e") + way("s wait e"))
    (task,) = stage.all(select(Timer.task))
    first, second = (clock.now() + timedelta(days=days) for days in (10, 20))
    for moment in (first, second, first, first):
        stage.do(operations.rearm, instance, Alarm(task, "wait", moment, "延期"))
        assert stage.one(select(Timer.due_at)) == moment
    assert stage.one(select(Reminder.remind_at)) == first - timedelta(days=3)
    clock.travel(first)
    stage.sweep(configuration)
    assert stage.state(instance) == "finished"
    assert stage.kinds(instance).count("timer.rearmed") == 4


def test_a_timer_that_was_given_up_goes_on_at_its_new_moment(stage, configuration):
    instance = stage.play(start() + catch("wait", timer("PT1H")) + end("e") + way("s wait e"))
    clock.travel(clock.now() + timedelta(hours=1))
    (row,) = stage.all(select(Timer))
    stage.do(lambda session, _: timers.failed(session, row.id, "bad luck", 1))
    assert len(stage.incidents(instance)) == 1
    stage.do(operations.rearm, instance, Alarm(row.task, "wait", row.due_at, "再试"))
    assert stage.incidents(instance) == []
    stage.sweep(configuration)
    assert stage.state(instance) == "finished"


def test_what_does_not_wait_is_not_rearmed(stage):
    instance = stage.play(LINE)
    alarm = Alarm(stage.task(instance, "a"), "a", datetime(2030, 1, 1, tzinfo=UTC), "x")
    with pytest.raises(OperationRefused):
        stage.do(operations.rearm, instance, alarm)


@pytest.mark.parametrize("sequential", [False, True])
def test_one_is_added_to_those_who_do_the_same_and_one_is_taken_away(stage, sequential):
    body = start() + user("a", inner=many("=[1, 2]", sequential=sequential), **ROLE) + end("e") + way("s a e")
    instance = stage.play(body)
    stage.do(operations.grow, instance, Member(stage.task(instance, "a"), "增加一位", 3))
    assert len(stage.tasks(instance)) == (1 if sequential else 3)
    stage.do(operations.shrink, instance, Member(stage.task(instance, "a"), "回避"))
    for _ in range(2):
        stage.complete(instance, "a")
    assert stage.state(instance) == "finished"
    assert {"loop.grown", "loop.shrunk"} <= set(stage.kinds(instance))
    assert stage.sound()


def test_who_works_alone_is_neither_joined_nor_taken_away(stage):
    instance = stage.play(LINE)
    for verb in (operations.grow, operations.shrink):
        with pytest.raises(OperationRefused):
            stage.do(verb, instance, Member(stage.task(instance, "a"), "x"))


def test_no_more_are_added_than_one_move_may_bear(stage):
    body = start() + user("a", inner=many("=for i in 1..1000 return i", sequential=True), **ROLE) + end("e")
    instance = stage.play(body + way("s a e"))
    with pytest.raises(BudgetSpent):
        stage.do(operations.grow, instance, Member(stage.task(instance, "a"), "x", 1))


def test_the_tokens_tell_where_an_instance_stands(stage):
    inner = start("is") + user("i", **ROLE) + end("ie") + way("is i ie")
    body = start() + parallel("f") + call("c") + receive("hear", correlation="=case") + user("a", **ROLE)
    body += boundary("late", "a", timer("P1D")) + end("e", "he", "ae", "le")
    stage.deploy(p=body + way("s f c e", "f hear he", "f a ae", "late le"), q=inner)
    instance = stage.start("p", case="c1")
    rows = {row.element: row for row in stage.do(operations.tokens, instance)}
    kinds = {element: row.kind for element, row in rows.items()}
    assert kinds == {"c": "inside", "i": "task", "hear": "wait", "a": "task", "late": "watch"}
    assert rows["i"].holder == rows["i"].scope == rows["c"].task
    assert rows["hear"].awaits == "answer"
    assert rows["late"].due_at is not None


def test_an_ended_instance_has_no_tokens(stage):
    instance = stage.play(start() + end("e") + way("s e"))
    assert stage.do(operations.tokens, instance) == []


def test_a_task_is_given_to_somebody_else(stage, actor):
    instance = stage.play(LINE)
    task = stage.task(instance, "a")
    stage.do(tasks.claim, task)
    intake = actor("shouli")
    stage.do(tasks.reassign, task, Assignment("出差", "prov-science", intake.id))
    with pytest.raises(Exception, match="claimed"):
        stage.do(tasks.complete, task, {})
    stage.do(tasks.complete, task, {}, by=intake)
    told = stage.one(select(Event.data).where(Event.kind == "task.reassigned"))
    assert (told["from"]["assignee"], told["to"]["assignee"]) == (str(stage.actor.id), str(intake.id))
    with pytest.raises(TaskClosed):
        stage.do(tasks.reassign, task, Assignment("x"))


def test_a_task_is_not_given_to_nobody(stage, instance_row):
    task = stage.task(stage.play(LINE), "a")
    for to in (Assignment("x", "nowhere"), Assignment("x", None, instance_row)):
        with pytest.raises(AssigneeUnknown):
            stage.do(tasks.reassign, task, to)
    with pytest.raises(NotFound):
        stage.do(tasks.reassign, instance_row, Assignment("x"))


@pytest.mark.parametrize(
    "names", [{"organisation": '="nowhere"'}, {"assignee": '="nobody"'}, {"organisation": "=for i in 1..9999 return i"}]
)
def test_a_task_whose_owner_is_not_known_is_open_to_its_role_and_an_incident(stage, names):
    marks = {f"icity:{key}": value for key, value in names.items()}
    instance = stage.play(start() + user("a", **ROLE, **marks) + end("e") + way("s a e"))
    task = stage.one(select(Task))
    assert (task.organisation, task.assignee, task.role) == (None, None, "PRV_OFFICER")
    assert stage.one(select(Incident.kind)) == "assignment"
    assert stage.kinds(instance) == ["instance.started", "task.created", "incident.raised"]
    stage.complete(instance, "a")
    assert stage.incidents(instance) == []
    assert stage.sound()


def test_reassigning_settles_the_incident_of_an_unknown_owner(stage):
    marks = {"icity:organisation": '="nowhere"'}
    instance = stage.play(start() + user("a", **ROLE, **marks) + end("e") + way("s a e"))
    stage.do(tasks.reassign, stage.task(instance, "a"), Assignment("更正", "prov-science"))
    assert stage.incidents(instance) == []
    assert stage.one(select(Task.organisation)) == "prov-science"


def _due(session, _):
    return timers.due(session, 10)


def test_the_keeper_of_the_system_may_repair_but_not_cancel(stage, actor):
    admin = actor("admin")
    instance = stage.play(LINE)
    stage.do(operations.suspend, instance, "x", by=admin)
    with pytest.raises((NotAllowed, NotFound)):
        stage.do(instances.cancel, instance, "x", by=admin)
    stage.do(operations.terminate, instance, "x", by=admin)
    assert isinstance(admin, identity.Actor)
    assert stage.state(instance) == "terminated"
