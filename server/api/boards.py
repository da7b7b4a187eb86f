"""Boards: provinces, rounds ranked, a person's agenda and its feed, where work waits, and maps of boundaries."""

from datetime import date, timedelta
from typing import Any

import marshmallow as ma
import orjson
from flask import g

from engine import agenda, boards, bottlenecks, clock, feeds, maps, rankings
from engine.agenda import Entry, Kind
from engine.boards import Board, Place, RoundRow
from engine.bottlenecks import LOOKERS, Step
from engine.maps import KEEPERS, Drawn, File
from engine.rankings import Ranking
from server import auth
from server.api.openapi import Blueprint

api = Blueprint(
    "boards", __name__, description="The province at a glance: boards, rankings, agendas, bottlenecks, maps"
)
MONTH, YEAR = timedelta(days=31), timedelta(days=366)
LONGEST_NUMBER = 40


class BoardQuery(ma.Schema):
    """Which province; without one, where most cases live."""

    province = ma.fields.String(load_default=None, validate=ma.validate.Length(1, 12))


class ProvinceSchema(ma.Schema):
    """A province of the register."""

    code = ma.fields.String()
    name = ma.fields.String()
    fictional = ma.fields.Boolean()


class BoardTileSchema(ma.Schema):
    """A unit and where it stands."""

    unit = ma.fields.String()
    code = ma.fields.String()
    name = ma.fields.String()
    level = ma.fields.String()
    parent = ma.fields.String(allow_none=True)
    place = ma.fields.Enum(Place, by_value=True)
    titles = ma.fields.Dict(
        keys=ma.fields.String(), values=ma.fields.Date(), metadata={"description": "Day granted, by kind"}
    )
    milestone = ma.fields.String(allow_none=True)
    case = ma.fields.UUID(allow_none=True)
    next_at = ma.fields.AwareDateTime(format="iso", allow_none=True)
    next_element = ma.fields.String(allow_none=True)
    late = ma.fields.Integer(metadata={"description": "Its open tasks past their deadline"})


class LateCaseSchema(ma.Schema):
    """A case with open tasks past their deadline."""

    case = ma.fields.UUID()
    title = ma.fields.String()
    unit = ma.fields.String(allow_none=True)
    tasks = ma.fields.Integer()
    name = ma.fields.String(metadata={"description": "The task that is late the longest"})
    due_at = ma.fields.AwareDateTime(format="iso")


class BoardTargetSchema(ma.Schema):
    """A target of the guidance against the day."""

    key = ma.fields.String()
    name = ma.fields.String()
    english = ma.fields.String()
    wanted = ma.fields.Integer()
    reached = ma.fields.Integer()
    met = ma.fields.Boolean()
    basis = ma.fields.String()


class BoardSchema(ma.Schema):
    """A province on a day."""

    province = ma.fields.Nested(ProvinceSchema, allow_none=True)
    provinces = ma.fields.List(ma.fields.Nested(ProvinceSchema))
    tiles = ma.fields.List(ma.fields.Nested(BoardTileSchema))
    late = ma.fields.List(ma.fields.Nested(LateCaseSchema))
    targets = ma.fields.List(ma.fields.Nested(BoardTargetSchema), metadata={"description": "Told to provincial roles"})
    on = ma.fields.Date()


class BoardRoundSchema(ma.Schema):
    """A round and what is open in its own case."""

    id = ma.fields.String()
    kind = ma.fields.String()
    year = ma.fields.Integer()
    state = ma.fields.String()
    opened_on = ma.fields.Date()
    closed_on = ma.fields.Date(allow_none=True)
    published_on = ma.fields.Date(allow_none=True)
    document_no = ma.fields.String(allow_none=True)
    indicator_set = ma.fields.String()
    scored = ma.fields.Integer()
    results = ma.fields.Integer()
    instance = ma.fields.UUID(allow_none=True)
    steps = ma.fields.List(ma.fields.String())
    next_due = ma.fields.AwareDateTime(format="iso", allow_none=True)
    provisional = ma.fields.Boolean()
    late = ma.fields.Integer()


class RankScoreSchema(ma.Schema):
    """What a round gave a unit."""

    sheet = ma.fields.UUID()
    total = ma.fields.Decimal(as_string=True)
    grade = ma.fields.String(allow_none=True)
    gates_met = ma.fields.Boolean()
    indices = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Decimal(as_string=True))


class RankSchema(ma.Schema):
    """A unit's place among those of its tier."""

    unit = ma.fields.String()
    name = ma.fields.String()
    tier = ma.fields.String()
    rank = ma.fields.Integer()
    of = ma.fields.Integer()
    score = ma.fields.Nested(RankScoreSchema)
    rank_before = ma.fields.Integer(allow_none=True)
    before = ma.fields.Nested(RankScoreSchema, allow_none=True)
    climbed = ma.fields.Integer(allow_none=True)
    gained = ma.fields.Decimal(as_string=True, allow_none=True)


class RankingSchema(ma.Schema):
    """A round's units, the best first, cities before counties."""

    round = ma.fields.Nested(BoardRoundSchema)
    before = ma.fields.Nested(BoardRoundSchema, allow_none=True)
    province = ma.fields.Nested(ProvinceSchema, allow_none=True)
    rows = ma.fields.List(ma.fields.Nested(RankSchema))
    groups = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.String())
    medians = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Dict(values=ma.fields.Decimal(as_string=True)))


class AgendaSpanQuery(ma.Schema):
    """From which day to which; the next 31 days when left out, 800 days at most."""

    since = ma.fields.Date(load_default=None)
    until = ma.fields.Date(load_default=None)


class AgendaEntrySchema(ma.Schema):
    """Something on a person's agenda."""

    key = ma.fields.String(metadata={"description": "Stays the same as long as the thing does"})
    kind = ma.fields.Enum(Kind, by_value=True)
    day = ma.fields.Date()
    until = ma.fields.Date()
    at = ma.fields.AwareDateTime(format="iso", allow_none=True, metadata={"description": "None for whole days"})
    title = ma.fields.String()
    name = ma.fields.String()
    what = ma.fields.String(metadata={"description": "opened, closed, published; begins, ends; or empty"})
    element = ma.fields.String(allow_none=True)
    task = ma.fields.UUID(allow_none=True)
    instance = ma.fields.UUID(allow_none=True)
    unit = ma.fields.String(allow_none=True)
    number = ma.fields.String(allow_none=True)
    provisional = ma.fields.Boolean()


class FeedAddressSchema(ma.Schema):
    """The secret of a feed that was just made; it is told once."""

    secret = ma.fields.String()
    path = ma.fields.String(metadata={"description": "Where calendar programs read it"})


class StepDaysSchema(ma.Schema):
    """A step of a process and its working days."""

    programme = ma.fields.String()
    process = ma.fields.String()
    element = ma.fields.String()
    open = ma.fields.Integer()
    late = ma.fields.Integer()
    done = ma.fields.Integer()
    median = ma.fields.Integer(allow_none=True)
    most = ma.fields.Integer(allow_none=True, metadata={"description": "Nine in ten are done within"})
    oldest = ma.fields.Integer(allow_none=True)
    missed = ma.fields.Integer()


class BoundaryMapSchema(ma.Schema):
    """The boundaries of a province as they are drawn; shown with their approval number or not at all."""

    province = ma.fields.String()
    number = ma.fields.String()
    source = ma.fields.String()
    digest = ma.fields.String()
    imported_at = ma.fields.AwareDateTime(format="iso")
    drawing = ma.fields.Dict()


class BoundaryImportSchema(ma.Schema):
    """An approved GeoJSON with its approval number (审图号)."""

    number = ma.fields.String(required=True, validate=ma.validate.Length(1, LONGEST_NUMBER))
    source = ma.fields.String(load_default="", validate=ma.validate.Length(max=maps.LONGEST_NAME))
    geojson = ma.fields.Dict(required=True)


@api.get("/board")
@auth.signed_in
@api.arguments(BoardQuery, location="query")
@api.response(200, BoardSchema)
def board(query: dict[str, Any]) -> Board:
    """Tell where every unit of a province stands today, what is late and how far the targets are."""
    return boards.board(g.session, g.actor, clock.today(), query["province"])


@api.get("/rounds")
@auth.signed_in
@api.response(200, BoardRoundSchema(many=True))
def rounds() -> list[RoundRow]:
    """List the latest rounds, each with its stage."""
    return boards.rounds(g.session, g.actor)


@api.get("/rankings/<round>")
@auth.signed_in
@api.arguments(BoardQuery, location="query")
@api.response(200, RankingSchema)
def ranking(query: dict[str, Any], round: str) -> Ranking:  # noqa: A002 - the name in the address
    """Tell how a round ranked its units, and what changed since the last round of its kind."""
    return rankings.ranking(g.session, g.actor, round, query["province"])


@api.get("/agenda")
@auth.signed_in
@api.arguments(AgendaSpanQuery, location="query")
@api.response(200, AgendaEntrySchema(many=True))
def listing(query: dict[str, Any]) -> list[Entry]:
    """List the person's agenda: rounds, deadlines, notices and the next measurements."""
    since: date = query["since"] or clock.today()
    return agenda.between(g.session, g.actor, since, query["until"] or since + MONTH)


@api.post("/agenda/feed")
@auth.signed_in
@api.response(201, FeedAddressSchema)
def make_feed() -> dict[str, str]:
    """Make the secret address of the person's calendar, in place of the one of before."""
    secret = feeds.renew(g.session, g.actor)
    return {"secret": secret, "path": f"/feeds/{secret}.ics"}


@api.delete("/agenda/feed")
@auth.signed_in
@api.response(204)
def end_feed() -> None:
    """End the secret address of the person's calendar."""
    feeds.revoke(g.session, g.actor)


@api.get("/bottlenecks")
@auth.needs(*sorted(LOOKERS))
@api.arguments(AgendaSpanQuery, location="query")
@api.response(200, StepDaysSchema(many=True))
def steps(query: dict[str, Any]) -> list[Step]:
    """Tell how many working days each step took between two days, and what is open at it; the last year by default."""
    until: date = query["until"] or clock.today()
    return bottlenecks.measure(g.session, g.actor, query["since"] or until - YEAR, until)


@api.get("/board/maps/<province>")
@auth.signed_in
@api.response(200, BoundaryMapSchema)
def show_map(province: str) -> Drawn:
    """Give the boundaries of a province as they are drawn; 404 when none were imported."""
    return maps.show(g.session, province)


@api.put("/board/maps/<province>")
@auth.needs(*sorted(KEEPERS))
@api.arguments(BoundaryImportSchema)
@api.response(200, BoundaryMapSchema)
def import_map(body: dict[str, Any], province: str) -> Drawn:
    """Import the approved boundaries of a province; 422 says what is wrong with them."""
    file = File(body["source"], orjson.dumps(body["geojson"]), body["number"])
    return maps.keep(g.session, g.actor, province, file)


@api.delete("/board/maps/<province>")
@auth.needs(*sorted(KEEPERS))
@api.response(204)
def remove_map(province: str) -> None:
    """Take the boundaries of a province away."""
    maps.remove(g.session, g.actor, province)
