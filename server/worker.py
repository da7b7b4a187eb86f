"""The hands: what the clock found due is done here, on Procrastinate; any number of hands may work at once."""

import asyncio
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from secrets import randbelow
from typing import Any, TypeVar
from uuid import UUID

import procrastinate
import structlog
from procrastinate.app import WorkerOptions
from procrastinate.exceptions import AlreadyEnqueued
from psycopg import AsyncConnection
from psycopg.abc import PQGen
from sqlalchemy import delete
from sqlalchemy.exc import OperationalError

from engine import changeovers, clock, messages, pulses, reminders, signals, starts, timers
from engine.db import Sessions, transaction
from engine.errands import work
from engine.errands.work import FailedItem
from engine.errors import Busy, ChangeoverRefused, IcityError
from engine.pulses import Part
from engine.settings import Settings
from engine.tables import Idempotency, SignIn
from server import recounting, watch
from server.printing import print_waiting
from webhooks import outbound, reach
from webhooks.posting import Fence

SCHEMA = "procrastinate"  # the queue's own tables; the first migration makes them
POLL_SECONDS = 5.0  # LISTEN/NOTIFY wakes the hands; this is for what a restarted database never told
PULSE_SECONDS = 30.0
STALLED_SECONDS = 120.0
STOP_SECONDS = 40.0
BREATH_SECONDS = 1.0
BATCH = 200
MISSES = 3
SPARE = 2  # one connection listens for good; jobs are fetched over the others
PATIENCE_SECONDS = 5.0
KEPT = timedelta(days=1)

T = TypeVar("T")
Job = Callable[[Sessions, Settings], int]

_log = structlog.get_logger("icity.worker")


@dataclass(frozen=True)
class Duty:
    """One kind of work, and how many hands of one worker may be at it at once.

    A hand that comes when all places are taken goes away again: those at work go on until nothing is left, and the
    clock calls every second. So a slow receiver or a month of overdue timers never takes the hands of the others.
    """

    work: Job
    places: int = 1


def sweep(sessions: Sessions, settings: Settings) -> int:
    """Do all that is due once, here and now, without a queue; return how much that was."""
    return sum(DUTIES[name].work(sessions, settings) for name in SWEPT)


def fire_due_timers(sessions: Sessions, settings: Settings) -> int:
    """Fire what is due, each timer in a transaction of its own, until nothing more can be fired; return how many."""
    fired = 0
    while some := _fire_batch(sessions, settings):
        fired += some
    return fired


def match_messages(sessions: Sessions, _: Settings) -> int:
    """Hand over every kept message that somebody waits for; one that cannot be taken is parked with its reason."""
    with transaction(sessions) as session:
        waiting = messages.deliverable(session, BATCH)
    return sum(_deliver(sessions, message) for message in waiting)


def hand_signals(sessions: Sessions, settings: Settings) -> int:
    """Hand every signal to those who waited for it, each in a transaction of its own; return how many took part."""
    handed = 0
    while some := _hand_batch(sessions, settings):
        handed += some
    return handed


def start_due(sessions: Sessions, _: Settings) -> int:
    """Start an instance by every start event whose moment has come, each in a transaction of its own."""
    with transaction(sessions) as session:
        due = starts.due(session, BATCH)
    return sum(_start(sessions, event) for event in due)


def announce_reminders(sessions: Sessions, _: Settings) -> int:
    """Tell people what they were to be reminded of by now; return how many reminders."""
    return _until_dry(sessions, lambda session: reminders.announce_due(session, BATCH))


def fan_out(sessions: Sessions, _: Settings) -> int:
    """Make deliveries of what happened; return how many events."""
    return _until_dry(sessions, lambda session: reach.fan_out(session, BATCH))


def deliver_webhooks(sessions: Sessions, settings: Settings) -> int:
    """Try every delivery that is due, the calls of a batch between two transactions; return how many tries."""
    fence, tries = Fence.of(settings), 0
    while True:
        with transaction(sessions) as session:
            batch = outbound.claim(session, settings.public_url)
        if batch is None:
            return tries
        tried = outbound.post(batch, fence)
        with transaction(sessions) as session:
            outbound.record(session, batch, tried)
        tries += len(tried)


def tidy(sessions: Sessions, settings: Settings) -> int:
    """Park messages nobody waited for, and forget replies a day old and sign-ins that ended; return how many."""
    now = clock.now()
    with transaction(sessions) as session:
        replies = session.execute(delete(Idempotency).where(Idempotency.at < now - KEPT).returning(Idempotency.key))
        ended = session.execute(delete(SignIn).where(SignIn.ends_at < now).returning(SignIn.digest))
        return messages.park_old(session, settings.message_days) + len(replies.all()) + len(ended.all())


def follow_calendar(sessions: Sessions, _: Settings) -> int:
    """Let the open deadlines follow the notices of holidays that were loaded; return how many moved."""
    return recounting.settle(sessions)


def run_errands(sessions: Sessions, _: Settings) -> int:
    """Do what owners asked for, each case in a transaction of its own; return how many cases came to a result."""
    done = 0
    while _run_errand(sessions):
        done += 1
    with transaction(sessions) as session:
        work.close(session)
    return done


def look_at_invariants(sessions: Sessions, _: Settings) -> int:
    """Look whether the whole database is sound, unless somebody has lately; return how much is newly broken."""
    return watch.look(sessions)


def change_over(sessions: Sessions, _: Settings) -> int:
    """Carry over or take back every group that was asked for, each in a transaction of its own; return how many."""
    done = 0
    while _change_group(sessions):
        done += 1
    return done


DUTIES: Mapping[str, Duty] = {
    "timers": Duty(fire_due_timers, places=2),
    "starts": Duty(start_due),
    "messages": Duty(match_messages),
    "signals": Duty(hand_signals, places=2),
    "reminders": Duty(announce_reminders),
    "events": Duty(fan_out),
    "deliveries": Duty(deliver_webhooks, places=8),
    "calendar": Duty(follow_calendar),
    "tidy": Duty(tidy),
    "errands": Duty(run_errands),
    "documents": Duty(print_waiting),
    "changeovers": Duty(change_over),
    "invariants": Duty(look_at_invariants),
}
HANDS = sum(duty.places for duty in DUTIES.values()) + 2  # two are always free to come and go
SWEPT = ("calendar", "timers", "starts", "messages", "signals", "reminders", "events", "deliveries")


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


def _fire_batch(sessions: Sessions, settings: Settings) -> int:
    """Fire one batch, beginning anywhere in it, so that hands that work at once do not collide."""
    with transaction(sessions) as session:
        batch = timers.due(session, settings.timer_batch)
    begin = randbelow(len(batch)) if batch else 0
    held: set[UUID] = set()
    fired = misses = 0
    for timer in batch[begin:] + batch[:begin]:
        if timer.instance in held:
            continue
        if _fire(sessions, settings, timer, held):
            fired, misses = fired + 1, 0
        else:
            misses += timer.instance not in held
        if fired and misses == MISSES:
            break  # others have been here: look again at what is left
    return fired


def _fire(sessions: Sessions, settings: Settings, timer: timers.DueTimer, held: set[UUID]) -> bool:
    """Fire one timer; whatever fails is counted against that timer, and the others of its instance wait for it."""
    try:
        with transaction(sessions) as session:
            return timers.fire(session, timer.id)
    except (Busy, OperationalError):
        held.add(timer.instance)
        return False
    except Exception as fault:  # noqa: BLE001 - one timer must not stop the others
        _log.exception("timer.failed", timer=timer.id, instance=timer.instance)
        reason = str(fault)
    held.add(timer.instance)
    with transaction(sessions) as session:
        timers.failed(session, timer.id, reason, settings.timer_attempts)
    return False


def _hand_batch(sessions: Sessions, settings: Settings) -> int:
    with transaction(sessions) as session:
        batch = signals.waiting(session, BATCH)
    return sum(_hand(sessions, settings, copy) for copy in batch)


def _hand(sessions: Sessions, settings: Settings, copy: int) -> bool:
    """Hand over one copy of a signal; whatever fails is counted against it and stops no other."""
    try:
        with transaction(sessions) as session:
            return signals.deliver(session, copy)
    except OperationalError:
        return False
    except Exception as fault:  # noqa: BLE001 - one copy must not stop the others
        _log.exception("signal.failed", copy=copy)
        reason = str(fault)
    with transaction(sessions) as session:
        signals.failed(session, copy, reason, settings.timer_attempts)
    return False


def _start(sessions: Sessions, event: int) -> bool:
    """Start by one start event; whatever fails is tried again later and stops no other."""
    try:
        with transaction(sessions) as session:
            return starts.fire(session, event) is not None
    except OperationalError:
        return False
    except Exception:  # noqa: BLE001 - one start must not stop the others
        _log.exception("start.failed", start_event=event)
    with transaction(sessions) as session:
        starts.failed(session, event)
    return False


def _deliver(sessions: Sessions, message: UUID) -> bool:
    try:
        with transaction(sessions) as session:
            return messages.deliver(session, message).state == "delivered"
    except OperationalError:
        return False
    except IcityError as fault:
        _log.exception("message.poison", message=message)
        reason = str(fault)
    with transaction(sessions) as session:
        messages.park(session, message, reason)
    return False


def _run_errand(sessions: Sessions) -> bool:
    """Do the next case of an errand; what refuses it is kept as its result, and stops no other."""
    try:
        with transaction(sessions) as session:
            return work.do_next(session) is not None
    except FailedItem as failed:
        place, state, fault = failed.place, failed.state, failed.fault
    except OperationalError:
        with transaction(sessions) as session:
            return work.disturbed(session) is not None
    with transaction(sessions) as session:
        work.failed(session, place, state, fault)
    return True


def _change_group(sessions: Sessions) -> bool:
    """Do one group; where that is refused or fails, nothing of it is done, and the group keeps why."""
    with transaction(sessions) as session:
        group = changeovers.waiting(session)
    if group is None:
        return False
    why = changeovers.FAILED
    try:
        with transaction(sessions) as session:
            return changeovers.work(session, group)
    except OperationalError:
        return False  # somebody holds one of its instances: the clock calls again
    except ChangeoverRefused as fault:
        why = fault.facts["why"]
    except Exception:  # noqa: BLE001 - one group must not stop the others
        _log.exception("changeover.failed", group=group)
    with transaction(sessions) as session:
        changeovers.give_up(session, group, why)
    return True


def _until_dry(sessions: Sessions, step: Callable[..., int]) -> int:
    done = 0
    while True:
        with transaction(sessions) as session:
            some = step(session)
        done += some
        if some < BATCH:
            return done


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
