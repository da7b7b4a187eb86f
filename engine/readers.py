"""Who may read what the registers hold of a unit: the province all, others their own units and those they work on."""

from typing import Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, true, tuple_
from sqlalchemy.orm import InstrumentedAttribute, aliased

from engine.tables import Division, Instance, Organisation, Task

PROVINCIAL = ("PRV_", "GOV_", "OBJ_", "APPEAL_")
STATISTICS = "STAT_PRV"


class Reader(Protocol):
    """A person who asks: an actor is one."""

    @property
    def id(self) -> UUID:
        """Return who it is."""

    @property
    def roles(self) -> frozenset[str]:
        """Return the roles held anywhere."""

    @property
    def memberships(self) -> frozenset[tuple[str, str]]:
        """Return the pairs of organisation and role."""


def is_provincial(reader: Reader) -> bool:
    """Return whether `reader` serves the whole province: its departments that run the programme, its government."""
    return any(role.startswith(PROVINCIAL) or role == STATISTICS for role in reader.roles)


def may_read(reader: Reader, unit: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """Return the condition under which `reader` may read what is on record of the unit in the column `unit`.

    Governments and bureaux read of their own unit and of the districts whose files they forward; whoever has or had a
    task in a case of the unit (an agency, a department) reads of it too.
    """
    if is_provincial(reader):
        return true()
    seats = sorted(reader.memberships)
    own = select(Organisation.division).where(Organisation.id.in_([organisation for organisation, _ in seats]))
    # Organisations name a division by code, figures by unit; a unit that changed its code is read under each it bore.
    named = aliased(Division)
    units = select(named.unit).where(or_(named.code.in_(own), named.parent.in_(own)))
    mine = or_(Task.assignee == reader.id, Task.ended_by == reader.id, tuple_(Task.organisation, Task.role).in_(seats))
    worked_on = select(Instance.subject).join(Task, Task.instance == Instance.id).where(mine)
    return or_(unit.in_(units), unit.in_(worked_on))
