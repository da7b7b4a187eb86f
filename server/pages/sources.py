"""Sources (来函系统): systems that may tell us, how what they send becomes a message, and what arrived from each."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson
from flask import g, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from engine import messages
from engine.db import transaction
from engine.errors import IcityError, MessageRefused, SettingsRefused, SourceRefused
from server import auth, keyring, reading
from server.pages.moments import stamp
from server.pages.shell import pages, sessions, settings
from server.pages.words import language
from webhooks import senders, sources
from webhooks.senders import ADMINISTRATOR, Arrived
from webhooks.sources import Facts

REFUSED = 422
LEAST, PARTS = 2, 4  # of a line that describes a field
administrators = auth.needs(ADMINISTRATOR)
STATES = {
    "waiting": (_("waits for its case"), "blue"),
    "delivered": (_("handed over"), "green"),
    "parked": (_("put aside"), "amber"),
}
SAID = {"kept": _("The source was kept."), "replayed": _("It was handed over once more.")}
REASONS = (
    ("nobody waited", _("Nobody waited for it in time.")),
    ("no valid document", _("There is no valid document with this number.")),
    ("not the one that was issued", _("The sealed file is not the one that was issued.")),
    ("no opinion to give", _("The department has no opinion to give in such a case at the moment.")),
    ("register cannot read", _("The register cannot read what it says.")),
)
EMPTY = Facts({"zh": "", "en": ""}, "", "case_id", "{case_id: case_id}", 262_144, ())


@pages.get("/sources", endpoint="sources")
@administrators
def listing() -> str:
    """List the systems that may tell us, with what arrived from each in seven days."""
    with transaction(sessions()) as session:
        found = senders.listing(session, g.actor)
    rows = [
        {
            "key": one.key,
            "name": one.facts.name[language()],
            "message": one.facts.message,
            "state": {"label": _("in use"), "tone": "green"}
            if one.facts.active
            else {"label": _("switched off"), "tone": "gray"},
            **{state: one.counts.get(state, 0) for state in STATES},
        }
        for one in found
    ]
    return render_template("systems/sources.html", rows=rows)


@pages.get("/sources/new")
@administrators
def new_source() -> str:
    """Show the form of a new source."""
    return _form("", EMPTY)


@pages.get("/sources/<key>")
@administrators
def source(key: str) -> str:
    """Show how a source is read, and let me change and try it."""
    with transaction(sessions()) as session:
        facts = senders.show(session, g.actor, key)
    return _form(key, facts)


@pages.post("/sources")
@administrators
def keep_source() -> Response | str | tuple[str, int]:
    """Keep a source as the form says, or only try what it would make of a body."""
    key, given = request.form.get("key", "").strip(), _given(EMPTY)
    try:
        given = _given()
        if "try" in request.form:
            body = request.form.get("body", "").encode()
            made = senders.try_out(g.actor, key, given, body, reading.read)
            told = {"message": made.name, "correlation": made.correlation, "payload": made.payload}
            return _form(key, given, tried=orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())
        with transaction(sessions()) as session:
            senders.keep(session, g.actor, key, given)
        keyring.add(settings().var_path, key)
    except (SourceRefused, SettingsRefused, MessageRefused, ValueError) as refused:
        return _form(key, given, refused=_why(refused)), REFUSED
    return redirect(url_for("pages.source", key=key, done="kept"), 303)


@pages.post("/sources/<key>/rotate")
@administrators
def rotate_source(key: str) -> str:
    """Draw a new secret for a source, shown this once; the one before counts until the next change."""
    with transaction(sessions()) as session:
        senders.show(session, g.actor, key)
        senders.tell(session, g.actor, key, "secret")
        secret = keyring.rotate(settings().var_path, key)
    return render_template("systems/secret.html", secret=secret, back=url_for("pages.source", key=key))


@pages.get("/sources/<key>/arrivals")
@administrators
def arrivals(key: str) -> str:
    """List what arrived from a source, and what became of it."""
    with transaction(sessions()) as session:
        facts = senders.show(session, g.actor, key)
        found = senders.arrivals(session, g.actor, key, request.args.get("cursor"))
    return render_template(
        "systems/arrivals.html",
        key=key,
        name=facts.name[language()],
        rows=[_row(one) for one in found.rows],
        more=found.next,
        said=SAID.get(request.args.get("done", "")),
    )


@pages.post("/sources/<key>/arrivals/<uuid:message>/replay")
@administrators
def replay_arrival(key: str, message: UUID) -> Response:
    """Let a message that was put aside wait again, and hand it over if somebody waits."""
    try:
        with transaction(sessions()) as session:
            messages.replay(session, g.actor, message)
    except IcityError as refused:
        with transaction(sessions()) as session:
            messages.park(session, message, str(refused))
    return redirect(url_for("pages.arrivals", key=key, done="replayed"), 303)


def _form(key: str, facts: Facts, refused: str = "", tried: str = "") -> str:
    return render_template(
        "systems/source.html",
        key=key,
        known="new" not in request.path and bool(key),
        one=facts,
        lines="\n".join(map(_line, facts.fields)),
        kinds=sorted(sources.TYPES),
        schemes=sources.SCHEMES,
        refused=refused,
        tried=tried,
        body=request.form.get("body", ""),
        said=SAID.get(request.args.get("done", "")),
    )


def _given(instead: Facts | None = None) -> Facts:
    """Read what the form says; raise ValueError for a line that describes no field, unless told what stands instead."""
    form = request.form
    lines = [line for line in form.get("fields", "").splitlines() if line.strip()]
    return Facts(
        name={"zh": form.get("zh", "").strip(), "en": form.get("en", "").strip()},
        message=form.get("message", "").strip(),
        correlation=form.get("correlation", "").strip(),
        payload=form.get("payload", "").strip(),
        max_bytes=form.get("max_bytes", default=0, type=int),
        fields=instead.fields if instead else tuple(map(_field, lines)),
        scheme=form.get("scheme", sources.STANDARD),
        active="active" in form,
    )


def _field(line: str) -> dict[str, Any]:
    parts = line.split()
    if not LEAST <= len(parts) <= PARTS or parts[1] not in sources.TYPES:
        raise ValueError(gettext("This line describes no field: %(line)s", line=line[:80]))
    rest = parts[2:]
    described: dict[str, Any] = {"path": parts[0], "type": parts[1], "required": "?" not in rest}
    most = [int(part) for part in rest if part.isdigit()]
    return described | ({"max": most[0]} if most else {})


def _line(field: Mapping[str, Any]) -> str:
    parts = [field["path"], field["type"], "" if field.get("required", True) else "?", str(field.get("max", ""))]
    return " ".join(part for part in parts if part)


def _why(refused: Exception) -> str:
    if isinstance(refused, MessageRefused):
        return str(gettext("The body does not fit: %(why)s", why=refused.facts.get("reason", "")))
    if isinstance(refused, IcityError):
        return str(gettext("The source cannot be kept so. Check the key, the expressions and the size."))
    return str(refused)


def _row(one: Arrived) -> dict[str, Any]:
    label, tone = STATES[one.state]
    reason = next((text for mark, text in REASONS if mark in (one.reason or "")), _("Its case could not take it."))
    return {
        "id": one.id,
        "at": stamp(one.at),
        "sent_id": one.external_id,
        "correlation": one.correlation,
        "state": {"label": label, "tone": tone},
        "reason": reason if one.reason else "",
        "exact": one.reason or "",
        "parked": one.state == "parked",
        "case": url_for("pages.instance", case=one.instance) if one.instance else "",
    }
