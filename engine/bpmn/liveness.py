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
MOST = 1_000
CROWD = 24  # tokens beside those at first; more of them come of a circle that puts out ever more
WAYS = 4  # conditional flows of one node whose combinations are tried


@dataclass(frozen=True)
class Fate:
    """Whether some run comes to an end, and the joins at which some run stands still for ever.

    Of too many runs nothing is known; they are taken as good, and not as `sound`.
    """

    ends: bool
    stuck: frozenset[str]
    known: bool = True

    @property
    def sound(self) -> bool:
        """Tell whether every run is known to go on to an end."""
        return self.ends and not self.stuck and self.known


UNKNOWN = Fate(ends=True, stuck=frozenset(), known=False)


def stuck(spec: Any, marking: Marking) -> list[str]:
    """Return the joins at which tokens would wait for ever, though those of a fresh instance do not."""
    net = _net(spec)
    if not net.joins:
        return []
    fate = _fate(spec, tuple(sorted(net.places(marking))))
    if not fate.stuck:
        return []
    usual = fresh(spec)
    if (fate.ends and not usual.sound) or not usual.ends:
        return []
    return sorted(fate.stuck)


def fresh(spec: Any) -> Fate:
    """Return what may become of a scope that has just begun."""
    return _fate(spec, tuple(sorted(("at", node.name) for node in spec.begins)))


@lru_cache(maxsize=4096)
def _fate(spec: Any, marking: Marking) -> Fate:
    net, seen, waiting = _net(spec), {marking}, [marking]
    ends, at = False, set[str]()
    while waiting:
        now = waiting.pop()
        following = net.steps(now)
        if not following:
            ends = ends or not now
            at |= {net.joins[flow].name for _, flow in now}
        fresh_ones = [one for one in following if one not in seen]
        seen.update(fresh_ones)
        waiting += fresh_ones
        if len(seen) > MOST or len(now) > len(marking) + CROWD:
            return UNKNOWN
    return Fate(ends, frozenset(at))


class _Net:
    """A scope's ways, worked out once: `joins` by the flows into them, `ways` of each node as the places they lead to.

    Tokens at different nodes do not get into each other's way: it is enough to look at what one of them may do.
    """

    def __init__(self, spec: Any) -> None:
        nodes = spec.task_specs.values()
        gathering = [node for node in nodes if isinstance(node, Joining) and len(node.incoming) > 1]
        self.targets = {flow.id: flow.target for node in nodes for flow in node.incoming}
        self.joins = {flow.id: node for node in gathering for flow in node.incoming}
        self.parallel = [node for node in gathering if isinstance(node, Parallel)]
        self.inclusive = [node for node in gathering if isinstance(node, Inclusive)]
        self.ways = {node.name: [self._places(ways) for ways in _ways(node)] for node in nodes}

    def places(self, marking: Marking) -> Iterator[Place]:
        """Yield where tokens stand; one that waits at what is no join any more will pass."""
        for kind, name in marking:
            passes = kind == "by" and name not in self.joins
            yield ("at", self.targets[name]) if passes else (kind, name)

    def steps(self, marking: Marking) -> set[Marking]:
        """Return what may follow: a join that is full goes on first, then a token, then an inclusive join."""
        held = {flow for kind, flow in marking if kind == "by"}
        for node in self.parallel if held else ():
            if held.issuperset(flow.id for flow in node.incoming):
                return {self._merged(node, marking, held)}
        place = next((place for place in marking if place[0] == "at"), None)
        if place is not None:
            rest = list(marking)
            rest.remove(place)
            return {() if ways is None else tuple(sorted([*rest, *ways])) for ways in self.ways[place[1]]}
        return {self._merged(node, marking, held) for node in self.inclusive if self._ready(node, marking, held)}

    def _merged(self, node: Any, marking: Marking, held: set[str]) -> Marking:
        taken = Counter(("by", flow.id) for flow in node.incoming if flow.id in held)
        left = Counter(marking) - taken
        return tuple(sorted([*left.elements(), ("at", node.name)]))

    def _ready(self, node: Any, marking: Marking, held: set[str]) -> bool:
        here = {flow.id for flow in node.incoming} & held
        empty = {flow.id for flow in node.incoming} - here
        for name in {self.joins[flow].name for _, flow in marking} - {node.name}:
            reached = node.reach.get(name, frozenset())
            if reached & empty and not reached & here:
                return False
        return bool(here)

    def _places(self, ways: tuple[Any, ...] | None) -> tuple[Place, ...] | None:
        if ways is None:
            return None
        return tuple(("by", flow.id) if flow.id in self.joins else ("at", flow.target) for flow in ways)


@lru_cache(maxsize=256)
def _net(spec: Any) -> _Net:
    return _Net(spec)


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
