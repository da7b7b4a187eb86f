"""The steps of the token game: what may happen of itself in a marking, and what an event does to it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from tests.walks.diagrams import Event, Flow, Node, Scope
from tests.walks.marking import DUE, LASTING, Active, Frame, Marking, Run, event, kind, tagged
from tests.walks.paths import Paths, may_join


class Undecided(Exception):
    """There are too many orders to try, no end of automatic steps, or an error that nobody catches."""


class Rules:
    """The rules a mutant may break, to see whether the walks would notice."""

    def __init__(self) -> None:
        self.paths: dict[tuple[int, str], Paths] = {}

    def joins(self, frame: Frame, node: Node) -> bool:
        """Tell whether a converging parallel (§13.4.1) or inclusive (§13.4.3) gateway is activated."""
        incoming = [flow.id for flow in frame.plan.incoming[node.id]]
        filled = {flow for flow in incoming if flow in frame.tokens}
        if node.kind == "and":
            return len(filled) == len(incoming)
        paths = self._paths(frame.plan, node.id)
        reaches = [paths.reach(flow) for flow in frame.tokens]
        reaches += [paths.onwards(active.node) for active in frame.actives if active.node.kind != "handler"]
        return may_join(filled, reaches)

    def enough(self, done: int, wanted: int) -> bool:
        """Tell whether the completion condition of a multi-instance holds (§13.3.7)."""
        return done >= wanted

    def interrupt(self, active: Active) -> None:
        """Cancel an activity with all its instances (§13.5.3)."""
        active.home.actives.remove(active)

    def _paths(self, plan: Scope, gateway: str) -> Paths:
        return self.paths.setdefault((id(plan), gateway), Paths(plan, gateway))


class Step(NamedTuple):
    """One automatic step that may be done now; a disturbing one may change what others would have done."""

    disturbing: bool
    do: Callable[[], None]


@dataclass(eq=False)
class Move:
    """The steps of one marking."""

    rules: "Rules"
    marking: Marking

    def steps(self) -> list[Step]:
        found: list[Step] = []
        for frame in self.marking.frames():
            found.extend(self._conditions(frame))
            found.extend(self._arrivals(frame))
            found.extend(self._closing(frame))
        return found

    # what is possible

    def _conditions(self, frame: Frame) -> Iterator[Step]:
        for name, state in frame.armed.items():
            if state == DUE and kind(frame.plan, name) == "conditional":
                yield Step(True, partial(self.start_handler, frame, name))
        for active in frame.actives:
            for name, state in active.armed.items():
                if state == DUE and kind(frame.plan, name) == "conditional":
                    yield Step(True, partial(self.catch, active, name))

    def _arrivals(self, frame: Frame) -> Iterator[Step]:
        seen: set[str] = set()
        for flow in frame.tokens:
            node = frame.plan.nodes[frame.plan.flows[flow].target]
            if node.kind not in ("and", "or") or len(frame.plan.incoming[node.id]) == 1:
                yield Step(_disturbs(node), partial(self._arrive, frame, flow, node))
            elif node.id not in seen and self.rules.joins(frame, node):
                seen.add(node.id)
                yield Step(node.kind == "or", partial(self._join, frame, node))

    def _closing(self, frame: Frame) -> Iterator[Step]:
        for active in frame.actives:
            if active.node.kind in ("user", "sub") and not active.runs:
                yield Step(DUE in active.armed.values(), partial(self._complete, active))
        if frame.tokens or any(active.node.kind != "handler" for active in frame.actives):
            return
        if not frame.actives:
            host = frame.host
            counts = host is not None and host.node.loop is not None and host.node.loop.enough > 0
            yield Step(counts, partial(self._close, frame))
        elif frame.armed:
            # §13.5.4: "While the parent Activity is in the Completing state, no new Event Sub-Processes can be
            # initiated"
            yield Step(False, frame.armed.clear)

    # what happens

    def _join(self, frame: Frame, node: Node) -> None:
        """Take one token from each flow that has one (§13.4.1: excess tokens remain; §13.4.3), and go on."""
        for flow in frame.plan.incoming[node.id]:
            if flow.id in frame.tokens:
                frame.take(flow.id)
        self._leave(frame, node)

    def _arrive(self, frame: Frame, flow: str, node: Node) -> None:
        frame.take(flow)
        match node.kind:
            case "task" | "xor" | "and" | "or":
                self._leave(frame, node)
            case "throw":
                self._leave(frame, node)
                self._throw(frame, node.event)
            case "end":
                self._throw(frame, node.event)
            case "catch" | "events" | "receive":
                active = Active(node, frame)
                frame.actives.append(active)
                self._arm(frame, active)
            case _:
                self._open(frame, node)

    def _arm(self, frame: Frame, active: Active) -> None:
        """Begin to wait for the boundary events of an activity, for the event itself, for those behind a gateway."""
        node = active.node
        own = [node.id] if node.kind in ("catch", "receive") else []
        if node.kind == "events":
            own = [flow.target for flow in frame.plan.outgoing[node.id]]
        for name in own + [one.id for one in node.boundaries if one.event.kind in LASTING]:
            active.armed[name] = self._expects(event(frame.plan, name))

    def _expects(self, event: Event) -> int:
        if event.kind == "conditional":
            return DUE if self.marking.holds(event.condition) else 0
        return int(event.name or 1) if event.kind == "timer" else 1

    def _open(self, frame: Frame, node: Node) -> None:
        """Begin an activity (§13.3.2), with as many instances as its loop says (§13.3.6, §13.3.7)."""
        loop, active = node.loop, Active(node, frame)
        frame.actives.append(active)
        self._arm(frame, active)
        if loop and (loop.kind != "standard" or loop.before) and not self._again(active):
            return
        for _ in range(loop.count if loop and loop.kind == "parallel" else 1):
            self._begin_run(active)

    def _again(self, active: Active) -> bool:
        """Tell whether a loop has one more instance to begin."""
        loop = active.node.loop
        if loop is None:
            return False
        if loop.kind == "standard":
            return (not loop.count or active.begun < loop.count) and self.marking.holds(loop.condition)
        return active.begun < loop.count

    def _begin_run(self, active: Active) -> None:
        active.begun += 1
        run = tagged(active.home, active.node, active.begun)
        active.runs.append(run)
        if active.node.body:
            run.frame = Frame(active.node.body, active, run, run.tags)
            self.enter(run.frame)

    def enter(self, frame: Frame) -> None:
        """Put a token behind the start event; from now on the event sub-processes of the scope may start."""
        for handler in frame.plan.handlers:
            if handler.body and handler.event.kind in LASTING:
                frame.armed[handler.body.start] = self._expects(handler.event)
            elif handler.body:
                frame.armed[handler.body.start] = 1
        self._leave(frame, frame.plan.nodes[frame.plan.start])

    def finish(self, active: Active, run: Run) -> None:
        """Complete one instance of an activity; the activity, when no other is to come (§13.3.7)."""
        loop = active.node.loop
        active.runs.remove(run)
        active.done += 1
        if active.node.kind == "handler":
            active.home.actives.remove(active)
        elif loop and loop.enough and self.rules.enough(active.done, loop.enough):
            self._complete(active)
        elif loop and loop.kind != "parallel" and self._again(active):
            self._begin_run(active)
        elif not active.runs:
            self._complete(active)

    def _complete(self, active: Active) -> None:
        active.home.actives.remove(active)
        self._leave(active.home, active.node)

    def _close(self, frame: Frame) -> None:
        """Complete a scope in which there are "no more tokens" and nothing is active (§13.3.4, §13.5.6)."""
        if frame.host is None:
            self.marking.root = None
        else:
            assert frame.run
            self.finish(frame.host, frame.run)

    def _leave(self, frame: Frame, node: Node) -> None:
        for flow in self._ways(node, frame.plan.outgoing[node.id]):
            frame.put(flow.id)

    def _ways(self, node: Node, flows: list[Flow]) -> list[Flow]:
        """Choose the outgoing flows: §13.3.1 activities, §13.4.1 parallel, §13.4.2 exclusive, §13.4.3 inclusive."""
        if node.kind == "and":
            return flows
        asked = [flow for flow in flows if flow.condition and self.marking.holds(flow.condition)]
        default = [flow for flow in flows if flow.default]
        if node.kind == "xor" and asked:
            return asked[:1]
        return [flow for flow in flows if not flow.condition and not flow.default] + (asked or default)

    # events

    def catch(self, active: Active, name: str) -> None:
        """Let a waiting event occur: of the boundary (§13.5.3), intermediate (§13.5.2), behind a gateway (§13.4.4)."""
        frame = active.home
        boundary = next((one for one in active.node.boundaries if one.id == name), None)
        if boundary and not boundary.event.interrupting:
            _spend(active.armed, name, boundary.event)
        elif boundary:
            self.rules.interrupt(active)
        else:
            frame.actives.remove(active)
        self._leave(frame, frame.plan.nodes[name])

    def start_handler(self, frame: Frame, start: str) -> None:
        """Start an event sub-process; an interrupting one ends all that runs in its scope (§13.5.4)."""
        handler = next(one for one in frame.plan.handlers if one.body and one.body.start == start)
        if handler.event.interrupting:
            frame.clear()
        else:
            _spend(frame.armed, start, handler.event)
        active = Active(handler, frame)
        frame.actives.append(active)
        self._begin_run(active)

    def _throw(self, frame: Frame, event: Event) -> None:
        match event.kind:
            case "terminate":
                frame.clear()
            case "message":
                self.marking.thrown[event.name] += 1
            case "signal":
                self.marking.thrown[event.name] += 1
                self.broadcast(event.name)
            case "error" | "escalation":
                self._propagate(frame, event)

    def _propagate(self, frame: Frame, event: Event) -> None:
        """Let the innermost scope that can catch an error or escalation catch it (§10.5.1); no one may (escalation)."""
        here: Frame | None = frame
        within: Node | None = None
        while here:
            for handler in here.plan.handlers:
                catches = handler is not within and _meets(handler.event, event)
                if catches and handler.body and handler.body.start in here.armed:
                    self.start_handler(here, handler.body.start)
                    return
            host = here.host
            for boundary in host.node.boundaries if host else ():
                if host and _meets(boundary.event, event):
                    self.catch(host, boundary.id)
                    return
            here, within = (host.home, host.node) if host else (None, None)
        if event.kind == "error":
            raise Undecided("an error that nobody catches")

    def broadcast(self, name: str) -> None:
        """Let everything that waits for a signal take it at one instant; what is interrupted first waits no more."""
        for frame, active, element in list(self._waiting(name)):
            if not self._lives(frame):
                continue
            if active is None and element in frame.armed:
                self.start_handler(frame, element)
            elif active in frame.actives and active and element in active.armed:
                self.catch(active, element)

    def _waiting(self, name: str) -> Iterator[tuple[Frame, Active | None, str]]:
        signal = ("signal", name)
        for frame in list(self.marking.frames()):
            for element in frame.armed:
                if (found := event(frame.plan, element)) and (found.kind, found.name) == signal:
                    yield frame, None, element
            for active in frame.actives:
                for element in active.armed:
                    if (found := event(frame.plan, element)) and (found.kind, found.name) == signal:
                        yield frame, active, element

    def _lives(self, frame: Frame) -> bool:
        return any(one is frame for one in self.marking.frames())


def _disturbs(node: Node) -> bool:
    return node.kind in ("end", "throw") and node.event.kind not in ("none", "message")


def _spend(armed: dict[str, int], name: str, event: Event) -> None:
    """Note that a non-interrupting event occurred: a timer has one occasion less, a condition must turn again."""
    if event.kind == "timer":
        armed[name] -= 1
        if not armed[name]:
            del armed[name]
    elif event.kind == "conditional":
        armed[name] = 1


def _meets(catching: Event, thrown: Event) -> bool:
    return catching.kind == thrown.kind and catching.name in ("", thrown.name)
