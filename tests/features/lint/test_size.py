"""The linter takes time in proportion to the file: as many elements as the gate lets in, in under two seconds."""

import sys
import time
from itertools import pairwise

import pytest
from lxml import etree

from engine.bpmn import gate, lint
from engine.bpmn.lint import expressions
from engine.domain import feel
from tests.features.lint.drawings import HEAD
from tests.support.diagrams import NAMES, flows

BUDGET_SECONDS = 2.0 if sys.gettrace() is None else 8.0  # measuring coverage slows every line


def chain(count: int) -> str:
    names = [f"n{n}" for n in range(count)]
    tasks = "".join(f'<userTask id="{name}" icity:role="R"/>' for name in names)
    ways = flows(*pairwise(names), ("s", names[0]), (names[-1], "e"))
    return f'<startEvent id="s"/><endEvent id="e"/>{tasks}{ways}'


def fan(count: int, gateway: str) -> str:
    names = [f"n{n}" for n in range(count)]
    tasks = "".join(f'<task id="{name}"/>' for name in names)
    out = flows(*(("g", name, f"=a = {n}") if gateway == "exclusive" else ("g", name) for n, name in enumerate(names)))
    back = flows(*((name, "j") for name in names))
    ends = f'<startEvent id="s"/><endEvent id="e"/><{gateway}Gateway id="g"/><parallelGateway id="j"/>'
    return ends + tasks + out + back + flows(("s", "g"), ("j", "e"))


def listed(count: int) -> str:
    lists = "".join(f"<outgoing>g_n{n}</outgoing>" for n in range(count))
    return fan(count, "parallel").replace('id="g"/>', f'id="g">{lists}</parallelGateway>', 1)


def undone(count: int) -> str:
    undo = "<compensateEventDefinition/>"
    return "".join(
        f'<task id="t{n}"/><task id="h{n}" isForCompensation="true"/>'
        f'<boundaryEvent id="b{n}" attachedToRef="t{n}">{undo}</boundaryEvent>'
        f'<association id="a{n}" sourceRef="b{n}" targetRef="h{n}"/>'
        f'<intermediateThrowEvent id="x{n}">{undo}</intermediateThrowEvent>'
        for n in range(count)
    )


def linked(count: int) -> str:
    link = '<linkEventDefinition name="L"/>'
    throws = "".join(f'<intermediateThrowEvent id="t{n}">{link}</intermediateThrowEvent>' for n in range(count))
    return throws + "".join(f'<intermediateCatchEvent id="c{n}">{link}</intermediateCatchEvent>' for n in range(count))


def copied(count: int) -> str:
    return "".join(
        f'<dataObject id="o{n}"/><dataObjectReference id="r{n}" dataObjectRef="o{n}"/><task id="t{n}">'
        f"<dataInputAssociation><sourceRef>r{n}</sourceRef><targetRef>o{n}</targetRef></dataInputAssociation></task>"
        for n in range(count)
    )


def circle(count: int) -> str:
    return "".join(
        f'<process id="p{n}"><startEvent id="s{n}"/><callActivity id="c{n}" calledElement="p{(n + 1) % count}"/>'
        f'<endEvent id="e{n}"/>' + flows((f"s{n}", f"c{n}"), (f"c{n}", f"e{n}")) + "</process>"
        for n in range(count)
    )


@pytest.mark.parametrize(
    "body",
    [
        chain(9_900),
        fan(4_900, "exclusive"),
        fan(6_500, "parallel"),
        listed(4_900),
        undone(2_200),
        linked(4_900),
        copied(2_800),
        circle(3_200),
    ],
    ids=["chain", "exclusive fan", "parallel fan", "listed fan", "compensation", "links", "data", "circle of calls"],
)
def test_twenty_thousand_elements_in_two_seconds(body: str) -> None:
    whole = body if "<process" in body else f'<process id="p">{body}</process>'
    root = gate.parse_xml(f"{HEAD}{whole}</definitions>".encode(), "p.bpmn")
    assert sum(1 for _ in root.iter()) > 15_000
    assert any(seconds(root) < BUDGET_SECONDS for _ in range(3))


def seconds(root: etree._Element) -> float:
    """Lint with nothing remembered; a busy machine is given another try."""
    feel.compile.cache_clear()
    expressions._compiled.cache_clear()
    begun = time.process_time()
    lint.lint({"p.bpmn": root}, NAMES)
    return time.process_time() - begun
