"""Endpoints (接收地址): other systems that are told of what happens, how they fare, and what they were told."""

from datetime import date, datetime, time
from typing import Any

import orjson
from flask import g, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import select
from werkzeug.wrappers import Response

from engine import clock, processes
from engine.db import transaction
from engine.errors import AddressRefused, EndpointOff
from engine.tables import Organisation
from server import auth, problems
from server.pages.moments import stamp
from server.pages.shell import pages, sessions, settings
from server.pages.words import language
from webhooks import catalogue, endpoints, outbound
from webhooks.endpoints import ADMINISTRATOR, KEEPER, Standing, Told
from webhooks.outbound import Wish
from webhooks.posting import Fence
from webhooks.tables import Attempt, Endpoint

REFUSED = 422
keepers = auth.needs(ADMINISTRATOR, KEEPER)
SAID = {
    "changed": _("The endpoint was changed."),
    "on": _("The endpoint is switched on; what waited is on its way."),
    "off": _("The endpoint is switched off; it is told nothing more."),
    "tested": _("A test is on its way; it appears below in a moment."),
    "replayed": _("It is on its way again."),
}
WHY = {
    outbound.TAKEN_OFF: _("Its receiver said that it is gone (410)."),
    outbound.SPENT: _("It took nothing through a whole schedule of tries."),
}
STATES = {
    "pending": (_("on its way"), "blue"),
    "sent": (_("taken"), "green"),
    "dead": (_("given up"), "red"),
}
THEMES = {  # of kinds of event, by what stands before their dot; what is in none is said last
    _("Cases and tasks"): ("instance", "task", "sign", "loop", "milestone", "case", "substitute"),
    _("Deadlines, messages, decisions"): ("timer", "deadline", "reminder", "message", "signal", "decision"),
    _("Units, rounds, figures"): ("title", "unit", "round", "division", "figures", "figure", "calendar"),
    _("Documents and attachments"): ("document", "evidence", "attachment"),
    _("Processes and their versions"): ("programme", "version", "revision", "changeover", "errand", "incident"),
}
REST = _("The system and its people")
FAULTS = (
    ("AddressRefused", _("The address may not be reached from here.")),
    ("no answer", _("No answer within 30 seconds.")),
    ("ConnectionRefused", _("Nobody takes connections there.")),
    ("SSLCert", _("Its certificate is not trusted.")),
    ("gaierror", _("The name of the host is unknown.")),
    ("Timeout", _("It did not answer in time.")),
)


@pages.get("/endpoints", endpoint="endpoints")
@keepers
def listing() -> str:
    """List the endpoints that I keep, and let me add one."""
    return _page()


@pages.post("/endpoints")
@keepers
def make_endpoint() -> Response | str | tuple[str, int]:
    """Add an endpoint; its secret is shown this once."""
    try:
        with transaction(sessions()) as session:
            made = endpoints.make(session, g.actor, Fence.of(settings()), _wish())
    except (AddressRefused, ValueError) as refused:
        return _page(_reason(refused)), REFUSED
    return _secret(made.id, made.secrets[0])


@pages.get("/endpoints/<int:number>")
@keepers
def endpoint(number: int) -> str:
    """Show an endpoint, what it was told, and what may be done with it."""
    return _one(number)


@pages.post("/endpoints/<int:number>")
@keepers
def change_endpoint(number: int) -> Response | tuple[str, int]:
    """Change what an endpoint is told and where."""
    try:
        with transaction(sessions()) as session:
            endpoints.change(session, g.actor, Fence.of(settings()), number, _wish())
    except (AddressRefused, ValueError) as refused:
        return _one(number, _reason(refused)), REFUSED
    return _back(number, "changed")


@pages.post("/endpoints/<int:number>/rotate")
@keepers
def rotate_endpoint(number: int) -> str:
    """Draw a new secret, shown this once."""
    with transaction(sessions()) as session:
        secret = endpoints.rotate(session, g.actor, number)
    return _secret(number, secret)


@pages.post("/endpoints/<int:number>/on")
@keepers
def switch_endpoint_on(number: int) -> Response:
    """Tell an endpoint again what happens."""
    with transaction(sessions()) as session:
        endpoints.switch_on(session, g.actor, number)
    return _back(number, "on")


@pages.post("/endpoints/<int:number>/off")
@keepers
def switch_endpoint_off(number: int) -> Response:
    """Tell an endpoint nothing more."""
    with transaction(sessions()) as session:
        endpoints.switch_off(session, g.actor, number)
    return _back(number, "off")


@pages.post("/endpoints/<int:number>/test")
@keepers
def test_endpoint(number: int) -> Response | tuple[str, int]:
    """Send an endpoint a test."""
    try:
        with transaction(sessions()) as session:
            endpoints.test(session, g.actor, number)
    except EndpointOff as refused:
        return _one(number, _reason(refused)), REFUSED
    return _back(number, "tested")


@pages.post("/endpoints/<int:number>/replay")
@keepers
def replay_endpoint(number: int) -> Response | tuple[str, int]:
    """Send everything since the beginning of a day once more."""
    try:
        since = datetime.combine(date.fromisoformat(request.form.get("since", "")), time(), clock.CIVIL)
        with transaction(sessions()) as session:
            endpoints.replay_since(session, g.actor, number, since)
    except (EndpointOff, ValueError) as refused:
        return _one(number, _reason(refused)), REFUSED
    return _back(number, "replayed")


@pages.get("/deliveries/<int:number>")
@keepers
def delivery(number: int) -> str:
    """Show what a delivery says, and every try of it."""
    with transaction(sessions()) as session:
        found, said, tries = endpoints.attempts(session, g.actor, number)
        place = endpoints.show(session, g.actor, found.endpoint)
    label, tone = STATES[found.state.value]
    return render_template(
        "systems/delivery.html",
        number=number,
        said=orjson.dumps({**said, "source": settings().public_url}, option=orjson.OPT_INDENT_2).decode(),
        kind=_kind(said["type"].removeprefix("icity.")),
        message_id=found.message_id,
        state={"label": label, "tone": tone},
        place=place.endpoint,
        tries=[_try(one) for one in tries],
    )


@pages.post("/deliveries/<int:number>/replay")
@keepers
def replay_delivery(number: int) -> Response | tuple[str, int]:
    """Send a delivery once more."""
    with transaction(sessions()) as session:
        found, _said, _tries = endpoints.attempts(session, g.actor, number)
    try:
        with transaction(sessions()) as session:
            endpoints.replay(session, g.actor, number)
    except EndpointOff as refused:
        return _one(found.endpoint, _reason(refused)), REFUSED
    return _back(found.endpoint, "replayed")


@pages.get("/endpoints/events")
@keepers
def kinds_of_event() -> str:
    """List every kind of event with what it holds."""
    return render_template("systems/events.html", themes=_themes())


def _page(refused: str = "") -> str:
    with transaction(sessions()) as session:
        found = endpoints.listing(session, g.actor)
        offered = _offered(session)
    return render_template(
        "systems/endpoints.html",
        rows=[_row(one, offered["names"]) for one in found],
        refused=refused,
        typed=request.form,
        chosen=request.form.getlist("kind"),
        **offered,
    )


def _one(number: int, refused: str = "") -> str:
    with transaction(sessions()) as session:
        found = endpoints.show(session, g.actor, number)
        told = endpoints.deliveries(session, g.actor, number, request.args.get("cursor"))
        offered = _offered(session)
    one = found.endpoint
    typed = request.form or {"url": one.url, "name": one.name, "programme": one.programme, "ordered": one.ordered}
    return render_template(
        "systems/endpoint.html",
        one=_row(found, offered["names"]),
        told=[_told(row) for row in told.rows],
        more=told.next,
        refused=refused,
        said=SAID.get(request.args.get("done", "")),
        typed=typed,
        chosen=request.form.getlist("kind") or one.kinds,
        today=clock.today().isoformat(),
        **offered,
    )


def _secret(number: int, secret: str) -> str:
    return render_template("systems/secret.html", number=number, secret=secret)


def _back(number: int, done: str) -> Response:
    return redirect(url_for("pages.endpoint", number=number, done=done), 303)


def _wish() -> Wish:
    """Read what the form says; raise ValueError where no kind of event is chosen."""
    form = request.form
    kinds = form.getlist("kind")
    if not kinds or not set(kinds) <= catalogue.entries().keys():
        raise ValueError(gettext("Choose at least one kind of event."))
    return Wish(
        url=form.get("url", "").strip(),
        kinds=kinds,
        programme=form.get("programme") or None,
        organisation=form.get("organisation") or None,
        name=form.get("name", "").strip()[: endpoints.LONGEST_NAME],
        ordered="ordered" in form,
    )


def _reason(refused: Exception) -> str:
    if isinstance(refused, AddressRefused | EndpointOff):
        return problems.sentence(refused, language())
    return str(refused) if request.form.get("url") is not None else gettext("Choose a day.")


def _offered(session: Any) -> dict[str, Any]:
    """Return what the form offers: organisations, programmes and kinds of event."""
    rows = session.execute(select(Organisation.id, Organisation.name).order_by(Organisation.id))
    names = {row.id: row.name[language()] for row in rows}
    everybody = ADMINISTRATOR in g.actor.roles
    own = names if everybody else {key: names[key] for key in endpoints.organisations(g.actor)}
    return {
        "names": names,
        "organisations": [{"key": key, "name": name} for key, name in own.items()],
        "everybody": everybody,
        "programmes": [
            {"key": key, "name": processes.latest(session, key).name[language()]}
            for key in sorted({one.programme for one in processes.versions(session)})
        ],
        "themes": _themes(),
    }


def _themes() -> list[dict[str, Any]]:
    """Return the kinds of event by what they are about."""
    theme_of = {prefix: theme for theme, prefixes in THEMES.items() for prefix in prefixes}
    found: dict[Any, list[dict[str, Any]]] = {theme: [] for theme in (*THEMES, REST)}
    for one in catalogue.entries().values():
        fields = sorted(one.schema["properties"]["data"]["properties"])
        kind = {"key": one.kind, "name": one.name[language()], "fields": fields}
        found[theme_of.get(one.kind.partition(".")[0], REST)].append(kind)
    return [{"name": theme, "kinds": kinds} for theme, kinds in found.items()]


def _row(standing: Standing, names: dict[str, str]) -> dict[str, Any]:
    one = standing.endpoint
    return {
        "id": one.id,
        "name": one.name or one.url,
        "url": one.url,
        "whose": names.get(one.organisation or "", gettext("this installation")),
        "state": _state(one),
        "why": WHY.get(one.disabled_why or "", ""),
        "active": one.active,
        "waiting": standing.waiting,
        "sent": standing.sent,
        "dead": standing.dead,
        "succeeded": stamp(one.succeeded_at),
        "overlap": stamp(one.overlap_until) if one.overlap_until and one.overlap_until > clock.now() else "",
    }


def _state(one: Endpoint) -> dict[str, Any]:
    if not one.active:
        return {"label": _("switched off"), "tone": "red" if one.disabled_why else "gray"}
    if one.failures:
        return {"label": _("does not answer"), "tone": "amber"}
    return {"label": _("in use"), "tone": "green"}


def _told(row: Told) -> dict[str, Any]:
    label, tone = STATES[row.state]
    return {
        "id": row.id,
        "kind": _kind(row.kind),
        "at": stamp(row.happened_at),
        "tries": row.tries,
        "state": {"label": label, "tone": tone},
        "next": stamp(row.next_at) if row.state == "pending" and row.tries else "",
    }


def _try(one: Attempt) -> dict[str, Any]:
    fault = next((text for mark, text in FAULTS if mark in (one.error or "")), gettext("The connection failed."))
    return {
        "at": stamp(one.at),
        "status": one.status,
        "good": one.status is not None and one.status // 100 == 2,  # noqa: PLR2004 - 2xx
        "fault": fault if one.error else "",
        "error": one.error or "",
        "milliseconds": one.milliseconds,
        "answer": one.answer or "",
    }


def _kind(kind: str) -> str:
    known = catalogue.entries().get(kind)
    return known.name[language()] if known else kind
