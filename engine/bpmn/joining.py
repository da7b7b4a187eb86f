"""Tokens that wait at joins, carried into a new version: each keeps its flow, or the one that stands for it."""

from typing import Any

from engine.bpmn.baggage import Bag
from engine.bpmn.counterparts import Home
from engine.bpmn.findings import Findings, Path
from engine.bpmn.judgements import DROP, OpenStep, Spot, Verdict
from engine.bpmn.nodes import Joining

Way = tuple[str, str, str]
"""A flow into a join: the scope, the join, the flow."""


def carry(findings: Findings, bag: Bag, path: Path) -> None:
    """Carry a token that waits at a join; ask when no flow into the join stands for its own any more."""
    flow, scope = bag.internal["flow"], bag.scope.spec
    choice, known = findings.choices.get(f"{scope}/{flow}"), _ways(findings, path)
    if choice == DROP:
        _note(findings, bag, None)
        return
    if choice in known:
        _lead(findings, bag, known[choice], path)
        return
    home = findings.pair.node((scope, bag.node), path[0].spec)
    _keep(findings, bag, home, path) if home is not None else _ask(findings, bag, list(known.values()))


def _keep(findings: Findings, bag: Bag, home: Home, path: Path) -> None:
    flow, old = bag.internal["flow"], (bag.scope.spec, bag.node)
    way = findings.pair.flows(old, home, path[0].spec).get(flow)
    route = findings.route(home, path)
    if way is None or route is None or route[1]:
        _ask(findings, bag, [one for one in _ways(findings, path).values() if one[1] == home[1]])
        return
    same = home == old and way == flow
    findings.touched = findings.touched or not findings.pair.same(old[0], home[0])
    target = _spot(findings, (*home, way))
    verdict = Verdict.UNCHANGED if same else Verdict.MAPPED
    findings.steps.append(OpenStep(bag.task, "join", _here(findings, bag), verdict, target))
    route[0].tokens.append(bag)
    bag.node, bag.internal["flow"] = home[1], way


def _lead(findings: Findings, bag: Bag, way: Way, path: Path) -> None:
    room = next(one for one in path if one.spec == way[0])
    _note(findings, bag, _spot(findings, way))
    findings.errands.leads.append((room, way[2], bag.internal.get("origins")))


def _note(findings: Findings, bag: Bag, target: Spot | None) -> None:
    findings.steps.append(OpenStep(bag.task, "join", _here(findings, bag), Verdict.MAPPED, target))
    findings.touched = True


def _ask(findings: Findings, bag: Bag, ways: list[Way]) -> None:
    spots = tuple(_spot(findings, way) for way in ways)
    step = OpenStep(bag.task, "join", _here(findings, bag), Verdict.DECISION, None, spots, droppable=True)
    findings.steps.append(step)


def _ways(findings: Findings, path: Path) -> dict[str, Way]:
    """Return the flows into the joins around a token, by key."""
    found: dict[str, Way] = {}
    for room in reversed(path):
        for node in findings.pair.new.model.specs[room.spec].task_specs.values():
            if isinstance(node, Joining):
                found.update({f"{room.spec}/{flow.id}": (room.spec, node.name, flow.id) for flow in node.incoming})
        if room.several:
            break
    return found


def _here(findings: Findings, bag: Bag) -> Spot:
    return _told(bag.scope.spec, bag.internal["flow"], findings.old(bag))


def _spot(findings: Findings, way: Way) -> Spot:
    return _told(way[0], way[2], findings.pair.new.node(way[:2]))


def _told(scope: str, flow: str, node: Any) -> Spot:
    source = next((one.source for one in node.incoming if one.id == flow), None)
    before = node._wf_spec.task_specs[source].element.name if source else ""
    return Spot(f"{scope}/{flow}", scope, flow, f"{before} → {node.element.name}", "sequenceFlow")
