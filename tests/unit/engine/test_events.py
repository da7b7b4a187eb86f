"""Events: recorded in the transaction of the deed, fanned out once, read as a timeline."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import events
from engine.db import Sessions, transaction
from engine.errors import NotFound
from engine.events import Kind
from engine.identity import Actor
from engine.tables import Event


def test_an_event_lives_and_dies_with_the_transaction_of_the_deed(sessions: Sessions) -> None:
    with transaction(sessions) as session:
        events.append(session, Kind.PROGRAMME_DEPLOYED, data={"number": 1})
    with pytest.raises(NotFound):
        _record_and_fail(sessions)
    with sessions() as session:
        assert session.scalars(select(Event.data)).all() == [{"number": 1}]


def test_many_events_are_recorded_in_the_order_given_and_at_one_moment(session: Session) -> None:
    events.record(session, [{"kind": "task.created", "element": f"T{n:02}", "task": uuid4()} for n in range(20)])
    rows = session.execute(select(Event.element, Event.at).order_by(Event.id)).all()
    assert [row.element for row in rows] == [f"T{n:02}" for n in range(20)]
    assert len({row.at for row in rows}) == 1


def test_recording_nothing_asks_the_database_nothing(session: Session) -> None:
    events.record(session, [])
    assert not session.in_transaction()


def test_an_unknown_kind_is_refused(session: Session) -> None:
    with pytest.raises(ValueError, match="finnished"):
        events.append(session, "task.finnished")


def test_two_publishers_never_take_the_same_event_and_a_mark_ends_it(sessions: Sessions) -> None:
    with transaction(sessions) as session:
        events.record(session, [{"kind": "timer.fired", "data": {"n": n}} for n in range(3)])
    with sessions() as one, sessions() as two:
        first = events.unpublished(one, 2)
        second = events.unpublished(two, 2)
        assert [event.data["n"] for event in first] == [0, 1]
        assert [event.data["n"] for event in second] == [2]
    with transaction(sessions) as session:
        events.mark_published(session, [event.id for event in first])
        events.mark_published(session, [])
    with sessions() as session:
        assert [event.data["n"] for event in events.unpublished(session, 10)] == [2]
        assert session.scalar(select(func.count()).where(Event.published_at.is_not(None))) == 2


def test_the_timeline_names_who_did_it(session: Session, actor: Callable[[str], Actor], instance_row: object) -> None:
    lead = actor("xianzhang")
    events.append(session, Kind.INSTANCE_STARTED, instance=instance_row, actor=lead.id)
    events.append(session, Kind.TIMER_FIRED, instance=instance_row, element="two_years")
    told = events.timeline(session, instance_row)
    assert [(row.kind, row.actor_name, row.element) for row in told] == [
        ("instance.started", "林县长", None),
        ("timer.fired", None, "two_years"),
    ]


def _record_and_fail(sessions: Sessions) -> None:
    with transaction(sessions) as session:
        events.append(session, Kind.PROGRAMME_DEPLOYED, data={"number": 2})
        raise NotFound
