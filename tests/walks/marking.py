"""Where the tokens of one instance stand: frames (scopes that run), tokens on flows, activities and events under way.

A marking is copied before it is changed by a step that might have gone otherwise, and has a key by which two of them
are the same. It knows nothing of the rules; those are in `model.py`.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.walks.diagrams import Condition, Diagram, Event, Node, Scope, item

DUE = 2
"""A condition that has become true and whose event is about to happen."""

LASTING = ("timer", "message", "signal", "conditional")
"""The kinds of event one waits for; errors and escalations are caught when they are thrown, or never."""

Tags = tuple[tuple[str, int], ...]
Label = tuple[str, Tags]
"""An element, and the items of the multi-instances around it."""


@dataclass(frozen=True)
class Seen:
    """What can be seen of an instance at rest: human tasks, waits (with their kind), whether it has ended."""

    tasks: tuple[Label, ...]
    waits: tuple[tuple[Label, str], ...]
    ended: bool
    data: tuple[tuple[str, bool], ...] = ()
    thrown: tuple[str, ...] = ()


@dataclass(eq=False)
class Run:
    """One instance of an activity: a person's task, or a frame."""

    tags: Tags
    frame: "Frame | None" = None


@dataclass(eq=False)
class Active:
    """An activity under way with its instances, or an event (or event gateway) that waits.

    `armed`: what it waits for (its boundary events, its own event), each with how often it may still come (a timer) or
    what its condition was (False, True, DUE).
    """

    node: Node
    home: "Frame"
    runs: list[Run] = field(default_factory=list)
    armed: dict[str, int] = field(default_factory=dict)
    begun: int = 0
    done: int = 0


@dataclass(eq=False)
class Frame:
    """A scope that runs: tokens on its flows, what is under way in it, the event sub-processes that may start."""

    plan: Scope
    host: Active | None
    run: Run | None
    tags: Tags = ()
    tokens: Counter[str] = field(default_factory=Counter)
    actives: list[Active] = field(default_factory=list)
    armed: dict[str, int] = field(default_factory=dict)

    def put(self, flow: str) -> None:
        self.tokens[flow] += 1

    def take(self, flow: str) -> None:
        self.tokens[flow] -= 1
        if not self.tokens[flow]:
            del self.tokens[flow]

    def clear(self) -> None:
        self.tokens.clear()
        self.actives.clear()
        self.armed.clear()


@dataclass(eq=False)
class Marking:
    """The instance: its outermost frame (None once it has ended), its variables, what this move has thrown."""

    root: Frame | None
    data: dict[str, bool]
    thrown: Counter[str] = field(default_factory=Counter)

    def copy(self) -> "Marking":
        return Marking(self.root and _frame(self.root, None, None), dict(self.data), Counter(self.thrown))

    def key(self) -> tuple[Any, ...]:
        return (
            self.root and _frame_key(self.root),
            tuple(self.data.values()),
            tuple(sorted(self.thrown.items())),
        )

    def frames(self) -> Iterator[Frame]:
        """Give every frame, the outer ones first."""
        waiting = [self.root] if self.root else []
        while waiting:
            frame = waiting.pop(0)
            yield frame
            waiting.extend(run.frame for active in frame.actives for run in active.runs if run.frame)

    def holds(self, condition: Condition | None) -> bool:
        return condition is None or self.data[condition[0]] is condition[1]

    def seen(self) -> Seen:
        tasks: list[Label] = []
        waits: list[tuple[Label, str]] = []
        for frame in self.frames():
            for armed in (frame.armed, *(active.armed for active in frame.actives)):
                found = ((name, kind(frame.plan, name)) for name in armed)
                waits += [((name, frame.tags), what) for name, what in found if what in LASTING]
            for active in frame.actives:
                if active.node.kind == "user":
                    tasks += [(active.node.id, run.tags) for run in active.runs]
        ended = self.root is None
        thrown = tuple(sorted(self.thrown.elements()))
        return Seen(tuple(sorted(tasks)), tuple(sorted(waits)), ended, tuple(self.data.items()), thrown)


def event(plan: Scope, name: str) -> Event:
    """Return what a wait waits for: an event of the scope, a receive task, the start of an event sub-process."""
    found = plan.nodes.get(name)
    if found is None:
        found = next(one for one in plan.handlers if one.body and one.body.start == name)
    return Event("message", "M") if found.kind == "receive" else found.event


def kind(plan: Scope, name: str) -> str:
    return event(plan, name).kind


def begin(diagram: Diagram) -> Marking:
    """Return the marking in which nothing has happened yet."""
    return Marking(Frame(diagram.root, None, None), dict(diagram.data))


def tagged(frame: Frame, node: Node, number: int) -> Run:
    """Return the n-th instance of an activity, known by its item if it is a multi-instance."""
    multiple = node.loop is not None and node.loop.kind != "standard"
    return Run((*frame.tags, (item(node), number)) if multiple else frame.tags)


def _frame(old: Frame, host: Active | None, run: Run | None) -> Frame:
    new = Frame(old.plan, host, run, old.tags, old.tokens.copy(), [], dict(old.armed))
    for active in old.actives:
        twin = Active(active.node, new, [], dict(active.armed), active.begun, active.done)
        for one in active.runs:
            copy = Run(one.tags)
            copy.frame = one.frame and _frame(one.frame, twin, copy)
            twin.runs.append(copy)
        new.actives.append(twin)
    return new


def _frame_key(frame: Frame) -> tuple[Any, ...]:
    return (
        tuple(sorted(frame.tokens.items())),
        tuple(sorted((_active_key(active) for active in frame.actives), key=repr)),
        tuple(sorted(frame.armed.items())),
    )


def _active_key(active: Active) -> tuple[Any, ...]:
    runs = [(run.tags, run.frame and _frame_key(run.frame)) for run in active.runs]
    return (
        active.node.id,
        tuple(sorted(runs, key=repr)),
        tuple(sorted(active.armed.items())),
        active.begun,
        active.done,
    )
