"""Starting a case: what a person may begin, for whom, with which facts."""

from typing import Any

from flask import g, jsonify, render_template, request, url_for
from flask_babel import lazy_gettext as _
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from engine import openings
from engine.db import transaction
from engine.fleet import standstills
from engine.fleet.standstills import StandstillRow
from engine.openings import OpeningRow, Wish
from server import idempotency
from server.auth import signed_in
from server.pages.moments import stamp
from server.pages.shell import pages, sessions
from server.pages.words import pick

FIRST = _("The first steps are waiting for those who do them.")


@pages.get("/start")
@signed_in
def start() -> str:
    """Show what I may begin, programme by programme."""
    with transaction(sessions()) as session:
        found = openings.listing(session, g.actor)
        still = standstills.closed(session, {row.programme for row in found})
    programmes = {row.programme: pick(row.programme_name) for row in found}
    return render_template(
        "start/list.html",
        programmes=[
            {
                "name": name,
                "still": _still(still.get(key)),
                "rows": [_line(row) for row in found if row.programme == key],
            }
            for key, name in programmes.items()
        ],
    )


@pages.get("/start/<programme>/<process>/<element>")
@signed_in
def opening(programme: str, process: str, element: str) -> str:
    """Show the form of one thing that I may begin."""
    with transaction(sessions()) as session:
        view = openings.show(session, g.actor, programme, process, element)
        still = standstills.closed(session, [programme])
    seats = [{"organisation": seat.organisation, "name": pick(seat.name)} for seat in view.row.seats]
    return render_template(
        "start/opening.html",
        still=_still(still.get(programme)),
        row=_line(view.row),
        programme=pick(view.row.programme_name),
        seats=seats,
        form={
            "schema": view.form,
            "values": {**view.data, **_only(view.data)},
            "url": url_for("pages.begin", programme=programme, process=process, element=element),
        },
    )


@pages.post("/start/<programme>/<process>/<element>")
@signed_in
def begin(programme: str, process: str, element: str) -> Response:
    """Begin it with the answers in the body, once for each Idempotency-Key; reply with where to look."""
    wanted = request.get_json()
    if not isinstance(wanted, dict) or not isinstance(wanted.get("answers"), dict):
        raise BadRequest
    wish = Wish(programme, process, element, str(wanted.get("organisation", "")), wanted["answers"])
    with transaction(sessions()) as session:
        return idempotency.answer(session, lambda: jsonify(_begun(openings.begin(session, g.actor, wish))))


def _only(data: dict[str, Any]) -> dict[str, Any]:
    """Return the unit, chosen already where there is but one to choose."""
    units = data.get("units", ())
    return {"unit": units[0]["value"]} if len(units) == 1 else {}


def _still(row: StandstillRow | None) -> dict[str, str] | None:
    return {"at": stamp(row.at), "reason": row.reason} if row else None


def _begun(instance: Any) -> dict[str, str]:
    address = url_for("pages.instance", case=instance) if instance else url_for("pages.instances")
    return {"redirect": address, "told": str(FIRST)}


def _line(row: OpeningRow) -> dict[str, Any]:
    return {
        "href": url_for("pages.opening", programme=row.programme, process=row.process, element=row.element),
        "name": pick(row.name),
        "told": pick(row.told),
    }
