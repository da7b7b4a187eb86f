"""Whether tokens can still come to an end: the ways that a scope's marking may go, with every choice left open.

A branch that a new version draws between a split that was passed and a join that was not would be waited for for ever;
this finds it. Sub-processes count as one step, conditions as open, events that only add tokens are left out.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import Any

from engine.bpmn.nodes import EventGateway, Exclusive, Inclusive, Joining, Parallel

Place = tuple[str, str]
"""("at", node) of a token that stands at a node, ("by", flow) of one that waits at a join."""
Marking = tuple[Place, ...]
MOST = 1_500
WAYS = 4  # conditional flows of one node whose combinations are tried


@dataclass(frozen=True)
class Fate:
    """Whether some run comes to an end, and the joins at which some run stands still for ever."""

    ends: bool
    stuck: frozenset[str]


FREE = Fate(ends=True, stuck=frozenset())


def stuck(spec: Any, marking: Marking) -> list[str]:
    """Return the joins at which tokens would wait for ever, though those of a fresh instance do not."""
    if all(kind == "at" for kind, _ in marking) and not _joins(spec):
        return []
    fate = _fate(spec, tuple(sorted(marking)))
    if fate == FREE:
        return []
    usual = _fate(spec, tuple(sorted(("at", node.name) for node in spec.begins)))
    if (usual.stuck and fate.ends) or not usual.ends:
        return []
    return sorted(fate.stuck)


@lru_cache(maxsize=4096)
def _fate(spec: Any, marking: Marking) -> Fate:
    seen, waiting = {marking}, [marking]
    ends, at = False, set[str]()
    while waiting:
        now = waiting.pop()
        following = set(_steps(spec, now))
        if not following:
            ends = ends or not now
            at |= {_join(spec, flow) for _, flow in now}
        for one in following - seen:
            seen.add(one)
            waiting.append(one)
        if len(seen) > MOST:
            return FREE
    return Fate(ends, frozenset(at))


def _steps(spec: Any, marking: Marking) -> Iterator[Marking]:
    """Yield what may follow; automatic and human steps alike, one token at a time, joins when they can go on."""
    for place in dict.fromkeys(marking):
        if place[0] == "at":
            rest = list(marking)
            rest.remove(place)
            yield from (_put(spec, rest, ways) for ways in _ways(spec.task_specs[place[1]]))
    for node in _joins(spec):
        held = {flow.id for flow in node.incoming} & {flow for kind, flow in marking if kind == "by"}
        if held and _ready(spec, node, marking, held):
            left = Counter(marking) - Counter(("by", flow) for flow in held)
            yield tuple(sorted([*left.elements(), ("at", node.name)]))


def _ready(spec: Any, node: Any, marking: Marking, held: set[str]) -> bool:
    if isinstance(node, Parallel):
        return len(held) == len({flow.id for flow in node.incoming})
    empty = {flow.id for flow in node.incoming} - held
    for kind, name in marking:
        where = name if kind == "at" else _join(spec, name)
        reached = node.reach.get(where, frozenset()) if where != node.name else frozenset()
        if reached & empty and not reached & held:
            return False
    return True


def _ways(node: Any) -> Iterator[tuple[Any, ...] | None]:
    """Yield the flows that a token may leave by; None when it ends all that is in its scope."""
    if node.element.event in {"terminate", "error", "cancel"} and node.element.kind == "endEvent":
        yield None
        return
    asked = [flow for flow in node.outgoing if flow.condition is not None or flow.id == node.default]
    free = tuple(flow for flow in node.outgoing if flow not in asked)
    if isinstance(node, Exclusive | EventGateway):
        yield from ((flow,) for flow in node.outgoing)
        yield from () if node.outgoing else ((),)
    elif not asked or isinstance(node, Parallel):
        yield tuple(node.outgoing)
    else:
        for count in range(1, 1 + (len(asked) if len(asked) <= WAYS else 1)):
            yield from ((*free, *some) for some in combinations(asked, count))
    for boundary in node.boundaries:
        if boundary.element.interrupting and boundary.element.event != "compensation":
            yield tuple(boundary.outgoing)


def _put(spec: Any, rest: list[Place], ways: tuple[Any, ...] | None) -> Marking:
    if ways is None:
        return ()
    for flow in ways:
        target = spec.task_specs[flow.target]
        gathers = isinstance(target, Joining) and len(target.incoming) > 1
        rest = [*rest, ("by", flow.id) if gathers else ("at", flow.target)]
    return tuple(sorted(rest))


def _joins(spec: Any) -> list[Any]:
    return [
        node for node in spec.task_specs.values() if isinstance(node, Parallel | Inclusive) and len(node.incoming) > 1
    ]


def _join(spec: Any, flow: str) -> str:
    return next((node.name for node in _joins(spec) for one in node.incoming if one.id == flow), flow)
