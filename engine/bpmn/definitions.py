"""Event definitions of our own: timers that fall due by their row, messages that arrive by their subscription."""

from datetime import datetime
from typing import Any

from SpiffWorkflow.bpmn.specs.event_definitions.base import EventDefinition
from SpiffWorkflow.task import Task

from engine.bpmn.elements import Element, Timing
from engine.bpmn.environment import Surroundings, Thrown
from engine.domain import durations
from engine.errors import ExpressionFailed


def surroundings(task: Task) -> Surroundings:
    """Return what the move that `task` takes part in may see."""
    found: Surroundings = task.workflow.script_engine.environment.surroundings
    return found


class WaitDefinition(EventDefinition):
    """Something awaited from outside; `arm` says what, and only `Execution` says that it came."""

    def __init__(self, element: Element) -> None:
        super().__init__(description=element.kind)
        self.name = element.id
        self.element = element

    def arm(self, task: Task) -> dict[str, Any]:
        """Return what is awaited, as plain values to be kept with the waiting task."""
        raise ExpressionFailed(element=self.element.id)

    def has_fired(self, my_task: Task) -> bool:
        """Tell whether it came; arm it the first time it is asked."""
        if my_task.internal_data.get("event_fired"):
            return True
        if "wait" not in my_task.internal_data:
            my_task.internal_data["wait"] = self.arm(my_task)
        return False

    def reset(self, my_task: Task) -> None:
        """Forget what came, so that a loop can wait anew."""
        super().reset(my_task)
        my_task.internal_data.pop("wait", None)
        my_task.internal_data.pop("payload", None)

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__


class MessageDefinition(WaitDefinition):
    """A message awaited under a name and a correlation, or thrown to whoever waits for it."""

    def arm(self, task: Task) -> dict[str, Any]:
        """Return the message's name and correlation."""
        return {"message": self.element.message, "correlation": self._correlation(task)}

    def update_task_data(self, my_task: Task) -> None:
        """Put what came under the element's result variable."""
        payload = my_task.internal_data.get("payload")
        if payload is not None and self.element.result:
            my_task.data[self.element.result] = payload

    def throw(self, my_task: Task) -> None:
        """Hand the message to the move, which sends it when it is saved."""
        around = surroundings(my_task)
        payload = {name: around.value(source, my_task.data) for name, source in self.element.inputs}
        around.thrown.append(Thrown(self.element.id, str(self.element.message), self._correlation(my_task), payload))

    def _correlation(self, task: Task) -> str:
        if not self.element.correlation:
            return ""
        value = surroundings(task).value(self.element.correlation, task.data)
        if value is None:
            raise ExpressionFailed(source=self.element.correlation, reason="the correlation is null")
        return str(value)


class TimerDefinition(WaitDefinition):
    """A moment, reckoned once when the wait begins, in calendar arithmetic of our own."""

    def arm(self, task: Task) -> dict[str, Any]:
        """Return the due instant; cycles also keep the start and what is left of them."""
        around = surroundings(task)
        timing = self._timing
        if timing.deadline:
            return {"due": around.deadline(timing.deadline)[0].isoformat()}
        if timing.kind == "date":
            return {"due": durations.parse_moment(self._text(task)).isoformat()}
        if timing.kind == "cycle":
            return _occurrence(self._text(task), around.now, 1)
        return {"due": self._after(task, around).isoformat()}

    @property
    def cyclic(self) -> bool:
        """Tell whether it falls due again and again."""
        return self._timing.kind == "cycle"

    def advance(self, wait: dict[str, Any], now: datetime) -> dict[str, Any] | None:
        """Return the wait for the first occurrence after `now`, None after the last; missed ones are not made up."""
        cycle, begun = durations.parse_cycle(wait["cycle"]), datetime.fromisoformat(wait["begun"])
        periods, _ = durations.next_after(cycle.start or begun, cycle.period, now)
        n = periods + 1 if cycle.start else periods
        if cycle.occurrence(begun, n) is None:
            return None
        return _occurrence(wait["cycle"], begun, n)

    @property
    def _timing(self) -> Timing:
        timing = self.element.timing
        if timing is None:
            raise ExpressionFailed(element=self.element.id)
        return timing

    def _text(self, task: Task) -> str:
        text = self._timing.text
        return str(surroundings(task).value(text, task.data)) if text.startswith("=") else text

    def _after(self, task: Task, around: Surroundings) -> datetime:
        period = durations.parse(self._text(task))
        if not self._timing.anchor:
            return durations.after(around.now, period)
        anchor = around.value(self._timing.anchor, task.data)
        if anchor is None:
            raise ExpressionFailed(source=self._timing.anchor, reason="the anchor is null")
        return durations.next_after(durations.parse_moment(str(anchor)), period, around.now)[1]


def _occurrence(text: str, begun: datetime, n: int) -> dict[str, Any]:
    due = durations.parse_cycle(text).occurrence(begun, n)
    if due is None:
        raise ExpressionFailed(source=text, reason="the cycle has no occurrence")
    return {"due": due.isoformat(), "cycle": text, "begun": begun.isoformat()}
