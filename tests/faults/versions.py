"""Changeovers for the fault tests: two cases on an old version, asked to be carried over, or to be taken back."""


from sqlalchemy.orm import Session

from engine import processes
from engine.db import Sessions, transaction
from engine.errors import NotFound
from tests.support import versions
from tests.support.shapes import end, start, way

CASES = 2
OLD = {"p": start() + versions.step("a", "受理") + end("e") + way("s a e")}
NEW = {"p": start() + versions.step("a2", "受理") + versions.step("b", "复核") + end("e") + way("s a2 b e")}


def asked(sessions: Sessions, act: str, turn: str) -> str:
    """Start two cases on the old version and ask for the act; return the group that waits for it."""
    with transaction(sessions) as session:
        return _asked(session, act, turn)


def _deployed(session: Session, old: str) -> None:
    try:
        processes.load(session, old)
    except NotFound:
        for bodies in (OLD, NEW):
            processes.deploy_files(session, versions.files(bodies), "tests")
