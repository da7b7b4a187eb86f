"""The register of figures: what units report, versioned; a correction adds a version and never changes a result."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, case, distinct, func, or_, select, text, update
from sqlalchemy.orm import Session

from engine import clock, events
from engine.domain import sheets, yearbook
from engine.domain.yearbook import Published
from engine.errors import FiguresRefused, NotFound, StepFailed
from engine.readers import Reader, may_read
from engine.settings import ROOT
from engine.tables import Division, Evidence, Figure, ScoreSheet, Task, TaskState

LATE = "锁库后更正"
PUBLISHED = ROOT / "config" / "monitoring"


class Origin(StrEnum):
    """Whose word a figure is."""

    DECLARED = "declared"  # the applicant's
    VERIFIED = "verified"  # the third-party agency's
    MONITORING = "monitoring"  # published by the statisticians


_LOCK_YEAR = text("SELECT pg_advisory_xact_lock(hashtext(:name))")
_TURN = text("SELECT pg_advisory_xact_lock_shared(hashtext(:year)), pg_advisory_xact_lock(hashtext(:unit))")
# Whose word counts first where several are on record.
TRUST = case((Figure.origin == Origin.VERIFIED.value, 0), (Figure.origin == Origin.MONITORING.value, 1), else_=2)


@dataclass(frozen=True)
class Hands:
    """Whose move puts figures on record; `entered` and `confirmed` name the tasks in which people did."""

    instance: UUID | None = None
    actor: UUID | None = None
    entered: str | None = None
    confirmed: str | None = None


@dataclass(frozen=True)
class Batch:
    """Figures of one unit and year; sources, evidence (digests) and definitions by code, where they are known."""

    unit: str
    year: int
    values: Mapping[str, Decimal | float | int | None]
    origin: Origin
    case_id: str | None = None
    sources: Mapping[str, str] = field(default_factory=dict)
    evidence: Mapping[str, Sequence[str]] = field(default_factory=dict)
    definitions: Mapping[str, str] = field(default_factory=dict)
    reason: str | None = None


@dataclass(frozen=True)
class Recorded:
    """The codes that got a new version, and those of them that were locked before."""

    changed: list[str]
    late: list[str]


@dataclass(frozen=True)
class Correction:
    """A figure that was wrong: what it should be, and why."""

    unit: str
    year: int
    code: str
    value: Decimal | float | int | None
    reason: str
    evidence: Sequence[str] = ()


@dataclass(frozen=True)
class Corrected:
    """What a correction did; `affected` are the score sheets that hang on the figure, as they are and would be."""

    version: int
    before: Decimal | None
    after: Decimal | None
    locked: bool
    affected: list[dict[str, Any]]


@dataclass(frozen=True)
class Locked:
    """How many units and figures of a year were locked just now."""

    year: int
    units: int
    figures: int


def record(session: Session, hands: Hands, batch: Batch) -> Recorded:
    """Put figures on record; one that says what is on record already adds nothing. Raises NotFound for its evidence.

    A figure that was locked may still be reported anew: it gets another version with a reason, and counts as late.
    """
    _take_turns(session, batch.unit, batch.year)
    _refuse_unknown(session, {digest for digests in batch.evidence.values() for digest in digests})
    known = _newest(session, batch.unit, batch.year, batch.origin)
    people = _People.of(session, hands)
    rows = []
    for code, given in batch.values.items():
        before, value = known.get(code), None if given is None else Decimal(str(given))
        definition = batch.definitions.get(code) or (before.definition if before else "")
        if before is not None and (before.value, before.definition) == (value, definition):
            _confirm(before, people, batch.evidence.get(code, ()))
            continue
        rows.append(_row(batch, (code, value, definition), before, people))
    session.add_all(rows)
    session.flush()
    changed, late = [row.code for row in rows], [row.code for row in rows if row.locked_at is not None]
    if changed:
        data = {"unit": batch.unit, "year": batch.year, "origin": batch.origin.value, "codes": changed}
        _tell(session, events.Kind.FIGURES_RECORDED, hands, {**data, "count": len(changed), "late": late})
    return Recorded(changed, late)


def lock(session: Session, hands: Hands, year: int) -> Locked:
    """Lock every figure of `year` that is not locked yet: whatever changes from now on is a correction (T38, T47)."""
    session.execute(_LOCK_YEAR, {"name": f"figures {year}"})
    open_ = (Figure.year == year, Figure.locked_at.is_(None))
    query = select(func.count(distinct(Figure.unit)), func.count()).where(*open_)
    units, count = session.execute(query).one()
    session.execute(update(Figure).where(*open_).values(locked_at=clock.now()))
    if count:
        _tell(session, events.Kind.FIGURES_LOCKED, hands, {"year": year, "units": units, "figures": count})
    return Locked(year, units, count)


def correct(session: Session, hands: Hands, correction: Correction) -> Corrected:
    """Add a version with another value to the figure that counts, and tell which score sheets hang on it.

    No sheet changes: what was published stays, and whether it is scored anew is decided elsewhere. Raises NotFound
    when there is no such figure, FiguresRefused when the value is the one on record.
    """
    _take_turns(session, correction.unit, correction.year)
    _refuse_unknown(session, set(correction.evidence))
    before = current(session, correction.unit, correction.year).get(correction.code)
    if before is None:
        raise NotFound(unit=correction.unit, year=correction.year, code=correction.code)
    value = None if correction.value is None else Decimal(str(correction.value))
    if before.value == value:
        why = {"zh": "更正后的数值与原值相同。", "en": "The value is the one on record."}
        raise FiguresRefused(code=correction.code, why=why)
    row = _next(before, value, _People.of(session, hands), correction)
    session.add(row)
    session.flush()
    data = {"unit": row.unit, "year": row.year, "code": row.code, "version": row.version, "reason": row.reason}
    _tell(session, events.Kind.FIGURE_CORRECTED, hands, {**data, "before": _told(before.value), "after": _told(value)})
    affected = _affected(session, (row.unit, row.year, row.code), value)
    return Corrected(row.version, before.value, value, before.locked_at is not None, affected)


def publish(session: Session, hands: Hands, rows: Iterable[Published]) -> int:
    """Put published figures on record as monitoring; return how many are new. The same table twice adds nothing."""
    batches: dict[tuple[str, int], list[Published]] = defaultdict(list)
    for row in rows:
        batches[row.unit, row.year].append(row)
    wanted = {unit for unit, _ in batches}
    unknown = wanted - set(session.scalars(select(Division.unit).where(Division.unit.in_(wanted))))
    if unknown:
        raise NotFound(units=sorted(unknown))
    return sum(len(record(session, hands, _published(*key, batch)).changed) for key, batch in sorted(batches.items()))


def seed(session: Session, folder: Path = PUBLISHED) -> int:
    """Bring the tables of published figures in `folder` on record; what is known already stays as it is."""
    rows = [row for file in sorted(folder.glob("*.csv")) for row in yearbook.read(file.read_bytes())]
    query = select(Figure.unit, Figure.year, Figure.code).where(Figure.origin == Origin.MONITORING.value)
    known = {(unit, year, code) for unit, year, code in session.execute(query.distinct())}
    return publish(session, Hands(), [row for row in rows if (row.unit, row.year, row.code) not in known])


def current(session: Session, unit: str, year: int) -> dict[str, Figure]:
    """Return the figure that counts of every code of a unit and year: the newest version of whom one trusts most."""
    query = select(Figure).where(Figure.unit == unit, Figure.year == year)
    return _first(session.scalars(query.order_by(TRUST, Figure.version.desc())))


def declared(session: Session, unit: str, year: int) -> dict[str, Decimal]:
    """Return what the unit itself reported, by code, without the missing ones: to apply, else for the annual return."""
    reported = or_(
        Figure.origin == Origin.DECLARED.value,
        and_(Figure.origin == Origin.MONITORING.value, Figure.case_id.is_not(None)),
    )
    query = select(Figure).where(Figure.unit == unit, Figure.year == year, reported)
    # The text of the origins puts what was declared to apply before what was returned for monitoring.
    rows = _first(session.scalars(query.order_by(Figure.origin, Figure.version.desc())))
    return {code: row.value for code, row in rows.items() if row.value is not None}


def listing(session: Session, reader: Reader, unit: str, year: int) -> list[Figure]:
    """Return every version of the figures of a unit and year that `reader` may read, by code, origin and version."""
    query = select(Figure).where(Figure.unit == unit, Figure.year == year, may_read(reader, Figure.unit))
    return list(session.scalars(query.order_by(Figure.code, TRUST, Figure.version)))


@dataclass(frozen=True)
class _People:
    """Who entered and who confirmed: told by their tasks, else whose move it is."""

    entered: Mapping[str, UUID]
    enterer: UUID | None
    confirmer: UUID | None

    @classmethod
    def of(cls, session: Session, hands: Hands) -> "_People":
        entered, enterer = _by_task(session, hands, hands.entered)
        _, confirmer = _by_task(session, hands, hands.confirmed) if hands.confirmed else ({}, None)
        return cls(entered, enterer, confirmer)


def _by_task(session: Session, hands: Hands, element: str | None) -> tuple[dict[str, UUID], UUID | None]:
    """Return who answered a task, by what they answered, and who did so last.

    A task that is open is the one whose answer this move carries; the register of tasks follows the move.
    """
    if element is None or hands.instance is None:
        return {}, hands.actor
    query = select(Task.ended_by, Task.answers, Task.state).where(
        Task.instance == hands.instance, Task.element == element, Task.state != TaskState.CANCELLED
    )
    rows = list(session.execute(query.order_by(Task.ended_at.asc().nulls_last(), Task.id)))
    done = [row for row in rows if row.state is TaskState.COMPLETED and row.ended_by is not None]
    found = {code: row.ended_by for row in done for code in _codes(row.answers)}
    last = hands.actor if len(done) < len(rows) or not done else done[-1].ended_by
    return found, last


def _codes(answers: Any) -> set[str]:
    """Return the keys of answers and of the contexts in them: figures stand at the top or under one name."""
    if not isinstance(answers, dict):
        return set()
    return set(answers).union(*(one for one in answers.values() if isinstance(one, dict)))


def _row(batch: Batch, told: tuple[str, Decimal | None, str], before: Figure | None, people: _People) -> Figure:
    code, value, definition = told
    now, locked = clock.now(), before is not None and before.locked_at is not None
    return Figure(
        unit=batch.unit,
        year=batch.year,
        code=code,
        version=before.version + 1 if before else 1,
        value=value,
        definition=definition,
        origin=batch.origin.value,
        source=batch.sources.get(code),
        evidence=list(dict.fromkeys(batch.evidence.get(code, ()))),
        case_id=batch.case_id,
        entered_by=people.entered.get(code, people.enterer),
        entered_at=now,
        confirmed_by=people.confirmer,
        confirmed_at=now if people.confirmer else None,
        reason=batch.reason or (LATE if locked else None),
        locked_at=now if locked else None,
    )


def _next(before: Figure, value: Decimal | None, people: _People, correction: Correction) -> Figure:
    now = clock.now()
    return Figure(
        unit=before.unit,
        year=before.year,
        code=before.code,
        version=before.version + 1,
        value=value,
        definition=before.definition,
        origin=before.origin,
        source=before.source,
        evidence=list(dict.fromkeys(correction.evidence)) or list(before.evidence),
        case_id=before.case_id,
        entered_by=people.enterer,
        entered_at=now,
        confirmed_by=people.confirmer,
        confirmed_at=now if people.confirmer else None,
        reason=correction.reason,
        locked_at=now if before.locked_at else None,
    )


def _confirm(row: Figure, people: _People, evidence: Sequence[str]) -> None:
    """Let a figure that was only entered be confirmed, and take on evidence handed in later."""
    if row.locked_at is not None:
        return
    if people.confirmer is not None and row.confirmed_at is None:
        row.confirmed_by, row.confirmed_at = people.confirmer, clock.now()
    row.evidence = list(dict.fromkeys([*row.evidence, *evidence]))


def _published(unit: str, year: int, rows: Sequence[Published]) -> Batch:
    return Batch(
        unit,
        year,
        {row.code: row.value for row in rows},
        Origin.MONITORING,
        sources={row.code: row.source for row in rows},
        definitions={row.code: row.definition for row in rows},
    )


def _newest(session: Session, unit: str, year: int, origin: Origin) -> dict[str, Figure]:
    query = select(Figure).where(Figure.unit == unit, Figure.year == year, Figure.origin == origin.value)
    return _first(session.scalars(query.order_by(Figure.version.desc())))


def _first(rows: Iterable[Figure]) -> dict[str, Figure]:
    """Return the first row of every code, by code."""
    found: dict[str, Figure] = {}
    for row in rows:
        found.setdefault(row.code, row)
    return dict(sorted(found.items()))


def _affected(session: Session, key: tuple[str, int, str], value: Decimal | None) -> list[dict[str, Any]]:
    unit, year, code = key
    holds = ScoreSheet.sheet.contains({"inputs": [{"unit": unit, "year": year, "code": code}]})
    superseded: Select[Any] = select(ScoreSheet.supersedes).where(ScoreSheet.supersedes.is_not(None))
    query = select(ScoreSheet).where(holds, ScoreSheet.id.not_in(superseded)).order_by(ScoreSheet.made_at)
    return [
        {
            "round": row.round,
            "unit": row.unit,
            "case_id": row.case_id,
            "sheet": str(row.id),
            "before": _told(row.total),
            "after": _would_be(row.sheet, key, value),
        }
        for row in session.scalars(query)
        if sheets.depends(row.sheet, key)
    ]


def _would_be(sheet: Mapping[str, Any], key: tuple[str, int, str], value: Decimal | None) -> float | int | None:
    try:
        return _told(Decimal(str(sheets.with_value(sheet, key, value)["total"])))
    except StepFailed:
        return None  # without the figure there is no score


def _refuse_unknown(session: Session, digests: set[str]) -> None:
    known = (
        set(session.scalars(select(Evidence.digest).where(Evidence.digest.in_(sorted(digests))))) if digests else set()
    )
    if digests - known:
        raise NotFound(evidence=sorted(digests - known))


def _take_turns(session: Session, unit: str, year: int) -> None:
    """Let figures of one unit and year come on record one after the other; whoever locks the year waits for all."""
    session.execute(_TURN, {"year": f"figures {year}", "unit": f"figures {unit} {year}"})


def _tell(session: Session, kind: events.Kind, hands: Hands, data: dict[str, Any]) -> None:
    events.append(session, kind, instance=hands.instance, actor=hands.actor, data=data)


def _told(value: Decimal | None) -> float | int | None:
    return None if value is None else int(value) if value == value.to_integral_value() else float(value)
