"""Units: every city and county, where it stands and when it is measured again."""

from typing import Any

from flask import g, render_template, request
from flask_babel import lazy_gettext as _

from engine import clock
from engine import units as divisions
from engine.db import transaction
from engine.units import UnitRow
from server.auth import signed_in
from server.pages import labels
from server.pages.moments import day
from server.pages.shell import pages, sessions

LEVELS = {
    "prefecture_city": _("City"),
    "district": _("District"),
    "county_city": _("County-level city"),
    "county": _("County"),
    "autonomous_county": _("Autonomous county"),
}
OUTSIDE = "none"


@pages.get("/units")
@signed_in
def units() -> str:
    """Show the units with their state, narrowed by name, level and stage."""
    with transaction(sessions()) as session:
        rows = divisions.listing(session, g.actor, clock.today())
        names = labels.read(session)
    wanted = {key: request.args.get(key, "").strip() for key in ("q", "level", "milestone")}
    shown = [row for row in rows if _fits(row, wanted)]
    return render_template(
        "units/list.html",
        rows=[_line(row, names) for row in sorted(shown, key=_taking_part_first)],
        total=len(rows),
        wanted=wanted,
        levels=[{"key": key, "label": label} for key, label in LEVELS.items()],
        milestones=[
            *({"key": key, "label": names.milestone(key)} for key in names.milestones),
            {"key": OUTSIDE, "label": _("not taking part")},
        ],
    )


def _fits(row: UnitRow, wanted: dict[str, str]) -> bool:
    return (
        wanted["q"] in f"{row.code} {row.name} {row.parent_name or ''}"
        and wanted["level"] in {"", row.level}
        and wanted["milestone"] in {"", row.milestone or OUTSIDE}
    )


def _taking_part_first(row: UnitRow) -> tuple[bool, str]:
    return (row.milestone is None, row.code)


def _line(row: UnitRow, names: labels.Labels) -> dict[str, Any]:
    return {
        "code": row.code,
        "name": row.name,
        "level": LEVELS.get(row.level, row.level),
        "parent": row.parent_name or "",
        "fictional": row.fictional,
        "unit": row.unit,
        "milestone": names.milestone(row.milestone),
        "next": day(row.next_reassessment),
    }
