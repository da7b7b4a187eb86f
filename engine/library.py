"""The library: programmes, what lies in them, their versions with who made them and what runs on each."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.orm import Session, aliased

from engine import ownership, processes
from engine.domain import drafting
from engine.errors import NotFound
from engine.identity import Actor
from engine.processes import Programme
from engine.tables import STANDING, Deployment, Instance, Person, Revision


@dataclass(frozen=True)
class VersionRow:
    """A version of a programme: who wrote, approved and deployed it and why, as far as a draft stands behind it.

    `running` is how many cases run on it.
    """

    programme: str
    digest: str
    number: int
    deployed_at: datetime
    deployed_by: str
    title: str | None
    reason: str | None
    author: str | None
    approver: str | None
    opinion: str | None
    revision: Any
    running: int


@dataclass(frozen=True)
class Item:
    """Something that lies in a programme: its file, its id and what people call it."""

    kind: str
    path: str
    key: str
    name: Mapping[str, str]


@dataclass(frozen=True)
class ProgrammeRow:
    """A programme with its newest version, how many versions it has and how many cases run; and what the actor may."""

    programme: str
    name: Mapping[str, str]
    newest: VersionRow
    versions: int
    running: int
    counts: Mapping[str, int]
    may_edit: bool
    may_approve: bool


HEADING = re.compile(r"#+ ([^\n{]{1,60})")
NOTICES = {"zh": "提醒文字", "en": "Texts of notices"}
KINDS = ("process", "decision", "form", "set", "template", "scenario")


def listing(session: Session, actor: Actor) -> list[ProgrammeRow]:
    """List the programmes that the actor may change or approve, by name; one query, and none for what is built."""
    by_programme: dict[str, list[VersionRow]] = {}
    for row in _versions(session, _on_bench(actor)):
        by_programme.setdefault(row.programme, []).append(row)
    return [_programme(session, actor, rows) for _, rows in sorted(by_programme.items())]


def versions(session: Session, actor: Actor, programme: str) -> list[VersionRow]:
    """List the versions of a programme, the newest first; raise NotFound."""
    ownership.must_see(actor, programme)
    found = _versions(session, Deployment.programme == programme)
    if not found:
        raise NotFound(programme=programme)
    return found


def version(session: Session, actor: Actor, programme: str, number: int) -> Programme:
    """Return a version of a programme; raise NotFound, NotAllowed."""
    ownership.must_see(actor, programme)
    query = select(Deployment.digest).where(Deployment.programme == programme, Deployment.number == number)
    digest = session.scalar(query)
    if digest is None:
        raise NotFound(programme=programme, number=number)
    return processes.load(session, digest)


def export(session: Session, actor: Actor, programme: str, number: int) -> tuple[str, bytes]:
    """Return the name and the content of a ZIP of a version; raise NotFound, NotAllowed."""
    return f"{programme}-{number}.zip", drafting.pack(version(session, actor, programme, number).files)


def name(session: Session, programme: str) -> Mapping[str, str]:
    """Return what people call a programme, its id where it has no version yet."""
    try:
        return processes.latest(session, programme).name
    except NotFound:
        return {"zh": programme}


def names(session: Session, programme: str) -> tuple[Mapping[str, str], dict[str, Mapping[str, str]]]:
    """Return what people call a programme, and its files by path, in one query."""
    try:
        found = processes.latest(session, programme)
    except NotFound:
        return {"zh": programme}, {}
    named = {item.path: item.name for item in reversed(contents(found)) if item.name}
    return found.name, {path: told for path, told in named.items() if path != "indicators.csv"}


def contents(found: Programme) -> list[Item]:
    """List what lies in a version: processes, decisions, forms, indicator sets, templates and scenarios."""
    sets = {row["set"]: row["name"] for row in found.indicators if not row["code"]}
    return [
        *(Item("process", path, key, {"zh": found.model.names[key]}) for key, path in sorted(found.diagrams.items())),
        *(Item("decision", path, path.removesuffix(".dmn"), _decision(found, path)) for path in _paths(found, ".dmn")),
        *(Item("form", f"forms/{key}.form", key, _form(found, key)) for key in sorted(found.forms)),
        *(Item("set", "indicators.csv", key, {"zh": name}) for key, name in sets.items()),
        *(Item("template", f"templates/{key}.toml", key, one.name) for key, one in sorted(found.templates.items())),
        *(Item("template", path, "notices", NOTICES) for path in _paths(found, "notices.toml")),
        *(Item("scenario", path, path.split("/", 1)[1].removesuffix(".json"), {}) for path in _paths(found, ".json")),
    ]


def _programme(session: Session, actor: Actor, rows: list[VersionRow]) -> ProgrammeRow:
    newest = rows[0]
    built = processes.load(session, newest.digest)
    items = contents(built)
    return ProgrammeRow(
        programme=newest.programme,
        name=built.name,
        newest=newest,
        versions=len(rows),
        running=sum(row.running for row in rows),
        counts={kind: sum(item.kind == kind for item in items) for kind in KINDS},
        may_edit=ownership.may_edit(actor, newest.programme),
        may_approve=ownership.may_approve(actor, newest.programme),
    )


def _on_bench(actor: Actor) -> ColumnElement[bool]:
    edited, approved = ownership.edited_by(actor), ownership.approved_by(actor)
    if edited.every or approved.every:
        return true()
    return Deployment.programme.in_(sorted(edited.names | approved.names))


def _versions(session: Session, which: ColumnElement[bool]) -> list[VersionRow]:
    author, approver = aliased(Person), aliased(Person)
    running = (
        select(Instance.deployment, func.count().label("running"))
        .where(Instance.state.in_(STANDING))
        .group_by(Instance.deployment)
        .subquery()
    )
    query = (
        select(Deployment.programme, Deployment.digest, Deployment.number, Deployment.deployed_at)
        .add_columns(Deployment.deployed_by, Revision.title, Revision.reason, author.name, approver.name)
        .add_columns(Revision.opinion, Revision.id, func.coalesce(running.c.running, 0))
        .outerjoin(Revision, Revision.deployment == Deployment.digest)
        .outerjoin(author, author.id == Revision.submitted_by)
        .outerjoin(approver, approver.id == Revision.decided_by)
        .outerjoin(running, running.c.deployment == Deployment.digest)
        .where(which)
        .order_by(Deployment.programme, Deployment.number.desc())
    )
    return [VersionRow(*row) for row in session.execute(query)]


def _paths(found: Programme, suffix: str) -> Iterable[str]:
    return sorted(path for path in found.files if path.endswith(suffix))


def _decision(found: Programme, path: str) -> Mapping[str, str]:
    known = found.decisions.get(path.removesuffix(".dmn"))
    return {"zh": known.name} if known is not None else {}


def _form(found: Programme, key: str) -> Mapping[str, str]:
    """Return what a form says it is called, else the heading that it begins with."""
    form = found.forms[key]
    said: Mapping[str, str] = form.get("properties", {}).get("name") or {}
    texts = (str(one.get("text", "")) for one in form.get("components", ()) if one.get("type") == "text")
    heading = HEADING.match(next(texts, ""))
    return said or ({"zh": heading[1]} if heading else {})
