"""Batches: like items claimed or answered at once, each in a transaction of its own, each with its own result.

What cannot be taken back is not done for many by accident: only a plain decision is answered for several tasks at once,
a choice between given outcomes with at most one opinion, and all of them are the same step with the same form.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from engine import inbox, processes, tasks
from engine.db import Sessions, transaction
from engine.domain.actors import Actor
from engine.domain.answers import PRESENTATION
from engine.errors import BatchRefused, IcityError
from engine.inbox import TaskRow
from engine.tables import Instance

MOST = 50
_DIFFERENT = {
    "zh": "所选任务不是同一环节、同一表单，请分别办理。",
    "en": "These tasks are not the same step with the same form; do them one by one.",
}
_NOT_PLAIN = {
    "zh": "该环节的表单不只是一项决定，请逐件办理。",
    "en": "The form of this step asks for more than a decision; do these tasks one by one.",
}
_HOW_MANY = {"zh": f"请选择1至{MOST}件。", "en": f"Choose between one and {MOST} tasks."}


class State(StrEnum):
    """What became of an item of a batch."""

    DONE = "done"  # it is done and kept
    HELD = "held"  # the answer is kept and takes effect once added signs are given
    REFUSED = "refused"  # nothing was changed, for the reason told
    UNSURE = "unsure"  # the database did not confirm it; look before doing it again


@dataclass(frozen=True)
class Outcome:
    """What became of one item; `fault` says why it was not done, `next` names the tasks that opened, or signers."""

    task: UUID
    row: TaskRow | None
    state: State
    fault: Exception | None
    next: list[str]


@dataclass(frozen=True)
class Decision:
    """A plain decision: the component that chooses, and the one that takes the opinion, if there is one."""

    choice: Mapping[str, Any]
    opinion: Mapping[str, Any] | None


@dataclass(frozen=True)
class Likes:
    """Tasks of one step with one form; `decision` is None when `why` they are not answered at once."""

    name: str
    rows: list[TaskRow]
    decision: Decision | None
    why: dict[str, str] | None


def claim(factory: Sessions, actor: Actor, chosen: Sequence[UUID]) -> list[Outcome]:
    """Claim each of the tasks; return what became of each, in their order. Raise BatchRefused for too many or none.

    Here every item is an act of its own, as if the person had done one after the other: what is done stays done.
    """
    items = _counted(chosen)
    return _each(factory, actor, items, lambda session, task: tasks.claim(session, actor, task))


def complete(factory: Sessions, actor: Actor, chosen: Sequence[UUID], answers: dict[str, Any]) -> list[Outcome]:
    """Answer each of the tasks alike; return what became of each, in their order.

    Raise BatchRefused when they are too many, not alike, or no plain decision: then none was answered.
    """
    items = _counted(chosen)
    with transaction(factory) as session:
        likes = alike(session, actor, items)
    if len(likes) > 1:
        raise BatchRefused(why=_DIFFERENT)
    for one in likes:
        if one.decision is None:
            raise BatchRefused(why=one.why)
    return _each(factory, actor, items, lambda session, task: tasks.complete(session, actor, task, answers))


def alike(session: Session, actor: Actor, chosen: Sequence[UUID]) -> list[Likes]:
    """Sort those of the tasks that the actor may see and that are open into groups that may be answered at once."""
    rows = [row for row in _rows(session, actor, chosen).values() if row.state == "open"]
    versions = select(Instance.id, Instance.deployment).where(Instance.id.in_([row.instance for row in rows]))
    digests = {one.id: one.deployment for one in session.execute(versions)} if rows else {}
    groups: dict[tuple[str, str, bytes], list[TaskRow]] = {}
    schemas: dict[tuple[str, str, bytes], Mapping[str, Any]] = {}
    for row in rows:
        schema = processes.load(session, digests[row.instance]).form(row.form) if row.form else {}
        key = (row.programme, row.element, orjson.dumps(schema, option=orjson.OPT_SORT_KEYS))
        groups.setdefault(key, []).append(row)
        schemas[key] = schema
    return [_likes(some, schemas[key]) for key, some in groups.items()]


def decision(schema: Mapping[str, Any]) -> Decision | None:
    """Return the plain decision that a form asks for; None when it asks for more, or for something else."""
    asked = [one for one in schema.get("components", ()) if one["type"] not in PRESENTATION]
    choices = [one for one in asked if one["type"] in {"radio", "select"}]
    opinions = [one for one in asked if one["type"] == "textarea"]
    if len(choices) != 1 or len(opinions) > 1 or len(asked) != len(choices) + len(opinions):
        return None
    if not _is_free(choices[0]) or any(one.get("readonly") or one.get("disabled") for one in opinions):
        return None
    return Decision(choices[0], opinions[0] if opinions else None)


def _is_free(choice: Mapping[str, Any]) -> bool:
    conditional = choice.get("conditional") or choice.get("readonly") or choice.get("disabled")
    required = (choice.get("validate") or {}).get("required")
    return bool(choice.get("values")) and bool(required) and not conditional


def _likes(rows: list[TaskRow], schema: Mapping[str, Any]) -> Likes:
    found = decision(schema)
    return Likes(rows[0].name, rows, found, None if found else _NOT_PLAIN)


def _counted(chosen: Sequence[UUID]) -> list[UUID]:
    items = list(dict.fromkeys(chosen))
    if not 1 <= len(items) <= MOST:
        raise BatchRefused(why=_HOW_MANY)
    return items


def _rows(session: Session, actor: Actor, chosen: Sequence[UUID]) -> dict[UUID, TaskRow]:
    seen = inbox.seen(session, actor, chosen)
    return {task: seen[task] for task in chosen if task in seen}


def _each(
    factory: Sessions, actor: Actor, items: Sequence[UUID], act: Callable[[Session, UUID], tasks.TaskDone | None]
) -> list[Outcome]:
    with transaction(factory) as session:
        rows = _rows(session, actor, items)
    return [_one(factory, task, rows.get(task), act) for task in items]


def _one(
    factory: Sessions, task: UUID, row: TaskRow | None, act: Callable[[Session, UUID], tasks.TaskDone | None]
) -> Outcome:
    """Do one item; only what has been committed is told as done."""
    try:
        with transaction(factory) as session:
            done = act(session, task)
    except IcityError as fault:
        return Outcome(task, row, State.REFUSED, fault, [])
    except SQLAlchemyError as fault:
        return Outcome(task, row, State.UNSURE, fault, [])
    if done is None:
        return Outcome(task, row, State.DONE, None, [])
    if done.waits_for:
        return Outcome(task, row, State.HELD, None, done.waits_for)
    return Outcome(task, row, State.DONE, None, done.next)
