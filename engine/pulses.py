"""Pulses: whether the clock and the hands are alive, who says so when one falls silent, and when it is back.

Each leaves a heartbeat of its own accord: the clock when it ticks, the hands when they can reach the database. Whoever
lives looks after the others; a silence is told once, however many look.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine import clock, events
from engine.events import Kind
from engine.tables import Heartbeat


class Part(StrEnum):
    """A part that works on its own."""

    CLOCK = "clock"  # says what is due
    HANDS = "hands"  # do what is due


EVERY = timedelta(seconds=10)
SILENT = timedelta(seconds=45)  # so that every door shows it within a minute
TOLD = {
    Part.CLOCK: (Kind.CLOCK_SILENT, Kind.CLOCK_BACK),
    Part.HANDS: (Kind.HANDS_SILENT, Kind.HANDS_BACK),
}


@dataclass(frozen=True)
class Pulse:
    """When a part was last alive: None for one that never was."""

    part: Part
    at: datetime | None

    @property
    def alive(self) -> bool:
        """Tell whether it was alive lately."""
        return self.at is not None and clock.now() - self.at <= SILENT


def beat(session: Session, part: Part) -> None:
    """Say that a part is alive."""
    now = clock.now()
    row = insert(Heartbeat).values(name=part.value, at=now)
    session.execute(row.on_conflict_do_update(index_elements=[Heartbeat.name], set_={"at": now}))


def look(session: Session) -> list[Part]:
    """Record which parts fell silent since somebody last looked, and which came back; return the fresh silences.

    A part that never was alive here is not missed. Rows that somebody else looks at just now are left to them.
    """
    rows = session.execute(
        select(Heartbeat.name, Heartbeat.at, Heartbeat.silent_since)
        .where(Heartbeat.name.in_([part.value for part in Part]))
        .with_for_update(skip_locked=True)
    ).all()
    fresh = []
    for row in rows:
        part, silent = Part(row.name), not Pulse(Part(row.name), row.at).alive
        if silent == (row.silent_since is not None):
            continue
        fell, back = TOLD[part]
        since = row.at if silent else row.silent_since
        events.append(session, fell if silent else back, data={"part": part.value, "since": since})
        mark = update(Heartbeat).where(Heartbeat.name == row.name).values(silent_since=since if silent else None)
        session.execute(mark.execution_options(synchronize_session=False))
        fresh += [part] if silent else []
    return fresh


def standing(session: Session) -> list[Pulse]:
    """Return when each part was last alive."""
    known = {row.name: row.at for row in session.execute(select(Heartbeat.name, Heartbeat.at))}
    return [Pulse(part, known.get(part.value)) for part in Part]
