"""What a page says when something went wrong."""

from flask import redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from engine.errors import SignInNeeded
from server import problems

TEXTS = {
    400: (
        _("The request could not be understood"),
        _("The page may have been open for too long. Reload it and try again."),
    ),
    401: (_("Sign in first"), _("Your session has ended.")),
    403: (
        _("You may not do this"),
        _("Your roles do not cover this page. Ask the administrator if you think they should."),
    ),
    404: (_("There is no such page"), _("The address is wrong, or what it names is not for you to see.")),
    405: (_("The request could not be understood"), _("This address does not take this kind of request.")),
    409: (
        _("Somebody was faster"),
        _("What you wanted to change has changed meanwhile. Look at its present state first."),
    ),
    413: (_("This is too large"), _("Send less at once.")),
    429: (_("Too many requests"), _("Wait a minute and try again.")),
    500: (
        _("Something went wrong on our side"),
        _("Nothing was saved. Try again; if it happens again, tell the administrator."),
    ),
}


def answer(error: Exception) -> Response:
    """Reply to `error` as the request prefers: sign-in page, problem+json or an error page."""
    if request.is_json or "HX-Request" in request.headers or request.accept_mimetypes.best == "application/json":
        return problems.reply(error)
    if isinstance(error, SignInNeeded):
        return redirect(url_for("pages.sign_in", next=request.full_path.rstrip("?")), 303)
    return page(error)


def page(error: Exception) -> Response:
    """Return the error page of `error`."""
    status = problems.status(error)
    title, hint = TEXTS.get(status) or TEXTS[status // 100 * 100]
    return Response(
        render_template("faults/fault.html", status=status, title=title, hint=hint),
        status,
        content_type="text/html; charset=utf-8",
    )
