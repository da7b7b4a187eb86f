"""Programmes and their versions."""

from typing import Any

import marshmallow as ma
from flask import g

from engine import processes
from engine.errors import NotFound
from server import auth
from server.api.openapi import Blueprint

api = Blueprint("processes", __name__, description="Programmes, their processes and versions")


class ProcessSchema(ma.Schema):
    """A process that may be started."""

    id = ma.fields.String()
    name = ma.fields.String()


class ProgrammeSchema(ma.Schema):
    """The newest version of a programme."""

    programme = ma.fields.String()
    name = ma.fields.Dict(metadata={"description": "zh and en"})
    number = ma.fields.Integer()
    digest = ma.fields.String()
    lifecycle = ma.fields.String(metadata={"description": "The process that carries a unit through its life"})
    milestones = ma.fields.Dict()
    processes = ma.fields.List(ma.fields.Nested(ProcessSchema))


class VersionSchema(ma.Schema):
    """A version of a programme; it never changes."""

    number = ma.fields.Integer()
    digest = ma.fields.String()
    deployed_at = ma.fields.AwareDateTime(format="iso")
    deployed_by = ma.fields.String()


@api.get("/processes")
@auth.signed_in
@api.response(200, ProgrammeSchema(many=True))
def listing() -> list[dict[str, Any]]:
    """List the newest version of every programme with its processes."""
    names = sorted({deployment.programme for deployment in processes.versions(g.session)})
    return [_programme(processes.latest(g.session, name)) for name in names]


@api.get("/processes/<programme>/versions")
@auth.signed_in
@api.response(200, VersionSchema(many=True))
def versions(programme: str) -> list[Any]:
    """List the versions of a programme, the newest first."""
    found = processes.versions(g.session, programme)
    if not found:
        raise NotFound(programme=programme)
    return list(found)


def _programme(programme: processes.Programme) -> dict[str, Any]:
    drawn = [{"id": key, "name": programme.model.names[key]} for key in sorted(programme.diagrams)]
    return {
        "programme": programme.id,
        "name": dict(programme.name),
        "number": programme.number,
        "digest": programme.digest,
        "lifecycle": programme.lifecycle,
        "milestones": {key: dict(label) for key, label in programme.milestones.items()},
        "processes": drawn,
    }
