"""The next moments at which a timer would fall due, reckoned as the engine reckons them when it runs."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from engine.domain import durations
from engine.domain.deadlines import Term, reckon
from engine.domain.durations import Cycle, Duration
from engine.domain.workdays import Calendar, Deadline, civil_day

KINDS = ("date", "duration", "cycle")


@dataclass(frozen=True)
class Asked:
    """A timer as its builder holds it: `text` is ISO 8601, `anchor` a day in ISO 8601 or nothing."""

    kind: str
    text: str
    start: datetime
    anchor: str = ""


def upcoming(calendar: Calendar, asked: Asked, most: int = 5) -> list[Deadline]:
    """Return at most `most` moments, the first after the start; raise ExpressionRefused for a text that is no time.

    With an anchor each is anchor + n × period, so 29 February comes back in leap years and is clamped in others. A
    moment is provisional while the arrangement of its year is unpublished.
    """
    return [Deadline(due, calendar.provisional(civil_day(due))) for due in _moments(asked, most)]


def ends(calendar: Calendar, days: int, unit: str, start: datetime) -> Deadline | None:
    """Return when a term of working ("wd") or calendar ("cal") days that is set at `start` ends."""
    return reckon(calendar, Term("", days, unit, start))


def _moments(asked: Asked, most: int) -> Iterator[datetime]:
    if asked.kind == "date":
        yield durations.parse_moment(asked.text)
    elif asked.kind == "cycle":
        yield from _cycle(durations.parse_cycle(asked.text), asked.start, most)
    elif asked.anchor:
        yield from _anchored(durations.parse(asked.text), asked, most)
    else:
        yield durations.after(asked.start, durations.parse(asked.text))


def _cycle(cycle: Cycle, start: datetime, most: int) -> Iterator[datetime]:
    first = 0
    if cycle.start is not None and cycle.start <= start:
        first = durations.next_after(cycle.start, cycle.period, start)[0]
    for n in range(first + 1, first + most + 1):
        due = cycle.occurrence(start, n)
        if due is None:
            return
        yield due


def _anchored(period: Duration, asked: Asked, most: int) -> Iterator[datetime]:
    anchor = durations.parse_moment(asked.anchor)
    first, _ = durations.next_after(anchor, period, asked.start)
    for n in range(first, first + most):
        yield durations.nth(anchor, period, n)
