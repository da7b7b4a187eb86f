"""The second factor: set up by a first code, a code counts once, guessing ends soon, a phone may be lost."""

import time
from collections.abc import Callable
from datetime import timedelta
from threading import Thread

import pyotp
import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from engine import clock, second_factor
from engine.db import Sessions, transaction
from engine.domain.actors import Actor
from engine.errors import AnswersRefused, CodeRefused, FactorRefused, NotFound, SignInRefused
from engine.identity import Limits, load
from engine.second_factor import Keeping
from engine.tables import Event, SecondFactor
from tests.support.postgres import PASSWORD

LIMITS = Limits(timedelta(minutes=30), timedelta(hours=12), 5, timedelta(minutes=30))
KEEPING = Keeping.of("a key of a test", ["PRV_FINANCE"], LIMITS)
WAITED_FOR = text("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
OTHER = Keeping.of("another key", [], LIMITS)


class Phone:
    """A real app: it holds the secret and shows a code at any moment."""

    def __init__(self, sessions: Sessions, login: str = "shouli") -> None:
        self.sessions = sessions
        with transaction(sessions) as session:
            self.actor = load(session, login)
            self.secret = second_factor.begin(session, self.actor, KEEPING)
            self.codes = second_factor.confirm(session, self.actor, KEEPING, self.shown())

    def shown(self, steps: int = 0) -> str:
        return pyotp.TOTP(self.secret).at(int(clock.now().timestamp()) + 30 * steps)

    def accepted(self, code: str, keeping: Keeping = KEEPING) -> bool:
        try:
            with transaction(self.sessions) as session:
                second_factor.check(session, self.actor, keeping, code)
        except CodeRefused:
            return False
        return True


@pytest.fixture
def phone(sessions: Sessions) -> Phone:
    clock.travel(clock.now().replace(second=5, microsecond=0))
    return Phone(sessions)


def later(**duration: float) -> None:
    clock.travel(clock.now() + timedelta(**duration))


def test_it_counts_only_once_a_first_code_has_confirmed_it(session: Session, actor: Callable[[str], Actor]) -> None:
    me = actor("shouli")
    secret = second_factor.begin(session, me, KEEPING)
    assert not second_factor.state(session, me, KEEPING).on
    assert second_factor.pending(session, me, KEEPING) == secret
    with pytest.raises(AnswersRefused) as refused:
        second_factor.confirm(session, me, KEEPING, "000000")
    assert list(refused.value.facts["fields"]) == ["code"]
    codes = second_factor.confirm(session, me, KEEPING, pyotp.TOTP(secret).at(clock.now()))
    known = second_factor.state(session, me, KEEPING)
    assert (known.on, known.codes, len(set(codes))) == (True, 10, 10)
    assert second_factor.pending(session, me, KEEPING) is None
    with pytest.raises(FactorRefused):
        second_factor.begin(session, me, KEEPING)


def test_what_is_not_confirmed_in_half_an_hour_is_over(session: Session, actor: Callable[[str], Actor]) -> None:
    me = actor("shouli")
    secret = second_factor.begin(session, me, KEEPING)
    later(minutes=31)
    with pytest.raises(FactorRefused):
        second_factor.confirm(session, me, KEEPING, pyotp.TOTP(secret).at(clock.now()))
    assert second_factor.begin(session, me, KEEPING) != secret


def test_a_code_counts_once_and_the_code_of_the_setup_is_spent(phone: Phone) -> None:
    assert not phone.accepted(phone.shown())
    later(seconds=30)
    code = phone.shown()
    assert phone.accepted(f"{code[:3]} {code[3:]}")
    assert not phone.accepted(code)


@pytest.mark.parametrize(("steps", "right"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_be_one_step_off(phone: Phone, steps: int, right: bool) -> None:
    later(minutes=5)
    assert phone.accepted(phone.shown(steps)) is right


def test_a_code_of_before_the_last_one_is_refused(phone: Phone) -> None:
    later(minutes=5)
    assert phone.accepted(phone.shown(1))
    assert not phone.accepted(phone.shown(0))


def test_the_same_code_sent_by_two_at_once_lets_one_in(phone: Phone) -> None:
    later(minutes=5)
    code, let_in = phone.shown(), list[bool]()
    both = [Thread(target=lambda: let_in.append(phone.accepted(code))) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sorted(let_in) == [False, True]


def test_a_code_that_another_is_just_spending_is_refused_and_counted(phone: Phone) -> None:
    later(minutes=5)
    code, let_in = phone.shown(), list[bool]()
    late = Thread(target=lambda: let_in.append(phone.accepted(code)))
    with transaction(phone.sessions) as session:
        second_factor.check(session, phone.actor, KEEPING, code)
        late.start()
        while not session.scalar(WAITED_FOR):
            time.sleep(0.01)
    late.join()
    assert let_in == [False]
    with transaction(phone.sessions) as session:
        assert session.scalar(select(SecondFactor.failures)) == 1


def test_five_wrong_codes_end_the_guessing_for_a_while_even_for_the_right_one(phone: Phone) -> None:
    later(minutes=5)
    wrong = str((int(phone.shown()) + 1) % 10**6).zfill(6)
    assert not any(phone.accepted(wrong) for _ in range(5))
    assert not phone.accepted(phone.shown())
    assert not phone.accepted(phone.codes[0])
    later(minutes=31)
    assert phone.accepted(phone.shown())
    with phone.sessions() as session:
        refused = session.scalars(select(Event.data).where(Event.kind == "person.refused")).all()
    assert refused == [{"code": True}] * 7


def test_wrong_codes_tried_at_once_are_all_counted(phone: Phone) -> None:
    later(minutes=5)
    tries = [Thread(target=phone.accepted, args=("nothing",)) for _ in range(6)]
    for one in tries:
        one.start()
    for one in tries:
        one.join()
    assert not phone.accepted(phone.shown())


@pytest.mark.parametrize("code", ["", "12345", "1234567", "１２３４５６", "-12345", "\x00", "abcd-efgh-jkmn-pqrs"])
def test_what_is_no_code_is_refused(phone: Phone, code: str) -> None:
    assert not phone.accepted(code)


def test_a_recovery_code_counts_once_however_it_is_written(phone: Phone) -> None:
    assert phone.accepted(phone.codes[3].upper().replace("-", " "))
    assert not phone.accepted(phone.codes[3])
    assert phone.accepted(phone.codes[4])
    with phone.sessions() as session:
        assert second_factor.state(session, phone.actor, KEEPING).codes == 8
        kept = session.scalars(select(SecondFactor.recovery)).one()
    assert not set(kept) & set(phone.codes)


def test_new_recovery_codes_end_those_of_before(phone: Phone) -> None:
    with transaction(phone.sessions) as session:
        fresh = second_factor.renew(session, phone.actor, KEEPING, PASSWORD)
    assert not phone.accepted(phone.codes[0])
    assert phone.accepted(fresh[0])


def test_the_database_holds_no_secret_and_a_row_moved_to_somebody_else_opens_nothing(phone: Phone) -> None:
    victim = Phone(phone.sessions, "jingban")
    with transaction(phone.sessions) as session:
        mine = session.scalars(select(SecondFactor.secret).where(SecondFactor.person == phone.actor.id)).one()
        assert phone.secret.encode() not in mine
        session.execute(update(SecondFactor).where(SecondFactor.person == victim.actor.id).values(secret=mine))
    later(minutes=5)
    thief = phone.shown()
    assert not victim.accepted(thief)
    assert not phone.accepted(phone.shown(), OTHER)


def test_it_is_turned_off_by_the_password_only_and_not_where_a_role_demands_it(phone: Phone) -> None:
    with pytest.raises(SignInRefused), transaction(phone.sessions) as session:
        second_factor.end(session, phone.actor, KEEPING, "wrong")
    with pytest.raises(FactorRefused), transaction(phone.sessions) as session:
        second_factor.end(session, phone.actor, Keeping.of("k", phone.actor.roles, LIMITS), PASSWORD)
    with transaction(phone.sessions) as session:
        assert second_factor.state(session, phone.actor, KEEPING).on
        second_factor.end(session, phone.actor, KEEPING, PASSWORD)
        assert not second_factor.state(session, phone.actor, KEEPING).on


def test_an_administrator_turns_it_off_for_whoever_lost_everything(phone: Phone) -> None:
    with transaction(phone.sessions) as session:
        second_factor.reset(session, "shouli")
        assert not second_factor.state(session, phone.actor, KEEPING).on
    for login in ("shouli", "nobody"):
        with pytest.raises(NotFound), transaction(phone.sessions) as session:
            second_factor.reset(session, login)


def test_an_app_reads_who_and_where_from_its_address(phone: Phone) -> None:
    parsed = pyotp.parse_uri(second_factor.address(phone.actor, phone.secret))
    assert (parsed.name, parsed.issuer) == ("shouli", "icity")
