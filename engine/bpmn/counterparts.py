"""What in one version of a programme stands for what in another: by id, or else by the only name or form alike."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

from engine.bpmn.activities import Call, EventSubProcess, SubProcess
from engine.bpmn.elements import Element
from engine.bpmn.judgements import Spot
from engine.bpmn.nodes import Boundary, Catch, Flow, Joining, Node, Start
from engine.bpmn.parse import Model

Home = tuple[str, str]
"""A node of a model: the innermost process or sub-process that draws it, and its id."""
SILENT = frozenset({"process", "attached"})
MARKS: tuple[Callable[[Element], Any], ...] = (
    lambda one: one.name if one.name != one.id else None,
    lambda one: one.called or one.form or one.decision or one.operator or one.message or one.signal,
)


class Version:
    """One version's processes as trees of scopes; `chain` leads from a process down to each of its sub-processes."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.chain: dict[str, tuple[str, ...]] = {}
        for name in model.names:
            self._descend(name, ())

    def node(self, home: Home) -> Any:
        """Return a node; raise KeyError."""
        return self.model.specs[home[0]].task_specs[home[1]]

    def tree(self, root: str) -> list[str]:
        """Return a process and its sub-processes, the outermost first."""
        return [name for name, chain in self.chain.items() if chain[0] == root]

    def nodes(self, root: str) -> Iterator[Home]:
        """Yield every node of a process and of its sub-processes."""
        for scope in self.tree(root):
            for name in self.model.specs[scope].task_specs:
                yield scope, name

    def spot(self, home: Home) -> Spot:
        """Return a node as plain values."""
        element = self.node(home).element
        return Spot(f"{home[0]}/{home[1]}", home[0], home[1], element.name, element.kind)

    def _descend(self, name: str, above: tuple[str, ...]) -> None:
        self.chain[name] = (*above, name)
        for inner, node in self.model.specs[name].task_specs.items():
            if isinstance(node, SubProcess) and not isinstance(node, Call):
                self._descend(inner, self.chain[name])


class Pair:
    """An old and a new version, and what in the new stands for what in the old."""

    def __init__(self, old: Model, new: Model) -> None:
        self.old, self.new = Version(old), Version(new)
        self._found: dict[tuple[Home, str], Home | None] = {}
        self._same: dict[tuple[str, str], bool] = {}

    def process(self, name: str) -> str | None:
        """Return the process that stands for one: of the same id, or the only new one of the same name."""
        new, names = self.new.model.names, self.old.model.names
        if name in new:
            return name
        alike = [one for one, called in new.items() if called == names[name] and one not in names]
        others = [one for one, called in names.items() if called == names[name] and one not in new]
        return alike[0] if len(alike) == len(others) == 1 else None

    def node(self, home: Home, root: str) -> Home | None:
        """Return the node of the process `root` and its sub-processes that stands for an old one."""
        if (home, root) not in self._found:
            self._found[home, root] = self._node(home, root)
        return self._found[home, root]

    def one_of(self, node: Any, olds: Iterable[Any], news: Iterable[Any]) -> Any:
        """Return which of a few new events stands for one of a few old ones: by id, by name, or the only one left."""
        news, olds = list(news), list(olds)
        same = next((one for one in news if one.name == node.name and alike(one, node)), None)
        if same is not None:
            return same
        ids = {one.name for one in olds if any(one.name == new.name and alike(one, new) for new in news)}
        left = [one for one in olds if one.name not in ids and alike(one, node)]
        fresh = [one for one in news if one.name not in ids and alike(one, node)]
        if node not in left:
            return None
        named = [one for one in fresh if one.element.name == node.element.name]
        if len(named) == 1:
            return named[0]
        return fresh[0] if len(left) == len(fresh) == 1 else None

    def flows(self, home: Home, target: Home, root: str) -> dict[str, str]:
        """Return which flow into a new join stands for each into an old one, as far as one does."""
        olds, news = self.old.node(home).incoming, self.new.node(target).incoming
        found: dict[str, str] = {}
        self._assign(found, olds, news, lambda old, new: old.id == new.id)
        self._assign(found, olds, news, lambda old, new: self._source(home, old, root) == (target[0], new.source))
        left = [one for one in olds if one.id not in found]
        free = [one for one in news if one.id not in found.values()]
        if len(left) == len(free) == 1:
            found[left[0].id] = free[0].id
        return found

    def same(self, old: str, new: str) -> bool:
        """Tell whether two scopes draw the same nodes and the same flows."""
        if (old, new) not in self._same:
            self._same[old, new] = _net(self.old.model.specs[old]) == _net(self.new.model.specs[new])
        return self._same[old, new]

    def _source(self, home: Home, flow: Flow, root: str) -> Home | None:
        return self.node((home[0], flow.source), root)

    def _node(self, home: Home, root: str) -> Home | None:
        node = self.old.node(home)
        spots = [spot for spot in self.new.nodes(root) if alike(self.new.node(spot), node)]
        named = [spot for spot in spots if spot[1] == home[1]]
        if named:
            return next((spot for spot in named if spot[0] == home[0]), named[0])
        old = self.old.chain[home[0]][0]
        known = {name for _, name in self.old.nodes(old)}
        kept = {name for _, name in self.new.nodes(root)}
        fresh = [spot for spot in spots if spot[1] not in known and self._kind(spot) == node.element.kind]
        gone = [one for one in self.old.nodes(old) if one[1] not in kept and self._rival(one, node)]
        return self._marked(node, fresh, gone)

    def _marked(self, node: Any, fresh: list[Home], gone: list[Home]) -> Home | None:
        for mark in MARKS:
            wanted = mark(node.element)
            found = [spot for spot in fresh if wanted and mark(self.new.node(spot).element) == wanted]
            if found:
                rivals = [one for one in gone if mark(self.old.node(one).element) == wanted]
                return found[0] if len(found) == len(rivals) == 1 else None
        alone = isinstance(node, EventSubProcess) and len(fresh) == len(gone) == 1
        return fresh[0] if alone else None

    def _rival(self, home: Home, node: Any) -> bool:
        other = self.old.node(home)
        return alike(other, node) and bool(other.element.kind == node.element.kind)

    def _kind(self, spot: Home) -> str:
        return str(self.new.node(spot).element.kind)

    @staticmethod
    def _assign(found: dict[str, str], olds: list[Flow], news: list[Flow], fits: Callable[[Flow, Flow], bool]) -> None:
        for old in olds:
            fitting = [new for new in news if fits(old, new) and new.id not in found.values()]
            if old.id not in found and len(fitting) == 1:
                found[old.id] = fitting[0].id


def pair(old: Model, new: Model) -> Pair:
    """Return the pair of two versions; what is found out of it is kept for the next instance."""
    return _pair(_Same(old), _Same(new))


def alike(one: Any, other: Any) -> bool:
    """Tell whether a token at one node could as well stand at the other."""
    if isinstance(one, Joining) and isinstance(other, Joining):
        return True
    if type(one) is not type(other):
        return False
    waits = isinstance(one, Catch | Boundary | EventSubProcess)
    return not waits or bool(one.awaited.event == other.awaited.event)


def changes(old: Element, new: Element) -> tuple[str, ...]:
    """Return the names of what two versions say differently of a step."""
    names = (one.name for one in fields(Element) if one.name not in SILENT)
    return tuple(name for name in names if getattr(old, name) != getattr(new, name))


def enterable(version: Version, home: Home) -> bool:
    """Tell whether a token may be put at a node: not what watches, begins, undoes or stands behind an event gateway."""
    node = version.node(home)
    if isinstance(node, Boundary | Start | EventSubProcess) or node.element.compensating:
        return False
    scope = version.model.specs[home[0]].task_specs
    return not any(scope[flow.source].element.kind == "eventBasedGateway" for flow in node.incoming)


def ranked(node: Any, version: Version, spots: Iterable[Home]) -> list[Home]:
    """Return spots, those first that are most like a node."""

    def distance(spot: Home) -> tuple[bool, bool, bool, bool]:
        one: Node = version.node(spot)
        passing = one.element.kind.endswith("Gateway") or one.element.kind in {"endEvent", "intermediateThrowEvent"}
        return (
            one.element.name != node.element.name,
            not alike(one, node),
            passing,
            one.element.kind != node.element.kind,
        )

    return sorted(spots, key=distance)


@dataclass(frozen=True, eq=False)
class _Same:
    """A model that is equal to nothing but itself."""

    model: Model

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.model is self.model

    def __hash__(self) -> int:
        return id(self.model)


@lru_cache(maxsize=16)
def _pair(old: _Same, new: _Same) -> Pair:
    return Pair(old.model, new.model)


def _net(spec: Any) -> dict[str, Any]:
    return {
        name: (
            type(node),
            node.default,
            sorted((one.id, one.source, one.target, one.condition or "") for one in node.outgoing),
        )
        for name, node in spec.task_specs.items()
    }
