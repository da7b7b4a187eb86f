"""A token game written from BPMN 2.0.2 chapter 13, sharing nothing with the engine.

`Game.begin` and the verbs (`complete`, `happen`, `signal`, `write`) return every marking in which the instance may come
to rest. Automatic steps are tried in every order where their order matters, so that what the standard leaves open is a
set of outcomes and what it fixes is one.

What the standard leaves open, and what is done about it:

- The order of automatic steps is open (§13.3.1: a token "may be consumed" at any later time). Steps that disturb others
  (throws, terminate, inclusive joins, conditions that become true, completion conditions) are tried in all orders.
- Who catches a signal when several wait (§10.5.1, publication): all of them do, at one instant, before anything moves
  on. Two catchers of the same signal on one activity or in one scope are not generated.
- A terminate end event in a sub-process ends that sub-process "abnormally" (§13.5.6) and no other; the normal flow goes
  on behind it, since a Sub-Process has no other way out than its boundary events (§13.3.4). Whether an instance of a
  multi-instance that ended so counts as completed is open (Table 10.30 has nrOfTerminatedInstances too): not generated
  together with a completion condition; nor are interrupting event sub-processes.
- A conditional event occurs when its condition becomes true (§10.5.5, Table 10.84 ff.). A condition that is true when
  the waiting starts makes it occur at once; after it occurred it must become false before it can occur again.
- An error or escalation thrown in an event sub-process is not caught by event sub-processes of a scope that is
  completing or interrupted: "no new Event Handlers can be initiated" (§13.5.4).
- What an event sub-process throws again leaves its scope ("retrigger the Event through which it was triggered, to cause
  its continuation outside the boundary", §13.5.4): it never catches an escalation from its own inside.
- Events of the boundary stay possible while a scope is completing: the activity is not completed yet (§13.3.2).
- The paths of an inclusive join are "formed by Sequence Flow" (Table 13.3); a token in an activity may also leave it by
  a boundary event, which no flow joins to the activity. Such a path counts: the join waits for what may still come.
  Whether the event can still occur (a timer that has been) is not asked, since a path is one of the diagram.
- A non-interrupting message or signal event stays while its activity lives and may occur again (§13.5.3, §13.5.4); a
  timer occurs as often as its definition says.
- Outgoing flows that all ask a condition, none of which holds, and no default: an exception (§13.3.1, Tables 13.2,
  13.3); errors nobody catches: undefined (§10.5.7). Neither is generated.
- Exclusive conditions are asked in the order of the file (§13.4.2).
"""

from collections.abc import Iterator

from tests.walks.diagrams import Condition, Diagram
from tests.walks.marking import DUE, Active, Frame, Label, Marking, Run, begin, event
from tests.walks.steps import Move, Rules, Undecided

MOST_STEPS, MOST_MARKINGS = 500, 600


class Game:
    """One diagram and its rules: every verb returns the markings in which the instance may come to rest."""

    def __init__(self, diagram: Diagram, rules: Rules | None = None) -> None:
        self.diagram, self.rules = diagram, rules or Rules()

    # verbs

    def begin(self) -> list[Marking]:
        """Start the process at its start event (§13.2)."""
        first = begin(self.diagram)
        assert first.root
        Move(self.rules, first).enter(first.root)
        return self.rest([first])

    def complete(self, markings: list[Marking], label: Label, write: Condition) -> list[Marking]:
        """Complete one of the human tasks that look like this, with an answer that writes a variable."""
        found = []
        for old in markings:
            for number in range(len(list(_tasks(old, label)))):
                marking = _next(old)
                active, run = list(_tasks(marking, label))[number]
                self._written(marking, write)
                Move(self.rules, marking).finish(active, run)
                found.append(marking)
        return self.rest(found)

    def happen(self, markings: list[Marking], label: Label) -> list[Marking]:
        """Let one wait for this timer or message be over."""
        found = []
        for old in markings:
            for number in range(len(list(_waits(old, label)))):
                marking = _next(old)
                frame, active = list(_waits(marking, label))[number]
                move = Move(self.rules, marking)
                if active:
                    move.catch(active, label[0])
                else:
                    move.start_handler(frame, label[0])
                found.append(marking)
        return self.rest(found)

    def signal(self, markings: list[Marking], name: str) -> list[Marking]:
        """Broadcast a signal from outside."""
        found = [_next(marking) for marking in markings]
        for marking in found:
            Move(self.rules, marking).broadcast(name)
        return self.rest(found)

    def write(self, markings: list[Marking], write: Condition) -> list[Marking]:
        """Change a variable from outside."""
        found = [_next(marking) for marking in markings]
        for marking in found:
            self._written(marking, write)
        return self.rest(found)

    def _written(self, marking: Marking, write: Condition) -> None:
        marking.data[write[0]] = write[1]
        for frame in marking.frames():
            for armed in (frame.armed, *(active.armed for active in frame.actives)):
                for name, state in armed.items():
                    asked = event(frame.plan, name)
                    if asked.kind == "conditional":
                        armed[name] = _changed(state, marking.holds(asked.condition))

    # coming to rest

    def rest(self, markings: list[Marking]) -> list[Marking]:
        """Return every marking in which automatic steps from these may end, each once."""
        found: dict[object, Marking] = {}
        for marking in markings:
            for one in self._ends(marking):
                found[one.key()] = one
        return list(found.values())

    def _ends(self, marking: Marking) -> list[Marking]:
        """Do the steps in one order; in every order if some step could have disturbed another."""
        trial, many, disturbing = marking.copy(), False, False
        for _ in range(MOST_STEPS):
            steps = Move(self.rules, trial).steps()
            if not steps:
                return self._every_end(marking) if many and disturbing else [trial]
            step = min(steps, key=lambda one: one.disturbing)
            many |= len(steps) > 1
            disturbing |= any(one.disturbing for one in steps)
            step.do()
        raise Undecided("automatic steps without end")

    def _every_end(self, marking: Marking) -> list[Marking]:
        waiting, seen, found = [marking], {marking.key()}, []
        while waiting:
            one = waiting.pop()
            count = len(Move(self.rules, one).steps())
            if not count:
                found.append(one)
            for number in range(count):
                following = one.copy()
                Move(self.rules, following).steps()[number].do()
                if (key := following.key()) not in seen:
                    seen.add(key)
                    waiting.append(following)
            if len(seen) > MOST_MARKINGS:
                raise Undecided("too many orders")
        return found


def _next(marking: Marking) -> Marking:
    """Copy a marking for another move, which has thrown nothing yet."""
    new = marking.copy()
    new.thrown.clear()
    return new


def _changed(state: int, holds: bool) -> int:
    if state == DUE or (holds and not state):
        return DUE
    return int(holds)


def _tasks(marking: Marking, label: Label) -> Iterator[tuple[Active, Run]]:
    for frame in marking.frames():
        for active in frame.actives:
            for run in active.runs:
                if active.node.kind == "user" and (active.node.id, run.tags) == label:
                    yield active, run


def _waits(marking: Marking, label: Label) -> Iterator[tuple[Frame, Active | None]]:
    element, tags = label
    for frame in marking.frames():
        if frame.tags == tags:
            yield from ((frame, None) for name in frame.armed if name == element)
            yield from ((frame, active) for active in frame.actives if element in active.armed)
