"""Contacts: where a person is reached away from the desk; an address is sealed, one that bounced is used no more."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine import clock
from engine.domain import sealing
from engine.domain.channels import Channel
from engine.errors import AnswersRefused
from engine.identity import Actor
from engine.tables import Contact

FORMS: Mapping[Channel, re.Pattern[str]] = MappingProxyType(
    {
        Channel.MAIL: re.compile(r"[^\s@,;<>\"()]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,200}[A-Za-z0-9])"),
        Channel.SMS: re.compile(r"(?:\+\d{8,15}|1\d{10})"),
        Channel.DINGTALK: re.compile(r"[A-Za-z0-9]{16,128}"),
        Channel.WECOM: re.compile(r"[A-Za-z0-9-]{16,128}"),
        Channel.FEISHU: re.compile(r"[A-Za-z0-9-]{16,128}"),
    }
)


@dataclass(frozen=True)
class ContactRow:
    """An address of a person, and why it is used no more."""

    channel: Channel
    address: str
    made_at: datetime
    bounced_at: datetime | None
    bounce: str | None


def listing(session: Session, actor: Actor, key: bytes) -> list[ContactRow]:
    """List the actor's addresses; one that was sealed under another key is left out."""
    rows = session.scalars(select(Contact).where(Contact.person == actor.id)).all()
    opened = [(row, sealing.unseal(key, _about(row.person, row.channel), row.address)) for row in rows]
    found = {row.channel: (row, text) for row, text in opened if text is not None}
    return [
        ContactRow(channel, text, row.made_at, row.bounced_at, row.bounce)
        for channel in Channel
        for row, text in ([found[channel.value]] if channel.value in found else [])
    ]


def keep(session: Session, actor: Actor, channel: Channel, address: str, key: bytes) -> None:
    """Keep where the actor is reached over a channel, replacing the one before; an empty one ends it.

    Raise AnswersRefused when it is no address of that channel.
    """
    plain = address.strip()
    if not plain:
        session.execute(delete(Contact).where(Contact.person == actor.id, Contact.channel == channel))
        return
    if not FORMS[channel].fullmatch(plain):
        raise AnswersRefused(fields={channel.value: {"zh": "格式不正确", "en": "this is no such address"}})
    sealed = {"address": sealing.seal(key, _about(actor.id, channel.value), plain), "made_at": clock.now()}
    fresh = {**sealed, "bounced_at": None, "bounce": None}
    row = insert(Contact).values(person=actor.id, channel=channel.value, **fresh)
    session.execute(row.on_conflict_do_update(index_elements=["person", "channel"], set_=fresh))


def opened(session: Session, person: UUID, channel: Channel, key: bytes) -> str | None:
    """Return where a person is reached over a channel, None where there is no address that works."""
    usable = select(Contact.address).where(Contact.person == person, Contact.channel == channel.value)
    sealed = session.scalar(usable.where(Contact.bounced_at.is_(None)))
    return None if sealed is None else sealing.unseal(key, _about(person, channel.value), sealed)


def bounced(session: Session, person: UUID, channel: Channel, why: str) -> None:
    """Mark an address as one that reaches nobody."""
    mark = update(Contact).where(Contact.person == person, Contact.channel == channel.value)
    told = mark.values(bounced_at=clock.now(), bounce=why[:500])
    session.execute(told.execution_options(synchronize_session=False))


def _about(person: UUID, channel: str) -> bytes:
    return person.bytes + channel.encode()
