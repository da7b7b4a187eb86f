"""Filters: what a program asks of a list of work, and the filters that a person keeps and shares."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import g

from engine import filters
from engine.filters import Due, Keeping, Kept, Sort, Wanted
from server import auth
from server.api.lists import PageQuery
from server.api.openapi import Blueprint

api = Blueprint("filters", __name__, description="Filters of lists that people keep and share")


class ListFilterSchema(ma.Schema):
    """What is asked of a list; what is left out asks nothing."""

    text = ma.fields.String(
        validate=ma.validate.Length(max=filters.LONGEST_TEXT),
        metadata={"description": "In the task, the case, its unit or a number of it"},
    )
    programme = ma.fields.String(validate=ma.validate.Length(max=filters.LONGEST_TEXT))
    process = ma.fields.String(validate=ma.validate.Length(max=filters.LONGEST_TEXT))
    element = ma.fields.String(validate=ma.validate.Length(max=filters.LONGEST_TEXT))
    organisation = ma.fields.String(validate=ma.validate.Length(max=filters.LONGEST_TEXT))
    due = ma.fields.Enum(Due, by_value=True, metadata={"description": "overdue, soon (within `days`) or none"})
    days = ma.fields.Integer(
        strict=False,
        validate=ma.validate.Range(0, filters.MOST_DAYS),
        metadata={"description": "Working days, for soon"},
    )
    since = ma.fields.Date(
        validate=ma.validate.Range(filters.EARLIEST),
        metadata={"description": "Arrived, finished, started or sent on this day or later"},
    )
    sort = ma.fields.Enum(Sort, by_value=True, metadata={"description": "due, when, unit, name or priority"})
    descending = ma.fields.Boolean()


class WantedQuery(PageQuery, ListFilterSchema):
    """Which page of a list, narrowed and sorted."""


class KeptFilterRequestSchema(ma.Schema):
    """A filter to keep."""

    name = ma.fields.String(required=True, validate=ma.validate.Length(1, filters.LONGEST_NAME))
    list_ = ma.fields.String(data_key="list", required=True, validate=ma.validate.OneOf(filters.LISTS))
    organisation = ma.fields.String(
        load_default=None, allow_none=True, metadata={"description": "With whom it is shared; one's own"}
    )
    filter_ = ma.fields.Nested(ListFilterSchema, data_key="filter", required=True)


class KeptFilterSchema(ma.Schema):
    """A filter that was kept."""

    id = ma.fields.UUID()
    name = ma.fields.String()
    list_ = ma.fields.String(data_key="list", attribute="list")
    query = ma.fields.Dict(data_key="filter")
    organisation = ma.fields.String(allow_none=True)
    keeper = ma.fields.String(metadata={"description": "Whose it is"})
    own = ma.fields.Boolean()


class KeptFilterIdSchema(ma.Schema):
    """The id of a filter."""

    id = ma.fields.UUID()


def wanted(query: dict[str, Any]) -> Wanted:
    """Return what a query asks of a list."""
    return Wanted(**{name: value for name, value in query.items() if name in ListFilterSchema().fields})


@api.get("/filters")
@auth.signed_in
@api.response(200, KeptFilterSchema(many=True))
def listing() -> list[Kept]:
    """List the filters that the person keeps, and those shared with their organisations."""
    return filters.listing(g.session, g.actor)


@api.post("/filters")
@auth.signed_in
@api.arguments(KeptFilterRequestSchema)
@api.response(201, KeptFilterIdSchema)
def keep(body: dict[str, Any]) -> dict[str, UUID]:
    """Keep a filter under a name, for oneself or for one's organisation."""
    asked = filters.read(filters.plain(wanted(body["filter_"])))
    keeping = Keeping(body["name"], body["list_"], asked, body["organisation"])
    return {"id": filters.keep(g.session, g.actor, keeping)}


@api.delete("/filters/<uuid:id>")
@auth.signed_in
@api.response(204)
def remove(id: UUID) -> None:  # noqa: A002 - the name in the address
    """Remove a filter of one's own."""
    filters.remove(g.session, g.actor, id)
