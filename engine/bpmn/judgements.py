"""What a change-over finds out about one running instance, as plain values: where each open step goes, what is lost."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from engine.bpmn.execution import Execution

DROP = ""
"""The choice by which a step goes nowhere: its branch ends here."""


class Verdict(StrEnum):
    """What a change-over would do to an instance, from the most harmless on."""

    UNCHANGED = "unchanged"  # every open step stands where it stood
    MAPPED = "mapped"  # every open step finds its place by itself, and nothing is lost
    DECISION = "decision"  # somebody must say where an open step goes
    LOSS = "loss"  # it can be done, and what it costs is told
    BLOCKED = "blocked"  # it cannot be done


@dataclass(frozen=True)
class Spot:
    """A flow node (or, for a token that waits at a join, a flow) of a version; `key` is `process/element`.

    The process in the key is the innermost process or sub-process that draws it. `kind` is the BPMN tag.
    """

    key: str
    process: str
    element: str
    name: str
    kind: str


@dataclass(frozen=True)
class OpenStep:
    """Something that stands in the instance: where, by which token, and where it goes.

    `verdict` is that of this step alone. `target` is none while it is not decided, is blocked, or is dropped.
    `candidates` are where it may be sent, the likeliest first, `droppable` whether it may be sent nowhere (`DROP`);
    only for steps that need a decision or are blocked. `changes` names what the new diagram says otherwise of it.
    """

    task: UUID
    kind: str  # task, wait, incident, join or inside, as `survey.Standing` has it
    spot: Spot
    verdict: Verdict
    target: Spot | None = None
    candidates: tuple[Spot, ...] = ()
    droppable: bool = False
    changes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Loss:
    """One thing that would be lost; `task` is the token that it belongs to.

    `kind`: task (an open task with its draft), answers (what seats of a multi-instance have given), seat (one whose
    turn has come and must come again), timer, message, signal, condition, variables (of a sub-process), compensation.
    """

    kind: str
    task: UUID | None
    element: str
    name: str
    zh: str
    en: str


@dataclass(frozen=True)
class Obstacle:
    """Why an instance cannot be carried over, and at which element."""

    element: str
    name: str
    zh: str
    en: str


@dataclass(frozen=True)
class Watch:
    """A boundary event, event sub-process or way of an event-based gateway that begins or ceases to be waited for.

    `task` is the token of one that ceases, none for one that begins.
    """

    element: str
    name: str
    task: UUID | None = None


@dataclass(frozen=True)
class Judgement:
    """What a change-over would do to an instance; `process` is what it runs afterwards."""

    verdict: Verdict
    process: str
    steps: tuple[OpenStep, ...] = ()
    losses: tuple[Loss, ...] = ()
    blocked: tuple[Obstacle, ...] = ()
    armed: tuple[Watch, ...] = ()
    disarmed: tuple[Watch, ...] = ()

    @property
    def undecided(self) -> tuple[OpenStep, ...]:
        """Return the steps that somebody must say a place for."""
        return tuple(step for step in self.steps if step.verdict is Verdict.DECISION)


@dataclass(frozen=True)
class Moved:
    """An instance after its change-over: the envelope, the execution in memory (to save its rest), what was done."""

    envelope: bytes
    execution: Execution
    judgement: Judgement
