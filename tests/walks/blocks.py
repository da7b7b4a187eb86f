"""Random diagrams: blocks put into one another, then jumps that leave and enter them anywhere.

Blocks alone would only give joins that match their splits. The jumps (a gateway put into one flow, a merge into
another) give loops with several entries and exits, tokens that overtake each other, joins whose flows come from
anywhere. What is not generated, because nothing would stop it or the standard gives it no meaning, is told where it is
left out.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from tests.walks.diagrams import CODES, SIGNALS, VARIABLES, Condition, Diagram, Event, Flow, Loop, Node, Scope

Draw = Callable[[int], int]
"""Give a number from 0 to the given one; 0 is the simplest."""

LEAVES: tuple[str, ...] = ("user", "user", "wait", "boundary", "loop", "throw", "task", "boundary", "user", "guard")
ENOUGH = 36
"""Nodes and flows in a diagram, after which blocks hold no more blocks."""
BLOCKS: tuple[str, ...] = (*LEAVES, "xor", "and", "or", "sub", "cycle", "events", "sub", "and", "or", "sub")


@dataclass(frozen=True)
class Out:
    """A loose end: the node a flow will leave, and on what condition."""

    source: str
    condition: Condition | None = None
    default: bool = False


@dataclass(frozen=True)
class Around:
    """What the surroundings of a block allow: how deep it may nest, which codes are caught, if it may end early."""

    depth: int
    errors: frozenset[str] = frozenset()
    abrupt: bool = True
    """May end by terminate or be interrupted from inside: not beside a completion condition (see model.py)."""
    caught: tuple[str, ...] = ()
    """Kinds of event the nearest sub-process catches; they are drawn more often."""
    branch: bool = False
    """Stands beside others, so that an end does not end the walk."""


@dataclass
class Pen:
    """Draws one scope."""

    draw: Draw
    names: dict[str, int]
    scope: Scope
    sealed: set[str] = field(default_factory=set)
    """Nodes whose incoming flows no jump may enter or leave."""

    def node(self, kind: str, event: Event | None = None) -> Node:
        short = {"boundary": "b", "events": "g", "receive": "m", "handler": "h", "sub": "p"}.get(kind, kind[:1])
        self.names[short] = self.names.get(short, 0) + 1
        node = Node(f"{short}{self.names[short]}", kind, event or Event())
        if kind != "handler":
            self.scope.nodes[node.id] = node
        return node

    def link(self, out: Out, target: str) -> Flow:
        self.names["flow"] = self.names.get("flow", 0) + 1
        flow = Flow(f"f{self.names['flow']}", out.source, target, out.condition, out.default)
        self.scope.flows[flow.id] = flow
        return flow

    def step(self, outs: list[Out], kind: str, event: Event | None = None) -> Node:
        """Draw a node behind all loose ends."""
        node = self.node(kind, event)
        for out in outs:
            self.link(out, node.id)
        return node

    def condition(self) -> Condition:
        return VARIABLES[self.draw(2)], self.draw(3) < 3

    def pick(self, *names: str) -> str:
        return names[self.draw(len(names) - 1)]


def drawn(choices: bytes, depth: int = 3) -> Diagram:
    """Draw the diagram that these choices describe: every number takes the next of them, 0 when none is left.

    Bytes shrink well: fewer and smaller ones give a smaller diagram.
    """
    left, names = iter(choices), dict[str, int]()

    def draw(most: int) -> int:
        return next(left, 0) % (most + 1)

    root = scope(draw, names, Around(depth))
    return Diagram(root, {name: draw(3) == 3 for name in VARIABLES})


def scope(draw: Draw, names: dict[str, int], around: Around, event: Event | None = None) -> Scope:
    """Draw a process or sub-process; `event`: of its start, if it is an event sub-process."""
    pen = Pen(draw, names, Scope(""))
    pen.scope.start = pen.node("start", event).id
    handlers = _handlers(pen, around) if around.depth > 1 and draw(2) == 2 else []
    outs = sequence(pen, [Out(pen.scope.start)], _inside(around, handlers))
    if outs:
        pen.step(outs, "end")
    for one in handlers:
        handler = pen.node("handler", one)
        others = [event for event in handlers if event is not one]
        handler.body = scope(draw, names, _within(around, others), one)
        pen.scope.handlers.append(handler)
    for _ in range(draw(2) if around.depth > 1 else 0):
        _jump(pen)
    return pen.scope


def sequence(pen: Pen, outs: list[Out], around: Around) -> list[Out]:
    """Draw some blocks, one behind the other."""
    for _ in range((1, 2, 3, 2, 3, 4)[pen.draw(5)] if around.depth else 1 + pen.draw(1)):
        if not outs:
            break
        choice = BLOCKS if around.depth and sum(pen.names.values()) < ENOUGH else LEAVES
        choice += ("guard",) * 2 * len(around.caught) + ("end",) * around.branch
        outs = DRAWN[choice[pen.draw(len(choice) - 1)]](pen, outs, replace(around, depth=max(around.depth - 1, 0)))
    return outs


# blocks


def _user(pen: Pen, outs: list[Out], _: Around) -> list[Out]:
    node = pen.step(outs, "user")
    kinds = ("plain", "plain", "plain", "fork", "choice")
    match kinds[pen.draw(4)]:
        case "fork":  # an implicit split: §13.3.1
            return [Out(node.id), Out(node.id)]
        case "choice":
            return [Out(node.id, pen.condition()), Out(node.id, pen.condition()), Out(node.id, None, True)]
    return [Out(node.id)]


def _task(pen: Pen, outs: list[Out], _: Around) -> list[Out]:
    return [Out(pen.step(outs, "task").id)]


def _looped(pen: Pen, outs: list[Out], _: Around) -> list[Out]:
    node = pen.step(outs, "user")
    node.loop = _loop(pen)
    return [Out(node.id)]


def _loop(pen: Pen) -> Loop:
    kind = pen.pick("parallel", "sequential", "standard")
    if kind == "standard":
        return Loop(kind, pen.draw(3), 0, pen.condition(), pen.draw(1) == 1)
    count = (2, 3, 1, 0)[pen.draw(3)]
    return Loop(kind, count, pen.draw(min(count, 2)))


def _wait(pen: Pen, outs: list[Out], _: Around) -> list[Out]:
    kind = pen.pick("timer", "message", "signal", "conditional", "receive")
    if kind == "receive":
        return [Out(pen.step(outs, "receive").id)]
    return [Out(pen.step(outs, "catch", _lasting(pen, kind)).id)]


def _throw(pen: Pen, outs: list[Out], _: Around) -> list[Out]:
    kind = pen.pick("signal", "escalation", "message")
    names = {"signal": SIGNALS, "escalation": CODES, "message": ("M",)}[kind]
    return [Out(_thrown(pen, outs, "throw", Event(kind, pen.pick(*names))).id)]


def _thrown(pen: Pen, outs: list[Out], kind: str, event: Event) -> Node:
    """Draw a throw, mostly behind a person's task: what catches it can then not make it throw again by itself."""
    outs = outs if pen.draw(3) == 3 else [Out(pen.step(outs, "user").id)]
    node = pen.step(outs, kind, event)
    pen.sealed.add(node.id)
    return node


def _end(pen: Pen, outs: list[Out], around: Around) -> list[Out]:
    kind = pen.pick("none", "terminate", "signal", "escalation", "error", *around.caught, *around.caught)
    if kind == "error" and around.errors:
        pen.step(outs, "end", Event(kind, pen.pick(*sorted(around.errors))))
    elif kind == "terminate" and around.abrupt:
        pen.step(outs, "end", Event(kind))
    elif kind in ("signal", "escalation"):
        _thrown(pen, outs, "end", Event(kind, pen.pick(*(SIGNALS if kind == "signal" else CODES))))
    else:
        pen.step(outs, "end")
    return []


def _guard(pen: Pen, outs: list[Out], around: Around) -> list[Out]:
    """Draw a way out of what goes on."""
    gate = pen.step(outs, "xor")
    _end(pen, [Out(gate.id, pen.condition())], around)
    return [Out(gate.id, None, True)]


def _choice(pen: Pen, outs: list[Out], around: Around) -> list[Out]:
    gate = pen.step(outs, "xor")
    return _merge(pen, _branches(pen, _asked(pen, gate), around), ("xor", "plain", "or", "plain"))


def _inclusive(pen: Pen, outs: list[Out], around: Around) -> list[Out]:
    gate = pen.step(outs, "or")
    return _merge(pen, _branches(pen, _asked(pen, gate), around), ("or", "or", "or", "xor", "plain"))


def _asked(pen: Pen, gate: Node) -> list[Out]:
    some = [Out(gate.id, pen.condition()) for _ in range(1 + pen.draw(1))]
    return [*some, Out(gate.id, None, True)]


def _parallel(pen: Pen, outs: list[Out], around: Around) -> list[Out]:
    gate = pen.step(outs, "and")
    branches = _branches(pen, [Out(gate.id) for _ in range(2 + pen.draw(1))], around)
    return _merge(pen, branches, ("and", "and", "and", "or", "xor", "plain"))


def _branches(pen: Pen, outs: list[Out], around: Around) -> list[Out]:
    ends: list[Out] = []
    around = replace(around, branch=True)
    for out in outs:
        ends.extend(sequence(pen, [out], around) if pen.draw(3) else [out])
    return ends


def _merge(pen: Pen, ends: list[Out], kinds: tuple[str, ...]) -> list[Out]:
    """Join the loose ends by a gateway, or leave them loose: each comes into what follows for itself (§13.3.1)."""
    kind = pen.pick(*kinds)
    if kind == "plain" or not ends:
        return ends
    return [Out(pen.step(ends, kind).id)]


def _cycle(pen: Pen, outs: list[Out], around: Around) -> list[Out]:
    entry = pen.step(outs, pen.pick("xor", "or", "xor"))
    inner = sequence(pen, [Out(pen.step([Out(entry.id)], "user").id)], around)
    if not inner:
        return []
    leave = pen.step(inner, pen.pick("xor", "or"))
    pen.link(Out(leave.id, pen.condition()), entry.id)
    return [Out(leave.id, None, True)]


def _events(pen: Pen, outs: list[Out], around: Around) -> list[Out]:
    gate = pen.step(outs, "events")
    ends: list[Out] = []
    events = _different(pen, ("timer", "message", "signal", "conditional"), 2 + pen.draw(1))
    for event in events if len(events) > 1 else [*events, Event("timer")]:
        name = "" if event.kind == "timer" else event.name
        catch = pen.step([Out(gate.id)], "catch", replace(event, interrupting=True, name=name))
        pen.sealed.add(catch.id)
        ends.extend(sequence(pen, [Out(catch.id)], around) if pen.draw(1) else [Out(catch.id)])
    return _merge(pen, ends, ("xor", "plain", "or"))


def _attached(pen: Pen, outs: list[Out], around: Around) -> list[Out]:
    node = pen.step(outs, pen.pick("user", "user", "receive"))
    if node.kind == "user" and pen.draw(3) == 3:
        node.loop = _loop(pen)
    events = _different(pen, ("timer", "message", "signal", "conditional"), 1 + pen.draw(1))
    return _merge(pen, [Out(node.id), *_exceptions(pen, node, events, around)], ("xor", "plain", "or"))


def _exceptions(pen: Pen, node: Node, events: list[Event], around: Around) -> list[Out]:
    ends: list[Out] = []
    for event in events:
        boundary = pen.node("boundary", event)
        node.boundaries.append(boundary)
        ends.extend(sequence(pen, [Out(boundary.id)], replace(around, depth=0)))
        if pen.draw(1) == 0 and ends:
            pen.step(ends, "end")
            ends = []
    return ends


def _sub(pen: Pen, outs: list[Out], around: Around) -> list[Out]:
    node = pen.step(outs, "sub")
    if pen.draw(3) == 3:
        node.loop = _loop(pen)
        if not node.loop.count and node.loop.kind == "standard":  # it could run without end and without anybody
            node.loop = replace(node.loop, count=2)
    kinds = ("error", "escalation", "timer", "message", "signal", "conditional", "error")
    events = _different(pen, kinds, pen.draw(2))
    abrupt = not (node.loop and node.loop.enough)
    node.body = scope(pen.draw, pen.names, _inside(replace(around, abrupt=abrupt, caught=(), branch=False), events))
    return _merge(pen, [Out(node.id), *_exceptions(pen, node, events, around)], ("xor", "plain", "or"))


DRAWN: dict[str, Callable[[Pen, list[Out], Around], list[Out]]] = {
    "user": _user,
    "boundary": _attached,
    "loop": _looped,
    "task": _task,
    "throw": _throw,
    "wait": _wait,
    "end": _end,
    "guard": _guard,
    "xor": _choice,
    "and": _parallel,
    "or": _inclusive,
    "sub": _sub,
    "cycle": _cycle,
    "events": _events,
}

# events


def _lasting(pen: Pen, kind: str) -> Event:
    match kind:
        case "signal":
            return Event(kind, pen.pick(*SIGNALS))
        case "conditional":
            return Event(kind, "", pen.condition())
        case "message":
            return Event(kind, "M")
    return Event(kind)


def _different(pen: Pen, kinds: tuple[str, ...], count: int) -> list[Event]:
    """Draw events that no single occurrence can trigger together: which of them came first would be open."""
    found: dict[object, Event] = {}
    for _ in range(count):
        kind = pen.pick(*kinds)
        if kind in ("error", "escalation"):
            event = Event(kind, pen.pick("", *CODES))
            mark: object = kind
        else:
            event = _lasting(pen, kind)
            mark = (kind, event.name, event.condition and event.condition[0]) if kind != "timer" else len(found)
        if kind != "error" and pen.draw(1):
            event = replace(event, interrupting=False, name="2" if kind == "timer" and pen.draw(1) else event.name)
        found.setdefault(mark, event)
    return list(found.values())


def _codes(event: Event) -> frozenset[str]:
    return frozenset({event.name} if event.name else CODES)


def _inside(around: Around, events: list[Event]) -> Around:
    """Tell what is caught inside a scope with these boundary events or event sub-processes."""
    codes = {code for event in events if event.kind == "error" for code in _codes(event)}
    kinds = [event.kind for event in events if event.kind in ("error", "escalation")]
    return replace(around, errors=around.errors | codes, caught=(*around.caught, *kinds))


def _handlers(pen: Pen, around: Around) -> list[Event]:
    kinds = ("message", "timer", "signal", "conditional", "error", "escalation")
    events = _different(pen, kinds, 1 + pen.draw(1))
    if around.abrupt:
        return events
    return [replace(event, interrupting=False) for event in events if event.kind != "error"]


def _within(around: Around, others: list[Event]) -> Around:
    """Tell what an event sub-process allows: that its scope still catches errors is not certain (see model.py)."""
    caught = tuple(event.kind for event in others if event.kind in ("error", "escalation"))
    return Around(max(around.depth - 2, 0), around.errors, caught=caught)


# jumps


def _jump(pen: Pen) -> None:
    """Put a split into one flow and a merge into another, and lead from the one to the other over a person's task."""
    flows = [flow for flow in pen.scope.flows.values() if flow.target not in pen.sealed]
    first, second = flows[pen.draw(len(flows) - 1)], flows[pen.draw(len(flows) - 1)]
    kind, merge = pen.pick("xor", "or", "and"), pen.pick("xor", "or", "and", "xor")
    split = _insert(pen, first, kind)
    if first is second:
        second = next(flow for flow in pen.scope.flows.values() if flow.source == split.id)
    joined = _insert(pen, second, merge)
    condition = None if kind == "and" else pen.condition()
    between = pen.step([Out(split.id, condition)], "user")
    pen.link(Out(between.id), joined.id)
    if kind != "and":
        _make_default(pen, split)


def _insert(pen: Pen, flow: Flow, kind: str) -> Node:
    """Lead a flow through a new gateway."""
    node = pen.node(kind)
    pen.scope.flows[flow.id] = replace(flow, target=node.id)
    pen.link(Out(node.id), flow.target)
    return node


def _make_default(pen: Pen, split: Node) -> None:
    straight = next(flow for flow in pen.scope.flows.values() if flow.source == split.id and not flow.condition)
    pen.scope.flows[straight.id] = replace(straight, default=True)
