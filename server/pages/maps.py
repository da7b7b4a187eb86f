"""Maps of boundaries: imported by an administrator for the board of a province, with the number of their approval."""

from typing import Any

from flask import g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from engine import maps
from engine.db import transaction
from engine.domain import boundaries
from engine.errors import MapRefused
from engine.maps import KEEPERS, File
from server.auth import needs
from server.pages.moments import stamp
from server.pages.shell import pages, sessions
from server.pages.words import pick

REFUSED = 422


@pages.get("/board/maps")
@needs(*sorted(KEEPERS))
def boundary_maps() -> str:
    """Show which provinces have a map, and the form to import one."""
    return _page({})


@pages.post("/board/maps")
@needs(*sorted(KEEPERS))
def import_map() -> Response | tuple[str, int]:
    """Import the map in the file that was handed in; say what is wrong with it beside the form."""
    sent = request.files.get("file")
    content = sent.read(boundaries.LARGEST + 1) if sent else b""
    given = {"province": request.form.get("province", ""), "number": request.form.get("number", "")}
    file = File(sent.filename or "" if sent else "", content, given["number"])
    try:
        with transaction(sessions()) as session:
            maps.keep(session, g.actor, given["province"], file)
    except MapRefused as fault:
        return _page({**given, "fault": pick(fault.facts["why"])}), REFUSED
    return redirect(url_for("pages.boundary_maps"), 303)


@pages.post("/board/maps/<province>/end")
@needs(*sorted(KEEPERS))
def remove_map(province: str) -> Response:
    """Take the map of a province away; its board shows tiles again."""
    with transaction(sessions()) as session:
        maps.remove(session, g.actor, province)
    return redirect(url_for("pages.boundary_maps"), 303)


def _page(given: dict[str, str]) -> str:
    with transaction(sessions()) as session:
        known = maps.provinces(session, g.actor)
    return render_template(
        "board/maps.html",
        provinces=[{"code": code, "name": name} for code, name, _ in known],
        maps=[_line(name, drawn) for _, name, drawn in known if drawn is not None],
        given=given,
        codes=boundaries.CODES,
        megabytes=boundaries.LARGEST // 1024 // 1024,
        points=boundaries.MOST_POINTS,
    )


def _line(name: str, drawn: maps.Drawn) -> dict[str, Any]:
    return {
        "province": drawn.province,
        "name": name,
        "number": drawn.number,
        "source": drawn.source,
        "digest": drawn.digest[:16],
        "at": stamp(drawn.imported_at),
        "units": len(drawn.drawing["paths"]),
        "width": drawn.drawing["width"],
        "height": drawn.drawing["height"],
        "paths": list(drawn.drawing["paths"].values()),
    }
