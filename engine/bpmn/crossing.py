"""One instance on its way from an old version to a new one: where each token goes, what is lost, what hinders it.

The rows of the envelope are carried into rooms of the new version; what only a running game can do is left to `arming`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from engine.bpmn import baggage, joining, liveness, memories, several, watching
from engine.bpmn.activities import Call, SubProcess
from engine.bpmn.baggage import SEVERAL, UNDOING, Bag, Data, Room
from engine.bpmn.counterparts import Home, Pair, alike
from engine.bpmn.findings import Findings, Path
from engine.bpmn.judgements import DROP, Judgement, Loss, OpenStep, Verdict
from engine.bpmn.nodes import Catching, EventGateway

SHUT = "不能移入或移出重复执行的子流程或事件子流程", "it cannot come into or out of a repeated or an event sub-process"


class Crossing(Findings):
    """Carries the rows of one instance; afterwards `root` holds what the new version begins with."""

    def __init__(self, pair: Pair, state: Data, choices: Mapping[str, str]) -> None:
        super().__init__(pair, choices)
        before = baggage.unpack(state)
        self.process = pair.process(state["process"]) or ""
        if not self.process:
            name = pair.old.model.names[state["process"]]
            self.hinder(state["process"], name, "新版中没有这个流程", "the new version has no such process")
            return
        self.touched = self.process != state["process"]
        self.root = before.like(self.process, None, closed=True)
        self._into(before, self.root, [self.root])
        memories.away(pair, self.root.kept)
        if self.verdict not in {Verdict.BLOCKED, Verdict.DECISION}:
            self._look_ahead()

    def told(self) -> Judgement:
        """Return what was found as plain values."""
        return self.judgement(self.process)

    def state(self) -> Data:
        """Return the body of the envelope that the new version begins with."""
        return baggage.pack(self.process, self.root)

    def _into(self, room: Room, target: Room, path: Path) -> None:
        """Carry a scope's tokens, what watches it and what it remembers."""
        target.origin = room.spec
        for bag in room.standing:
            self._decide(bag, path)
        watching.triggers(self, room, target)
        self._remember(room, target)

    def _decide(self, bag: Bag, path: Path) -> None:
        """Find out where a token goes, and take it there."""
        if bag.kind == "join":
            joining.carry(self, bag, path)
            return
        undoing = bool(bag.internal.keys() & UNDOING)
        home = self.chosen(bag, path) or self.pair.node((bag.scope.spec, bag.node), path[0].spec)
        if undoing and (home is None or home[1] != bag.node):
            self.hinder(bag.node, self.name(bag), "正在撤销已完成的环节", "it is being compensated")
        elif self.choices.get(f"{bag.scope.spec}/{bag.node}") == DROP and len(bag.scope.standing) > 1 and not undoing:
            self.sent(bag, None, list(baggage.losses(bag, self.name)))
        elif home is not None:
            self._carry(bag, home, path)
        elif bag.inner is not None and self._dissolves(bag, bag.inner):
            self._dissolve(bag, bag.inner, path)
        else:
            self.ask(bag, path)

    def _carry(self, bag: Bag, home: Home, path: Path) -> None:
        """Carry a token to a node of the new version, or begin there anew when somebody wants that."""
        node, target, route = self.old(bag), self.pair.new.node(home), self.route(home, path)
        fits = alike(node, target)
        why = several.obstacle(bag, node, target) if fits else None
        why = SHUT if route is None else why
        if route is not None and (not fits or why is not None) and self.chosen(bag, path) == home:
            room = self._room(*route, path)
            self.errands.starts.append((room, home[1], bag.internal.get("origins")))
            self.sent(bag, self.pair.new.spot(home), list(baggage.losses(bag, self.name)))
        elif route is None or why is not None:
            self.ask(bag, path, Verdict.BLOCKED)
            self.hinder(bag.node, self.name(bag), *(why or SHUT))
        else:
            self.found(bag, home)
            room = self._room(*route, path)
            room.tokens.append(bag)
            self._move(bag, node, target, [*path[: list(path).index(room) + 1]] if room in path else [*path, room])

    def _move(self, bag: Bag, node: Any, target: Any, path: Path) -> None:
        """Take along what hangs below a token and what lies inside it."""
        for seat in several.carry(bag, node, target, self.errands):
            self.losses += baggage.seat(seat, self.name)
        watching.boundaries(self, bag, node, target)
        if isinstance(node, EventGateway):
            watching.ways(self, bag, node, target)
        self._undo(bag, target, path)
        for one in (bag, *bag.seats):
            if isinstance(node, Catching) and isinstance(target, Catching):
                watching.awaited(self, one, node, target)
        for one in (bag, *bag.seats):
            one.node = target.name
            if one.inner is not None:
                self._enter(one, one.inner, target, path)

    def _undo(self, bag: Bag, target: Any, path: Path) -> None:
        """Carry what could be undone of a loop, and what a token is about to have undone, inside it or around it."""
        if "completed" in bag.internal:
            bag.internal["completed"] = self._records(bag.scope.spec, path[-1].spec, bag.internal["completed"])
        if "todo" not in bag.internal:
            return
        where = bag.internal["where"]
        around = [room for room in path if (room.owner.id if room.owner else "") == where]
        old = around[0].origin if around else bag.inner.spec if bag.inner else ""
        new = around[0].spec if around else target.inside.name
        bag.internal["todo"] = self._records(old, new, bag.internal["todo"])

    def _enter(self, bag: Bag, old: Room, target: Any, path: Path) -> None:
        inner = old.like(target.inside.name, bag, closed=target.closed)
        self.touched = self.touched or inner.spec != old.spec
        self._into(old, inner, [inner] if target.closed else [*path, inner])
        emptied = bool(old.standing) and not inner.standing and not self.errands.leads_into(inner)
        if not emptied or any(step.verdict is Verdict.DECISION for step in self.steps) or self.obstacles:
            return
        if bag.internal.keys() & (UNDOING | SEVERAL) or target.closed:
            self.hinder(
                target.name, target.element.name, "其中的环节不能全部移出", "what is inside cannot all leave it"
            )
            return
        path[-1].tokens.remove(bag)
        self.errands.spare(bag, inner)
        self.steps = [replace(one, target=None) if one.task == bag.task else one for one in self.steps]
        for record in inner.kept.get("completed", []):
            self._forget((inner.spec, record["activity"]), self.pair.new.node((inner.spec, record["activity"])))
        watching.unwatched(self, [*bag.some("watch"), *inner.tokens])
        self._leave(bag, inner, path[-1])

    def _leave(self, bag: Bag, inner: Room, room: Room) -> None:
        """Let what is left of a sub-process that nobody is in any more come to the room around it."""
        data = {**bag.data, **inner.data}
        room.data.update({name: value for name, value in data.items() if name not in room.data})
        lost = [name for name, value in inner.data.items() if room.data[name] != value]
        if lost:
            names, told = ", ".join(sorted(lost)), self.name(bag)
            zh, en = f"“{told}”：其内部数据（{names}）", f"{told!r}: the data inside ({names})"
            self.losses.append(Loss("variables", bag.task, bag.origin, told, zh, en))
        if room.kept.get("interrupted") in {bag.origin, bag.node}:
            room.kept.pop("interrupted")
        self.touched = True

    def _dissolves(self, bag: Bag, inner: Room) -> bool:
        """Tell whether a sub-process that is gone can hand what is in it to the scope around it."""
        node = self.old(bag)
        return isinstance(node, SubProcess) and not isinstance(node, Call) and "cancelled" not in inner.kept

    def _dissolve(self, bag: Bag, inner: Room, path: Path) -> None:
        self.steps.append(OpenStep(bag.task, "inside", self.spot(bag), Verdict.MAPPED))
        for one in inner.standing:
            self._decide(one, path)
        watching.unwatched(self, [*bag.some("watch"), *inner.tokens])
        records = self._records(inner.spec, path[-1].spec, inner.kept.get("completed", []))
        if records:
            path[-1].kept["completed"] = [*path[-1].kept.get("completed", []), *records]
        self._leave(bag, inner, path[-1])

    def _room(self, room: Room, inside: Sequence[str], path: Path) -> Room:
        """Return the room a token comes to; sub-processes around it are opened."""
        self.touched = self.touched or bool(inside) or room is not path[-1]
        for spec in inside:
            if spec not in room.opened:
                self.errands.rooms.append(baggage.opened(room, spec))
            room = room.opened[spec]
        return room

    def _remember(self, room: Room, target: Room) -> None:
        known = target.kept.get("completed")
        if known is not None:
            target.kept["completed"] = self._records(room.spec, target.spec, known)
        memories.interruption(self.pair, room.spec, target.spec, target.kept)

    def _records(self, old: str, new: str, known: list[Data]) -> list[Data]:
        missing: list[Home] = []
        found = memories.records(self.pair, old, new, known, missing)
        self.touched = self.touched or found != known
        for home in missing:
            self._forget(home, self.pair.old.node(home))
        return found

    def _forget(self, home: Home, node: Any) -> None:
        name = node.element.name
        zh, en = f"“{name}”：已完成，将不能再撤销", f"{name!r}: it is done and could no longer be undone"
        self.losses.append(Loss("compensation", None, home[1], name, zh, en))

    def _look_ahead(self) -> None:
        """Note the joins at which tokens would wait for ever in the new version."""
        for room in _rooms(self.root):
            spec = self.pair.new.model.specs[room.spec]
            if room.done or (not self.touched and room.origin and self.pair.same(room.origin, room.spec)):
                continue
            for join in liveness.stuck(spec, tuple(self._marking(room))):
                name = spec.task_specs[join].element.name if join in spec.task_specs else join
                zh, en = "将永远等待已经错过的分支", "it would wait for ever for a branch that was passed"
                self.hinder(join, name, zh, en)

    def _marking(self, room: Room) -> Iterator[tuple[str, str]]:
        spec = self.pair.new.model.specs[room.spec].task_specs
        for bag in room.standing:
            if "flow" in bag.internal:
                yield "by", bag.internal["flow"]
            elif not spec[bag.node].element.triggered and "for" not in bag.internal:
                yield "at", bag.node
        yield from (("at", node) for one, node, _ in self.errands.starts if one is room)
        for one, flow, _ in self.errands.leads:
            if one is room:
                yield "by", flow


def _rooms(room: Room) -> Iterator[Room]:
    yield room
    for bag in room.tokens:
        for one in (bag, *bag.children):
            if one.inner is not None:
                yield from _rooms(one.inner)
