"""Whether this process lives, and whether it can do its work."""

import marshmallow as ma
from flask import Response, current_app, g

from server import auth, checks
from server.api.openapi import Blueprint

api = Blueprint("health", __name__, description="For load balancers and monitoring")


class HealthSchema(ma.Schema):
    """A living process."""

    status = ma.fields.Constant("ok")


class ReadySchema(ma.Schema):
    """What the process needs for its work."""

    ready = ma.fields.Boolean()
    parts = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Boolean())


@api.get("/health")
@auth.public
@api.response(200, HealthSchema)
@api.doc(security=[])
def health() -> dict[str, str]:
    """Answer when the process lives."""
    return {}


@api.get("/ready")
@auth.public
@api.response(200, ReadySchema)
@api.alt_response(503, schema=ReadySchema, description="A part is missing")
@api.doc(security=[])
def ready() -> Response:
    """Answer 200 when the database answers, has the right schema, and the clock keeps up; else 503."""
    parts = checks.ready(g.session)
    good = all(parts.values())
    body = current_app.json.dumps({"ready": good, "parts": parts})
    return Response(body, 200 if good else 503, mimetype="application/json")
