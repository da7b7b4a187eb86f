"""A task's row: whose it is, until when, who is reminded; what its diagram cannot say becomes an incident."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.bpmn.elements import Element
from engine.bpmn.environment import Surroundings
from engine.domain import deadlines, durations, ladder
from engine.domain.deadlines import Term
from engine.domain.workdays import Calendar, Deadline
from engine.errors import AssigneeUnknown, IcityError

ASSIGN = text(
    """UPDATE task SET organisation = CAST(:organisation AS text), assignee = CAST(:assignee AS uuid)
  WHERE id = CAST(:task AS uuid) AND state = 'open'
  AND (CAST(:organisation AS text) IS NULL OR EXISTS (SELECT 1 FROM organisation WHERE id = :organisation))
  AND (CAST(:assignee AS uuid) IS NULL OR EXISTS (SELECT 1 FROM person WHERE id = CAST(:assignee AS uuid)))
  RETURNING id"""
)
REMIND = text("UPDATE reminder SET organisation = :organisation WHERE task = :task AND reminded_at IS NULL")
STILL = text("SELECT id, organisation, term FROM task WHERE id = ANY(:tasks) AND term IS NOT NULL AND state = 'open'")

Row = dict[str, Any]


def row(task: UUID, element: Element, around: Surroundings, data: dict[str, Any], still: frozenset[str]) -> Row:
    """Return the row of a fresh task; its `faults` are what could not be found out, in words.

    `still` are the keys of the deadlines that stand still: such a task is not due before its clock goes on.
    """
    faults: list[str] = []
    organisation, assignee = whose(element, around, data, faults)
    term, end = _deadline(element, around, still, faults)
    return {
        "id": task,
        "element": element.id,
        "name": element.name,
        "form": element.form,
        "role": element.role,
        "organisation": organisation,
        "assignee": assignee,
        "performer_of": element.performer_of,
        "due_at": end.due if end else None,
        "provisional": end is not None and end.provisional,
        "term": term.plain() if term else None,
        "faults": faults,
    }


def whose(
    element: Element, around: Surroundings, data: dict[str, Any], faults: list[str]
) -> tuple[str | None, UUID | None]:
    """Return the organisation and the person that the diagram names for a task; tell `faults` what fails."""
    organisation = _value(element.organisation, around, data, faults)
    person = _value(element.assignee, around, data, faults)
    try:
        return None if organisation is None else str(organisation), None if person is None else UUID(str(person))
    except ValueError:
        faults.append(str(AssigneeUnknown(assignee=person)))
        return None if organisation is None else str(organisation), None


def assign(session: Session, task: UUID, organisation: str | None, assignee: UUID | None) -> bool:
    """Give an open task to an organisation and a person; False when either is not known or the task not open."""
    given = {"task": task, "organisation": organisation, "assignee": assignee}
    if session.connection().execute(ASSIGN, given).scalar() is None:
        return False
    session.connection().execute(REMIND, {"task": task, "organisation": organisation})
    return True


def reminders(calendar: Calendar, now: datetime, opened: list[Row]) -> Iterable[Row]:
    """Return when people are told of the deadlines of fresh tasks: the next step of the ladder leads to the others."""
    for one in opened:
        step = ladder.load().next(calendar, one["due_at"], now) if one["due_at"] is not None else None
        if step is not None:
            yield {
                "task": one["id"],
                "element": one["element"],
                "due_at": one["due_at"],
                "kind": step[0].kind,
                "remind_at": step[1],
                "roles": [one["role"]] if one["role"] else [],
                "organisation": one["organisation"],
            }


def resumed(session: Session, calendar: Calendar, now: datetime, tasks: Mapping[UUID, Element]) -> list[Row]:
    """Return the rows of open tasks whose clock goes on: `before` is when each would have been due without the stop."""
    found = session.connection().execute(STILL, {"tasks": list(tasks)}) if tasks else ()
    return [_resumed(kept, tasks[kept.id], calendar, now) for kept in found]


def notices(element: Element, task: UUID, due: datetime, now: datetime) -> Iterable[Row]:
    """Return when people are told that the moment of a timer comes near."""
    for period in element.remind:
        moment = durations.after(due, durations.parse(period), -1)
        if moment > now:
            yield {
                "task": task,
                "element": element.id,
                "due_at": due,
                "kind": period,
                "remind_at": moment,
                "roles": list(element.remind_roles),
                "organisation": None,
            }


def _resumed(kept: Any, element: Element, calendar: Calendar, now: datetime) -> Row:
    stood = deadlines.read(kept.term)
    term = deadlines.resumed(stood, now)
    end = deadlines.reckon(calendar, term)
    before = deadlines.reckon(calendar, deadlines.unstopped(stood))
    return {
        "id": kept.id,
        "element": element.id,
        "name": element.name,
        "role": element.role,
        "organisation": kept.organisation,
        "due_at": end.due if end else None,
        "provisional": end is not None and end.provisional,
        "term": term.plain(),
        "before": before.due if before else None,
    }


def _value(source: str | None, around: Surroundings, data: dict[str, Any], faults: list[str]) -> Any:
    if not source:
        return None
    try:
        return around.value(source, data)
    except IcityError as fault:
        faults.append(str(fault))
        return None


def _deadline(
    element: Element, around: Surroundings, still: frozenset[str], faults: list[str]
) -> tuple[Term | None, Deadline | None]:
    if not element.deadline:
        return None, None
    try:
        term = around.term(element.deadline, element.id)
        if element.deadline in still:
            term = deadlines.stopped(term, around.now)
        return term, deadlines.reckon(around.calendar, term)
    except IcityError as fault:
        faults.append(str(fault))
        return None, None
