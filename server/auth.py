"""Who is asking, and whether the door they knock at is open to them."""

from collections.abc import Callable
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

from flask import Flask, Request, Response, current_app, g, request
from sqlalchemy.orm import Session
from werkzeug.exceptions import Forbidden
from werkzeug.wrappers import Response as AnyResponse

from engine import identity
from engine.errors import NotAllowed, SignInNeeded
from engine.second_factor import Keeping
from engine.settings import Settings
from server import secrets

View = TypeVar("View", bound=Callable[..., Any])

MACHINES = ("/api/", "/hooks/", "/metrics")  # doors that never read a cookie
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
PUBLIC = "public"
SIGNED_IN = "signed in"


def public(view: View) -> View:
    """Declare that anybody may call `view`."""
    return _declare(view, PUBLIC)


def signed_in(view: View) -> View:
    """Declare that every person who has signed in may call `view`; its verb says what they see."""
    return _declare(view, SIGNED_IN)


def needs(*roles: str) -> Callable[[View], View]:
    """Declare that only holders of one of `roles` may call the view."""
    return lambda view: _declare(view, frozenset(roles))


def secretive(view: View) -> View:
    """Mark a view whose reply holds secrets that are told once; `server.idempotency` never keeps it."""
    view.secretive = True  # type: ignore[attr-defined]
    return view


def undeclared(app: Flask) -> list[str]:
    """Return the endpoints of `app` that do not say who may call them."""
    return sorted(name for name, view in app.view_functions.items() if not hasattr(view, "permission"))


def admit(session: Session, view: Callable[..., Any]) -> None:
    """Set `g.actor` to the person asking; raise SignInNeeded or NotAllowed when `view` is not open to them."""
    g.actor = None
    if _permission(view) == PUBLIC:
        return
    kind = identity.Kind.API if by_machine(request) else identity.Kind.WEB
    g.actor = identity.recognise(session, secret(), kind, limits())
    if not open_to(view, g.actor):
        raise NotAllowed


def open_to(view: Callable[..., Any], actor: identity.Actor) -> bool:
    """Tell whether `view` declares itself open to a person who has signed in."""
    permission = _permission(view)
    return isinstance(permission, str) or bool(actor.roles & permission)


def by_machine(asked: Request) -> bool:
    """Say whether the request knocks at a door of programs: bearer token or signature, never a cookie."""
    return asked.path.startswith(MACHINES)


def refuse_foreign_origin(asked: Request) -> None:
    """Raise Forbidden when a browser says that another site made it send this change."""
    site = asked.headers.get("Sec-Fetch-Site", "same-origin")
    origin = asked.headers.get("Origin")
    foreign = origin is not None and urlsplit(origin).netloc != asked.host
    if asked.method not in SAFE and (foreign or site not in {"same-origin", "none"}):
        raise Forbidden


def limits() -> identity.Limits:
    """Return how long sign-ins live here and how many wrong passwords an account bears."""
    return identity.Limits.of(_settings())


def keeping() -> Keeping:
    """Return how second factors are kept here."""
    key = secrets.load(_settings().var_path).factor_key
    return Keeping.of(key, _settings().second_factor_roles, limits())


def origin() -> identity.Origin:
    """Return from where the request comes."""
    return identity.Origin(request.user_agent.string, request.remote_addr)


def secret() -> str:
    """Return the secret the request carries: bearer token or cookie; raise SignInNeeded without one."""
    if by_machine(request):
        given = request.authorization
        found = given.token if given is not None and given.type == "bearer" else None
    else:
        found = request.cookies.get(cookie())
    if not found:
        raise SignInNeeded
    return found


def cookie(name: str = "sid") -> str:
    """Return the name of a cookie, that of a sign-in unless said; over TLS its prefix binds it to this host."""
    return f"__Host-{name}" if _settings().tls else name


def remember(response: AnyResponse, value: str, name: str = "sid") -> None:
    """Let the browser keep `value`, the secret of a sign-in unless said, until it closes."""
    response.set_cookie(cookie(name), value, httponly=True, samesite="Lax", secure=_settings().tls, path="/")


def forget(response: Response | AnyResponse, name: str = "sid") -> None:
    """Let the browser drop a cookie, that of its sign-in unless said."""
    response.delete_cookie(cookie(name), httponly=True, samesite="Lax", secure=_settings().tls, path="/")


def _permission(view: Callable[..., Any]) -> str | frozenset[str]:
    return cast("str | frozenset[str]", getattr(view, "permission"))  # noqa: B009 - not an attribute of Callable


def _declare(view: View, permission: str | frozenset[str]) -> View:
    view.permission = permission  # type: ignore[attr-defined]
    return view


def _settings() -> Settings:
    return cast("Settings", current_app.extensions["icity"].settings)
