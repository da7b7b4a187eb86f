"""Trying a decision of a draft: which rules fire for typed values, and what comes out."""

from typing import Any
from uuid import UUID

from flask import g
from flask_babel import gettext
from werkzeug.exceptions import BadRequest

from engine import revisions, trials
from engine.db import transaction
from engine.errors import ModelRefused
from engine.trials import Tried
from server.pages.shell import pages, sessions
from server.pages.studio.asking import text, texts, wanted
from server.pages.studio.frame import as_program, on_bench
from server.pages.words import pick


@pages.post("/studio/revisions/<uuid:revision>/decide")
@on_bench
@as_program
def try_decision(revision: UUID) -> dict[str, Any]:
    """Return the decisions of a file as it is being drawn, tried where values were typed; nothing is kept."""
    told = wanted()
    given = told.get("given", {})
    if not isinstance(given, dict):
        raise BadRequest
    typed = {name: texts(values) for name, values in given.items()}
    with transaction(sessions()) as session:
        revisions.show(session, g.actor, revision)
        known = trials.organisations(session) if told.get("codes") is True else []
    codes = [{"code": code, "name": pick(name)} for code, name in known]
    try:
        found = trials.decide(text(told, "path"), text(told, "content").encode(), typed)
    except ModelRefused:
        fault = gettext("The table cannot be read; the list of findings says why.")
        return {"decisions": [], "codes": codes, "fault": fault}
    return {"decisions": [_told(one) for one in found], "codes": codes, "fault": ""}


def _told(one: Tried) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "asks": [vars(asked) for asked in one.asks],
        "outputs": one.outputs,
        "answer": one.answer,
        "fired": one.fired,
        "fault": pick(one.fault),
    }
