"""Event definitions that stand at the root and are referred to (§10.5.5)."""

import pytest

from tests.support.diagrams import Play
from tests.support.rows import row
from tests.support.shapes import boundary, catch, end, handler, start, sub, throw, user, way

BY = "<eventDefinitionRef>{}</eventDefinitionRef>".format
ROOTS = (
    '<timerEventDefinition id="soon"><timeDuration>P1D</timeDuration></timerEventDefinition>'
    '<messageEventDefinition id="asked" messageRef="answer"/>'
    '<signalEventDefinition id="rung" signalRef="alarm"/>'
    '<conditionalEventDefinition id="ready"><condition>=go</condition></conditionalEventDefinition>'
    '<errorEventDefinition id="failed" errorRef="E1"/>'
    '<escalationEventDefinition id="raised" escalationRef="L1"/>'
    '<terminateEventDefinition id="over"/>'
)
KINDS = {"soon": "due", "asked": "message", "rung": "signal", "ready": "condition"}


@row("event definition by reference", "§10.5.5")
@pytest.mark.parametrize("name", KINDS)
def test_an_intermediate_event_waits_for_what_its_definition_says(name):
    play = Play(roots=ROOTS, p=start() + catch("x", BY(name)) + user("a") + end("e") + way("s x a e"))
    (wait,) = play.execution.rest().waits.values()
    assert [kind for kind in KINDS.values() if getattr(wait, kind) is not None] == [KINDS[name]]
    happens(play, name, "x")
    assert (play.tasks, play.waits) == (["a"], [])


@pytest.mark.parametrize("name", KINDS)
def test_a_boundary_event_waits_for_what_its_definition_says(name):
    body = start() + user("u", "a") + boundary("x", "u", BY(name)) + end("e", "e2") + way("s u e", "x a e2")
    play = Play(roots=ROOTS, p=body)
    happens(play, name, "x")
    assert (play.tasks, play.waits) == (["a"], [])


@pytest.mark.parametrize("name", KINDS)
def test_an_event_sub_process_begins_with_what_its_definition_says(name):
    event = handler("h", start("x", BY(name)) + user("a") + end("he") + way("x a he"))
    play = Play(roots=ROOTS, p=start() + user("u") + end("e") + way("s u e") + event)
    happens(play, name, "x")
    assert (play.tasks, play.waits) == (["a"], [])


@pytest.mark.parametrize("name", KINDS)
def test_a_start_event_begins_with_what_its_definition_says(name):
    kinds = {"soon": "timer", "asked": "message", "rung": "signal", "ready": "conditional"}
    play = Play(roots=ROOTS, start="x", p=start("x", BY(name)) + user("a") + end("e") + way("x a e"))
    assert play.tasks == ["a"]
    assert [(one.id, one.event) for one in play.model.starts["p"]] == [("x", kinds[name])]


@pytest.mark.parametrize("name", ["failed", "raised"])
def test_errors_and_escalations_meet_by_their_definitions(name):
    inner = start("is") + end("ie", trigger=BY(name)) + way("is ie")
    body = start() + sub("sp", inner) + boundary("b", "sp", BY(name)) + user("a", "after") + end("e", "e2")
    play = Play(roots=ROOTS, p=body + way("s sp after e", "b a e2"))
    assert play.tasks == ["a"]


def test_what_is_thrown_is_what_the_definition_says():
    body = start() + throw("x", BY("asked")) + throw("y", BY("rung")) + end("e") + way("s x y e")
    play = Play(roots=ROOTS, p=body)
    assert [(one.kind, one.name) for one in play.thrown] == [("message", "answer"), ("signal", "Alarm")]


def test_an_end_terminates_by_its_definition():
    body = start() + user("a", "b") + end("e") + end("t", trigger=BY("over")) + way("s a t", "s b e")
    play = Play(roots=ROOTS, p=body)
    play.complete("a")
    assert (play.ended, play.tasks) == (True, [])


def test_one_definition_may_serve_several_events():
    body = start() + catch("x", BY("rung")) + catch("y", BY("rung")) + user("a") + end("e") + way("s x y a e")
    play = Play(roots=ROOTS, p=body)
    for name in ("x", "y"):
        assert play.waits == [name]
        assert play.signal("Alarm")
    assert play.tasks == ["a"]


def happens(play, name, element):
    if name == "ready":
        play.write(go=True)
    else:
        play.come(element)
