"""Scenarios of the shipped programmes: what people do and what must come of it, played as `icity simulate` plays it.

A file is `{"title": {"zh", "en"}, "process", "data", "plan", "until", "with", "instead", "expect"}`. It is played with
the process, those it calls and those named in `with`; a process named in `instead` answers with the given variables,
one member of the list a call, the last one again and again. `expect` may tell `state`, `completed` (these, in this
order), `never`, `waiting`, `data` (a part of the last variables of the first instance), `kept` (the messages that
nobody took) and `documents`: `{"kind", "says", "silent"}`, a document of that kind that says the texts of `says` and
none of those of `silent`.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from lxml import etree

from engine.rehearsal import deployment as deployments
from engine.rehearsal import plan as plans
from engine.rehearsal.stage import Stage

ROOT = Path(__file__).parents[2]
PROGRAMMES = sorted(path.parent for path in (ROOT / "workflows").glob("*/programme.toml"))
B = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
STAND_IN = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d_{0}" targetNamespace="tests">'
    '<process id="{0}" isExecutable="true"><startEvent id="s"/><serviceTask id="{0}_answer"/><endEvent id="e"/>'
    '<sequenceFlow id="f" sourceRef="s" targetRef="{0}_answer"/>'
    '<sequenceFlow id="g" sourceRef="{0}_answer" targetRef="e"/></process></definitions>'
)
MEMBERS = {"title", "process", "data", "plan", "until", "with", "instead", "expect"}
EXPECTED = {"state", "completed", "never", "waiting", "data", "kept", "documents"}


@dataclass(frozen=True)
class Diagram:
    """A drawn process: where it stands, what it calls, and which of its sub-processes draws each flow node."""

    path: Path
    calls: frozenset[str]
    nodes: frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Played:
    """What a scenario showed; `passed` are the (sub-process, element) pairs that were completed or cancelled."""

    state: str
    completed: list[str]
    waiting: list[str]
    kept: list[str]
    data: Mapping[str, Any]
    passed: frozenset[tuple[str, str]]
    incidents: list[str]
    documents: list[tuple[str, str]]


def scenarios(programme: Path) -> list[Path]:
    """Return the scenarios of a programme."""
    return sorted((programme / "scenarios").glob("*/*.json"))


@cache
def diagrams(programme: Path) -> dict[str, Diagram]:
    """Return the processes of a programme by id."""
    found = {}
    for path in sorted(programme.glob("*.bpmn")):
        for process in etree.parse(path).getroot().iterchildren(f"{B}process"):
            calls = frozenset(str(node.get("calledElement")) for node in process.iter(f"{B}callActivity"))
            found[process.get("id")] = Diagram(path, calls, frozenset(_nodes(process)))
    return found


def called(programme: Path, wanted: Collection[str], instead: Collection[str]) -> set[str]:
    """Return the processes `wanted` and all that they call; those in `instead` call nobody."""
    drawn, found, left = diagrams(programme), set[str](), set(wanted)
    while left:
        name = left.pop()
        found.add(name)
        left |= drawn[name].calls - found if name not in instead else frozenset()
    return found


@cache
def play(path: Path) -> Played:
    """Play the scenario in a file; raise AssertionError when its files or its plan have faults."""
    told = json.loads(path.read_text("utf-8"))
    assert told.keys() <= MEMBERS, sorted(told.keys() - MEMBERS)
    assert told.get("expect", {}).keys() <= EXPECTED, sorted(told["expect"].keys() - EXPECTED)
    instead = told.get("instead", {})
    programme = path.parents[2]
    wanted = frozenset({told["process"], *told.get("with", [])})
    deployment = _deployed(programme, wanted, frozenset(instead))
    plan = dict(told.get("plan", {}))
    plan["services"] = {**plan.get("services", {}), **{f"{name}_answer": _answers(instead[name]) for name in instead}}
    read, faults = plans.read(plan, told.get("until", "P3Y"))
    assert read is not None, faults
    strangers = {*read.tasks, *read.services} - deployment.kinds().keys()
    assert not strangers, f"the plan names what is not drawn: {sorted(strangers)}"
    stage = Stage(deployment, read, told.get("data", {}))
    stage.play(deployment.chosen(told["process"]))
    return _shown(stage)


def _answers(given: Any) -> list[dict[str, Any]]:
    return [{"data": one} for one in (given if isinstance(given, list) else [given])]


@cache
def _deployed(programme: Path, wanted: frozenset[str], instead: frozenset[str]) -> deployments.Deployment:
    """Return the deployment of some processes and what they call, with stand-ins for those that answer at once."""
    drawn, needed = diagrams(programme), called(programme, wanted, instead)
    files, _ = deployments.gather([programme])
    idle = {diagram.path.name for name, diagram in drawn.items() if name not in needed - instead}
    files = {name: content for name, content in files.items() if name not in idle}
    files |= {f"{name}.bpmn": STAND_IN.format(name).encode() for name in instead}
    deployment, findings = deployments.build(files)
    assert deployment is not None, [one for one in findings if one["severity"] == "error"]
    return deployment


def _nodes(scope: etree._Element) -> Iterator[tuple[str, str]]:
    for node in scope:
        tag = str(node.tag).removeprefix(B)
        if tag.endswith(("Task", "Event", "Gateway", "Activity", "ubProcess")) or tag in {"task", "transaction"}:
            yield scope.get("id"), node.get("id")
            yield from _nodes(node)


def _words(paper: Any) -> str:
    """Return everything a composed document says, line by line."""
    if isinstance(paper, Mapping):
        paper = list(paper.values())
    return "\n".join(map(_words, paper)) if isinstance(paper, list | tuple) else str(paper)


def _shown(stage: Stage) -> Played:
    failures = [*stage.failures, *(one for case in stage.cases for one in case.rest.failures.values())]
    incidents = [f"{one.element}: {one.reason}" for one in failures]
    incidents += [f"{stage.stopped.element}: {stage.stopped}"] if stage.stopped is not None else []
    done = bool(stage.cases) and all(case.execution is None for case in stage.cases)
    open_ones = [case.rest for case in stage.cases if case.execution is not None]
    waiting = [element.id for rest in open_ones for element in rest.tasks.values()]
    waiting += [wait.element for rest in open_ones for wait in rest.waits.values()]
    return Played(
        state="incident" if incidents else "completed" if done else "waiting",
        completed=[one.element for one in stage.trace if one.event == "completed"],
        waiting=waiting,
        kept=[one.name for one in stage.kept],
        data=stage.cases[0].data if stage.cases else {},
        passed=frozenset((one.process, one.element) for one in stage.trace if one.event != "entered"),
        incidents=incidents,
        documents=[(one["kind"], _words(one["paper"])) for one in stage._registers.get("papers", [])],
    )
