"""From draft to version: handed in, looked at by somebody who did not write it, and deployed exactly as approved.

The approval is a case of the shipped programme `studio`; its service task brings the decision back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import clock, ownership, processes, reviewing, runtime, tasks
from engine.errors import InstanceEnded, NotAllowed, NotFound, RevisionRefused, SeatRefused, TaskClosed
from engine.identity import Actor
from engine.processes import Deployed
from engine.reviewing import Step
from engine.revisions import checking
from engine.revisions.finding import STANDING, expect, locked, seen
from engine.revisions.writing import drawn, newest, under
from engine.runtime import Opening
from engine.tables import Person, Revision, RevisionAuthor, RevisionState, Task, TaskState

PROGRAMME, PROCESS, STEP = "studio", "revision_approval", "approve_revision"
TOLD = 20  # differences that the form of an approval shows
OWN = {
    "zh": "您参与过这份修改稿的编写，不能审定，请由他人审定。",
    "en": "Your hand is in this draft; somebody else approves it.",
}
WHY = {"zh": "请写明退回理由。", "en": "Say why it is refused."}


@dataclass(frozen=True)
class Act:
    """What somebody decides on a draft, in the words of the approval's form."""

    decision: str
    opinion: str


def submit(session: Session, actor: Actor, revision: UUID) -> UUID:
    """Hand a draft in for approval; return the case of its approval.

    Raise NotFound, NotAllowed, or RevisionRefused: it changes nothing, says not why, is old, has errors, or a scenario
    of it fails.
    """
    checking.played(drawn(session, seen(session, actor, revision)))  # takes seconds, so not while others wait
    row = locked(session, actor, revision)
    expect(row, RevisionState.DRAFT)
    files = drawn(session, row)
    checking.refuse(checking.drafted(session, row, files), row)
    checking.refuse(checking.sound(checking.found(row.programme, files)), row)
    checking.refuse(checking.played(files), row)
    told = checking.words(under(session, row), files)
    row.state, row.submitted_by, row.submitted_at = RevisionState.SUBMITTED, actor.id, clock.now()
    row.digest = processes.digest_of(files)
    row.decided_by = row.decided_at = row.opinion = None
    session.flush()
    row.instance = _ask(session, actor, row, told)
    step = Step("revision.submitted", actor.id, row.reason, told, _behalf(actor, row))
    reviewing.remember(session, row, step)
    return row.instance


def take_back(session: Session, actor: Actor, revision: UUID, reason: str) -> None:
    """Take a draft back to be written on, also an approved one; raise NotFound, NotAllowed, RevisionRefused."""
    row = _closed_case(session, actor, revision, reason)
    expect(row, RevisionState.SUBMITTED, RevisionState.APPROVED)
    row.state = RevisionState.DRAFT
    reviewing.remember(session, row, Step("revision.taken_back", actor.id, reason, behalf=_behalf(actor, row)))
    row.instance = row.digest = None
    session.flush()


def withdraw(session: Session, actor: Actor, revision: UUID, reason: str) -> None:
    """Give a draft up for good; what was written stays to be read. Raise NotFound, NotAllowed, RevisionRefused."""
    row = _closed_case(session, actor, revision, reason)
    expect(row, RevisionState.DRAFT, RevisionState.SUBMITTED, RevisionState.APPROVED)
    row.state, row.closed_at, row.closed_by = RevisionState.WITHDRAWN, clock.now(), actor.id
    reviewing.remember(session, row, Step("revision.withdrawn", actor.id, reason, behalf=_behalf(actor, row)))
    session.flush()


def approve(session: Session, actor: Actor, revision: UUID, opinion: str = "") -> None:
    """Let a draft that somebody else wrote become a version; raise as `refuse` does."""
    _decide(session, actor, revision, Act("approve", opinion))


def refuse(session: Session, actor: Actor, revision: UUID, reason: str) -> None:
    """Send a draft back to those who wrote it.

    Raise NotFound, NotAllowed, SeatRefused to those who wrote on it, TaskClaimed while another approver has it, and
    RevisionRefused when it is not handed in, or no reason is given.
    """
    if not reason.strip():
        raise RevisionRefused(why=WHY, revision=revision)
    _decide(session, actor, revision, Act("refuse", reason))


def deploy(session: Session, actor: Actor, revision: UUID) -> Deployed:
    """Make an approved draft the newest version of its programme, exactly as it was approved.

    Raise NotFound, NotAllowed, ModelRefused, or RevisionRefused: not approved, old, or what a rehearsal misses.
    """
    checking.played(drawn(session, seen(session, actor, revision)))
    row = locked(session, actor, revision)
    expect(row, RevisionState.APPROVED)
    processes.hold(session, row.programme)
    files = drawn(session, row)
    if newest(session, row.programme) != row.base:
        zh = "审定之后已部署了新版本；请撤回修改稿，更新到最新版本后重新提交。"
        en = "Another version was deployed meanwhile; take the draft back, bring it up to date and hand it in again."
        raise RevisionRefused(why={"zh": zh, "en": en}, revision=revision)
    if processes.digest_of(files) != row.digest:
        zh, en = "内容与审定时不一致，不能部署。", "It is not what was approved."
        raise RevisionRefused(why={"zh": zh, "en": en}, revision=revision)
    checking.refuse(checking.sound(checking.found(row.programme, files)), row)
    checking.refuse(checking.rehearsed(session, row, files), row)
    made = processes.deploy_files(session, files, actor.name)
    row.state, row.deployment = RevisionState.DEPLOYED, made.digest
    row.closed_at, row.closed_by = clock.now(), actor.id
    told = checking.words(under(session, row), files)
    step = Step("revision.deployed", actor.id, f"{made.number}", told, _behalf(actor, row))
    reviewing.remember(session, row, step)
    session.flush()
    return made


def _ask(session: Session, actor: Actor, row: Revision, told: list[dict[str, Any]]) -> UUID:
    """Start the case of an approval; return its instance."""
    programme = processes.latest(session, PROGRAMME)
    names = processes.load(session, row.base).name if row.base is not None else {"zh": row.programme}
    authors = select(Person.name).join(RevisionAuthor, RevisionAuthor.person == Person.id)
    hands = session.scalars(authors.where(RevisionAuthor.revision == row.id).order_by(Person.name))
    changes = [f"{one['path']}：{one['zh']}" for one in told[:TOLD]]
    more = len(told) - len(changes)
    data = {
        "revision": str(row.id),
        "programme": row.programme,
        "programme_name": names["zh"],
        "heading": row.title,
        "reason": row.reason,
        "authors": "、".join(hands),
        "changes": "\n".join(f"- {one}" for one in changes) + (f"\n- ……另有 {more} 处" if more > 0 else ""),
    }
    seat = next((where for where, role in sorted(actor.memberships) if role in ownership.editors(row.programme)), None)
    opening = Opening(PROCESS, f"流程修改审定：{row.title}", None, seat, actor.id)
    return runtime.start(session, programme, opening, data)


def _decide(session: Session, actor: Actor, revision: UUID, act: Act) -> None:
    """Finish the task of an approval as its page would; its operator writes the decision down, with the case locked."""
    row = seen(session, actor, revision)
    expect(row, RevisionState.SUBMITTED)
    ownership.must_approve(actor, row.programme)
    if reviewing.wrote(session, row.id, actor.id):
        raise SeatRefused(why=OWN, revision=revision)
    query = select(Task.id).where(Task.instance == row.instance, Task.element == STEP, Task.state == TaskState.OPEN)
    task = session.scalar(query)
    if task is None:
        zh, en = (
            "审定事项已被终止；请由流程负责人撤回后重新提交。",
            "The approval was ended; an owner must hand it in again.",
        )
        raise RevisionRefused(why={"zh": zh, "en": en}, revision=revision)
    try:
        tasks.complete(session, actor, task, _answers(act))
    except NotFound:
        raise NotAllowed(revision=revision) from None
    except (InstanceEnded, TaskClosed) as fault:  # somebody else decided meanwhile
        session.refresh(row)
        raise RevisionRefused(why=dict(STANDING[row.state]), revision=revision) from fault
    session.refresh(row)
    if row.state is RevisionState.SUBMITTED:  # the operator found that they may not
        raise NotAllowed(revision=revision)


def _answers(act: Act) -> dict[str, Any]:
    return {"decision": act.decision, ("reason" if act.decision == "refuse" else "opinion"): act.opinion.strip()}


def _closed_case(session: Session, actor: Actor, revision: UUID, reason: str) -> Revision:
    """Lock a draft and end the case of its approval, if one runs; the case first, as whoever decides locks it."""
    instance = seen(session, actor, revision).instance
    row = None
    if instance is not None:
        try:
            with runtime.standing(session, instance) as running:
                row = locked(session, actor, revision)
                if row.instance == instance:
                    running.acts(actor.id)
                    running.cancel(reason)
        except InstanceEnded:
            row = None
    return row or locked(session, actor, revision)


def _behalf(actor: Actor, row: Revision) -> Mapping[str, Any]:
    return actor.told(ownership.editors(row.programme))
