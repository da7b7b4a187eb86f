"""Colleagues: to whom somebody may turn with a task, and whom an earlier step of the case keeps from it.

Who stands where is all that is asked of a colleague: the same role in the same organisation, the same organisation, or
the offices of the same unit. Whoever is further away is asked by the diagram, not by a person.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine import independence
from engine.domain.actors import Actor, Capacity
from engine.errors import ColleagueRefused
from engine.independence import Place

FIND = text(
    """SELECT person.id, person.name, (array_agg(organisation.name ORDER BY organisation.id))[1] AS organisation_name,
    array_agg(DISTINCT membership.role ORDER BY membership.role) AS roles
  FROM membership JOIN person ON person.id = membership.person AND person.active
  JOIN organisation ON organisation.id = membership.organisation
  WHERE (organisation.id = ANY(CAST(:organisations AS text[])) OR CAST(:unit AS boolean) AND organisation.division IN
      (SELECT division FROM organisation AS own WHERE own.id = ANY(CAST(:organisations AS text[]))))
    AND (CAST(:role AS text) IS NULL OR membership.role = CAST(:role AS text))
  GROUP BY person.id, person.name ORDER BY min(organisation.id), person.name, person.id"""
)
STRANGER = {"zh": "只能交给本单位符合条件的同事。", "en": "Choose one of your own colleagues who may do this."}
NOBODY = {"zh": "请至少选择一人。", "en": "Choose at least one person."}
SIGNS = {"zh": "已被请在该任务上加签。", "en": "Was asked for a sign on this task."}


@dataclass(frozen=True)
class Colleague:
    """Somebody to turn to; `barred` says in words why they may not be chosen."""

    id: UUID
    name: str
    organisation_name: dict[str, str]
    roles: list[str]
    barred: Mapping[str, str] | None = None


def holders(session: Session, role: str, organisations: Iterable[str]) -> list[Colleague]:
    """List who holds a role in one of these organisations."""
    return _find(session, {"role": role, "organisations": sorted(organisations), "unit": False})


def inside(session: Session, organisations: Iterable[str]) -> list[Colleague]:
    """List who holds any role in one of these organisations."""
    return _find(session, {"role": None, "organisations": sorted(organisations), "unit": False})


def around(session: Session, organisations: Iterable[str]) -> list[Colleague]:
    """List who holds any role in one of these organisations or in another office of the same unit."""
    return _find(session, {"role": None, "organisations": sorted(organisations), "unit": True})


def organisations_of(actor: Actor, who: Capacity, role: str | None = None) -> frozenset[str]:
    """Return for which organisations somebody acts in a capacity, with a role if they hold it anywhere."""
    held = who.principal.memberships if who.principal else actor.held
    named = frozenset(organisation for organisation, one in held if one == role)
    return named or frozenset(organisation for organisation, _ in held)


def judged(session: Session, pool: Sequence[Colleague], place: Place, signers: Iterable[UUID] = ()) -> list[Colleague]:
    """Return a pool in which everybody whom an earlier step excludes, or who signs on this one, says why."""
    why: dict[UUID, Mapping[str, str]] = dict(independence.barred(session, [one.id for one in pool], place))
    why |= dict.fromkeys(signers, SIGNS)
    return [replace(one, barred=why.get(one.id)) for one in pool]


def chosen(pool: Iterable[Colleague], people: Sequence[UUID]) -> list[Colleague]:
    """Return those of a pool who are named, in that order and each once; raise ColleagueRefused for anybody else."""
    known = {one.id: one for one in pool}
    wanted = list(dict.fromkeys(people))
    if not wanted:
        raise ColleagueRefused(why=NOBODY)
    strange = [person for person in wanted if person not in known]
    if strange:
        raise ColleagueRefused(why=STRANGER, people=strange)
    return [known[person] for person in wanted]


def _find(session: Session, asked: Mapping[str, Any]) -> list[Colleague]:
    return [Colleague(**row) for row in session.execute(FIND, asked).mappings()]
