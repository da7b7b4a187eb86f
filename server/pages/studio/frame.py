"""What every page of the studio shares: who may open it, what is said after an act, and how names and states read."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeVar

from flask import current_app, redirect, request, url_for
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from engine.domain.drafting import State
from engine.errors import EditConflict, IcityError
from engine.tables import RevisionState
from server import auth, problems
from server.pages.words import language

View = TypeVar("View", bound=Callable[..., Any])

SAID = {
    "begun": _("The draft was begun."),
    "copied": _("The draft of the new programme was begun."),
    "described": _("Title and reason were kept."),
    "submitted": _("The draft was handed in; approvers find it among their work."),
    "taken-back": _("The draft was taken back; it can be written again."),
    "approved": _("You approved the draft; a process owner deploys it."),
    "refused": _("You sent the draft back with your reason."),
    "deployed": _("The draft is the newest version now."),
    "withdrawn": _("The draft was given up."),
    "updated": _("The draft was brought up to date."),
    "current": _("The draft was up to date already."),
    "imported": _("The files were taken in."),
    "unchanged": _("The files are the same as before; nothing was changed."),
    "strangers": _("The files were taken in; some that no programme uses were left out."),
    "removed": _("The file was taken away from the draft."),
    "kept": _("The play was kept as a scenario of the draft."),
    "undone": _("The file is as in the version again."),
}
STATES: Mapping[str, tuple[object, str]] = {
    RevisionState.DRAFT: (_("Being written"), "gray"),
    RevisionState.SUBMITTED: (_("Waits for approval"), "blue"),
    RevisionState.APPROVED: (_("Approved, not deployed"), "green"),
    RevisionState.DEPLOYED: (_("Deployed"), "green"),
    RevisionState.WITHDRAWN: (_("Given up"), "gray"),
}
FILE_STATES: Mapping[str, tuple[object, str]] = {
    State.SAME: (_("unchanged"), "gray"),
    State.NEW: (_("new"), "green"),
    State.CHANGED: (_("changed"), "amber"),
    State.REMOVED: (_("taken away"), "red"),
}
KINDS: Mapping[str, object] = {
    "process": _("Processes"),
    "decision": _("Decisions"),
    "form": _("Forms"),
    "set": _("Indicator sets"),
    "template": _("Document templates"),
    "scenario": _("Scenarios"),
}

on_bench = auth.needs("PROC_OWNER", "PROC_APPROVER")


def done(endpoint: str, said: str, **where: Any) -> Response:
    """Go to a page that says what was done."""
    return redirect(url_for(endpoint, **where, said=said), 303)


def said() -> str:
    """Return what the page says was done, nothing when nothing was."""
    return str(SAID.get(request.args.get("said", ""), ""))


def state(value: str) -> dict[str, str]:
    """Return how the state of a draft reads."""
    label, tone = STATES[value]
    return {"label": str(label), "tone": tone}


def as_program(view: View) -> View:
    """Let a page's JSON door tell what went wrong as a problem in the language of the page."""

    @wraps(view)
    def answered(*args: Any, **given: Any) -> Any:
        try:
            return view(*args, **given)
        except IcityError as fault:
            return _problem(fault)

    return answered  # type: ignore[return-value]


def _problem(fault: IcityError) -> Response:
    problems.note(fault)
    status = problems.status(fault)
    body: dict[str, Any] = {"title": problems.sentence(fault, language()), "status": status}
    if isinstance(fault, EditConflict):
        body |= fault.facts["conflict"]
    content = current_app.json.dumps(body)
    return current_app.response_class(content, status, content_type=problems.MEDIA_TYPE)
