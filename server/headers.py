"""The headers every reply carries."""

from http import HTTPStatus

from flask import Flask, Request, Response, current_app, g, request

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; {attributes}img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
)
STRICT = POLICY.format(attributes="")
LOOSE = POLICY.format(attributes="style-src-attr 'unsafe-inline'; ")
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
}
TRANSPORT = "max-age=31536000; includeSubDomains"


def install(app: Flask, *, tls: bool) -> None:
    """Give every reply of `app` its headers; over TLS browsers are told to stay there."""
    fixed = ALWAYS | ({"Strict-Transport-Security": TRANSPORT} if tls else {})

    def dress(response: Response) -> Response:
        for name, value in fixed.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Content-Security-Policy", _policy(request))
        age = _age(request, response)
        if age is not None:
            response.headers["Cache-Control"] = f"public, max-age={age}"
            response.vary.add("Cookie")  # the language is chosen by one
            response.direct_passthrough = False
            response.add_etag()
            response.make_conditional(request)
        elif request.endpoint != "static" or g.get("actor") is not None:
            response.headers["Cache-Control"] = "no-store"
        return response

    app.after_request(dress)


def _age(asked: Request, response: Response) -> int | None:
    """Return for how many seconds anybody may keep a page, as its view declares; None for all that is not public."""
    view = current_app.view_functions.get(asked.endpoint or "")
    whole = asked.method == "GET" and response.status_code == HTTPStatus.OK
    return getattr(view, "public_age", None) if whole else None


def _policy(asked: Request) -> str:
    """Return the policy of the page; the widgets of bpmn.io set style attributes, so their pages are marked for it."""
    view = current_app.view_functions.get(asked.endpoint or "")
    return LOOSE if getattr(view, "loose_style", False) else STRICT
