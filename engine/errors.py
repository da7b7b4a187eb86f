"""What can go wrong, in the owner's words; a docstring is the message, `server.problems` gives the reply."""

from typing import Any


class IcityError(Exception):
    """Something went wrong."""

    def __init__(self, **facts: Any) -> None:
        self.facts = facts
        super().__init__(" ".join([str(self.__doc__), *(f"{key}={value}" for key, value in facts.items())]))


class NotFound(IcityError):
    """There is no such thing, or you may not see it."""


class NotAllowed(IcityError):
    """You may not do this."""


class SignInRefused(IcityError):
    """The name or the password is wrong, or the account is locked."""


class SignInNeeded(IcityError):
    """Sign in first."""


class CodeNeeded(IcityError):
    """The password is right; the code of the second factor is still missing."""


class CodeRefused(IcityError):
    """The code is wrong or was used already, or too many were tried."""


class FactorRefused(IcityError):
    """The second factor cannot be changed so. The fact `why` says why."""


class TaskClosed(IcityError):
    """Somebody has finished this task already."""


class TaskClaimed(IcityError):
    """Somebody else has claimed this task."""


class AnswersRefused(IcityError):
    """The form has faults; nothing was saved. The fact `fields` names each field and its fault."""


class ModelRefused(IcityError):
    """The programme cannot be deployed. The fact `findings` names each element and its fault."""


class ExpressionRefused(IcityError):
    """The expression cannot be understood or is too large."""


class ExpressionFailed(IcityError):
    """The expression could not be evaluated with this data."""


class DecisionFailed(IcityError):
    """The decision table gave no single answer for this data."""


class StepFailed(IcityError):
    """A step of the process failed."""


class StateDamaged(IcityError):
    """The stored state of the instance does not match its digest or its format is unknown."""


class BudgetSpent(IcityError):
    """The process took more steps than one move may take."""


class Busy(IcityError):
    """Another transaction is moving this instance; try again."""


class InstanceEnded(IcityError):
    """The instance has ended."""


class InstanceSuspended(IcityError):
    """The instance is suspended; it goes on once somebody resumes it."""


class OperationRefused(IcityError):
    """This cannot be done to the instance as it stands; the fact `reason` says why."""


class AssigneeUnknown(IcityError):
    """The organisation or person that the diagram names for the task is not known."""


class SignalRefused(IcityError):
    """The signal cannot be accepted."""


class MessageRefused(IcityError):
    """The message cannot be accepted."""


class SignatureRefused(IcityError):
    """The signature is missing, wrong, too old or too new."""


class IdempotencyConflict(IcityError):
    """This Idempotency-Key was used with another request."""


class RequestInProgress(IcityError):
    """A request with this Idempotency-Key is still being worked on."""


class WorkbookRefused(IcityError):
    """The spreadsheet has faults. The fact `cells` names each sheet, cell and fault."""


class SourceRefused(IcityError):
    """This source cannot be kept so."""


class EndpointOff(IcityError):
    """This endpoint is switched off; switch it on first."""


class AddressRefused(IcityError):
    """Webhooks may not be sent to this address."""


class SettingsRefused(IcityError):
    """The settings have faults; the fact `faults` names them all."""


class CalendarUnknown(IcityError):
    """The civil calendar holds no such day."""


class PackageRefused(IcityError):
    """The file is no archive package of this form. The facts `reason` and `zh` say why."""


class DocumentRefused(IcityError):
    """The document cannot be written, issued or changed so. The fact `why` says what is missing or wrong."""


class TitleRefused(IcityError):
    """The title cannot be granted or ended so. The fact `reason` says why."""


class RoundRefused(IcityError):
    """The round cannot be opened or moved on so. The fact `reason` says why."""


class DivisionsRefused(IcityError):
    """The change of divisions does not fit the register. The fact `findings` names each rule and unit."""


class FiguresRefused(IcityError):
    """The figures cannot be taken on record so. The fact `why` says why."""


class EvidenceRefused(IcityError):
    """The file cannot be kept as evidence. The fact `why` says why."""


class QuotaReached(IcityError):
    """This is more than may be handed in for now. The fact `why` says how much may be."""


class ScannerDown(IcityError):
    """The virus scan does not answer, so the file was not kept; try again later."""


class PreviewRefused(IcityError):
    """This file cannot be shown here; download it. The fact `why` says why."""


class TooLarge(IcityError):
    """This is larger than may be kept. The fact `why` says how large it may be."""


class DraftNewer(IcityError):
    """A newer draft of this task was saved elsewhere. The fact `draft` is that one."""


class VotingRefused(IcityError):
    """The opinions cannot be weighed by this rule. The fact `why` says why."""


class SeatRefused(IcityError):
    """Somebody who did an earlier step of this case may not do this one. The fact `why` names the step."""


class MapRefused(IcityError):
    """The file cannot be taken as the boundaries of the province. The fact `why` says what is missing or wrong."""


class TaskBound(IcityError):
    """Something else must happen to this task first. The fact `why` says what."""


class ColleagueRefused(IcityError):
    """This cannot be given to that person. The fact `why` says why."""


class UrgedAlready(IcityError):
    """Somebody has asked to hurry with this task today; once a working day is enough."""


class SubstitutionRefused(IcityError):
    """Nobody can be appointed to stand in so. The fact `why` says why."""


class ObjectionRefused(IcityError):
    """Objections to this unit are not taken here: the days of the notice are over, or it does not name the unit."""


class VersionSuspended(IcityError):
    """This version of the process is suspended; nothing starts on it until it goes on. The fact `why` says why."""


class ErrandRefused(IcityError):
    """This cannot be asked for, confirmed or stopped so. The fact `why` says why."""


class BatchRefused(IcityError):
    """These cannot be done at once. The fact `why` says why; none was done."""


class EditConflict(IcityError):
    """Somebody else has saved this file meanwhile; nothing was overwritten. The fact `conflict` holds theirs."""


class RehearsalRefused(IcityError):
    """This cannot be rehearsed. The fact `why` says why."""


class RevisionRefused(IcityError):
    """This cannot be done with the draft as it stands. The fact `why` says why."""


class ImportRefused(IcityError):
    """The file cannot be taken into a programme. The fact `why` says why."""


class ChangeoverUndecided(IcityError):
    """Somebody must say first where open steps go. The fact `steps` names them."""


class ChangeoverBlocked(IcityError):
    """The instance cannot be carried over to the other version. The fact `why` says why."""


class ChangeoverRefused(IcityError):
    """This cannot be done with the changeover as it stands. The fact `why` says why; nothing was changed."""
