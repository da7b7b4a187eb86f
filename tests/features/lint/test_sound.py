"""What runs passes: the shipped programmes, and every element of the standard that the engine runs."""

from pathlib import Path

import pytest

from engine import processes
from engine.bpmn import lint
from engine.rehearsal import deployment
from engine.settings import ROOT
from tests.features.lint.drawings import (
    CANCEL,
    ERROR,
    HEAD,
    MESSAGE,
    MESSAGE2,
    ROOTS,
    SIGNAL,
    TIMER,
    UNDO,
    Case,
    E,
    S,
    U,
    boundary,
    catch,
    choice,
    file,
    found,
    inside,
    one,
    sub,
    throw,
    way,
)
from tests.features.lint.flowing import awaited
from tests.features.lint.happening import BACK, STRAY, TO_H, again, calls, ending, linked, many, start, watching
from tests.features.lint.holding import copied, ends, lanes, pools
from tests.support.diagrams import flows

PROGRAMMES = [ROOT / "workflows" / "innovative-city", Path(__file__).parents[2] / "support" / "programmes" / "errand"]
ESCALATION = '<escalationEventDefinition escalationRef="L1"/>'
CONDITION = "<conditionalEventDefinition><condition>=a &gt; 1</condition></conditionalEventDefinition>"
HEARD = {"message": MESSAGE, "timer": TIMER, "signal": SIGNAL, "conditional": CONDITION}
CAUGHT = {**HEARD, "error": ERROR, "escalation": ESCALATION}
THROWN = {"message": MESSAGE, "signal": SIGNAL, "escalation": ESCALATION}
CANCELS = inside().replace('id="ie"/>', f'id="ie">{CANCEL}</endEvent>')
OBJECT = '<dataObject id="o"/><dataObjectReference id="r" dataObjectRef="o"/>'
SOUND = {
    **{f"{kind} start": start(inner) for kind, inner in HEARD.items()},
    "several starts": S + '<startEvent id="s2"/>' + E + flows(("s", "e"), ("s2", "e")),
    "instantiating receive task": '<receiveTask id="x" messageRef="m" instantiate="true"/>' + E + flows(("x", "e")),
    **{f"{kind} end": ending(inner) for kind, inner in {**THROWN, "error": ERROR}.items()},
    "terminate end": ending("<terminateEventDefinition/>"),
    **{f"{kind} catch": one(catch(inner)) for kind, inner in HEARD.items()},
    **{f"{kind} throw": one(throw(inner)) for kind, inner in THROWN.items()},
    **{f"{kind} boundary": one(U + boundary(inner), "u") for kind, inner in CAUGHT.items()},
    **{
        f"{kind} boundary that does not interrupt": one(U + boundary(inner, cancelActivity="false"), "u")
        for kind, inner in {**HEARD, "escalation": ESCALATION}.items()
    },
    **{f"{kind} event sub-process": way() + watching(inner) for kind, inner in CAUGHT.items()},
    **{
        f"{kind} event sub-process that does not interrupt": way() + watching(inner, isInterrupting="false")
        for kind, inner in {**HEARD, "escalation": ESCALATION}.items()
    },
    "nested event sub-process": one(sub(inside() + watching(MESSAGE))),
    "compensation event sub-process": one(sub(inside() + watching(UNDO))),
    "compensation": way("u", "x", middle=U + STRAY + BACK + TO_H + throw(UNDO)),
    "compensation of one activity": way(
        "u", "x", middle=U + STRAY + BACK + TO_H + throw(UNDO.replace("/>", ' activityRef="u"/>'))
    ),
    "cancelled transaction": one(sub(CANCELS, "u", "transaction") + boundary(CANCEL), "u"),
    "link": linked("y"),
    "event definition by reference": one(catch("<eventDefinitionRef>shared</eventDefinitionRef>")),
    "two timers and a signal behind a gateway": awaited(catch(TIMER, "y"), catch(TIMER, "z"), catch(SIGNAL, "w")),
    "receive tasks behind a gateway": awaited(
        '<receiveTask id="y" messageRef="m"/>', '<receiveTask id="z" messageRef="m2"/>'
    ),
    "messages behind a gateway": awaited(catch(MESSAGE, "y"), catch(MESSAGE2, "z")),
    "exclusive gateway": choice(("=a", ""), default="x_z"),
    "inclusive gateway": choice(("=a", ""), "inclusiveGateway", default="x_z"),
    "parallel gateway": choice(("", ""), "parallelGateway", gatewayDirection="Diverging"),
    "implicit split": choice(("", ""), "task"),
    "conditional flows of a task": choice(("=a", ""), "task", default="x_z"),
    "called process": calls(("p", "q")) + f'<process id="q">{way()}</process>',
    "called global task": calls(("p", "q")) + '<globalUserTask id="q" icity:role="R"/>',
    "multi-instance over a collection": again(many(icity_collection="=a", icity_elementVariable="b")),
    "multi-instance by a number": again(many("<loopCardinality>3</loopCardinality>", isSequential="true")),
    "multi-instance that ends early": again(
        many("<completionCondition>=a</completionCondition>", icity_collection="=b")
    ),
    "multi-instance of the standard": OBJECT
    + again(
        many(
            "<loopDataInputRef>r</loopDataInputRef><loopDataOutputRef>o</loopDataOutputRef>"
            '<inputDataItem id="i"/><outputDataItem id="j"/>'
        )
    ),
    "multi-instance that throws": again(many(icity_collection="=a", behavior="One", oneBehaviorEventRef="shared")),
    "standard loop": again(
        '<standardLoopCharacteristics testBefore="true" loopMaximum="3"><loopCondition>=a</loopCondition>'
        "</standardLoopCharacteristics>"
    ),
    "data inputs": copied(ends("r", "in"), OBJECT),
    "data outputs": copied(ends("out", "r"), OBJECT, "dataOutputAssociation"),
    "assignments": copied("<targetRef>in</targetRef><assignment><from>=1</from><to>a</to></assignment>"),
    "pools with a message flow": pools("x", "t"),
    "message flow to a black box": pools("x", "pc"),
    "lanes": lanes(("s",), ("e",)) + way(),
    "annotations": way()
    + '<textAnnotation id="n"><text>why</text></textAnnotation><group id="gr"/>'
    + '<association id="a" sourceRef="n" targetRef="s"/>',
    "documentation and its like": one('<task id="x"><documentation>why</documentation><auditing/><monitoring/></task>'),
}


@pytest.mark.parametrize("body", SOUND.values(), ids=SOUND)
def test_what_runs_has_no_findings(body: str) -> None:
    assert found(file(Case("", "", body))) == []


def test_references_may_have_the_prefix_of_their_file() -> None:
    drawn = one(catch(MESSAGE.replace('"m"', '"t:m"')))
    content = HEAD.replace("<definitions", '<definitions xmlns:t="tests"') + ROOTS
    assert found(f'{content}<process id="p">{drawn}</process></definitions>'.encode()) == []


@pytest.mark.parametrize("folder", PROGRAMMES, ids=lambda folder: folder.name)
def test_the_shipped_programmes_have_no_errors(folder: Path) -> None:
    assert processes.lint(folder) == []
    files, unreadable = deployment.gather([folder])
    _, findings = deployment.build(files)
    assert [one for one in [*unreadable, *findings] if one["severity"] == "error"] == []


def test_every_rule_says_in_both_languages_what_is_wrong_and_what_to_do() -> None:
    for name, rule in lint.RULES.items():
        assert rule.paragraph, name
        assert rule.zh != rule.en, name
