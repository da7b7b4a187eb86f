"""Change-overs: an open step keeps its id and its data in the new version; or what is lost is told, or why not."""

from itertools import pairwise
from uuid import UUID

import pytest

from engine.bpmn import gate, parse
from engine.bpmn.judgements import DROP, Judgement, Verdict
from engine.bpmn.transplant import judge, transplant
from engine.errors import ChangeoverBlocked, ChangeoverUndecided, StateDamaged
from tests.support.diagrams import Play, drawn, flows

LINE = '<startEvent id="s"/><userTask id="a" name="Look"/><userTask id="b"/><endEvent id="e"/>'
TIMER = "<timerEventDefinition><timeDuration>P{}D</timeDuration></timerEventDefinition>"
LATE = f'<boundaryEvent id="late" attachedToRef="a" cancelActivity="false">{TIMER.format(3)}</boundaryEvent>'
STOP = '<boundaryEvent id="stop" attachedToRef="a"><messageEventDefinition messageRef="stop"/></boundaryEvent>'
ITEMS = '<multiInstanceLoopCharacteristics isSequential="{}" xmlns:i="urn:icity:bpmn:1" i:collection="=[1,2,3]"/>'
BRANCHES = '<startEvent id="s"/><parallelGateway id="g"/><parallelGateway id="j"/><endEvent id="e"/><userTask id="z"/>'


def line(*names: str, middle: str = "") -> str:
    """Draw tasks one behind the other."""
    tasks = "".join(f'<userTask id="{name}"/>' for name in names)
    order = ("s", *names, "e")
    return '<startEvent id="s"/><endEvent id="e"/>' + tasks + middle + flows(*pairwise(order))


def branches(*names: str) -> str:
    """Draw tasks beside each other, and one behind their join."""
    tasks = "".join(f'<userTask id="{name}"/>' for name in names)
    ways = [pair for name in names for pair in (("g", name), (name, "j"))]
    return BRANCHES + tasks + flows(("s", "g"), *ways, ("j", "z"), ("z", "e"))


def around(body: str, before: str = "", after: str = "") -> str:
    """Draw a sub-process P around a body."""
    inner = f'<subProcess id="P">{body}</subProcess>' + before
    return f'<startEvent id="ps"/>{inner}<endEvent id="pe"/>' + flows(("ps", "P"), ("P", "pe")) + after


def versions(**bodies: str) -> parse.Model:
    return parse.model({name: gate.parse_xml(drawn(name, body), name) for name, body in bodies.items()})


def judged(play: Play, choices: dict[str, str] | None = None, **bodies: str) -> Judgement:
    new = versions(**bodies)
    found = judge(play.model, new, play.execution.dump(), choices or {}, play.around())
    told = judge(play.model, new, play.execution.dump(), choices or {})
    assert (told.verdict is found.verdict) or found.verdict in {Verdict.BLOCKED, Verdict.LOSS}
    return found


def change(play: Play, choices: dict[str, str] | None = None, **bodies: str) -> Judgement:
    """Carry the instance over, and go on with it in the new version."""
    found = judged(play, choices, **bodies)
    moved = transplant(play.model, new := versions(**bodies), play.execution.dump(), choices or {}, play.around())
    assert moved.judgement == found
    play.model, play.execution = new, moved.execution
    play._moved()
    return found


def ids(play: Play) -> dict[UUID, str]:
    return {task: element.id for task, element in play.execution.rest().tasks.items()}


def kinds(found: Judgement) -> list[str]:
    return sorted(loss.kind for loss in found.losses)


def end(play: Play) -> None:
    """Complete what is open until nothing is."""
    for _ in range(40):
        if play.ended:
            return
        play.complete(play.tasks[0])
    raise AssertionError(f"it does not end: {play.tasks} {play.waits} {play.failures}")


def test_what_says_the_same_changes_nothing() -> None:
    play = Play(p=line("a", "b"))
    before = play.execution.dump()
    found = change(play, p=line("a", "b", "c"))
    assert found.verdict is Verdict.UNCHANGED
    assert [step.spot.element for step in found.steps] == ["a"]
    assert play.execution.dump() == before
    end(play)
    assert play.completed == ["s", "a", "b", "c", "e"]


def test_a_renamed_step_is_found_by_its_name_and_keeps_its_task() -> None:
    play = Play(p=LINE + flows(("s", "a"), ("a", "b"), ("b", "e")))
    task = play.task("a")
    renamed = LINE.replace('"a"', '"a2"')
    found = change(play, p=renamed + flows(("s", "a2"), ("a2", "b"), ("b", "e")))
    assert found.verdict is Verdict.MAPPED
    assert ids(play) == {task: "a2"}
    end(play)


def test_two_of_the_same_name_need_a_decision_and_it_is_kept_to() -> None:
    play = Play(p=LINE + flows(("s", "a"), ("a", "b"), ("b", "e")))
    task = play.task("a")
    two = LINE.replace('"a"', '"x"') + '<userTask id="y" name="Look"/>'
    drawing = two + flows(("s", "x"), ("x", "y"), ("y", "b"), ("b", "e"))
    found = judged(play, p=drawing)
    assert found.verdict is Verdict.DECISION
    (step,) = found.undecided
    assert [one.element for one in step.candidates][:2] == ["x", "y"]
    with pytest.raises(ChangeoverUndecided):
        transplant(play.model, versions(p=drawing), play.execution.dump(), {}, play.around())
    assert judged(play, {step.spot.key: "p/nowhere"}, p=drawing).verdict is Verdict.DECISION
    assert change(play, {step.spot.key: "p/y"}, p=drawing).verdict is Verdict.MAPPED
    assert ids(play) == {task: "y"}


def test_another_kind_costs_what_is_named() -> None:
    play = Play(p=line("a", middle=LATE.replace("late", "l")))
    drawing = line("b", middle='<receiveTask id="m" messageRef="answer"/>') + flows(("b", "m"), ("m", "e"))
    found = judged(play, {"p/a": "p/m"}, p=drawing)
    assert found.verdict is Verdict.LOSS
    assert kinds(found) == ["task", "timer"]
    change(play, {"p/a": "p/m"}, p=drawing)
    assert (play.tasks, play.waits) == ([], ["m"])


def test_boundary_events_come_go_and_stay() -> None:
    play = Play(p=line("a", middle=LATE + STOP))
    due = play.due("late")
    play.later(1)
    more = LATE.replace("P3D", "P9D") + LATE.replace('"late"', '"later"')
    found = change(play, p=line("a", middle=more))
    assert found.verdict is Verdict.MAPPED
    assert ([one.element for one in found.armed], [one.element for one in found.disarmed]) == (["later"], ["stop"])
    assert play.waits == ["late", "later"]
    assert play.due("late") == due
    assert play.due("later") > due
    play.come("late")
    assert change(play, p=line("a", middle=LATE)).armed == ()
    assert play.waits == []
    end(play)


def test_a_renamed_boundary_timer_keeps_its_moment() -> None:
    play = Play(p=line("a", middle=LATE))
    due = play.due("late")
    play.later(1)
    found = change(play, p=line("a", middle=LATE.replace('"late"', '"tardy"')))
    assert (found.armed, found.disarmed, play.due("tardy")) == ((), (), due)


def test_a_new_condition_that_holds_already_ends_no_open_task_by_itself() -> None:
    play = Play(p=line("a"), data={"x": 1})
    event = "<conditionalEventDefinition><condition>=x = 1</condition></conditionalEventDefinition>"
    change(play, p=line("a", middle=f'<boundaryEvent id="c" attachedToRef="a">{event}</boundaryEvent>'))
    assert (play.tasks, play.waits) == (["a"], ["c"])
    play.write(y=2)
    assert play.ended


def test_a_message_is_waited_for_under_its_new_name_and_key() -> None:
    wait = '<receiveTask id="m" messageRef="answer" xmlns:i="urn:icity:bpmn:1" i:correlation="=k"/>'
    body = '<startEvent id="s"/>{}<endEvent id="e"/>' + flows(("s", "m"), ("m", "e"))
    play = Play(p=body.format(wait), data={"k": "1", "l": "2"})
    found = change(play, p=body.format(wait.replace("answer", "stop").replace("=k", "=l")))
    assert found.verdict is Verdict.MAPPED
    (one,) = play.execution.rest().waits.values()
    assert (one.message, one.correlation) == ("stop", "2")


def test_what_cannot_be_armed_blocks_and_says_why() -> None:
    play = Play(p=line("a"))
    anchored = LATE.replace("attachedToRef", 'xmlns:i="urn:icity:bpmn:1" i:anchor="=nobody" attachedToRef')
    found = judged(play, p=line("a", middle=anchored))
    assert found.verdict is Verdict.BLOCKED
    assert "anchor" in found.blocked[0].en
    with pytest.raises(ChangeoverBlocked):
        transplant(play.model, versions(p=line("a", middle=anchored)), play.execution.dump(), {}, play.around())


def test_tokens_at_a_join_keep_their_flows_also_renamed() -> None:
    play = Play(p=branches("a", "b", "c"))
    play.complete("a")
    play.complete("b")
    change(play, p=branches("a", "b", "c").replace('id="a_j"', 'id="flow1"').replace('id="b_j"', 'id="flow2"'))
    assert play.tasks == ["c"]
    end(play)
    assert play.completed.count("z") == 1


def test_an_inclusive_join_may_become_of_a_parallel_one() -> None:
    play = Play(p=branches("a", "b"))
    play.complete("a")
    change(play, p=branches("a", "b").replace('parallelGateway id="j"', 'inclusiveGateway id="j"'))
    assert play.tasks == ["b"]
    end(play)


def test_a_branch_that_was_passed_blocks() -> None:
    play = Play(p=branches("a", "b"))
    found = judged(play, p=branches("a", "b", "c"))
    assert found.verdict is Verdict.BLOCKED
    assert [one.element for one in found.blocked] == ["j"]
    assert judged(Play(p=line("a", "b")), p=line("a").replace("</", "</")).verdict is Verdict.UNCHANGED


def test_a_branch_that_is_taken_away_is_dropped_and_the_join_goes_on() -> None:
    play = Play(p=branches("a", "b", "c"))
    play.complete("a")
    play.complete("b")
    found = judged(play, p=branches("a", "b"))
    assert found.verdict is Verdict.DECISION
    (step,) = found.undecided
    assert step.droppable
    dropped = change(play, {"p/c": DROP}, p=branches("a", "b"))
    assert kinds(dropped) == ["task"]
    assert play.tasks == ["z"]
    end(play)


def test_a_token_whose_flow_is_gone_asks_and_may_be_dropped() -> None:
    play = Play(p=branches("a", "b", "c"))
    play.complete("c")
    found = judged(play, p=branches("a", "b"))
    assert [step.spot.key for step in found.undecided] == ["p/c_j"]
    change(play, {"p/c_j": DROP}, p=branches("a", "b"))
    end(play)
    other = Play(p=branches("a", "b", "c"))
    other.complete("c")
    other.complete("a")
    gone = judged(
        other, {"p/c_j": "p/b_j", "p/b": DROP}, p=branches("a", "b").replace('id="b"', 'id="d"').replace('"b"', '"d"')
    )
    assert gone.verdict is Verdict.LOSS


def test_a_step_wrapped_in_a_sub_process_and_unwrapped_again() -> None:
    play = Play(p=line("ps0", "a").replace('"s"', '"ps"').replace('"e"', '"pe"'), data={"v": 1})
    play.complete("ps0")
    task = play.task("a")
    late = LATE.replace('attachedToRef="a"', 'attachedToRef="P"')
    wrapped = around(line("a", "c"), late)
    found = change(play, p=wrapped)
    assert found.verdict is Verdict.MAPPED
    assert [one.element for one in found.armed] == ["late"]
    assert (ids(play), play.waits) == ({task: "a"}, ["late"])
    play.complete("a", w=2)
    other = play.task("c")
    flat = line("a", "c").replace('"s"', '"ps"').replace('"e"', '"pe"')
    found = change(play, p=flat)
    assert found.verdict is Verdict.MAPPED
    assert ids(play) == {other: "c"}
    end(play)
    assert play.data["w"] == 2


def test_event_sub_processes_come_go_and_stay() -> None:
    handler = '<subProcess id="h" triggeredByEvent="true"><startEvent id="hs" isInterrupting="false">{}</startEvent>'
    rest = '<userTask id="u"/><endEvent id="he"/>' + flows(("hs", "u"), ("u", "he")) + "</subProcess>"
    timed = handler.format(TIMER.format(2)) + rest
    play = Play(p=line("a"))
    found = change(play, p=line("a", middle=timed))
    assert ([one.element for one in found.armed], play.waits) == (["h"], ["hs"])
    play.come("hs")
    task = play.task("u")
    change(play, p=line("a", middle=timed.replace('"h"', '"h2"')))
    assert judged(play, p=line("a")).verdict is Verdict.DECISION
    assert task in ids(play)
    end(play)


def test_event_based_gateways_take_and_lose_ways() -> None:
    gate_ = '<startEvent id="s"/><eventBasedGateway id="g"/><endEvent id="e"/>'
    timed = f'<intermediateCatchEvent id="t">{TIMER.format(2)}</intermediateCatchEvent>'
    told = '<intermediateCatchEvent id="m"><messageEventDefinition messageRef="{}"/></intermediateCatchEvent>'
    ways = flows(("s", "g"), ("g", "t"), ("t", "e"), ("g", "m"), ("m", "e"))
    play = Play(p=gate_ + timed + told.format("answer") + ways)
    due = play.due("t")
    play.later(1)
    two = told.format("stop").replace('"m"', '"n"')
    other = flows(("s", "g"), ("g", "t2"), ("t2", "e"), ("g", "m"), ("m", "e"), ("g", "n"), ("n", "e"))
    found = change(play, p=gate_ + timed.replace('"t"', '"t2"') + told.format("answer") + two + other)
    assert ([one.element for one in found.armed], found.disarmed) == (["n"], ())
    assert (play.waits, play.due("t2")) == (["m", "n", "t2"], due)
    found = change(
        play, p=gate_ + told.format("answer") + two + flows(("s", "g"), ("g", "m"), ("g", "n"), ("m", "e"), ("n", "e"))
    )
    assert [one.element for one in found.disarmed] == ["t2"]
    play.come("n")
    assert play.ended


def seats(kind: str, name: str = "a", more: str = "") -> str:
    loop = ITEMS.format({"parallel": "false", "sequential": "true"}[kind])
    return f'<startEvent id="s"/><userTask id="{name}">{loop}</userTask><endEvent id="e"/>{more}' + flows(
        ("s", name), (name, "e")
    )


def test_several_go_on_together_and_keep_what_they_gave() -> None:
    play = Play(p=seats("parallel"))
    play.pick("a", {"x": 1}, item=2)
    open_ = sorted(ids(play))
    renamed = seats("parallel").replace("i:collection", 'i:elementVariable="one" i:collection')
    found = change(play, p=renamed)
    assert (found.verdict, sorted(ids(play))) == (Verdict.MAPPED, open_)
    assert sorted(seen["one"] for seen in play.seen("a")) == [1, 3]
    end(play)


def test_a_row_becomes_a_circle_without_loss_and_a_circle_a_row_with_it() -> None:
    play = Play(p=seats("sequential"))
    play.complete("a")
    task = play.task("a")
    assert change(play, p=seats("parallel")).verdict is Verdict.MAPPED
    assert task in ids(play)
    assert play.tasks == ["a", "a"]
    found = change(play, p=seats("sequential"))
    assert (found.verdict, kinds(found)) == (Verdict.LOSS, ["seat", "task"])
    assert ids(play) == {task: "a"}
    play.complete("a")
    assert play.seen("a")[0]["item"] == 3
    play.complete("a")
    assert play.ended


def test_one_cannot_become_several_nor_several_one() -> None:
    play = Play(p=line("a"))
    found = judged(play, p=seats("parallel"))
    assert found.verdict is Verdict.BLOCKED
    assert found.blocked[0].zh
    assert change(play, {"p/a": "p/a"}, p=seats("parallel")).verdict is Verdict.LOSS
    assert play.tasks == ["a", "a", "a"]
    assert judged(play, p=line("a")).verdict is Verdict.BLOCKED
    play.complete("a")
    found = change(play, {"p/a": "p/a"}, p=line("a"))
    assert kinds(found) == ["answers", "task", "task"]
    end(play)


def test_the_only_one_of_several_becomes_the_one() -> None:
    only = seats("parallel").replace("[1,2,3]", "[7]").replace("</userTask>", "</userTask>" + LATE)
    play = Play(p=only)
    task, due = play.task("a"), play.due("late")
    found = change(play, p=line("a", middle=LATE))
    assert (found.verdict, ids(play), play.due("late")) == (Verdict.MAPPED, {task: "a"}, due)
    end(play)


def test_rounds_of_a_loop_take_the_new_maximum() -> None:
    def round_(most: int) -> str:
        loop = f'<standardLoopCharacteristics loopMaximum="{most}"/>'
        return f'<startEvent id="s"/><userTask id="a">{loop}</userTask><endEvent id="e"/>' + flows(
            ("s", "a"), ("a", "e")
        )

    play = Play(p=round_(2))
    change(play, p=round_(3))
    play.complete("a")
    play.complete("a")
    assert play.tasks == ["a"]
    assert change(play, p=line("a")).verdict is Verdict.MAPPED
    assert judged(play, p=seats("parallel")).verdict is Verdict.BLOCKED
    end(play)


def call(called: str, name: str = "c") -> str:
    return f'<startEvent id="s"/><callActivity id="{name}" calledElement="{called}"/><endEvent id="e"/>' + flows(
        ("s", name), (name, "e")
    )


def test_a_called_process_changes_with_its_caller() -> None:
    play = Play(p=call("q"), q=line("a", "b"))
    task = play.task("a")
    change(play, p=call("q"), q=line("n", "a", "m"))
    assert ids(play) == {task: "a"}
    assert change(play, p=call("r"), r=line("a")).verdict is Verdict.MAPPED
    assert ids(play) == {task: "a"}
    gone = judged(play, p=line("u"), r=line("a"))
    assert gone.verdict is Verdict.DECISION
    found = change(play, {"p/c": "p/u"}, p=line("u"))
    assert kinds(found) == ["task"]
    end(play)


def test_a_process_that_is_gone_blocks_and_one_of_the_same_name_is_taken() -> None:
    play = Play(p=line("a"))
    assert judged(play, q=line("a")).verdict is Verdict.BLOCKED
    named = drawn("q", line("a")).replace(b'name="q"', b'name="p"')
    new = parse.model({"q": gate.parse_xml(named, "q")})
    found = judge(play.model, new, play.execution.dump(), {})
    assert (found.verdict, found.process) == (Verdict.MAPPED, "q")


def test_what_can_be_undone_stays_so_or_is_told_as_lost() -> None:
    undo = '<boundaryEvent id="ev" attachedToRef="a"><compensateEventDefinition/></boundaryEvent>'
    undo += '<userTask id="un" isForCompensation="true"/><association id="l" sourceRef="ev" targetRef="un"/>'
    throw = '<intermediateThrowEvent id="t"><compensateEventDefinition/></intermediateThrowEvent>'
    body = line("a", "b").replace(flows(("b", "e")), "") + undo + throw + flows(("b", "t"), ("t", "e"))
    play = Play(p=body)
    play.complete("a")
    lost = judged(play, p=line("a", "b"))
    assert (lost.verdict, kinds(lost)) == (Verdict.LOSS, ["compensation"])
    change(play, p=body.replace('"un"', '"un2"'))
    play.complete("b")
    assert play.tasks == ["un2"]
    assert judged(play, p=body).verdict is Verdict.BLOCKED
    assert judged(play, p=body.replace('"un"', '"un2"').replace('"b"', '"b2"')).verdict is not Verdict.BLOCKED
    play.complete("un2")
    assert play.ended


def test_an_incident_is_carried_and_retried_in_the_new_version() -> None:
    def operate(_: str, given: dict[str, object]) -> object:
        raise ValueError(given)

    work = '<serviceTask id="w" xmlns:i="urn:icity:bpmn:1" i:operator="op"/>'
    body = '<startEvent id="s"/>{}<endEvent id="e"/>' + flows(("s", "w"), ("w", "e"))
    play = Play(p=body.format(work), operate=operate)
    assert play.failures == ["w"]
    found = change(play, p=body.format(work.replace(' i:operator="op"', "")))
    assert (found.verdict, play.failures) == (Verdict.MAPPED, ["w"])
    play.retry()
    assert play.ended


def test_an_envelope_of_another_version_is_damage() -> None:
    play = Play(p=line("a"))
    with pytest.raises(StateDamaged):
        judge(versions(p=line("b")), versions(p=line("a")), play.execution.dump(), {})
