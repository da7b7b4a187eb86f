"""Signing in - by the password, then by a code where there is a second factor - and out."""

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from engine import identity, preferences, second_factor, sign_ins
from engine.db import transaction
from engine.errors import AnswersRefused, CodeRefused, SignInNeeded, SignInRefused
from engine.sign_ins import Half, Step
from server import auth, problems
from server.auth import public, signed_in
from server.pages import pictures
from server.pages.language import local
from server.pages.shell import pages, sessions
from server.pages.words import language

HALF = "half"  # the cookie between the two steps
TOUR = "tour"  # the cookie that lets the desk show its tour


@pages.get("/sign-in")
@public
def sign_in() -> str:
    """Show the sign-in page."""
    return _page()


@pages.post("/sign-in")
@public
def open_session() -> Response | tuple[str, int]:
    """Check the name and the password; open a session, or ask for what is missing."""
    login, keeping = request.form.get("login", "").strip(), auth.keeping()
    try:
        with transaction(sessions()) as session:
            half = sign_ins.first(session, login, request.form.get("password", ""), keeping)
            if half.missing is Step.NONE:
                return _enter(sign_ins.finish(session, half, keeping, auth.origin()), toured=_toured(session, half))
            if half.missing is Step.SET_UP:
                second_factor.begin(session, half.actor, keeping)
    except SignInRefused:
        return _page(_("The name or the password is wrong, or the account is locked for a while."), login), 403
    reply = redirect(url_for("pages.ask_code", next=_next()), 303)
    auth.remember(reply, half.secret, HALF)
    return reply


@pages.get("/sign-in/code")
@public
def ask_code() -> Response | str:
    """Ask for the code of the second factor, or show how to set one up where a role demands it."""
    try:
        half = _half()
    except SignInNeeded:
        return _again()
    return _second(half)


@pages.post("/sign-in/code")
@public
def check_code() -> Response | tuple[str, int]:
    """Check the code and open a session."""
    keeping = auth.keeping()
    try:
        half = _half()
        with transaction(sessions()) as session:
            second_factor.check(session, half.actor, keeping, request.form.get("code", ""))
            return _enter(sign_ins.finish(session, half, keeping, auth.origin()), toured=_toured(session, half))
    except SignInNeeded:
        return _again()
    except CodeRefused:
        told = _("The code is wrong or was used already. After five wrong codes none counts for a while.")
        return _second(half, told), 403


@pages.post("/sign-in/factor")
@public
def set_up_factor() -> Response | tuple[str, int]:
    """Confirm a second factor that a role demands by its first code, open a session and show the recovery codes."""
    keeping = auth.keeping()
    try:
        half = _half()
        if half.missing is not Step.SET_UP:
            return _again()
        with transaction(sessions()) as session:
            drawn = second_factor.confirm(session, half.actor, keeping, request.form.get("code", ""))
            secret = sign_ins.finish(session, half, keeping, auth.origin())
            toured = _toured(session, half)
    except SignInNeeded:
        return _again()
    except AnswersRefused as refused:
        return _second(half, problems.sentence(refused, language())), 422
    return _dress(Response(_codes(drawn), content_type="text/html; charset=utf-8"), secret, toured=toured)


@pages.post("/sign-out")
@signed_in
def close_session() -> Response:
    """End the session and go to the sign-in page."""
    with transaction(sessions()) as session:
        identity.sign_out(session, auth.secret())
    reply = redirect(url_for("pages.sign_in"), 303)
    auth.forget(reply)
    return reply


def _enter(secret: str, *, toured: bool) -> Response:
    return _dress(redirect(_next(), 303), secret, toured=toured)


def _dress(reply: Response, secret: str, *, toured: bool) -> Response:
    """Give the browser its new secret; whoever has not seen the tour is shown it."""
    auth.remember(reply, secret)
    auth.forget(reply, HALF)
    if not toured:
        auth.remember(reply, "1", TOUR)
    return reply


def _half() -> Half:
    """Return the half sign-in of this browser; raise SignInNeeded when there is none or it is over."""
    given = request.cookies.get(auth.cookie(HALF))
    if not given:
        raise SignInNeeded
    with transaction(sessions()) as session:
        return sign_ins.second(session, given, auth.keeping())


def _toured(session: Session, half: Half) -> bool:
    return preferences.read(session, half.actor).toured


def _again() -> Response:
    reply = redirect(url_for("pages.sign_in", next=_next()), 303)
    auth.forget(reply, HALF)
    return reply


def _next() -> str:
    return local(request.values.get("next", "/"))


def _page(refused: str = "", login: str = "") -> str:
    return render_template("sign_in/sign_in.html", refused=refused, login=login, next=_next())


def _second(half: Half, refused: str = "") -> str:
    if half.missing is not Step.SET_UP:
        return render_template("sign_in/code.html", refused=refused, next=_next())
    with transaction(sessions()) as session:
        keeping = auth.keeping()
        secret = second_factor.pending(session, half.actor, keeping) or second_factor.begin(
            session, half.actor, keeping
        )
    picture = pictures.of(half.actor, secret)
    return render_template("sign_in/factor.html", refused=refused, next=_next(), picture=picture)


def _codes(drawn: list[str]) -> str:
    return render_template("sign_in/codes.html", codes=drawn, next=_next())
