"""Ownership: which programmes somebody may change in the studio, and which they may sign after somebody else."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import identity
from engine.errors import NotAllowed
from engine.identity import Actor
from engine.tables import Membership, Person

EVERY = "*"


@dataclass(frozen=True)
class Reach:
    """The programmes that somebody may do something with; `every` of them, or those in `names`."""

    every: bool
    names: frozenset[str]

    def __contains__(self, programme: object) -> bool:
        return self.every or programme in self.names

    def __bool__(self) -> bool:
        return self.every or bool(self.names)


def edited_by(actor: Actor) -> Reach:
    """Return the programmes whose drafts the actor may change, as config/roles.toml says of the roles they hold."""
    held = identity.roles()
    return _reach(name for role in actor.roles & held.keys() for name in held[role].edits)


def approved_by(actor: Actor) -> Reach:
    """Return the programmes whose drafts the actor may sign; whose hand is in a draft is another question."""
    held = identity.roles()
    return _reach(name for role in actor.roles & held.keys() for name in held[role].approves)


def editors(programme: str) -> frozenset[str]:
    """Return the roles whose holders may change drafts of a programme."""
    return frozenset(key for key, role in identity.roles().items() if programme in _reach(role.edits))


def approvers(programme: str) -> frozenset[str]:
    """Return the roles whose holders may sign drafts of a programme."""
    return frozenset(key for key, role in identity.roles().items() if programme in _reach(role.approves))


def holders(session: Session, roles: Iterable[str]) -> list[str]:
    """List the names of everybody active who holds one of the roles."""
    query = select(Person.name).join(Membership, Membership.person == Person.id)
    return list(
        session.scalars(query.where(Membership.role.in_(list(roles)), Person.active).distinct().order_by(Person.name))
    )


def may_edit(actor: Actor, programme: str) -> bool:
    """Tell whether the actor may change drafts of a programme."""
    return programme in edited_by(actor)


def may_approve(actor: Actor, programme: str) -> bool:
    """Tell whether the actor may sign drafts of a programme."""
    return programme in approved_by(actor)


def may_see(actor: Actor, programme: str) -> bool:
    """Tell whether a programme is on the actor's bench: they may change it or sign it."""
    return may_edit(actor, programme) or may_approve(actor, programme)


def must_edit(actor: Actor, programme: str) -> None:
    """Raise NotAllowed unless the actor may change drafts of a programme."""
    if not may_edit(actor, programme):
        raise NotAllowed(programme=programme)


def must_approve(actor: Actor, programme: str) -> None:
    """Raise NotAllowed unless the actor may sign drafts of a programme."""
    if not may_approve(actor, programme):
        raise NotAllowed(programme=programme)


def must_see(actor: Actor, programme: str) -> None:
    """Raise NotAllowed unless the actor may change a programme or sign it."""
    if not may_see(actor, programme):
        raise NotAllowed(programme=programme)


def _reach(names: Iterable[str]) -> Reach:
    found = frozenset(names)
    return Reach(EVERY in found, found - {EVERY})
