"""Drafts of programmes for tests: a small programme and the approval of its changes, deployed."""

from pathlib import Path
from uuid import UUID

from engine import identity, processes, revisions
from engine.db import Sessions, transaction
from engine.identity import Actor
from engine.settings import ROOT
from tests.support import programme
from tests.support.diagrams import drawn
from tests.support.shapes import end, start, user, way
from tests.support.stage import FORM

BODY = start() + user("a", role="PRV_INTAKE") + end("e") + way("s a e")
LONGER = start() + user("a", role="PRV_INTAKE") + user("b", role="ARCHIVIST") + end("e") + way("s a b e")


def files(body: str = BODY) -> dict[str, bytes]:
    """Return the files of the programme `small` with one process `p`."""
    about = programme.ABOUT.replace('"sleep"', '"p"')
    return {"programme.toml": about.encode(), "p.bpmn": drawn("p", body), "forms/any.form": FORM.encode()}


def ground(sessions: Sessions) -> None:
    """Deploy the programme `small`, and the approval of changes."""
    with transaction(sessions) as session:
        processes.deploy(session, Path(ROOT / "workflows" / "studio"), "a test")
        processes.deploy_files(session, files(), "a test")


def person(sessions: Sessions, login: str) -> Actor:
    with transaction(sessions) as session:
        return identity.load(session, login)


def drafted(sessions: Sessions, actor: Actor, body: str = LONGER) -> UUID:
    """Begin a draft of `small` that draws its process otherwise, and say why."""
    with transaction(sessions) as session:
        row = revisions.begin(session, actor, "small", "增加归档环节")
        found = revisions.read(session, actor, row.id, "p.bpmn")
        revisions.save(session, actor, row.id, "p.bpmn", drawn("p", body), found.version)
        revisions.describe(session, actor, row.id, "增加归档环节", "档案要求")
    return row.id


def approved(sessions: Sessions, actor: Actor, approver: Actor) -> UUID:
    """Bring such a draft to where it may be deployed."""
    revision = drafted(sessions, actor)
    with transaction(sessions) as session:
        revisions.submit(session, actor, revision)
    with transaction(sessions) as session:
        revisions.approve(session, approver, revision, "同意")
    return revision
