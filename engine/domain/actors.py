"""Who acts: a person, the roles they hold, and those in whose place they stand for the time being."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

Memberships = frozenset[tuple[str, str]]  # of organisation and role


@dataclass(frozen=True)
class Principal:
    """Somebody who lets another act in their place: with which memberships, and whether with `whole` of them."""

    person: UUID
    name: str
    memberships: Memberships
    whole: bool = True

    @property
    def roles(self) -> frozenset[str]:
        """Return the roles that are lent."""
        return frozenset(role for _, role in self.memberships)

    @property
    def told(self) -> dict[str, Any]:
        """Return what an event tells of something done in their place."""
        return {"for": {"person": str(self.person), "name": self.name}}


@dataclass(frozen=True)
class Capacity:
    """In whose place somebody acts on a task: one's own, or that of the `principal`, whose the task then is."""

    person: UUID
    principal: Principal | None = None

    @property
    def holder(self) -> UUID:
        """Return whose the task is."""
        return self.principal.person if self.principal else self.person

    @property
    def behalf(self) -> UUID | None:
        """Return in whose place the person acts, none in their own."""
        return self.principal.person if self.principal else None

    @property
    def people(self) -> tuple[UUID, ...]:
        """Return everybody who comes to hold the seat."""
        return (self.person, self.principal.person) if self.principal else (self.person,)

    @property
    def told(self) -> dict[str, Any]:
        """Return what an event tells of it, nothing when the person acts in their own place."""
        return self.principal.told if self.principal else {}


@dataclass(frozen=True)
class Actor:
    """A signed-in person and the (organisation, role) pairs they hold, those lent by `principals` among them.

    `own` are those that nobody lends; it counts only where there are principals.
    """

    id: UUID
    login: str
    name: str
    language: str
    memberships: Memberships
    principals: tuple[Principal, ...] = ()
    own: Memberships = frozenset()

    @property
    def roles(self) -> frozenset[str]:
        """Return the roles held anywhere."""
        return frozenset(role for _, role in self.memberships)

    @property
    def organisations(self) -> frozenset[str]:
        """Return the organisations acted for."""
        return frozenset(organisation for organisation, _ in self.memberships)

    @property
    def held(self) -> Memberships:
        """Return the memberships that are one's own."""
        return self.own if self.principals else self.memberships

    def capacity(self, role: str | None, organisation: str | None, assignee: UUID | None) -> Capacity | None:
        """Return in whose place the actor acts on a task they see; None when it is somebody else's.

        Whoever may act in their own place does so; what a principal has taken stays the principal's.
        """
        if assignee == self.id or (assignee is None and _seats(self.held, role, organisation)):
            return Capacity(self.id)
        for principal in self.principals:
            lends = _seats(principal.memberships, role, organisation)
            if (assignee is None and lends) or (assignee == principal.person and (principal.whole or lends)):
                return Capacity(self.id, principal)
        return None

    def standing_in(self, person: UUID) -> Capacity | None:
        """Return in whose place the actor does what a person was asked by name; None when they may not."""
        if person == self.id:
            return Capacity(self.id)
        found = (one for one in self.principals if one.person == person and one.whole)
        principal = next(found, None)
        return Capacity(self.id, principal) if principal else None

    def told(self, roles: Collection[str]) -> dict[str, Any]:
        """Return what an event tells of something done by one of `roles`: in whose place, if it is not one's own."""
        if not self.principals or any(role in roles for _, role in self.own):
            return {}
        lender = next((one for one in self.principals if not one.roles.isdisjoint(roles)), None)
        return lender.told if lender else {}

    @property
    def wholly(self) -> list[UUID]:
        """Return those in whose place the actor does everything."""
        return [principal.person for principal in self.principals if principal.whole]


def _seats(memberships: Memberships, role: str | None, organisation: str | None) -> bool:
    return any(held == role and organisation in {None, where} for where, held in memberships)
