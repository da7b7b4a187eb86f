"""How a play of the time machine reads: its days, and on each what happened, to whom, and by when."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.clock import CIVIL
from engine.domain.workdays import SATURDAY, Calendar
from engine.machines import Parted
from engine.rehearsal.machine import Kind, Line, Machine
from engine.tables import Organisation
from server.pages import labels
from server.pages.documents import KINDS as DOCUMENTS
from server.pages.moments import day, stamp
from server.pages.words import pick

MOST_LINES = 600
MOST_STEPS = 1_500
DAYS = (_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"))
KINDS: Mapping[Kind, tuple[object, str]] = {
    Kind.OPENED: (_("to be done"), "blue"),
    Kind.DONE: (_("done"), "green"),
    Kind.CLOSED: (_("lapsed"), "amber"),
    Kind.REMINDED: (_("reminder"), "amber"),
    Kind.FIRED: (_("moment came"), "gray"),
    Kind.REACHED: (_("word came"), "gray"),
    Kind.MILESTONE: (_("stage"), "green"),
    Kind.DOCUMENT: (_("document"), "blue"),
    Kind.BEGUN: (_("begins"), "gray"),
    Kind.ENDED: (_("ends"), "gray"),
}
REMINDERS = {
    "before": _("three working days before the deadline"),
    "due": _("on the day of the deadline"),
    "overdue": _("the deadline is past"),
}


@dataclass(frozen=True)
class Names:
    """What organisations are called."""

    organisations: Mapping[str, Any]

    def who(self, line: Line) -> str:
        """Return whose a task is: an organisation, a role, or both; nothing where nobody is named."""
        key = line.organisation or ""
        name = pick(self.organisations[key]) if key in self.organisations else key
        return " ".join(one for one in (name, labels.role(line.role) if line.role else "") if one)


def names(session: Session, lines: Iterable[Line]) -> Names:
    """Return the names of the organisations that lines tell of, in one statement."""
    keys = {line.organisation for line in lines if line.organisation}
    query = select(Organisation.id, Organisation.name).where(Organisation.id.in_(keys))
    return Names({row.id: row.name for row in session.execute(query)} if keys else {})


def days(machine: Machine, known: Names) -> list[dict[str, Any]]:
    """Return what happened, by day, as far as a page shows it."""
    shown = machine.lines()[:MOST_LINES]
    return [
        {**about(on, machine.calendar), "lines": [_line(one, known) for one in some]}
        for on, some in groupby(shown, lambda line: line.at.astimezone(CIVIL).date())
    ]


def about(on: date, calendar: Calendar) -> dict[str, Any]:
    """Return a day with its name and whether people work on it."""
    works, weekend = calendar.is_workday(on), on.weekday() >= SATURDAY
    kind = _("working day") if works else _("weekend") if weekend else _("public holiday")
    kind = _("working day in place of a holiday") if works and weekend else kind
    told = {"on": on.isoformat(), "weekday": str(DAYS[on.weekday()]), "kind": str(kind), "works": works}
    return {**told, "provisional": calendar.provisional(on)}


def sentence(line: Line, known: Names) -> str:
    """Return one thing that was done as a sentence: the day, who, what, and how it ended."""
    who = known.who(line)
    told = {"day": day(line.at), "who": who, "what": line.name, "how": line.said or gettext("done")}
    sound = (
        gettext("%(day)s %(who)s %(what)s: %(how)s", **told) if who else gettext("%(day)s %(what)s: %(how)s", **told)
    )
    return str(sound)


def parted(found: list[Parted]) -> list[dict[str, str]]:
    """Return where two plays part, as rows."""
    return [
        {
            "kind": str(KINDS[one.kind][0]),
            "name": _document(one.name) if one.kind is Kind.DOCUMENT else one.name,
            "before": _moment(one.before),
            "after": _moment(one.after),
        }
        for one in found[:MOST_LINES]
    ]


def steps(machine: Machine, owner: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return what moves on the diagrams, in order; `owner` tells the process that draws a scope."""
    return [
        {"at": stamp(one.at), "process": owner[one.process], "element": one.element, "event": one.event}
        for one in machine.trace[:MOST_STEPS]
        if one.process in owner
    ]


def _line(line: Line, known: Names) -> dict[str, Any]:
    label, tone = KINDS[line.kind]
    name = _document(line.detail) if line.kind is Kind.DOCUMENT else line.name
    told = {"kind": str(label), "tone": tone, "time": stamp(line.at)[-5:], "name": name, "who": known.who(line)}
    due = day(line.due) if line.due is not None else ""
    return {**told, "due": due, "said": line.said or "", "about": _reminder(line), "process": line.process}


def _reminder(line: Line) -> str:
    if line.kind is not Kind.REMINDED:
        return ""
    return str(REMINDERS.get(line.detail) or gettext("ahead of the date"))


def _document(kind: str) -> str:
    return str(DOCUMENTS.get(kind) or gettext("another document"))


def _moment(at: datetime | None) -> str:
    return stamp(at) or gettext("never")
