"""The audience of an event: who has the task, who signs for the unit, who stands in for them; a few queries a batch."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine import clock
from engine.events import Recorded
from engine.notices.rules import ROLE, Told

MOST = 100  # people told of one event; a pool that is larger finds it in its list
SIGNS, DRAFTS, FORWARDS = "APP_LEAD", "APP_FILL", "CITY_FWD"
PROVINCE = "PRV_"

Seat = tuple[str, str | None]  # a role, and the organisation in which it is held; None: wherever

PLACES = text(
    """SELECT e.id, e.actor, actor.name AS who, i.title AS case_title, i.organisation AS home, i.subject, i.started_by,
    i.deployment, i.id AS instance, t.id AS task, t.name AS task_name, t.role, t.organisation, t.assignee, t.due_at,
    d.name AS unit_name, city.id AS city
  FROM event e LEFT JOIN instance i ON i.id = e.instance LEFT JOIN task t ON t.id = e.task
  LEFT JOIN person actor ON actor.id = e.actor
  LEFT JOIN division d ON d.unit = coalesce(i.subject, e.data->>'unit')
    AND d.valid_from <= :today AND (d.valid_to IS NULL OR d.valid_to > :today)
  LEFT JOIN LATERAL (SELECT o.id FROM organisation o JOIN membership m ON m.organisation = o.id AND m.role = :forwards
    WHERE o.division = d.parent LIMIT 1) city ON true
  WHERE e.id = ANY(:ids)"""
)
HOLDERS = text(
    """SELECT m.person, m.role, m.organisation FROM membership m JOIN person p ON p.id = m.person AND p.active
  WHERE m.role = ANY(:roles)"""
)
PEOPLE = text("SELECT id, name, language FROM person WHERE active AND id = ANY(:ids)")
STAND_INS = text(
    """SELECT s.person, s.substitute, s.roles FROM substitution s JOIN person p ON p.id = s.substitute AND p.active
  WHERE s.person = ANY(:ids) AND s.ended_at IS NULL AND :today BETWEEN s.since AND s.until"""
)


@dataclass(frozen=True)
class Reader:
    """A person who is told."""

    id: UUID
    name: str
    language: str


@dataclass(frozen=True)
class Audience:
    """Who is told of each event and rule, and the facts of each event."""

    readers: Mapping[tuple[int, int], Sequence[Reader]]
    places: Mapping[int, Any]


def gather(session: Session, happened: Sequence[tuple[Recorded, int, Told]]) -> Audience:
    """Return whom the rules tell of the events, each with its place in `happened`, in four queries.

    Whoever did it is not told of it. Who stands in for a reader today is told as well.
    """
    today, ids = clock.today(), [event.id for event, _, _ in happened]
    places = {row.id: row for row in session.execute(PLACES, {"ids": ids, "today": today, "forwards": FORWARDS})}
    wanted = {(event.id, index): _wanted(event, rule, places[event.id]) for event, index, rule in happened}
    seats = _seats(session, {seat for _, some in wanted.values() for seat in some})
    named = {
        key: {*people, *(one for seat in some for one in seats.get(seat, ()))} for key, (people, some) in wanted.items()
    }
    stand_ins = _stand_ins(session, {one for some in named.values() for one in some}, today)
    told = {key: [*people, *(other for one in people for other in stand_ins[one])] for key, people in named.items()}
    known = _people(session, {one for some in told.values() for one in some})
    return Audience(
        {
            key: [known[one] for one in dict.fromkeys(some) if one in known and one != places[key[0]].actor][:MOST]
            for key, some in told.items()
        },
        places,
    )


def _wanted(event: Recorded, rule: Told, place: Any) -> tuple[set[UUID], set[Seat]]:
    people: set[UUID] = set()
    seats: set[Seat] = set()
    for to in rule.to:
        some, chairs = _word(to, event, place)
        people |= some
        seats |= chairs
    return people, seats


def _word(to: str, event: Recorded, place: Any) -> tuple[set[UUID], set[Seat]]:
    if to.startswith(ROLE):
        return set(), {(to.removeprefix(ROLE), None)}
    if to == "starter":
        return {place.started_by} - {None}, set()
    if to == "named":
        return {UUID(str(one)) for one in event.data.get("readers", [])}, set()
    if to == "holder":
        return ({place.assignee}, set()) if place.assignee else (set(), _chairs([place.role], place.organisation))
    if to == "roles":
        return _reminded(event, place)
    homes = {"unit": ([SIGNS, DRAFTS], place.home), "city": ([FORWARDS], place.city)}
    roles, home = homes[to]
    return set(), _chairs(roles, home) if home else set()


def _reminded(event: Recorded, place: Any) -> tuple[set[UUID], set[Seat]]:
    """Return who is reminded: the one person who has the task, or the roles that the reminder names."""
    roles = [str(role) for role in event.data.get("roles", [])]
    if place.assignee and roles == [place.role]:
        return {place.assignee}, set()
    organisation = event.data.get("organisation") or (None if place.task else place.home)
    return set(), {
        seat for role in roles for seat in _chairs([role], None if role.startswith(PROVINCE) else organisation)
    }


def _chairs(roles: Iterable[str | None], organisation: str | None) -> set[Seat]:
    return {(role, organisation) for role in roles if role}


def _seats(session: Session, seats: set[Seat]) -> dict[Seat, list[UUID]]:
    found: dict[Seat, list[UUID]] = defaultdict(list)
    if seats:
        for row in session.execute(HOLDERS, {"roles": sorted({role for role, _ in seats})}):
            for seat in ((row.role, row.organisation), (row.role, None)):
                if seat in seats:
                    found[seat].append(row.person)
    return found


def _stand_ins(session: Session, people: set[UUID], today: Any) -> dict[UUID, list[UUID]]:
    found: dict[UUID, list[UUID]] = defaultdict(list)
    if people:
        for row in session.execute(STAND_INS, {"ids": list(people), "today": today}):
            found[row.person].append(row.substitute)
    return found


def _people(session: Session, people: set[UUID]) -> dict[UUID, Reader]:
    if not people:
        return {}
    return {row.id: Reader(row.id, row.name, row.language) for row in session.execute(PEOPLE, {"ids": list(people)})}
