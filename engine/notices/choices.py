"""Choices of people: for which purposes they are told over which channels, when they want quiet, and the digest."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.clock import CIVIL
from engine.domain.channels import Channel
from engine.notices.rules import Purpose
from engine.tables import Preference

DIGEST_AT = time(8, 30)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Choice:
    """What a person chose; nothing chosen is as config/notices.toml has it. `quiet` is from one hour to another."""

    unwanted: frozenset[str] = frozenset()
    ways: Mapping[str, tuple[Channel, ...]] = field(default_factory=dict)
    quiet: tuple[time, time] | None = None
    digest: bool = False

    def wants(self, purpose: str) -> bool:
        """Tell whether the person is told of such things at all."""
        return purpose not in self.unwanted

    def channels(self, purpose: Purpose) -> tuple[Channel, ...]:
        """Return over which channels the person is told."""
        return tuple(self.ways.get(purpose.key, purpose.channels))

    def moment(self, now: datetime, purpose: Purpose, channel: Channel) -> tuple[datetime, bool]:
        """Return when to tell, and whether in the digest: what is urgent at once, the rest not in the quiet hours."""
        if purpose.urgent:
            return now, False
        if self.digest and channel is Channel.MAIL:
            return _next(now, DIGEST_AT), True
        if self.quiet is not None and _within(now.astimezone(CIVIL).time(), *self.quiet):
            return _next(now, self.quiet[1]), False
        return now, False


def of(session: Session, people: Collection[UUID]) -> dict[UUID, Choice]:
    """Return the choice of each of the people, in one query."""
    rows = session.execute(select(Preference.person, Preference.value).where(Preference.person.in_(people)))
    kept = {row.person: read(row.value) for row in rows}
    return {person: kept.get(person, Choice()) for person in people}


def read(value: Mapping[str, Any]) -> Choice:
    """Return the choice that is kept among a person's preferences."""
    quiet = value.get("quiet")
    return Choice(
        frozenset(value.get("unwanted", ())),
        {key: tuple(Channel(one) for one in some) for key, some in value.get("channels", {}).items()},
        (time.fromisoformat(quiet[0]), time.fromisoformat(quiet[1])) if quiet else None,
        bool(value.get("digest", False)),
    )


def _within(hour: time, begin: time, end: time) -> bool:
    """Tell whether an hour lies from `begin` to `end`, which may be past midnight."""
    return begin <= hour < end if begin <= end else hour >= begin or hour < end


def _next(now: datetime, hour: time) -> datetime:
    """Return the next instant at which it is `hour` in civil time."""
    today = now.astimezone(CIVIL).replace(hour=hour.hour, minute=hour.minute, second=0, microsecond=0)
    return (today if today > now else today + DAY).astimezone(now.tzinfo)
