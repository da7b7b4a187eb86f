"""Files put to a task: listed with who and when, taken off by whoever put them there, seen by whom they concern."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import attachments, evidence, instances, processes, tasks, units
from engine.attachments import Adding
from engine.errors import NotAllowed, NotFound, QuotaReached, TaskClaimed, TaskClosed
from engine.evidence import File, Received, Store
from engine.identity import Actor
from engine.instances import Application
from engine.settings import Settings
from engine.tables import Event, Organisation, Task
from tests.support import files

ERRAND = Path(__file__).parents[2] / "support" / "programmes" / "errand"
People = Callable[[str], Actor]


@pytest.fixture
def store(configuration: Settings) -> Store:
    return Store.of(configuration)


@pytest.fixture
def task(session: Session) -> UUID:
    """Give the first task of an errand about a unit, which the intake desk may take."""
    units.seed(session)
    processes.deploy(session, ERRAND, "a test")
    instance = instances.start(session, None, Application("errand", "errand", "一件差事", "339921"))
    return session.scalars(select(Task.id).where(Task.instance == instance)).one()


def received(store: Store, name: str = "年鉴.pdf", content: bytes = files.pdf()) -> Received:
    return evidence.receive(store, File(name, "application/pdf", content))


def adding(store: Store, name: str = "年鉴.pdf", *, field: str | None = None, content: bytes = files.pdf()) -> Adding:
    return Adding(received(store, name, content), field, 3)


def test_a_file_is_listed_with_who_put_it_there(session: Session, store: Store, task: UUID, actor: People) -> None:
    clerk = actor("shouli")
    row = attachments.add(session, store, clerk, task, adding(store, field="values.gdp"))
    assert (row.name, row.field, row.added_by_name, row.size) == (
        "年鉴.pdf",
        "values.gdp",
        clerk.name,
        len(files.pdf()),
    )
    assert (row.here, row.removable) == (True, True)
    assert attachments.listing(session, clerk, task) == [row]
    assert attachments.content(session, clerk, row.id).digest == row.digest
    told = session.execute(select(Event.task, Event.actor, Event.data).where(Event.kind == "attachment.added")).one()
    assert tuple(told) == (task, clerk.id, {"name": "年鉴.pdf"})


def test_the_same_file_for_the_same_answer_is_put_there_once(
    session: Session, store: Store, task: UUID, actor: People
) -> None:
    clerk = actor("shouli")
    first = attachments.add(session, store, clerk, task, adding(store))
    assert attachments.add(session, store, clerk, task, adding(store, "again.pdf")).id == first.id
    assert attachments.add(session, store, clerk, task, adding(store, field="values.gdp")).id != first.id
    assert len(attachments.listing(session, clerk, task)) == 2


def test_only_whoever_put_a_file_there_takes_it_off_while_the_task_is_open(
    session: Session, store: Store, task: UUID, actor: People
) -> None:
    clerk, officer = actor("shouli"), actor("jingban")
    row = attachments.add(session, store, clerk, task, adding(store))
    kept = attachments.add(session, store, clerk, task, adding(store, content=files.pdf(2)))
    with pytest.raises(NotAllowed):
        attachments.remove(session, officer, row.id)
    with pytest.raises(NotFound):
        attachments.remove(session, actor("caizheng"), row.id)
    attachments.remove(session, clerk, row.id)
    assert [one.id for one in attachments.listing(session, clerk, task)] == [kept.id]
    with pytest.raises(NotFound):
        attachments.remove(session, clerk, row.id)
    assert store.content(row.digest) == files.pdf()
    assert session.scalars(select(Event.data).where(Event.kind == "attachment.removed")).one() == {"name": "年鉴.pdf"}
    tasks.claim(session, clerk, task)
    tasks.complete(session, clerk, task, {"words": "done"})
    with pytest.raises(TaskClosed):
        attachments.remove(session, clerk, kept.id)
    assert not attachments.content(session, clerk, kept.id).removable


def test_nobody_else_s_task_and_no_closed_one_takes_files(
    session: Session, store: Store, task: UUID, actor: People
) -> None:
    clerk = actor("shouli")
    colleague = replace(clerk, id=actor("jingban").id)
    with pytest.raises(NotFound):
        attachments.admit(session, actor("caizheng"), task)
    tasks.claim(session, clerk, task)
    attachments.admit(session, clerk, task)
    with pytest.raises(TaskClaimed):
        attachments.add(session, store, colleague, task, adding(store))
    tasks.complete(session, clerk, task, {"words": "done"})
    with pytest.raises(TaskClosed):
        attachments.add(session, store, clerk, task, adding(store))


def test_a_task_has_room_for_so_many_files(session: Session, store: Store, task: UUID, actor: People) -> None:
    clerk = actor("shouli")
    for pages in (1, 2, 3):
        attachments.add(session, store, clerk, task, adding(store, content=files.pdf(pages)))
    with pytest.raises(QuotaReached) as refused:
        attachments.add(session, store, clerk, task, adding(store, content=files.pdf(4)))
    assert "3个附件" in refused.value.facts["why"]["zh"]


def test_what_the_unit_handed_in_is_read_by_whoever_works_on_the_case(
    session: Session, store: Store, task: UUID, actor: People
) -> None:
    clerk, officer, stranger = actor("shouli"), actor("jingban"), actor("caizheng")
    session.get_one(Organisation, "prov-science").division = "339921"  # as if the desk were the unit's own
    row = attachments.add(session, store, clerk, task, adding(store))
    tasks.claim(session, clerk, task)
    tasks.complete(session, clerk, task, {"words": "done"})
    after = session.scalars(select(Task.id).where(Task.element == "read")).one()
    department = replace(stranger, memberships=frozenset({("any", "PRV_OFFICER")}), id=stranger.id)
    assert [one.here for one in attachments.listing(session, officer, after)] == [False]
    assert attachments.content(session, department, row.id).name == "年鉴.pdf"
    with pytest.raises(NotFound):
        attachments.content(session, stranger, row.id)
    assert attachments.of_case(session, stranger, row.task) == []


def test_what_the_province_puts_to_its_own_step_is_not_for_others(
    session: Session, store: Store, task: UUID, actor: People
) -> None:
    clerk = actor("shouli")
    row = attachments.add(session, store, clerk, task, adding(store))
    tasks.claim(session, clerk, task)
    tasks.complete(session, clerk, task, {"words": "done"})
    after = session.scalars(select(Task).where(Task.element == "read")).one()
    after.assignee = actor("qiming").id
    session.flush()
    agency = actor("qiming")
    assert attachments.listing(session, agency, after.id) == []
    with pytest.raises(NotFound):
        attachments.content(session, agency, row.id)
    assert [one.id for one in attachments.of_case(session, actor("tingzhang"), after.instance)] == [row.id]
