"""Change-overs: an open step keeps its id and its data in the new version; or what is lost is told, or why not."""

import pytest

from engine.bpmn.judgements import DROP, Verdict
from engine.bpmn.transplant import transplant
from engine.errors import ChangeoverBlocked, ChangeoverUndecided
from tests.support.changing import (
    LATE,
    LINE,
    STOP,
    TIMER,
    around,
    branches,
    change,
    end,
    ids,
    judged,
    kinds,
    line,
    versions,
)
from tests.support.diagrams import Play, flows


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
