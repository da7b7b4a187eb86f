"""Tokens through gateways, loops and joins."""

import random

from tests.support.diagrams import Play, flows

LOOP = (
    '<startEvent id="s"/><exclusiveGateway id="m"/><userTask id="a" icity:role="R" icity:result="ra"/>'
    '<exclusiveGateway id="g" default="g_e"/><endEvent id="e"/>'
    + flows(("s", "m"), ("m", "a"), ("a", "g"), ("g", "m", "=ra.again"), ("g", "e"))
)
FORK_IN_LOOP = (
    '<startEvent id="s"/><exclusiveGateway id="m"/><parallelGateway id="f"/><userTask id="a" icity:result="ra"/>'
    '<userTask id="b" icity:result="rb"/><boundaryEvent id="late" attachedToRef="b"><timerEventDefinition>'
    "<timeDuration>P3D</timeDuration></timerEventDefinition></boundaryEvent>"
    '<exclusiveGateway id="bm"/><parallelGateway id="j"/>'
    '<exclusiveGateway id="g" default="g_e"/><endEvent id="e"/>'
    + flows(("s", "m"), ("m", "f"), ("f", "a"), ("f", "b"), ("a", "j"), ("b", "bm"), ("late", "bm"), ("bm", "j"))
    + flows(("j", "g"), ("g", "m", "=ra.again"), ("g", "e"))
)


def test_a_loop_of_500_passes_stays_the_same_size_and_ends_when_told():
    play = Play(p=LOOP)
    for _ in range(500):
        play.complete("a", again=True)
    assert abs(play.sizes[1] - play.sizes[-1]) < 16
    play.complete("a", again=False)
    assert play.execution.ended


def test_a_join_in_a_loop_waits_for_both_branches_in_every_pass_whatever_their_order():
    play, chance = Play(p=FORK_IN_LOOP), random.Random(1)
    for turn in range(60):
        for element in chance.sample(["a", "b"], 2):
            assert element in play.tasks, turn
            if element == "b" and chance.random() < 0.4:
                play.come("late")
            else:
                play.complete(element, again=True, turn=turn)
        assert play.tasks == ["a", "b"]
    assert max(play.sizes) < 3_000


def test_a_branch_that_ends_last_does_not_bring_back_what_another_branch_changed():
    play = Play(p=FORK_IN_LOOP)
    play.complete("a", again=True, told="first")
    play.complete("b")
    play.complete("a", again=False, told="second")
    play.complete("b")
    assert play.execution.data()["ra"] == {"again": False, "told": "second"}


def test_a_terminate_end_withdraws_everything_else():
    body = (
        '<startEvent id="s"/><parallelGateway id="f"/><userTask id="a"/><userTask id="b"/>'
        '<endEvent id="e"/><endEvent id="t"><terminateEventDefinition/></endEvent>'
        + flows(("s", "f"), ("f", "a"), ("f", "b"), ("a", "t"), ("b", "e"))
    )
    play = Play(p=body)
    play.complete("a")
    assert play.execution.ended
    assert play.tasks == []


def test_an_abstract_task_lets_the_token_pass():
    play = Play(p='<startEvent id="s"/><task id="t"/><endEvent id="e"/>' + flows(("s", "t"), ("t", "e")))
    assert play.execution.ended


def test_a_milestone_is_told_when_its_element_completes():
    body = '<startEvent id="s"/><userTask id="a"/><endEvent id="e" icity:milestone="pilot"/>'
    play = Play(p=body + flows(("s", "a"), ("a", "e")))
    play.complete("a")
    assert play.execution.milestone == "pilot"
