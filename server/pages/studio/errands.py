"""What owners have done to many cases: how far it is, what became of each, and the second person's word."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import g, redirect, render_template, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound as NoPage
from werkzeug.wrappers import Response

from engine import errands, errors
from engine.db import transaction
from engine.errands import CONFIRMED, ErrandRow, ItemRow
from engine.errors import ErrandRefused, IcityError
from engine.identity import Actor
from engine.tables import ErrandKind, ErrandState, ItemState
from server import problems
from server.pages import labels
from server.pages.labels import Labels
from server.pages.moments import stamp
from server.pages.shell import pages, sessions
from server.pages.studio.frame import on_bench
from server.pages.words import language

REFUSED = 422
KINDS: dict[ErrandKind, object] = {
    ErrandKind.RETRY: _("Try again what failed"),
    ErrandKind.URGE: _("Ask to hurry"),
    ErrandKind.SETTLE: _("Let a failed step count as done"),
    ErrandKind.REARM: _("Set the timer to another moment"),
    ErrandKind.MOVE: _("Move to another step"),
    ErrandKind.SUSPEND: _("Pause the cases"),
    ErrandKind.RESUME: _("Let paused cases go on"),
    ErrandKind.END: _("End the cases at once"),
}
STATES: dict[ErrandState, tuple[object, str]] = {
    ErrandState.ASKED: (_("Waits for a second person"), "amber"),
    ErrandState.RUNNING: (_("Being done"), "blue"),
    ErrandState.STOPPED: (_("Stopped"), "yellow"),
    ErrandState.DONE: (_("All dealt with"), "green"),
    ErrandState.REFUSED: (_("Turned down"), "red"),
    ErrandState.WITHDRAWN: (_("Taken back"), "gray"),
}
ITEMS: dict[ItemState, tuple[object, str]] = {
    ItemState.WAITING: (_("Not yet"), "gray"),
    ItemState.DONE: (_("Done"), "green"),
    ItemState.AGAIN: (_("Tried, failed again"), "red"),
    ItemState.OVERTAKEN: (_("Nothing left to do"), "gray"),
    ItemState.REFUSED: (_("Not done"), "red"),
}
ACTS: dict[str, Callable[[Session, Actor, UUID], None]] = {
    "confirm": errands.confirm,
    "refuse": errands.refuse,
    "stop": errands.stop,
    "go-on": errands.go_on,
    "withdraw": errands.withdraw,
}


@pages.get("/studio/fleet/errands/<uuid:errand>")
@on_bench
def errand(errand: UUID) -> str:
    """Show how far an errand is and what became of each case."""
    return _page(errand)


@pages.post("/studio/fleet/errands/<uuid:errand>/<act>")
@on_bench
def answer_errand(errand: UUID, act: str) -> Response | tuple[str, int]:
    """Confirm or refuse an errand, stop it, let it go on, or take it back."""
    if act not in ACTS:
        raise NoPage
    try:
        with transaction(sessions()) as session:
            ACTS[act](session, g.actor, errand)
    except ErrandRefused as refused:
        return _page(errand, problems.sentence(refused, language())), REFUSED
    return redirect(url_for("pages.errand", errand=errand), 303)


def line(row: ErrandRow) -> dict[str, Any]:
    """Return an errand as a list shows it."""
    label, tone = STATES[row.state]
    finished = row.total - row.left
    return {
        "href": url_for("pages.errand", errand=row.id),
        "name": KINDS[row.kind],
        "reason": row.reason,
        "state": {"label": label, "tone": tone},
        "who": row.asked_name,
        "at": stamp(row.asked_at),
        "done": finished,
        "total": row.total,
        "waits": row.state is ErrandState.ASKED and errands.may_answer(g.actor, row.asked_by),
    }


def _page(errand: UUID, refused: str = "") -> str:
    with transaction(sessions()) as session:
        row = errands.show(session, g.actor, errand)
        items = errands.items(session, g.actor, errand)
        names = labels.read(session)
    return render_template(
        "studio/fleet/errand.html",
        id=row.id,
        row=line(row),
        refused=refused,
        two=row.kind in CONFIRMED,
        answered=row.answered_name,
        answered_at=stamp(row.answered_at) if row.answered_at else "",
        details=_details(row, names),
        counts=[{"label": ITEMS[state][0], "count": row.counts[state]} for state in ITEMS if row.counts.get(state)],
        live=row.state is ErrandState.RUNNING,
        acts=_acts(row),
        items=[_item(one, names) for one in items],
        more=row.total > len(items),
    )


def _details(row: ErrandRow, names: Labels) -> list[tuple[str, str]]:
    """Return in words what exactly is to be done, so that the second person knows what they confirm."""
    if "place" in row.data:
        return [(gettext("To the step"), names.element(row.data["place"]) or row.data["place"])]
    if "due_at" in row.data:
        return [(gettext("New moment"), row.data["due_at"][:16].replace("T", " "))]
    return [(str(name), str(value)) for name, value in row.data.get("data", {}).items()]


def _acts(row: ErrandRow) -> dict[str, bool]:
    mine = row.asked_by == g.actor.id
    return {
        "confirm": row.state is ErrandState.ASKED and errands.may_answer(g.actor, row.asked_by),
        "wait": row.state is ErrandState.ASKED and not errands.may_answer(g.actor, row.asked_by),
        "stop": row.state is ErrandState.RUNNING,
        "go_on": row.state is ErrandState.STOPPED,
        "withdraw": mine and row.state in {ErrandState.ASKED, ErrandState.STOPPED},
    }


def _item(one: ItemRow, names: Labels) -> dict[str, Any]:
    label, tone = ITEMS[one.state]
    kind = getattr(errors, one.fault, IcityError) if one.fault else None
    return {
        "position": one.position,
        "title": one.title,
        "element": names.element(one.element) if one.element else "",
        "state": {"label": label, "tone": tone},
        "told": problems.sentence(kind(why=one.why or {}), language()) if kind else "",
    }
