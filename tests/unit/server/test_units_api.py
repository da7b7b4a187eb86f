"""Units, targets and the assessment's workbook as programs ask for them."""

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import openpyxl
import pytest
from flask import Flask
from sqlalchemy import select

from engine import units
from engine.db import Sessions, transaction
from engine.tables import Message
from tests.support.web import Program

People = Callable[[str], Program]


@pytest.fixture(autouse=True)
def _registered(sessions: Sessions) -> None:
    with transaction(sessions) as session:
        units.seed(session)


def test_units_are_listed_as_of_a_day(program: People) -> None:
    found = {row["unit"]: row for row in program("tianbao").get("/units?on=2014-12-12").json}
    assert (found["330183"]["code"], found["330183"]["name"]) == ("330183", "富阳市")
    assert found["330183"]["lineage"] == {"before": [], "own": [], "after": []}
    today = {row["unit"]: row for row in program("tianbao").get("/units").json}
    (act,) = today["330183"]["lineage"]["own"]
    assert (today["330183"]["code"], act["effective_on"], act["kind"]) == ("330111", "2014-12-13", "city_to_district")
    assert today["330100"]["titles"] == ["national_pilot"]


@pytest.mark.parametrize("day", ["yesterday", "2014-02-30", "2014-12-12T00:00:00"])
def test_day_must_be_one(program: People, day: str) -> None:
    assert program("tianbao").get(f"/units?on={day}").status_code == 422


def test_targets_are_told(program: People) -> None:
    told = program("tianbao").get("/targets?on=2015-12-31").json
    assert [target["wanted"] for target in told] == [8, 3, 4, 5, 10, 600, 150, 30, 10]
    assert {"key", "name", "english", "reached", "met", "basis"} < set(told[0])


def test_province_gets_the_workbook_and_nobody_else(program: People, app: Flask) -> None:
    reply = program("jingban").get("/responsibility.xlsx?year=2019")
    assert (reply.status_code, reply.mimetype.rpartition(".")[2]) == (200, "sheet")
    book = openpyxl.load_workbook(io.BytesIO(reply.data))
    assert book.sheetnames == ["考核数据", "厅市会商优先支持", "好做法"]
    assert program("xianzhang").get("/responsibility.xlsx?year=2019").status_code == 403
    assert app.test_client().get("/api/v1/responsibility.xlsx?year=2019").status_code == 401
    assert program("jingban").get("/responsibility.xlsx").status_code == 422
    assert program("jingban").get("/responsibility.xlsx?year=1900").status_code == 422


MERGER = {
    "effective_on": "2019-07-01",
    "kind": "merge",
    "document_no": "国函〔2019〕9号",
    "from_units": ["339923"],
    "to_units": ["339922"],
    "note": "柳浦县并入石桥县",
}


def test_officer_enters_a_merger(program: People) -> None:
    entered = program("jingban").post("/division-events", MERGER)
    assert (entered.status_code, list(entered.json)) == (201, ["id"])
    found = {row["unit"]: row for row in program("tianbao").get("/units?on=2019-07-01").json}
    assert "339923" not in found
    assert [act["note"] for act in found["339922"]["lineage"]["before"]] == ["柳浦县并入石桥县"]


def test_what_was_entered_is_told_to_the_diagrams(program: People, sessions: Sessions) -> None:
    event = program("jingban").post("/division-events", MERGER).json["id"]
    with transaction(sessions) as session:
        told = session.scalars(select(Message)).one()
    assert (told.name, told.payload) == ("unit.event", {"event_id": event})


def test_county_is_entered_as_a_district(program: People) -> None:
    begun = {"unit": "339921", "code": "339903", "name": "云溪区", "level": "district", "parent": "339900"}
    act = {"effective_on": "2020-05-01", "kind": "county_to_district", "from_units": ["339921"], "to_units": ["339921"]}
    assert program("jingban").post("/division-events", {**act, "begun": [begun]}).status_code == 201
    found = {row["unit"]: row for row in program("tianbao").get("/units?on=2020-05-01").json}
    assert (found["339921"]["code"], found["339921"]["name"], found["339921"]["level"]) == (
        "339903",
        "云溪区",
        "district",
    )


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"from_units": ["999999"]}, 422),
        ({"kind": "conquest"}, 422),
        ({"effective_on": "next year"}, 422),
        ({"to_units": []}, 422),
        ({"begun": [{"unit": "A", "code": "'; drop", "name": "A", "level": "county", "parent": "339900"}]}, 422),
        ({"from_units": ["\u0000"]}, 400),
        ({"from_units": ["339922"]}, 422),
        ({"from_units": ["339923"] * 2}, 422),
        ({"effective_on": "0001-01-01"}, 422),
        ({"effective_on": "9999-12-31"}, 422),
    ],
)
def test_what_does_not_fit_is_refused(program: People, change: dict[str, object], status: int) -> None:
    reply = program("jingban").post("/division-events", {**MERGER, **change})
    assert reply.status_code == status
    assert "339923" in {row["unit"] for row in program("tianbao").get("/units").json}


def test_an_act_that_four_enter_at_once_happens_once(program: People) -> None:
    officers = [program("jingban") for _ in range(4)]
    with ThreadPoolExecutor() as hands:
        replies = list(
            hands.map(lambda one: one.post("/division-events", {**MERGER, "kind": "boundary_transfer"}), officers)
        )
    assert sorted(reply.status_code for reply in replies) == [201, 422, 422, 422]
    refused = [reply.json["findings"][0]["rule"] for reply in replies if reply.status_code != 201]
    assert refused == ["told once"] * 3


@pytest.mark.parametrize("login", ["xianzhang", "admin"])
def test_nobody_else_enters_anything(program: People, login: str) -> None:
    assert program(login).post("/division-events", MERGER).status_code == 403


def test_holders_are_listed_as_of_a_day(program: People) -> None:
    flags = [row for row in program("tianbao").get("/titles").json if row["kind"] == "national_pilot"]
    assert [row["unit"] for row in flags] == ["330100", "330200", "330400"]
    assert {row["document_no"] for row in flags} == {"浙政发〔2012〕17号"}
    assert program("tianbao").get("/titles?on=2011-12-31").json == []
