"""What a page says when something went wrong: what happened, whether anything was lost, what to do next."""

from dataclasses import dataclass
from typing import Any

from flask import g, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _
from werkzeug.exceptions import SecurityError
from werkzeug.wrappers import Response

from engine import clock
from engine.errors import IcityError, SignInNeeded
from server import problems
from server.pages.language import local
from server.pages.moments import stamp
from server.pages.shell import pages
from server.pages.words import language

OURS = 500


@dataclass(frozen=True)
class Told:
    """What happened, what became of one's work, and what to do, the nearest way first."""

    title: object
    lost: object
    steps: tuple[object, ...]


UNCHANGED = _("Nothing was changed.")
NOT_SAVED = _("This change was not saved. What was kept as a draft before is still there.")
TEXTS = {
    400: Told(
        _("The request could not be understood"),
        NOT_SAVED,
        (
            _("Go back, reload the page and try once more: it may have been open for too long."),
            _("If it happens again, sign out and in again."),
        ),
    ),
    401: Told(
        _("Sign in first"),
        NOT_SAVED,
        (_("Your sign-in has ended. Sign in again; you come back to where you were."),),
    ),
    403: Told(
        _("You may not do this"),
        UNCHANGED,
        (
            _("Your roles do not cover it. Ask the administrator of your organisation if you think they should."),
            _("If you stand in for somebody, see under Settings whether the days are not over."),
        ),
    ),
    404: Told(
        _("There is no such page"),
        UNCHANGED,
        (
            _("Look whether the address is whole; links in messages are sometimes cut off."),
            _("It may have been done, ended or given to somebody else: look under My work, or under Cases."),
            _("Or it is not for you to see. Ask whoever sent you the address."),
        ),
    ),
    405: Told(
        _("The request could not be understood"),
        UNCHANGED,
        (_("This address is not a page to open. Go back and use the buttons there."),),
    ),
    409: Told(
        _("Something has changed meanwhile"),
        NOT_SAVED,
        (
            _("Go back and reload the page to see how it stands now."),
            _("If it is still to be done, do it again on the fresh page."),
        ),
    ),
    413: Told(
        _("This is too large"),
        NOT_SAVED,
        (
            _("Send fewer or smaller files at once; the largest size stands beside the place for files."),
            _("Scans become smaller at 200 dpi in grey."),
        ),
    ),
    422: Told(
        _("This cannot be taken so"),
        NOT_SAVED,
        (_("Go back, correct what is named above, and send it again."),),
    ),
    429: Told(
        _("Too many requests"),
        NOT_SAVED,
        (_("Wait a minute, then try again once."),),
    ),
    500: Told(
        _("Something went wrong on our side"),
        NOT_SAVED,
        (
            _("Try again in a minute."),
            _("If it happens again, tell the administrator the time and the address below; they find it in the log."),
        ),
    ),
    503: Told(
        _("The system is busy just now"),
        NOT_SAVED,
        (_("Wait a few seconds and try again; somebody may be working on the same case."),),
    ),
}
ADVICE = {  # what a notice adds on a page that stays open
    401: _("Sign in in another window, then press again here; what you typed is still on this page."),
    403: _("Nothing was changed."),
    404: _("Nothing was changed. Reload the page to see how things stand now."),
    409: _("Nothing was changed. Reload the page to see how things stand now."),
    413: _("Nothing was saved. Send less at once."),
    422: _("Nothing was saved; what you typed is still here."),
    429: _("Wait a minute, then press again; what you typed is still here."),
    500: _("What you typed is still here; press again in a minute, or tell the administrator when it was."),
    503: _("What you typed is still here; press again in a few seconds."),
}


def answer(error: Exception) -> Response:
    """Reply to `error` as the request prefers: sign-in page, problem+json or an error page."""
    if isinstance(error, SecurityError):  # a foreign name of this server: no address of ours can be told
        return problems.reply(error)
    if request.is_json or "HX-Request" in request.headers or request.accept_mimetypes.best == "application/json":
        return problems.reply(error)
    if isinstance(error, SignInNeeded):
        return redirect(url_for("pages.sign_in", next=request.full_path.rstrip("?")), 303)
    return page(error)


def page(error: Exception) -> Response:
    """Return the error page of `error`; a refusal that names its reason has it told."""
    status = problems.status(error)
    reading = request.method in {"GET", "HEAD"}
    told = _text(status)
    content = render_template(
        "faults/fault.html",
        status=status,
        told=told,
        lost=UNCHANGED if reading else told.lost,
        why=_why(error, status),
        at=stamp(clock.now()) if status >= OURS else None,
        where=request.path,
        back=_back(),
        person=g.get("actor"),
    )
    return Response(content, status, content_type="text/html; charset=utf-8")


@pages.app_context_processor
def advise() -> dict[str, Any]:
    """Give every page what its notices add to a refusal, by status."""
    return {"advice": {str(status): str(text) for status, text in ADVICE.items()}} if g.get("actor") else {}


def _text(status: int) -> Told:
    return TEXTS.get(status) or TEXTS.get(status // 100 * 100) or TEXTS[OURS]


def _why(error: Exception, status: int) -> str:
    """Return the reason in one sentence, nothing where it would only repeat the title."""
    named = isinstance(error, IcityError) and status not in {401, 403, 404} and status < OURS
    return problems.sentence(error, language()) if named else ""


def _back() -> str | None:
    """Return the page of ours from which the request came, None for itself and for other sites."""
    came = request.referrer or ""
    inside = came.removeprefix(request.host_url.rstrip("/"))
    return inside if inside == local(inside) and inside != request.full_path.rstrip("?") else None
