"""Carries a running instance from one version of its programme to another, in memory: judge first, then transplant.

Both are pure: they read an envelope and give back plain values or a new envelope; whoever calls them saves it.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson

from engine.bpmn import arming, codec
from engine.bpmn.counterparts import Pair, pair
from engine.bpmn.crossing import Crossing
from engine.bpmn.environment import Surroundings
from engine.bpmn.execution import Execution
from engine.bpmn.game import FAILURES
from engine.bpmn.judgements import DROP, Judgement, Moved, Obstacle, OpenStep, Verdict
from engine.bpmn.parse import Model
from engine.errors import ChangeoverBlocked, ChangeoverUndecided, StateDamaged

Choices = Mapping[str, str]


def judge(
    old: Model, new: Model, envelope: bytes, choices: Choices, surroundings: Surroundings | None = None
) -> Judgement:
    """Return what a change-over from `old` to `new` would do to the instance in an envelope.

    `choices` says where open steps go: `Spot.key` of the old step (`process/element`; `process/flow` at a join) to that
    of one of its candidates, or to `DROP`; what fits no open step, or is no candidate, counts for nothing. With
    `surroundings` the instance is moved in memory too, so that what cannot be armed (a deadline that nobody knows, an
    anchor that is null) is told as blocked. Raise StateDamaged.
    """
    versions = pair(old, new)
    found = _cross(versions, envelope, choices).told()
    if found.verdict is Verdict.DECISION:
        return _narrowed(versions, envelope, choices, found)
    if surroundings is None or found.verdict is Verdict.BLOCKED:
        return found
    try:
        return transplant(old, new, envelope, choices, surroundings).judgement
    except ChangeoverBlocked as fault:
        obstacle = Obstacle(**fault.facts["why"])
        return replace(found, verdict=Verdict.BLOCKED, blocked=(obstacle,))


def transplant(old: Model, new: Model, envelope: bytes, choices: Choices, surroundings: Surroundings) -> Moved:
    """Carry the instance in an envelope over from `old` to `new` and let it run to its rest.

    Ids of tasks that are carried over stay, and with them drafts and history; terms stay as they were reckoned. Raise
    ChangeoverUndecided while a step needs a choice, ChangeoverBlocked when it cannot be done, StateDamaged.
    """
    crossing = _cross(pair(old, new), envelope, choices)
    judgement = crossing.told()
    if judgement.verdict is Verdict.BLOCKED:
        raise _blocked(judgement.blocked[0])
    if judgement.verdict is Verdict.DECISION:
        raise ChangeoverUndecided(steps=[step.spot.key for step in judgement.undecided])
    carried = envelope if judgement.verdict is Verdict.UNCHANGED else codec.seal(crossing.state())
    game = codec.load(carried, new, surroundings)
    execution = Execution(game)
    before = set(execution.rest().failures)
    try:
        arming.run(game, crossing.errands)
    except FAILURES as fault:
        raise _blocked(_failed("", "", str(fault))) from fault
    for failure in execution.rest().failures.values():
        if failure.task not in before:
            name = execution.element(failure.task).name
            raise _blocked(_failed(failure.element, name, failure.reason))
    return Moved(execution.dump(), execution, judgement)


def _cross(versions: Pair, envelope: bytes, choices: Choices) -> Crossing:
    state = orjson.loads(codec.opened(envelope))
    try:
        return Crossing(versions, state, choices)
    except KeyError as fault:
        raise StateDamaged(missing=str(fault)) from fault


def _narrowed(versions: Pair, envelope: bytes, choices: Choices, found: Judgement) -> Judgement:
    """Return a judgement whose one open question offers only the answers that would do."""
    keys = {step.spot.key for step in found.undecided}
    if len(keys) > 1:
        return found
    key = keys.pop()

    def does(answer: str) -> bool:
        return _cross(versions, envelope, {**choices, key: answer}).verdict is not Verdict.BLOCKED

    step = found.undecided[0]
    spots, droppable = tuple(one for one in step.candidates if does(one.key)), step.droppable and does(DROP)
    steps = tuple(_asked(one, spots, droppable=droppable) if one.spot.key == key else one for one in found.steps)
    if spots or droppable:
        return replace(found, steps=steps)
    zh, en = "新版中没有可以接续的环节", "no step of the new version can take it up"
    name = step.spot.name
    obstacle = Obstacle(step.spot.element, name, f"“{name}”：{zh}。", f"{name!r}: {en}.")
    return replace(found, steps=steps, verdict=Verdict.BLOCKED, blocked=(obstacle,))


def _asked(step: OpenStep, spots: Any, *, droppable: bool) -> OpenStep:
    return replace(step, candidates=spots, droppable=droppable)


def _blocked(obstacle: Obstacle) -> ChangeoverBlocked:
    return ChangeoverBlocked(why=vars(obstacle))


def _failed(element: str, name: str, reason: str) -> Obstacle:
    zh, en = f"“{name}”：在新版中无法接续（{reason}）。", f"{name!r}: cannot go on in the new version ({reason})."
    return Obstacle(element, name, zh, en)
