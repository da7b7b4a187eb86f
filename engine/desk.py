"""The desk: an open task, found and locked for whoever acts on it, and what must happen before it is finished."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import null, select, text, update
from sqlalchemy.orm import Session

from engine import clock, events, independence
from engine.domain.actors import Actor, Capacity
from engine.errors import (
    InstanceSuspended,
    NotAllowed,
    NotFound,
    OperationRefused,
    TaskBound,
    TaskClaimed,
    TaskClosed,
)
from engine.independence import Place
from engine.tables import Delegation, DelegationState, Instance, InstanceState, SignKind, Task, TaskState

HELD = """EXISTS (SELECT 1 FROM membership WHERE person = CAST(:actor AS uuid) AND membership.role = task.role
  AND (task.organisation IS NULL OR membership.organisation = task.organisation))"""
LENT = """task.assignee = ANY(CAST(:wholly AS uuid[]))
  OR EXISTS (SELECT 1 FROM unnest(CAST(:organisations AS text[]), CAST(:roles AS text[])) AS lent(organisation, role)
    WHERE lent.role = task.role AND (task.organisation IS NULL OR lent.organisation = task.organisation))"""
ASKED = """EXISTS (SELECT 1 FROM delegation WHERE delegation.task = task.id AND delegation.state = 'open'
    AND (delegation.owner = CAST(:actor AS uuid) OR delegation.owner = ANY(CAST(:lenders AS uuid[]))))
  OR EXISTS (SELECT 1 FROM sign WHERE sign.task = task.id AND sign.state <> 'taken_back'
    AND (sign.person = CAST(:actor AS uuid) OR sign.person = ANY(CAST(:wholly AS uuid[]))))"""
OWN = "task.assignee = CAST(:actor AS uuid) OR task.ended_by = CAST(:actor AS uuid)"
VISIBLE = f"({OWN} OR {HELD})"
VISIBLE_LENT = f"({OWN} OR {HELD} OR {LENT})"
FIND = text(
    "SELECT task.id, task.state, task.instance, task.element, task.name, task.form, task.role, task.organisation,"  # noqa: S608 - the words are ours
    " task.assignee, task.bindings, task.answers, task.answered_by, task.acted_for, instance.state AS standing,"
    " instance.deployment"
    " FROM task JOIN instance ON instance.id = task.instance"
    f" WHERE task.id = CAST(:task AS uuid) AND ({OWN} OR {HELD} OR {LENT} OR {ASKED})"
)
MARK = text(
    "UPDATE task SET bindings = (SELECT coalesce(array_agg(DISTINCT one ORDER BY one), '{}')"
    " FROM unnest(task.bindings || CAST(:add AS text[])) AS one WHERE one <> ALL(CAST(:drop AS text[])))"
    " WHERE id = CAST(:task AS uuid)"
)
HOLDERS = text(
    """SELECT person FROM delegation CROSS JOIN LATERAL unnest(ARRAY[owner, delegate, returned_by]) AS one(person)
  WHERE task = CAST(:task AS uuid) AND state = 'returned' AND person IS NOT NULL
  UNION SELECT one.person FROM sign CROSS JOIN LATERAL unnest(ARRAY[sign.person, given_by]) AS one(person)
  WHERE task = CAST(:task AS uuid) AND given_by IS NOT NULL"""
)
SIGNERS = text(
    """SELECT DISTINCT one.person FROM sign CROSS JOIN LATERAL unnest(ARRAY[sign.person, given_by]) AS one(person)
  WHERE task = CAST(:task AS uuid) AND (state <> 'taken_back' OR given_by IS NOT NULL) AND one.person IS NOT NULL"""
)
MISSING = text(
    """SELECT latest.kind, person.name FROM (SELECT DISTINCT ON (kind, person) kind, person, state, position FROM sign
    WHERE task = CAST(:task AS uuid) ORDER BY kind, person, asked_at DESC, id DESC) AS latest
  JOIN person ON person.id = latest.person
  WHERE latest.state IN ('open', 'waiting') OR latest.kind = 'before' AND latest.state = 'refused'
  ORDER BY latest.position, person.name"""
)
ADVANCE = text(
    """WITH latest AS (SELECT DISTINCT ON (person) id, state, position FROM sign
    WHERE task = CAST(:task AS uuid) AND kind = :kind ORDER BY person, asked_at DESC, id DESC)
  UPDATE sign SET state = 'open' WHERE state = 'waiting' AND id IN (SELECT id FROM latest)
  AND position = (SELECT min(position) FROM latest
    WHERE state IN ('open', 'waiting') OR :kind = 'before' AND state = 'refused')"""
)


TURNED = text(
    "UPDATE sign SET state = 'waiting' WHERE task = CAST(:task AS uuid) AND kind = 'after' AND state = 'open'"
)
ANEW = text(
    """INSERT INTO sign (id, task, kind, person, asked_by, reason, position, state, asked_at)
  SELECT gen_random_uuid(), task, kind, person, asked_by, reason, position, 'waiting', CAST(:now AS timestamptz)
  FROM (SELECT DISTINCT ON (person) * FROM sign WHERE task = CAST(:task AS uuid) AND kind = 'after'
    ORDER BY person, asked_at DESC, id DESC) AS latest WHERE state IN ('agreed', 'refused')"""
)
LONGEST_WORDS = 1_000  # characters of a reason or an opinion
Whose = tuple[str | None, str | None, UUID | None]


class Binding(StrEnum):
    """What hangs on an open task besides its answer; nothing is looked up of a task without such marks."""

    DELEGATED = "delegated"  # somebody prepares it for its owner
    PREPARED = "prepared"  # it was prepared and is back with its owner
    SIGNING = "signing"  # added signs were asked for before it is finished
    PLEDGED = "pledged"  # added signs were asked for once it is answered
    COUNTERSIGNING = "countersigning"  # it is answered, and the answers wait for those signs


@dataclass(frozen=True)
class Work:
    """An open task whose instance is locked."""

    id: UUID
    instance: UUID
    element: str
    name: str
    form: str | None
    role: str | None
    organisation: str | None
    assignee: UUID | None
    bindings: frozenset[str]
    answers: dict[str, Any] | None
    answered_by: UUID | None
    acted_for: UUID | None
    deployment: str

    @property
    def place(self) -> Place:
        """Return the step that it is."""
        return Place(self.id, self.instance, self.element, self.role)

    @property
    def whose(self) -> Whose:
        """Return the role and the organisation that it is for, and the person who has it."""
        return self.role, self.organisation, self.assignee


def lending(actor: Actor) -> dict[str, Any]:
    """Return what the queries of this room ask of whoever acts: their id, and whom they stand in for with what."""
    seats = sorted({seat for principal in actor.principals for seat in principal.memberships})
    return {
        "actor": actor.id,
        "wholly": actor.wholly,
        "lenders": [principal.person for principal in actor.principals],
        "organisations": [organisation for organisation, _ in seats],
        "roles": [role for _, role in seats],
    }


def opened(session: Session, actor: Actor, task: UUID) -> Work:
    """Lock the instance of an open task that the actor may see, and return the task as it then stands.

    Raise NotFound, TaskClosed, InstanceSuspended.
    """
    lock(session, task)
    return looked_at(session, actor, task)


def looked_at(session: Session, actor: Actor, task: UUID) -> Work:
    """Return an open task that the actor may see, without locking; raise as `opened` does."""
    found = seen(session, actor, task)
    if found.state != TaskState.OPEN:
        raise TaskClosed(task=task)
    if found.standing == InstanceState.SUSPENDED:
        raise InstanceSuspended(instance=found.instance)
    return Work(
        id=found.id,
        instance=found.instance,
        element=found.element,
        name=found.name,
        form=found.form,
        role=found.role,
        organisation=found.organisation,
        assignee=found.assignee,
        bindings=frozenset(found.bindings),
        answers=found.answers,
        answered_by=found.answered_by,
        acted_for=found.acted_for,
        deployment=found.deployment,
    )


def seen(session: Session, actor: Actor, task: UUID) -> Any:
    """Return the row of a task that the actor may see, open or done; raise NotFound."""
    found = session.connection().execute(FIND, {"task": task, **lending(actor)}).one_or_none()
    if found is None:
        raise NotFound(task=task)
    return found


def lock(session: Session, task: UUID) -> None:
    """Lock the instance of a task, so that nothing moves it meanwhile."""
    of = select(Instance.id).join(Task, Task.instance == Instance.id).where(Task.id == task)
    session.execute(of.with_for_update(of=Instance))


def capacity(actor: Actor, task: UUID, whose: Whose) -> Capacity:
    """Return in whose place the actor acts on a task; raise TaskClaimed when it is somebody else's, or NotAllowed."""
    taken = actor.capacity(*whose)
    if taken is not None:
        return taken
    raise NotAllowed(task=task) if whose[-1] is None else TaskClaimed(task=task)


def own(actor: Actor, work: Work) -> Capacity:
    """Return in whose place the actor acts on a task that is neither delegated nor answered already.

    Raise TaskClaimed, TaskBound.
    """
    taken = capacity(actor, work.id, work.whose)
    if Binding.DELEGATED in work.bindings:
        raise TaskBound(task=work.id, why=DELEGATED)
    if Binding.COUNTERSIGNING in work.bindings:
        raise TaskBound(task=work.id, why=COUNTERSIGNING)
    return taken


def settle(session: Session, bindings: Iterable[str], place: Place, who: Capacity) -> list[str]:
    """Return whose signs the answers of a task must wait for, by name, before it is finished.

    Raise TaskBound when something must happen before it is answered, SeatRefused when somebody who took part in it may
    not have.
    """
    marks, task = set(bindings), place.task
    for mark, why in ((Binding.DELEGATED, DELEGATED), (Binding.COUNTERSIGNING, COUNTERSIGNING)):
        if mark in marks:
            raise TaskBound(task=task, why=why)
    if marks.isdisjoint(Binding):
        return []
    if not signers(session, task).isdisjoint(who.people):
        raise TaskBound(task=task, why=SIGNER)
    independence.admit_all(session, holders(session, task), place)
    missing = session.execute(MISSING, {"task": task}).all()
    before = [row.name for row in missing if row.kind == "before"]
    if before:
        raise TaskBound(
            task=task, why={language: told.format(who="、".join(before)) for language, told in SIGN.items()}
        )
    return [row.name for row in missing]


def hold(session: Session, task: UUID, who: Capacity, answers: Mapping[str, Any]) -> None:
    """Keep the checked answers of a task until its signs are given, and ask for the first of them."""
    kept = {"answers": dict(answers), "answered_by": who.person, "acted_for": who.behalf, "assignee": who.holder}
    _write(session, task, kept)
    mark(session, task, add=(Binding.COUNTERSIGNING,))
    advance(session, task, SignKind.AFTER)


def advance(session: Session, task: UUID, kind: SignKind) -> None:
    """Ask for the signs of a kind whose turn has come."""
    session.connection().execute(ADVANCE, {"task": task, "kind": kind.value})


def loosen(session: Session, task: UUID) -> None:
    """Let go of what binds a task to its owner: nobody prepares it any longer, and its answers wait no longer.

    Whoever was to sign those answers is to sign the next ones, also those who have signed.
    """
    ends = update(Delegation).where(Delegation.task == task, Delegation.state == DelegationState.OPEN)
    ended = {"state": DelegationState.TAKEN_BACK, "ended_at": clock.now()}
    session.execute(ends.values(ended).execution_options(synchronize_session=False))
    _write(session, task, {"answers": null(), "answered_by": None, "acted_for": None})
    mark(session, task, drop=(Binding.DELEGATED, Binding.COUNTERSIGNING))
    session.execute(TURNED, {"task": task})
    session.execute(ANEW, {"task": task, "now": clock.now()})


def mark(session: Session, task: UUID, add: Iterable[Binding] = (), drop: Iterable[Binding] = ()) -> None:
    """Change the marks of a task."""
    given = {"task": task, "add": [one.value for one in add], "drop": [one.value for one in drop]}
    session.connection().execute(MARK, given)


def assign(session: Session, task: UUID, person: UUID | None) -> None:
    """Let a task be somebody's."""
    _write(session, task, {"assignee": person})


def holders(session: Session, task: UUID) -> set[UUID]:
    """Return who holds the seat of a task beside its owner: who let it be prepared, who prepared it, who signed."""
    return set(session.scalars(HOLDERS, {"task": task}))


def signers(session: Session, task: UUID) -> set[UUID]:
    """Return who was asked for a sign on a task and may still give it, and who gave one."""
    return set(session.scalars(SIGNERS, {"task": task}))


def happened(session: Session, kind: events.Kind, actor: Actor, work: Work, data: Mapping[str, Any]) -> None:
    """Record what somebody did to a task."""
    place = {"instance": work.instance, "task": work.id, "element": work.element, "actor": actor.id}
    events.record(session, [{"kind": kind.value, **place, "data": {"name": work.name, **data}}])


def said(words: str) -> str:
    """Return what somebody gave as a reason or an opinion; raise OperationRefused when it says nothing or too much."""
    told = words.strip()
    if not told:
        raise OperationRefused(why={"zh": "请说明原因或意见。", "en": "Give a reason or an opinion."})
    if len(told) > LONGEST_WORDS:
        raise OperationRefused(why={"zh": f"最多{LONGEST_WORDS}字。", "en": f"At most {LONGEST_WORDS} characters."})
    if "\x00" in told:
        raise OperationRefused(
            why={"zh": "文字中有无法保存的字符。", "en": "The text holds a character that cannot be kept."}
        )
    return told


def _write(session: Session, task: UUID, values: Mapping[str, Any]) -> None:
    change = update(Task).where(Task.id == task).values(**values)
    session.execute(change.execution_options(synchronize_session=False))


DELEGATED = {
    "zh": "该任务已委派他人准备，交回或收回后才能办理。",
    "en": "Somebody prepares this task for its owner; it must be handed back or taken back first.",
}
COUNTERSIGNING = {
    "zh": "该任务已提交，正在等待加签意见。",
    "en": "This task has been answered and waits for added signs.",
}
SIGNER = {
    "zh": "您已被请在该任务上加签，不能再由您办理。",
    "en": "You were asked for a sign on this task and cannot do it as well.",
}
SIGNED = {
    "zh": "此人在该任务上加签，不能再办理该任务。",
    "en": "That person signs on this task and cannot do it as well.",
}
SIGN = {"zh": "尚缺加签意见：{who}。", "en": "Added signs are missing: {who}."}
