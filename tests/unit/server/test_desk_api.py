"""The personal actions by program: each is open to whoever may do it, refuses what it does not know, and says why."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from engine import clock
from engine.tables import Task
from tests.support.shapes import end, start, user, way
from tests.support.stage import Stage

BODY = start() + user("a", role="PRV_OFFICER") + user("b", role="ARCHIVIST") + end("e") + way("s a b e")
REASON = {"reason": "出差"}
NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def stage(sessions, tmp_path):
    return Stage(sessions, tmp_path / "drawn")


@pytest.fixture
def task(stage):
    return stage.task(stage.play(BODY), "a")


@pytest.fixture
def people(actor):
    return {name: str(actor(name).id) for name in ("jingban", "jingban2", "tingzhang", "shouli", "tianbao")}


def test_a_task_is_transferred_and_its_new_owner_finishes_it(stage, task, program, people):
    giver, taker = program("jingban"), program("jingban2")
    (colleague,) = giver.get(f"/tasks/{task}/colleagues").json
    assert (colleague["id"], colleague["barred"]) == (people["jingban2"], None)
    assert giver.post(f"/tasks/{task}/transfer", {**REASON, "to": people["jingban2"]}).status_code == 204
    again = giver.post(f"/tasks/{task}/transfer", {**REASON, "to": people["jingban2"]})
    assert (again.status_code, again.json["type"]) == (409, "urn:icity:problem:task-claimed")
    assert taker.post(f"/tasks/{task}/complete", {"answers": {}}).json == {
        "id": str(task),
        "instance": str(stage.one(select(Task.instance).where(Task.id == task))),
        "next": ["b"],
        "waits_for": [],
    }


def test_a_task_is_delegated_handed_back_and_taken_back(task, program, people):
    owner, delegate = program("jingban"), program("shouli")
    handing = {**REASON, "to": people["shouli"]}
    assert people["shouli"] in [one["id"] for one in owner.get(f"/tasks/{task}/delegates").json]
    assert owner.post(f"/tasks/{task}/delegate", handing).status_code == 204
    bound = delegate.post(f"/tasks/{task}/complete", {"answers": {}})
    assert (bound.status_code, bound.json["type"]) == (409, "urn:icity:problem:task-bound")
    assert "委派" in bound.json["why"]["zh"]
    assert delegate.post(f"/tasks/{task}/hand-back", {"opinion": "已核"}).status_code == 204
    assert [row["opinion"] for row in owner.get(f"/tasks/{task}/delegations").json] == ["已核"]
    assert owner.post(f"/tasks/{task}/delegate", handing).status_code == 204
    assert owner.post(f"/tasks/{task}/take-back", {}).status_code == 204
    assert owner.post(f"/tasks/{task}/complete", {"answers": {}}).status_code == 200


def test_signs_are_asked_given_and_taken_back(task, program, people):
    owner, signer = program("jingban"), program("tingzhang")
    assert people["tingzhang"] in [one["id"] for one in owner.get(f"/tasks/{task}/signers").json]
    asking = {**REASON, "kind": "after", "people": [people["tingzhang"], people["shouli"]], "order": "in_turn"}
    asked = owner.post(f"/tasks/{task}/signs", asking)
    assert asked.status_code == 201
    one, two = asked.json["signs"]
    held = owner.post(f"/tasks/{task}/complete", {"answers": {}}).json
    assert (held["next"], held["waits_for"]) == ([], ["韩厅长", "沈受理"])
    assert [row["id"] for row in signer.get("/signs").json["rows"]] == [one]
    given = signer.post(f"/signs/{one}/give", {"state": "agreed", "opinion": "同意"})
    assert (given.status_code, given.json) == (200, {"next": []})
    assert owner.post(f"/signs/{two}/take-back", REASON).json == {"next": ["b"]}
    assert [row["state"] for row in owner.get(f"/tasks/{task}/signs").json] == ["agreed", "taken_back"]


def test_a_substitute_is_appointed_listed_and_ended(program, people):
    away, here = program("tingzhang"), program("jingban")
    days = {"since": str(clock.today()), "until": str(clock.today() + timedelta(days=2))}
    wanted = {**REASON, **days, "substitute": people["jingban"]}
    assert people["jingban"] in [one["id"] for one in away.get("/substitutions/candidates").json]
    made = away.post("/substitutions", wanted)
    assert made.status_code == 201
    assert {"organisation": "prov-science", "role": "PRV_LEAD"} in here.get("/me").json["memberships"]
    assert [row["state"] for row in here.get("/substitutions").json] == ["in force"]
    twice = away.post("/substitutions", wanted)
    assert (twice.status_code, twice.json["type"]) == (422, "urn:icity:problem:substitution-refused")
    assert away.post(f"/substitutions/{made.json['id']}/end").status_code == 204
    assert here.get("/me").json["memberships"] == [{"organisation": "prov-science", "role": "PRV_OFFICER"}]


def test_a_task_is_urged_once_a_working_day_and_the_receiver_says_it_was_seen(stage, task, program):
    program("jingban").post(f"/tasks/{task}/complete", {"answers": {}})
    after = stage.one(select(Task.id).where(Task.element == "b"))
    sender, receiver = program("jingban"), program("dangan")
    assert sender.post(f"/tasks/{after}/urge", {"note": "请快"}).status_code == 204
    again = sender.post(f"/tasks/{after}/urge", {})
    assert (again.status_code, again.json["type"]) == (409, "urn:icity:problem:urged-already")
    assert receiver.post(f"/tasks/{after}/urges/seen").status_code == 204
    (row,) = sender.get(f"/tasks/{after}/urges").json
    assert (row["note"], row["seen_at"] is None) == ("请快", False)


def test_a_case_is_told_to_a_colleague_who_marks_it_read(stage, task, program, people):
    instance = stage.one(select(Task.instance).where(Task.id == task))
    sender, receiver = program("jingban"), program("shouli")
    assert people["shouli"] in [one["id"] for one in sender.get("/copies/candidates").json]
    sent = sender.post(f"/instances/{instance}/copies", {"people": [people["shouli"]], "note": "知悉"})
    assert sent.status_code == 201
    (copy,) = sent.json["copies"]
    assert [row["note"] for row in receiver.get("/copies").json["rows"]] == ["知悉"]
    assert receiver.post(f"/copies/{copy}/read").status_code == 204
    assert sender.get(f"/instances/{instance}/copies").json[0]["read_at"] is not None
    strange = sender.post(f"/instances/{instance}/copies", {"people": [people["tianbao"]]})
    assert (strange.status_code, strange.json["type"]) == (422, "urn:icity:problem:colleague-refused")


BODIES = {
    "/tasks/{task}/transfer": {**REASON, "to": NOBODY},
    "/tasks/{task}/delegate": {**REASON, "to": NOBODY},
    "/tasks/{task}/hand-back": {"opinion": "好"},
    "/tasks/{task}/take-back": {},
    "/tasks/{task}/signs": {**REASON, "kind": "before", "people": [NOBODY]},
    "/tasks/{task}/urge": {},
    "/tasks/{task}/urges/seen": None,
    "/instances/{task}/copies": {"people": [NOBODY]},
    "/signs/{task}/give": {"state": "agreed", "opinion": "好"},
    "/signs/{task}/take-back": REASON,
    "/copies/{task}/read": None,
    "/substitutions/{task}/end": None,
}


def test_whoever_may_not_see_it_is_told_there_is_none_and_unknown_words_are_refused(task, program):
    stranger = program("tianbao")
    for path, body in BODIES.items():
        reply = stranger.post(path.format(task=task), body)
        assert reply.status_code == 404, path
        if body is not None:
            odd = stranger.post(path.format(task=task), {**body, "odd": 1})
            assert odd.status_code == 422, path
    for path in ("colleagues", "delegates", "delegations", "signs", "signers", "urges"):
        assert stranger.get(f"/tasks/{task}/{path}").status_code == 404, path
    assert stranger.get(f"/instances/{task}/copies").json == []
