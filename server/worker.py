"""The hands: the duties are done here, on Procrastinate; any number of hands may work at once."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

import procrastinate
import structlog
from procrastinate.app import WorkerOptions
from procrastinate.exceptions import AlreadyEnqueued
from psycopg import AsyncConnection
from psycopg.abc import PQGen
from sqlalchemy.exc import OperationalError

from engine import pulses
from engine.db import Sessions, transaction
from engine.pulses import Part
from engine.settings import Settings
from server.duties import DUTIES, Duty

SCHEMA = "procrastinate"  # the queue's own tables; the first migration makes them
POLL_SECONDS = 5.0  # LISTEN/NOTIFY wakes the hands; this is for what a restarted database never told
PULSE_SECONDS = 30.0
STALLED_SECONDS = 120.0
STOP_SECONDS = 40.0
BREATH_SECONDS = 1.0
SPARE = 2  # one connection listens for good; jobs are fetched over the others
PATIENCE_SECONDS = 5.0
HANDS = sum(duty.places for duty in DUTIES.values()) + 2  # two are always free to come and go

T = TypeVar("T")

_log = structlog.get_logger("icity.worker")


WORKING: WorkerOptions = {
    "concurrency": HANDS,
    "fetch_job_polling_interval": POLL_SECONDS,
    "abort_job_polling_interval": POLL_SECONDS,
    "update_heartbeat_interval": PULSE_SECONDS,
    "stalled_worker_timeout": STALLED_SECONDS,
    "shutdown_graceful_timeout": STOP_SECONDS,
    "delete_jobs": "always",
    "install_signal_handlers": False,
}


class Hands:
    """Works off the queue in a thread of its own; `defer` puts work in."""

    def __init__(self, settings: Settings, url: str, sessions: Sessions) -> None:
        reach: dict[str, Any] = {"conninfo": _plain(url), "kwargs": {"options": f"-c search_path={SCHEMA}"}}
        patient = {**reach, "connection_class": _Patient, "min_size": SPARE, "max_size": SPARE * 3}
        self._sessions = sessions
        self._app = procrastinate.App(connector=procrastinate.PsycopgConnector(**patient))
        for name, duty in DUTIES.items():
            self._app.task(name=name)(_bound(duty, sessions, settings))
        # An app of its own: a task that the working app knows would be deferred over that app's connections, which
        # belong to another thread's loop.
        self._front = procrastinate.App(connector=procrastinate.SyncPsycopgConnector(**reach, min_size=1))
        self._thread = threading.Thread(target=self._run, name="hands", daemon=True)
        self._ready, self._stopped = threading.Event(), threading.Event()

    def start(self) -> None:
        """Begin to work."""
        self.open()
        self._thread.start()
        self._ready.wait(STOP_SECONDS)

    def open(self) -> None:
        """Make `defer` usable without working here."""
        self._front.open()

    def stop(self) -> None:
        """Finish what is being done and stop."""
        self._stopped.set()
        if self._thread.is_alive():
            with suppress(RuntimeError):  # the loop has just closed by itself
                self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(STOP_SECONDS)
        self._front.close()

    def defer(self, duty: str) -> None:
        """Put a duty into the queue unless it waits there already."""
        with suppress(AlreadyEnqueued):
            self._front.configure_task(duty, queueing_lock=duty).defer()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                asyncio.run(self._work())
            except Exception:  # noqa: BLE001 - a database that restarts must not leave us without hands
                _log.exception("hands.failed")
            self._stopped.wait(BREATH_SECONDS)

    async def _work(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        self._loop.set_default_executor(ThreadPoolExecutor(HANDS, thread_name_prefix="hand"))
        async with self._app.open_async():
            working = asyncio.create_task(self._app.run_worker_async(**WORKING))
            pulse = asyncio.create_task(self._pulse())
            stopping = asyncio.create_task(self._stopping.wait())
            self._ready.set()
            await asyncio.wait([working, stopping], return_when=asyncio.FIRST_COMPLETED)
            for task in (working, stopping, pulse):
                task.cancel()
            ended, _ = await asyncio.gather(working, stopping, return_exceptions=True)
        if isinstance(ended, Exception):
            raise ended

    async def _pulse(self) -> None:
        """Say that the hands live, as long as this loop turns and the database is there, and look after the clock."""
        while True:
            await asyncio.to_thread(_beat, self._sessions)
            await asyncio.sleep(pulses.EVERY.total_seconds())


def _beat(sessions: Sessions) -> None:
    try:
        with transaction(sessions) as session:
            pulses.beat(session, Part.HANDS)
            pulses.look(session)
    except OperationalError:
        _log.exception("pulse.failed")


def _bound(duty: Duty, sessions: Sessions, settings: Settings) -> Callable[[], int]:
    places = threading.BoundedSemaphore(duty.places)

    def run() -> int:
        if not places.acquire(blocking=False):
            return 0
        try:
            return duty.work(sessions, settings)
        finally:
            places.release()

    return run


class _Patient(AsyncConnection[Any]):
    """A connection that sleeps until the server speaks; the library's own wakes ten times a second to look around."""

    async def wait(self, gen: PQGen[T], interval: float = PATIENCE_SECONDS, timeout: float | None = None) -> T:
        return await super().wait(gen, interval, timeout)


def _plain(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme.partition('+')[0]}://{rest}"
