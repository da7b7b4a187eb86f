"""What happened, told in one sentence an event."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _

from engine.events import EventRow, Kind
from server.pages.labels import Labels
from server.pages.moments import day, stamp

SENTENCES = {
    Kind.INSTANCE_STARTED: _("%(who)s started the case."),
    Kind.INSTANCE_FINISHED: _("The case reached its end."),
    Kind.INSTANCE_CANCELLED: _("%(who)s ended the case early."),
    Kind.INSTANCE_TERMINATED: _("%(who)s ended the case at once: %(reason)s."),
    Kind.INSTANCE_SUSPENDED: _("%(who)s paused the case: %(reason)s."),
    Kind.INSTANCE_RESUMED: _("%(who)s let the case go on: %(reason)s."),
    Kind.INSTANCE_MOVED: _("%(who)s took the case to another step: %(reason)s."),
    Kind.INSTANCE_RETURNED: _("%(who)s sent the case back to “%(what)s”: %(reason)s."),
    Kind.INSTANCE_CHANGED: _("%(who)s corrected facts of the case: %(reason)s."),
    Kind.INSTANCE_CHANGED_OVER: _("%(who)s took the case to version %(number)s of its rules."),
    Kind.INSTANCE_CHANGED_BACK: _("%(who)s took the case back to version %(number)s of its rules."),
    Kind.LOOP_GROWN: _("%(who)s asked one more to take part: %(reason)s."),
    Kind.LOOP_SHRUNK: _("%(who)s let one fewer take part: %(reason)s."),
    Kind.MILESTONE_REACHED: _("The stage “%(milestone)s” was reached."),
    Kind.TASK_CREATED: _("“%(what)s” is waiting to be done."),
    Kind.TASK_CLAIMED: _("%(who)s claimed “%(what)s”."),
    Kind.TASK_RELEASED: _("%(who)s gave “%(what)s” back."),
    Kind.TASK_REASSIGNED: _("%(who)s gave “%(what)s” to somebody else: %(reason)s."),
    Kind.TASK_RETURNED: _("%(who)s sent “%(what)s” back: %(reason)s."),
    Kind.TASK_WITHDRAWN: _("%(who)s took “%(what)s” back to do it again: %(reason)s."),
    Kind.TASK_TRANSFERRED: _("%(who)s gave “%(what)s” to %(to)s for good: %(reason)s."),
    Kind.TASK_DELEGATED: _("%(who)s let %(to)s prepare “%(what)s”: %(reason)s."),
    Kind.TASK_HANDED_BACK: _("%(who)s prepared “%(what)s” and handed it back to %(to)s: %(reason)s."),
    Kind.TASK_TAKEN_BACK: _("%(who)s took “%(what)s” back from %(from)s."),
    Kind.TASK_HELD: _("%(who)s answered “%(what)s”; it waits for the signs of %(people)s."),
    Kind.TASK_URGED: _("%(who)s asked to hurry with “%(what)s”."),
    Kind.SIGN_ASKED: _("%(who)s asked %(people)s to sign on “%(what)s”: %(reason)s."),
    Kind.SIGN_GIVEN: _("%(who)s agreed to “%(what)s”: %(reason)s."),
    Kind.SIGN_REFUSED: _("%(who)s did not agree to “%(what)s”: %(reason)s."),
    Kind.SIGN_TAKEN_BACK: _("%(who)s no longer asks %(from)s to sign on “%(what)s”: %(reason)s."),
    Kind.ERRAND_DONE: _("%(who)s had this done in the operations view: %(reason)s."),
    Kind.CASE_COPIED: _("%(who)s told %(people)s of the case for information."),
    Kind.TASK_COMPLETED: _("%(who)s completed “%(what)s”."),
    Kind.TASK_CANCELLED: _("“%(what)s” is no longer needed and was withdrawn."),
    Kind.TASK_RESTORED: _("“%(what)s” is waiting to be done again."),
    Kind.TIMER_ARMED: _("The clock of “%(what)s” was set for %(due)s."),
    Kind.TIMER_REARMED: _("%(who)s set the clock of “%(what)s” anew: %(reason)s."),
    Kind.TIMER_FIRED: _("The time of “%(what)s” has come."),
    Kind.DEADLINE_STOPPED: _("During “%(what)s” the deadlines of the reviewers stand still."),
    Kind.DEADLINE_RESUMED: _("“%(what)s” is over; the deadlines that stood still go on."),
    Kind.DEADLINE_MOVED: _("“%(what)s” was due %(before)s and is now due %(due)s: %(reason)s."),
    Kind.MESSAGE_RECEIVED: _("A message arrived: “%(what)s”."),
    Kind.MESSAGE_DELIVERED: _("The message “%(what)s” reached the case."),
    Kind.MESSAGE_SENT: _("The message “%(what)s” was sent."),
    Kind.DOCUMENT_SEALED: _("The document %(number)s was sealed electronically."),
    Kind.DOCUMENT_EXCHANGED: _("%(receiver)s answered to the document %(number)s."),
    Kind.MESSAGE_PARKED: _("Nobody waited for the message “%(what)s”; it was put aside."),
    Kind.SIGNAL_SENT: _("The signal “%(what)s” was sent to all."),
    Kind.SIGNAL_DELIVERED: _("The signal “%(what)s” reached the case."),
    Kind.DECISION_MADE: _("“%(what)s” was decided: %(why)s."),
    Kind.INCIDENT_RAISED: _("“%(what)s” failed and waits for help."),
    Kind.INCIDENT_RESOLVED: _("“%(what)s” was tried again and went well."),
    Kind.INCIDENT_SETTLED: _("%(who)s put “%(what)s” right by hand: %(reason)s."),
    Kind.CLOCK_SILENT: _("The clock fell silent: nothing falls due until it is back."),
    Kind.CLOCK_BACK: _("The clock is back."),
    Kind.HANDS_SILENT: _("The hands fell silent: what falls due is not done until they are back."),
    Kind.HANDS_BACK: _("The hands are back."),
    Kind.CONTACT_BOUNCED: _("Nobody is reached at an address; the next channel took over."),
    Kind.NOTICE_TRIED: _("%(who)s tried how notices reach them."),
    Kind.REMINDER_DUE: _("People were reminded of “%(what)s”, due %(due)s."),
    Kind.TITLE_GRANTED: _("The title “%(title)s” was granted: %(number)s."),
    Kind.TITLE_ENDED: _("The title “%(title)s” ended: %(ending)s."),
    Kind.UNIT_BARRED: _("The unit may not apply for %(rounds)s rounds: %(reason)s."),
    Kind.ROUND_OPENED: _("The %(round)s was opened; its indicator set is %(set)s."),
    Kind.ROUND_CLOSED: _("The results of the %(round)s are in."),
    Kind.ROUND_PUBLISHED: _("The results of the %(round)s were published."),
    Kind.ROUND_CANCELLED: _("The %(round)s was called off."),
    Kind.DIVISION_CHANGED: _("%(who)s entered a change of divisions: %(note)s."),
    Kind.FIGURES_RECORDED: _("%(count)s figures of %(year)s came on record."),
    Kind.FIGURE_CORRECTED: _("The figure %(code)s of %(year)s was corrected: %(reason)s."),
    Kind.DOCUMENT_ISSUED: _("The document %(number)s was issued: %(name)s."),
    Kind.DOCUMENT_VOIDED: _("The document %(number)s was declared void: %(reason)s."),
    Kind.DOCUMENT_RENDERED: _("The document %(number)s was printed."),
    Kind.FIGURES_LOCKED: _("The figures of %(year)s were locked."),
    Kind.CASE_ARCHIVED: _("%(who)s handed the case to the archive."),
    Kind.EVIDENCE_KEPT: _("%(who)s handed in the file “%(name)s”."),
    Kind.ATTACHMENT_ADDED: _("%(who)s attached “%(name)s” to “%(what)s”."),
    Kind.REVISION_BEGUN: _("%(who)s began the draft “%(name)s”."),
    Kind.REVISION_SAVED: _("%(who)s changed %(note)s in the draft “%(name)s”."),
    Kind.REVISION_IMPORTED: _("%(who)s brought files into the draft “%(name)s”."),
    Kind.REVISION_UPDATED: _("%(who)s brought the draft “%(name)s” up to date."),
    Kind.REVISION_SUBMITTED: _("%(who)s handed in the draft “%(name)s” for approval."),
    Kind.REVISION_TAKEN_BACK: _("%(who)s took the draft “%(name)s” back."),
    Kind.REVISION_APPROVED: _("%(who)s approved the draft “%(name)s”."),
    Kind.REVISION_REFUSED: _("%(who)s refused the draft “%(name)s”: %(reason)s."),
    Kind.REVISION_DEPLOYED: _("%(who)s deployed the draft “%(name)s”."),
    Kind.REVISION_WITHDRAWN: _("%(who)s gave the draft “%(name)s” up."),
    Kind.ATTACHMENT_REMOVED: _("%(who)s took the attachment “%(name)s” off “%(what)s”."),
}
TITLES = {
    "science_strong": _("Strong in science and technology"),
    "pilot": _("Innovative city or county, pilot"),
    "recognised": _("Innovative city or county"),
    "national_pilot": _("National pilot of innovative cities"),
}
ENDINGS = {
    "revoked": _("revoked"),
    "merged": _("the unit went into another"),
    "abolished": _("the unit is no more"),
    "own_request": _("given back by the unit"),
    "superseded": _("another took its place"),
}
ROUNDS = {
    "pilot": _("pilot round of %(year)s"),
    "biennial": _("biennial round of %(year)s"),
    "annual": _("annual monitoring of %(year)s"),
}
PLAIN_FACTS = ("number", "rounds", "set", "note", "count", "year", "code", "name", "receiver")
STOPS = "。.；; "
MAJOR = {
    Kind.INSTANCE_STARTED,
    Kind.INSTANCE_FINISHED,
    Kind.INSTANCE_CANCELLED,
    Kind.INSTANCE_TERMINATED,
    Kind.INSTANCE_SUSPENDED,
    Kind.INSTANCE_RESUMED,
    Kind.MILESTONE_REACHED,
}


def lines(events: Iterable[EventRow], labels: Labels) -> list[dict[str, Any]]:
    """Return each event as {at, text, major}; kinds that no case is told about are left out."""
    told = (event for event in events if event.kind in SENTENCES)
    return [{"at": stamp(event.at), "text": tell(event, labels), "major": event.kind in MAJOR} for event in told]


def tell(event: EventRow, labels: Labels) -> str:
    """Return the sentence of one event."""
    facts = {
        "who": _who(event),
        "to": _name(event.data.get("to")),
        "from": _name(event.data.get("from")),
        "people": _people(event.data.get("people") or event.data.get("signs") or ()),
        "what": labels.element(event.element) or event.data.get("name", ""),
        "due": _day(event.data.get("due_at")),
        "before": _day(event.data.get("before")),
        "why": _why(event.data).rstrip(STOPS),
        "reason": str(event.data.get("reason") or gettext("no reason given")).rstrip(STOPS),
        "milestone": labels.milestone(event.data.get("milestone")),
        "title": str(TITLES.get(event.data.get("title", ""), "")),
        "ending": str(ENDINGS.get(event.data.get("ending", ""), "")),
        "round": _round(str(event.data.get("round") or "")),
        **{name: str(event.data.get(name) or "").rstrip(STOPS) for name in PLAIN_FACTS},
    }
    return str(SENTENCES[Kind(event.kind)]) % facts


def _who(event: EventRow) -> str:
    """Return who did it, and in whose place."""
    if event.actor_name is None:
        return str(gettext("The system"))
    principal = _name(event.data.get("for"))
    if not principal:
        return event.actor_name
    return str(gettext("%(who)s (for %(principal)s)", who=event.actor_name, principal=principal))


def _name(person: Any) -> str:
    return str(person.get("name") or "") if isinstance(person, dict) else str(person or "")


def _people(people: Iterable[Any]) -> str:
    return str(gettext(", ")).join(map(_name, people))


def _day(moment: str | None) -> str:
    return day(datetime.fromisoformat(moment)) if moment else ""


def _why(data: dict[str, Any]) -> str:
    """Return the notes of the rules that answered, or the answer itself where no rule has a note."""
    tables = [table for decision in data.get("decisions", ()) for table in decision.get("tables", ())]
    notes = [note for table in tables for rule in table["rules"] for note in rule["annotations"].values() if note]
    return gettext("; ").join(dict.fromkeys(map(str, notes))) or str(data.get("value"))


def _round(known: str) -> str:
    """Return what people call a round, which is known by its kind and year: pilot-2013."""
    kind, _dash, year = known.partition("-")
    return str(ROUNDS[kind]) % {"year": year} if kind in ROUNDS else known
