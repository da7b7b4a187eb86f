"""Operations: whether the clock and the hands live, what lags behind, what failed, which rules are broken."""

from datetime import timedelta
from typing import Any

from flask import render_template
from flask_babel import format_timedelta, lazy_gettext
from sqlalchemy.orm import Session

from engine import clock, soundness
from engine.db import transaction
from engine.pulses import Part, Pulse
from server import vitals
from server.auth import needs
from server.pages.moments import stamp
from server.pages.shell import pages, sessions
from server.pages.words import pick

LATE = 300.0  # seconds; safety: the oldest due timer is never further behind
PARTS = {Part.CLOCK: lazy_gettext("The clock"), Part.HANDS: lazy_gettext("The hands")}
DOES = {
    Part.CLOCK: lazy_gettext("It says what falls due: timers, reminders, messages, deliveries."),
    Part.HANDS: lazy_gettext("They do what has fallen due, one piece after the other."),
}
QUEUES = {
    "timers": lazy_gettext("Timers of cases"),
    "starts": lazy_gettext("Cases that start by themselves"),
    "signals": lazy_gettext("Signals on their way"),
    "reminders": lazy_gettext("Reminders"),
    "outbox": lazy_gettext("Events not yet handed on"),
    "deliveries": lazy_gettext("Deliveries to other systems"),
}
FAILURES = {
    "incidents": lazy_gettext("Incidents of cases"),
    "parked messages": lazy_gettext("Messages that nobody takes"),
    "dead deliveries": lazy_gettext("Deliveries given up"),
    "disabled endpoints": lazy_gettext("Addresses that were disabled"),
    "broken rules": lazy_gettext("Rules of the database that are broken"),
}


@pages.get("/operations")
@needs("SYS_ADMIN")
def operations() -> str:
    """Show the vital signs of this installation, measured now."""
    with transaction(sessions()) as session:
        found = vitals.measure(session)
        broken = _broken(session)
    return render_template(
        "operations/operations.html",
        at=stamp(found.at),
        parts=[_part(pulse) for pulse in found.pulses],
        queues=[_queue(one) for one in found.queues],
        failures=[{"name": FAILURES[kind], "count": count} for kind, count in found.failures.items()],
        jobs=sum(count for (_, status), count in found.jobs.items() if status in {"todo", "doing"}),
        running=found.running,
        broken=broken,
    )


def _part(pulse: Pulse) -> dict[str, Any]:
    never = pulse.at is None
    label = lazy_gettext("never seen") if never else lazy_gettext("alive") if pulse.alive else lazy_gettext("silent")
    return {
        "name": PARTS[pulse.part],
        "does": DOES[pulse.part],
        "label": label,
        "tone": "green" if pulse.alive else "red",
        "at": stamp(pulse.at) if pulse.at else "—",
        "ago": _long((clock.now() - pulse.at).total_seconds()) if pulse.at else "",
    }


def _queue(queue: vitals.Queue) -> dict[str, Any]:
    return {
        "name": QUEUES[queue.name],
        "waiting": queue.waiting,
        "lag": _long(queue.lag) if queue.waiting else "—",
        "late": bool(queue.waiting) and queue.lag > LATE,
    }


def _broken(session: Session) -> dict[str, Any]:
    look = soundness.last(session)
    return {
        "at": stamp(look.at) if look.at else None,
        "rows": [{"told": pick(row.told), "at": stamp(row.found_at)} for row in look.broken[:50]],
    }


def _long(seconds: float) -> str:
    return str(format_timedelta(timedelta(seconds=round(seconds)), threshold=1.5))
