"""The seats of a step that several answer together: who has a seat, and what they said."""

from typing import Any

from flask import g, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _

from engine.inbox import TaskRow
from engine.runtime import OPERATORS
from engine.seats import Seat
from server.pages.moments import stamp
from server.pages.words import pick

STATES = {
    "waiting": (_("not yet asked"), "gray"),
    "open": (_("to be answered"), "amber"),
    "given": (_("answered"), "green"),
}


def line(seat: Seat, row: TaskRow, *, hidden: bool, may: bool) -> dict[str, Any]:
    """Return a seat as the matrix shows it; `hidden`: only one's own answer is told, `may`: it can be taken away."""
    label, tone = STATES[seat.state]
    told = not hidden or seat.task == row.id or seat.organisation in g.actor.organisations
    return {
        "organisation": pick(seat.organisation_name),
        "who": seat.who or gettext("nobody yet"),
        "state": {"label": label, "tone": tone},
        "outcome": (seat.outcome if told else gettext("sealed")) if seat.outcome else "",
        "at": stamp(seat.at),
        "unseat": _address(seat, row) if may and _removable(seat, row) else None,
    }


def _removable(seat: Seat, row: TaskRow) -> bool:
    """Tell whether a seat is open and one's own, not yet asked, or open and within reach of who keeps the service."""
    own = seat.task == row.id or bool(g.actor.roles & OPERATORS)
    return seat.state == "waiting" or (seat.state == "open" and own)


def _address(seat: Seat, row: TaskRow) -> str:
    about = {"of": seat.task} if seat.task is not None else {"position": seat.position}
    return url_for("pages.action_dialog", task_id=row.id, key="unseat", **about)
