"""Reading score sheets: agencies see the cases they measured, units their own, provincial roles all."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Numeric, Select, and_, case, cast, exists, func, or_, select, true
from sqlalchemy.orm import Session, aliased

from engine.domain import sheets
from engine.errors import NotFound
from engine.identity import Actor
from engine.tables import Division, Organisation, Round, RoundState, ScoreSheet

CENT = Decimal("0.01")
PROVINCIAL = ("PRV_", "GOV_")
KEEPERS = frozenset({"STAT_PRV", "AUDIT_ADMIN", "ARCHIVIST", "OBJ_HANDLER", "APPEAL_REV"})


@dataclass(frozen=True)
class SheetRow:
    """A score sheet as a list shows it; `superseded_by` is none while it stands."""

    id: UUID
    case_id: str
    round: str | None
    unit: str
    level: str
    agency: str | None
    indicator_set: str
    set_digest: str
    total: Decimal
    gates_met: bool
    grade: str | None
    digest: str
    made_at: datetime
    supersedes: UUID | None
    reason: str | None
    superseded_by: UUID | None


@dataclass(frozen=True)
class SheetView:
    """A score sheet with what it says, and the steps behind one of its points as {zh, en}."""

    row: SheetRow
    sheet: dict[str, Any]
    walk: list[dict[str, str]]


@dataclass(frozen=True)
class Affected:
    """A standing sheet whose total hangs on an input, and the paths in it that do."""

    id: UUID
    round: str | None
    unit: str
    case_id: str
    total: Decimal
    paths: list[str]


@dataclass(frozen=True)
class Placed:
    """A score sheet among the others of its unit: its groups, and its place among the units of its tier in the round.

    `rank` and `among` are none for a sheet that was superseded, and until the round is published to those who do not
    see the sheets of every unit.
    """

    row: SheetRow
    year: int
    groups: list[dict[str, str]]
    rank: int | None
    among: int | None


def of_unit(session: Session, actor: Actor, unit: str) -> list[Placed]:
    """Return the sheets of a unit that the actor may see, the newest first; one statement."""
    query = (
        _rows(actor)
        .add_columns(ScoreSheet.sheet["year"].astext.label("year"), ScoreSheet.sheet["groups"].label("groups"))
        .add_columns(*_place(actor))
        .where(ScoreSheet.unit == unit)
        .order_by(ScoreSheet.made_at.desc(), ScoreSheet.id)
    )
    found = session.execute(query).mappings()
    names = SheetRow.__dataclass_fields__
    return [
        Placed(SheetRow(**{name: row[name] for name in names}), int(row["year"]), row["groups"], row["rank"], row["of"])
        for row in found
    ]


def medians(session: Session, actor: Actor, round_: str, level: str) -> dict[str, Decimal]:
    """Return the median index of each group over the units of a tier in a round, by code; one statement.

    None before the round is published, but for those who see the sheets of every unit.
    """
    one = func.jsonb_array_elements(ScoreSheet.sheet["groups"]).table_valued("value", joins_implicitly=True)
    code, index = one.c.value.op("->>")("code"), cast(one.c.value.op("->>")("index"), Numeric)
    query = (
        select(code, func.percentile_cont(0.5).within_group(index))
        .select_from(ScoreSheet)
        .where(ScoreSheet.round == round_, ScoreSheet.level == level, _standing(ScoreSheet), _told(actor, round_))
        .group_by(code)
    )
    return {key: Decimal(str(median)).quantize(CENT) for key, median in session.execute(query)}


def of_case(session: Session, actor: Actor, case_id: str) -> list[SheetRow]:
    """Return the sheets of a case, the newest first; raise NotFound when the actor may see none."""
    query = _rows(actor).where(ScoreSheet.case_id == case_id)
    found = [SheetRow(*row) for row in session.execute(query.order_by(ScoreSheet.made_at.desc(), ScoreSheet.id))]
    if not found:
        raise NotFound(case_id=case_id)
    return found


def show(session: Session, actor: Actor, sheet: UUID, path: str = "total") -> SheetView:
    """Return a sheet with the walk of one of its points; raise NotFound."""
    found = session.execute(_rows(actor).add_columns(ScoreSheet.sheet).where(ScoreSheet.id == sheet)).one_or_none()
    if found is None:
        raise NotFound(sheet=sheet)
    *row, kept = found
    return SheetView(SheetRow(*row), kept, sheets.walk(kept, path))


def affected_by(session: Session, unit: str, year: int, code: str) -> list[Affected]:
    """Return the standing sheets whose totals hang on one input, with the paths that do; one statement."""
    later = aliased(ScoreSheet)
    query = (
        select(ScoreSheet)
        .where(ScoreSheet.sheet["inputs"].contains([{"unit": unit, "year": year, "code": code}]))
        .where(~exists().where(later.supersedes == ScoreSheet.id))
        .order_by(ScoreSheet.round, ScoreSheet.unit, ScoreSheet.id)
    )
    told = [(row, sheets.depends(row.sheet, (unit, year, code))) for row in session.scalars(query)]
    return [Affected(row.id, row.round, row.unit, row.case_id, row.total, paths) for row, paths in told if paths]


def sees_all(actor: Actor) -> bool:
    """Tell whether a person sees the sheets of every unit."""
    return any(role.startswith(PROVINCIAL) or role in KEEPERS for role in actor.roles)


def _rows(actor: Actor) -> Select[Any]:
    later = aliased(ScoreSheet)
    columns = [getattr(ScoreSheet, name) for name in SheetRow.__dataclass_fields__ if name != "superseded_by"]
    return (
        select(*columns, later.id.label("superseded_by"))
        .outerjoin(later, later.supersedes == ScoreSheet.id)
        .where(_visible(actor))
    )


def _place(actor: Actor) -> tuple[ColumnElement[int | None], ColumnElement[int | None]]:
    """Return the rank of a standing sheet and among how many, where the actor may know."""
    other = aliased(ScoreSheet)
    peers = and_(other.round == ScoreSheet.round, other.level == ScoreSheet.level, _standing(other))
    told = and_(_standing(ScoreSheet), _told(actor, ScoreSheet.round))
    counted = select(func.count()).select_from(other).where(peers).correlate(ScoreSheet)
    rank = counted.where(other.total > ScoreSheet.total).scalar_subquery() + 1
    return case((told, rank)).label("rank"), case((told, counted.scalar_subquery())).label("of")


def _standing(sheet: Any) -> ColumnElement[bool]:
    later = aliased(ScoreSheet)
    return ~exists().where(later.supersedes == sheet.id)


def _told(actor: Actor, round_: Any) -> ColumnElement[bool]:
    published = exists().where(Round.id == round_, Round.state == RoundState.PUBLISHED)
    return true() if sees_all(actor) else published


def _visible(actor: Actor) -> ColumnElement[bool]:
    if sees_all(actor):
        return true()
    own = sorted(actor.organisations)
    of_unit = exists().where(
        and_(Organisation.id.in_(own), Organisation.division == Division.code, Division.unit == ScoreSheet.unit)
    )
    return or_(ScoreSheet.agency.in_(own), of_unit)
