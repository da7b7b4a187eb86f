"""Substitutions (代理): who stands in for a person who is away, from one day to another, with which of their roles.

A substitute may do what the person may, not more: the rules of independence are asked of both. It ends by itself with
its last day. Who stands in for somebody lets nobody stand in for themselves meanwhile, so that nothing is passed on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, and_, insert, or_, select, update
from sqlalchemy.orm import Session, aliased

from engine import clock, colleagues, events
from engine.colleagues import Colleague
from engine.errors import NotFound, SubstitutionRefused
from engine.events import Kind
from engine.identity import Actor
from engine.tables import Person, Substitution

LONGEST = 366  # days
SHOWN = 100


@dataclass(frozen=True)
class Appointment:
    """Who is to stand in, on which days, with which roles - none named: with all of them - and why."""

    substitute: UUID
    since: date
    until: date
    reason: str
    roles: Sequence[str] = ()


@dataclass(frozen=True)
class SubstitutionRow:
    """Who stands in for whom: `state` is coming, in force, over, or ended before its last day."""

    id: UUID
    person: UUID
    person_name: str
    substitute: UUID
    substitute_name: str
    roles: list[str]
    since: date
    until: date
    reason: str
    made_at: datetime
    ended_at: datetime | None
    state: str


def appoint(session: Session, actor: Actor, wanted: Appointment) -> UUID:
    """Let a colleague stand in for the actor; return the id of the substitution. Raise SubstitutionRefused.

    Only roles of the actor's own are lent, to a colleague of the same organisation or of another office of the unit.
    """
    _check(session, actor, wanted)
    both = sorted([actor.id, wanted.substitute])
    session.execute(select(Person.id).where(Person.id.in_(both)).order_by(Person.id).with_for_update())
    _refuse_overlaps(session, actor, wanted)
    made = uuid4()
    days = {"since": wanted.since, "until": wanted.until}
    row = {"id": made, "person": actor.id, "substitute": wanted.substitute, "roles": sorted(set(wanted.roles)), **days}
    session.execute(insert(Substitution).values(**row, reason=wanted.reason.strip(), made_at=clock.now()))
    facts = {"substitute": str(wanted.substitute), "roles": row["roles"], "reason": wanted.reason.strip()}
    told = {"since": wanted.since.isoformat(), "until": wanted.until.isoformat()}
    events.append(session, Kind.SUBSTITUTE_APPOINTED, actor=actor.id, data={**facts, **told})
    return made


def end(session: Session, actor: Actor, substitution: UUID) -> None:
    """End a substitution before its last day: by whom it is for, or by who stands in; done twice it stays ended.

    Raise NotFound to everybody else.
    """
    mine = and_(Substitution.id == substitution, _concerns(actor))
    found = session.execute(select(Substitution.id).where(mine).with_for_update()).scalar_one_or_none()
    if found is None:
        raise NotFound(substitution=substitution)
    running = and_(
        Substitution.id == substitution, Substitution.ended_at.is_(None), Substitution.until >= clock.today()
    )
    change = update(Substitution).where(running).values(ended_at=clock.now()).returning(Substitution.id)
    if session.execute(change.execution_options(synchronize_session=False)).scalar() is not None:
        events.append(session, Kind.SUBSTITUTE_ENDED, actor=actor.id, data={"substitution": str(substitution)})


def listing(session: Session, actor: Actor) -> list[SubstitutionRow]:
    """List the substitutions that the actor made or was appointed by, the latest first."""
    query = _query().where(_concerns(actor)).order_by(Substitution.since.desc(), Substitution.made_at.desc())
    return _read(session, query.limit(SHOWN))


def in_force(session: Session, actor: Actor) -> list[SubstitutionRow]:
    """List the substitutions of today: who stands in for the actor, and for whom the actor stands in."""
    today = clock.today()
    now = and_(Substitution.since <= today, Substitution.until >= today, Substitution.ended_at.is_(None))
    return _read(session, _query().where(_concerns(actor), now).order_by(Substitution.made_at))


def candidates(session: Session, actor: Actor) -> list[Colleague]:
    """List who may stand in for the actor."""
    own = {organisation for organisation, _ in actor.held}
    return [one for one in colleagues.around(session, own) if one.id != actor.id]


def _check(session: Session, actor: Actor, wanted: Appointment) -> None:
    """Raise SubstitutionRefused unless days, roles, reason and colleague are such as may be."""
    if not wanted.reason.strip():
        raise _refused("请说明原因。", "Say why.")
    if wanted.since < clock.today() or wanted.until < wanted.since:
        raise _refused("日期不得早于今天，止日不得早于起日。", "The days lie in the past, or end before they begin.")
    if (wanted.until - wanted.since).days >= LONGEST:
        raise _refused("代理期限不得超过一年。", "Nobody stands in for longer than a year.")
    if not set(wanted.roles) <= {role for _, role in actor.held}:
        raise _refused("只能委托自己担任的角色。", "Only roles of your own can be lent.")
    if wanted.substitute not in {one.id for one in candidates(session, actor)}:
        raise _refused("只能委托本单位的其他同事。", "Choose one of your own colleagues.")


def _refuse_overlaps(session: Session, actor: Actor, wanted: Appointment) -> None:
    """Raise SubstitutionRefused when somebody would stand in for a substitute, or two would share a role."""
    others = select(Substitution.person, Substitution.substitute, Substitution.roles).where(
        Substitution.ended_at.is_(None),
        Substitution.since <= wanted.until,
        Substitution.until >= wanted.since,
        or_(
            Substitution.person.in_([actor.id, wanted.substitute]),
            Substitution.substitute == actor.id,
        ),
    )
    for person, substitute, lent in session.execute(others):
        if substitute == actor.id:
            raise _refused("该期间您在代理他人，不能再委托代理。", "You stand in for somebody on these days.")
        if person == wanted.substitute:
            raise _refused("该期间其已委托他人代理。", "Somebody stands in for that person on these days.")
        if not lent or not wanted.roles or set(lent) & set(wanted.roles):
            raise _refused("该期间已委托他人代理。", "Somebody stands in for you on these days already.")


def _concerns(actor: Actor) -> ColumnElement[bool]:
    return or_(Substitution.person == actor.id, Substitution.substitute == actor.id)


def _query() -> Any:
    away, here = aliased(Person), aliased(Person)
    return (
        select(Substitution, away.name.label("person_name"), here.name.label("substitute_name"))
        .join(away, away.id == Substitution.person)
        .join(here, here.id == Substitution.substitute)
    )


def _read(session: Session, query: Any) -> list[SubstitutionRow]:
    return [
        SubstitutionRow(
            id=row.id,
            person=row.person,
            person_name=person_name,
            substitute=row.substitute,
            substitute_name=substitute_name,
            roles=row.roles,
            since=row.since,
            until=row.until,
            reason=row.reason,
            made_at=row.made_at,
            ended_at=row.ended_at,
            state=_state(row),
        )
        for row, person_name, substitute_name in session.execute(query.execution_options(populate_existing=True))
    ]


def _state(row: Substitution) -> str:
    today = clock.today()
    if row.ended_at is not None:
        return "ended"
    if row.until < today:
        return "over"
    return "coming" if row.since > today else "in force"


def _refused(zh: str, en: str) -> SubstitutionRefused:
    return SubstitutionRefused(why={"zh": zh, "en": en})
