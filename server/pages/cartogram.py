"""A province as tiles: each city a block in its place, its counties in it; or as the map of boundaries imported for it.

Tiles show no boundaries. Where cities stand is config/cartogram.csv; a city that is not in it stands after the others.
"""

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from flask import url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _

from engine.boards import Place, Tile
from engine.maps import Drawn
from engine.settings import ROOT
from server.pages.moments import day
from server.pages.words import pick

FILE = ROOT / "config" / "cartogram.csv"
ACROSS, TILE_WIDTH, TILE_HEIGHT, GAP, HEAD = 4, 44, 38, 4, 40
WIDTH = ACROSS * TILE_WIDTH + (ACROSS - 1) * GAP
LONGEST_NAME, SHORTEST_NAME = 3, 2
ENDINGS = ("畲族自治县", "自治县", "市", "县", "区")
# What a board calls each standing, and the letter that tells it apart without colour.
PLACES = {
    Place.RECOGNISED: (_("Recognised"), {"zh": "认", "en": "R"}),
    Place.PILOT: (_("Pilot"), {"zh": "试", "en": "P"}),
    Place.RECTIFYING: (_("Putting right"), {"zh": "改", "en": "X"}),
    Place.APPLYING: (_("Applying"), {"zh": "申", "en": "A"}),
    Place.ELIGIBLE: (_("May apply"), {"zh": "强", "en": "S"}),
    Place.NONE: (_("Takes no part"), {"zh": "—", "en": "–"}),
}


def label(place: Place) -> str:
    """Return what a board calls a standing."""
    return str(PLACES[place][0])


def letter(place: Place) -> str:
    """Return the letter of a standing."""
    return pick(PLACES[place][1])


def key(tiles: Sequence[Tile]) -> list[dict[str, Any]]:
    """Return the key: every standing with how many cities and counties have it."""
    return [
        {
            "place": place.value,
            "label": label(place),
            "letter": letter(place),
            "cities": sum(tile.place is place and tile.tier == "city" for tile in tiles),
            "counties": sum(tile.place is place and tile.tier != "city" for tile in tiles),
        }
        for place in PLACES
    ]


def blocks(tiles: Sequence[Tile]) -> list[dict[str, Any]]:
    """Return a block for each city, in reading order: where it stands, its size, and its tiles with their places."""
    cities = {tile.code: tile for tile in tiles if tile.tier == "city"}
    below: dict[str | None, list[Tile]] = defaultdict(list)
    for tile in tiles:
        if tile.tier != "city":
            below[tile.parent].append(tile)
    codes = sorted({*cities, *(code for code in below if code)}, key=lambda code: (_stand(code), code))
    return [_block(code, cities.get(code), below[code]) for code in codes]


def areas(tiles: Sequence[Tile], drawn: Drawn) -> dict[str, Any]:
    """Return the map of boundaries: its size, and each unit that it draws with path and place."""
    by_code = {tile.code: tile for tile in tiles}
    paths, places = drawn.drawing["paths"], drawn.drawing["places"]
    shown = [
        {**_words(by_code[code]), "path": path, "x": places[code][0], "y": places[code][1]}
        for code, path in paths.items()
        if code in by_code
    ]
    plain = [path for code, path in paths.items() if code not in by_code]
    size = {"width": drawn.drawing["width"], "height": drawn.drawing["height"]}
    return {**size, "units": shown, "plain": plain, "number": drawn.number}


def _block(code: str, city: Tile | None, counties: Sequence[Tile]) -> dict[str, Any]:
    row, column = _stand(code)
    lines = -(-len(counties) // ACROSS)
    return {
        "column": column,
        "row": row,
        "width": WIDTH,
        "height": HEAD + lines * (TILE_HEIGHT + GAP),
        "head": HEAD,
        "city": _words(city) if city else None,
        "name": city.name if city else counties[0].parent_name or counties[0].name,
        "tiles": [
            {
                **_words(tile),
                "x": place % ACROSS * (TILE_WIDTH + GAP),
                "y": HEAD + GAP + place // ACROSS * (TILE_HEIGHT + GAP),
                "width": TILE_WIDTH,
                "height": TILE_HEIGHT,
            }
            for place, tile in enumerate(counties)
        ],
    }


def _words(tile: Tile) -> dict[str, Any]:
    return {
        "href": url_for("pages.life", unit=tile.unit),
        "place": tile.place.value,
        "letter": letter(tile.place),
        "name": tile.name,
        "short": short(tile.name),
        "national": "national_pilot" in tile.titles,
        "late": tile.late,
        "told": _told(tile),
    }


def _told(tile: Tile) -> str:
    """Return what a tile says to whoever does not see it."""
    parts = [label(tile.place)]
    if "national_pilot" in tile.titles:
        parts.append(gettext("national pilot"))
    if tile.next_at is not None:
        parts.append(gettext("next date %(day)s", day=day(tile.next_at)))
    if tile.late:
        parts.append(gettext("%(count)s tasks late", count=tile.late))
    return str(gettext("%(name)s: %(facts)s", name=tile.name, facts=gettext(", ").join(parts)))


def short(name: str) -> str:
    """Return the name of a unit as a tile has room for it: without what it is, unless nothing would be left."""
    for ending in ENDINGS:
        if name.endswith(ending) and len(name) - len(ending) >= SHORTEST_NAME:
            name = name.removesuffix(ending)
            break
    return name[:LONGEST_NAME]


def _stand(code: str) -> tuple[int, int]:
    return _stands().get(code, (99, 0))


@cache
def _stands() -> Mapping[str, tuple[int, int]]:
    """Return the row and the column of each city."""
    rows: Iterable[dict[str, str]] = csv.DictReader(FILE.read_text(encoding="utf-8").splitlines())
    return {row["code"]: (int(row["row"]), int(row["column"])) for row in rows}
