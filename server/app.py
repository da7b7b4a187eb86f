"""The web application: its doors, and what happens at each of them before and after a view."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from flask import Flask, Response, g, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response as AnyResponse

from engine.db import Sessions, transaction
from engine.settings import ROOT, Settings
from server import (
    api,
    auth,
    headers,
    hooks,
    idempotency,
    keyring,
    limits,
    live,
    metrics,
    pages,
    problems,
    secrets,
    uploads,
)
from server.reading import StrictJson

FORM_BYTES = 500_000
FORM_PARTS = 200
STATIC_AGE = timedelta(days=365)


@dataclass(frozen=True)
class Services:
    """What every door needs."""

    settings: Settings
    sessions: Sessions


class Application(Flask):
    """Flask with our door: whoever asks is known before a view runs, and a program's request is one transaction."""

    json_provider_class = StrictJson

    def dispatch_request(self) -> ResponseReturnValue:
        """Admit the person, then run the view.

        A program's view finds the open transaction in `g.session`; it is committed before the reply leaves. The views
        of pages open their own, because they render after it has ended.
        """
        rule = request.url_rule
        if rule is None or request.routing_exception is not None or request.method == "OPTIONS":
            return super().dispatch_request()
        view = self.view_functions[rule.endpoint]
        if not auth.by_machine(request):
            self._guard_page(view)
            return super().dispatch_request()
        if uploads.is_unhurried(view):
            with transaction(_services(self).sessions) as session:
                auth.admit(session, view)
            return super().dispatch_request()
        with transaction(_services(self).sessions) as g.session:
            auth.admit(g.session, view)
            return idempotency.answer(g.session, self._answer)

    def _guard_page(self, view: Any) -> None:
        auth.refuse_foreign_origin(request)
        if uploads.is_unhurried(view):  # who they are comes first: only people we know are waited for
            self._admit(view)
            uploads.widen()
            self.extensions["csrf"].protect()
            return
        self.extensions["csrf"].protect()
        self._admit(view)

    def _admit(self, view: Any) -> None:
        with transaction(_services(self).sessions) as session:
            auth.admit(session, view)

    def _answer(self) -> Response:
        return self.make_response(super().dispatch_request())


def create_app(settings: Settings, sessions: Sessions) -> Flask:
    """Return the application; raise RuntimeError when a route does not say who may call it."""
    app = Application("server", static_folder=str(ROOT / "server" / "static"), template_folder="templates")
    furnish(app, settings, sessions)
    if settings.tls:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=0)  # type: ignore[method-assign]
    CSRFProtect(app)
    headers.install(app, tls=settings.tls)
    api.register(app)
    hooks.register(app)
    metrics.register(app)
    pages.register(app)
    limits.install(app)
    app.register_error_handler(Exception, _fault)
    auth.public(app.view_functions["static"])
    missing = auth.undeclared(app)
    if missing:
        raise RuntimeError(f"these routes do not say who may call them: {missing}")
    return app


def furnish(app: Flask, settings: Settings, sessions: Sessions) -> None:
    """Give every door of `app` what it needs; one that stands already may be moved to another database so."""
    app.extensions["icity"] = Services(settings, sessions)
    app.extensions["live"] = live.Exchange(sessions, settings.web_threads // 2)
    app.config.update(_configuration(settings))
    keyring.prepare(settings.var_path)


def _configuration(settings: Settings) -> dict[str, Any]:
    return {
        "SECRET_KEY": secrets.load(settings.var_path).cookie_key,
        "TRUSTED_HOSTS": settings.trusted_hosts,
        "MAX_CONTENT_LENGTH": settings.max_body,
        "MAX_FORM_MEMORY_SIZE": FORM_BYTES,
        "MAX_FORM_PARTS": FORM_PARTS,
        "SESSION_COOKIE_NAME": "__Host-form" if settings.tls else "form",
        "SESSION_COOKIE_SECURE": settings.tls,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SEND_FILE_MAX_AGE_DEFAULT": STATIC_AGE,
        "WTF_CSRF_CHECK_DEFAULT": False,
        "WTF_CSRF_TIME_LIMIT": settings.session_hours * 3600,
    }


def _services(app: Flask) -> Services:
    return cast("Services", app.extensions["icity"])


def _fault(error: Exception) -> AnyResponse:
    """Answer what no view answered: a problem for programs, a page for people."""
    if auth.by_machine(request):
        return problems.reply(error)
    response = pages.faults.answer(error)
    if response.mimetype != problems.MEDIA_TYPE:
        problems.note(error)
    return response
