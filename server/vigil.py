"""The vigil: each web process looks whether the clock and the hands are alive, and has their silence recorded."""

import threading

import structlog
from sqlalchemy.exc import OperationalError

from engine import pulses
from engine.db import Sessions, transaction

SECONDS = 5.0

_log = structlog.get_logger("icity.vigil")


def begin(sessions: Sessions, seconds: float = SECONDS) -> threading.Event:
    """Look every `seconds` in a thread of its own, until the event that is returned is set.

    The first look waits as long as a silence takes: what was stopped with us is given the time to begin anew.
    """
    ended = threading.Event()

    def watch() -> None:
        pause = pulses.SILENT.total_seconds()
        while not ended.wait(pause):
            look(sessions)
            pause = seconds

    threading.Thread(target=watch, name="vigil", daemon=True).start()
    return ended


def look(sessions: Sessions) -> None:
    """Look once; a database that is away is looked at again."""
    try:
        with transaction(sessions) as session:
            fresh = pulses.look(session)
    except OperationalError:
        _log.warning("vigil.blind")
        return
    for part in fresh:
        _log.error("part.silent", part=part.value)
