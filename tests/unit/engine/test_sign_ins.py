"""The sign-ins of a person: two steps bound together, everything listed, everything ended by its owner alone."""

from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import select

from engine import clock, identity, second_factor, sign_ins
from engine.db import Sessions, transaction
from engine.errors import AnswersRefused, CodeNeeded, CodeRefused, FactorRefused, NotFound, SignInNeeded, SignInRefused
from engine.identity import Actor, Kind, Limits, Origin
from engine.second_factor import Keeping
from engine.sign_ins import Half, Step
from engine.tables import Event, SignIn
from tests.support.postgres import PASSWORD

LIMITS = Limits(timedelta(minutes=30), timedelta(hours=12), 5, timedelta(minutes=30))
KEEPING = Keeping.of("a key of a test", [], LIMITS)
BROWSER = Origin("Firefox", "10.1.2.3")
NEW = "Better-password-2"


def half(sessions: Sessions, keeping: Keeping = KEEPING, password: str = PASSWORD) -> Half:
    with transaction(sessions) as session:
        return sign_ins.first(session, "shouli", password, keeping)


def whole(sessions: Sessions, one: Half, origin: Origin = BROWSER) -> str:
    with transaction(sessions) as session:
        return sign_ins.finish(session, one, KEEPING, origin)


def opened(sessions: Sessions, secret: str) -> Actor | None:
    try:
        with transaction(sessions) as session:
            return identity.recognise(session, secret, Kind.WEB, LIMITS)
    except SignInNeeded:
        return None


def in_one_transaction(sessions: Sessions, code: str) -> str:
    with transaction(sessions) as session:
        one = sign_ins.first(session, "shouli", PASSWORD, KEEPING)
        return sign_ins.at_once(session, one, KEEPING, BROWSER, code)


def phone(sessions: Sessions, actor: Actor) -> pyotp.TOTP:
    clock.travel(clock.now().replace(second=5))
    with transaction(sessions) as session:
        totp = pyotp.TOTP(second_factor.begin(session, actor, KEEPING))
        second_factor.confirm(session, actor, KEEPING, totp.at(clock.now()))
    clock.travel(clock.now() + timedelta(seconds=60))
    return totp


def test_a_half_sign_in_opens_nothing_and_becomes_one_whole_one(sessions: Sessions) -> None:
    one = half(sessions)
    assert one.missing is Step.NONE
    assert opened(sessions, one.secret) is None
    secret = whole(sessions, one)
    found = opened(sessions, secret)
    assert found is not None
    assert found.login == "shouli"
    with pytest.raises(SignInRefused):
        whole(sessions, one)
    with sessions() as session:
        assert session.scalars(select(Event.data).where(Event.kind == "person.signed_in")).all() == [{"kind": "web"}]


def test_a_half_sign_in_is_over_after_ten_minutes(sessions: Sessions) -> None:
    one = half(sessions)
    clock.travel(clock.now() + timedelta(minutes=11))
    with pytest.raises(SignInNeeded), transaction(sessions) as session:
        sign_ins.second(session, one.secret, KEEPING)


def test_whoever_has_a_second_factor_is_asked_for_it_and_a_program_too(sessions: Sessions) -> None:
    totp = phone(sessions, half(sessions).actor)
    one = half(sessions)
    assert one.missing is Step.CODE
    with pytest.raises(CodeNeeded), transaction(sessions) as session:
        sign_ins.at_once(session, one, KEEPING, BROWSER, None)
    with pytest.raises(CodeRefused), transaction(sessions) as session:
        sign_ins.at_once(session, one, KEEPING, BROWSER, "000000")
    with transaction(sessions) as session:
        token = sign_ins.at_once(session, one, KEEPING, BROWSER, totp.at(clock.now()))
        assert identity.recognise(session, token, Kind.API, LIMITS).login == "shouli"


def test_password_and_wrong_codes_in_one_transaction_are_counted_without_waiting_for_each_other(
    sessions: Sessions,
) -> None:
    totp = phone(sessions, half(sessions).actor)
    for _ in range(5):
        with pytest.raises(CodeRefused):
            in_one_transaction(sessions, "000000")
    with pytest.raises(CodeRefused):
        in_one_transaction(sessions, totp.at(clock.now()))


def test_a_role_may_demand_a_second_factor(sessions: Sessions) -> None:
    strict = Keeping.of("a key of a test", ["PRV_INTAKE"], LIMITS)
    one = half(sessions, strict)
    assert one.missing is Step.SET_UP
    with pytest.raises(FactorRefused), transaction(sessions) as session:
        sign_ins.at_once(session, one, strict, BROWSER, None)


def test_everything_is_listed_with_its_device_the_present_one_first(sessions: Sessions) -> None:
    here = whole(sessions, half(sessions))
    clock.travel(clock.now() + timedelta(minutes=1))
    whole(sessions, half(sessions), Origin("Edge " + "x" * 400, None))
    half(sessions)
    with transaction(sessions) as session:
        actor = identity.load(session, "shouli")
        first, second = sign_ins.listing(session, actor, here)
    assert (first.device, first.address, first.here) == ("Firefox", "10.1.2.3", True)
    assert (len(second.device or ""), second.address, second.here) == (300, None, False)


def test_one_is_ended_by_its_owner_only(sessions: Sessions) -> None:
    here, there = whole(sessions, half(sessions)), whole(sessions, half(sessions))
    with transaction(sessions) as session:
        owner, stranger = identity.load(session, "shouli"), identity.load(session, "jingban")
        with pytest.raises(NotFound):
            sign_ins.end(session, stranger, identity.digest(there))
        assert sign_ins.listing(session, stranger, here) == []
        sign_ins.end(session, owner, identity.digest(there))
    assert opened(sessions, there) is None
    assert opened(sessions, here) is not None


def test_all_others_are_ended_half_ones_too(sessions: Sessions) -> None:
    here, there, one = whole(sessions, half(sessions)), whole(sessions, half(sessions)), half(sessions)
    with transaction(sessions) as session:
        actor = identity.load(session, "shouli")
        assert sign_ins.end_others(session, actor, here) == 2
        assert sign_ins.end_others(session, actor, here) == 0
    assert opened(sessions, here) is not None
    assert opened(sessions, there) is None
    with pytest.raises(SignInRefused):
        whole(sessions, one)


def test_a_new_password_ends_every_sign_in_and_the_old_one_opens_no_more(
    sessions: Sessions, fast_passwords: None
) -> None:
    here = whole(sessions, half(sessions))
    with transaction(sessions) as session:
        sign_ins.change_password(session, identity.load(session, "shouli"), PASSWORD, NEW, KEEPING)
    assert opened(sessions, here) is None
    with pytest.raises(SignInRefused):
        half(sessions)
    assert half(sessions, password=NEW).actor.login == "shouli"
    with sessions() as session:
        assert session.scalars(select(SignIn.kind)).all() == ["half"]


@pytest.mark.parametrize(
    ("before", "after", "field"),
    [("wrong", NEW, "before"), (PASSWORD, "weak", "password"), (PASSWORD, PASSWORD, "password")],
)
def test_a_password_that_may_not_be_changed_so_stays(sessions: Sessions, before: str, after: str, field: str) -> None:
    here = whole(sessions, half(sessions))
    with pytest.raises(AnswersRefused) as refused, transaction(sessions) as session:
        sign_ins.change_password(session, identity.load(session, "shouli"), before, after, KEEPING)
    assert list(refused.value.facts["fields"]) == [field]
    assert opened(sessions, here) is not None


def test_guessing_the_old_password_from_a_foreign_desk_locks_the_account(sessions: Sessions) -> None:
    with transaction(sessions) as session:
        actor = identity.load(session, "shouli")
    for _ in range(5):
        with pytest.raises(AnswersRefused), transaction(sessions) as session:
            sign_ins.change_password(session, actor, "wrong", NEW, KEEPING)
    with pytest.raises(AnswersRefused), transaction(sessions) as session:
        sign_ins.change_password(session, actor, PASSWORD, NEW, KEEPING)
