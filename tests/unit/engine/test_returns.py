"""Returns: steps done again, with the data of then or of now, and what becomes of all that came after."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select, update

from engine import clock, moves, operations, runtime
from engine.errors import NotFound, OperationRefused
from engine.moves import Return, When
from engine.tables import Change, Event, History, Instance
from tests.support.shapes import (
    boundary,
    call,
    end,
    exclusive,
    many,
    mapped,
    parallel,
    service,
    start,
    sub,
    timer,
    user,
    way,
    when,
)
from tests.support.stage import Stage

ROLE = {"role": "PRV_OFFICER"}
ASKS = {**ROLE, "icity:form": "any"}
LINE = start() + user("a", **ASKS, result="x") + user("b", **ASKS, result="y") + user("c", **ASKS, result="x")
LINE += end("e") + way("s a b c e")


@pytest.fixture
def stage(sessions, tmp_path):
    return Stage(sessions, tmp_path / "drawn")


def step(stage, instance, element):
    query = select(History.step).where(History.instance == instance, History.element == element)
    return stage.all(query.where(History.outcome == "completed").order_by(History.id.desc()))[0]


def back(stage, instance, element, **how):
    stage.do(moves.send_back, instance, Return(step(stage, instance, element), "退回", **how))


def variables(stage, instance):
    return stage.do(operations.variables, instance)


def token(stage, instance, element):
    return next(row for row in stage.do(operations.tokens, instance) if row.element == element)


def test_a_step_long_past_is_done_again_with_the_data_of_now(stage):
    instance = stage.play(LINE)
    stage.complete(instance, "a", n=1)
    stage.complete(instance, "b", n=2)
    back(stage, instance, "a")
    assert stage.tasks(instance) == ["a"]
    assert variables(stage, instance) == {"x": {"n": 1}, "y": {"n": 2}}
    told = stage.one(select(Event.data).where(Event.kind == "instance.returned"))
    assert (told["element"], told["data"], told["reason"]) == ("a", "now", "退回")
    for element in "abc":
        stage.complete(instance, element, n=5)
    assert stage.state(instance) == "finished"
    assert stage.sound()


def test_a_step_is_done_again_with_the_data_it_saw_then(stage):
    instance = stage.play(LINE, x={"n": 0}, other=1)
    stage.complete(instance, "a", n=1)
    stage.complete(instance, "b", n=2)
    stage.do(operations.write, instance, {"other": 2, "new": 3}, "x")
    back(stage, instance, "b", data=When.THEN)
    assert variables(stage, instance) == {"x": {"n": 1}, "y": None, "other": 1, "new": None}
    back(stage, instance, "a", data=When.THEN)
    assert variables(stage, instance) == {"x": {"n": 0}, "y": None, "other": 1, "new": None}


def test_the_data_of_then_of_the_first_pass_of_a_loop_are_told_from_those_of_the_last(stage):
    body = start() + exclusive("m") + user("a", **ASKS, result="x") + exclusive("g", default="g_m")
    instance = stage.play(body + end("e") + way("s m a g m") + when("g", "e", "=false"))
    first = None
    for number in range(1, 6):
        stage.complete(instance, "a", n=number)
        first = step(stage, instance, "a") if first is None else first
    stage.do(moves.send_back, instance, Return(first, "x", When.THEN))
    assert variables(stage, instance) == {"x": None}
    assert stage.tasks(instance) == ["a"]


def test_what_is_kept_for_a_return_does_not_grow_with_the_data(stage):
    instance = stage.play(LINE, big="x" * 100_000)
    stage.complete(instance, "a", n=1)
    kept = stage.one(select(func.max(func.pg_column_size(Change.undo))))
    assert kept < 100


def test_a_return_works_after_the_instance_was_read_anew(stage):
    instance = stage.play(LINE)
    stage.complete(instance, "a", n=1)
    runtime.forget()
    back(stage, instance, "a", data=When.THEN)
    assert variables(stage, instance) == {"x": None}


def test_a_return_from_a_sub_process_takes_it_away(stage):
    inner = start("is") + user("i", **ROLE) + end("ie") + way("is i ie")
    instance = stage.play(start() + user("a", **ROLE) + sub("sp", inner) + end("e") + way("s a sp e"))
    stage.complete(instance, "a")
    back(stage, instance, "a")
    assert stage.tasks(instance) == ["a"]
    stage.complete(instance, "a")
    assert stage.tasks(instance) == ["i"]
    assert stage.sound()


def test_a_return_into_a_sub_process_that_has_ended_opens_it_again(stage):
    inner = start("is") + user("i", "j", **ASKS) + end("ie") + way("is i j ie")
    instance = stage.play(start() + sub("sp", inner) + user("after", **ROLE) + end("e") + way("s sp after e"))
    stage.complete(instance, "i", n=1)
    stage.complete(instance, "j", n=2)
    back(stage, instance, "j", data=When.THEN)
    assert stage.tasks(instance) == ["j"]
    assert variables(stage, instance) == {"n": 1}
    stage.complete(instance, "j", n=3)
    assert stage.tasks(instance) == ["after"]
    assert stage.sound()


def test_a_return_inside_a_called_process_restores_that_process_alone(stage):
    inner = start("is") + user("i", "j", **ASKS, result="x") + end("ie") + way("is i j ie")
    stage.deploy(p=start() + call("c") + end("e") + way("s c e"), q=inner)
    instance = stage.start("p", x="outside")
    stage.complete(instance, "i", n=1)
    stage.do(operations.write, instance, {"later": 1}, "x")
    back(stage, instance, "i", data=When.THEN)
    assert stage.tasks(instance) == ["i"]
    assert variables(stage, instance) == {"x": "outside", "later": 1}
    standing = stage.do(lambda session, _: runtime.peek(session, instance))
    assert standing.data(stage.task(instance, "i"))["x"] == "outside"
    stage.complete(instance, "i", n=2)
    stage.complete(instance, "j", n=3)
    assert stage.state(instance) == "finished"
    assert stage.sound()


@pytest.mark.parametrize("data", When)
def test_a_return_to_a_step_of_a_called_process_that_has_ended_opens_it_again(stage, data):
    inner = start("is") + user("i", "j", **ASKS, result="x") + user("k", **ASKS, result="z") + end("ie")
    body = start() + call("c") + boundary("late", "c", timer("P9D")) + user("a", **ASKS, result="x") + end("e", "le")
    stage.deploy(p=body + way("s c a e", "late le"), q=inner + way("is i j k ie"))
    instance = stage.start("p", x=0, y=0, big="x" * 50_000)
    for number, element in enumerate("ijk", 1):
        stage.complete(instance, element, n=number)
    stage.do(operations.write, instance, {"y": 9}, "x")
    assert stage.one(select(func.max(func.pg_column_size(Change.undo)))) < 300
    back(stage, instance, "j", data=data)
    assert stage.tasks(instance) == ["j"]
    assert stage.open_rows(instance) == 1
    standing = stage.do(lambda session, _: runtime.peek(session, instance))
    seen = standing.data(stage.task(instance, "j"))
    now = {"x": {"n": 2}, "y": 9, "z": {"n": 3}}
    then = {"x": {"n": 1}, "y": 0, "z": None}
    assert {name: seen.get(name) for name in "xyz"} == (then if data is When.THEN else now)
    assert len(seen["big"]) == 50_000
    for element in "jka":
        stage.complete(instance, element, n=7)
    assert stage.state(instance) == "finished"
    assert stage.sound()


def test_a_return_goes_through_every_call_around_the_step(stage):
    inner = start("is") + user("i", **ASKS, result="x") + end("ie") + way("is i ie")
    middle = start("ms") + call("d", "r") + user("m", **ASKS, result="x") + end("me") + way("ms d m me")
    stage.deploy(p=start() + call("c") + user("a", **ROLE) + end("e") + way("s c a e"), q=middle, r=inner)
    instance = stage.start("p", x=0)
    stage.complete(instance, "i", n=1)
    stage.complete(instance, "m", n=2)
    back(stage, instance, "i", data=When.THEN)
    standing = stage.do(lambda session, _: runtime.peek(session, instance))
    assert standing.data(stage.task(instance, "i"))["x"] == 0
    for element in "im":
        stage.complete(instance, element, n=5)
    assert stage.tasks(instance) == ["a"]
    assert stage.sound()


def test_one_of_several_that_have_ended_cannot_be_returned_to(stage):
    inner = start("is") + user("i", **ROLE) + end("ie") + way("is i ie")
    body = start() + sub("sp", inner + many("=[1, 2]")) + user("a", **ROLE) + end("e") + way("s sp a e")
    instance = stage.play(body)
    for _ in range(2):
        stage.complete(instance, "i")
    with pytest.raises(OperationRefused):
        back(stage, instance, "i")
    back(stage, instance, "sp")
    assert stage.tasks(instance) == ["i", "i"]


def test_what_an_event_set_off_cannot_be_returned_to(stage, configuration):
    body = start() + user("b", **ROLE) + boundary("late", "b", timer("PT1H")) + user("a", **ROLE) + end("e")
    instance = stage.play(body + way("s b e", "late a e"))
    clock.travel(clock.now() + timedelta(hours=1))
    stage.sweep(configuration)
    with pytest.raises(OperationRefused):
        back(stage, instance, "late")


def test_a_return_inside_one_of_several_leaves_the_others_alone(stage):
    inner = start("is") + user("i", "j", **ASKS, result="x") + end("ie") + way("is i j ie")
    instance = stage.play(start() + sub("sp", inner + many("=[1, 2]")) + end("e") + way("s sp e"))
    scopes = {row.task: row.scope for row in stage.do(operations.tokens, instance) if row.element == "i"}
    first = stage.task(instance, "i")
    stage.complete(instance, "i", n=1)
    stage.complete(instance, "i", n=2)
    assert stage.tasks(instance) == ["j", "j"]
    (wanted,) = stage.all(select(History.step).where(History.task == first, History.outcome == "completed"))
    stage.do(moves.send_back, instance, Return(wanted, "退回", When.THEN))
    again = token(stage, instance, "i")
    assert stage.tasks(instance) == ["i", "j"]
    assert again.scope == scopes[first]
    standing = stage.do(lambda session, _: runtime.peek(session, instance))
    assert standing.data(again.task)["x"] is None
    assert standing.data(stage.task(instance, "j"))["x"] == {"n": 2}
    assert stage.sound()


def test_a_return_before_a_split_takes_away_what_waits_at_the_join(stage):
    body = start() + user("a", "l", "r", "z", **ROLE) + parallel("f", "j") + end("e")
    instance = stage.play(body + way("s a f l j z e", "f r j"))
    stage.complete(instance, "a")
    stage.complete(instance, "l")
    back(stage, instance, "a")
    assert stage.tasks(instance) == ["a"]
    for element in "alrz":
        stage.complete(instance, element)
    assert stage.state(instance) == "finished"
    assert stage.sound()


def test_a_return_within_one_branch_leaves_the_other_branch_and_what_it_brought_to_the_join(stage):
    body = start() + user("l", "k", "r", **ROLE) + parallel("f", "j") + end("e") + way("s f l k j e", "f r j")
    instance = stage.play(body)
    stage.complete(instance, "l")
    back(stage, instance, "l")
    assert stage.tasks(instance) == ["l", "r"]
    stage.complete(instance, "r")
    stage.complete(instance, "l")
    back(stage, instance, "l")
    assert stage.tasks(instance) == ["l"]
    for element in "lk":
        stage.complete(instance, element)
    assert stage.state(instance) == "finished"
    assert stage.sound()


def test_a_return_in_a_loop_leaves_alone_what_was_open_before(stage):
    body = start() + parallel("f") + exclusive("m") + user("a", "b", "other", **ROLE) + exclusive("g", default="g_m")
    instance = stage.play(body + end("e", "oe") + way("s m f a b g m", "f other oe") + when("g", "e", "=false"))
    stage.complete(instance, "a")
    back(stage, instance, "a")
    assert stage.tasks(instance) == ["a", "other"]


def test_a_return_may_name_what_it_takes_away(stage):
    body = start() + user("a", "l", "r", **ROLE) + parallel("f") + end("e", "re") + way("s a f l e", "f r re")
    instance = stage.play(body)
    stage.complete(instance, "a")
    back(stage, instance, "a", withdraw=[stage.task(instance, "l")])
    assert stage.tasks(instance) == ["a", "r"]


def test_a_return_to_what_a_machine_did_does_it_again(stage):
    number = mapped({"organ": '="浙科"', "serial": "=serial"})
    body = start() + service("no", number, operator="document number", result="no") + user("a", **ROLE) + end("e")
    instance = stage.play(body + way("s no a e"), serial=1)
    stage.do(operations.write, instance, {"serial": 2}, "x")
    back(stage, instance, "no")
    assert variables(stage, instance)["no"].endswith("2号")
    assert stage.tasks(instance) == ["a"]
    back(stage, instance, "no", data=When.THEN)
    assert variables(stage, instance)["no"].endswith("2号")


def test_a_return_takes_boundary_timers_along(stage):
    body = start() + user("a", "b", **ROLE) + boundary("late", "b", timer("P1D")) + end("e", "le")
    instance = stage.play(body + way("s a b e", "late le"))
    stage.complete(instance, "a")
    assert stage.open_rows(instance) == 1
    back(stage, instance, "a")
    assert stage.open_rows(instance) == 0


def test_only_a_step_that_was_done_can_be_returned_to(stage):
    instance = stage.play(LINE)
    with pytest.raises(NotFound):
        stage.do(moves.send_back, instance, Return(99, "x"))
    stage.complete(instance, "a", n=1)
    stage.do(lambda session, _: session.execute(update(History).values(version=None)))
    with pytest.raises(OperationRefused):
        back(stage, instance, "a", data=When.THEN)
    back(stage, instance, "a")
    assert stage.tasks(instance) == ["a"]


def test_a_suspended_instance_is_sent_back_before_what_is_overdue_comes(stage, configuration):
    body = start() + user("a", "b", **ROLE) + boundary("late", "b", timer("PT1H")) + end("e", "le")
    instance = stage.play(body + way("s a b e", "late le"))
    stage.complete(instance, "a")
    stage.do(operations.suspend, instance, "x")
    clock.travel(clock.now() + timedelta(hours=2))
    back(stage, instance, "a")
    stage.do(operations.resume, instance, "x")
    stage.sweep(configuration)
    assert stage.tasks(instance) == ["a"]
    assert stage.one(select(Instance.state)) == "running"


def test_a_step_is_told_from_one_of_the_same_name_in_another_process(stage):
    inner = start() + user("a", "b", **ROLE) + end("e") + way("s a b e")
    stage.deploy(p=start() + user("a", **ROLE) + call("c") + end("e") + way("s a c e"), q=inner)
    instance = stage.start("p")
    stage.complete(instance, "a")
    stage.complete(instance, "a")
    back(stage, instance, "a")
    assert stage.tasks(instance) == ["a"]
    assert token(stage, instance, "a").process == "q"
    with pytest.raises(OperationRefused):
        back(stage, instance, "a", withdraw=[uuid4()])
