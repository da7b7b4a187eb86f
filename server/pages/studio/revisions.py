"""A draft: how far it is on its way to being a version, its files and findings, and what may be done with it now."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from flask import current_app, g, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from engine import library, ownership, revisions
from engine.db import transaction
from engine.errors import BatchRefused, ModelRefused, RevisionRefused, SeatRefused, TaskClaimed, TaskClosed
from engine.revisions import FileRow, Gate, RevisionRow, StepRow, Track
from engine.tables import RevisionState
from server import problems
from server.pages.moments import stamp
from server.pages.shell import pages, sessions
from server.pages.studio import frame
from server.pages.studio.files import finding
from server.pages.studio.frame import on_bench
from server.pages.words import language, pick

REFUSED = 422
REFUSALS = (RevisionRefused, ModelRefused, SeatRefused, TaskClaimed, TaskClosed, BatchRefused)
MOST_FINDINGS = 200
MOST_DIFFERENCES = 200
GATES = {
    Gate.DRAFT: (_("Write"), _("Something is changed, and the reason is given.")),
    Gate.CHECK: (_("Check"), _("Nothing found keeps it from running.")),
    Gate.REHEARSE: (_("Rehearse"), _("Scenarios hold, and running cases were tried on it.")),
    Gate.APPROVE: (_("Approve"), _("Somebody who did not write it agreed.")),
    Gate.DEPLOY: (_("Deploy"), _("It is a version now.")),
}
STEPS = {
    "revision.begun": _("began the draft"),
    "revision.saved": _("changed files"),
    "revision.imported": _("took files in"),
    "revision.updated": _("brought it up to date"),
    "revision.submitted": _("handed it in for approval"),
    "revision.taken_back": _("took it back"),
    "revision.approved": _("approved it"),
    "revision.refused": _("sent it back"),
    "revision.deployed": _("deployed it as a version"),
    "revision.withdrawn": _("gave it up"),
}
WAYS = (
    ("pages.compare_draft", _("Differences")),
    ("pages.revision_scenarios", _("Scenarios")),
    ("pages.revision_machine", _("Time machine")),
    ("pages.rehearse_revision", _("Try it on running cases")),
)
SUFFIXES = (".bpmn", ".dmn", ".form", ".csv", ".toml", ".json")


@pages.get("/studio/revisions/<uuid:revision>")
@on_bench
def revision(revision: UUID) -> str:
    """Show a draft."""
    return page(revision)


@pages.post("/studio/revisions/<uuid:revision>/describe")
@on_bench
def describe_revision(revision: UUID) -> Response | tuple[str, int]:
    """Keep the title and the reason of a draft."""
    form = request.form
    return _done(
        revision,
        "described",
        lambda session: revisions.describe(session, g.actor, revision, form.get("title", ""), form.get("reason", "")),
    )


@pages.post("/studio/revisions/<uuid:revision>/submit")
@on_bench
def submit_revision(revision: UUID) -> Response | tuple[str, int]:
    """Hand a draft in for approval."""
    return _done(revision, "submitted", lambda session: revisions.submit(session, g.actor, revision))


@pages.post("/studio/revisions/<uuid:revision>/take-back")
@on_bench
def take_back_revision(revision: UUID) -> Response | tuple[str, int]:
    """Take a draft back to be written on."""
    return _done(revision, "taken-back", lambda session: revisions.take_back(session, g.actor, revision, _reason()))


@pages.post("/studio/revisions/<uuid:revision>/approve")
@on_bench
def approve_revision(revision: UUID) -> Response | tuple[str, int]:
    """Approve a draft that somebody else wrote."""
    return _done(revision, "approved", lambda session: revisions.approve(session, g.actor, revision, _reason()))


@pages.post("/studio/revisions/<uuid:revision>/refuse")
@on_bench
def refuse_revision(revision: UUID) -> Response | tuple[str, int]:
    """Send a draft back with a reason."""
    return _done(revision, "refused", lambda session: revisions.refuse(session, g.actor, revision, _reason()))


@pages.post("/studio/revisions/<uuid:revision>/deploy")
@on_bench
def deploy_revision(revision: UUID) -> Response | tuple[str, int]:
    """Make an approved draft the newest version."""
    return _done(revision, "deployed", lambda session: revisions.deploy(session, g.actor, revision))


@pages.post("/studio/revisions/<uuid:revision>/withdraw")
@on_bench
def withdraw_revision(revision: UUID) -> Response | tuple[str, int]:
    """Give a draft up."""
    return _done(revision, "withdrawn", lambda session: revisions.withdraw(session, g.actor, revision, _reason()))


@pages.post("/studio/revisions/<uuid:revision>/update")
@on_bench
def update_revision(revision: UUID) -> Response | tuple[str, int]:
    """Bring a draft up to the newest version; files that both changed are asked about first."""
    mine = frozenset(request.form.getlist("mine"))
    try:
        with transaction(sessions()) as session:
            done = revisions.update(session, g.actor, revision, mine)
    except RevisionRefused as refused:
        return page(revision, problems.sentence(refused, language())), REFUSED
    if done.clashes:
        return page(revision, clashes=done.clashes), REFUSED
    return frame.done("pages.revision", "updated" if done.taken else "current", revision=revision)


def page(revision: UUID, refused: str = "", clashes: list[str] | None = None) -> str:
    """Return the page of a draft; with a sentence on what was refused, or the files that two drafts both changed."""
    with transaction(sessions()) as session:
        row = revisions.show(session, g.actor, revision)
        track = revisions.track(session, g.actor, revision)
        files = revisions.overview(session, g.actor, revision)
        steps = revisions.steps(session, g.actor, revision)
        wrote = revisions.wrote(session, revision, g.actor.id)
        name, named = library.names(session, row.programme)
    titles = {path: pick(names) for path, names in named.items()}
    editing = ownership.may_edit(g.actor, row.programme)
    return render_template(
        "studio/revision.html",
        said=frame.said(),
        refused=refused,
        clashes=clashes or [],
        draft=_draft(row, pick(name)),
        acts=_acts(row, track, editing=editing, wrote=wrote),
        track=[_gate(check, track.current) for check in track.checks],
        running=track.running,
        findings=[_finding(row, one) for one in track.findings[:MOST_FINDINGS]],
        files=[_file(row, one, titles) for one in files if one.state.value != "same"],
        same=[_file(row, one, titles) for one in files if one.state.value == "same"],
        steps=[_step(one) for one in steps],
        ways=_ways(row),
        suffixes=",".join((*SUFFIXES, ".xml", ".zip")),
    )


def _done(revision: UUID, said: str, act: Callable[[Any], object]) -> Response | tuple[str, int]:
    try:
        with transaction(sessions()) as session:
            act(session)
    except REFUSALS as refused:
        return page(revision, problems.sentence(refused, language())), REFUSED
    return frame.done("pages.revision", said, revision=revision)


def _reason() -> str:
    return request.form.get("reason", "")


def _draft(row: RevisionRow, name: str) -> dict[str, Any]:
    return {
        "id": row.id,
        "title": row.title,
        "reason": row.reason,
        "programme": row.programme,
        "name": name,
        "home": url_for("pages.studio_programme", programme=row.programme) if row.newest else url_for("pages.studio"),
        "state": frame.state(row.state),
        "number": row.number,
        "newest": row.newest,
        "old": row.old,
        "handed_in": row.state in {RevisionState.SUBMITTED, RevisionState.APPROVED},
        "given_up": row.state == RevisionState.WITHDRAWN,
        "authors": gettext(", ").join(row.authors),
        "opened_by": row.opened_by,
        "opened": stamp(row.opened_at),
        "submitted_by": row.submitted_by or "",
        "submitted": stamp(row.submitted_at),
        "decided_by": row.decided_by or "",
        "decided": stamp(row.decided_at),
        "opinion": row.opinion or "",
        "refused": row.state == RevisionState.DRAFT and row.decided_at is not None,
        "deployed": row.deployed,
        "case": url_for("pages.instance", case=row.instance) if row.instance else None,
    }


def _acts(row: RevisionRow, track: Track, *, editing: bool, wrote: bool) -> dict[str, bool]:
    """Return which acts the page offers: those that the state allows to this person."""
    writing = editing and row.state == RevisionState.DRAFT
    ready = all(track.passed(gate) for gate in (Gate.DRAFT, Gate.CHECK))
    signs = ownership.may_approve(g.actor, row.programme) and not wrote
    return {
        "write": writing,
        "submit": writing and ready,
        "renew": writing and row.old,  # a template reads `update` as a method
        "take_back": editing and row.state in {RevisionState.SUBMITTED, RevisionState.APPROVED},
        "decide": signs and row.state == RevisionState.SUBMITTED,
        "deploy": editing and row.state == RevisionState.APPROVED and not row.old,
        "withdraw": editing and row.closed_at is None,
    }


def _ways(row: RevisionRow) -> list[dict[str, Any]]:
    """Return the other pages of a draft that this application has."""
    here = ((endpoint, label) for endpoint, label in WAYS if endpoint in current_app.view_functions)
    return [{"href": url_for(endpoint, revision=row.id), "label": label} for endpoint, label in here]


def _gate(check: revisions.Check, current: Gate | None) -> dict[str, Any]:
    name, promise = GATES[check.gate]
    return {
        "key": check.gate.value,
        "name": name,
        "passed": check.passed,
        "current": check.gate is current,
        "text": promise if check.passed else pick(check.why),
    }


def _finding(row: RevisionRow, one: dict[str, Any]) -> dict[str, Any]:
    href = None
    if one["file"]:
        href = url_for("pages.revision_file", revision=row.id, path=one["file"], _anchor=one["element"] or None)
    name = one.get("name") or one["element"]
    return {**finding(one), "name": name, "href": href, "grave": one["severity"] == "error"}


def _file(row: RevisionRow, one: FileRow, titles: Mapping[str, str]) -> dict[str, Any]:
    label, tone = frame.FILE_STATES[one.state]
    gone = one.state.value == "removed"
    return {
        "path": one.path,
        "title": titles.get(one.path, ""),
        "state": {"label": label, "tone": tone},
        "seen": 0 if gone else one.version,
        "gone": gone,
        "saved_by": one.saved_by or "",
        "saved": stamp(one.saved_at),
        "href": None if gone else url_for("pages.revision_file", revision=row.id, path=one.path),
        "remove": None if gone else url_for("pages.remove_file", revision=row.id, path=one.path),
        "undo": url_for("pages.undo_file", revision=row.id, path=one.path),
    }


def _step(one: StepRow) -> dict[str, Any]:
    differences = one.differences or []
    return {
        "at": stamp(one.at),
        "who": one.person or gettext("The system"),
        "what": STEPS[one.kind],
        "note": gettext("version %(number)s", number=one.note) if one.kind == "revision.deployed" else one.note,
        "differences": [{"path": each["path"], "text": pick(each)} for each in differences[:MOST_DIFFERENCES]],
        "more": max(0, len(differences) - MOST_DIFFERENCES),
    }
