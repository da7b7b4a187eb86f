"""The password and the second factor of a person."""

from flask import g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from engine import identity, second_factor, sign_ins
from engine.db import transaction
from engine.errors import AnswersRefused, IcityError, SignInRefused
from server import auth, problems
from server.auth import signed_in
from server.pages import pictures
from server.pages.moments import day
from server.pages.settings import done, frame
from server.pages.shell import pages, sessions
from server.pages.words import language

REFUSED = 422


@pages.get("/settings/security")
@signed_in
def security() -> str:
    """Show how I prove who I am."""
    return _page()


@pages.post("/settings/password")
@signed_in
def change_password() -> Response | tuple[str, int]:
    """Give me a new password; every sign-in ends but this browser's, which gets a new secret."""
    before, after = request.form.get("before", ""), request.form.get("password", "")
    if after != request.form.get("again", ""):
        return _page(password=_("The two new passwords differ.")), REFUSED
    keeping = auth.keeping()
    try:
        with transaction(sessions()) as session:
            sign_ins.change_password(session, g.actor, before, after, keeping)
            secret = identity.begin(session, g.actor.id, identity.Kind.WEB, keeping.limits, auth.origin())
    except AnswersRefused as refused:
        return _page(password=problems.sentence(refused, language())), REFUSED
    reply = done("pages.security", "password")
    auth.remember(reply, secret)
    return reply


@pages.post("/settings/factor")
@signed_in
def begin_factor() -> Response:
    """Draw a secret for my app; the page shows it until a first code confirms it."""
    with transaction(sessions()) as session:
        second_factor.begin(session, g.actor, auth.keeping())
    return redirect(url_for("pages.security", _anchor="factor"), 303)


@pages.post("/settings/factor/confirm")
@signed_in
def confirm_factor() -> str | tuple[str, int]:
    """Turn my second factor on by its first code and show the recovery codes once."""
    try:
        with transaction(sessions()) as session:
            drawn = second_factor.confirm(session, g.actor, auth.keeping(), request.form.get("code", ""))
    except AnswersRefused as refused:
        return _page(factor=problems.sentence(refused, language())), REFUSED
    return _codes(drawn)


@pages.post("/settings/factor/codes")
@signed_in
def renew_codes() -> str | tuple[str, int]:
    """Draw new recovery codes and show them once."""
    try:
        with transaction(sessions()) as session:
            drawn = second_factor.renew(session, g.actor, auth.keeping(), request.form.get("password", ""))
    except IcityError as refused:
        return _page(factor=_why(refused)), REFUSED
    return _codes(drawn)


@pages.post("/settings/factor/end")
@signed_in
def end_factor() -> Response | tuple[str, int]:
    """Turn my second factor off."""
    try:
        with transaction(sessions()) as session:
            second_factor.end(session, g.actor, auth.keeping(), request.form.get("password", ""))
    except IcityError as refused:
        return _page(factor=_why(refused)), REFUSED
    return done("pages.security", "factor-off")


def _why(refused: IcityError) -> str:
    if isinstance(refused, SignInRefused):
        return str(_("The password is wrong; too many wrong ones lock the account."))
    return problems.sentence(refused, language())


def _page(password: str = "", factor: str = "") -> str:
    keeping = auth.keeping()
    with transaction(sessions()) as session:
        known = second_factor.state(session, g.actor, keeping)
        secret = None if known.on else second_factor.pending(session, g.actor, keeping)
    return render_template(
        "settings/security.html",
        **frame("pages.security"),
        refused={"password": password, "factor": factor},
        factor=known,
        since=day(known.since),
        picture=pictures.of(g.actor, secret) if secret else None,
    )


def _codes(drawn: list[str]) -> str:
    return render_template("settings/codes.html", **frame("pages.security"), codes=drawn)
