"""Signing in and out."""

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from engine import identity
from engine.db import transaction
from engine.errors import SignInRefused
from server import auth
from server.auth import public, signed_in
from server.pages.language import local
from server.pages.shell import pages, sessions, settings


@pages.get("/sign-in")
@public
def sign_in() -> str:
    """Show the sign-in page."""
    return _page()


@pages.post("/sign-in")
@public
def open_session() -> Response | tuple[str, int]:
    """Check the name and the password; open a session and go where the person wanted to go."""
    login = request.form.get("login", "").strip()
    try:
        with transaction(sessions()) as session:
            password, limits = request.form.get("password", ""), identity.Limits.of(settings())
            _actor, secret = identity.sign_in(session, login, password, identity.Kind.WEB, limits)
    except SignInRefused:
        return _page(_("The name or the password is wrong, or the account is locked for a while."), login), 403
    reply = redirect(local(request.form.get("next", "/")), 303)
    auth.remember(reply, secret)
    return reply


@pages.post("/sign-out")
@signed_in
def close_session() -> Response:
    """End the session and go to the sign-in page."""
    with transaction(sessions()) as session:
        identity.sign_out(session, auth.secret())
    reply = redirect(url_for("pages.sign_in"), 303)
    auth.forget(reply)
    return reply


def _page(refused: str = "", login: str = "") -> str:
    return render_template(
        "sign_in/sign_in.html", refused=refused, login=login, next=local(request.values.get("next", "/"))
    )
