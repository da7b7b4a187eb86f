"""The states and kinds of what is stored, a sentence each; docs/explanation/states.md draws them."""

from enum import StrEnum


class InstanceState(StrEnum):
    """Where an instance stands."""

    RUNNING = "running"  # has an open task, timer, subscription or incident
    SUSPENDED = "suspended"  # stands still by a person's word; only those who keep the service move it
    FINISHED = "finished"  # reached its end
    CANCELLED = "cancelled"  # withdrawn by a person, with a reason
    TERMINATED = "terminated"  # ended at once by a person, with a reason, without asking its diagram


STANDING = (InstanceState.RUNNING, InstanceState.SUSPENDED)


class TaskState(StrEnum):
    """Where a human task stands."""

    OPEN = "open"  # may be claimed and completed
    COMPLETED = "completed"  # answered by a person
    CANCELLED = "cancelled"  # withdrawn by the diagram: interrupted, lapsed, or the instance ended


class MessageState(StrEnum):
    """Where a received message stands."""

    WAITING = "waiting"  # nobody waits for it yet
    DELIVERED = "delivered"  # one instance took it
    PARKED = "parked"  # nobody will take it; kept with a reason


class IncidentState(StrEnum):
    """Where an incident stands."""

    OPEN = "open"  # its branch stands still
    RESOLVED = "resolved"  # retried with success, settled by a person, or overtaken


class IncidentKind(StrEnum):
    """What failed."""

    STEP = "step"  # a flow node; it may be tried again or settled
    TIMER = "timer"  # the firing of a timer, after several tries; it may be tried again or set to another moment
    SIGNAL = "signal"  # the handing over of a signal, after several tries; it may be tried again
    ASSIGNMENT = "assignment"  # whose a task is; the task is open to its role, and may be tried again or reassigned


class WaitKind(StrEnum):
    """What an instance waits for, besides tasks and timers, and what a start event listens to."""

    MESSAGE = "message"  # one instance takes it, by name and correlation
    SIGNAL = "signal"  # every instance that waits takes it, by name
    CONDITION = "condition"  # the instance asks by itself, whenever its data change
    TIMER = "timer"  # start events only: a moment, or one after another


class RoundState(StrEnum):
    """Where a round stands."""

    OPEN = "open"  # takes in units and their results
    CLOSED = "closed"  # its results are in
    PUBLISHED = "published"  # its results are out and never change
    CANCELLED = "cancelled"  # called off, with a reason


class DocumentState(StrEnum):
    """Where an official document stands; its number is taken in either state."""

    ISSUED = "issued"  # valid
    VOID = "void"  # withdrawn, with a reason; the number is never used again


class DelegationState(StrEnum):
    """Where a delegated task stands."""

    OPEN = "open"  # with the delegate
    RETURNED = "returned"  # prepared, back with its owner
    TAKEN_BACK = "taken_back"  # the owner took it back, or the task ended


class SignKind(StrEnum):
    """When an added sign is asked for."""

    BEFORE = "before"  # the owner finishes the task when it is given
    AFTER = "after"  # the answer of the owner takes effect when it is given


class SignState(StrEnum):
    """Where an added sign stands."""

    WAITING = "waiting"  # its turn has not come: others sign first, or the owner has not answered
    OPEN = "open"  # asked for
    AGREED = "agreed"  # given
    REFUSED = "refused"  # given against; the task goes back to its owner
    TAKEN_BACK = "taken_back"  # no longer asked for


class RevisionState(StrEnum):
    """Where a draft of a programme stands."""

    DRAFT = "draft"  # is written; what was refused or taken back is written again
    SUBMITTED = "submitted"  # stands still while somebody who did not write it looks at it
    APPROVED = "approved"  # may become a version, exactly as it was submitted
    DEPLOYED = "deployed"  # became a version
    WITHDRAWN = "withdrawn"  # was given up


class ErrandKind(StrEnum):
    """What is done to running cases for an owner."""

    RETRY = "retry"  # what failed is tried again
    SETTLE = "settle"  # a step that failed counts as done, with data
    MOVE = "move"  # a token is taken away and one starts elsewhere
    REARM = "rearm"  # a timer falls due at another moment
    SUSPEND = "suspend"  # a case stands still
    RESUME = "resume"  # a case goes on
    END = "end"  # a case is ended at once
    URGE = "urge"  # whoever has the work is asked to hurry


class ErrandState(StrEnum):
    """Where an errand stands."""

    ASKED = "asked"  # waits for the word of a second person
    RUNNING = "running"  # is being done, case by case
    STOPPED = "stopped"  # stands still before the rest of its cases
    DONE = "done"  # every case has its result
    REFUSED = "refused"  # the second person said no
    WITHDRAWN = "withdrawn"  # who asked took it back, or the rest of it


class ItemState(StrEnum):
    """What became of one case of an errand."""

    WAITING = "waiting"  # its turn has not come
    DONE = "done"  # it was done
    AGAIN = "again"  # it was tried, and failed again
    OVERTAKEN = "overtaken"  # there was nothing left to do
    REFUSED = "refused"  # nothing was changed, for the reason told


class GroupState(StrEnum):
    """Where a group of a changeover stands."""

    OPEN = "open"  # was rehearsed; nothing was done to its instances
    QUEUED = "queued"  # is to be carried over
    APPLIED = "applied"  # stands on the new version
    UNDOING = "undoing"  # is to be taken back
    UNDONE = "undone"  # stands on its old version again, as it was


class GroupPlan(StrEnum):
    """What is to become of a group of a changeover."""

    CARRY = "carry"  # goes on on the new version
    STAY = "stay"  # ends on its old version
