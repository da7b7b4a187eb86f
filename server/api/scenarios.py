"""Scenarios and the time machine: examine a draft, play it as wished; nothing of a play is kept."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import g

from engine import machines, mutants, revisions, scenarios
from engine.machines import Play
from engine.rehearsal.machine import Line, Policy
from server import auth
from server.api.openapi import Blueprint

api = Blueprint("scenarios", __name__, description="Scenarios of drafts, and the time machine")
OWNERS = ("PROC_OWNER", "PROC_APPROVER")


class ScenarioSentenceSchema(ma.Schema):
    """A sentence in both languages."""

    zh = ma.fields.String()
    en = ma.fields.String()


class ScenarioResultSchema(ma.Schema):
    """How one scenario went."""

    path = ma.fields.String()
    process = ma.fields.String()
    name = ma.fields.String()
    title = ma.fields.Nested(ScenarioSentenceSchema)
    ok = ma.fields.Boolean()
    told = ma.fields.Nested(ScenarioSentenceSchema)
    differences = ma.fields.List(ma.fields.Nested(ScenarioSentenceSchema))


class ExaminationSchema(ma.Schema):
    """How all scenarios went, and what they pass."""

    ok = ma.fields.Boolean()
    results = ma.fields.List(ma.fields.Nested(ScenarioResultSchema))
    coverage = ma.fields.Float(metadata={"description": "Share of steps and flows passed, 0 to 1"})
    painted = ma.fields.Dict(
        keys=ma.fields.String(),
        values=ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Integer()),
        metadata={"description": "How often each step and flow was passed, by process"},
    )
    findings = ma.fields.List(ma.fields.Dict(keys=ma.fields.String()))


class RehearsalWishSchema(ma.Schema):
    """What is to be played: from a scenario of the draft, from data, or on from a copy of a running case."""

    scenario = ma.fields.String(load_default=None, allow_none=True)
    case = ma.fields.UUID(load_default=None, allow_none=True)
    process = ma.fields.String(load_default="")
    data = ma.fields.Dict(keys=ma.fields.String(), load_default=dict)
    plan = ma.fields.Dict(
        keys=ma.fields.String(), load_default=dict, metadata={"description": "As docs/reference/simulate.md tells"}
    )
    until = ma.fields.String(load_default="P1Y", validate=ma.validate.Length(1, 64))
    policy = ma.fields.Enum(Policy, by_value=True, load_default=Policy.LAST)


class RehearsalLineSchema(ma.Schema):
    """One thing that happened."""

    at = ma.fields.DateTime()
    kind = ma.fields.String()
    process = ma.fields.String()
    element = ma.fields.String()
    name = ma.fields.String()
    detail = ma.fields.String()
    due = ma.fields.DateTime(allow_none=True)
    role = ma.fields.String(allow_none=True)
    organisation = ma.fields.String(allow_none=True)
    said = ma.fields.String(allow_none=True)


class RehearsedSchema(ma.Schema):
    """Everything that happened until the clock stopped, by date."""

    until = ma.fields.DateTime()
    lines = ma.fields.List(ma.fields.Nested(RehearsalLineSchema))


class FaultsAskedSchema(ma.Schema):
    """Whose scenarios are tried."""

    process = ma.fields.String(required=True)


class UnnoticedSchema(ma.Schema):
    """A fault that no scenario noticed."""

    element = ma.fields.String()
    told = ma.fields.Nested(ScenarioSentenceSchema)


class FaultsSchema(ma.Schema):
    """How many small faults the scenarios of a process noticed."""

    process = ma.fields.String()
    tried = ma.fields.Integer()
    caught = ma.fields.Integer()
    possible = ma.fields.Integer()
    late = ma.fields.Boolean(metadata={"description": "True when the time ran out before all of the sample were tried"})
    survivors = ma.fields.List(ma.fields.Nested(UnnoticedSchema))


@api.get("/revisions/<uuid:revision>/scenarios")
@auth.needs(*OWNERS)
@api.response(200, ExaminationSchema)
def examine(revision: UUID) -> Any:
    """Play every scenario of a draft and tell how each went."""
    return scenarios.examine(revisions.files(g.session, g.actor, revision))


@api.post("/revisions/<uuid:revision>/rehearsals")
@auth.needs(*OWNERS)
@api.arguments(RehearsalWishSchema)
@api.response(200, RehearsedSchema)
def rehearse(wanted: dict[str, Any], revision: UUID) -> dict[str, Any]:
    """Play a draft in memory and tell all that happens by date; what stands in a copied case is not told."""
    files = revisions.files(g.session, g.actor, revision)
    machine = machines.play(files, _play(wanted, files, revision))
    lines: list[Line] = machine.lines()
    return {"until": machine.plan.until, "lines": lines}


@api.post("/revisions/<uuid:revision>/faults")
@auth.needs(*OWNERS)
@api.arguments(FaultsAskedSchema)
@api.response(200, FaultsSchema)
def try_faults(wanted: dict[str, str], revision: UUID) -> Any:
    """Draw small faults into a process of a draft and tell which its scenarios notice; takes up to 20 seconds."""
    return mutants.score(revisions.files(g.session, g.actor, revision), wanted["process"])


def _play(wanted: dict[str, Any], files: dict[str, bytes], revision: UUID) -> Play:
    if wanted["scenario"] is not None:
        return machines.opened(files, wanted["scenario"])
    told = {name: wanted[name] for name in ("data", "plan", "until", "policy")}
    if wanted["case"] is None:
        return Play(wanted["process"], **told)
    programme = revisions.show(g.session, g.actor, revision).programme
    copy = machines.copy(g.session, g.actor, programme, wanted["case"])
    return Play(copy.process, **told, copy=copy)
