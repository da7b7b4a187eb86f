"""Rankings: a round's units by score and rank, what changed since the round before, and a unit's profile on choice."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from flask import g, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from engine import rankings as ranks
from engine import readers
from engine.boards import RoundRow
from engine.db import transaction
from engine.rankings import Rank, Ranking
from server.auth import signed_in
from server.pages import tables
from server.pages.moments import day
from server.pages.shell import pages, sessions
from server.pages.tables import Table
from server.pages.terms import GRADES, ROUND_STATES, round_name
from server.pages.words import language

TIERS = ("city", "county")
FULL = 100
TWO_PLACES = Decimal("0.01")


@pages.get("/rankings")
@signed_in
def rankings() -> str:
    """Show how a round ranked its units, cities and counties apart, and the profile of the chosen unit."""
    with transaction(sessions()) as session:
        rounds = ranks.rounds(session, g.actor)
        wanted = request.args.get("round") or (_first(rounds) if rounds else None)
        province = request.args.get("province") or None
        found = ranks.ranking(session, g.actor, wanted, province) if wanted else None
    chosen = _chosen(found, request.args.get("unit")) if found else None
    return render_template(
        "board/rankings.html",
        rounds=[{"id": row.id, "name": round_name(row.id)} for row in rounds],
        whole=readers.is_provincial(g.actor),
        ranking=_words(found) if found else None,
        tiers=_tiers(found) if found else [],
        chosen=chosen.unit if chosen else None,
        profile=_profile(found, chosen) if found and chosen else None,
    )


@pages.get("/rankings/<round>.<form>")
@signed_in
def ranking_table(round: str, form: str) -> Response:  # noqa: A002 - the name in the address
    """Give the ranking of a round as a table to keep."""
    with transaction(sessions()) as session:
        found = ranks.ranking(session, g.actor, round, request.args.get("province") or None)
    head = [
        _("Tier"),
        _("Rank"),
        _("Of"),
        _("Unit"),
        _("Score"),
        _("Grade"),
        _("Rank before"),
        _("Change in places"),
        _("Change in points"),
    ]
    groups = list(found.groups)
    rows = [
        [
            _tier(row.tier), row.rank, row.of, row.name, row.score.total, _grade(row.score.grade),
            row.rank_before, row.climbed, row.gained, *(row.score.indices.get(code) for code in groups),
        ]
        for row in found.rows
    ]  # fmt: skip
    name = _("Ranking of the %(round)s", round=round_name(round))
    return tables.answer(Table(name, [*head, *(found.groups[code] for code in groups)], rows), tables.chosen(form))


def _first(rounds: Sequence[RoundRow]) -> str:
    """Return the round that most people ask for: the latest of those that measured units, not the yearly report."""
    measured = [row for row in rounds if row.kind != "annual"]
    return (measured or rounds)[0].id


def _words(found: Ranking) -> dict[str, Any]:
    text, tone = ROUND_STATES[found.round.state.value]
    return {
        "id": found.round.id,
        "name": round_name(found.round.id),
        "state": {"label": text, "tone": tone},
        "on": day(found.round.published_on or found.round.closed_on or found.round.opened_on),
        "number": found.round.document_no,
        "set": found.round.indicator_set,
        "before": round_name(found.before.id) if found.before else None,
        "set_before": found.before.indicator_set if found.before else None,
        "other_set": found.before is not None and found.before.indicator_set != found.round.indicator_set,
        "province": found.province,
        "provinces": found.provinces,
    }


def _tiers(found: Ranking) -> list[dict[str, Any]]:
    tiers = {tier: [row for row in found.rows if row.tier == tier] for tier in TIERS}
    return [
        {"key": tier, "label": _tier(tier), "of": rows[0].of, "rows": [_line(row, rows) for row in rows]}
        for tier, rows in tiers.items()
        if rows
    ]


def _line(row: Rank, peers: Sequence[Rank]) -> dict[str, Any]:
    best = max(peer.score.total for peer in peers)
    return {
        "unit": row.unit,
        "name": row.name,
        "rank": row.rank,
        "of": row.of,
        "score": _points(row.score.total),
        "percent": round(FULL * row.score.total / best) if best else 0,
        "grade": _grade(row.score.grade),
        "gates_met": row.score.gates_met,
        "rank_before": row.rank_before,
        "climbed": row.climbed,
        "gained": f"{row.gained:+.2f}" if row.gained is not None else None,
        "rose": (row.gained or 0) > 0,
    }


def _chosen(found: Ranking, unit: str | None) -> Rank | None:
    return next((row for row in found.rows if row.unit == unit), found.rows[0] if found.rows else None)


def _profile(found: Ranking, chosen: Rank) -> dict[str, Any]:
    """Return the indices of the chosen unit by group, beside its last round and the median of its tier."""
    codes = [code for code in found.groups if code in chosen.score.indices]
    medians = found.medians[chosen.tier]
    series = [{"name": chosen.name, "values": _values(chosen.score.indices, codes)}]
    if chosen.before is not None and found.before is not None:
        series.append({"name": round_name(found.before.id), "values": _values(chosen.before.indices, codes)})
    series.append({"name": _("median of %(tier)s", tier=_tier(chosen.tier)), "values": _values(medians, codes)})
    labels = [found.groups[code] for code in codes]
    return {
        "name": chosen.name,
        "rank": chosen.rank,
        "of": chosen.of,
        "href": url_for("pages.life", unit=chosen.unit),
        "chart": {"kind": "radar", "labels": labels, "series": series, "unit": _("index"), "most": FULL},
    }


def _values(indices: Any, codes: Sequence[str]) -> list[float | None]:
    return [float(round(indices[code], 2)) if code in indices else None for code in codes]


def _tier(tier: str) -> str:
    return str(_("Cities") if tier == "city" else _("Counties, county-level cities and districts"))


def _grade(grade: str | None) -> str:
    known = GRADES.get(grade or "")
    return str(known) if known and language() != "zh" else grade or ""


def _points(total: Decimal) -> str:
    return str(total.quantize(TWO_PLACES))
