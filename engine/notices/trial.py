"""A trial: a person lets themselves be told something, to see over which channels they are reached."""

from collections.abc import Collection

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from engine import clock, events
from engine.domain import wording
from engine.domain.channels import Channel
from engine.events import Kind
from engine.identity import Actor
from engine.notices import making, ringing, rules
from engine.notices.rules import TRIAL
from engine.tables import Event, Notice, Sending, SendingState

LINK = "/settings/notices"


def begin(session: Session, actor: Actor, channels: Collection[Channel]) -> int:
    """Tell the actor something at the desk and over each of `channels` that reaches them; return over how many.

    It goes the way of every notice, at once: neither quiet hours nor the digest hold it back.
    """
    events.append(session, Kind.NOTICE_TRIED, actor=actor.id)
    mine = Event.kind == Kind.NOTICE_TRIED.value, Event.actor == actor.id
    event = session.scalar(select(Event.id).where(*mine).order_by(Event.id.desc()).limit(1))
    said, now = rules.load().texts[TRIAL][actor.language], clock.now()
    subject, body = (wording.filled(said[part], {"person": actor.name}) for part in ("subject", "body"))
    about = {"person": actor.id, "event": event, "purpose": TRIAL, "urgent": True, "at": now}
    row = insert(Notice).values(**about, subject=subject, body=body, link=LINK).returning(Notice.id)
    notice = session.execute(row).scalar_one()
    reached = making.reachable(session, {actor.id}).get(actor.id, set()) & set(channels)
    way = {"notice": notice, "person": actor.id, "digest": False, "state": SendingState.QUEUED, "next_at": now}
    if reached:
        session.execute(insert(Sending), [{**way, "channel": channel} for channel in sorted(reached)])
    ringing.ring(session, [actor.id])
    return len(reached)
