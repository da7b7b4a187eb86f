"""Carries a running instance from one version of its programme to another, in memory: judge first, then transplant.

Both are pure: they read an envelope and give back plain values or a new envelope; whoever calls them saves it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import orjson

from engine.bpmn import arming, codec
from engine.bpmn.counterparts import Pair, pair
from engine.bpmn.crossing import Crossing
from engine.bpmn.elements import Element
from engine.bpmn.environment import Surroundings
from engine.bpmn.execution import Execution, Rest
from engine.bpmn.game import FAILURES
from engine.bpmn.judgements import DROP, Judgement, Loss, Moved, Obstacle, OpenStep, Verdict
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
    anchor that is null) is told as blocked, and what goes with what it does next, as lost; they are to be of its own,
    for what is thrown and made is noted in them. Raise StateDamaged.
    """
    versions = pair(old, new)
    found = _narrowed(versions, envelope, choices, _cross(versions, envelope, choices).told())
    if surroundings is None or found.verdict in {Verdict.BLOCKED, Verdict.DECISION}:
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
    crossing = _cross(versions := pair(old, new), envelope, choices)
    judgement = _narrowed(versions, envelope, choices, crossing.told())
    if judgement.verdict is Verdict.BLOCKED:
        raise _blocked(judgement.blocked[0])
    if judgement.verdict is Verdict.DECISION:
        raise ChangeoverUndecided(steps=[step.spot.key for step in judgement.undecided])
    carried = envelope if judgement.verdict is Verdict.UNCHANGED else codec.seal(crossing.state())
    game = codec.load(carried, new, surroundings)
    execution = Execution(game)
    before = execution.rest()
    try:
        arming.run(game, crossing.errands)
    except FAILURES as fault:
        raise _blocked(_failed("", "", str(fault))) from fault
    after = execution.rest()
    for failure in after.failures.values():
        if failure.task not in before.failures:
            name = execution.element(failure.task).name
            raise _blocked(_failed(failure.element, name, failure.reason))
    swept = tuple(_swept(before, after, new))
    if swept:
        judgement = replace(judgement, verdict=Verdict.LOSS, losses=(*judgement.losses, *swept))
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
    if found.verdict is not Verdict.DECISION or len(keys) > 1:
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


def _swept(before: Rest, after: Rest, new: Model) -> Iterator[Loss]:
    """Yield what was carried over and went with what the instance did next, such as the end of what is around it."""
    for task, element in before.tasks.items():
        if task not in after.tasks:
            yield _gone("task", task, element)
    for wait in before.waits.values():
        if wait.task not in {one.task for one in after.waits.values()}:
            kind = next(name for name in ("message", "signal", "condition", "due") if getattr(wait, name) is not None)
            yield _gone("timer" if kind == "due" else kind, wait.task, new.element(wait.process, wait.element))


def _gone(kind: str, task: UUID, element: Element) -> Loss:
    zh, en = f"“{element.name}”：流程随即继续，不再需要", f"{element.name!r}: the process goes on at once without it"
    return Loss(kind, task, element.id, element.name, zh, en)


def _asked(step: OpenStep, spots: Any, *, droppable: bool) -> OpenStep:
    return replace(step, candidates=spots, droppable=droppable)


def _blocked(obstacle: Obstacle) -> ChangeoverBlocked:
    return ChangeoverBlocked(why=vars(obstacle))


def _failed(element: str, name: str, reason: str) -> Obstacle:
    zh, en = f"“{name}”：在新版中无法接续（{reason}）。", f"{name!r}: cannot go on in the new version ({reason})."
    return Obstacle(element, name, zh, en)
