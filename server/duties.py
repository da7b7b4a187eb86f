"""The duties: what the clock found due is done here, piece by piece, each piece in a transaction of its own."""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from secrets import randbelow
from uuid import UUID

import structlog
from sqlalchemy import delete
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from engine import changeovers, clock, events, messages, reminders, signals, starts, timers
from engine.db import Sessions, transaction
from engine.domain import sealing
from engine.domain.channels import Channel
from engine.errands import work
from engine.errands.work import FailedItem
from engine.errors import Busy, ChangeoverRefused, IcityError
from engine.notices import making, sending
from engine.notices import reach as ways
from engine.settings import Settings
from engine.tables import Idempotency, SignIn
from server import recounting, secrets, watch
from server.printing import print_waiting
from webhooks import carriers, outbound, reach
from webhooks.posting import Fence

ROUND_SECONDS = 10.0  # of one call on the deliveries
BATCH = 200
MISSES = 3
KEPT = timedelta(days=1)

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


def fan_out(sessions: Sessions, settings: Settings) -> int:
    """Make deliveries and notices of what happened; return how many events."""
    channels = ways.channels(settings)
    return _until_dry(sessions, lambda session: _hand_on(session, channels))


def send_notices(sessions: Sessions, settings: Settings) -> int:
    """Carry every notice that is due, each between two transactions; return how many tries."""
    key, tries = sealing.key_of(secrets.load(settings.var_path).contact_key), 0
    while True:
        with transaction(sessions) as session:
            parcel = sending.claim(session, key)
        if parcel is None:
            return tries
        outcome = carriers.carry(parcel, settings)
        with transaction(sessions) as session:
            sending.record(session, parcel, outcome)
        tries += 1


def deliver_webhooks(sessions: Sessions, settings: Settings) -> int:
    """Try what is due, the calls of a batch between two transactions, for some seconds; return how many tries.

    The clock calls again while anything is left; so hands that are told to stop soon do, however slow receivers are.
    """
    fence, tries, end = Fence.of(settings), 0, time.monotonic() + ROUND_SECONDS
    while True:
        with transaction(sessions) as session:
            batch = outbound.claim(session, settings.public_url)
        if batch is None:
            return tries
        tried = outbound.post(batch, fence)
        with transaction(sessions) as session:
            outbound.record(session, batch, tried)
        tries += len(tried)
        if time.monotonic() > end:
            return tries


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
    "notices": Duty(send_notices, places=2),
    "calendar": Duty(follow_calendar),
    "tidy": Duty(tidy),
    "errands": Duty(run_errands),
    "documents": Duty(print_waiting),
    "changeovers": Duty(change_over),
    "invariants": Duty(look_at_invariants),
}
SWEPT = ("calendar", "timers", "starts", "messages", "signals", "reminders", "events", "deliveries", "notices")


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


def _hand_on(session: Session, channels: Collection[Channel]) -> int:
    """Hand the events that nobody has handed on yet to people and to other systems, in one transaction."""
    fresh = events.unpublished(session, BATCH)
    if fresh:
        making.make(session, fresh, channels)
        reach.spread(session, [event.id for event in fresh])
        events.mark_published(session, [event.id for event in fresh])
    return len(fresh)


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
