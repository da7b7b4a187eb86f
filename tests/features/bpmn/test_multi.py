"""Multi-instance activities (§10.3.8, §13.3.7)."""

import pytest

from tests.support.diagrams import Play
from tests.support.rows import row
from tests.support.shapes import (
    boundary,
    call,
    catch,
    end,
    exclusive,
    many,
    mapped,
    message,
    node,
    receive,
    rule,
    send,
    service,
    signal,
    start,
    sub,
    task,
    timer,
    user,
    way,
    when,
)

AFTER = user("after") + end("e")
INNER = start("is") + user("u", result="r") + end("ie") + way("is u ie")


def around(*inner):
    return start() + "".join(inner) + AFTER + way("s x after e")


def counted(text, inner="", *, sequential=False):
    return node(
        "multiInstanceLoopCharacteristics",
        "l",
        f"<loopCardinality>{text}</loopCardinality>{inner}",
        isSequential=sequential,
    )


def enough(text):
    return f"<completionCondition>{text.replace('<', '&lt;')}</completionCondition>"


@row("multi-instance, parallel", "§13.3.7")
def test_in_parallel_all_are_open_at_once_each_with_its_own_item():
    play = Play(data={"xs": ["A", "B", "C"]}, p=around(user("x", inner=many("=xs"))))
    assert sorted(seen["item"] for seen in play.seen("x")) == ["A", "B", "C"]


@row("multi-instance, sequential", "§13.3.7")
def test_in_sequence_one_is_open_after_the_other_in_the_order_of_the_collection():
    play = Play(p=around(user("x", inner=many('=["A", "B", "C"]', sequential=True))))
    for item in ("A", "B", "C"):
        (seen,) = play.seen("x")
        assert seen["item"] == item
        play.complete("x")
    assert play.tasks == ["after"]


@pytest.mark.parametrize("sequential", [True, False])
def test_the_loop_counter_counts_from_one(sequential):
    play = Play(p=around(user("x", inner=many('=["A", "B", "C"]', sequential=sequential))))
    found = {}
    while play.tasks != ["after"]:
        seen = play.see("x")
        found[seen["item"]] = seen["loopCounter"]
        play.complete("x")
    assert found == {"A": 1, "B": 2, "C": 3}


@row("multi-instance with a cardinality", "§13.3.7")
@pytest.mark.parametrize("sequential", [True, False])
@pytest.mark.parametrize("text", ["3", "=3", "=n + 1"])
def test_a_cardinality_says_how_many(text, sequential):
    play = Play(data={"n": 2}, p=around(sub("x", counted(text, sequential=sequential) + INNER)))
    found = []
    while play.tasks != ["after"]:
        found.append(play.see("u")["loopCounter"])
        play.complete("u")
    assert sorted(found) == [1, 2, 3]


@pytest.mark.parametrize("sequential", [True, False])
@pytest.mark.parametrize("marker", [counted("0"), many("=[]"), many("=xs")])
def test_none_at_all_passes_at_once(marker, sequential):
    play = Play(data={"xs": []}, p=around(user("x", inner=marker.replace('"false"', f'"{str(sequential).lower()}"'))))
    assert play.tasks == ["after"]


@row("multi-instance that cannot be counted", "§13.3.7")
@pytest.mark.parametrize(
    "marker", [counted("=-1"), counted('="many"'), counted("=null"), many('="abc"'), many("=null")]
)
def test_what_cannot_be_counted_is_an_incident(marker):
    play = Play(p=around(user("x", inner=marker)))
    assert (play.tasks, play.failures) == ([], ["x"])


@row("completion condition of a multi-instance", "§13.3.7")
@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("=nrOfCompletedInstances >= 2", 2),
        ("=nrOfCompletedInstances / nrOfInstances >= 0.5", 2),
        ("=nrOfActiveInstances = 1", 3),
        ("=r.stop = true", 4),
        ("=false", 4),
    ],
)
def test_a_completion_condition_withdraws_the_rest(text, needed):
    play = Play(p=around(sub("x", many("=[1, 2, 3, 4]", enough(text)) + INNER)))
    for done in range(needed):
        assert play.tasks == ["u"] * (4 - done)
        play.complete("u", stop=False)
    assert play.tasks == ["after"]
    assert play.cancelled.count("u") == 4 - needed


def test_a_completion_condition_sees_what_the_instance_wrote():
    play = Play(p=around(sub("x", many("=[1, 2, 3]", enough("=r.stop = true")) + INNER)))
    play.complete("u", stop=False)
    assert play.tasks == ["u", "u"]
    play.complete("u", stop=True)
    assert play.tasks == ["after"]


def test_a_completion_condition_ends_a_sequence_before_its_end():
    play = Play(
        p=around(user("x", inner=many("=[1, 2, 3, 4]", enough("=nrOfCompletedInstances = 2"), sequential=True)))
    )
    play.complete("x")
    play.complete("x")
    assert play.tasks == ["after"]


def test_the_counters_tell_how_many_there_are():
    seen = []

    def operate(_name, given):
        seen.append(tuple(given.values()))

    inputs = mapped({"n": "=nrOfInstances", "done": "=nrOfCompletedInstances", "open": "=nrOfActiveInstances"})
    inner = start("is") + user("u") + service("sv", inputs) + end("ie") + way("is u sv ie")
    play = Play(operate=operate, p=around(sub("x", many("=[1, 2, 3]") + inner)))
    for _ in range(3):
        play.complete("u")
    assert seen == [(3, 0, 3), (3, 1, 2), (3, 2, 1)]


@row("output collection of a multi-instance", "§10.3.8")
@pytest.mark.parametrize("sequential", [True, False])
def test_the_outputs_stand_in_the_order_of_the_collection(sequential):
    loop = many("=[1, 2, 3]", sequential=sequential, outputCollection="all", outputElement="=r.v")
    play = Play(p=around(sub("x", loop + INNER)))
    while play.tasks != ["after"]:
        item = max(seen["item"] for seen in play.seen("u"))
        play.pick("u", {"v": item * 10}, item=item)
    assert play.see("after") == {"all": [10, 20, 30]}


def test_what_an_instance_writes_anew_stays_in_it():
    inner = start("is") + user("u", "v") + end("ie") + way("is u v ie")
    play = Play(p=around(sub("x", many("=[1, 2]") + inner)))
    play.pick("u", {"told": 1}, item=1)
    play.pick("u", {"told": 2}, item=2)
    assert sorted((seen["item"], seen["told"]) for seen in play.seen("v")) == [(1, 1), (2, 2)]
    play.complete("v")
    play.complete("v")
    assert play.see("after") == {}


def test_an_instance_may_write_what_stands_around_it():
    play = Play(data={"r": "before"}, p=around(sub("x", many("=[1, 2]") + INNER)))
    play.pick("u", {"v": 1}, item=1)
    assert play.see("u")["r"] == {"v": 1}


@pytest.mark.parametrize(
    "activity",
    [
        task("x").replace("</task>", many() + "</task>"),
        service("x", many()),
        send("x", "answer", many()),
        rule("x", many(), result="d"),
    ],
)
def test_what_needs_nobody_runs_through(activity):
    play = Play(p=around(activity))
    assert play.tasks == ["after"]


def test_a_send_task_sends_to_each():
    play = Play(p=around(send("x", "answer", mapped({"to": "=item"}) + many('=["A", "B"]'), correlation="=item")))
    assert sorted((one.correlation, one.payload["to"]) for one in play.thrown) == [("A", "A"), ("B", "B")]


def test_a_receive_task_waits_for_the_answer_of_each():
    loop = many('=["A", "B"]', outputCollection="all", outputElement="=got.n")
    play = Play(p=around(receive("x", "answer", loop, correlation="=item", result="got")))
    waits = {wait.correlation: wait for wait in play.execution.rest().waits.values()}
    assert set(waits) == {"A", "B"}
    for name, n in (("B", 2), ("A", 1)):
        assert play.execution.deliver(waits[name].task, {"n": n}, "x")
        play.reload()
    assert play.see("after") == {"all": [1, 2]}


@row("multi-instance within multi-instance", "§13.3.7")
@pytest.mark.parametrize("outer", [True, False])
@pytest.mark.parametrize("inner", [True, False])
def test_instances_within_instances(outer, inner):
    deep = user("u", result="r", inner=many("=item.ys", elementVariable="y", sequential=inner))
    body = start("is") + deep + end("ie") + way("is u ie")
    data = {"xs": [{"k": "A", "ys": [1, 2]}, {"k": "B", "ys": [3]}]}
    play = Play(data=data, p=around(sub("x", many("=xs", sequential=outer) + body)))
    found = []
    while play.tasks != ["after"]:
        seen = play.see("u")
        found.append((seen["item"]["k"], seen["y"]))
        play.complete("u")
    assert sorted(found) == [("A", 1), ("A", 2), ("B", 3)]


def test_a_called_process_for_each_item():
    play = Play(p=around(call("x", "q", many())), q=INNER)
    assert play.tasks == ["u", "u", "u"]


def test_a_boundary_inside_an_instance_concerns_that_instance_alone():
    inner = start("is") + user("u", "late") + boundary("t", "u", timer()) + end("ie") + way("is u ie", "t late ie")
    play = Play(p=around(sub("x", many() + inner)))
    play.come("t")
    assert play.tasks == ["late", "u", "u"]
    assert play.waits == ["t", "t"]


def test_a_multi_instance_in_a_loop_counts_its_collection_anew():
    body = start() + exclusive("m") + user("x", inner=many("=xs")) + user("t") + exclusive("g", default="g_e")
    play = Play(data={"xs": [1, 2]}, p=body + end("e") + when("g", "m", "=count(xs) > 0") + way("s m x t g e"))
    for size, following in ((2, [1, 2, 3]), (3, [1]), (1, [])):
        assert play.tasks == ["x"] * size
        for _ in range(size):
            play.complete("x")
        play.complete("t", xs=following)
    assert play.ended


def test_the_collection_is_taken_once_when_the_activity_begins():
    play = Play(data={"xs": [1, 2]}, p=around(user("x", inner=many("=xs", sequential=True))))
    play.write(xs=[1, 2, 3, 4])
    play.complete("x")
    play.complete("x")
    assert play.tasks == ["after"]


def test_a_hundred_instances_end_one_by_one():
    play = Play(p=around(sub("x", many("=for i in 1..100 return i") + INNER)))
    assert len(play.tasks) == 100
    for left in range(99, -1, -1):
        play.complete("u")
        assert play.tasks.count("u") == left
    assert play.tasks == ["after"]


def test_too_many_instances_are_an_incident():
    play = Play(p=around(user("x", inner=counted("100000"))))
    assert (play.tasks, play.failures) == ([], ["x"])


def test_a_wait_in_every_instance_is_its_own():
    inner = start("is") + catch("m", message(), correlation="=item") + end("ie") + way("is m ie")
    play = Play(p=around(sub("x", many('=["A", "B"]') + inner)))
    found = {wait.correlation: wait.task for wait in play.execution.rest().waits.values()}
    assert play.execution.deliver(found["B"], {}, "m")
    (left,) = play.execution.rest().waits.values()
    assert left.correlation == "A"


# Behaviour: which instances throw an event to the boundary of the activity

ROOTS = '<signalEventDefinition id="told" signalRef="alarm"/>'


def behaving(behavior, **attributes):
    loop = many("=[1, 2, 3]", behavior=behavior, **attributes)
    caught = boundary("b", "x", signal(), interrupting=False) + user("h") + end("e2") + way("b h e2")
    return Play(roots=ROOTS, p=around(sub("x", loop + INNER), caught))


@row("behaviour of a multi-instance: none, one, all, complex", "§13.3.7")
@pytest.mark.parametrize(
    ("behavior", "attributes", "counts"),
    [
        ("None", {"noneBehaviorEventRef": "told"}, [1, 2, 3]),
        ("One", {"oneBehaviorEventRef": "told"}, [1, 1, 1]),
        ("All", {}, [0, 0, 0]),
    ],
)
def test_the_behaviour_says_which_instances_tell_the_boundary(behavior, attributes, counts):
    play = behaving(behavior, **attributes)
    for count in counts:
        play.complete("u")
        assert play.tasks.count("h") == count
    assert play.tasks.count("after") == 1


def test_an_event_of_the_first_instance_may_interrupt_the_others():
    loop = many("=[1, 2, 3]", behavior="One", oneBehaviorEventRef="told")
    caught = boundary("b", "x", signal()) + user("h") + end("e2") + way("b h e2")
    play = Play(roots=ROOTS, p=around(sub("x", loop + INNER), caught))
    play.complete("u")
    assert play.tasks == ["h"]


def test_a_complex_behaviour_throws_when_its_condition_holds():
    definition = (
        "<complexBehaviorDefinition><condition>=nrOfCompletedInstances = 2</condition>"
        f'<event id="ev">{signal()}</event></complexBehaviorDefinition>'
    )
    loop = many("=[1, 2, 3]", definition, behavior="Complex")
    caught = boundary("b", "x", signal(), interrupting=False) + user("h") + end("e2") + way("b h e2")
    play = Play(p=around(sub("x", loop + INNER), caught))
    for count in (0, 1, 1):
        play.complete("u")
        assert play.tasks.count("h") == count
