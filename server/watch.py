"""The watch: looks whether the whole database is sound, batch by batch, and keeps what the last look found."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from engine import clock, plan, soundness
from engine.db import Sessions, transaction
from engine.invariants import Broken
from engine.soundness import EVERY, MOST
from webhooks import soundness as deliveries

_log = structlog.get_logger("icity.watch")


def everything(sessions: Sessions) -> Iterator[Broken]:
    """Look at every row and open every state that has not ended; yield what is broken."""
    with _still(sessions) as session:
        found = [*soundness.of_all(session), *plan.alarms(session), *deliveries.of_deliveries(session)]
    yield from found
    yield from _batches(sessions, None, lambda batch: batch)


def look(sessions: Sessions) -> int:
    """Look, unless somebody has lately, at what has not ended or has ended since; return how much is newly broken.

    Every row is looked at, and as many states are opened as one look may.
    """
    began = clock.now()
    with _still(sessions) as session:
        if not soundness.due(session):
            return 0
        before = soundness.last(session).at
        chosen = soundness.chosen(session)
        found = [*soundness.of_all(session), *plan.alarms(session), *deliveries.of_deliveries(session)]
    since = before - EVERY if before else None
    instances = _batches(sessions, since, lambda batch: [one for one in batch if one in chosen])
    found += islice(instances, MOST)
    with transaction(sessions) as session:
        fresh, mended = soundness.keep(session, found, began)
    for one in fresh:
        _log.error("invariant.broken", rule=one.rule, instance=one.instance, subject=one.subject, text=one.text["en"])
    if mended:
        _log.info("invariant.mended", count=mended)
    return len(fresh)


def _batches(
    sessions: Sessions, since: datetime | None, opened: Callable[[Sequence[UUID]], Sequence[UUID]]
) -> Iterator[Broken]:
    after: UUID | None = None
    while True:
        with _still(sessions) as session:
            batch = soundness.batch(session, after, since)
            found = [*soundness.of_rows(session, batch), *soundness.of_states(session, opened(batch))]
        yield from found
        if len(batch) < soundness.BATCH:
            return
        after = batch[-1]


@contextmanager
def _still(sessions: Sessions) -> Iterator[Session]:
    """Open a transaction that sees the database as it is now until it ends; whoever moves meanwhile is not seen."""
    with transaction(sessions) as session:
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        yield session
