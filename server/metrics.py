"""The door of monitoring: GET /metrics, for this machine itself and for whoever has the token."""

import hmac

from flask import Blueprint, Flask, Response, current_app, g, request
from werkzeug.exceptions import NotFound

from server import auth, vitals

TYPE = "text/plain; version=0.0.4; charset=utf-8"
LOOPBACK = frozenset({"127.0.0.1", "::1"})

metrics = Blueprint("metrics", __name__)


@metrics.get("/metrics")
@auth.public
def read() -> Response:
    """Tell the vital signs in the text format of Prometheus; anybody else finds nothing here."""
    token = current_app.extensions["icity"].settings.metrics_token
    if not (_bears(token) if token else request.remote_addr in LOOPBACK):
        raise NotFound
    return Response(vitals.exposition(vitals.measure(g.session)), content_type=TYPE)


def register(app: Flask) -> None:
    """Add the door to `app`."""
    app.register_blueprint(metrics)


def _bears(token: str) -> bool:
    given = request.headers.get("Authorization", "")
    return hmac.compare_digest(given.encode(), f"Bearer {token}".encode())
