"""What the API says about itself: OpenAPI 3.1, and how it reads what it is sent."""

import http
from collections.abc import Iterable
from functools import cache
from typing import Any, cast

import flask_smorest
import marshmallow as ma
from flask import Flask, Request, Response, current_app
from flask_smorest.utils import prepare_response
from webargs.flaskparser import FlaskParser

from server import auth, problems

BODY_BYTES = 1_048_576
PREFIX = "/api/v1"


class ProblemSchema(ma.Schema):
    """Problem details, RFC 9457."""

    type = ma.fields.String(required=True, metadata={"description": "urn:icity:problem:<name>"})
    title = ma.fields.String(required=True, metadata={"description": "In the language of Accept-Language: zh or en"})
    status = ma.fields.Integer(required=True)
    detail = ma.fields.String()
    errors = ma.fields.Dict(metadata={"description": "Where the request does not fit this description"})
    fields_ = ma.fields.Dict(data_key="fields", metadata={"description": "Faults by form field, each {zh, en}"})
    findings = ma.fields.List(ma.fields.Dict())


class _Parser(FlaskParser):
    """Reads arguments strictly: JSON by our reader, and nothing that was not asked for."""

    DEFAULT_UNKNOWN_BY_LOCATION = {**FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION, "query": ma.RAISE}  # noqa: RUF012

    def load_json(self, req: Request, schema: ma.Schema) -> Any:  # noqa: ARG002 - the name webargs calls
        req.max_content_length = BODY_BYTES
        return req.get_json()


class Blueprint(flask_smorest.Blueprint):
    """A noun of the API."""

    ARGUMENTS_PARSER = _Parser()


class _Api(flask_smorest.Api):
    """flask-smorest, answering errors with problems; `server.app` holds the one handler of errors."""

    ERROR_SCHEMA = ProblemSchema

    def _register_error_handlers(self) -> None:
        pass

    def _register_responses(self) -> None:
        for name, phrase in [("DEFAULT_ERROR", "A problem"), *((s.name, s.phrase) for s in http.HTTPStatus)]:
            response = {"description": phrase, "schema": self.ERROR_SCHEMA}
            prepare_response(response, self.spec, problems.MEDIA_TYPE)
            self.spec.components.response(name, response, lazy=True)


def register(app: Flask, blueprints: Iterable[Blueprint]) -> None:
    """Add `blueprints` and their description to `app`."""
    app.config.update(API_TITLE="icity", API_VERSION="v1", OPENAPI_VERSION="3.1.0")
    api = _Api(app, spec_kwargs={"info": {"description": __doc__}, "security": [{"token": []}]})
    api.spec.components.security_scheme("token", {"type": "http", "scheme": "bearer"})
    for blueprint in blueprints:
        api.register_blueprint(blueprint, url_prefix=PREFIX)
    app.extensions["icity-openapi"] = api
    app.add_url_rule(f"{PREFIX}/openapi.json", "openapi", describe)


@auth.public
def describe() -> Response:
    """Return the description of the API."""
    return Response(_description(cast("_Api", current_app.extensions["icity-openapi"])), mimetype="application/json")


@cache
def _description(api: _Api) -> str:
    description: str = current_app.json.dumps(api.spec.to_dict())
    return description
