"""Forecast: who is next and by when, found on a copy; nothing is written."""

from datetime import timedelta

import pytest
from sqlalchemy import insert

from engine import clock, forecast, processes, tasks
from engine.errors import NotFound
from engine.tables import Draft
from tests.support.shapes import catch, end, exclusive, parallel, service, start, timer, user, way, when
from tests.support.stage import Stage
from tests.unit.engine.test_rejections import DMN

ROLE = {"role": "PRV_OFFICER"}
FORM = """{"type": "default", "id": "any", "schemaVersion": 16, "components": [
{"type": "radio", "key": "opinion", "label": "审核意见", "id": "F1", "layout": {"row": "R1"},
"values": [{"label": "同意", "value": "agree"}, {"label": "不同意", "value": "object"},
{"label": "补正", "value": "amend"}]},
{"type": "checkbox", "key": "secret", "label": "涉密", "id": "F2", "layout": {"row": "R2"}}]}"""
ASKS = {**ROLE, "icity:form": "any", "result": "x"}


@pytest.fixture
def stage(sessions, tmp_path):
    return Stage(sessions, tmp_path / "drawn")


def play(stage, body, dmn=""):
    stage.deploy(p=body)
    (stage.folder / "forms" / "any.form").write_text(FORM)
    if dmn:
        (stage.folder / "d.dmn").write_text(dmn)
    stage.do(lambda session, _: processes.deploy(session, stage.folder, "x"))
    return stage.start("p")


def coming(stage, instance, element):
    return stage.do(forecast.upcoming, stage.task(instance, element))


def told(rows):
    return {row.element: row.condition and row.condition["zh"] for row in rows}


def test_the_next_task_is_told_with_its_people_and_its_deadline(stage, actor):
    body = start() + user("a", **ASKS) + user("b", role="PRV_LEAD", deadline="B") + end("e") + way("s a b e")
    stage.deploy(p=start() + user("a", **ROLE) + end("e") + way("s a e"))
    (stage.folder / "d.dmn").write_text(DMN)
    instance = play(stage, body, DMN)
    (row,) = coming(stage, instance, "a")
    assert (row.kind, row.element, row.role, row.condition) == ("task", "b", "PRV_LEAD", None)
    assert row.people
    assert timedelta(days=4) < row.due_at - clock.now() < timedelta(days=10)
    stage.complete(instance, "a", opinion="agree")
    assert stage.tasks(instance) == ["b"]


def test_each_choice_that_leads_elsewhere_is_told_in_words(stage):
    body = start() + user("a", **ASKS) + exclusive("g", default="g_z") + user("b", "c", "z", **ROLE) + end("e")
    body += way("s a g z e", "b e", "c e")
    body += when("g", "b", '=x.opinion = "agree"') + when("g", "c", '=x.opinion = "object" and x.secret')
    instance = play(stage, body)
    found = told(coming(stage, instance, "a"))
    assert found["b"] == "“审核意见”为“同意”"
    assert found["c"] == "“审核意见”为“不同意”，且“涉密”为“是”"
    assert set(found) == {"b", "c", "z"}
    task = stage.task(instance, "a")
    kept = {"task": task, "person": stage.actor.id, "answers": {"opinion": "agree"}, "saved_at": clock.now()}
    stage.do(lambda session, _: session.execute(insert(Draft).values(kept)))
    assert told(coming(stage, instance, "a")) == {"b": None}


def test_it_writes_nothing_and_registers_are_only_rehearsed(stage):
    given = '<extensionElements><icity:input name="kind" value="=&quot;pilot&quot;"/></extensionElements>'
    body = start() + user("a", **ASKS) + service("o", given, operator="find round", result="r") + user("b", **ROLE)
    instance = play(stage, body + end("e") + way("s a o b e"))
    before = stage.kinds(instance)
    coming(stage, instance, "a")
    assert stage.kinds(instance) == before
    assert stage.tasks(instance) == ["a"]


def test_a_wait_a_join_and_the_end_are_told(stage):
    body = start() + user("a", **ROLE) + catch("w", timer("P3D")) + parallel("f", "j") + user("l", "r", **ROLE)
    instance = play(stage, body + end("e") + way("s a w f l j e", "f r j"))
    (row,) = coming(stage, instance, "a")
    assert (row.kind, row.element) == ("wait", "w")
    assert row.due_at is not None
    other = play(stage, start() + user("l", "r", **ROLE) + parallel("f", "j") + end("e") + way("s f l j e", "f r j"))
    (row,) = coming(stage, other, "l")
    assert (row.kind, row.element, row.condition["zh"]) == ("join", "j", "还要等其他并行环节办完")
    stage.complete(other, "l")
    (row,) = coming(stage, other, "r")
    assert (row.kind, row.element) == ("end", "e")


def test_a_closed_task_has_nothing_ahead_and_a_strange_one_is_not_there(stage, actor):
    instance = play(stage, start() + user("a", **ROLE) + end("e") + way("s a e"))
    task = stage.task(instance, "a")
    with pytest.raises(NotFound):
        stage.do(forecast.upcoming, task, by=actor("shentu"))
    stage.do(tasks.complete, task, {})
    assert stage.do(forecast.upcoming, task) == []
