"""A task that stays overdue: told again, then handed to the diagram that deals with it, once."""

from datetime import datetime
from uuid import uuid4

import pytest
from sqlalchemy import func, select, update

from engine import clock, reminders, runtime
from engine.clock import CIVIL
from engine.db import transaction
from engine.identity import Actor
from engine.projections import Completion
from engine.tables import Event, Instance, InstanceState, Message, Person, Reminder, Task
from server.duties import sweep
from tests.support import programme
from tests.support.diagrams import drawn, flows

MONDAY = datetime(2026, 3, 2, 10, tzinfo=CIVIL)
DUE = (
    '<startEvent id="s"/><userTask id="work" name="办理" icity:role="PRV_OFFICER" icity:deadline="T"/>'
    '<endEvent id="e"/>'
)
DECLARED = b'<message id="task.overdue" name="task.overdue"/><process'
LATE = (
    '<startEvent id="late"><messageEventDefinition messageRef="task.overdue"/></startEvent>'
    '<userTask id="settle" name="处理逾期" icity:role="PRV_LEAD" icity:deadline="T"/><endEvent id="e"/>'
)
DEADLINE = """<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="t">
<decision id="deadline" name="deadline"><decisionTable id="t" hitPolicy="UNIQUE">
<input id="i"><inputExpression id="x" typeRef="string"><text>task_key</text></inputExpression></input>
<output id="o1" name="days" typeRef="number"/><output id="o2" name="unit" typeRef="string"/>
<rule id="r"><inputEntry id="c"><text>-</text></inputEntry><outputEntry id="a"><text>2</text></outputEntry>
<outputEntry id="b"><text>"wd"</text></outputEntry></rule></decisionTable></decision></definitions>"""


@pytest.fixture
def stage(sessions, tmp_path):
    """Give a programme with a task due in two working days, begun on a Monday, and what deals with lateness."""

    def begin(*, taken_up):
        clock.travel(MONDAY)
        folder = tmp_path / "small"
        folder.mkdir()
        (folder / "deadline.dmn").write_text(DEADLINE, encoding="utf-8")
        if taken_up:
            lateness = drawn("lateness", LATE + flows(("late", "settle"), ("settle", "e")))
            (folder / "lateness.bpmn").write_bytes(lateness.replace(b"<process", DECLARED))
        programme.deploy(sessions, folder, due=DUE + flows(("s", "work"), ("work", "e")))
        return programme.start(sessions, "due")

    return begin


def go_to(sessions, configuration, day):
    clock.travel(MONDAY.replace(day=day))
    while sweep(sessions, configuration):
        pass


def kinds(sessions):
    with transaction(sessions) as session:
        return set(session.scalars(select(Reminder.kind).where(Reminder.reminded_at.is_not(None))))


def messages(sessions):
    with transaction(sessions) as session:
        return session.scalars(select(Message).where(Message.name == reminders.ESCALATION)).all()


def settling(sessions):
    with transaction(sessions) as session:
        return session.scalars(select(Task).where(Task.element == "settle")).all()


def test_three_working_days_late_a_task_reaches_the_diagram_that_deals_with_it(stage, sessions, configuration):
    instance = stage(taken_up=True)
    go_to(sessions, configuration, 5)
    assert kinds(sessions) == {"overdue", "overdue.PRV_LEAD"}
    go_to(sessions, configuration, 6)
    assert messages(sessions) == []
    go_to(sessions, configuration, 9)
    (message,) = messages(sessions)
    with transaction(sessions) as session:
        task = session.scalars(select(Task).where(Task.instance == instance)).one()
        assert message.payload == {
            "task": str(task.id), "name": "办理", "element": "work", "days": 3,
            "unit": None, "role": "PRV_OFFICER", "organisation": None,
        }  # fmt: skip
    assert [one.name for one in settling(sessions)] == ["处理逾期"]


def test_it_is_handed_over_once_and_being_late_with_that_is_not_handed_over_again(stage, sessions, configuration):
    stage(taken_up=True)
    for day in range(3, 31):
        go_to(sessions, configuration, day)
    assert len(messages(sessions)) == len(settling(sessions)) == 1
    with transaction(sessions) as session:
        escalated = select(func.count()).where(Event.kind == "reminder.due", Event.data["kind"].astext == "escalated")
        assert session.scalar(escalated) == 2  # who is late with telling is told so as well


def test_a_task_that_was_done_in_between_is_not_handed_over(stage, sessions, configuration):
    instance = stage(taken_up=True)
    go_to(sessions, configuration, 5)
    with transaction(sessions) as session:
        task = session.scalar(select(Task.id).where(Task.instance == instance))
        clerk = officer()
        session.add(Person(id=clerk.id, login=clerk.login, name=clerk.name, password="-"))
        session.flush()
        with runtime.opened(session, instance) as running:
            running.complete(Completion(task, clerk.id, "work", "办理", {}))
    go_to(sessions, configuration, 9)
    assert messages(sessions) == []


def test_without_a_diagram_for_it_nothing_is_handed_over(stage, sessions, configuration):
    instance = stage(taken_up=False)
    for day in (5, 9, 20):
        go_to(sessions, configuration, day)
    assert messages(sessions) == []
    assert kinds(sessions) == {"overdue", "overdue.PRV_LEAD", "escalated", "escalated.PRV_LEAD"}
    with transaction(sessions) as session:
        assert session.get(Instance, instance) is not None


def test_the_inbox_goes_on_to_say_that_the_deadline_has_passed(stage, sessions, configuration):
    stage(taken_up=True)
    for day in (5, 9):
        go_to(sessions, configuration, day)
    with transaction(sessions) as session:
        (row,) = [one for one in reminders.shown(session, officer()) if one.element == "work"]
    assert row.kind == "escalated"


ALL = ["eve", "due", "overdue", "escalated"]


@pytest.mark.parametrize(("days", "told"), [([2, 3, 4, 5, 9], ALL), ([30], ALL[-1:])])
def test_each_step_is_told_on_its_day_and_after_a_standstill_the_last(stage, sessions, configuration, days, told):
    stage(taken_up=False)
    for day in days:
        go_to(sessions, configuration, day)
    with transaction(sessions) as session:
        rows = session.scalars(select(Event.data).where(Event.kind == "reminder.due").order_by(Event.id)).all()
        mine = [row for row in rows if row["roles"] == ["PRV_OFFICER"]]
        assert [row["kind"] for row in mine] == told
        assert [row["passed"] for row in mine][-1] == (ALL[:-1] if days == [30] else [])
        assert [row["kind"] for row in rows if row["roles"] == ["PRV_LEAD"]][-1] == "escalated.PRV_LEAD"
        lead = Actor(id=uuid4(), login="l", name="L", language="zh", memberships=frozenset({("prov", "PRV_LEAD")}))
        assert [one.step for one in reminders.shown(session, lead)] == ["escalated"]


def test_a_suspended_case_reminds_nobody_and_once_when_it_goes_on(stage, sessions, configuration):
    instance = stage(taken_up=False)
    standing(sessions, instance, InstanceState.SUSPENDED)
    go_to(sessions, configuration, 9)
    assert kinds(sessions) == set()
    standing(sessions, instance, InstanceState.RUNNING)
    go_to(sessions, configuration, 9)
    assert kinds(sessions) == {"escalated", "escalated.PRV_LEAD"}


def standing(sessions, instance, state):
    with transaction(sessions) as session:
        session.execute(update(Instance).where(Instance.id == instance).values(state=state))


def officer():
    held = frozenset({("prov-science", "PRV_OFFICER")})
    return Actor(id=uuid4(), login="p", name="P", language="zh", memberships=held)
