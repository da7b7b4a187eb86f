"""Scoring a case: its sheet is kept for good, and one that corrects it stands beside it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session, aliased

from engine import clock
from engine.domain import canonical, sheets
from engine.domain.decisions import Decision
from engine.domain.sheets import About, Frozen, Sheet
from engine.errors import DecisionFailed, NotFound, StepFailed
from engine.sheets import provenance
from engine.tables import Round, RoundState, ScoreSheet

RESCORED = "重新计分"
PRINTED = "the round is published; a correction of its scores needs a reason"


@dataclass(frozen=True)
class Case:
    """What is to be scored: about whom, by which set, with which figures and experts' scores (by code)."""

    about: About
    frozen: Frozen
    values: Mapping[str, Any]
    experts: Mapping[str, Sequence[Any]]
    reason: str | None = None


@dataclass(frozen=True)
class Place:
    """Whose programme a sheet belongs to, and the decision by which that programme grades."""

    programme: str
    grade: Decision | None = None


def score_case(session: Session, place: Place, wanted: Case) -> dict[str, Any]:
    """Score a case and keep its sheet; return the score with `sheet` (id), `grade` and `change_on_last`.

    The rows that the round has frozen count, not those of today. The same inputs give the same sheet, which is kept
    once; other inputs give a sheet that supersedes the last one. `change_on_last` is by how many points the total
    moved since the last sheet of an earlier year under the same set; none where there is none.
    Raise StepFailed, NotFound, ModelRefused.
    """
    about = wanted.about
    frozen = _frozen(session, about.round, wanted)
    chosen = sheets.read_set(frozen.plain())
    known = provenance.read(session, [about.unit], provenance.years(chosen, about.year))
    inputs = known.given(chosen, about.unit, about.year, wanted.values)
    sheet = sheets.compose(about, frozen, inputs, wanted.experts)
    standing = current(session, ScoreSheet.unit == about.unit)
    kept = keep(session, place, [sheet], standing, wanted.reason)
    return {
        **sheets.answer(sheet),
        "sheet": str(kept[about.unit]),
        "grade": grade(place, sheet),
        "change_on_last": _change(sheet, standing),
    }


def rescore_case(session: Session, place: Place, round_: str, unit: str, reason: str) -> dict[str, Any]:
    """Score a case of a round anew with what was corrected since; the experts' scores stay. Return as `score_case`.

    Raise NotFound when no sheet of the unit stands in the round, and what `score_case` raises.
    """
    found = current(session, ScoreSheet.unit == unit, ScoreSheet.round == round_)
    if not found:
        raise NotFound(round=round_, unit=unit)
    before = found[-1]
    about = About(**{name: before.sheet[name] for name in About.__dataclass_fields__})
    frozen = Frozen(before.indicator_set, before.sheet["set"]["rows"])
    values = _corrected(session, before, about)
    return score_case(session, place, Case(about, frozen, values, sheets.by_code(before.sheet["experts"]), reason))


def current(session: Session, *conditions: ColumnElement[bool]) -> list[ScoreSheet]:
    """Return the sheets that no other supersedes, the oldest first; one statement."""
    later = aliased(ScoreSheet)
    query = select(ScoreSheet).where(~exists().where(later.supersedes == ScoreSheet.id), *conditions)
    return list(session.scalars(query.order_by(ScoreSheet.made_at, ScoreSheet.id)))


def keep(
    session: Session,
    place: Place,
    made: Iterable[Sheet],
    standing: Sequence[ScoreSheet],
    reason: str | None = None,
) -> dict[str, UUID]:
    """Keep sheets, graded; return the id of each by unit. `standing` are the current sheets of the units."""
    found: dict[str, UUID] = {}
    for sheet in made:
        before = next((one for one in standing if _same_place(one, sheet)), None)
        digest = canonical.digest(sheet)
        if before is not None and before.digest == digest:
            found[sheet["unit"]] = before.id
            continue
        row = _row(sheet, place, digest)
        if before is not None:
            row.supersedes, row.reason = before.id, reason or RESCORED
        session.add(row)
        found[sheet["unit"]] = row.id
    session.flush()
    return found


def grade(place: Place, sheet: Mapping[str, Any]) -> str | None:
    """Return what the programme's decision `grade` says of a score, none where it says nothing of one alone."""
    total = sheets.plain_number(sheet["total"])
    try:
        given = {"score": total, "total": total, "gates_met": sheet["gates_met"]}
        answer = None if place.grade is None else place.grade.evaluate(given)
    except DecisionFailed:
        return None
    found = answer.get("grade") if isinstance(answer, dict) else answer
    return found if isinstance(found, str) else None


def _corrected(session: Session, before: ScoreSheet, about: About) -> dict[str, Any]:
    """Return the values of the year that a sheet was made of, by code, with those entered after it was made."""
    chosen = sheets.read_set(before.sheet["set"])
    known = provenance.read(session, [about.unit], {about.year}).inputs(chosen, about.unit, about.year)
    values = {one["code"]: one["value"] for one in before.sheet["inputs"] if _own(one, about)}
    later = {one["code"]: one["value"] for one in known if _since(one, before)}
    return {**values, **later}


def _own(one: Mapping[str, Any], about: About) -> bool:
    return bool(one["unit"] == about.unit and one["year"] == about.year)


def _since(one: Mapping[str, Any], before: ScoreSheet) -> bool:
    return one["entered_at"] is not None and datetime.fromisoformat(one["entered_at"]) > before.made_at


def _frozen(session: Session, round_: str | None, wanted: Case) -> Frozen:
    if round_ is None:
        return wanted.frozen
    found = session.get(Round, round_)
    if found is None:
        raise StepFailed(round=round_, reason="there is no such round")
    if found.indicator_set != wanted.frozen.code:
        raise StepFailed(round=round_, indicator_set=wanted.frozen.code, reason="the round is scored by another set")
    if found.state is RoundState.PUBLISHED and wanted.reason is None:
        raise StepFailed(round=round_, reason=PRINTED)
    return Frozen(found.indicator_set, found.set_rows)


def _same_place(row: ScoreSheet, sheet: Sheet) -> bool:
    return all(row.sheet[name] == sheet[name] for name in ("unit", "case_id", "round", "year"))


def _row(sheet: Sheet, place: Place, digest: str) -> ScoreSheet:
    return ScoreSheet(
        id=uuid4(),
        programme=place.programme,
        round=sheet["round"],
        unit=sheet["unit"],
        case_id=sheet["case_id"],
        level=sheet["level"],
        agency=sheet["agency"],
        indicator_set=sheet["set"]["code"],
        set_digest=sheet["set"]["digest"],
        total=canonical.number(sheet["total"]),
        gates_met=sheet["gates_met"],
        grade=grade(place, sheet),
        sheet=sheet,
        digest=digest,
        made_at=clock.now(),
    )


def _change(sheet: Sheet, standing: Sequence[ScoreSheet]) -> int | float | None:
    earlier = [
        one for one in standing if one.sheet["year"] < sheet["year"] and one.set_digest == sheet["set"]["digest"]
    ]
    if not earlier:
        return None
    last = max(earlier, key=lambda one: (one.sheet["year"], one.made_at))
    return sheets.plain_number(canonical.decimal(canonical.number(sheet["total"]) - last.total))
