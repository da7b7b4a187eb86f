"""Trying the draft of an indicator set on a past round: every unit's score and place as it was and as it would be."""

from typing import Any
from uuid import UUID

from flask import g
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from engine import processes, revisions, sheets
from engine.db import transaction
from engine.differences.sets import WORDS
from engine.domain import indicators, setbook
from engine.domain.sheets import Frozen
from engine.errors import ModelRefused, NotFound, StepFailed
from engine.sheets import Move
from server.pages import terms
from server.pages.shell import pages, sessions
from server.pages.studio.asking import text, wanted
from server.pages.studio.frame import as_program, on_bench

LEVELS = {"city": _("cities"), "county": _("counties, cities and districts")}


@pages.post("/studio/revisions/<uuid:revision>/rescore")
@on_bench
@as_program
def rescore_draft(revision: UUID) -> dict[str, Any]:
    """Return the rounds and sets to choose from, and of a chosen pair what the set makes of the round."""
    told = wanted()
    content = text(told, "content").encode()
    with transaction(sessions()) as session:
        programme = revisions.show(session, g.actor, revision).programme
        rounds = sheets.past_rounds(session, programme)
        try:
            rows = indicators.read_rows(content)
            moves = _moves(session, programme, rows, told) if told.get("round") else []
        except (ModelRefused, StepFailed, NotFound):
            rows, moves = [], []
            fault = gettext("The set cannot be used yet; the list of findings says why.")
        else:
            fault = ""
    return {
        "rounds": [{"id": one.id, "name": terms.round_name(one.id), "set": one.indicator_set} for one in rounds],
        "sets": indicators.codes(rows),
        "moves": [_told(one) for one in moves],
        "fault": fault,
    }


@pages.app_template_global()
def set_columns() -> dict[str, Any]:
    """Return what the editor of sets needs to know: columns of each part, their titles, and words for their values."""
    titles = {column: (title, column.replace("_", " ")) for column, title in setbook.TITLES.items()}
    return {"sheets": list(setbook.SHEETS.values()), "titles": titles, "words": WORDS, "columns": indicators.COLUMNS}


def _moves(session: Session, programme: str, rows: list[dict[str, str]], told: dict[str, Any]) -> list[Move]:
    known = processes.latest(session, programme)
    place = sheets.Place(programme, known.decisions.get("grade"))
    return sheets.moves(session, place, text(told, "round"), Frozen(text(told, "set"), rows))


def _told(one: Move) -> dict[str, Any]:
    return {
        "name": one.name,
        "level": str(LEVELS.get(one.level, one.level)),
        "before": f"{one.before:.2f}",
        "place": one.place,
        "after": f"{one.after:.2f}" if one.after is not None else "",
        "place_after": one.place_after,
        "move": f"{one.after - one.before:+.2f}" if one.after is not None else "",
        "crossed": one.crossed,
    }
