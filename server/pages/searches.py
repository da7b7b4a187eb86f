"""Searching a list: the conditions a person may set, what is set, and the filters that were kept and shared."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import g, redirect, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from engine import filters, processes
from engine.bpmn.elements import HUMAN
from engine.db import transaction
from engine.filters import Due, Keeping, Kept, Wanted
from server.auth import signed_in
from server.pages.labels import Labels
from server.pages.shell import pages, sessions
from server.pages.words import pick

OF_TASKS = frozenset({"mine", "claimable", "done"})
DEADLINES = {
    Due.OVERDUE: _("overdue"),
    Due.SOON: _("due within … working days"),
    Due.NONE: _("without a deadline"),
}


@pages.post("/tasks/filters")
@signed_in
def keep_filter() -> Response:
    """Keep the conditions of a list under a name, and show the list by them."""
    form = request.form
    wanted = filters.read(form)
    keeping = Keeping(form.get("name", ""), form.get("list", ""), wanted, form.get("shared") or None)
    with transaction(sessions()) as session:
        filters.keep(session, g.actor, keeping)
    return redirect(address(keeping.list, filters.plain(wanted)), 303)


@pages.post("/tasks/filters/<uuid:kept>/remove")
@signed_in
def remove_filter(kept: UUID) -> Response:
    """Remove a filter that I keep, and show the list that I came from."""
    with transaction(sessions()) as session:
        filters.remove(session, g.actor, kept)
    chosen = request.form.get("list", "")
    return redirect(url_for("pages.inbox", list=chosen if chosen in filters.LISTS else "mine"), 303)


def furnish(session: Session, chosen: str, wanted: Wanted, names: Labels) -> dict[str, Any]:
    """Return what the form of a list offers, what is asked in it, and the filters that were kept."""
    plain = filters.plain(wanted)
    known = filters.organisations(session, g.actor)
    programmes = _programmes(session)
    return {
        "plain": plain,
        "narrows": wanted.narrows,
        "text": wanted.text,
        "days": wanted.days,
        "since": wanted.since.isoformat() if wanted.since else "",
        "selects": [
            one for one in _selects(chosen, wanted, programmes, (names, known)) if len(one["options"]) > 1 or one["now"]
        ],
        "deadlines": _deadlines(wanted) if chosen in {"mine", "claimable"} else [],
        "kept": [_kept(one, chosen, plain) for one in filters.listing(session, g.actor)],
        "shares": [{"key": key, "label": pick(name)} for key, name in known.items()],
        "whole": url_for("pages.inbox", list=chosen),
        "count": sum(bool(getattr(wanted, name)) for name in (*filters.PLAIN[1:], "due", "since")),
    }


def address(chosen: str, plain: Mapping[str, str]) -> str:
    """Return where a list is shown as it is asked."""
    query: dict[str, Any] = {"list": chosen, **plain}
    return url_for("pages.inbox", **query)


def _programmes(session: Session) -> list[processes.Programme]:
    newest = {row.programme: row.digest for row in sorted(processes.versions(session), key=lambda row: row.number)}
    return [processes.load(session, newest[programme]) for programme in sorted(newest)]


def _selects(chosen: str, wanted: Wanted, programmes: list[processes.Programme], told: Any) -> list[dict[str, Any]]:
    names, known = told
    drawn = [(key, names.process(key)) for one in programmes for key in one.model.names]
    found = [
        _select("programme", _("Programme"), [(one.id, pick(one.name)) for one in programmes], wanted.programme),
        _select("process", _("Process"), sorted(drawn, key=lambda one: one[1]), wanted.process),
    ]
    if chosen in OF_TASKS:
        steps = _steps(programmes, names)
        of = [(key, pick(name)) for key, name in known.items()]
        found.append(_select("element", _("Step"), steps, wanted.element))
        found.append(_select("organisation", _("Organisation"), of, wanted.organisation))
    return found


def _steps(programmes: list[processes.Programme], names: Labels) -> list[tuple[str, str]]:
    every = (one for each in programmes for some in each.model.elements.values() for one in some.values())
    return sorted({(one.id, names.element(one.id)) for one in every if one.kind in HUMAN}, key=lambda one: one[1])


def _select(name: str, label: object, options: list[tuple[str, str]], now: str) -> dict[str, Any]:
    known = {key for key, _label in options}
    every = options if not now or now in known else [*options, (now, now)]
    return {"name": name, "label": label, "options": every, "now": now}


def _deadlines(wanted: Wanted) -> list[dict[str, Any]]:
    return [{"key": key.value, "label": label, "now": key is wanted.due} for key, label in DEADLINES.items()]


def _kept(one: Kept, chosen: str, plain: dict[str, str]) -> dict[str, Any]:
    shared = pick(one.organisation_name)
    told = gettext("shared with %(whom)s", whom=shared) if shared else ""
    by = gettext("by %(who)s", who=one.keeper)
    return {
        "id": one.id,
        "name": one.name,
        "href": address(one.list, one.query),
        "now": one.list == chosen and one.query == plain,
        "own": one.own,
        "told": told if one.own else by,
        "remove": url_for("pages.remove_filter", kept=one.id),
    }
