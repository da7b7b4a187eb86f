"""No file, however broken, gives more than findings: shipped diagrams are torn apart at random, and read."""

import copy
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from engine.bpmn import gate, lint
from engine.bpmn.lint import Strictness
from engine.errors import ModelRefused
from engine.rehearsal import deployment
from engine.settings import ROOT
from tests.features.lint.drawings import HEAD, file
from tests.features.lint.test_rules import CASES
from tests.support.diagrams import NAMES

SHIPPED = sorted((ROOT / "workflows" / "innovative-city").glob("*.bpmn"))
ODD = [
    "",
    " ",
    "0",
    "-1",
    "1e999",
    "true",
    "x" * 5000,
    "：",
    "a b",
    "={",
    "P1Y",
    "\ud7ff",
    "{x!r}",
    "%s",
    "lifecycle",
    "s",
]
TAGS = [
    "task",
    "subProcess",
    "startEvent",
    "boundaryEvent",
    "linkEventDefinition",
    "process",
    "foo",
    "definitions",
    "text",
]
BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
ICITY = "{urn:icity:bpmn:1}"
_READ = {path: gate.parse_xml(path.read_bytes(), path.name) for path in SHIPPED}


def torn(root: etree._Element, seed: int, cuts: int) -> bytes:
    """Return a diagram after some random cuts."""
    chance = random.Random(seed)
    root = copy.deepcopy(root)
    for _ in range(cuts):
        nodes = [one for one in root.iter(etree.Element) if one is not root] or [root]
        one, other = chance.choice(nodes), chance.choice(nodes)
        chance.choice([_delete, _double, _retag, _unset, _set, _move, _text])(chance, one, other)
    return etree.tostring(root)


def _delete(_: random.Random, one: etree._Element, __: etree._Element) -> None:
    parent = one.getparent()
    if parent is not None:
        parent.remove(one)


def _double(_: random.Random, one: etree._Element, other: etree._Element) -> None:
    if one not in other.iterancestors() and one is not other:
        other.append(copy.deepcopy(one))


def _retag(chance: random.Random, one: etree._Element, other: etree._Element) -> None:
    one.tag = chance.choice([*(BPMN + tag for tag in TAGS), str(other.tag), f"{ICITY}input"])


def _unset(chance: random.Random, one: etree._Element, _: etree._Element) -> None:
    if one.attrib:
        del one.attrib[chance.choice(list(one.attrib))]


def _set(chance: random.Random, one: etree._Element, other: etree._Element) -> None:
    names = [*one.attrib, *other.attrib, "default", "attachedToRef", "calledElement", "triggeredByEvent"]
    value = chance.choice([*ODD, *other.attrib.values()])
    one.set(str(chance.choice(names)), str(value))


def _move(_: random.Random, one: etree._Element, other: etree._Element) -> None:
    if one is not other and other not in one.iter() and one.getparent() is not None:
        other.append(one)


def _text(chance: random.Random, one: etree._Element, _: etree._Element) -> None:
    one.text = chance.choice(ODD)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(SHIPPED), st.integers(0, 2**32), st.integers(1, 40), st.sampled_from(Strictness))
def test_a_torn_diagram_gives_findings_and_no_more(path: Path, seed: int, cuts: int, strictness: Strictness) -> None:
    try:
        root = gate.parse_xml(torn(_READ[path], seed, cuts), path.name)
    except ModelRefused:
        return
    for finding in lint.lint({path.name: root}, NAMES, strictness):
        assert finding["text"]["zh"]
        assert finding["text"]["en"]


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(CASES), st.integers(0, 2**32), st.integers(1, 5))
def test_what_passes_the_linter_can_be_read_by_the_engine(case, seed, cuts) -> None:
    root = gate.parse_xml(file(case), "p.bpmn")
    _, findings = deployment.build({"p.bpmn": torn(root, seed, cuts)})
    assert all(finding["severity"] in {"error", "warning"} for finding in findings)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400) | st.sampled_from(SHIPPED).flatmap(lambda path: _spoilt(path.read_bytes())))
def test_any_bytes_give_findings(content: bytes) -> None:
    _, findings = deployment.build({"a.bpmn": content, "b.dmn": content, "c.form": content})
    assert any(finding["severity"] == "error" for finding in findings)


def _spoilt(content: bytes) -> st.SearchStrategy[bytes]:
    cut = st.integers(0, len(content))
    return st.tuples(cut, cut, st.binary(max_size=8)).map(lambda t: content[: t[0]] + t[2] + content[t[1] :])


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<process/>" * 3,
        "<process><sequenceFlow/><boundaryEvent/><callActivity/><subProcess/></process>",
        "<process id='p'>" + "<subProcess>" * 50 + "</subProcess>" * 50 + "</process>",
        "<process id='p'><startEvent id='s'/><sequenceFlow id='f' sourceRef='s' targetRef='s'/></process>",
        "<!-- a --><?b c?><process id='p'><!-- d --></process>",
        "<collaboration><participant/><messageFlow/><lane/></collaboration>",
        "<process id='p'><extensionElements><a xmlns='urn:a'><process id='q'/></a></extensionElements></process>",
    ],
)
def test_scraps_are_read(body: str) -> None:
    root = gate.parse_xml(f"{HEAD}{body}</definitions>".encode(), "p.bpmn")
    assert lint.lint({"p.bpmn": root}, NAMES) != []
