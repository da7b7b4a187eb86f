"""Where a task stands for whoever looks at it: whose it is, what they may do with it, and who signs on it."""

from collections.abc import Iterable, Sequence
from typing import Any

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy.orm import Session

from engine import handovers
from engine.actions import Action
from engine.events import EventRow, Kind
from engine.inbox import TaskRow
from engine.signs import SignRow
from server.pages.moments import stamp

SIGNED = {
    "waiting": (lazy_gettext("not yet asked"), "gray"),
    "open": (lazy_gettext("asked"), "amber"),
    "agreed": (lazy_gettext("agreed"), "green"),
    "refused": (lazy_gettext("did not agree"), "red"),
    "taken_back": (lazy_gettext("taken back"), "gray"),
}
KINDS = {"before": lazy_gettext("before it is completed"), "after": lazy_gettext("after it was answered")}
LENDING = frozenset({Kind.TASK_DELEGATED, Kind.TASK_HANDED_BACK, Kind.TASK_TAKEN_BACK, Kind.TASK_REASSIGNED})
HOLDING = frozenset({Kind.TASK_HELD, Kind.TASK_WITHDRAWN, Kind.SIGN_REFUSED, Kind.TASK_REASSIGNED})


def standing(row: TaskRow, happened: Sequence[EventRow]) -> dict[str, Any]:
    """Return {label, tone, told, act}: `act` is claim, complete or prepare, or none when nothing is to be done."""
    if row.state == "completed":
        told = _("Completed by %(who)s on %(when)s.", who=_finisher(row, happened), when=stamp(row.ended_at))
        return {"label": _("Completed"), "tone": "green", "told": told, "act": None}
    if row.state == "cancelled":
        told = _("The process no longer needs this task; nothing is to be done.")
        return {"label": _("Withdrawn"), "tone": "gray", "told": told, "act": None}
    return _open(row, happened)


def lent(happened: Iterable[EventRow]) -> bool:
    """Tell whether somebody prepares the task for its owner."""
    return _last(happened, LENDING) == Kind.TASK_DELEGATED


def lent_by_me(session: Session, row: TaskRow, happened: Sequence[EventRow]) -> list[Action]:
    """Return the offer to take a task back, to its owner while somebody prepares it."""
    if row.state != "open" or not lent(happened):
        return []
    latest = handovers.of_task(session, g.actor, row.id)[0]
    mine = g.actor.capacity(row.role, row.organisation, latest.owner) is not None
    return [Action("take-back", opinion=True)] if mine else []


def held(happened: Iterable[EventRow]) -> bool:
    """Tell whether the task is answered and its answers wait for added signs."""
    return _last(happened, HOLDING) == Kind.TASK_HELD


def signed_on(happened: Iterable[EventRow]) -> bool:
    """Tell whether anybody was ever asked for a sign."""
    return any(one.kind == Kind.SIGN_ASKED for one in happened)


def urged(happened: Iterable[EventRow]) -> bool:
    """Tell whether anybody ever asked to hurry."""
    return any(one.kind == Kind.TASK_URGED for one in happened)


def panels(row: TaskRow, happened: Iterable[EventRow]) -> list[dict[str, Any]]:
    """Return {key, title} of the panels beside the form that this task has."""
    known = [
        ("upcoming", _("Who is next"), row.state == "open"),
        ("signs", _("Added signs"), signed_on(happened)),
    ]
    return [{"key": key, "title": title} for key, title, there in known if there]


def sign_lines(rows: Iterable[SignRow], *, owner: bool) -> list[dict[str, Any]]:
    """Return the added signs as a list shows them; the owner may take back those that were not given."""
    return [_sign_line(row, owner=owner) for row in rows]


def asked_of_me(row: TaskRow, signs: Iterable[SignRow]) -> dict[str, Any] | None:
    """Return the sign that the person is asked for now, none when there is none."""
    mine = (one for one in signs if one.state == "open" and g.actor.standing_in(one.person) is not None)
    one = next(mine, None)
    if one is None or row.state != "open":
        return None
    told = _("%(who)s asks for your opinion on this task.", who=one.asked_by_name)
    if one.person != g.actor.id:
        told = _("%(who)s asks %(behalf)s, for whom you stand in.", who=one.asked_by_name, behalf=one.person_name)
    return {"id": one.id, "told": told, "reason": one.reason, "url": url_for("pages.act", task_id=row.id, key="give")}


def _last(happened: Iterable[EventRow], kinds: frozenset[Kind]) -> str | None:
    return next((one.kind for one in reversed(list(happened)) if one.kind in kinds), None)


def _finisher(row: TaskRow, happened: Sequence[EventRow]) -> str:
    names = [one.actor_name for one in happened if one.kind == Kind.TASK_COMPLETED]
    return next((name for name in reversed(names) if name), row.assignee_name or "")


def _open(row: TaskRow, happened: Sequence[EventRow]) -> dict[str, Any]:
    if row.assignee is None:
        told = _("Nobody has taken this task yet. Claim it to fill in the form.")
        return {"label": _("To claim"), "tone": "amber", "told": told, "act": "claim"}
    capacity = g.actor.capacity(row.role, row.organisation, row.assignee)
    if capacity is None:
        told = _("%(who)s has claimed this task.", who=row.assignee_name or "")
        return {"label": _("Claimed"), "tone": "gray", "told": told, "act": None}
    if lent(happened):
        told = _("Fill in what you can and hand it back with your opinion; its owner completes it.")
        return {"label": _("To prepare"), "tone": "blue", "told": told, "act": "prepare"}
    if held(happened):
        told = _("You have answered; the answers take effect once everybody asked has agreed.")
        return {"label": _("Waits for signs"), "tone": "amber", "told": told, "act": "wait"}
    return {"label": _("With you"), "tone": "blue", "told": "", "act": "complete"}


def _sign_line(row: SignRow, *, owner: bool) -> dict[str, Any]:
    label, tone = SIGNED[row.state]
    address = url_for("pages.action_dialog", task_id=row.task, key="unsign", of=row.id)
    loose = owner and row.state in {"waiting", "open", "refused"}
    who = row.person_name
    if row.given_by_name and row.given_by_name != row.person_name:
        who = _("%(who)s (for %(behalf)s)", who=row.given_by_name, behalf=row.person_name)
    return {
        "who": who,
        "state": {"label": label, "tone": tone},
        "kind": KINDS[row.kind],
        "at": stamp(row.ended_at or row.asked_at),
        "opinion": row.opinion,
        "take_back": address if loose else None,
    }
