"""The clock: it ticks, asks the database once whether anything is due, and hands that to the workers; no more."""

import threading
import time
from collections.abc import Callable

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import calendars, changeovers, clock, documents, messages, pulses, reminders, signals, starts, timers
from engine.db import Sessions, transaction
from engine.errands import work
from engine.notices import sending
from engine.pulses import Part
from engine.settings import Settings
from webhooks import outbound

TIDY_SECONDS = 3600
LOOK_SECONDS = 60  # the hands look at the invariants every ten minutes, whoever asks them and however often
SILENT_SECONDS = 30
WATCH_SECONDS = 10

DUE = select(
    timers.pending().label("timers"),
    starts.pending().label("starts"),
    messages.pending().label("messages"),
    signals.pending().label("signals"),
    reminders.pending().label("reminders"),
    outbound.unpublished().label("events"),
    outbound.pending().label("deliveries"),
    sending.pending().label("notices"),
    documents.pending().label("documents"),
    changeovers.pending().label("changeovers"),
    calendars.pending().label("calendar"),
    work.pending().label("errands"),
)

_log = structlog.get_logger("icity.clock")


class Clock:
    """Ticks until stopped; any number may tick on one database. A dead scheduler is replaced within a minute."""

    def __init__(self, settings: Settings, sessions: Sessions, defer: Callable[[str], None]) -> None:
        self._settings, self._sessions, self._defer = settings, sessions, defer
        self._scheduler: BackgroundScheduler | None = None
        self._stopped = threading.Event()
        self._watch = threading.Thread(target=self._keep_alive, name="clock-watch", daemon=True)
        self._pulse = clock.now() - pulses.EVERY
        self.last_tick = time.monotonic()

    def start(self) -> None:
        """Begin to tick and to watch over the ticking."""
        self._scheduler = self._scheduling()
        self._watch.start()

    def stop(self) -> None:
        """Stop ticking; a tick that has begun is finished."""
        self._stopped.set()
        if self._watch.is_alive():
            self._watch.join(WATCH_SECONDS)
        if self._scheduler is not None and self._scheduler.running:
            self._scheduler.shutdown()

    def healthy(self) -> bool:
        """Tell whether it ticked lately."""
        return time.monotonic() - self.last_tick < SILENT_SECONDS

    def tick(self) -> None:
        """Ask what is due and defer it; whatever fails is logged and the next tick tries again."""
        try:
            with transaction(self._sessions) as session:
                due = session.execute(DUE, {"now": clock.now()}).mappings().one()
                self._beat(session)
            for duty, is_due in due.items():
                if is_due:
                    self._defer(duty)
        except Exception:  # noqa: BLE001 - the clock must not die of what it found
            _log.exception("tick.failed")
        self.last_tick = time.monotonic()

    def _tidy(self) -> None:
        self._call("tidy")

    def _look(self) -> None:
        self._call("invariants")

    def _call(self, duty: str) -> None:
        try:
            self._defer(duty)
        except Exception:  # noqa: BLE001 - the clock must not die of what it found
            _log.exception("tick.failed")

    def _beat(self, session: Session) -> None:
        now = clock.now()
        if abs(now - self._pulse) < pulses.EVERY:
            return
        pulses.beat(session, Part.CLOCK)
        pulses.look(session)
        self._pulse = now

    def _scheduling(self) -> BackgroundScheduler:
        rules = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        scheduler = BackgroundScheduler(
            timezone="UTC", daemon=True, job_defaults=rules, executors={"default": ThreadPoolExecutor(2)}
        )
        scheduler.add_job(self.tick, "interval", seconds=self._settings.tick_seconds)
        scheduler.add_job(self._tidy, "interval", seconds=TIDY_SECONDS)
        scheduler.add_job(self._look, "interval", seconds=LOOK_SECONDS)
        scheduler.start()
        return scheduler

    def _keep_alive(self) -> None:
        while not self._stopped.wait(WATCH_SECONDS):
            if not self.healthy():
                _log.error("clock.silent")
                self._replace()

    def _replace(self) -> None:
        self.last_tick = time.monotonic()
        if self._scheduler is not None and self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        self._scheduler = self._scheduling()
