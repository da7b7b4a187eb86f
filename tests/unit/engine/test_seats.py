"""Seats: who answers together, and seats that are added and taken away while they do."""

import pytest
from sqlalchemy import select

from engine import processes, runtime, seats, tasks
from engine.errors import NotAllowed, NotFound, OperationRefused
from engine.seats import Seating
from engine.tables import Event, Membership, Organisation, Task
from tests.support.shapes import end, many, start, sub, user, way
from tests.support.stage import Stage

ASKS = {"role": "PRV_OFFICER", "icity:form": "any", "icity:actions": "seat", "result": "said"}
FORM = """{"type": "default", "id": "any", "schemaVersion": 16, "components": [
{"type": "radio", "key": "opinion", "label": "意见", "id": "F1", "layout": {"row": "R1"},
"values": [{"label": "同意", "value": "agree"}, {"label": "不同意", "value": "object"}]}]}"""


@pytest.fixture
def stage(sessions, tmp_path):
    return Stage(sessions, tmp_path / "drawn")


def drawn(stage, collection="=[1, 2, 3]", condition="", **loop):
    """Play a process in which several answer one after the other or at once."""
    until = f"<completionCondition>{condition}</completionCondition>" if condition else ""
    marker = many(collection, until, outputCollection="told", outputElement="=said.opinion", **loop)
    asked = {**ASKS, "icity:organisation": "=item"} if "prov" in collection else ASKS
    body = start() + user("v", inner=marker, **asked) + user("z", role="PRV_OFFICER") + end("e") + way("s v z e")
    stage.deploy(p=body)
    (stage.folder / "forms" / "any.form").write_text(FORM)
    stage.do(lambda session, _: processes.deploy(session, stage.folder, "x"))
    return stage.start("p")


def answer(stage, instance, opinion="agree"):
    stage.complete(instance, "v", opinion=opinion)


def told(stage, instance):
    return stage.do(lambda session, _: runtime.peek(session, instance).data())["told"]


def test_the_matrix_tells_who_has_answered_what_and_how_many_are_needed(stage):
    instance = drawn(stage, condition="=nrOfCompletedInstances &gt;= 2")
    task = stage.task(instance, "v")
    answer(stage, instance, "object")
    runtime.forget()
    for seen in (task, stage.task(instance, "v")):
        matrix = stage.do(seats.matrix, seen)
        given = [(seat.who, seat.outcome) for seat in matrix.seats if seat.state == "given"]  # any of the three
        assert given == [(stage.actor.name, "不同意")]
        assert [seat.state for seat in matrix.seats if seat.state != "given"] == ["open", "open"]
        assert (matrix.needed, matrix.given) == (2, 1)
        assert matrix.rule["zh"] == "3席中满2席即进入下一环节。"
    answer(stage, instance)
    assert stage.tasks(instance) == ["z"]
    assert sorted(told(stage, instance)) == ["agree", "object"]  # in the order of the seats
    assert stage.do(seats.matrix, stage.task(instance, "z")) is None
    assert stage.do(seats.matrix, task) is None
    stage.complete(instance, "z")
    assert stage.do(seats.matrix, task) is None


def test_a_condition_on_what_is_answered_is_told_as_it_is_drawn(stage):
    matrix = stage.do(seats.matrix, stage.task(drawn(stage, condition='=said.opinion = "agree"'), "v"))
    assert matrix.needed is None
    assert "said.opinion" in matrix.rule["zh"]
    assert stage.do(seats.matrix, stage.task(drawn(stage), "v")).needed == 3


def test_one_more_is_asked_and_one_fewer(stage):
    instance = drawn(stage)
    stage.do(seats.add, stage.task(instance, "v"), Seating("再问一家", item=4))
    assert stage.tasks(instance) == ["v"] * 4
    answer(stage, instance)
    stage.do(seats.remove, stage.task(instance, "v"), "不再需要")
    assert stage.tasks(instance) == ["v"] * 2
    answer(stage, instance)
    answer(stage, instance)
    assert told(stage, instance) == ["agree"] * 3
    assert stage.all(select(Event.kind).where(Event.kind.like("loop.%"))) == ["loop.grown", "loop.shrunk"]
    stage.complete(instance, "z")
    assert stage.state(instance) == "finished"
    assert stage.sound()


def test_with_one_fewer_what_was_answered_may_be_enough(stage):
    instance = drawn(stage, condition="=nrOfCompletedInstances * 2 &gt;= nrOfInstances")
    answer(stage, instance)
    stage.do(seats.remove, stage.task(instance, "v"), "不再需要")
    assert stage.tasks(instance) == ["z"]
    assert told(stage, instance) == ["agree"]
    assert stage.sound()


def test_the_last_seat_stays(stage):
    instance = drawn(stage, "=[1]")
    with pytest.raises(OperationRefused):
        stage.do(seats.remove, stage.task(instance, "v"), "x")
    assert stage.tasks(instance) == ["v"]


def test_of_a_row_those_whose_turn_has_not_come_are_added_and_taken_away(stage):
    instance = drawn(stage, sequential=True)
    task = stage.task(instance, "v")
    stage.do(seats.add, task, Seating("再问一家", item=4))
    assert [seat.position for seat in stage.do(seats.matrix, task).seats] == [None, 2, 3, 4]
    stage.do(seats.strike, task, 2, "不再需要")
    with pytest.raises(OperationRefused):
        stage.do(seats.strike, task, 1, "x")
    asked = []
    for _ in range(3):
        one = stage.task(instance, "v")
        standing = stage.do(lambda session, _: runtime.peek(session, instance))
        asked.append(standing.data(one)["item"])
        answer(stage, instance)
    assert asked == [1, 3, 4]
    assert stage.tasks(instance) == ["z"]
    assert told(stage, instance) == ["agree"] * 3
    assert stage.sound()


def test_an_organisation_is_asked_by_its_id_and_a_person_of_it_by_theirs(stage, actor):
    instance = drawn(stage, '=["prov-science"]')
    task = stage.task(instance, "v")
    for wrong in (Seating("x"), Seating("x", "prov-science"), Seating("x", "nowhere")):
        with pytest.raises(OperationRefused):
            stage.do(seats.add, task, wrong)
    with pytest.raises(OperationRefused):
        stage.do(seats.add, task, Seating("x", "prov-statistics", stage.actor.id))
    assert stage.tasks(instance) == ["v"]
    seat = Membership(person=actor("tongji").id, organisation="prov-statistics", role="PRV_OFFICER")
    stage.do(lambda session, _: session.add(seat))
    stage.do(seats.add, task, Seating("x", "prov-statistics"))
    assert set(stage.all(select(Task.organisation).where(Task.element == "v"))) == {"prov-science", "prov-statistics"}
    names = {seat.organisation_name["zh"] for seat in stage.do(seats.matrix, task).seats}
    assert len(names) == 2


def test_where_seats_are_no_organisations_the_item_itself_is_given(stage):
    instance = drawn(stage, "=[1]")
    with pytest.raises(OperationRefused) as refusal:
        stage.do(seats.add, stage.task(instance, "v"), Seating("x", "prov-statistics"))
    assert "席位的内容" in refusal.value.facts["why"]["zh"]


def test_an_organisation_is_asked_where_its_tasks_lie_in_a_sub_process(stage):
    inner = start("is") + user(
        "i", role="DEPT_REV", **{"icity:organisation": "=item.department", "icity:actions": "seat"}
    )
    inner += end("ie") + way("is i ie")
    body = start() + sub("sp", inner + many("=reviewers")) + end("e") + way("s sp e")
    stage.deploy(p=body)
    name = stage.one(select(Organisation.name).where(Organisation.id == "prov-finance"))["zh"]
    instance = stage.start("p", reviewers=[{"department": "prov-finance", "name": name, "note": 1}])
    stage.do(seats.add, stage.task(instance, "i"), Seating("x", "prov-statistics"))
    found = stage.all(select(Task.organisation).where(Task.element == "i", Task.state == "open"))
    assert sorted(found) == ["prov-finance", "prov-statistics"]
    standing = stage.do(lambda session, _: runtime.peek(session, instance))
    items = [standing.data(task)["item"] for task in standing.rest().tasks]
    added = next(item for item in items if item["department"] == "prov-statistics")
    assert added["name"] not in {None, name}
    assert added["note"] is None


def test_what_is_sealed_is_told_to_nobody_else(stage, actor):
    marker = many("=[1, 2]")
    body = start() + user("T24_sign", inner=marker, **ASKS) + end("e") + way("s T24_sign e")
    stage.deploy(p=body)
    (stage.folder / "forms" / "any.form").write_text(FORM)
    stage.do(lambda session, _: processes.deploy(session, stage.folder, "x"))
    instance = stage.start("p")
    stage.complete(instance, "T24_sign", opinion="object")
    task = stage.task(instance, "T24_sign")
    assert stage.do(seats.matrix, task).seats[0].outcome == "不同意"
    assert stage.do(seats.matrix, task, by=actor("jingban2")).seats[0].outcome is None


def test_only_those_concerned_change_the_seats_and_only_where_the_diagram_lets_them(stage, actor):
    instance = drawn(stage)
    task = stage.task(instance, "v")
    with pytest.raises(NotFound):
        stage.do(seats.matrix, task, by=actor("shentu"))
    with pytest.raises(OperationRefused):
        stage.do(seats.add, task, Seating(" ", item=1))
    body = start() + user("v", role="PRV_OFFICER", inner=many()) + end("e") + way("s v e")
    other = stage.play(body)
    with pytest.raises(NotAllowed):
        stage.do(seats.add, stage.task(other, "v"), Seating("x", item=1))
    stage.complete(other, "v")
    single = stage.play(start() + user("v", role="PRV_OFFICER") + end("e") + way("s v e"))
    assert stage.do(seats.matrix, stage.task(single, "v")) is None
    with pytest.raises(OperationRefused):
        stage.do(seats.remove, stage.task(single, "v"), "x")


def test_seats_of_a_sub_process_are_told_by_the_tasks_inside(stage):
    inner = start("is") + user("i", "k", role="PRV_OFFICER") + end("ie") + way("is i k ie")
    instance = stage.play(start() + sub("sp", inner + many("=[1, 2]")) + end("e") + way("s sp e"))
    first = stage.task(instance, "i")
    stage.do(tasks.complete, first, {})
    matrix = stage.do(seats.matrix, stage.task(instance, "k"))
    assert [seat.state for seat in matrix.seats] == ["open", "open"]
    stage.complete(instance, "k")
    states = [seat.state for seat in stage.do(seats.matrix, stage.task(instance, "i")).seats]
    assert states == ["given", "given", "open"]
