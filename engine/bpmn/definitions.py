"""What an event waits for, as plain values: a due instant, a message, a signal or a condition."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engine.bpmn.elements import Element, Timing
from engine.bpmn.environment import Surroundings
from engine.bpmn.stops import wait_of
from engine.domain import durations
from engine.errors import ExpressionFailed

Wait = dict[str, Any]


def wait_for(element: Element, around: Surroundings, data: Mapping[str, Any]) -> Wait:
    """Return what an event waits for from now on: {"due"}, {"message", "correlation"}, {"signal"} or {"condition"}.

    A deadline keeps the "term" it was reckoned from, a cycle what it "begun" with.
    """
    if element.event == "timer" and element.timing:
        return _due(element, element.timing, around, data)
    if element.event == "message":
        return {"message": element.message or element.id, "correlation": correlation(element, around, data)}
    if element.event == "signal":
        return {"signal": element.signal or element.id}
    return {"condition": element.condition}


def first_wait(element: Element, around: Surroundings) -> Wait:
    """Return what a start event waits for when its process is deployed; a cycle that began before goes on from now."""
    wait = wait_for(element, around, {})
    if "cycle" in wait and datetime.fromisoformat(wait["due"]) < around.now:
        return next_wait(wait, around.now) or wait
    return wait


def next_wait(wait: Wait, now: datetime) -> Wait | None:
    """Return what is waited for after an event has occurred beside its activity; None when it was the last time.

    A cycle waits for its first occurrence after `now` and after the one that was due: missed ones are not made up.
    """
    if "cycle" not in wait:
        return None if "due" in wait else wait
    now = max(now, datetime.fromisoformat(wait["due"]))
    cycle, begun = durations.parse_cycle(wait["cycle"]), datetime.fromisoformat(wait["begun"])
    periods, _ = durations.next_after(cycle.start or begun, cycle.period, now)
    n = periods + 1 if cycle.start else periods
    if cycle.occurrence(begun, n) is None:
        return None
    return _occurrence(wait["cycle"], begun, n)


def correlation(element: Element, around: Surroundings, data: Mapping[str, Any]) -> str:
    """Return the correlation of a message, "" when the element names none; raise ExpressionFailed when it is null."""
    if not element.correlation:
        return ""
    value = around.value(element.correlation, data)
    if value is None:
        raise ExpressionFailed(source=element.correlation, reason="the correlation is null")
    return str(value)


def _due(element: Element, timing: Timing, around: Surroundings, data: Mapping[str, Any]) -> Wait:
    if timing.deadline:
        return wait_of(around.calendar, around.term(timing.deadline, element.attached or element.id))
    text = str(around.value(timing.text, data)) if timing.text.startswith("=") else timing.text
    if timing.kind == "date":
        return {"due": durations.parse_moment(text).isoformat()}
    if timing.kind == "cycle":
        return _occurrence(text, around.now, 1)
    return {"due": _after(timing, text, around, data).isoformat()}


def _after(timing: Timing, text: str, around: Surroundings, data: Mapping[str, Any]) -> datetime:
    period = durations.parse(text)
    if not timing.anchor:
        return durations.after(around.now, period)
    anchor = around.value(timing.anchor, data)
    if anchor is None:
        raise ExpressionFailed(source=timing.anchor, reason="the anchor is null")
    return durations.next_after(durations.parse_moment(str(anchor)), period, around.now)[1]


def _occurrence(text: str, begun: datetime, n: int) -> Wait:
    due = durations.parse_cycle(text).occurrence(begun, n)
    if due is None:
        raise ExpressionFailed(source=text, reason="the cycle has no occurrence")
    return {"due": due.isoformat(), "cycle": text, "begun": begun.isoformat()}
