"""Cases: the list, and one case with its live diagram, who has it now, what was answered and what has happened."""

import io
from typing import Any
from uuid import UUID

from flask import g, redirect, render_template, request, send_file, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response

from engine import archive, clock, copies, documents, events, files, opinions, urges
from engine import instances as cases
from engine.copies import Sending
from engine.db import transaction
from engine.errors import NotFound
from engine.events import Kind
from engine.fleet import standstills
from server.auth import needs, signed_in
from server.pages import answers, attachments, figures, labels
from server.pages.documents import brief as paper
from server.pages.moments import day, stamp
from server.pages.sentences import SENTENCES, lines
from server.pages.shell import pages, sessions, settings
from server.pages.words import pick

LIMIT = 50
CANCELLER = "PRV_LEAD"
ZIP = "application/zip"
STATES = {
    "running": (lazy_gettext("Running"), "blue"),
    "finished": (lazy_gettext("Finished"), "green"),
    "suspended": (lazy_gettext("Paused"), "yellow"),
    "cancelled": (lazy_gettext("Ended early"), "gray"),
    "terminated": (lazy_gettext("Ended at once"), "gray"),
}
LIVING = {"running", "suspended"}
# What a reader of the timeline may look for, by how the names of kinds begin.
TOPICS = {
    "tasks": (lazy_gettext("Work of people"), ("task.", "sign.", "delegation.", "urge.", "copy.")),
    "decisions": (
        lazy_gettext("Decisions and stages"),
        ("decision.", "milestone.", "title.", "unit.", "round.", "instance."),
    ),
    "documents": (lazy_gettext("Documents and figures"), ("document.", "figure", "evidence.", "attachment.", "case.")),
    "dates": (lazy_gettext("Deadlines and reminders"), ("timer.", "deadline.", "reminder.")),
}


@pages.get("/instances")
@signed_in
def instances() -> str:
    """Show the cases I may see, newest first."""
    with transaction(sessions()) as session:
        page = cases.listing(session, g.actor, request.args.get("cursor"), LIMIT)
        names = labels.read(session)
    return render_template("instances/list.html", rows=[brief(row, names) for row in page.rows], more=page.next)


@pages.get("/instances/<uuid:case>")
@signed_in
def instance(case: UUID) -> str:
    """Show a case: its open tasks, its diagram and what has happened; the rest is fetched beside it."""
    with transaction(sessions()) as session:
        view = cases.show(session, g.actor, case)
        drawn = cases.diagrams(session, g.actor, case)
        names = labels.read(session)
        told = _timeline(session, case, names)
        still = standstills.of_instance(session, case) if view.row.state == "suspended" else None
    return render_template(
        "instances/instance.html",
        still={**vars(still), "at": stamp(still.at)} if still else None,
        case={**brief(view.row, names), "number": view.number, "starter": view.started_by, "subject": view.row.subject},
        tasks=[_waiting(row) for row in view.open_tasks],
        incidents=[{"name": names.element(row["element"]), "at": stamp(row["raised_at"])} for row in view.incidents],
        diagram=_diagram(view.row.process, drawn),
        may_cancel=CANCELLER in g.actor.roles and view.row.state in LIVING,
        **told,
    )


@pages.get("/instances/<uuid:case>/timeline")
@signed_in
def instance_timeline(case: UUID) -> str:
    """Show what has happened in a case, by topic and page by page."""
    with transaction(sessions()) as session:
        view = cases.show(session, g.actor, case)
        names = labels.read(session)
        told = _timeline(session, case, names)
    return render_template("instances/timeline.html", case=brief(view.row, names), **told)


@pages.get("/instances/<uuid:case>/record")
@signed_in
def instance_record(case: UUID) -> str:
    """Show what was answered in a case, its documents, and the other cases of its unit."""
    with transaction(sessions()) as session:
        view = cases.show(session, g.actor, case)
        names = labels.read(session)
        given = opinions.given(session, g.actor, case)
        papers = documents.about(session, g.actor, case, view.row.subject)
        others = cases.about(session, g.actor, view.row.subject) if view.row.subject else []
        packed = archive.case_of(session, g.actor, case)
        files_given = attachments.of_case(session, g.actor, case)
        numbers = figures.of_case(session, g.actor, case, names.versions)
    return render_template(
        "instances/record.html",
        case=brief(view.row, names),
        opinions=[one for row in given if (one := _opinion(row))["lines"]],
        papers=[paper(row) for row in papers],
        others=[brief(row, names) for row in others if row.id != case],
        packed=packed,
        attachments=files_given,
        figures=numbers,
        most_figures=figures.MOST,
    )


@pages.get("/instances/<uuid:case>/archive.zip")
@signed_in
def instance_archive(case: UUID) -> Response:
    """Give the newest package of an archived case, to whom it may be given."""
    with transaction(sessions()) as session:
        cases.show(session, g.actor, case)
        case_id = archive.case_of(session, g.actor, case)
        if case_id is None:
            raise NotFound(instance=case)
        found = archive.package_of(session, g.actor, case_id)
    content = io.BytesIO(files.content(settings().var_path, found.package))
    return send_file(content, ZIP, as_attachment=True, download_name=f"{case_id}.zip")


@pages.post("/instances/<uuid:case>/cancel")
@needs(CANCELLER)
def cancel_instance(case: UUID) -> Response:
    """End a case early, with a reason."""
    with transaction(sessions()) as session:
        cases.cancel(session, g.actor, case, request.form.get("reason", "").strip())
    return redirect(url_for("pages.instance", case=case), 303)


@pages.post("/instances/<uuid:case>/urge")
@signed_in
def urge_in_case(case: UUID) -> Response:
    """Ask whoever has a task of a case to hurry, once a day."""
    task = request.form.get("task", type=UUID)
    if task is None:
        raise NotFound(instance=case)
    with transaction(sessions()) as session:
        urges.urge(session, g.actor, task, request.form.get("note", ""))
    return _again(case)


@pages.get("/instances/<uuid:case>/copies")
@signed_in
def copies_of_case(case: UUID) -> str:
    """Show who was told of a case, and whom one may tell of it."""
    with transaction(sessions()) as session:
        view = cases.show(session, g.actor, case)
        names = labels.read(session)
        told = copies.sent(session, g.actor, case)
        people = copies.candidates(session, g.actor)
    return render_template(
        "instances/copies.html",
        case=brief(view.row, names),
        told=[{**vars(row), "at": stamp(row.at), "read_at": stamp(row.read_at)} for row in told],
        people=[{"id": one.id, "name": one.name, "where": pick(one.organisation_name)} for one in people],
    )


@pages.post("/instances/<uuid:case>/copies")
@signed_in
def copy_case(case: UUID) -> Response:
    """Tell colleagues of a case."""
    people = request.form.getlist("people", UUID)
    with transaction(sessions()) as session:
        copies.send(session, g.actor, case, Sending(people, request.form.get("note", "")))
    return _again(case)


def brief(row: cases.InstanceRow, names: labels.Labels) -> dict[str, Any]:
    """Return a case as a list shows it."""
    label, tone = STATES[row.state]
    return {
        "id": row.id,
        "title": row.title,
        "process": names.process(row.process),
        "milestone": names.milestone(row.milestone),
        "state": {"label": label, "tone": tone},
        "started": stamp(row.started_at),
        "ended": stamp(row.ended_at),
    }


def _again(case: UUID) -> Response:
    """Let htmx show the case anew."""
    return Response(status=204, headers={"HX-Redirect": url_for("pages.instance", case=case)})


def _timeline(session: Any, case: UUID, names: labels.Labels) -> dict[str, Any]:
    """Return one page of what happened, of the topic that the address asks for."""
    topic = request.args.get("topic", "")
    begins = TOPICS[topic][1] if topic in TOPICS else ("",)
    kinds = [kind.value for kind in Kind if kind in SENTENCES and kind.value.startswith(begins)]
    found = events.latest(session, case, kinds, request.args.get("before", None, int), LIMIT + 1)
    shown = found[:LIMIT]
    return {
        "history": lines(shown, names),
        "topic": topic if topic in TOPICS else "",
        "topics": [{"key": key, "label": label} for key, (label, _begins) in TOPICS.items()],
        "earlier": shown[-1].id if len(found) > LIMIT else None,
    }


def _opinion(row: opinions.Given) -> dict[str, Any]:
    return {"name": row.name, "who": row.who, "at": stamp(row.at), "lines": answers.told(row.form, row.answers)}


def _waiting(row: dict[str, Any]) -> dict[str, Any]:
    late = row["due_at"] is not None and row["due_at"] < clock.now()
    return {
        "id": row["id"],
        "name": row["name"],
        "with": row["person"] or gettext("nobody yet"),
        "where": " ".join(filter(None, (pick(row["organisation_name"]), labels.role(row["role"])))),
        "since": day(row["created_at"]),
        "due": day(row["due_at"]),
        "late": late,
        "provisional": row["provisional"],
        "urgeable": row["urgeable"],
    }


def _diagram(first: str, drawn: list[cases.Diagram]) -> dict[str, Any]:
    return {
        "first": first,
        "processes": [
            {"id": one.process, "name": one.name, "xml": one.xml, "done": one.done, "current": one.current}
            for one in drawn
        ],
        "texts": {"open": gettext("Open")},
    }
