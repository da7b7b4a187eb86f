"""Changeovers for the fault tests: two cases on an old version, asked to be carried over, or to be taken back."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import changeovers, identity, processes, runtime
from engine.db import Sessions, transaction
from engine.errors import NotFound
from engine.projections import Ending
from engine.runtime import Opening
from engine.tables import STANDING, Instance
from tests.support import versions
from tests.support.shapes import end, start, way

CASES = 2
OLD = {"p": start() + versions.step("a", "受理") + end("e") + way("s a e")}
NEW = {"p": start() + versions.step("a2", "受理") + versions.step("b", "复核") + end("e") + way("s a2 b e")}


def asked(sessions: Sessions, act: str, turn: str) -> str:
    """Start two cases on the old version and ask for the act; return the group that waits for it."""
    with transaction(sessions) as session:
        return _asked(session, act, turn)


def work(sessions: Sessions, group: str) -> None:
    """Do what was asked for."""
    with transaction(sessions) as session:
        changeovers.work(session, UUID(group))


def _asked(session: Session, act: str, turn: str) -> str:
    owner = identity.load(session, versions.OWNER)
    old, new = (processes.digest_of(versions.files(bodies)) for bodies in (OLD, NEW))
    _deployed(session, old)
    running = select(Instance.id).where(Instance.programme == "small", Instance.state.in_(STANDING))
    for earlier in session.scalars(running).all():
        runtime.terminate(session, earlier, Ending(owner.id, "an earlier turn"))
    for _ in range(CASES):
        runtime.start(session, processes.load(session, old), Opening("p", turn, turn), {})
    made = changeovers.rehearse(session, owner, "small", processes.load(session, new).files)
    (group,) = changeovers.show(session, owner, made).groups
    changeovers.apply(session, owner, made)
    if act == "take back":
        changeovers.work(session, group.id)
        changeovers.undo(session, owner, made)
    return str(group.id)


def _deployed(session: Session, old: str) -> None:
    try:
        processes.load(session, old)
    except NotFound:
        for bodies in (OLD, NEW):
            processes.deploy_files(session, versions.files(bodies), "tests")
