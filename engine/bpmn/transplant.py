"""Carries a running instance from one version of its programme to another, in memory: judge first, then transplant.

Both are pure: they read an envelope and give back plain values or a new envelope; whoever calls them saves it.
"""

from collections.abc import Mapping

from engine.bpmn.environment import Surroundings
from engine.bpmn.judgements import Judgement, Moved
from engine.bpmn.parse import Model


def judge(
    old: Model, new: Model, envelope: bytes, choices: Mapping[str, str], surroundings: Surroundings | None = None
) -> Judgement:
    """Return what a change-over from `old` to `new` would do to the instance in an envelope.

    `choices` says where open steps go: `Spot.key` of the old step (`process/element`; `process/flow` at a join) to that
    of one of its candidates, or to `DROP`; what fits no open step, or is no candidate, counts for nothing. With
    `surroundings` the instance is moved in memory too, so that what cannot be armed (a deadline that nobody knows, an
    anchor that is null) is told as blocked. Raise StateDamaged.
    """
    raise NotImplementedError


def transplant(
    old: Model, new: Model, envelope: bytes, choices: Mapping[str, str], surroundings: Surroundings
) -> Moved:
    """Carry the instance in an envelope over from `old` to `new` and let it run to its rest.

    Ids of tasks that are carried over stay, and with them drafts and history; terms stay as they were reckoned. Raise
    ChangeoverUndecided while a step needs a choice, ChangeoverBlocked when it cannot be done, StateDamaged.
    """
    raise NotImplementedError
