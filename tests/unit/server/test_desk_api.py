"""The desk by program: what a task offers, sending back, taking back, seats, and what comes next."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from engine.tables import Task
from tests.support.shapes import end, many, start, user, way
from tests.support.stage import Stage

People = Callable[[str], Any]
ROLE = {"role": "PRV_OFFICER"}
SEATED = {**ROLE, "icity:actions": "return withdraw seat"}
LINE = start() + user("a", "b", **ROLE) + user("v", **SEATED, inner=many()) + end("e") + way("s a b v e")


@pytest.fixture
def stage(sessions: Any, tmp_path: Any) -> Stage:
    return Stage(sessions, tmp_path / "drawn")


def test_work_goes_back_and_comes_again(stage: Stage, program: People) -> None:
    officer = program("jingban")
    instance = stage.play(LINE)
    done = stage.task(instance, "a")
    stage.complete(instance, "a")
    task = stage.task(instance, "b")
    keys = {row["key"]: row["why"] for row in officer.get(f"/tasks/{task}/actions").json}
    assert "领取" in keys["return"]["zh"]
    assert officer.post(f"/tasks/{task}/claim").status_code == 204
    (step,) = officer.get(f"/tasks/{task}/steps").json
    assert (step["element"], step["who"]) == ("a", stage.actor.name)
    assert officer.get(f"/tasks/{task}/rejection").status_code == 404
    body = {"step": step["step"], "reason": "缺页", "fields": []}
    assert officer.post(f"/tasks/{task}/return", {**body, "step": 99}).status_code == 409
    assert officer.post(f"/tasks/{task}/return", {**body, "reason": ""}).status_code == 422
    assert officer.post(f"/tasks/{task}/return", body).status_code == 204
    again = stage.task(instance, "a")
    assert again != done
    assert officer.get(f"/tasks/{again}/rejection").json["reason"] == "缺页"
    (following,) = officer.get(f"/tasks/{again}/upcoming").json
    assert (following["kind"], following["element"]) == ("task", "b")
    assert program("tianbao").get(f"/tasks/{again}/actions").status_code == 404


def test_an_answer_is_taken_back_and_seats_change(stage: Stage, program: People) -> None:
    officer = program("jingban")
    instance = stage.play(LINE)
    stage.complete(instance, "a")
    done = stage.task(instance, "b")
    stage.complete(instance, "b")
    back = officer.post(f"/tasks/{done}/withdraw", {"reason": "填错了"})
    assert back.status_code == 200
    assert officer.get(f"/tasks/{back.json['id']}/seats").status_code == 404
    stage.complete(instance, "b")
    task = stage.task(instance, "v")
    assert officer.post(f"/tasks/{task}/seats", {"item": 4, "reason": "再问一家"}).status_code == 204
    assert len(officer.get(f"/tasks/{task}/seats").json["seats"]) == 4
    assert officer.post(f"/tasks/{task}/seats/remove", {"position": 1, "reason": "x"}).status_code == 409
    assert officer.post(f"/tasks/{task}/seats/remove", {"reason": "不再需要"}).status_code == 204
    assert len(stage.all(select(Task.id).where(Task.element == "v", Task.state == "open"))) == 3
