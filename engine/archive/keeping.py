"""Archiving a case (T50): the package is made, kept under its digest, and the case remembers that it was.

The retention class is that of 档案 practice: 永久, or 定期 30 or 10 years; which one is a decision of the programme.
Nothing here deletes: a package leaves only by a destruction list with two approvals, which is not this house's to run.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from engine import clock, events, files, independence
from engine.archive import case as cases
from engine.archive import contents
from engine.domain import packages
from engine.errors import NotFound, StepFailed
from engine.identity import Actor
from engine.tables import Event, History, Instance

RETENTION: Mapping[str, tuple[str, str]] = {
    "permanent": ("永久", "permanent"),
    "30y": ("30年", "30 years"),
    "10y": ("10年", "10 years"),
}
ALSO = {"永久": "permanent", "30年": "30y", "10年": "10y", "30": "30y", "10": "10y"}
PROVINCIAL = ("PRV_", "GOV_", "STAT_PRV")
KEEPERS = frozenset({"AUDIT_ADMIN", "ARCHIVIST"})


@dataclass(frozen=True)
class Transfer:
    """Which case goes to the archive, for how long, at whose word; `var` is the folder of all that is kept."""

    programme: str
    case_id: str
    retention: str
    var: Path
    actor: UUID | None = None


@dataclass(frozen=True)
class Archived:
    """A package as the case remembers it."""

    case_id: str
    package: str
    files: int
    retention: str


def archive_case(session: Session, wanted: Transfer) -> dict[str, Any]:
    """Seal the case as one package, keep it in the folder of files and tell the case; return {package, files}.

    `package` is the SHA-256 of the file; an unchanged case gives the same package on the same day. The file is on the
    disk before the case says so. Raise NotFound for an unknown case, StepFailed for an unknown retention class,
    PackageRefused when the case is too large.
    """
    kept_for = ALSO.get(wanted.retention, wanted.retention)
    if kept_for not in RETENTION:
        raise StepFailed(retention=wanted.retention, reason="no such class of retention")
    case = cases.find(session, wanted.programme, wanted.case_id)
    about, found = contents.gather(session, case, contents.Store(wanted.var))
    zh, en = RETENTION[kept_for]
    about["retention"] = {"class": kept_for, "zh": zh, "en": en}
    about["archived_on"] = clock.today().isoformat()
    digest = files.keep(wanted.var, packages.seal(about, found))
    facts = {"case_id": case.id, "package": digest, "files": len(found), "retention": kept_for}
    events.append(session, cases.ARCHIVED, instance=case.instances[0].id, actor=wanted.actor, data=facts)
    return {"package": digest, "files": len(found)}


def package_of(session: Session, actor: Actor, case_id: str) -> Archived:
    """Return the newest package of a case, for provincial roles and the archivist; raise NotFound.

    A package cannot be opened in part: where it holds what is sealed (who objects, what single experts scored), it is
    for those alone who keep it and those who may read the seal.
    """
    if not any(role.startswith(PROVINCIAL) or role in KEEPERS for role in actor.roles):
        raise NotFound(case_id=case_id)
    told = session.scalar(_archived(case_id))
    if told is None or (not actor.roles & KEEPERS and _is_sealed(session, actor, case_id)):
        raise NotFound(case_id=case_id)
    return Archived(case_id, told["package"], told["files"], told["retention"])


def case_of(session: Session, actor: Actor, instance: UUID) -> str | None:
    """Return the case of an instance whose package the actor may have, none where there is no such package."""
    told = select(Event.data["case_id"].astext).where(Event.instance == instance, Event.kind == cases.ARCHIVED)
    case_id = session.scalar(told.order_by(Event.id.desc()).limit(1))
    if case_id is None:
        return None
    try:
        return package_of(session, actor, case_id).case_id
    except NotFound:
        return None


def _is_sealed(session: Session, actor: Actor, case_id: str) -> bool:
    """Tell whether steps of the unit's cases are hidden from a person."""
    unit = case_id.rpartition("-")[0]
    steps = select(History.element).join(Instance, Instance.id == History.instance).where(Instance.subject == unit)
    return any(independence.sealed(step, actor.roles) for step in session.scalars(steps.distinct()))


def _archived(case_id: str) -> Select[dict[str, Any]]:
    """Choose what was told of a case's packages, the newest first: by the unit, whose instances have an index."""
    unit = case_id.rpartition("-")[0]
    return (
        select(Event.data)
        .join(Instance, Instance.id == Event.instance)
        .where(Instance.subject == unit, Event.kind == cases.ARCHIVED, Event.data["case_id"].astext == case_id)
        .order_by(Event.id.desc())
        .limit(1)
    )
