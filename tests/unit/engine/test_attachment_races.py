"""Files of a task while somebody finishes it: nothing is put there or taken off behind a finished step's back."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, text

from engine import attachments, evidence, identity, instances, processes, tasks, units
from engine.attachments import Adding
from engine.db import Sessions, transaction
from engine.errors import QuotaReached, TaskClosed
from engine.evidence import File, Store
from engine.instances import Application
from engine.settings import Settings
from engine.tables import Attachment, Task
from tests.support import files

ERRAND = Path(__file__).parents[2] / "support" / "programmes" / "errand"
WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")


@pytest.fixture
def store(configuration: Settings) -> Store:
    return Store.of(configuration)


@pytest.fixture
def task(sessions: Sessions) -> UUID:
    """Give the first task of an errand, which is committed."""
    with transaction(sessions) as session:
        units.seed(session)
        processes.deploy(session, ERRAND, "a test")
        instance = instances.start(session, None, Application("errand", "errand", "一件差事", "339921"))
        return session.scalars(select(Task.id).where(Task.instance == instance)).one()


def adding(store: Store, content: bytes, most: int = 5) -> Adding:
    return Adding(evidence.receive(store, File("a.pdf", "application/pdf", content)), None, most)


def do(sessions: Sessions, verb: Callable[..., Any], *args: Any) -> Any:
    """Do a verb as the intake clerk; those of attachments take the store before them."""
    with transaction(sessions) as session:
        clerk = identity.load(session, "shouli")
        return verb(session, clerk, *args) if verb is not attachments.add else verb(session, args[0], clerk, *args[1:])


def waits(sessions: Sessions) -> bool:
    """Tell whether anybody waits for a lock; asked in a transaction of its own, whose answer is not kept."""
    with transaction(sessions) as session:
        return bool(session.scalar(WAITING))


def meanwhile(sessions: Sessions, first: Callable[..., Any], then: Callable[..., Any]) -> Future[Any]:
    """Begin `then` after `first` has been done and before it is committed; wait until it waits, and commit."""
    with ThreadPoolExecutor(1) as pool:
        with transaction(sessions) as session:
            first(session, identity.load(session, "shouli"))
            begun = pool.submit(then)
            while not begun.done() and not waits(sessions):
                pass
        return begun


def test_what_is_finished_meanwhile_takes_no_file_and_gives_none_away(
    sessions: Sessions, store: Store, task: UUID
) -> None:
    kept = do(sessions, attachments.add, store, task, adding(store, files.pdf()))
    one, two = adding(store, files.pdf(2)), kept.id
    put = meanwhile(
        sessions,
        lambda session, clerk: tasks.claim(session, clerk, task),
        lambda: do(sessions, attachments.add, store, task, one),
    )
    assert put.result().here
    off = meanwhile(
        sessions,
        lambda session, clerk: tasks.complete(session, clerk, task, {"words": "done"}),
        lambda: do(sessions, attachments.remove, two),
    )
    with pytest.raises(TaskClosed):
        off.result()


def test_a_task_gets_no_more_files_than_it_may_have_from_two_windows(
    sessions: Sessions, store: Store, task: UUID
) -> None:
    one, two = adding(store, files.pdf(), 1), adding(store, files.pdf(2), 1)
    late = meanwhile(
        sessions,
        lambda session, clerk: attachments.add(session, store, clerk, task, one),
        lambda: do(sessions, attachments.add, store, task, two),
    )
    with pytest.raises(QuotaReached):
        late.result()
    with transaction(sessions) as session:
        assert session.scalar(select(func.count()).select_from(Attachment)) == 1
