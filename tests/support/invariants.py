"""What must hold of a database after whatever happened to it; the rules are those of `icity check`."""

from collections.abc import Iterable
from uuid import UUID

from engine import soundness
from engine.db import Sessions, transaction
from engine.invariants import Broken
from server import watch


def broken(sessions: Sessions) -> list[str]:
    """Return a line for everything in the database that breaks a rule."""
    return lines(watch.everything(sessions))


def broken_in(sessions: Sessions, instances: Iterable[UUID]) -> list[str]:
    """Return a line for everything in these instances that breaks a rule."""
    ids = list(instances)
    with transaction(sessions) as session:
        return lines([*soundness.of_rows(session, ids), *soundness.of_states(session, ids)])


def lines(found: Iterable[Broken]) -> list[str]:
    return [f"{one.rule}: {one.text['en']} [{one.subject}]" for one in found]
