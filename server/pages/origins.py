"""Why a task came to me, in words: by which role, through whom, and what they said."""

from collections.abc import Iterable
from typing import Any

from flask_babel import gettext as _

from engine.events import EventRow
from engine.inbox import TaskRow
from server.pages import labels
from server.pages.moments import stamp
from server.pages.words import pick

STOPS = "。.；; "


def reasons(row: TaskRow, happened: Iterable[EventRow]) -> list[dict[str, Any]]:
    """Return [{text, quote, at}]: the rule of the diagram first, then each hand that the task went through."""
    return [{"text": by_rule(row), "quote": "", "at": ""}, *map(_hand, (one for one in happened if one.kind in HANDS))]


def by_rule(row: TaskRow) -> str:
    """Return by which rule of the diagram a task belongs to its people."""
    if row.role is None:
        return str(_("This step was given to you by name."))
    role = labels.role(row.role)
    where = pick(row.organisation_name)
    if where:
        return str(_("This step is for the role “%(role)s” in %(where)s, which you hold.", role=role, where=where))
    return str(_("This step is for everyone who holds the role “%(role)s”.", role=role))


def _hand(event: EventRow) -> dict[str, Any]:
    text = HANDS[event.kind]
    quote = str(event.data.get("reason") or event.data.get("opinion") or "").strip()
    return {"text": text % {"who": event.actor_name or _("The system")}, "quote": quote, "at": stamp(event.at)}


HANDS: dict[str, str] = {}
