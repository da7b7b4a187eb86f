"""Pulses: a part that falls silent is told once, whoever looks, and so is its return."""

from datetime import timedelta
from threading import Thread

from sqlalchemy import select

from engine import clock, pulses
from engine.db import transaction
from engine.pulses import Part
from engine.tables import Event


def told(sessions):
    with transaction(sessions) as session:
        return list(session.scalars(select(Event.kind).order_by(Event.id)))


def beat(sessions, *parts):
    with transaction(sessions) as session:
        for part in parts:
            pulses.beat(session, part)


def look(sessions):
    with transaction(sessions) as session:
        return pulses.look(session)


def later(seconds):
    clock.travel(clock.now() + timedelta(seconds=seconds))


def test_a_silence_is_told_once_and_so_is_the_return(sessions):
    beat(sessions, Part.CLOCK, Part.HANDS)
    assert look(sessions) == []
    later(46)
    beat(sessions, Part.HANDS)
    assert look(sessions) == [Part.CLOCK]
    assert look(sessions) == []
    assert told(sessions) == ["clock.silent"]
    beat(sessions, Part.CLOCK)
    assert look(sessions) == []
    assert told(sessions) == ["clock.silent", "clock.back"]
    with transaction(sessions) as session:
        assert {one.part: one.alive for one in pulses.standing(session)} == {Part.CLOCK: True, Part.HANDS: True}


def test_idle_hands_are_no_dead_ones_and_what_never_lived_is_not_missed(sessions):
    assert look(sessions) == []
    beat(sessions, Part.HANDS)
    later(46)
    assert look(sessions) == [Part.HANDS]
    with transaction(sessions) as session:
        assert [(one.part, one.at is None) for one in pulses.standing(session)] == [
            (Part.CLOCK, True),
            (Part.HANDS, False),
        ]


def test_many_who_look_tell_it_once(sessions):
    beat(sessions, Part.CLOCK)
    later(46)
    lookers = [Thread(target=look, args=(sessions,)) for _ in range(6)]
    for one in lookers:
        one.start()
    for one in lookers:
        one.join()
    look(sessions)
    assert told(sessions) == ["clock.silent"]
