"""Broken diagrams in a few words: each case is drawn, linted, and expected to break one rule at one element."""

from itertools import pairwise
from typing import NamedTuple

from engine.bpmn import gate, lint
from engine.bpmn.lint import Strictness
from tests.support.diagrams import NAMES, flows

HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:icity="urn:icity:bpmn:1"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:di="http://www.omg.org/spec/BPMN/20100524/DI"'
    ' xmlns:w="http://www.omg.org/spec/DD/20100524/DI" id="defs" targetNamespace="tests">'
)
ROOTS = (
    '<message id="m" name="M"/><message id="m2" name="M2"/><signal id="g" name="G"/><error id="E1" errorCode="C1"/>'
    '<error id="E0"/><escalation id="L1" escalationCode="K1"/><escalation id="L0"/>'
    '<signalEventDefinition id="shared" signalRef="g"/>'
)
S, E = '<startEvent id="s"/>', '<endEvent id="e"/>'
U = '<userTask id="u" icity:role="R"/>'
MESSAGE, MESSAGE2 = '<messageEventDefinition messageRef="m"/>', '<messageEventDefinition messageRef="m2"/>'
SIGNAL, ERROR = '<signalEventDefinition signalRef="g"/>', '<errorEventDefinition errorRef="E1"/>'
CANCEL, UNDO = "<cancelEventDefinition/>", "<compensateEventDefinition/>"
TIMER = "<timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition>"


class Case(NamedTuple):
    """A drawing and the rule it breaks at `element`; `body` is one process, or a whole file when it begins so."""

    rule: str
    element: str
    body: str
    roots: str = ""


def way(*nodes: str, middle: str = "") -> str:
    """Draw a way from the start through these nodes to the end."""
    stations = ["s", *nodes, "e"]
    return S + middle + E + flows(*pairwise(stations))


def one(xml: str, name: str = "x") -> str:
    """Draw a way through one node."""
    return way(name, middle=xml)


def catch(inner: str, name: str = "x", **attributes: str) -> str:
    """Draw an intermediate event that catches."""
    return _tag("intermediateCatchEvent", name, inner, attributes)


def throw(inner: str, name: str = "x") -> str:
    """Draw an intermediate event that throws."""
    return _tag("intermediateThrowEvent", name, inner, {})


def boundary(inner: str, host: str = "u", name: str = "b", **attributes: str) -> str:
    """Draw a boundary event with its own way to an end."""
    drawn = _tag("boundaryEvent", name, inner, {"attachedToRef": host, **attributes})
    return f'{drawn}<endEvent id="{name}_e"/>' + flows((name, f"{name}_e"))


def sub(inner: str, name: str = "x", tag: str = "subProcess", **attributes: str) -> str:
    """Draw a sub-process."""
    return _tag(tag, name, inner, attributes)


def inside(name: str = "i", definition: str = "", middle: str = "") -> str:
    """Draw the shortest way inside a sub-process; what it is made of is called after `name`."""
    start, end = f'<startEvent id="{name}s">{definition}</startEvent>', f'<endEvent id="{name}e"/>'
    return start + middle + end + flows((f"{name}s", f"{name}e"))


def choice(conditions: tuple[str, str] = ("=a", "=b"), tag: str = "exclusiveGateway", **attributes: str) -> str:
    """Draw a gateway `x` with ways to the tasks `y` and `z`."""
    drawn = _tag(tag, "x", "", attributes) + '<task id="y"/><task id="z"/>'
    ways = [("x", node, *([asked] if asked else [])) for node, asked in zip("yz", conditions, strict=True)]
    return S + drawn + E + flows(("s", "x"), *ways, ("y", "e"), ("z", "e"))


def _tag(tag: str, name: str, inner: str, attributes: dict[str, str]) -> str:
    written = "".join(f' {key.replace("icity_", "icity:")}="{value}"' for key, value in attributes.items())
    return f'<{tag} id="{name}"{written}>{inner}</{tag}>'


def file(case: Case) -> bytes:
    """Return the file of a case."""
    if case.body.startswith(("<definitions", "<?")):
        return case.body.encode()
    body = case.body if "<process" in case.body else f'<process id="p" isExecutable="true">{case.body}</process>'
    return f"{HEAD}{ROOTS}{case.roots}{body}</definitions>".encode()


def found(content: bytes, strictness: Strictness = Strictness.PROGRAMME) -> list[lint.Finding]:
    """Return the findings in one file."""
    return lint.lint({"p.bpmn": gate.parse_xml(content, "p.bpmn")}, NAMES, strictness)


def told(content: bytes, strictness: Strictness = Strictness.PROGRAMME) -> set[tuple[str, str]]:
    """Return (rule, element) of the findings in one file."""
    return {(finding["rule"], finding["element"]) for finding in found(content, strictness)}
