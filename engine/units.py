"""The register of units: cities and counties in force on a day, and where each stands in the programme."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Select, case, exists, func, select
from sqlalchemy.orm import Session

from engine import divisions, titles
from engine.domain.divisions import Happening, Level, Lineage, Period
from engine.domain.titles import read as read_titles
from engine.errors import NotAllowed
from engine.identity import Actor
from engine.settings import ROOT
from engine.tables import Division, Instance, InstanceState, Reminder, Timer, Title

DIVISIONS, FICTIONAL = divisions.DIVISIONS, divisions.FICTIONAL
TITLES = ROOT / "config" / "titles"
# Titles that were granted before this register was kept, and the programme that grants them.
GIVEN = {
    DIVISIONS: (TITLES / "national_pilots.csv", "innovative-city"),
    FICTIONAL: (TITLES / "demo.csv", "science-strong-county"),
}
PROVINCIAL = ("PRV_", "GOV_")
STATISTICS = "STAT_PRV"
REGISTRARS = frozenset({"PRV_OFFICER"})  # T49 is theirs; administrators do no business
LIVING = (InstanceState.RUNNING, InstanceState.SUSPENDED)
BROKEN_OFF = (InstanceState.CANCELLED, InstanceState.TERMINATED)


@dataclass(frozen=True)
class UnitRow:
    """A unit on one day and its life in the programme; `instance` is None where the reader may not open it.

    `code` is the code by law; statistics may use the old one for some months (`code_in_use`).
    """

    unit: str
    code: str
    name: str
    level: str
    parent: str | None
    parent_name: str | None
    fictional: bool
    instance: UUID | None
    milestone: str | None
    next_reassessment: datetime | None
    titles: list[str]
    code_in_use: str | None
    lineage: Lineage


def listing(session: Session, actor: Actor, on: date) -> list[UnitRow]:
    """Return the units in force on the day `on`, by code, in three queries; any signed-in person may read the register.

    Lineage is told up to that day. Standing and next measurement are those of today, whatever the day.
    """
    register = divisions.register(session).until(on)
    return [
        UnitRow(**row, code_in_use=register.code_in_use(row["unit"], on), lineage=register.lineage(row["unit"]))
        for row in session.execute(_register(actor, on)).mappings()
    ]


def enter(session: Session, actor: Actor, act: Happening, begun: Sequence[Period]) -> int:
    """Enter what became of divisions and return its number; raise NotAllowed, or DivisionsRefused when it cannot be."""
    if not actor.roles & REGISTRARS:
        raise NotAllowed
    return divisions.enter(session, actor.id, act, begun)


def seed(session: Session, files: Sequence[Path] = (DIVISIONS, FICTIONAL)) -> None:
    """Bring the divisions of `files` into the register, what became of them, and the titles held before.

    Rows of FICTIONAL are marked so. Repeating changes nothing.
    """
    divisions.seed(session, files, [divisions.ACTS] if DIVISIONS in files else [])
    for file, programme in (GIVEN[file] for file in files if file in GIVEN):
        titles.seed(session, programme, read_titles(file.read_text(encoding="utf-8").splitlines()))


def _register(actor: Actor, on: date) -> Select[Any]:
    life = _lives()
    held = select(Title.kind).where(Title.unit == Division.unit, titles.held(Title, on)).order_by(Title.kind)
    return (
        divisions.standing(on)
        .add_columns(
            _visible(actor, life.c).label("instance"),
            life.c.milestone,
            life.c.next_due.label("next_reassessment"),
            func.array(held.correlate(Division).scalar_subquery()).label("titles"),
        )
        .outerjoin(life, life.c.subject == Division.unit)
        .where(Division.level != Level.PROVINCE.value)
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
