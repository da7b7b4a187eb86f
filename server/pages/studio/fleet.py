"""Running cases for owners: where they stand as heat on the diagram, by version; a step, its cases, what to do."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from flask import g, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from engine import clock, errands, fleet, incidents
from engine.db import transaction
from engine.errands import CONFIRMED, Wish
from engine.errands.choosing import Choice
from engine.errors import ErrandRefused, OperationRefused
from engine.fleet import CaseRow, FailureRow, Filter, Measured, StepRow, TimerRow, VersionRow, standstills
from engine.tables import ErrandKind
from server import problems
from server.pages import labels
from server.pages.labels import Labels
from server.pages.moments import stamp
from server.pages.shell import pages, sessions
from server.pages.studio.errands import KINDS, line
from server.pages.studio.frame import on_bench
from server.pages.words import language, pick

REFUSED = 422
SHADES = 5
SUMS = ("tasks", "within", "late", "incidents")
CASE_STATES = {"running": (_("Running"), "green"), "suspended": (_("Paused"), "yellow")}


@pages.get("/studio/fleet")
@on_bench
def fleet_overview() -> str:
    """List the processes with the cases that run in them, the versions that stand still, and what is being done."""
    with transaction(sessions()) as session:
        found, versions = fleet.overview(session, g.actor)
        asked = errands.listing(session, g.actor)
        names = labels.read(session)
    rows = [
        {
            **vars(row),
            "name": names.process(row.process),
            "href": url_for("pages.fleet_process", programme=row.programme, process=row.process),
            "busy": row.cases or row.tasks or row.incidents,
        }
        for row in found
    ]
    return render_template(
        "studio/fleet/overview.html",
        rows=[row for row in rows if row["busy"]],
        idle=[row for row in rows if not row["busy"]],
        still=[_version(row) for row in versions if row.suspended_at],
        errands=[line(row) for row in asked],
    )


@pages.get("/studio/fleet/<programme>/<process>")
@on_bench
def fleet_process(programme: str, process: str) -> str:
    """Show where the cases of a process stand, as heat on its diagram and as a table, and its versions."""
    return _process(_wanted(programme, process))


@pages.post("/studio/fleet/<programme>/<process>/versions/<int:number>/<act>")
@on_bench
def fleet_version(programme: str, process: str, number: int, act: str) -> Response | tuple[str, int]:
    """Let a version stand still as a whole, or go on."""
    verb = standstills.suspend if act == "suspend" else standstills.resume
    try:
        with transaction(sessions()) as session:
            verb(session, g.actor, programme, number, request.form.get("reason", ""))
    except OperationRefused as refused:
        return _process(Filter(programme, process), problems.sentence(refused, language())), REFUSED
    return redirect(url_for("pages.fleet_process", programme=programme, process=process), 303)


@pages.get("/studio/fleet/<programme>/<process>/<element>")
@on_bench
def fleet_step(programme: str, process: str, element: str) -> str:
    """Show a step: the cases that stand there, what failed, which timers wait, and what can be done to them."""
    return _step(_wanted(programme, process), element)


@pages.post("/studio/fleet/<programme>/<process>/<element>")
@on_bench
def fleet_ask(programme: str, process: str, element: str) -> Response | tuple[str, int]:
    """Ask for something to be done to the chosen cases, or to all at the step."""
    wanted = _wanted(programme, process)
    try:
        with transaction(sessions()) as session:
            errand = errands.ask(session, g.actor, _wish(wanted, element))
    except (ErrandRefused, ValueError) as refused:
        told = problems.sentence(refused, language()) if isinstance(refused, ErrandRefused) else ""
        return _step(wanted, element, told or gettext("Fill in what this needs.")), REFUSED
    return redirect(url_for("pages.errand", errand=errand), 303)


def _wanted(programme: str, process: str) -> Filter:
    return Filter(programme, process, request.values.get("version", None, int))


def _wish(wanted: Filter, element: str) -> Wish:
    """Read what the form asks for; raise ValueError where it cannot be read."""
    form = request.form
    kind = ErrandKind(form.get("kind", ""))
    chosen = tuple(UUID(one) for one in form.getlist("instance")) if form.get("which") != "all" else ()
    if form.get("which") != "all" and not chosen:
        raise ErrandRefused(why={"zh": "请先勾选事项，或选择全部。", "en": "Choose cases first, or all of them."})
    choice = Choice(elements=(element,), number=wanted.number, instances=chosen)
    return Wish(wanted.programme, kind, form.get("reason", ""), choice, _data(kind))


def _data(kind: ErrandKind) -> dict[str, Any]:
    form = request.form
    if kind is ErrandKind.MOVE and form.get("place"):
        return {"place": form["place"]}
    if kind is ErrandKind.REARM and form.get("due_at"):
        moment = datetime.fromisoformat(form["due_at"]).replace(tzinfo=clock.CIVIL)
        return {"due_at": moment.isoformat()}
    if kind is ErrandKind.SETTLE:
        return {"data": dict(_pair(one) for one in form.get("given", "").splitlines() if one.strip())}
    return {}


def _pair(told: str) -> tuple[str, Any]:
    """Read a line like "name = value"; the value is a number, yes/no, a list… in JSON, or else a text."""
    name, equals, value = told.replace("＝", "=").partition("=")
    if not equals or not name.strip():
        raise ValueError(told)
    try:
        return name.strip(), orjson.loads(value)
    except orjson.JSONDecodeError:
        return name.strip(), value.strip()


def _process(wanted: Filter, refused: str = "") -> str:
    by = "days" if request.args.get("by") == "days" else "cases"
    with transaction(sessions()) as session:
        found = fleet.measure(session, g.actor, wanted)
        asked = errands.listing(session, g.actor, wanted.programme, 5)
        names = labels.read(session)
    return render_template(
        "studio/fleet/process.html",
        **_about(wanted, names),
        refused=refused,
        by=by,
        steps=[_line(step, wanted, names) for step in found.steps],
        versions=[_version(row) for row in found.versions],
        heat=_heat(found, by, names),
        errands=[line(row) for row in asked],
        sums={key: sum(getattr(step, key) for step in found.steps) for key in SUMS},
    )


def _step(wanted: Filter, element: str, refused: str = "") -> str:
    with transaction(sessions()) as session:
        found = fleet.measure(session, g.actor, wanted)
        if element not in found.elements:
            return _nothing(wanted, labels.read(session), element)
        cases = fleet.cases(session, g.actor, wanted, [element])
        failed = fleet.failures(session, g.actor, wanted, [element])
        timers = fleet.timers(session, g.actor, wanted, [element])
        names = labels.read(session)
    step = next((step for step in found.steps if step.element == element), None)
    name = names.element(element) or element
    return render_template(
        "studio/fleet/step.html",
        **_about(wanted, names),
        element=element,
        step=step,
        name=name,
        refused=refused,
        typed=request.form,
        cases=[_case(row) for row in cases],
        more=step is not None and step.cases > len(cases),
        failures=[_failure(row, name) for row in failed],
        timers=[_timer(row) for row in timers],
        kinds=_kinds(step, timers),
        places=[{"key": key, "name": names.element(key) or told} for key, told in found.places if key != element],
    )


def _nothing(wanted: Filter, names: Labels, element: str) -> str:
    """Show a step at which nothing stands any more; what was asked for it has found its cases, or there are none."""
    about = _about(wanted, names)
    return render_template("studio/fleet/step.html", **about, name=names.element(element) or element, step=None)


def _about(wanted: Filter, names: Labels) -> dict[str, Any]:
    return {
        "programme": wanted.programme,
        "process": wanted.process,
        "process_name": names.process(wanted.process),
        "number": wanted.number,
    }


def _line(step: StepRow, wanted: Filter, names: Labels) -> dict[str, Any]:
    where: dict[str, Any] = {"programme": wanted.programme, "process": wanted.process, "version": wanted.number}
    href = url_for("pages.fleet_step", element=step.element, **where)
    if step.called is not None:
        href = url_for("pages.fleet_process", **{**where, "process": step.called})
    return {**vars(step), "name": names.element(step.element) or step.name, "href": href}


def _version(row: VersionRow) -> dict[str, Any]:
    at = stamp(row.suspended_at) if row.suspended_at else ""
    return {**vars(row), "deployed": stamp(row.deployed_at), "at": at}


def _case(row: CaseRow) -> dict[str, Any]:
    label, tone = CASE_STATES[row.state]
    return {
        "id": row.instance,
        "title": row.title,
        "number": row.number,
        "where": pick(row.organisation) if row.organisation else "",
        "state": {"label": label, "tone": tone},
        "since": stamp(row.since) if row.since else "",
        "late": row.late,
        "failed": row.failed,
    }


def _failure(row: FailureRow, name: str) -> dict[str, Any]:
    told = incidents.cause(row.kind, name, row.reason)
    return {"title": row.title, "number": row.number, "cause": pick(told), "at": stamp(row.raised_at)}


def _timer(row: TimerRow) -> dict[str, Any]:
    return {"title": row.title, "number": row.number, "due": stamp(row.due_at), "given_up": row.given_up}


def _kinds(step: StepRow | None, timers: Sequence[TimerRow]) -> list[dict[str, Any]]:
    """Return what can be done here, in the order in which it is likely to be wanted."""
    failed, tasks = bool(step and step.incidents), bool(step and step.tasks)
    fitting = {ErrandKind.RETRY: failed, ErrandKind.SETTLE: failed, ErrandKind.REARM: timers, ErrandKind.URGE: tasks}
    return [
        {"key": kind.value, "label": label, "two": kind in CONFIRMED}
        for kind, label in KINDS.items()
        if fitting.get(kind, True)
    ]


def _heat(found: Measured, by: str, names: Labels) -> dict[str, Any]:
    most = max((_heat_of(step, by) for step in found.steps), default=0)
    most = max(most, SHADES)
    return {
        "xml": found.drawn.xml,
        "steps": [
            {
                "id": step.element,
                "shade": max(1, round(SHADES * _heat_of(step, by) / most)) if _heat_of(step, by) else 0,
                "days": None if step.oldest is None else gettext("%(days)s d", days=step.oldest),
                "open": step.cases + step.within,
                "late": step.late + step.incidents,
                "told": gettext(
                    "%(name)s: %(cases)s cases, %(late)s late, %(incidents)s failed",
                    name=names.element(step.element) or step.name,
                    cases=step.cases + step.within,
                    late=step.late,
                    incidents=step.incidents,
                ),
            }
            for step in found.steps
        ],
    }


def _heat_of(step: StepRow, by: str) -> int:
    return step.cases + step.within if by == "cases" else step.oldest or 0
