"""The board of a province: where every unit stands, targets against today, rounds, who is due next, what is late."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any

from dateutil.relativedelta import relativedelta
from flask import g, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from engine import boards, calendars, clock, maps, readers
from engine.boards import Board, Late, Place, RoundRow, Tile
from engine.db import transaction
from engine.domain.targets import INSTITUTES, Target
from engine.domain.workdays import civil_day
from engine.tables import RoundState
from server.auth import signed_in
from server.pages import cartogram, labels, tables
from server.pages.labels import Labels
from server.pages.moments import day
from server.pages.sentences import TITLES
from server.pages.shell import pages, sessions
from server.pages.tables import Table
from server.pages.terms import ROUND_STATES, round_name
from server.pages.units import LEVELS
from server.pages.words import language, pick

VIEWS = {"tiles": lazy_gettext("Tiles"), "map": lazy_gettext("Map"), "table": lazy_gettext("Table")}
AHEAD = relativedelta(months=24)
MOST_LATE, MOST_ROUNDS = 8, 6


@pages.get("/board")
@signed_in
def board() -> str:
    """Show the board of the chosen province, as tiles, as the imported map or as a table."""
    with transaction(sessions()) as session:
        found = boards.board(session, g.actor, clock.today(), request.args.get("province") or None)
        rounds = boards.rounds(session, g.actor)
        names = labels.read(session)
        drawn = maps.of(session, found.province.code) if found.province else None
        late = [_late(row, session, names) for row in found.late[:MOST_LATE]]
    view = _view(drawn is not None)
    return render_template(
        "board/board.html",
        province=found.province,
        provinces=found.provinces,
        whole=readers.is_provincial(g.actor),
        on=day(found.on),
        view=view,
        views=[{"key": key, "label": label} for key, label in VIEWS.items() if key != "map" or drawn],
        sums=_sums(found),
        key=cartogram.key(found.tiles),
        blocks=cartogram.blocks(found.tiles) if view == "tiles" else [],
        areas=cartogram.areas(found.tiles, drawn) if drawn and view == "map" else None,
        rows=[_row(tile, names) for tile in found.tiles] if view == "table" else [],
        targets=_targets(found.targets),
        rounds=_rounds(rounds, names),
        coming=_coming(found, names),
        late=late,
        more_late=max(len(found.late) - MOST_LATE, 0),
    )


@pages.get("/board/units.<form>")
@signed_in
def board_table(form: str) -> Response:
    """Give the units of the board as a table to keep."""
    with transaction(sessions()) as session:
        found = boards.board(session, g.actor, clock.today(), request.args.get("province") or None)
        names = labels.read(session)
    head = [_("Code"), _("Unit"), _("Level"), _("Standing"), _("Titles held"), _("Next due"), _("Tasks late")]
    rows = [_cells(_row(tile, names)) for tile in found.tiles]
    name = found.province.name if found.province else ""
    return tables.answer(
        Table(_("Units of %(province)s %(day)s", province=name, day=day(found.on)), head, rows), tables.chosen(form)
    )


@pages.get("/board/targets.<form>")
@signed_in
def target_table(form: str) -> Response:
    """Give the targets as a table to keep."""
    with transaction(sessions()) as session:
        found = boards.board(session, g.actor, clock.today(), request.args.get("province") or None)
    head = [_("Target"), _("Wanted"), _("Reached"), _("Basis")]
    rows = [[_named(one), one.wanted, one.reached, one.basis] for one in found.targets]
    return tables.answer(Table(_("Targets %(day)s", day=day(found.on)), head, rows), tables.chosen(form))


def _view(mapped: object) -> str:
    wanted = request.args.get("view", "tiles")
    return wanted if wanted in VIEWS and (wanted != "map" or mapped) else "tiles"


def _sums(found: Board) -> list[dict[str, Any]]:
    """Return the figures at the top of the board."""
    soon = found.on + AHEAD
    due = sum(tile.next_at is not None and civil_day(tile.next_at) <= soon for tile in found.tiles)
    late = sum(one.tasks for one in found.late)
    return [
        *(_sum(found.tiles, place) for place in (Place.RECOGNISED, Place.PILOT, Place.APPLYING, Place.RECTIFYING)),
        {"label": _("Due within 24 months"), "count": due, "note": _("units"), "tone": ""},
        {"label": _("Tasks late"), "count": late, "note": _cases(len(found.late)), "tone": "late" if late else ""},
    ]


def _sum(tiles: Sequence[Tile], place: Place) -> dict[str, Any]:
    found = [tile.tier for tile in tiles if tile.place is place]
    note = _("%(cities)s cities · %(counties)s counties", cities=found.count("city"), counties=found.count("county"))
    return {"label": cartogram.label(place), "count": len(found), "note": note, "tone": place.value}


def _cases(count: int) -> str:
    return str(ngettext("in %(num)d case", "in %(num)d cases", count))


def _row(tile: Tile, names: Labels) -> dict[str, Any]:
    return {
        "unit": tile.unit,
        "code": tile.code,
        "name": tile.name,
        "city": tile.tier == "city",
        "level": LEVELS.get(tile.level, tile.level),
        "place": tile.place.value,
        "letter": cartogram.letter(tile.place),
        "label": cartogram.label(tile.place),
        "milestone": names.milestone(tile.milestone),
        "titles": [{"name": TITLES.get(kind, kind), "since": day(since)} for kind, since in tile.titles.items()],
        "next": day(tile.next_at),
        "next_what": names.element(tile.next_element) if tile.next_element else "",
        "late": tile.late,
    }


def _cells(row: dict[str, Any]) -> list[Any]:
    titles = "; ".join(f"{one['name']} {one['since']}" for one in row["titles"])
    return [row["code"], row["name"], str(row["level"]), row["label"], titles, row["next"], row["late"]]


def _targets(targets: Sequence[Target]) -> list[dict[str, Any]]:
    """Return the targets in their two groups, each with how much of it is reached, in percent."""
    groups = {
        _("Cities and counties"): [one for one in targets if one.key not in INSTITUTES],
        _("Enterprise institutes"): [one for one in targets if one.key in INSTITUTES],
    }
    return [{"label": label, "rows": [_target(one) for one in rows]} for label, rows in groups.items() if rows]


def _target(one: Target) -> dict[str, Any]:
    return {
        "name": _named(one),
        "basis": one.basis,
        "wanted": one.wanted,
        "reached": one.reached,
        "met": one.met,
        "percent": min(100, round(100 * one.reached / one.wanted)) if one.wanted else 100,
    }


def _named(one: Target) -> str:
    return one.name if language() == "zh" else one.english


def _rounds(rounds: Sequence[RoundRow], names: Labels) -> list[dict[str, Any]]:
    """Return the rounds that are open, then the last of each kind that came to something."""
    going = [row for row in rounds if row.state is RoundState.OPEN]
    last: dict[str, RoundRow] = {}
    for row in rounds:
        if row.state in {RoundState.CLOSED, RoundState.PUBLISHED} and (row.scored or row.results):
            last.setdefault(row.kind, row)
    return [_round(row, names) for row in [*going, *last.values()][:MOST_ROUNDS]]


def _round(row: RoundRow, names: Labels) -> dict[str, Any]:
    text, tone = ROUND_STATES[row.state.value]
    return {
        "name": round_name(row.id),
        "state": {"label": text, "tone": tone},
        "href": url_for("pages.instance", case=row.instance) if row.instance else None,
        "ranking": url_for("pages.rankings", round=row.id) if row.scored else None,
        "steps": [_said(step, names) for step in row.steps],
        "due": day(row.next_due),
        "provisional": row.provisional,
        "late": row.late,
        "opened": day(row.opened_on),
        "ended": day(row.published_on or row.closed_on),
        "number": row.document_no,
        "units": row.results or row.scored,
    }


def _coming(found: Board, names: Labels) -> list[dict[str, Any]]:
    """Return the units that are due in the next 24 months, by day and by what is due."""
    by_day: dict[tuple[date, str | None], list[Tile]] = defaultdict(list)
    for tile in found.tiles:
        if tile.next_at is not None and civil_day(tile.next_at) <= found.on + AHEAD:
            by_day[civil_day(tile.next_at), tile.next_element].append(tile)
    return [
        {
            "day": day(when),
            "left": (when - found.on).days,
            "what": _("Due (%(what)s)", what=names.element(element)),
            "units": [{"unit": tile.unit, "name": tile.name} for tile in tiles],
        }
        for (when, element), tiles in sorted(by_day.items(), key=lambda item: (item[0][0], item[0][1] or ""))
    ]


def _late(row: Late, session: Session, names: Labels) -> dict[str, Any]:
    days = -calendars.load(session).workdays_between(clock.now(), row.due_at)
    return {
        "case": row.case,
        "title": row.title,
        "name": _said(row.name, names),
        "due": day(row.due_at),
        "tasks": row.tasks,
        "days": ngettext("overdue by %(num)d working day", "overdue by %(num)d working days", days)
        if days
        else _("overdue"),
    }


def _said(name: str, names: Labels) -> str:
    """Return the name of a task, as its programme says it in the language of the page."""
    return pick({"zh": name, "en": names.english.get(name, name)})
