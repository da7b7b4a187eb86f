"""The API as programs use it: every answer, and every refusal, as promised."""

import re
from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import event, func, select

from engine import clock, units
from engine.db import Sessions, transaction
from engine.processes import Deployed
from engine.tables import Heartbeat, Idempotency, Instance
from tests.support.web import Program, fresh_key

pytestmark = pytest.mark.usefixtures("errand")
People = Callable[[str], Program]
ERRAND = {"programme": "errand", "process": "errand", "title": "一件差事"}


def start(officer: Program, **extra: Any) -> UUID:
    reply = officer.post("/instances", {**ERRAND, **extra})
    assert reply.status_code == 201
    assert reply.headers["Location"] == f"/api/v1/instances/{reply.json['id']}"
    return UUID(reply.json["id"])


def test_a_task_goes_from_one_person_to_the_next(program: People) -> None:
    officer, intake = program("jingban"), program("shouli")
    instance = start(officer)
    (row,) = intake.get("/tasks?list=claimable").json["rows"]
    assert (row["name"], row["instance"], row["state"]) == ("写便条", str(instance), "open")
    assert intake.post(f"/tasks/{row['id']}/claim").status_code == 204
    assert intake.get("/tasks?list=claimable").json == {"rows": [], "next": None}
    assert [mine["id"] for mine in intake.get("/tasks").json["rows"]] == [row["id"]]
    view = intake.get(f"/tasks/{row['id']}").json
    assert view["form"]["components"][0]["key"] == "words"
    done = intake.post(f"/tasks/{row['id']}/complete", {"answers": {"words": "好"}})
    assert done.json == {"id": row["id"], "instance": str(instance), "next": ["看便条"], "waits_for": []}
    (second,) = officer.get("/tasks?list=claimable").json["rows"]
    officer.post(f"/tasks/{second['id']}/complete", {"answers": {}})
    shown = officer.get(f"/instances/{instance}").json
    assert (shown["state"], shown["milestone"], shown["milestone_name"]["en"]) == ("finished", "noted", "Noted")
    assert [step["name"] for step in officer.get(f"/instances/{instance}/history").json["rows"]][:2] == [
        "结束",
        "看便条",
    ]
    assert [past["id"] for past in intake.get("/tasks?list=done").json["rows"]] == [row["id"]]


def test_a_claimed_task_is_refused_to_others_until_released(program: People) -> None:
    officer, intake = program("jingban"), program("shouli")
    start(officer)
    task = intake.get("/tasks?list=claimable").json["rows"][0]["id"]
    assert officer.post(f"/tasks/{task}/claim").status_code == 404
    assert intake.post(f"/tasks/{task}/claim").status_code == 204
    assert intake.post(f"/tasks/{task}/release").status_code == 204
    assert intake.post(f"/tasks/{task}/release").status_code == 409


def test_faulty_answers_name_the_field_in_both_languages_and_change_nothing(program: People) -> None:
    officer, intake = program("jingban"), program("shouli")
    start(officer)
    task = intake.get("/tasks?list=claimable").json["rows"][0]["id"]
    refused = intake.post(f"/tasks/{task}/complete", {"answers": {"words": ""}})
    assert refused.status_code == 422
    assert refused.json["type"] == "urn:icity:problem:answers-refused"
    assert refused.json["fields"]["words"].keys() == {"zh", "en"}
    assert intake.get(f"/tasks/{task}").json["task"]["state"] == "open"


def test_completing_twice_is_told(program: People) -> None:
    officer, intake = program("jingban"), program("shouli")
    start(officer)
    task = intake.get("/tasks?list=claimable").json["rows"][0]["id"]
    assert intake.post(f"/tasks/{task}/complete", {"answers": {"words": "好"}}).status_code == 200
    again = intake.post(f"/tasks/{task}/complete", {"answers": {"words": "好"}})
    assert (again.status_code, again.json["type"]) == (409, "urn:icity:problem:task-closed")


def test_completing_a_task_asks_the_database_at_most_fifteen_times_and_commits_once(
    program: People, sessions: Sessions
) -> None:
    officer, intake = program("jingban"), program("shouli")
    for _ in range(2):
        start(officer)
    first, second = (row["id"] for row in intake.get("/tasks?list=claimable").json["rows"])
    intake.post(f"/tasks/{first}/complete", {"answers": {"words": "好"}})
    statements: list[str] = []
    commits: list[Any] = []
    engine = sessions.kw["bind"]
    event.listen(engine, "before_cursor_execute", lambda *a: statements.append(a[2]))
    event.listen(engine, "commit", commits.append)
    assert intake.post(f"/tasks/{second}/complete", {"answers": {"words": "好"}}, key=fresh_key()).status_code == 200
    assert len(commits) == 1
    assert len(statements) <= 15, statements


def test_lists_are_read_page_by_page_without_gap_or_repetition(program: People) -> None:
    officer = program("jingban")
    started = {str(start(officer, title=f"差事{n}")) for n in range(5)}
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = officer.get("/instances", query_string={"limit": 2, **({"cursor": cursor} if cursor else {})}).json
        seen += [row["id"] for row in page["rows"]]
        cursor = page["next"]
    assert sorted(seen) == sorted(started)


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "list=all", "order=name", "cursor=" + "a" * 501])
def test_queries_nobody_offered_are_refused(program: People, query: str) -> None:
    reply = program("shouli").get(f"/tasks?{query}")
    assert reply.status_code == 422
    assert reply.content_type == "application/problem+json"


def test_a_cursor_that_is_none_of_ours_finds_nothing(program: People) -> None:
    assert program("shouli").get("/tasks?cursor=AAAA").status_code in {404, 422}


def test_what_belongs_to_others_is_not_there(program: People) -> None:
    instance = start(program("jingban"))
    stranger = program("zhuanjia1")
    assert stranger.get(f"/instances/{instance}").status_code == 404
    assert stranger.get(f"/instances/{instance}/history").status_code == 404
    assert stranger.get("/instances").json["rows"] == []
    assert stranger.get(f"/tasks/{uuid4()}").status_code == 404


def test_who_may_not_start_is_told_and_nothing_starts(program: People, sessions: Sessions) -> None:
    assert program("caizheng").post("/instances", ERRAND).status_code == 403
    assert program("jingban").post("/instances", {**ERRAND, "process": "other"}).status_code == 404
    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(Instance)) == 0


LIFE = {"programme": "errand", "process": "lifecycle", "title": "创建", "organisation": "yunxi-government"}


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"subject": "339921", "data": {"unit": "339921", "round_id": "pilot-2026"}}, 404),  # may, but it is not there
        ({"process": "revocation", "subject": "339921"}, 403),
        ({"subject": "339922"}, 403),
        ({"subject": "339921", "data": {"unit": "339922"}}, 403),
        ({"subject": "339921", "data": {"unit": ["339921"]}}, 403),
        ({"subject": "339921", "data": {"unit": "339921", "outcome": "recognised"}}, 403),
        ({"subject": "339921", "organisation": "donghu-science"}, 403),
        ({"subject": "339921", "organisation": None}, 403),
    ],
)
def test_an_applicant_starts_the_life_of_its_own_unit_and_nothing_else(
    program: People, sessions: Sessions, changed: dict[str, Any], status: int
) -> None:
    with transaction(sessions) as session:
        units.seed(session)
    assert program("xianzhang").post("/instances", LIFE | changed).status_code == status


def test_programmes_and_their_versions_are_listed(program: People, errand: Deployed) -> None:
    one = program("shouli")
    (listed,) = one.get("/processes").json
    assert listed["programme"] == "errand"
    assert listed["processes"] == [{"id": "errand", "name": "差事"}]
    assert [version["digest"] for version in one.get("/processes/errand/versions").json] == [errand.digest]
    assert one.get("/processes/other/versions").status_code == 404


def test_a_message_with_one_id_counts_once(program: People) -> None:
    manager = program("jingban")
    message = {"id": "m-1", "name": "measured", "correlation": "339921", "payload": {"score": 81}}
    first = manager.post("/messages", message)
    assert (first.status_code, first.json["state"], first.json["duplicate"]) == (202, "waiting", False)
    again = manager.post("/messages", message)
    assert (again.status_code, again.json["duplicate"], again.json["id"]) == (202, True, first.json["id"])
    assert program("caizheng").post("/messages", message).status_code == 403


def test_units_are_listed(program: People) -> None:
    assert program("shouli").get("/units").status_code == 200


def test_the_same_key_gives_the_same_answer_and_one_effect(program: People, sessions: Sessions) -> None:
    officer, key = program("jingban"), fresh_key()
    first, again = (officer.post("/instances", ERRAND, key=key) for _ in range(2))
    assert (first.status_code, first.data, first.headers["Location"]) == (
        again.status_code,
        again.data,
        again.headers["Location"],
    )
    assert again.headers["Idempotency-Replayed"] == "true"
    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(Instance)) == 1


def test_the_same_key_with_another_body_or_address_is_refused(program: People) -> None:
    officer, key = program("jingban"), fresh_key()
    officer.post("/instances", ERRAND, key=key)
    for path, body in (("/instances", {**ERRAND, "title": "另一件"}), (f"/tasks/{uuid4()}/claim", None)):
        reply = officer.post(path, body, key=key)
        assert (reply.status_code, reply.json["type"]) == (422, "urn:icity:problem:idempotency-conflict")


def test_the_same_key_of_two_people_are_two_keys(program: People) -> None:
    key = fresh_key()
    ids = {program(login).post("/instances", ERRAND, key=key).json["id"] for login in ("jingban", "jingban")}
    assert len(ids) == 1
    assert program("jingban2").post("/instances", ERRAND, key=key).status_code == 201


def test_the_same_key_at_the_same_moment_has_one_effect(app: Flask, program: People, sessions: Sessions) -> None:
    key, barrier = fresh_key(), Barrier(6)
    replies: list[bytes] = []
    officers = [program("jingban") for _ in range(6)]

    def send(officer: Program) -> None:
        barrier.wait()
        replies.append(officer.post("/instances", ERRAND, key=key).data)

    threads = [Thread(target=send, args=(officer,)) for officer in officers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(replies)) == 1
    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(Instance)) == 1


def test_a_refused_request_keeps_no_key_and_may_be_tried_again(program: People, sessions: Sessions) -> None:
    officer, key = program("jingban"), fresh_key()
    assert officer.post("/instances", {**ERRAND, "process": "other"}, key=key).status_code == 404
    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(Idempotency)) == 0
    assert officer.post("/instances", ERRAND, key=key).status_code == 201


def test_a_request_still_in_progress_is_told(program: People, sessions: Sessions) -> None:
    officer, key = program("jingban"), fresh_key()
    person = officer.get("/me").json["id"]
    with sessions() as other:
        other.add(Idempotency(person=UUID(person), key=key, digest="x", at=func.now()))
        other.flush()
        reply = officer.post("/instances", ERRAND, key=key)
    assert (reply.status_code, reply.json["type"]) == (409, "urn:icity:problem:request-in-progress")


@pytest.mark.parametrize("key", ["k" * 256, "ключ".encode().decode("latin-1"), " "])
def test_a_key_that_is_none_is_refused(program: People, key: str) -> None:
    reply = program("jingban").post("/instances", ERRAND, key=key)
    assert reply.status_code in {201, 400} if key == " " else reply.status_code == 400


BAD_BODIES = [
    (b"{", 400),
    (b"", 400),
    (b'{"title": NaN}', 400),
    (b'{"title": Infinity}', 400),
    (b'{"title": 1e999}', 400),
    (b'{"title": "a", "title": "b"}', 400),
    (b'{"data": {"n": 10000000000000000000}}', 400),
    (b'{"data": {"n": ' + b"9" * 5000 + b"}}", 400),
    (b'{"data": {"t": "\\u0000"}}', 400),
    (b'{"data": {"t": "\\ud800"}}', 400),
    (b'{"data": {"\\u0000": 1}}', 400),
    (b'{"title": "\xff"}', 400),
    (b"[" * 100_000, 400),
    (b'{"a":' * 40 + b"1" + b"}" * 40, 400),
    (b"[]", 422),
    (b'"text"', 422),
    (b"{}", 422),
    (b'{"programme":"errand","process":"errand","title":"x","state":"finished"}', 422),
    (b'{"programme":"errand","process":"errand","title":7}', 422),
    (b'{"programme":"errand","process":"errand","title":"x","data":[]}', 422),
    (b'{"t": "' + b"x" * 1_100_000 + b'"}', 413),
]


@pytest.mark.parametrize(("body", "status"), BAD_BODIES, ids=[str(n) for n in range(len(BAD_BODIES))])
def test_bodies_that_two_readers_might_read_differently_are_refused(program: People, body: bytes, status: int) -> None:
    officer = program("jingban")
    headers = {"Authorization": f"Bearer {officer.token}"}
    reply = officer.client.post("/api/v1/instances", data=body, headers=headers, content_type="application/json")
    assert reply.status_code == status
    assert reply.content_type == "application/problem+json"


def test_a_body_of_another_type_is_refused(program: People) -> None:
    officer = program("jingban")
    headers = {"Authorization": f"Bearer {officer.token}"}
    reply = officer.client.post("/api/v1/instances", data=b"{}", headers=headers, content_type="text/plain")
    assert reply.status_code == 415


def test_the_description_names_every_route_and_its_problem_type(app: Flask) -> None:
    described = app.test_client().get("/api/v1/openapi.json").get_json()
    assert described["openapi"] == "3.1.0"
    known = {
        (re.sub(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/api/") and not rule.rule.endswith("openapi.json")
    }
    assert {
        (path, method) for path, item in described["paths"].items() for method in item.keys() - {"parameters"}
    } == known
    assert "application/problem+json" in described["components"]["responses"]["DEFAULT_ERROR"]["content"]
    assert described["paths"]["/api/v1/health"]["get"]["security"] == []


def test_a_process_lives_and_is_ready_while_the_clock_beats(app: Flask, sessions: Sessions) -> None:
    client = app.test_client()
    assert client.get("/api/v1/health").get_json() == {"status": "ok"}
    still = client.get("/api/v1/ready")
    parts = {"database": True, "schema": True, "clock": False, "hands": False}
    assert (still.status_code, still.get_json()["parts"]) == (503, parts)
    with transaction(sessions) as session:
        session.add_all([Heartbeat(name=part, at=clock.now()) for part in ("clock", "hands")])
    assert client.get("/api/v1/ready").get_json()["ready"] is True
    clock.travel(clock.now() + timedelta(minutes=2))
    assert client.get("/api/v1/ready").status_code == 503
