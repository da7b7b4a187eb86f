"""Random edits of random diagrams under running instances: what is judged is what happens, and nothing else is lost.

Each instance walks some moves in the old version, is judged and carried over to the edited one and then driven to its
end. To look elsewhere: change SEED.
"""

from collections import Counter
from copy import deepcopy
from itertools import count
from random import Random
from typing import Any

import pytest
from lxml import etree

from engine import clock
from engine.bpmn import gate, liveness, parse
from engine.bpmn.environment import Surroundings
from engine.bpmn.execution import Execution, Rest
from engine.bpmn.judgements import DROP, Judgement, Moved, Verdict
from engine.bpmn.transplant import judge, transplant
from engine.errors import ChangeoverBlocked, ChangeoverUndecided
from tests.walks.blocks import drawn
from tests.walks.diagrams import SIGNALS, VARIABLES
from tests.walks.edits import EDITS, Pen, called, named
from tests.walks.walk import CALENDAR

SEED = 20_260_301
SHARDS, ENOUGH, VERSIONS = 4, 510, 5
MOVES, DRIVE = 8, 60


class Walk:
    """An instance of one diagram under random moves, and a new version of the diagram."""

    def __init__(self, number: int) -> None:
        self.chance = Random(number)
        diagram = drawn(self.chance.randbytes(self.chance.randrange(60, 260)))
        self.root = etree.fromstring(diagram.xml())
        named(self.root)
        called(self.root, self.chance)
        self.old = model(self.root)
        execution = Execution.begin(self.old, "w", dict(diagram.data), around())
        for _ in range(self.chance.randrange(MOVES)):
            if not execution.ended:
                move(execution, self.chance)
        self.execution = execution

    def edited(self) -> tuple[list[str], Any]:
        """Return the names of one to three edits and the file they lead to."""
        root = deepcopy(self.root)
        pen, told = Pen(root, self.chance, {element for _, element in self.execution.standing()}), []
        while len(told) < 1 + self.chance.randrange(3):
            edit = self.chance.choice(EDITS)
            if edit(pen):
                told.append(edit.__name__)
        return told, root


@pytest.mark.parametrize("shard", range(SHARDS))
def test_what_is_judged_is_what_happens(shard: int) -> None:
    found: Counter[str] = Counter()
    for number in count(SEED + 1_000 * shard):
        if sum(found[one] for one in Verdict) >= ENOUGH:
            break
        walk = Walk(number)
        if walk.execution.ended or walk.execution.rest().failures:
            continue
        for _ in range(VERSIONS):
            told, root = walk.edited()
            try:
                verdict = carried(walk, model(root), found)
            except Exception as fault:
                fault.add_note(f"{told}\n{etree.tostring(walk.root).decode()}\n{etree.tostring(root).decode()}")
                raise
            found[verdict] += 1
    assert all(found[one] > 20 for one in Verdict if one is not Verdict.DECISION), found
    assert found["asked"] > 20


def carried(walk: Walk, new: parse.Model, found: Counter[str]) -> Verdict:
    """Judge, choose, carry over, compare and drive to the end; return the verdict."""
    old, envelope = walk.old, walk.execution.dump()
    before = Execution.load(envelope, old, around()).rest()
    judgement, choices = decided(walk, new, envelope)
    found["asked"] += len(choices)
    if judgement.verdict is Verdict.BLOCKED:
        assert judgement.blocked
        with pytest.raises(ChangeoverBlocked):
            transplant(old, new, envelope, choices, around())
        return judgement.verdict
    moved = transplant(old, new, envelope, choices, around())
    assert moved.judgement == judgement
    compare(before, moved, judgement)
    again = Execution.load(moved.envelope, new, around())
    assert again.rest() == moved.execution.rest() or again.ended
    same = bool(choices) or all(again.data().get(name) == walk.execution.data().get(name) for name in VARIABLES)
    assert same, "variables changed"
    found["ended"] += drive(again, new, walk.chance)
    return judgement.verdict


def decided(walk: Walk, new: parse.Model, envelope: bytes) -> tuple[Judgement, dict[str, str]]:
    """Judge, and answer what is asked, until nothing is; of an only question every answer that is offered does."""
    choices: dict[str, str] = {}
    judgement = judge(walk.old, new, envelope, choices, around())
    while judgement.verdict is Verdict.DECISION:
        with pytest.raises(ChangeoverUndecided):
            transplant(walk.old, new, envelope, choices, around())
        step, only = judgement.undecided[0], len({step.spot.key for step in judgement.undecided}) == 1
        choices[step.spot.key] = walk.chance.choice([*(one.key for one in step.candidates), *[DROP] * step.droppable])
        known = judge(walk.old, new, envelope, choices)
        assert not only or known.verdict is not Verdict.BLOCKED, "a candidate that does not do"
        judgement = judge(walk.old, new, envelope, choices, around())
        assert step.spot.key not in {one.spot.key for one in judgement.undecided}
    return judgement, choices


def compare(before: Rest, moved: Moved, judgement: Judgement) -> None:
    after = moved.execution.rest()
    targets = {step.task: step.target.element for step in judgement.steps if step.target}
    lost = {loss.task for loss in judgement.losses if loss.kind == "task"}
    assert set(before.tasks) - set(after.tasks) == lost
    for task in before.tasks.keys() & after.tasks.keys():
        assert after.tasks[task].id == targets[task]
    named_ = {loss.task for loss in judgement.losses} | {watch.task for watch in judgement.disarmed}
    dues = {wait.task: wait.due for wait in after.waits.values()}
    for wait in before.waits.values():
        assert wait.task in dues or wait.task in named_, f"a wait vanished: {wait}"
        assert wait.task not in dues or wait.due is None or dues[wait.task] == wait.due
    if judgement.verdict is Verdict.UNCHANGED:
        assert after.tasks.keys() == before.tasks.keys()
        assert after.waits == before.waits


def drive(execution: Execution, new: parse.Model, chance: Random) -> bool:
    """Play on; tell whether it came to its end. What stands still for ever may do so only where the drawing lets it."""
    for _ in range(DRIVE):
        if execution.ended:
            return True
        rest = execution.rest()
        if rest.failures:
            return False
        if not rest.tasks and not rest.waits:
            assert any(doubtful(spec) for spec in new.specs.values()), "it stands still for ever"
            return False
        move(execution, chance)
    return False


def doubtful(spec: Any) -> bool:
    """Tell whether a fresh instance may stand still for ever as well; what puts tokens beside others is never sure."""
    nodes = spec.task_specs.values()
    beside = any(boundary.element.interrupting is False for node in nodes for boundary in node.boundaries)
    return beside or not liveness.fresh(spec).sound


def move(execution: Execution, chance: Random) -> None:
    rest = execution.rest()
    if rest.tasks and chance.random() < 0.75:
        task = chance.choice(list(rest.tasks))
        assert execution.complete(task, {chance.choice(VARIABLES): chance.random() < 0.5})
        return
    wait = rest.waits[chance.choice(list(rest.waits))] if rest.waits else None
    if wait is None or wait.condition is not None:
        name = chance.choice(VARIABLES)
        execution.write({name: not execution.data()[name]})
    elif wait.due is not None:
        execution.fire(wait.task)
    elif wait.signal is not None:
        execution.signal(chance.choice(SIGNALS), {})
    else:
        execution.deliver(wait.task, {})


def model(root: Any) -> parse.Model:
    return parse.model({"w.bpmn": gate.parse_xml(etree.tostring(root), "w.bpmn")})


def around() -> Surroundings:
    return Surroundings(clock.now(), CALENDAR, {}, lambda _name, given: given)
