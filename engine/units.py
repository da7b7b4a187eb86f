"""The register of units: cities and counties in force on a day, and where each stands in the programme."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, case, exists, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from engine.identity import Actor
from engine.settings import ROOT
from engine.tables import Division, Instance, InstanceState, Reminder, Timer

DIVISIONS = ROOT / "config" / "divisions.csv"
FICTIONAL = ROOT / "config" / "divisions_demo.csv"
PROVINCIAL = ("PRV_", "GOV_")
STATISTICS = "STAT_PRV"
PROVINCE = "province"
LIVING = (InstanceState.RUNNING, InstanceState.SUSPENDED)
BROKEN_OFF = (InstanceState.CANCELLED, InstanceState.TERMINATED)


@dataclass(frozen=True)
class UnitRow:
    """A division and its life in the programme; `instance` is None where the reader may not open it."""

    code: str
    name: str
    level: str
    parent: str | None
    parent_name: str | None
    fictional: bool
    instance: UUID | None
    milestone: str | None
    next_reassessment: datetime | None


def listing(session: Session, actor: Actor, on: date) -> list[UnitRow]:
    """Return the units in force on the day `on`, by code; any signed-in person may read the register."""
    return [UnitRow(*row) for row in session.execute(_register(actor, on))]


def seed(session: Session, files: Sequence[Path] = (DIVISIONS, FICTIONAL)) -> None:
    """Bring the divisions of `files` into the register; rows of FICTIONAL are marked so. Repeating changes nothing."""
    rows = [row for file in files for row in _rows(file)]
    statement = insert(Division)
    names = [column.name for column in Division.__table__.columns if not column.primary_key]
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[Division.code, Division.valid_from], set_={name: statement.excluded[name] for name in names}
        ),
        rows,
    )


def _register(actor: Actor, on: date) -> Select[Any]:
    above = aliased(Division)
    life = _lives()
    return (
        select(
            Division.code,
            Division.name,
            Division.level,
            Division.parent,
            above.name,
            Division.fictional,
            _visible(actor, life.c),
            life.c.milestone,
            life.c.next_due,
        )
        .outerjoin(above, and_(above.code == Division.parent, _in_force(above, on)))
        .outerjoin(life, life.c.subject == Division.code)
        .where(_in_force(Division, on), Division.level != PROVINCE)
        .order_by(Division.code)
    )


def _lives() -> Any:
    """Choose one instance a unit: a living one first, then one that has reached a milestone, then the newest."""
    living = Instance.state.in_(LIVING)
    place = func.row_number().over(
        partition_by=Instance.subject,
        order_by=[living.desc(), Instance.milestone.is_(None), Instance.started_at.desc(), Instance.id],
    )
    found = (
        select(Instance.subject, Instance.id, Instance.organisation, Instance.milestone, Instance.state)
        .add_columns(place.label("place"))
        .where(Instance.subject.is_not(None), Instance.state.not_in(BROKEN_OFF))
        .subquery()
    )
    told = exists().where(Reminder.task == Timer.task, Reminder.kind.startswith("P"))  # the timer people are told of
    next_due = select(func.min(Timer.due_at)).where(Timer.instance == found.c.id, told).scalar_subquery()
    return (
        select(found, case((found.c.state.in_(LIVING), next_due)).label("next_due"))
        .where(found.c.place == 1)
        .subquery("life")
    )


def _visible(actor: Actor, life: Any) -> Any:
    provincial = any(role.startswith(PROVINCIAL) or role == STATISTICS for role in actor.roles)
    return life.id if provincial else case((life.organisation.in_(sorted(actor.organisations)), life.id))


def _in_force(division: Any, on: date) -> Any:
    return and_(division.valid_from <= on, or_(division.valid_to.is_(None), division.valid_to > on))


def _rows(file: Path) -> list[dict[str, Any]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return [
            {
                "code": row["code"],
                "unit": row.get("unit") or row["code"],
                "name": row["name"],
                "level": row["level"],
                "parent": row["parent_code"] or None,
                "valid_from": date.fromisoformat(row["valid_from"]),
                "valid_to": date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
                "fictional": file == FICTIONAL,
            }
            for row in csv.DictReader(lines)
        ]
