"""Boards, rounds, agendas, feeds, bottlenecks and maps as programs ask for them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from engine import calendars, clock, units
from engine.db import Sessions, transaction
from tests.support.web import Program

People = Callable[[str], Program]
SQUARE = [[120, 30], [121, 30], [121, 29], [120, 29], [120, 30]]
MAP: dict[str, Any] = {
    "number": "浙S(2023)12号",
    "source": "东海.geojson",
    "geojson": {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"code": "339900"},
                "geometry": {"type": "Polygon", "coordinates": [SQUARE]},
            }
        ],
    },
}


@pytest.fixture(autouse=True)
def _registered(sessions: Sessions) -> None:
    with transaction(sessions) as session:
        units.seed(session)
        calendars.seed(session)


def send(person: Program, method: str, path: str, body: Any = None) -> Any:
    """Send what Program has no verb for."""
    headers = {"Authorization": f"Bearer {person.token}"}
    return person.client.open(f"/api/v1{path}", method=method, json=body, headers=headers)


def test_board_is_told_as_far_as_one_may_read(program: People) -> None:
    whole = program("jingban").get("/board?province=390000").json
    assert (len(whole["tiles"]), len(whole["targets"]), whole["province"]["fictional"]) == (26, 9, True)
    own = program("xianzhang").get("/board").json
    assert ([tile["unit"] for tile in own["tiles"]], own["targets"]) == (["339921"], [])
    assert own["tiles"][0]["titles"] == {"science_strong": "2012-01-01"}
    assert program("xianzhang").get("/board?province=330000").status_code == 404


def test_rounds_and_rankings_begin_empty(program: People) -> None:
    assert program("jingban").get("/rounds").json == []
    assert program("jingban").get("/rankings/biennial-2023").status_code == 404


def test_agenda_is_told_from_a_day_to_a_day(program: People) -> None:
    assert program("xianzhang").get("/agenda?since=2024-01-01&until=2024-12-31").json == []
    assert program("xianzhang").get("/agenda?since=tomorrow").status_code == 422


def test_feed_is_made_and_ended(program: People) -> None:
    person = program("xianzhang")
    made = person.post("/agenda/feed").json
    assert person.client.get(made["path"]).mimetype == "text/calendar"
    assert send(person, "DELETE", "/agenda/feed").status_code == 204
    assert person.client.get(made["path"]).status_code == 404


def test_bottlenecks_are_for_those_who_lead(program: People) -> None:
    since = clock.today() - timedelta(days=30)
    assert program("tingzhang").get(f"/bottlenecks?since={since}").json == []
    assert program("xianzhang").get("/bottlenecks").status_code == 403


def test_map_is_put_shown_with_its_number_and_deleted(program: People) -> None:
    admin, clerk = program("admin"), program("xianzhang")
    assert clerk.get("/board/maps/390000").status_code == 404
    assert send(clerk, "PUT", "/board/maps/390000", MAP).status_code == 403
    assert send(admin, "PUT", "/board/maps/390000", {**MAP, "number": "无"}).json["why"]["zh"].startswith("审图号")
    assert send(admin, "PUT", "/board/maps/390000", {**MAP, "colour": "red"}).status_code == 422
    assert send(admin, "PUT", "/board/maps/390000", MAP).json["number"] == MAP["number"]
    shown = clerk.get("/board/maps/390000").json
    assert (shown["number"], list(shown["drawing"]["paths"])) == (MAP["number"], ["339900"])
    assert send(clerk, "DELETE", "/board/maps/390000").status_code == 403
    assert send(admin, "DELETE", "/board/maps/390000").status_code == 204
