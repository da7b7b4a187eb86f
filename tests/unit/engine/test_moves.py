"""Moves: tokens taken away here and started there, with the sub-processes that hold them."""

from uuid import uuid4

import pytest
from sqlalchemy import select

from engine import moves, operations
from engine.errors import NotAllowed, NotFound, OperationRefused
from engine.moves import Placement, Return, Shift
from engine.tables import Event, Task
from tests.support.shapes import (
    call,
    catch,
    choice,
    end,
    many,
    message,
    start,
    sub,
    timer,
    user,
    way,
)
from tests.support.stage import Stage

ROLE = {"role": "PRV_OFFICER"}
ASKS = {**ROLE, "icity:form": "any"}
LINE = start() + user("a", **ASKS, result="x") + user("b", **ASKS, result="y") + user("c", **ASKS, result="x")
LINE += end("e") + way("s a b c e")


@pytest.fixture
def stage(sessions, tmp_path):
    return Stage(sessions, tmp_path / "drawn")


def place(*elements):
    return [Placement(element) for element in elements]


def move(stage, instance, withdraw, *elements):
    tokens = [stage.task(instance, element) for element in withdraw]
    stage.do(moves.move, instance, Shift("改道", tokens, place(*elements)))


def variables(stage, instance):
    return stage.do(operations.variables, instance)


def token(stage, instance, element):
    return next(row for row in stage.do(operations.tokens, instance) if row.element == element)


def test_a_token_goes_from_here_to_there(stage):
    instance = stage.play(LINE)
    move(stage, instance, ["a"], "c")
    assert stage.tasks(instance) == ["c"]
    assert stage.kinds(instance)[2:] == ["instance.moved", "task.cancelled", "task.created"]
    told = stage.one(select(Event.data).where(Event.kind == "instance.moved"))
    assert told == {"withdrawn": ["a"], "placed": ["c"], "reason": "改道"}
    stage.complete(instance, "c", n=1)
    assert stage.state(instance) == "finished"
    assert stage.sound()


def test_moving_out_of_a_sub_process_does_not_let_it_count_as_done(stage):
    inner = start("is") + user("i", **ROLE) + end("ie") + way("is i ie")
    body = start() + user("a", **ROLE) + sub("sp", inner) + user("after", **ROLE) + end("e") + way("s a sp after e")
    instance = stage.play(body)
    stage.complete(instance, "a")
    move(stage, instance, ["i"], "a")
    assert stage.tasks(instance) == ["a"]
    assert stage.sound()


def test_moving_within_a_sub_process_keeps_it_open(stage):
    inner = start("is") + user("i", "j", **ROLE) + end("ie") + way("is i j ie")
    instance = stage.play(start() + sub("sp", inner) + user("after", **ROLE) + end("e") + way("s sp after e"))
    move(stage, instance, ["i"], "j")
    assert stage.tasks(instance) == ["j"]
    stage.complete(instance, "j")
    assert stage.tasks(instance) == ["after"]


def test_moving_into_a_sub_process_opens_it(stage):
    inner = start("is") + user("i", "j", **ROLE) + end("ie") + way("is i j ie")
    body = start() + user("a", **ROLE) + sub("sp", inner) + user("after", **ROLE) + end("e") + way("s a sp after e")
    instance = stage.play(body)
    move(stage, instance, ["a"], "j")
    assert stage.tasks(instance) == ["j"]
    stage.complete(instance, "j")
    assert stage.tasks(instance) == ["after"]
    assert stage.sound()


def test_moving_away_from_all_of_a_multi_instance_ends_it_without_going_on(stage):
    body = start() + user("other", "after", **ROLE) + user("m", inner=many("=[1, 2]"), **ROLE) + end("e")
    instance = stage.play(body + way("s other m after e"))
    stage.complete(instance, "other")
    both = stage.all(select(Task.id).where(Task.element == "m"))
    stage.do(moves.move, instance, Shift("改道", both, place("other")))
    assert stage.tasks(instance) == ["other"]
    assert stage.sound()


def test_moving_away_from_one_way_of_a_choice_closes_the_choice(stage):
    body = start() + choice("g") + catch("m", message()) + catch("t", timer()) + user("a", **ROLE) + end("e", "e2")
    instance = stage.play(body + way("s g m e", "g t a e2"))
    stage.do(moves.move, instance, Shift("改道", [token(stage, instance, "m").task], place("a")))
    assert stage.tasks(instance) == ["a"]
    assert stage.open_rows(instance) == 0


def test_the_data_given_with_a_token_become_variables(stage):
    instance = stage.play(LINE)
    wanted = [Placement("b", data={"x": {"n": 9}})]
    stage.do(moves.move, instance, Shift("改道", [stage.task(instance, "a")], wanted))
    assert variables(stage, instance) == {"x": {"n": 9}}


def test_a_move_that_would_leave_nothing_is_refused(stage):
    instance = stage.play(LINE)
    with pytest.raises(OperationRefused):
        move(stage, instance, ["a"])
    with pytest.raises(OperationRefused):
        stage.do(moves.move, instance, Shift("x"))
    assert stage.tasks(instance) == ["a"]


def test_a_move_of_nothing_or_to_nowhere_is_refused(stage):
    instance = stage.play(LINE)
    with pytest.raises(OperationRefused):
        stage.do(moves.move, instance, Shift("x", [uuid4()], place("b")))
    for wanted in (Placement("nowhere"), Placement("b", scope=uuid4())):
        with pytest.raises(NotFound):
            stage.do(moves.move, instance, Shift("x", [], [wanted]))


def test_a_token_is_started_in_the_sub_process_that_is_named(stage):
    inner = start("is") + user("i", "j", **ROLE) + end("ie") + way("is i j ie")
    instance = stage.play(start() + sub("sp", inner + many("=[1, 2]")) + end("e") + way("s sp e"))
    rows = [row for row in stage.do(operations.tokens, instance) if row.element == "i"]
    stage.do(moves.move, instance, Shift("改道", [rows[1].task], [Placement("j", scope=rows[1].scope)]))
    assert stage.tasks(instance) == ["i", "j"]
    assert token(stage, instance, "j").scope == rows[1].scope
    assert stage.sound()


def test_a_process_that_does_not_run_is_not_entered(stage):
    inner = start("is") + user("i", **ROLE) + end("ie") + way("is i ie")
    stage.deploy(p=start() + user("a", **ROLE) + call("c") + end("e") + way("s a c e"), q=inner)
    instance = stage.start("p")
    with pytest.raises(OperationRefused):
        move(stage, instance, ["a"], "i")


def test_who_may_not_move_is_told(stage, actor):
    instance = stage.play(LINE)
    with pytest.raises(NotAllowed):
        stage.do(moves.move, instance, Shift("x"), by=actor("tianbao"))
    with pytest.raises(NotAllowed):
        stage.do(moves.send_back, instance, Return(0, "x"), by=actor("tianbao"))


def test_what_the_same_name_may_mean_twice_is_not_opened(stage):
    inner = start("is") + user("i", **ROLE) + end("ie") + way("is i ie")
    outer = start() + user("a", "after", **ROLE) + sub("sp", inner) + end("e") + way("s a sp after e")
    stage.deploy(p=outer, q=start() + user("i", **ROLE) + end("e") + way("s i e"))
    instance = stage.start("p")
    with pytest.raises(OperationRefused):
        move(stage, instance, ["a"], "i")
