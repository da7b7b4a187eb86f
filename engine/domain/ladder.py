"""The ladder of reminders: which step of it a deadline has reached, which comes next, and who answers for whom."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from engine.domain.workdays import Calendar
from engine.errors import SettingsRefused
from engine.settings import ROOT

FILE = ROOT / "config" / "reminders.toml"
HOLDER, HEAD = "holder", "head"


@dataclass(frozen=True)
class Step:
    """A step: so many working days before (negative) or after a deadline, and who is told then."""

    kind: str
    workdays: int
    to: tuple[str, ...]


@dataclass(frozen=True)
class Ladder:
    """The steps, the earliest first, and by role who answers for its holders."""

    steps: tuple[Step, ...]
    heads: Mapping[str, str]

    def step(self, kind: str) -> Step | None:
        """Return the step of that kind, None for a reminder that belongs to no ladder."""
        return next((step for step in self.steps if step.kind == kind), None)

    def next(
        self, calendar: Calendar, due: datetime, now: datetime, told: str | None = None
    ) -> tuple[Step, datetime] | None:
        """Return the first step after the one `told` whose moment lies after `now`, with that moment (UTC), if any."""
        begin = next((index + 1 for index, step in enumerate(self.steps) if step.kind == told), 0)
        moments = ((step, _moment(calendar, due, step)) for step in self.steps[begin:])
        return next(((step, moment) for step, moment in moments if moment > now), None)

    def reached(self, calendar: Calendar, due: datetime, since: Step, now: datetime) -> Sequence[Step]:
        """Return `since`, whose moment has come, and the steps after it whose moments have come by `now` as well."""
        later = self.steps[self.steps.index(since) + 1 :]
        return [since, *(step for step in later if _moment(calendar, due, step) <= now)]

    def told(self, step: Step, role: str | None) -> list[str]:
        """Return the roles that a step tells beside the holder of a task, who holds `role`; each once."""
        named = [self.heads.get(role or "", "") if to == HEAD else to for to in step.to if to != HOLDER]
        return [one for one in dict.fromkeys(named) if one and one != role]


@cache
def load(path: Path = FILE) -> Ladder:
    """Return the ladder that `path` describes; raise SettingsRefused when it has faults."""
    return read(tomllib.loads(path.read_text(encoding="utf-8")))


def read(tables: Mapping[str, Any]) -> Ladder:
    """Return the ladder that `tables` describe; raise SettingsRefused naming every fault."""
    rows = tables.get("steps", [])
    faults = [f"steps: {row}" for row in rows if not _sound(row)]
    faults += [f"unknown: {key}" for key in sorted(tables.keys() - {"steps", "heads"})]
    kinds = [row.get("kind") for row in rows]
    faults += [f"twice: {kind}" for kind in sorted({str(kind) for kind in kinds if kinds.count(kind) > 1})]
    if faults:
        raise SettingsRefused(faults=[f"{FILE.name}: {fault}" for fault in faults])
    steps = sorted((Step(row["kind"], row["workdays"], tuple(row["to"])) for row in rows), key=lambda one: one.workdays)
    return Ladder(tuple(steps), dict(tables.get("heads", {})))


def _sound(row: Mapping[str, Any]) -> bool:
    told = row.get("to")
    if row.keys() != {"kind", "workdays", "to"} or not isinstance(told, list):
        return False
    return HOLDER in told and isinstance(row["kind"], str) and isinstance(row["workdays"], int)


def _moment(calendar: Calendar, due: datetime, step: Step) -> datetime:
    """Return nine in the morning, in UTC, of the day of a step."""
    if step.workdays <= 0:
        return calendar.before(due, -step.workdays)
    return calendar.before(calendar.add_workdays(due, step.workdays).due, 0)
