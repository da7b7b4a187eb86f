"""Change-overs drawn in a few lines: diagrams, what is judged of a case, and the case carried over."""

from itertools import pairwise
from uuid import UUID

from engine.bpmn import gate, parse
from engine.bpmn.judgements import Judgement, Verdict
from engine.bpmn.transplant import judge, transplant
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


def seats(kind: str, name: str = "a", more: str = "") -> str:
    """Draw a task that several do, together or one after the other."""
    loop = ITEMS.format({"parallel": "false", "sequential": "true"}[kind])
    return f'<startEvent id="s"/><userTask id="{name}">{loop}</userTask><endEvent id="e"/>{more}' + flows(
        ("s", name), (name, "e")
    )
