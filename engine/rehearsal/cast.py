"""The cast of scenarios: a programme's files parsed once, from which each scenario takes the processes it needs."""

import hashlib
from collections.abc import Collection, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace

from lxml import etree

from engine.bpmn import parse
from engine.bpmn.elements import NODES, B, local
from engine.bpmn.gate import BPMN, parse_xml
from engine.bundle import MODELS, Finding
from engine.rehearsal import deployment as deployments
from engine.rehearsal.deployment import Deployment

SCENARIOS = "scenarios/"
STAND_IN = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d_{0}" targetNamespace="scenario">'
    '<process id="{0}" isExecutable="true"><startEvent id="s"/><serviceTask id="{0}_answer"/><endEvent id="e"/>'
    '<sequenceFlow id="f" sourceRef="s" targetRef="{0}_answer"/>'
    '<sequenceFlow id="g" sourceRef="{0}_answer" targetRef="e"/></process></definitions>'
)
Pair = tuple[str, str]


@dataclass(frozen=True)
class Drawn:
    """A drawn process: its file, what it calls, and the nodes and flows of it and its sub-processes by their scope."""

    file: str
    calls: frozenset[str]
    nodes: frozenset[Pair]
    flows: frozenset[Pair]
    scopes: frozenset[str]


@dataclass
class Cast:
    """Every process of a programme; `deployment` gives those that a scenario needs, the others stay away."""

    files: Mapping[str, bytes]
    whole: Deployment
    roots: Mapping[str, etree._Element]
    drawn: Mapping[str, Drawn]
    _made: dict[tuple[frozenset[str], frozenset[str]], Deployment] = field(default_factory=dict)

    def needed(self, wanted: Collection[str], instead: Collection[str]) -> frozenset[str]:
        """Return the processes `wanted` and all that they call; those in `instead` call nobody."""
        found, left = set[str](), set(wanted)
        while left:
            name = left.pop()
            found.add(name)
            left |= self.drawn[name].calls & self.drawn.keys() - found if name not in instead else frozenset()
        return frozenset(found)

    def digest(self, wanted: Collection[str], instead: Collection[str]) -> str:
        """Return what tells all that a scenario of these processes uses from anything else, as hexadecimal digits."""
        shown = {self.drawn[name].file for name in self.needed(wanted, instead) - set(instead)}
        told = hashlib.sha256("\0".join(sorted(instead)).encode())
        for name, content in sorted(self.files.items()):
            if name in shown or not name.endswith(".bpmn"):
                told.update(f"{name}\0{hashlib.sha256(content).hexdigest()}\n".encode())
        return told.hexdigest()

    def deployment(self, wanted: Collection[str], instead: Collection[str]) -> Deployment:
        """Return the deployment of some processes and what they call, with stand-ins that answer at once."""
        key = frozenset(wanted), frozenset(instead)
        if key not in self._made:
            self._made[key] = self._deployed(self.needed(wanted, instead), frozenset(instead))
        return self._made[key]

    def changed(self, file: str, root: etree._Element) -> "Cast":
        """Return the cast with one diagram drawn otherwise; raise ModelRefused where it cannot be parsed."""
        roots = {**self.roots, file: root}
        model = parse.model(roots)
        return Cast(self.files, replace(self.whole, model=model), roots, self.drawn)

    def _deployed(self, needed: frozenset[str], instead: frozenset[str]) -> Deployment:
        processes = [name for name in self.whole.processes if name in needed]
        if not instead:
            return replace(self.whole, processes=processes, roots=processes)
        roots = {
            file: _without(root, instead)
            for file, root in self.roots.items()
            if any(self.drawn[name].file == file for name in needed - instead)
        }
        roots |= {f"{name} instead": parse_xml(STAND_IN.format(name).encode(), name) for name in instead}
        return replace(self.whole, model=parse.model(roots), processes=processes, roots=processes)


def gather(files: Mapping[str, bytes]) -> tuple[Cast | None, list[Finding]]:
    """Return the cast that the files of a programme make, and their findings; none where one is an error."""
    played = {name: content for name, content in files.items() if not name.startswith(SCENARIOS)}
    whole, findings = deployments.build(played)
    if whole is None:
        return None, findings
    read = {name: parse_xml(content, name) for name, content in played.items() if _is_model(name)}
    roots = {name: root for name, root in read.items() if etree.QName(root).namespace == BPMN}
    drawn = {
        process.get("id", ""): _drawn(name, process)
        for name, root in roots.items()
        for process in root.iterchildren(f"{B}process")
    }
    return Cast(played, whole, roots, drawn), findings


def _is_model(name: str) -> bool:
    return "." in name and name[name.rindex(".") :].lower() in MODELS


def _drawn(file: str, process: etree._Element) -> Drawn:
    calls = frozenset(str(node.get("calledElement")) for node in process.iter(f"{B}callActivity"))
    nodes, flows = set[Pair](), set[Pair]()
    for scope, node in _below(process):
        (flows if local(node) == "sequenceFlow" else nodes).add((scope, node.get("id", "")))
    scopes = frozenset({process.get("id", ""), *(scope for scope, _ in nodes)})
    return Drawn(file, calls, frozenset(nodes), frozenset(flows), scopes)


def _below(scope: etree._Element) -> Iterator[tuple[str, etree._Element]]:
    """Yield every flow node and flow of a process with the process or sub-process that draws it."""
    for node in scope:
        if isinstance(node.tag, str) and (local(node) in NODES or local(node) == "sequenceFlow"):
            yield scope.get("id", ""), node
            yield from _below(node)


def _without(root: etree._Element, processes: Collection[str]) -> etree._Element:
    """Return a diagram without some of its processes; itself when it draws none of them."""
    if not any(one.get("id") in processes for one in root.iterchildren(f"{B}process")):
        return root
    left = deepcopy(root)
    for one in list(left.iterchildren(f"{B}process")):
        if one.get("id") in processes:
            left.remove(one)
    return left
