"""What a person chose for their own desk: the language, the size of lists, what they are told of, the tour."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import time
from enum import StrEnum
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine.domain.channels import Channel
from engine.errors import AnswersRefused
from engine.identity import Actor
from engine.tables import Person, Preference

SIZES = (20, 50, 100)
LANGUAGES = ("zh", "en")


class Notice(StrEnum):
    """What somebody may be told of."""

    ASSIGNED = "assigned"  # work was given to them
    RETURNED = "returned"  # work came back to them
    NEAR = "near"  # a deadline is near or has come
    OVERDUE = "overdue"  # a deadline has passed
    MOVED = "moved"  # a deadline was reckoned anew
    URGED = "urged"  # somebody asked them to hurry
    COPIED = "copied"  # somebody sent them a copy
    DECIDED = "decided"  # a case of theirs came to its end
    COMING = "coming"  # what comes every two years comes near
    OPERATIONS = "operations"  # the service itself needs somebody


@dataclass(frozen=True)
class Preferences:
    """How a person likes their desk; `unwanted` are the notices that they do not want, so that new kinds are told."""

    rows: int = 50
    unwanted: tuple[str, ...] = ()
    toured: bool = False
    channels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    quiet: tuple[str, str] | None = None
    digest: bool = False

    def wants(self, notice: Notice) -> bool:
        """Say whether the person is told of such things."""
        return notice.value not in self.unwanted


def read(session: Session, actor: Actor) -> Preferences:
    """Return the actor's preferences, as usual where nothing was chosen."""
    kept = session.scalar(select(Preference.value).where(Preference.person == actor.id)) or {}
    known = {field.name: kept[field.name] for field in fields(Preferences) if field.name in kept}
    return Preferences(**(known | {"unwanted": tuple(known.get("unwanted", ()))}))


def choose(session: Session, actor: Actor, changes: Mapping[str, Any]) -> Preferences:
    """Change some of the actor's preferences and return them all; raise AnswersRefused naming each fault."""
    faults = _faults(changes)
    if faults:
        raise AnswersRefused(fields=faults)
    statement = insert(Preference).values(person=actor.id, value=dict(changes))
    merged = Preference.value.op("||")(statement.excluded.value)
    session.execute(statement.on_conflict_do_update(index_elements=["person"], set_={"value": merged}))
    return read(session, actor)


def speak(session: Session, actor: Actor, language: str) -> None:
    """Keep which language the actor is spoken to in; raise AnswersRefused for an unknown one."""
    if language not in LANGUAGES:
        raise AnswersRefused(fields={"language": {"zh": "没有这种语言", "en": "no such language"}})
    change = update(Person).where(Person.id == actor.id).values(language=language)
    session.execute(change.execution_options(synchronize_session=False))


def plain(chosen: Preferences) -> dict[str, Any]:
    """Return preferences as plain data."""
    return asdict(chosen)


def _faults(changes: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    faults: dict[str, dict[str, str]] = {}
    if changes.get("rows", SIZES[0]) not in SIZES:
        faults["rows"] = {"zh": "每页条数只能是 20、50 或 100", "en": "lists have 20, 50 or 100 rows"}
    if not set(changes.get("unwanted", ())) <= set(Notice):
        faults["unwanted"] = {"zh": "没有这种提醒", "en": "no such notice"}
    if not _are_channels(changes.get("channels", {})):
        faults["channels"] = {"zh": "没有这种渠道", "en": "no such channel"}
    if not _are_hours(changes.get("quiet")):
        faults["quiet"] = {"zh": "免打扰时段应为两个不同的时刻", "en": "quiet hours are two different times of day"}
    if not all(isinstance(changes.get(key, False), bool) for key in ("toured", "digest")) or not changes.keys() <= {
        f.name for f in fields(Preferences)
    }:
        faults["preferences"] = {"zh": "没有这一项设置", "en": "no such preference"}
    return faults


def _are_channels(chosen: Any) -> bool:
    known = {channel.value for channel in Channel}
    named = isinstance(chosen, dict) and set(chosen) <= set(Notice)
    return named and all(isinstance(some, list | tuple) and set(some) <= known for some in chosen.values())


def _are_hours(quiet: Any) -> bool:
    if quiet is None:
        return True
    try:
        begin, end = (time.fromisoformat(hour) for hour in quiet)
    except (TypeError, ValueError):
        return False
    return begin != end
