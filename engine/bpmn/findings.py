"""What a change-over has found out about one instance so far, and what is left to do in the new version."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.bpmn.baggage import Bag, Origins, Room
from engine.bpmn.counterparts import Home, Pair, changes, enterable, ranked
from engine.bpmn.judgements import DROP, Judgement, Loss, Obstacle, OpenStep, Spot, Verdict, Watch

LASTING = frozenset({"timer", "message", "signal", "conditional"})
Path = Sequence[Room]
"""The rooms of one process around a token, the outermost first."""


@dataclass
class Errands:
    """What only a running game can do: rooms to furnish, events to arm, tokens to begin or lead on; see `arming`."""

    rooms: list[Room] = field(default_factory=list)
    arms: list[tuple[Bag, Any, str]] = field(default_factory=list)
    triggers: list[tuple[Room, Any]] = field(default_factory=list)
    starts: list[tuple[Room, str, Origins]] = field(default_factory=list)
    leads: list[tuple[Room, str, Origins]] = field(default_factory=list)
    loops: list[Bag] = field(default_factory=list)
    messages: list[Bag] = field(default_factory=list)

    def spare(self, bag: Bag, room: Room) -> None:
        """Forget what was to be done at a token and in its room, which are not carried over after all."""
        self.arms = [one for one in self.arms if one[0] is not bag]
        self.triggers = [one for one in self.triggers if one[0] is not room]

    def leads_into(self, room: Room) -> bool:
        """Tell whether a token will begin in a room."""
        return any(one is room for one, _, _ in (*self.starts, *self.leads))


class Findings:
    """Collects what is found; `touched` when the state will differ though no step says so."""

    def __init__(self, pair: Pair, choices: Mapping[str, str]) -> None:
        self.pair, self.choices = pair, choices
        self.steps: list[OpenStep] = []
        self.losses: list[Loss] = []
        self.obstacles: list[Obstacle] = []
        self.disarmed: list[Watch] = []
        self.errands = Errands()
        self.touched = False

    @property
    def armed(self) -> list[Watch]:
        """Return what begins to be waited for."""
        errands, version = self.errands, self.pair.new
        events = [event for _, event, _ in errands.arms] + [handler for _, handler in errands.triggers]
        for room in errands.rooms:
            around = version.chain[room.spec][-2]
            events += [*version.node((around, room.spec)).boundaries, *version.model.specs[room.spec].handlers]
        return [Watch(one.name, one.element.name) for one in events if one.awaited.event in LASTING]

    @property
    def verdict(self) -> Verdict:
        """Return the gravest of what was found."""
        if self.obstacles:
            return Verdict.BLOCKED
        if any(step.verdict is Verdict.DECISION for step in self.steps):
            return Verdict.DECISION
        if self.losses:
            return Verdict.LOSS
        moved = any(step.verdict is not Verdict.UNCHANGED for step in self.steps)
        return Verdict.MAPPED if moved or self.touched or self.armed or self.disarmed else Verdict.UNCHANGED

    def judgement(self, process: str) -> Judgement:
        """Return what was found as plain values."""
        findings = tuple(self.steps), tuple(self.losses), tuple(self.obstacles)
        return Judgement(self.verdict, process, *findings, tuple(self.armed), tuple(self.disarmed))

    def old(self, bag: Bag) -> Any:
        """Return the node of the old version at which a token stands."""
        return self.pair.old.node((bag.scope.spec, bag.origin))

    def name(self, bag: Bag) -> str:
        """Return what the old diagram calls the node of a token."""
        return str(self.old(bag).element.name)

    def hinder(self, element: str, name: str, zh: str, en: str) -> None:
        """Note why the instance cannot be carried over."""
        self.obstacles.append(Obstacle(element, name, f"“{name}”：{zh}。", f"{name!r}: {en}."))

    def found(self, bag: Bag, home: Home) -> None:
        """Note where a token goes, and those of its loop."""
        element, target = self.old(bag).element, self.pair.new.spot(home)
        differs = changes(element, self.pair.new.node(home).element)
        same = home == (bag.scope.spec, bag.origin) and not differs
        verdict = Verdict.UNCHANGED if same else Verdict.MAPPED
        for one in (bag, *bag.seats):
            self.steps.append(OpenStep(one.task, one.kind, self.spot(bag), verdict, target, changes=differs))

    def sent(self, bag: Bag, target: Spot | None, losses: Sequence[Loss]) -> None:
        """Note that a token ends here, to begin elsewhere or nowhere, and what that costs."""
        verdict = Verdict.LOSS if losses else Verdict.MAPPED
        self.steps.append(OpenStep(bag.task, bag.kind, self.spot(bag), verdict, target))
        self.losses += losses
        self.touched = True

    def ask(self, bag: Bag, path: Path, verdict: Verdict = Verdict.DECISION) -> None:
        """Note that somebody must say where a token goes."""
        homes = [
            home
            for home in self.pair.new.nodes(path[0].spec)
            if enterable(self.pair.new, home) and self.route(home, path) is not None
        ]
        spots = tuple(self.pair.new.spot(home) for home in ranked(self.old(bag), self.pair.new, homes))
        droppable = len(bag.scope.standing) > 1
        self.steps.append(OpenStep(bag.task, bag.kind, self.spot(bag), verdict, None, spots, droppable))

    def spot(self, bag: Bag) -> Spot:
        """Return where a token stands, as plain values."""
        return self.pair.old.spot((bag.scope.spec, bag.origin))

    def chosen(self, bag: Bag, path: Path) -> Home | None:
        """Return where somebody sends a token; None when nobody does, or where it cannot go."""
        wanted = self.choices.get(f"{bag.scope.spec}/{bag.node}", DROP).partition("/")
        home = wanted[0], wanted[2]
        known = home[0] in self.pair.new.tree(path[0].spec) and home[1] in self.pair.new.model.specs[home[0]].task_specs
        fits = known and enterable(self.pair.new, home) and self.route(home, path) is not None
        return home if fits else None

    def route(self, home: Home, path: Path) -> tuple[Room, tuple[str, ...]] | None:
        """Return the room around a token that a node lies in, and the sub-processes to open in it.

        None when that would lead into or out of one of several, or into an event sub-process.
        """
        chain = self.pair.new.chain[home[0]]
        room = [one for one in path if one.spec in chain][-1]
        inside = chain[chain.index(room.spec) + 1 :]
        outside = path[list(path).index(room) + 1 :]
        shut = any(one.several for one in outside) or not all(self._opens(spec) for spec in inside)
        return None if shut else (room, inside)

    def _opens(self, spec: str) -> bool:
        around = self.pair.new.chain[spec][-2]
        element = self.pair.new.node((around, spec)).element
        return element.loop is None and not element.triggered
