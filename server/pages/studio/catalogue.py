"""The pick lists of the modeler's panel: what a diagram of a draft may name, in the language of the page."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import g
from flask_babel import lazy_gettext as _
from marshmallow import fields

from engine import delegates, identity, library, picklists, revisions
from engine.bpmn.elements import ACTIONS
from engine.db import transaction
from engine.picklists import Pick
from server.pages.bar import LABELS
from server.pages.shell import pages, sessions, settings
from server.pages.studio.frame import as_program, on_bench
from server.pages.words import pick

ACTS = {"complete": _("Finish the task"), **LABELS}
KINDS: tuple[tuple[type[fields.Field[Any]], object], ...] = (
    (fields.Integer, _("whole number")),
    (fields.Number, _("number value")),
    (fields.Boolean, _("yes or no")),
    (fields.Date, _("date value")),
    (fields.String, _("text value")),
    (fields.List, _("list of values")),
    (fields.Dict, _("context of values")),
)


@pages.get("/studio/revisions/<uuid:revision>/catalogue")
@on_bench
@as_program
def catalogue(revision: UUID) -> dict[str, Any]:
    """Return the lists of the panel by what they are of: forms, roles, operators, decisions, deadlines …."""
    with transaction(sessions()) as session:
        files = revisions.files(session, g.actor, revision)
    return _lists(files)


@pages.get("/studio/versions/<programme>/<int:number>/catalogue")
@on_bench
@as_program
def version_catalogue(programme: str, number: int) -> dict[str, Any]:
    """Return the lists of a version, for whoever reads it to see names instead of keys."""
    with transaction(sessions()) as session:
        files = library.version(session, g.actor, programme, number).files
    return _lists(files)


def _lists(files: Mapping[str, bytes]) -> dict[str, Any]:
    found = picklists.gather(files)
    return {
        "forms": [{**_told(one), "fields": _named(one.inputs)} for one in found.forms],
        "decisions": [_told(one) for one in found.decisions],
        "processes": [_told(one) for one in found.processes],
        "deadlines": _named(found.deadlines),
        "milestones": _named(found.milestones),
        "roles": [{"id": key, "name": pick(role.name)} for key, role in identity.roles().items()],
        "operators": [_operator(key) for key in delegates.names()],
        "actions": [_action(key) for key in ACTIONS if key != "complete"],
        "opinions": [_action(key) for key in ACTIONS],
        "usual": [str(ACTS[key]) for key in settings().default_actions],
    }


def _told(one: Pick) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": pick(one.name),
        "file": one.file,
        "inputs": _named(one.inputs),
        "outputs": _named(one.outputs),
    }


def _named(some: Iterable[Pick]) -> list[dict[str, str]]:
    return [{"id": one.id, "name": pick(one.name)} for one in some]


def _action(key: str) -> dict[str, str]:
    return {"id": key, "name": str(ACTS[key])}


def _operator(key: str) -> dict[str, Any]:
    operator = delegates.REGISTRY[key]
    parameters = [_parameter(name, one) for name, one in operator.parameters.fields.items()]
    return {"id": key, "name": pick(operator.title), "inputs": parameters, "outputs": []}


def _parameter(name: str, one: ma.fields.Field[Any]) -> dict[str, str]:
    kind = next((str(said) for type_, said in KINDS if isinstance(one, type_)), "")
    required = str(_("must be given"))  # not inside the f-string, where the catalogue's reader finds no words
    return {"id": name, "name": name, "told": f"{kind} · {required}" if one.required else kind}
