"""What the API says about itself: OpenAPI 3.1, and how it reads what it is sent."""

import http
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, TypeVar, cast

import flask_smorest  # type: ignore[import-untyped]
import marshmallow as ma
from flask import Flask, Request, Response, current_app
from flask_smorest.utils import prepare_response  # type: ignore[import-untyped]
from webargs.flaskparser import FlaskParser

from server import auth, problems

BODY_BYTES = 1_048_576
PREFIX = "/api/v1"

View = TypeVar("View", bound=Callable[..., Any])
SchemaLike = type[ma.Schema] | ma.Schema


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

    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = {  # noqa: RUF012 - declared so by webargs
        **FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION,
        "query": ma.RAISE,
    }

    def load_json(self, req: Request, schema: ma.Schema) -> Any:
        req.max_content_length = BODY_BYTES
        return req.get_json()


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc]  # flask-smorest carries no types
    """A noun of the API; gives the decorators of flask-smorest their types."""

    ARGUMENTS_PARSER = _Parser()

    def get(self, rule: str, **options: Any) -> Callable[[View], View]:
        """Answer GET at `rule`."""
        return self._typed(super().get(rule, **options))

    def post(self, rule: str, **options: Any) -> Callable[[View], View]:
        """Answer POST at `rule`."""
        return self._typed(super().post(rule, **options))

    def put(self, rule: str, **options: Any) -> Callable[[View], View]:
        """Answer PUT at `rule`."""
        return self._typed(super().put(rule, **options))

    def delete(self, rule: str, **options: Any) -> Callable[[View], View]:
        """Answer DELETE at `rule`."""
        return self._typed(super().delete(rule, **options))

    def arguments(self, schema: SchemaLike, **options: Any) -> Callable[[View], View]:
        """Hand the view what was sent, read and checked by `schema`."""
        return self._typed(super().arguments(schema, **options))

    def response(self, status_code: int, schema: SchemaLike | None = None, **options: Any) -> Callable[[View], View]:
        """Write what the view returns by `schema`."""
        return self._typed(super().response(status_code, schema, **options))

    def alt_response(self, status_code: int, response: str | None = None, **options: Any) -> Callable[[View], View]:
        """Describe another reply of the view."""
        return self._typed(super().alt_response(status_code, response, **options))

    def doc(self, **options: Any) -> Callable[[View], View]:
        """Add to the description of the view."""
        return self._typed(super().doc(**options))

    @staticmethod
    def _typed(decorator: Any) -> Callable[[View], View]:
        return cast("Callable[[View], View]", decorator)


class _Api(flask_smorest.Api):  # type: ignore[misc]  # flask-smorest carries no types
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
