"""The published figures of a year as the tables of its monitoring report, each with where it was published (五(四))."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import divisions
from engine.tables import Division, Figure

MONITORING = "monitoring"
GROWTH = "_growth"  # a code that ends so tells by how many per cent the figure of the code before it grew


@dataclass(frozen=True)
class Row:
    """What is published of a unit; `growth` on the year before, in per cent."""

    unit_name: str
    value: str
    growth: str | None


@dataclass(frozen=True)
class Table:
    """One published figure of every unit, with its name and measure, and where it was published."""

    title: str
    note: str
    rows: list[Row]


def tables(session: Session, year: int) -> list[Table]:
    """Return a table of each figure that was published of `year`, units by code, the newest version, in one query.

    What a unit itself returned for monitoring belongs to its case and is not among them.
    """
    published = Figure.origin == MONITORING, Figure.case_id.is_(None), Figure.value.is_not(None)
    query = (
        select(Figure.code, Figure.value, Figure.definition, Figure.source, Division.name)
        .join(Division, (Division.unit == Figure.unit) & divisions.in_force(Division, date(year, 12, 31)))
        .where(Figure.year == year, *published)
        .order_by(Figure.code, Division.code, Figure.version)
    )
    found: dict[str, dict[str, tuple[Decimal, str, str]]] = defaultdict(dict)
    for code, value, definition, source, name in session.execute(query):
        found[code][name] = value or Decimal(), definition, source or ""
    return [_table(year, code, rows, found) for code, rows in found.items() if not _tells_growth(code, found)]


def _tells_growth(code: str, found: Mapping[str, object]) -> bool:
    return code.endswith(GROWTH) and code.removesuffix(GROWTH) in found


def _table(
    year: int,
    code: str,
    rows: Mapping[str, tuple[Decimal, str, str]],
    found: Mapping[str, Mapping[str, tuple[Decimal, str, str]]],
) -> Table:
    grown = found.get(code + GROWTH, {})
    names = {definition.partition("；")[0] for _, definition, _ in rows.values() if definition}
    sources = sorted({source for *_, source in rows.values() if source})
    return Table(
        title=f"{year}年{'、'.join(sorted(names)) or code}",
        note=f"数据来源：{'；'.join(sources)}。",
        rows=[Row(name, f"{value:f}", _growth(grown, name)) for name, (value, *_) in rows.items()],
    )


def _growth(grown: Mapping[str, tuple[Decimal, str, str]], name: str) -> str | None:
    return f"{grown[name][0]:f}" if name in grown else None
