"""The operator that brings the decision on a draft of a programme back to it: how its approval ends."""

from typing import Any
from uuid import UUID

from marshmallow import fields
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import identity, ownership, reviewing
from engine.delegates.registry import Given, Grounds, Ledger, maybe_text, one_of, schema
from engine.errors import NotFound
from engine.tables import Person

UNENTITLED = {
    "zh": "办理人参与过编写，或者无权审定这个流程，请由其他流程审定人办理。",
    "en": "Whoever decided had a hand in the draft, or may not approve this programme; another approver must decide.",
}


def _decide(session: Session, given: Given, grounds: Grounds) -> dict[str, Any]:
    """Let a draft be approved or go back to be written on.

    `decided` is false, with a `reason` in both languages, when the person may not decide: somebody else is asked then.
    """
    if grounds.instance is None:
        raise NotFound(revision=given["revision"])
    row = reviewing.awaiting(session, given["revision"], grounds.instance)
    if grounds.actor is None or not _entitled(session, grounds.actor, row.id, row.programme):
        return {"decided": False, "reason": dict(UNENTITLED)}
    decide = reviewing.approve if given["decision"] == "approve" else reviewing.refuse
    decide(session, row, grounds.actor, given["opinion"] or "")
    return {"decided": True, "reason": None}


def _entitled(session: Session, person: UUID, revision: UUID, programme: str) -> bool:
    """Tell whether somebody may approve a programme and has no hand in the draft, nor anybody in whose place they act.

    Asked here too, after the task: whoever repairs a case could bring it here without one.
    """
    login = session.scalar(select(Person.login).where(Person.id == person))
    try:
        actor = identity.load(session, str(login))
    except NotFound:
        return False
    return ownership.may_approve(actor, programme) and not reviewing.wrote(session, revision, person)


def _rehearsed(_memory: dict[str, Any], _given: Given, _grounds: Grounds) -> dict[str, Any]:
    return {"decided": True, "reason": None}


OPERATORS = (
    Ledger(
        "decide revision",
        _decide,
        _rehearsed,
        schema(revision=fields.UUID(required=True), decision=one_of("approve", "refuse"), opinion=maybe_text(2000)),
        {"zh": "登记流程修改的审定结果", "en": "Record the decision on a draft of a programme"},
    ),
)
