"""Why a task came to me, in words: by which role, in whose place, through whose hands, and what they said."""

from collections.abc import Iterable, Mapping
from typing import Any

from flask import g
from flask_babel import gettext
from flask_babel import lazy_gettext as _

from engine.events import EventRow, Kind
from engine.inbox import TaskRow
from engine.rejections import RejectionRow
from server.pages import labels
from server.pages.moments import stamp
from server.pages.words import pick

HANDS = {
    Kind.TASK_REASSIGNED: _("%(who)s gave it to somebody else to do."),
    Kind.TASK_TRANSFERRED: _("%(who)s transferred it to %(to)s."),
    Kind.TASK_DELEGATED: _("%(who)s delegated it to %(to)s, who prepares it and gives it back."),
    Kind.TASK_HANDED_BACK: _("%(who)s prepared it and gave it back to %(to)s."),
    Kind.TASK_TAKEN_BACK: _("%(who)s took it back before it was prepared."),
    Kind.TASK_HELD: _("%(who)s has answered it; the answers wait for added signs."),
    Kind.SIGN_REFUSED: _("%(who)s did not agree."),
    Kind.TASK_URGED: _("%(who)s urges you to do it soon."),
}


def reasons(row: TaskRow, happened: Iterable[EventRow], returned: RejectionRow | None) -> list[dict[str, Any]]:
    """Return [{text, quote, at, tone}]: the rule first, then why it came back, then each hand it went through."""
    back = [_return(returned)] if returned is not None else []
    return [_line(by_rule(row)), *_in_place(row), *back, *(_hand(one) for one in happened if one.kind in HANDS)]


def by_rule(row: TaskRow) -> str:
    """Return by which rule of the diagram a task belongs to its people."""
    if row.role is None:
        return str(gettext("This step was given to one person by name."))
    role, where = labels.role(row.role), pick(row.organisation_name)
    mine = any(one == row.role and row.organisation in {None, place} for place, one in g.actor.memberships)
    if where and mine:
        told = gettext("This step is for the role “%(role)s” in %(where)s, which you hold.", role=role, where=where)
        return str(told)
    if where:
        return str(gettext("This step is for the role “%(role)s” in %(where)s.", role=role, where=where))
    return str(gettext("This step is for everyone who holds the role “%(role)s”.", role=role))


def _in_place(row: TaskRow) -> list[dict[str, Any]]:
    capacity = g.actor.capacity(row.role, row.organisation, row.assignee) if row.state == "open" else None
    if capacity is None or capacity.principal is None:
        return []
    return [_line(gettext("You stand in for %(who)s, who let you act in their place.", who=capacity.principal.name))]


def _return(row: RejectionRow) -> dict[str, Any]:
    facts = {"who": row.sender, "step": row.source_name, "attempt": row.attempt}
    text = gettext("%(who)s sent it back from “%(step)s” (return %(attempt)s).", **facts)
    return {**_line(text), "quote": row.reason, "at": stamp(row.at), "tone": "red"}


def _hand(event: EventRow) -> dict[str, Any]:
    facts = {"who": _who(event), "to": _named(event.data.get("to"))}
    quote = str(event.data.get("reason") or event.data.get("opinion") or event.data.get("note") or "").strip()
    tone = "amber" if event.kind in {Kind.TASK_URGED, Kind.SIGN_REFUSED} else ""
    text = str(HANDS[Kind(event.kind)]) % facts
    return {**_line(text), "quote": quote, "at": stamp(event.at), "tone": tone}


def _who(event: EventRow) -> str:
    """Return who did it; a substitute is named with whom they stood in for."""
    name, behalf = event.actor_name or gettext("The system"), _named(event.data.get("for"))
    return str(gettext("%(who)s (for %(behalf)s)", who=name, behalf=behalf) if behalf else name)


def _named(told: Any) -> str:
    return str(told.get("name") or "") if isinstance(told, Mapping) else ""


def _line(text: str) -> dict[str, Any]:
    return {"text": text, "quote": "", "at": "", "tone": ""}
