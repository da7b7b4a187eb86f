"""Deadlines of tasks and timers: what they were reckoned from, when they stand still, and how they follow a notice."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from engine import calendars, clock, deadlines, inbox, operations, reminders, runtime, tasks, timers
from engine.clock import CIVIL
from engine.db import transaction
from engine.errors import NotFound, OperationRefused
from engine.operations import Alarm
from engine.tables import CalendarNotice, ClockStop, DeadlineMove, Event, Instance, Reminder, Task, Timer
from server import recounting
from tests.support.diagrams import flows
from tests.support.stage import Stage

ROWS = [("check", 5, "wd"), ("post", 10, "cal")]
TABLE = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="tests">
<decision id="deadline" name="deadline"><variable id="v" name="deadline"/><decisionTable id="t" hitPolicy="FIRST">
<input id="i"><inputExpression id="ie" typeRef="string"><text>task_key</text></inputExpression></input>
<output id="o1" name="days" typeRef="number"/><output id="o2" name="unit" typeRef="string"/>{rules}
</decisionTable></decision></definitions>"""
RULE = (
    '<rule id="{id}"><inputEntry id="{id}_i"><text>{test}</text></inputEntry><outputEntry id="{id}_a"><text>{days}'
    '</text></outputEntry><outputEntry id="{id}_b"><text>"{unit}"</text></outputEntry></rule>'
)
LAPSE = '<boundaryEvent id="lapse" attachedToRef="check" icity:deadline="check" icity:remindRoles="PRV_LEAD">'
REVIEW = (
    '<startEvent id="s"/><parallelGateway id="split"/>'
    '<userTask id="check" name="形式审查" icity:role="PRV_OFFICER" icity:deadline="check"/>'
    f'{LAPSE}<timerEventDefinition id="t"/></boundaryEvent>'
    '<userTask id="ask" name="要求补正" icity:role="PRV_OFFICER"/>'
    '<userTask id="more" name="补正" icity:role="PRV_OFFICER" icity:deadline="post" icity:stops="check"/>'
    '<endEvent id="late"/><endEvent id="e"/><endEvent id="done"/>'
)
REVIEW += flows(("s", "split"), ("split", "check"), ("split", "ask"), ("check", "e"), ("lapse", "late"))
REVIEW += flows(("ask", "more"), ("more", "done"))
MONDAY = datetime(2027, 3, 1, 10, tzinfo=CIVIL)  # beyond the published years
NUMBER = "国办发明电〔2026〕9号"
FREE = f"通知文号,印发日期,节日,放假起,放假止,调休上班\n{NUMBER},2026-11-10,试放,2027-03-04,2027-03-05,2027-03-13\n"


@pytest.fixture
def stage(sessions, tmp_path):
    with transaction(sessions) as session:
        calendars.seed(session)
    clock.travel(MONDAY)
    stage = Stage(sessions, tmp_path / "drawn")
    stage.folder.mkdir()
    rules = "".join(RULE.format(id=key, test=f'"{key}"', days=days, unit=unit) for key, days, unit in ROWS)
    (stage.folder / "deadline.dmn").write_text(TABLE.format(rules=rules), encoding="utf-8")
    return stage


def at(month, day, hour=10):
    return datetime(2027, month, day, hour, tzinfo=CIVIL)


def day(moment):
    return moment.astimezone(CIVIL).strftime("%m-%d")


def load(stage, content=FREE):
    return recounting.load(stage.sessions, content.encode(), "jingban")


def task(stage, instance, element="check"):
    return stage.one(select(Task).where(Task.instance == instance, Task.element == element, Task.state == "open"))


def timer(stage, instance):
    return stage.one(select(Timer).where(Timer.instance == instance))


def stop(stage, instance):
    stage.complete(instance, "ask")


def told_of_deadlines(stage, instance):
    kinds = [kind.partition(".") for kind in stage.kinds(instance)]
    return [what for noun, _, what in kinds if noun == "deadline"]


def fired(stage, instance):
    return stage.kinds(instance).count("timer.fired")


def test_a_row_keeps_what_its_deadline_was_reckoned_from(stage):
    instance = stage.play(REVIEW)
    term = {"key": "check", "days": 5, "unit": "wd", "start": task(stage, instance).created_at.isoformat(), "stops": []}
    assert task(stage, instance).term == timer(stage, instance).term == term
    assert task(stage, instance, "ask").term is None
    assert day(task(stage, instance).due_at) == day(timer(stage, instance).due_at) == "03-08"


def test_while_more_is_asked_for_the_reviewer_has_no_deadline(stage, configuration):
    instance = stage.play(REVIEW)
    clock.travel(at(3, 3))
    stop(stage, instance)
    row = task(stage, instance)
    assert (row.due_at, row.provisional) == (None, False)
    ((begun, end),) = row.term["stops"]
    assert (day(datetime.fromisoformat(begun)), end) == ("03-03", None)
    assert stage.all(select(Timer).where(Timer.instance == instance)) == []
    assert stage.all(select(Reminder.element).where(Reminder.task == row.id)) == []
    (kept,) = stage.all(select(ClockStop).where(ClockStop.instance == instance))
    assert (kept.element, kept.keys, kept.ended_at) == ("more", ["check"], None)
    clock.travel(at(3, 20))
    stage.sweep(configuration)
    assert fired(stage, instance) == 0
    seen = {one.element: one for one in stage.do(inbox.claimable).rows}
    assert (seen["check"].stopped, seen["check"].overdue, seen["more"].stopped) == (True, False, False)
    assert stage.sound()


def test_when_it_has_come_the_clock_goes_on_with_the_days_that_are_left(stage, configuration):
    instance = stage.play(REVIEW)
    clock.travel(at(3, 3))
    stop(stage, instance)
    clock.travel(at(3, 9))
    stage.complete(instance, "more")
    row = task(stage, instance)
    assert day(row.due_at) == day(timer(stage, instance).due_at) == "03-12"
    assert row.term == timer(stage, instance).term
    assert row.provisional
    assert day(stage.one(select(ClockStop.ended_at))) == "03-09"
    assert set(stage.all(select(Reminder.kind).where(Reminder.task == row.id))) == {"eve"}
    moved = stage.one(select(Event).where(Event.kind == "deadline.moved"))
    assert (moved.data["name"], moved.data["reason"], moved.task) == ("形式审查", "补正", row.id)
    assert [day(datetime.fromisoformat(moved.data[key])) for key in ("before", "due_at")] == ["03-08", "03-12"]
    assert told_of_deadlines(stage, instance) == ["stopped", "resumed", "moved"]
    clock.travel(at(3, 13))
    stage.sweep(configuration)
    assert fired(stage, instance) == 1
    assert stage.sound()


def test_a_task_that_is_opened_during_a_stop_stands_still_from_its_start(stage):
    more = REVIEW.replace('attachedToRef="check"', 'attachedToRef="check" cancelActivity="true"')
    instance = stage.play(more)
    stop(stage, instance)
    clock.travel(at(3, 2))
    with transaction(stage.sessions) as session, runtime.opened(session, instance) as running:
        running.withdraw(stage.task(instance, "check"))
        running.place("check")
    row = task(stage, instance)
    assert row.due_at is None
    assert row.term["stops"] == [[row.term["start"], None]]
    clock.travel(at(3, 3))
    stage.complete(instance, "more")
    assert day(task(stage, instance).due_at) == "03-10"


def test_ending_an_instance_ends_its_stops(stage, actor):
    for end in (operations.terminate, tasks_cancel):
        instance = stage.play(REVIEW)
        stop(stage, instance)
        stage.do(end, instance, "撤回", by=actor("tingzhang"))
        assert stage.one(select(ClockStop.ended_at).where(ClockStop.instance == instance)) is not None
    assert stage.sound()


def tasks_cancel(session, actor, instance, reason):
    with runtime.operated(session, actor, instance, reason) as running:
        running.cancel(reason)


def test_a_notice_moves_every_deadline_it_touches_and_tells_who(stage):
    instance = stage.play(REVIEW)
    stage.complete(instance, "ask")  # stops the clock of the check
    other = stage.start("p")
    loaded = load(stage)
    assert (loaded.number, loaded.days_off, loaded.workdays, loaded.new, loaded.complete) == (NUMBER, 2, 1, True, True)
    row = task(stage, other)
    assert (day(row.due_at), row.provisional) == ("03-10", False)
    assert day(timer(stage, other).due_at) == "03-10"
    assert task(stage, instance).due_at is None  # its end is reckoned when its clock goes on
    assert task(stage, instance, "more").provisional is False  # it ends as before, for sure now
    rows = stage.do(lambda session, _: list(deadlines.every_move(session, NUMBER)))
    assert {one.element: (one.name, day(one.before), day(one.after)) for one in rows} == {
        "check": ("形式审查", "03-08", "03-10"),
        "lapse": (None, "03-08", "03-10"),
    }
    told = {one.element: one.told for one in rows}
    assert told["check"][0] == "PRV_OFFICER"
    assert "jingban" in told["check"]
    assert told["lapse"][0] == "PRV_LEAD"
    assert loaded.moved == len(rows) == stage.kinds(other).count("deadline.moved")
    clock.travel(at(3, 2))
    stage.complete(instance, "more")
    assert day(task(stage, instance).due_at) == "03-11"  # the 2nd stood still, the 4th and 5th are free


def test_those_who_are_told_see_it_and_are_reminded_anew(stage):
    stage.play(REVIEW)
    load(stage)
    stage.do(lambda session, _: reminders.announce_due(session, 100))
    seen = stage.do(reminders.shown)
    assert [(one.kind, one.name, day(one.due_at)) for one in seen] == [("moved", "形式审查", "03-10")]
    waiting = stage.all(select(Reminder.remind_at).where(Reminder.reminded_at.is_(None)).order_by(Reminder.remind_at))
    assert [day(moment) for moment in waiting] == ["03-03"]


def test_an_assignee_is_told_alone(stage):
    instance = stage.play(REVIEW)
    stage.do(tasks.claim, stage.task(instance, "check"))
    load(stage)
    assert stage.one(select(DeadlineMove.told).where(DeadlineMove.element == "check")) == ["jingban"]


def test_a_notice_is_loaded_once(stage):
    stage.play(REVIEW)
    first = load(stage)
    again = load(stage)
    assert (again.new, again.moved, again.version) == (False, 0, first.version)
    assert len(stage.all(select(DeadlineMove.id))) == 2
    assert stage.one(select(CalendarNotice)).version == first.version
    assert stage.one(select(func.count()).where(Event.kind == "calendar.loaded")) == 1
    with pytest.raises(OperationRefused):
        load(stage, FREE.replace("2027-03-05", "2027-03-06"))


def test_what_was_killed_half_way_is_taken_up_by_the_hands(stage, configuration):
    some = [stage.play(REVIEW), *(stage.start("p") for _ in range(3))]
    with transaction(stage.sessions) as session:
        calendars.load_notice(session, recounting.holidays.read(FREE.encode()), "jingban")
    with transaction(stage.sessions) as session:
        deadlines.recount(session, some[1], NUMBER)
    stage.sweep(configuration)
    assert len(stage.all(select(DeadlineMove.id))) == 2  # too early: others may still hold the old calendar
    clock.travel(MONDAY + timedelta(minutes=3))
    with transaction(stage.sessions) as session:
        assert session.scalar(select(calendars.pending()), {"now": clock.now()})
    stage.sweep(configuration)
    assert len(stage.all(select(DeadlineMove.id))) == 8
    assert {day(one) for one in stage.all(select(Timer.due_at))} == {"03-10"}
    assert stage.one(select(CalendarNotice.settled_at)) is not None
    stage.sweep(configuration)
    assert len(stage.all(select(DeadlineMove.id))) == 8
    assert stage.sound()


def test_a_suspended_instance_follows_too(stage):
    instance = stage.play(REVIEW)
    stage.do(operations.suspend, instance, "审计")
    assert load(stage).moved == 2
    assert (stage.state(instance), day(task(stage, instance).due_at)) == ("suspended", "03-10")


def test_an_instance_that_ended_meanwhile_is_passed_over(stage, actor):
    instance = stage.play(REVIEW)
    stage.do(operations.terminate, instance, "撤回", by=actor("tingzhang"))
    with transaction(stage.sessions) as session:
        calendars.load_notice(session, recounting.holidays.read(FREE.encode()), "jingban")
        assert deadlines.recount(session, instance, NUMBER) == 0
        with pytest.raises(NotFound):
            deadlines.recount(session, instance, "无此文号")


def test_a_damaged_instance_keeps_no_other_from_the_calendar(stage):
    damaged, sound = stage.play(REVIEW), None
    sound = stage.start("p")
    runtime.forget()
    with transaction(stage.sessions) as session:
        session.execute(update(Instance).where(Instance.id == damaged).values(envelope=b"2 no state"))
    loaded = load(stage)
    assert (loaded.moved, loaded.complete) == (2, True)
    assert day(task(stage, sound).due_at) == "03-10"


def test_nobody_is_late_by_a_notice(stage):
    instance = stage.play(REVIEW)
    clock.travel(at(3, 7))
    worked = FREE.replace("2027-03-04,2027-03-05,2027-03-13", ",,2027-03-06")
    load(stage, worked)
    assert day(task(stage, instance).due_at) == "03-08"  # not Saturday the 6th, which is over: the next working day
    assert fired(stage, instance) == 0
    assert not timers_due(stage)


def timers_due(stage):
    with transaction(stage.sessions) as session:
        return timers.due(session, 10)


def test_a_moment_that_somebody_chose_does_not_follow(stage):
    instance = stage.play(REVIEW)
    armed = timer(stage, instance)
    stage.do(operations.rearm, instance, Alarm(armed.task, "lapse", at(3, 8), "议定"))
    load(stage)
    assert timer(stage, instance).due_at == at(3, 8)
    assert timer(stage, instance).term is None
    assert stage.one(select(DeadlineMove.element)) == "check"


def test_a_list_of_moves_is_read_page_by_page(stage):
    for _ in range(3):
        stage.play(REVIEW)
    load(stage)
    with transaction(stage.sessions) as session:
        first = deadlines.moves(session, NUMBER, None, 4)
        rest = deadlines.moves(session, NUMBER, first.next, 4)
    assert (len(first.rows), len(rest.rows), rest.next) == (4, 2, None)
    assert first.rows[0].title == "p 的标题"


def test_an_instance_that_somebody_holds_is_seen_again(stage):
    instance = stage.play(REVIEW)
    with transaction(stage.sessions) as holder:
        holder.execute(select(Instance).where(Instance.id == instance).with_for_update())
        holder.execute(Instance.__table__.select().limit(0))
        with transaction(stage.sessions) as session:
            calendars.load_notice(session, recounting.holidays.read(FREE.encode()), "jingban")
        assert recounting.follow(stage.sessions, NUMBER) == (0, False)
    assert recounting.follow(stage.sessions, NUMBER) == (2, True)
    assert recounting.follow(stage.sessions, NUMBER, -1) == (0, False)  # no time at all


def test_the_calendar_that_made_a_deadline_can_be_told(stage):
    before = stage.do(lambda session, _: calendars.load(session).version)
    version = load(stage).version
    assert version != before
    assert stage.do(lambda session, _: calendars.load(session).known_until) == date(2027, 12, 31)
