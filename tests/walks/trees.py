"""Small processes as trees of blocks, and what may be open in them: an account of its own, without tokens.

A process is a tree of tasks, sequences and blocks that split and join. What is open follows from what is done and from
the ways that were chosen; going back to a task forgets what is done behind it in a sequence, and nothing else. That is
all the account knows, and it shares nothing with the engine.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import TypeAlias

from tests.walks.blocks import Out, Pen
from tests.walks.diagrams import VARIABLES, Diagram, Loop, Scope

BLOCKS = ("and", "xor", "or")


@dataclass(frozen=True)
class Leaf:
    """A task of people: of one, or of several at once or in a row, of whom `enough` may do."""

    kind: str = "one"
    count: int = 1
    enough: int = 0


@dataclass(frozen=True)
class Block:
    """Several parts: a sequence (seq), a block that splits and joins (and, xor, or), or a sub-process of one part."""

    kind: str
    parts: tuple["Tree", ...] = ()


Tree: TypeAlias = Leaf | Block
NOTHING = Block("seq")
ONE = Leaf()
LEAVES = (ONE, Leaf("parallel", 2), Leaf("sequential", 2), Leaf("parallel", 2, 1))
Place = tuple[int, ...]
"""The way to a part from the root: which part of the root, which part of that, …"""


def trees(size: int, leaves: tuple[Leaf, ...] = LEAVES, *, inside: str = "") -> Iterator[Tree]:
    """Give every tree with so many tasks, each once; what is put into itself to no effect is left out."""
    if size == 1:
        yield from leaves
        for leaf in leaves:
            yield from (Block(kind, (leaf, NOTHING)) for kind in BLOCKS if inside != kind)
    for first in range(1, size):
        for left, right in product(trees(first, leaves), trees(size - first, leaves)):
            if inside != "seq" and not (isinstance(left, Block) and left.kind == "seq"):
                rest = right.parts if isinstance(right, Block) and right.kind == "seq" else (right,)
                yield Block("seq", (left, *rest))
            yield from (Block(kind, (left, right)) for kind in BLOCKS if repr(left) <= repr(right))
    if inside != "sub" and size > 1:
        yield from (Block("sub", (one,)) for one in trees(size, leaves, inside="sub"))


@dataclass
class Account:
    """What is done and chosen in a tree; `names` are the tasks as the diagram draws them."""

    tree: Tree
    names: dict[Place, str]
    done: dict[Place, int] = field(default_factory=dict)
    more: dict[Place, int] = field(default_factory=dict)
    chosen: dict[Place, tuple[int, ...]] = field(default_factory=dict)
    gone_on: dict[Place, bool] = field(default_factory=dict)
    data: dict[str, bool] = field(default_factory=lambda: dict.fromkeys(VARIABLES, False))

    def copy(self) -> "Account":
        known = (dict(one) for one in (self.done, self.more, self.chosen, self.gone_on))
        return Account(self.tree, self.names, *known, data=dict(self.data))

    @property
    def key(self) -> str:
        return repr(
            [sorted(one.items()) for one in (self.done, self.more, self.chosen, self.gone_on)]
            + [sorted(self.data.items())]
        )

    # What is open

    @property
    def ended(self) -> bool:
        return self._finished(())

    @property
    def open(self) -> list[str]:
        """Return the open tasks, as often as they are open."""
        self._enter(())
        return sorted(self._open(()))

    @property
    def waiting(self) -> int:
        """Return how many tokens wait at a join."""
        return sum(self._waiting(place) for place in self._active(()))

    def left(self, name: str) -> int:
        """Return how many of those who do a task together have not."""
        place = self._place(name)
        return self._total(place) - self.done.get(place, 0)

    def several(self, name: str) -> bool:
        return self._leaf(self._place(name)).kind != "one"

    # What people do

    def complete(self, name: str, p: bool | None) -> None:
        place = self._place(name)
        self.done[place] = self.done.get(place, 0) + 1
        self.gone_on |= {one: True for one, known in self.names.items() if place in self._behind(known)}
        if p is not None:
            self.data["p"] = p

    def grow(self, name: str) -> None:
        place = self._place(name)
        self.more[place] = self.more.get(place, 0) + 1

    def shrink(self, name: str) -> None:
        place = self._place(name)
        self.more[place] = self.more.get(place, 0) - 1

    def back(self, name: str) -> None:
        """Forget a task and all behind it."""
        for place in (self._place(name), *self._behind(name)):
            for known in (self.done, self.more, self.chosen, self.gone_on):
                known.pop(place, None)

    # What may be done

    def before(self, name: str) -> set[str]:
        """Return the tasks that are done and led to an open one."""
        here = self._place(name)
        return {one for place, one in self.names.items() if here in self._behind(one) and self._finished(place)}

    def free(self, name: str) -> bool:
        """Tell whether a task that one person did may be taken back: nobody went on."""
        place = self._place(name)
        return self._leaf(place).kind == "one" and self._finished(place) and place not in self.gone_on

    def _place(self, name: str) -> Place:
        return next(place for place, one in self.names.items() if one == name)

    def _part(self, place: Place) -> Tree:
        found = self.tree
        for number in place:
            assert isinstance(found, Block)
            found = found.parts[number]
        return found

    def _leaf(self, place: Place) -> Leaf:
        found = self._part(place)
        assert isinstance(found, Leaf)
        return found

    def _total(self, place: Place) -> int:
        return self._leaf(place).count + self.more.get(place, 0)

    def _below(self, place: Place) -> list[Place]:
        part = self._part(place)
        return [(*place, number) for number in range(len(part.parts))] if isinstance(part, Block) else []

    def _everything(self, place: Place) -> list[Place]:
        return [place, *(one for below in self._below(place) for one in self._everything(below))]

    def _behind(self, name: str) -> list[Place]:
        """Return every part that stands behind a task in a sequence around it."""
        here = self._place(name)
        found: list[Place] = []
        for depth in range(len(here)):
            part = self._part(here[:depth])
            if isinstance(part, Block) and part.kind == "seq":
                after = self._below(here[:depth])[here[depth] + 1 :]
                found += [one for place in after for one in self._everything(place)]
        return found

    def _ways(self, place: Place) -> list[Place]:
        """Return the parts of a block that are gone: all of them, or those chosen."""
        below, part = self._below(place), self._part(place)
        assert isinstance(part, Block)
        return [below[number] for number in self.chosen.get(place, ())] if part.kind in ("xor", "or") else below

    def _finished(self, place: Place) -> bool:
        part = self._part(place)
        if isinstance(part, Leaf):
            done = self.done.get(place, 0)
            return done >= self._total(place) or 0 < part.enough <= done
        if part.kind in ("xor", "or") and place not in self.chosen:
            return False
        return all(self._finished(one) for one in self._ways(place))

    def _enter(self, place: Place) -> None:
        """Choose the ways of the gateways that are reached now."""
        part = self._part(place)
        if isinstance(part, Leaf):
            return
        if part.kind == "xor":
            self.chosen.setdefault(place, (0,) if self.data["p"] else (1,))
        elif part.kind == "or":
            wanted = tuple(number for number, name in enumerate("pq") if self.data[name])
            self.chosen.setdefault(place, wanted)
        for one in self._ways(place):
            self._enter(one)
            if part.kind == "seq" and not self._finished(one):
                return

    def _active(self, place: Place) -> Iterator[Place]:
        if self._finished(place):
            return
        yield place
        part = self._part(place)
        if isinstance(part, Leaf):
            return
        for one in self._ways(place):
            yield from self._active(one)
            if part.kind == "seq" and not self._finished(one):
                return

    def _open(self, place: Place) -> Iterator[str]:
        for one in self._active(place):
            part = self._part(one)
            if isinstance(part, Leaf):
                left = self._total(one) - self.done.get(one, 0)
                yield from [self.names[one]] * (1 if part.kind == "sequential" else left)

    def _waiting(self, place: Place) -> int:
        part = self._part(place)
        if isinstance(part, Leaf) or part.kind not in ("and", "or"):
            return 0
        return sum(self._finished(one) for one in self._ways(place))


def drawn(tree: Tree, **data: bool) -> tuple[Diagram, dict[Place, str]]:
    """Draw a tree as a diagram; return it with the names of its tasks."""
    names: dict[Place, str] = {}
    root = _scope(tree, {}, names, ())
    return Diagram(root, {**dict.fromkeys(VARIABLES, False), **data}), names


def _scope(tree: Tree, counted: dict[str, int], names: dict[Place, str], place: Place) -> Scope:
    pen = Pen(lambda _most: 0, counted, Scope(""))
    pen.scope.start = pen.node("start").id
    pen.step(_laid(pen, [Out(pen.scope.start)], tree, (names, place)), "end")
    return pen.scope


def _laid(pen: Pen, outs: list[Out], tree: Tree, known: tuple[dict[Place, str], Place]) -> list[Out]:
    names, place = known
    if isinstance(tree, Leaf):
        node = pen.step(outs, "user")
        node.loop = None if tree.kind == "one" else Loop(tree.kind, tree.count, tree.enough)
        names[place] = node.id
        return [Out(node.id)]
    if tree.kind == "seq":
        for number, part in enumerate(tree.parts):
            outs = _laid(pen, outs, part, (names, (*place, number)))
        return outs
    if tree.kind == "sub":
        node = pen.step(outs, "sub")
        node.body = _scope(tree.parts[0], pen.names, names, (*place, 0))
        return [Out(node.id)]
    gate = pen.step(outs, tree.kind)
    ways = [Out(gate.id, None if tree.kind == "and" else (name, True)) for name in VARIABLES[:2]]
    ways = [ways[0], Out(gate.id, None, True)] if tree.kind == "xor" else ways
    ends = [
        _laid(pen, [way], part, (names, (*place, n)))
        for n, (way, part) in enumerate(zip(ways, tree.parts, strict=True))
    ]
    straight = [Out(gate.id, None, True)] if tree.kind == "or" else []
    return [Out(pen.step([*(out for end in ends for out in end), *straight], tree.kind).id)]
