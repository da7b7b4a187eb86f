"""Registrars: what other systems tell the registers - figures, holidays, divisions, seals, receipts, opinions.

Each takes what a source's payload holds, as config/sources.toml maps it, and does what the register's own verb does.
Only what came signed through a source's door is taken; people have pages of their own for all of it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine import calendars, clock, divisions, events, figures
from engine.domain.divisions import Change, Happening, Level, Period
from engine.domain.holidays import Arrangement
from engine.domain.yearbook import Published
from engine.errors import MessageRefused
from engine.events import Kind
from engine.figures import Hands
from engine.tables import DocumentState, Draft, Instance, Membership, OfficialDocument, Task, TaskState

DOOR = "hook:"  # how the source of a message begins that came through a source's door
OPINION = "T24_department_opinion"


@dataclass(frozen=True)
class Entered:
    """What came of it: the case it concerned, and the message that starts what is to follow, if any."""

    instance: UUID | None = None
    starts: str | None = None
    payload: dict[str, Any] = field(default_factory=dict)


Registrar = Callable[[Session, str, Mapping[str, Any]], Entered]


def enter(session: Session, source: str, name: str, payload: Mapping[str, Any]) -> Entered | None:
    """Enter what a message of a source says into its register; None where no register takes such messages.

    Raise MessageRefused, or what the register's own verb raises.
    """
    registrar = REGISTRARS.get(name) if source.startswith(DOOR) else None
    if registrar is None:
        return None
    try:
        return registrar(session, source, payload)
    except (KeyError, TypeError, ValueError, ArithmeticError) as fault:
        raise MessageRefused(reason=f"the register cannot read it: {fault}") from fault


def _figures(session: Session, source: str, told: Mapping[str, Any]) -> Entered:
    """Put the figures of a year on record as a statistics bureau publishes them."""
    rows = [
        Published(
            row["unit"],
            int(told["year"]),
            row["code"],
            Decimal(str(row["value"])),
            str(row.get("definition") or ""),
            str(told.get("publication") or source),
        )
        for row in told["rows"]
    ]
    figures.publish(session, Hands(), rows)
    return Entered()


def _holidays(session: Session, source: str, told: Mapping[str, Any]) -> Entered:
    """Load a notice of holidays."""
    days = {date.fromisoformat(day): False for day in told["free"]}
    days |= {date.fromisoformat(day): True for day in told["worked"]}
    notice = Arrangement(told["number"], date.fromisoformat(told["issued_on"]), days)
    calendars.load_notice(session, notice, source)
    return Entered()


def _division(session: Session, _: str, told: Mapping[str, Any]) -> Entered:
    """Enter what became of divisions, and start the handling of it."""
    effective = date.fromisoformat(told["effective_on"])
    units = _units(told["from_units"]), _units(told["to_units"])
    act = Happening(effective, Change(told["kind"]), told["document_no"], *units, told["note"] or "")
    begun = [
        Period(row["unit"], row["code"], row["name"], Level(row["level"]), row.get("parent"), effective)
        for row in told["begun"]
    ]
    number = divisions.enter(session, None, act, begun)
    return Entered(starts="unit.event", payload={"event_id": number})


def _seal(session: Session, source: str, told: Mapping[str, Any]) -> Entered:
    """Note that a document was sealed; the seal counts only for the very file that we printed."""
    paper = _paper(session, told["number"])
    if paper.pdf is None or paper.pdf != told["sha256"]:
        raise MessageRefused(reason="the sealed file is not the one that was issued")
    facts = {"number": paper.number, "seal": told["seal"], "sealed_at": told["sealed_at"], "source": source}
    return _noted(session, Kind.DOCUMENT_SEALED, paper, facts)


def _receipt(session: Session, source: str, told: Mapping[str, Any]) -> Entered:
    """Note what became of a document at its receiver: taken, or sent back with a reason."""
    paper = _paper(session, told["number"])
    facts = {"number": paper.number, "receiver": told["receiver"], "status": told["status"], "at": told["at"]}
    return _noted(session, Kind.DOCUMENT_EXCHANGED, paper, {**facts, "reason": told["reason"], "source": source})


def _opinion(session: Session, _: str, told: Mapping[str, Any]) -> Entered:
    """Fill a department's opinion in for its reviewers, who check and send it; what they typed themselves stays."""
    query = select(Task).join(Instance, Instance.id == Task.instance)
    query = query.where(Task.form == OPINION, Task.state == TaskState.OPEN, Task.organisation == told["department"])
    open_ = session.scalars(query.where(Instance.title == told["case"]).limit(2)).all()
    if len(open_) != 1:
        raise MessageRefused(reason="the department has no opinion to give in such a case at the moment")
    (task,) = open_
    answers = {"opinion": told["opinion"], "reason": told["reason"]}
    people = [task.assignee] if task.assignee else _holders(session, task)
    rows = [{"task": task.id, "person": one, "answers": answers, "saved_at": clock.now()} for one in people]
    if rows:
        session.execute(insert(Draft).on_conflict_do_nothing(), rows)
    return Entered(task.instance)


def _holders(session: Session, task: Task) -> Sequence[UUID]:
    seat = tuple_(Membership.organisation, Membership.role) == (task.organisation, task.role)
    return session.scalars(select(Membership.person).where(seat)).all()


def _paper(session: Session, number: str) -> OfficialDocument:
    valid = (OfficialDocument.number == number, OfficialDocument.state == DocumentState.ISSUED)
    paper = session.scalar(select(OfficialDocument).where(*valid))
    if paper is None:
        raise MessageRefused(reason="there is no valid document with this number")
    return paper


def _noted(session: Session, kind: Kind, paper: OfficialDocument, facts: dict[str, Any]) -> Entered:
    events.append(session, kind, instance=paper.instance, data=facts)
    return Entered(paper.instance)


def _units(given: Sequence[Any]) -> tuple[str, ...]:
    return tuple(str(one) for one in given)


REGISTRARS: Mapping[str, Registrar] = {
    "figures.published": _figures,
    "calendar.noticed": _holidays,
    "division.announced": _division,
    "document.seal": _seal,
    "document.receipt": _receipt,
    "opinion.given": _opinion,
}
