"""The register of titles: who holds what, granted and ended by verbs that keep the rules, and who may not apply."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine import events
from engine.domain import titles
from engine.domain.titles import Decision, Ending, Kind
from engine.tables import Bar, Title


@dataclass(frozen=True)
class Ground:
    """Whose move grants or ends a title, so that the event can say so; none where a register is only seeded."""

    programme: str
    instance: UUID | None = None
    actor: UUID | None = None


@dataclass(frozen=True)
class Holder:
    """Who holds a title on a day."""

    unit: str
    kind: str
    granted_on: date
    document_no: str
    case_id: str | None


def grant(session: Session, ground: Ground, wanted: titles.Title, case_id: str | None) -> None:
    """Enter the title `wanted`; raise TitleRefused when the unit may not be granted it."""
    titles.grant([title for *_, title in _history(session, [wanted.unit])], wanted)
    session.execute(insert(Title), [_row(ground.programme, wanted, case_id)])
    _tell(session, ground, events.Kind.TITLE_GRANTED, [wanted])


def end(session: Session, ground: Ground, unit: str, kinds: Iterable[Kind], decision: Decision) -> list[Kind]:
    """End the open titles of `unit` that are of `kinds`; return the kinds that ended. Raises TitleRefused."""
    wanted = set(kinds)
    known = _history(session, [unit])
    open_ = {key: title for key, _, title in known if title.ended_on is None and title.kind in wanted}
    ended = [titles.end(title, decision) for title in open_.values()]
    _close(session, list(open_), decision)
    _tell(session, ground, events.Kind.TITLE_ENDED, ended)
    return [title.kind for title in ended]


def settle(
    session: Session, ground: Ground, who: tuple[str, str | None], what: tuple[titles.Effect, Decision]
) -> titles.Outcome:
    """Do to the titles of a unit, and of its heir if it has one, what a change of divisions does; raise TitleRefused.

    What an heir takes over keeps the day it was granted, so that the two years go on.
    """
    unit, heir = who
    effect, decision = what
    found = {title: (key, case_id) for key, case_id, title in _history(session, [one for one in who if one])}
    outcome = titles.consequence(effect, list(found), heir, decision)
    own = {title.kind: found[title] for title in found if title.unit == unit and title.ended_on is None}
    _close(session, [own[title.kind][0] for title in outcome.ended], decision)
    rows = [_row(ground.programme, title, own[title.kind][1]) for title in outcome.granted]
    if rows:
        session.execute(insert(Title), rows)
    _tell(session, ground, events.Kind.TITLE_ENDED, outcome.ended)
    _tell(session, ground, events.Kind.TITLE_GRANTED, outcome.granted)
    return outcome


def bar(session: Session, ground: Ground, barred: Bar) -> None:
    """Keep a unit from applying for some rounds; `barred` says which unit, since when, for how long and why."""
    session.add(barred)
    session.flush()
    data = {"unit": barred.unit, "rounds": barred.rounds, "reason": barred.reason, "number": barred.document_no}
    events.append(session, events.Kind.UNIT_BARRED, instance=ground.instance, actor=ground.actor, data=data)


def of(session: Session, units: Sequence[str], on: date) -> dict[str, list[str]]:
    """Return the kinds of title that each of `units` holds on the day `on`, in one query."""
    found = defaultdict(list)
    query = select(Title.unit, Title.kind).where(Title.unit.in_(units), held(Title, on)).order_by(Title.kind)
    for unit, kind in session.execute(query):
        found[unit].append(kind)
    return dict(found)


def known(session: Session, on: date) -> list[titles.Title]:
    """Return every title granted by the day `on`, ended or not, oldest first, in one query."""
    rows = session.scalars(select(Title).where(Title.granted_on <= on).order_by(Title.granted_on, Title.kind))
    return [_plain(row) for row in rows]


def holders(session: Session, on: date, kinds: Iterable[Kind] = Kind) -> list[Holder]:
    """Return who holds a title of `kinds` on the day `on`, by unit, in one query."""
    query = select(Title.unit, Title.kind, Title.granted_on, Title.document_no, Title.case_id)
    wanted = query.where(Title.kind.in_([kind.value for kind in kinds]), held(Title, on))
    return [Holder(*row) for row in session.execute(wanted.order_by(Title.unit, Title.kind))]


def held(title: Any, on: date) -> ColumnElement[bool]:
    """Return the condition that a row of the table of titles is held on the day `on`."""
    return and_(title.granted_on <= on, or_(title.ended_on.is_(None), title.ended_on > on))


def faults(session: Session) -> list[str]:
    """Return which rules of programme chapter 8.1 the register breaks, each with its unit; none when it is sound."""
    return titles.faults(_plain(row) for row in session.scalars(select(Title)))


def seed(session: Session, programme: str, given: Iterable[titles.Title]) -> None:
    """Enter titles that were granted before this register was kept; those that are there already stay as they are."""
    rows = [_row(programme, title, None) for title in given]
    known = {(unit, kind) for unit, kind in session.execute(select(Title.unit, Title.kind))}
    new = [row for row in rows if (row["unit"], row["kind"]) not in known]
    if new:
        session.execute(insert(Title), new)


def _history(session: Session, units: Sequence[str]) -> list[tuple[UUID, str | None, titles.Title]]:
    """Return and lock every title that `units` hold or held, oldest first, each with its row's id and its case."""
    query = select(Title).where(Title.unit.in_(units)).order_by(Title.granted_on, Title.kind).with_for_update()
    return [(row.id, row.case_id, _plain(row)) for row in session.scalars(query)]


def _close(session: Session, keys: Sequence[UUID], decision: Decision) -> None:
    over = update(Title).where(Title.id.in_(keys))
    session.execute(
        over.values(ended_on=decision.on, end_reason=decision.reason.value, end_document_no=decision.document_no)
    )


def _row(programme: str, title: titles.Title, case_id: str | None) -> dict[str, Any]:
    return {
        "id": uuid4(),
        "programme": programme,
        "unit": title.unit,
        "kind": title.kind.value,
        "granted_on": title.granted_on,
        "document_no": title.document_no,
        "case_id": case_id,
    }


def _plain(row: Title) -> titles.Title:
    reason = Ending(row.end_reason) if row.end_reason else None
    return titles.Title(
        row.unit, Kind(row.kind), row.granted_on, row.document_no, row.ended_on, reason, row.end_document_no
    )


def _tell(session: Session, ground: Ground, kind: events.Kind, changed: Iterable[titles.Title]) -> None:
    events.record(
        session,
        [{"kind": kind, "instance": ground.instance, "actor": ground.actor, "data": _told(title)} for title in changed],
    )


def _told(title: titles.Title) -> dict[str, Any]:
    told = {"unit": title.unit, "title": title.kind.value}
    if title.ended_on is None:
        return told | {"on": title.granted_on.isoformat(), "number": title.document_no}
    reason = title.end_reason.value if title.end_reason else None
    return told | {"on": title.ended_on.isoformat(), "number": title.end_document_no, "ending": reason}
