"""A draft is one person's own: kept unchecked, never written over unseen, gone with the task."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import clock, drafts, instances, operations, processes, tables, tasks
from engine.errors import DraftNewer, NotFound, TaskClosed, TooLarge
from engine.identity import Actor
from engine.instances import Application
from engine.tables import Task

ERRAND = Path(__file__).parents[2] / "support" / "programmes" / "errand"
People = Callable[[str], Actor]


@pytest.fixture
def task(session: Session) -> UUID:
    """Give the first task of an errand, which the intake desk may take."""
    processes.deploy(session, ERRAND, "a test")
    instance = instances.start(session, None, Application("errand", "errand", "一件差事"))
    return session.scalars(select(Task.id).where(Task.instance == instance)).one()


def test_what_was_typed_is_kept_as_it_is(session: Session, task: UUID, actor: People) -> None:
    clerk = actor("shouli")
    assert drafts.load(session, clerk, task) is None
    typed = {"words": "x" * 100, "unknown": [1, {"more": None}]}
    kept = drafts.save(session, clerk, task, typed)
    assert kept == drafts.load(session, clerk, task)
    assert kept.answers == typed


def test_a_draft_is_seen_by_nobody_else(session: Session, task: UUID, actor: People) -> None:
    clerk, substitute = actor("shouli"), Actor(uuid4(), "x", "x", "zh", actor("shouli").memberships)
    drafts.save(session, clerk, task, {"words": "mine"})
    assert drafts.load(session, substitute, task) is None
    drafts.drop(session, substitute, task)
    assert drafts.load(session, clerk, task) is not None
    with pytest.raises(NotFound):
        drafts.save(session, actor("caizheng"), task, {"words": "not mine to see"})


def test_a_newer_draft_is_never_written_over(session: Session, task: UUID, actor: People) -> None:
    clerk = actor("shouli")
    first = drafts.save(session, clerk, task, {"words": "at the office"})
    clock.travel(clock.now() + timedelta(minutes=1))
    second = drafts.save(session, clerk, task, {"words": "at home"}, first.saved_at)
    for seen in (None, first.saved_at):
        with pytest.raises(DraftNewer) as newer:
            drafts.save(session, clerk, task, {"words": "at the office again"}, seen)
        assert newer.value.facts["draft"]["answers"] == {"words": "at home"}
        assert newer.value.facts["draft"]["saved_at"] == second.saved_at.isoformat()
    assert drafts.load(session, clerk, task) == second


def test_the_same_sent_twice_is_no_conflict(session: Session, task: UUID, actor: People) -> None:
    clerk = actor("shouli")
    first = drafts.save(session, clerk, task, {"words": "a"})
    clock.travel(clock.now() + timedelta(minutes=1))
    drafts.save(session, clerk, task, {"words": "b"}, first.saved_at)
    assert drafts.save(session, clerk, task, {"words": "b"}, first.saved_at).answers == {"words": "b"}
    assert drafts.save(session, clerk, task, {"words": "b"}).answers == {"words": "b"}


def test_a_draft_has_a_size(session: Session, task: UUID, actor: People) -> None:
    with pytest.raises(TooLarge) as refused:
        drafts.save(session, actor("shouli"), task, {"words": "长" * drafts.LARGEST})
    assert "256KB" in refused.value.facts["why"]["zh"]
    assert drafts.load(session, actor("shouli"), task) is None


def test_a_draft_goes_with_the_answer(session: Session, task: UUID, actor: People) -> None:
    clerk = actor("shouli")
    drafts.save(session, clerk, task, {"words": "so far"})
    tasks.claim(session, clerk, task)
    assert drafts.load(session, clerk, task) is not None
    tasks.complete(session, clerk, task, {"words": "done"})
    assert session.scalar(select(func.count()).select_from(tables.Draft)) == 0
    with pytest.raises(TaskClosed):
        drafts.save(session, clerk, task, {"words": "too late"})


def test_a_draft_goes_with_a_case_that_is_ended(session: Session, task: UUID, actor: People) -> None:
    clerk, lead = actor("shouli"), actor("tingzhang")
    drafts.save(session, clerk, task, {"words": "so far"})
    row = session.get_one(Task, task)
    operations.terminate(session, lead, row.instance, "不再需要")
    assert session.scalar(select(func.count()).select_from(tables.Draft)) == 0


def test_a_draft_can_be_thrown_away(session: Session, task: UUID, actor: People) -> None:
    clerk = actor("shouli")
    drafts.save(session, clerk, task, {"words": "so far"})
    drafts.drop(session, clerk, task)
    drafts.drop(session, clerk, task)
    assert drafts.load(session, clerk, task) is None
