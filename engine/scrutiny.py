"""What submitted figures are compared with: the unit's year before, its peers in both years, evidence in use."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from sqlalchemy import and_, any_, case, literal, not_, or_, select
from sqlalchemy.orm import Session

from engine.domain.indicators import Level
from engine.domain.plausibility import Background, Submission, Use
from engine.tables import Division, Figure

CITY = "prefecture_city"
TRUST = case((Figure.origin == "verified", 0), (Figure.origin == "monitoring", 1), else_=2)
CODES = 200

Known = Mapping[str, Mapping[str, Decimal]]


def level(session: Session, unit: str) -> Level:
    """Return whose standards a unit is held to by its newest rank; one that is not in the register is a county."""
    query = select(Division.level).where(Division.unit == unit).order_by(Division.valid_from.desc()).limit(1)
    return Level.CITY if session.scalar(query) == CITY else Level.COUNTY


def background(session: Session, submission: Submission) -> Background:
    """Return what is on record to compare a submission with; peers are the units of the same tier."""
    codes = sorted(submission.values)[:CODES]
    now, before = (_figures(session, submission, codes, year) for year in (submission.year, submission.year - 1))
    peers = [(now[unit], before.get(unit, {})) for unit in sorted(now) if unit != submission.unit]
    return Background(before.get(submission.unit, {}), peers, _uses(session, submission))


def _figures(session: Session, submission: Submission, codes: Sequence[str], year: int) -> Known:
    """Return the figures that count of the unit and its peers, by unit and code."""
    cities = Figure.unit.in_(select(Division.unit).where(Division.level == CITY))
    alike = cities if level(session, submission.unit) is Level.CITY else not_(cities)
    # Last year's figures have other codes where this year's are bound to them, so the unit's own are all read.
    own = Figure.unit == submission.unit
    query = select(Figure.unit, Figure.code, Figure.value).where(
        Figure.year == year, or_(own, and_(Figure.code.in_(codes), alike))
    )
    first: dict[tuple[str, str], Decimal | None] = {}
    for unit, code, value in session.execute(query.order_by(TRUST, Figure.version.desc())):
        first.setdefault((unit, code), value)
    found: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for (unit, code), known in first.items():
        if known is not None:
            found[unit][code] = known
    return found


def _uses(session: Session, submission: Submission) -> dict[str, list[Use]]:
    """Return what the pieces of evidence of a submission support already, other than these very figures."""
    found: dict[str, list[Use]] = {}
    for digest in _digests(submission.evidence.values()):
        query = select(Figure.unit, Figure.year, Figure.code).where(literal(digest) == any_(Figure.evidence)).distinct()
        uses = [Use(*row) for row in session.execute(query.order_by(Figure.unit, Figure.year, Figure.code).limit(20))]
        found[digest] = [use for use in uses if (use.unit, use.year) != (submission.unit, submission.year)]
    return found


def _digests(evidence: Iterable[Sequence[str]]) -> list[str]:
    return list(dict.fromkeys(digest for digests in evidence for digest in digests))
