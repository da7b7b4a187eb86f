"""Reach: which events an endpoint is told of - what it asked for, of what its organisation may see."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, BIGINT
from sqlalchemy.orm import Session

from engine import clock, events, independence
from engine.events import Kind
from engine.instances import PROVINCE

# What concerns everybody, and belongs to no case.
PUBLIC = frozenset(
    {
        Kind.CALENDAR_LOADED,
        Kind.DIVISION_CHANGED,
        Kind.PROGRAMME_DEPLOYED,
        Kind.ROUND_OPENED,
        Kind.ROUND_CLOSED,
        Kind.ROUND_PUBLISHED,
        Kind.ROUND_CANCELLED,
    }
)
# How a case works inside, which only those who look after every case are told of.
INSIDE = frozenset(
    {
        Kind.DECISION_MADE,
        Kind.INSTANCE_CHANGED,
        Kind.INCIDENT_RAISED,
        Kind.INCIDENT_RESOLVED,
        Kind.INCIDENT_SETTLED,
        Kind.MESSAGE_DELIVERED,
        Kind.SIGNAL_SENT,
        Kind.SIGNAL_DELIVERED,
    }
)
# An endpoint of no organisation is the installation's own. An organisation's is told of cases that are its own or on
# which it works, of tasks only of its own, of messages only those that name it; of every case where the organisation
# looks after the province, but for what is sealed even there.
VISIBLE = """p.organisation IS NULL OR e.kind = ANY(:public) OR (i.id IS NOT NULL AND CASE
  WHEN EXISTS (SELECT 1 FROM task t WHERE t.id = e.task AND t.organisation = p.organisation) THEN true
  WHEN e.element = ANY(:sealed) THEN false
  WHEN EXISTS (SELECT 1 FROM membership m WHERE m.organisation = p.organisation AND m.role = ANY(:province)) THEN true
  WHEN e.kind = ANY(:inside) OR EXISTS (SELECT 1 FROM task t WHERE t.id = e.task) THEN false
  WHEN e.kind = 'message.sent'
    THEN p.organisation IN (e.data #>> '{payload,organisation}', e.data #>> '{payload,agency}')
  ELSE i.organisation = p.organisation
    OR EXISTS (SELECT 1 FROM task t WHERE t.instance = i.id AND t.organisation = p.organisation) END)"""
# No word of anybody stands in these texts: what varies is bound.
ROWS = f"""INSERT INTO delivery (endpoint, event, instance, message_id, state, next_at)
SELECT p.id, e.id, e.instance, 'msg_' || replace(CAST(gen_random_uuid() AS text), '-', ''), 'pending', :now
FROM event e JOIN endpoint p ON p.active AND e.kind = ANY(p.kinds) LEFT JOIN instance i ON i.id = e.instance
WHERE (p.programme IS NULL OR p.programme = i.programme) AND ({VISIBLE}) AND """  # noqa: S608
END = " ORDER BY e.id ON CONFLICT (endpoint, event) DO NOTHING"
NEW = text(ROWS + "e.id = ANY(:ids)" + END).bindparams(bindparam("ids", type_=ARRAY(BIGINT)))
PAST = text(ROWS + "p.id = :endpoint AND e.at >= :since AND e.published_at IS NOT NULL" + END)


def spread(session: Session, ids: Sequence[int]) -> None:
    """Make a delivery of each of the events `ids` for every endpoint that asked for it and may see it."""
    session.execute(NEW, {**_bounds(), "ids": list(ids)})


def fetch_up(session: Session, endpoint: int, since: datetime) -> int:
    """Make the deliveries that an active endpoint missed since then; return how many."""
    made = session.execute(PAST, {**_bounds(), "endpoint": endpoint, "since": since})
    return int(made.rowcount)  # type: ignore[attr-defined]


def fan_out(session: Session, limit: int) -> int:
    """Make deliveries of up to `limit` events that nobody has fanned out yet; return how many events were read."""
    fresh = [event.id for event in events.unpublished(session, limit)]
    if fresh:
        spread(session, fresh)
        events.mark_published(session, fresh)
    return len(fresh)


def _bounds() -> dict[str, object]:
    return {
        "now": clock.now(),
        "public": sorted(PUBLIC),
        "inside": sorted(INSIDE),
        "province": sorted(PROVINCE),
        "sealed": sorted(independence.hidden(())),
    }
