"""Who people are: nobody comes in by guessing, stays too long, or keeps a right that was taken."""

from collections.abc import Callable
from datetime import timedelta
from threading import Thread

import pytest
from argon2 import PasswordHasher
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from engine import clock, identity
from engine.db import Sessions, transaction
from engine.errors import AnswersRefused, NotFound, SignInNeeded, SignInRefused
from engine.identity import Actor, Kind, Limits
from engine.settings import ROOT
from engine.tables import Event, Membership, Person, SignIn
from tests.support.postgres import PASSWORD

LIMITS = Limits(timedelta(minutes=30), timedelta(hours=12), 5, timedelta(minutes=30))
ORGANISATIONS = ROOT / "config" / "organisations.toml"


def sign_in(sessions: Sessions, login: str = "shouli", password: str = PASSWORD, kind: Kind = Kind.WEB) -> str:
    with transaction(sessions) as session:
        return identity.sign_in(session, login, password, kind, LIMITS)[1]


def recognise(sessions: Sessions, secret: str, kind: Kind = Kind.WEB) -> Actor:
    with transaction(sessions) as session:
        return identity.recognise(session, secret, kind, LIMITS)


def refused(sessions: Sessions, login: str, password: str) -> bool:
    try:
        sign_in(sessions, login, password)
    except SignInRefused:
        return True
    return False


def later(**duration: float) -> None:
    clock.travel(clock.now() + timedelta(**duration))


def test_the_right_password_opens_and_the_secret_is_recognised_with_its_roles(sessions: Sessions) -> None:
    actor = recognise(sessions, sign_in(sessions))
    assert (actor.login, actor.name, actor.language) == ("shouli", "沈受理", "zh")
    assert actor.memberships == {("prov-science", "PRV_INTAKE")}
    assert actor.roles == {"PRV_INTAKE"}
    assert actor.organisations == {"prov-science"}


def test_the_database_never_sees_a_secret_or_a_password(sessions: Sessions) -> None:
    secret = sign_in(sessions)
    with sessions() as session:
        assert session.scalars(select(SignIn.digest)).one() != secret
        assert all(hashed.startswith("$argon2id$") for hashed in session.scalars(select(Person.password)))


@pytest.mark.parametrize(
    ("login", "password"), [("shouli", "wrong"), ("nobody", PASSWORD), ("", ""), ("shou\x7fli", "x")]
)
def test_wrong_names_and_wrong_passwords_are_refused_alike(sessions: Sessions, login: str, password: str) -> None:
    assert refused(sessions, login, password)


def test_five_wrong_passwords_lock_the_account_even_for_the_right_one(sessions: Sessions) -> None:
    assert all(refused(sessions, "shouli", "wrong") for _ in range(5))
    assert refused(sessions, "shouli", PASSWORD)
    assert not refused(sessions, "jingban", PASSWORD)
    later(minutes=31)
    assert not refused(sessions, "shouli", PASSWORD)
    with sessions() as session:
        assert session.scalar(select(func.count()).where(Event.kind == "person.refused")) == 6


def test_a_right_password_forgets_the_wrong_ones_before(sessions: Sessions) -> None:
    for _ in range(2):
        assert all(refused(sessions, "shouli", "wrong") for _ in range(4))
        assert not refused(sessions, "shouli", PASSWORD)


def test_wrong_passwords_tried_at_once_are_all_counted(sessions: Sessions) -> None:
    tries = [Thread(target=refused, args=(sessions, "shouli", "wrong")) for _ in range(8)]
    for one in tries:
        one.start()
    for one in tries:
        one.join()
    with sessions() as session:
        assert session.scalar(select(Person.locked_until).where(Person.login == "shouli")) is not None


def test_a_sign_in_ends_when_idle_and_lives_on_when_used(sessions: Sessions) -> None:
    secret = sign_in(sessions)
    for _ in range(3):
        later(minutes=20)
        recognise(sessions, secret)
    later(minutes=31)
    with pytest.raises(SignInNeeded):
        recognise(sessions, secret)


def test_a_sign_in_ends_after_twelve_hours_however_busy(sessions: Sessions) -> None:
    secret = sign_in(sessions)
    for _ in range(35):
        later(minutes=20)
        recognise(sessions, secret)
    later(minutes=21)
    with pytest.raises(SignInNeeded):
        recognise(sessions, secret)


def test_recognising_is_one_statement_and_writes_at_most_once_a_minute(sessions: Sessions) -> None:
    secret = sign_in(sessions)
    later(seconds=61)
    with transaction(sessions) as session:
        statements: list[str] = []
        event.listen(session.get_bind(), "before_cursor_execute", lambda *a: statements.append(a[2]))
        identity.recognise(session, secret, Kind.WEB, LIMITS)
        assert len(statements) == 1
        first = session.scalar(select(SignIn.seen_at))
    later(seconds=30)
    recognise(sessions, secret)
    with sessions() as session:
        assert session.scalar(select(SignIn.seen_at)) == first == session.scalar(select(SignIn.seen_at))


def test_a_cookie_is_no_token_and_a_token_no_cookie(sessions: Sessions) -> None:
    web, api = sign_in(sessions), sign_in(sessions, kind=Kind.API)
    for secret, kind in ((web, Kind.API), (api, Kind.WEB), ("made up", Kind.WEB), ("", Kind.API)):
        with pytest.raises(SignInNeeded):
            recognise(sessions, secret, kind)


def test_a_fourth_browser_ends_the_oldest_and_tokens_are_not_counted(sessions: Sessions) -> None:
    token = sign_in(sessions, kind=Kind.API)
    first, *rest = [(later(seconds=1), sign_in(sessions))[1] for _ in range(4)]
    with pytest.raises(SignInNeeded):
        recognise(sessions, first)
    for secret in rest:
        recognise(sessions, secret)
    recognise(sessions, token, Kind.API)


def test_signing_out_ends_a_copied_cookie_too(sessions: Sessions) -> None:
    secret = sign_in(sessions)
    for _ in range(2):
        with transaction(sessions) as session:
            identity.sign_out(session, secret)
    with pytest.raises(SignInNeeded):
        recognise(sessions, secret)
    with sessions() as session:
        kinds = session.scalars(select(Event.kind).where(Event.kind.like("person.%")).order_by(Event.id)).all()
    assert kinds == ["person.signed_in", "person.signed_out"]


@pytest.mark.usefixtures("fast_passwords")
def test_a_new_password_ends_every_sign_in_and_the_old_password(sessions: Sessions) -> None:
    secret = sign_in(sessions)
    with transaction(sessions) as session:
        identity.set_password(session, "shouli", "Another-one-2")
    with pytest.raises(SignInNeeded):
        recognise(sessions, secret)
    assert refused(sessions, "shouli", PASSWORD)
    assert not refused(sessions, "shouli", "Another-one-2")


def test_a_disabled_person_is_out_at_once(sessions: Sessions) -> None:
    secret = sign_in(sessions)
    with transaction(sessions) as session:
        identity.set_active(session, "shouli", False)
    with pytest.raises(SignInNeeded):
        recognise(sessions, secret)
    assert refused(sessions, "shouli", PASSWORD)
    with sessions() as session, pytest.raises(NotFound):
        identity.load(session, "shouli")


def test_a_role_taken_away_is_gone_with_the_next_request(sessions: Sessions) -> None:
    secret = sign_in(sessions)
    with transaction(sessions) as session:
        session.query(Membership).filter_by(role="PRV_INTAKE").delete()
    assert recognise(sessions, secret).memberships == frozenset()


@pytest.mark.usefixtures("fast_passwords")
def test_creating_a_person_names_every_fault_at_once(session: Session) -> None:
    with pytest.raises(AnswersRefused) as caught:
        identity.create_person(session, "shouli", "双", "short", [("prov-science", "KING"), ("nowhere", "PRV_LEAD")])
    fields = caught.value.facts["fields"]
    assert fields.keys() == {"login", "password", "prov-science:KING", "nowhere:PRV_LEAD"}
    assert fields["password"].keys() == {"zh", "en"}


@pytest.mark.usefixtures("fast_passwords")
def test_a_created_person_may_hold_several_roles(session: Session, actor: Callable[[str], Actor]) -> None:
    held = [("prov-science", "PRV_OFFICER"), ("prov-statistics", "STAT_PRV")]
    identity.create_person(session, "li", "李", "Long-enough-1", held)
    assert actor("li").memberships == set(held)
    assert next(a for a in identity.listing(session) if a.login == "li").memberships == held


def test_changing_a_person_who_is_not_there_is_said(session: Session) -> None:
    with pytest.raises(NotFound):
        identity.set_password(session, "nobody", "Long-enough-1")
    with pytest.raises(NotFound):
        identity.set_active(session, "nobody", False)


def test_a_weak_new_password_is_refused(session: Session) -> None:
    with pytest.raises(AnswersRefused):
        identity.set_password(session, "shouli", "alllowercase")


def test_an_outdated_hash_is_renewed_at_the_next_sign_in(sessions: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "HASHER", PasswordHasher(time_cost=2, memory_cost=8, parallelism=1))
    with sessions() as session:
        before = session.scalar(select(Person.password).where(Person.login == "shouli"))
    sign_in(sessions)
    with sessions() as session:
        assert session.scalar(select(Person.password).where(Person.login == "shouli")) != before


@pytest.mark.usefixtures("fast_passwords")
def test_seeding_again_changes_nothing_and_every_person_holds_a_known_role(session: Session) -> None:
    identity.seed_organisations(session, ORGANISATIONS)
    assert identity.seed_people(session, ORGANISATIONS) == []
    held = {role for account in identity.listing(session) for _, role in account.memberships}
    assert held == set(identity.roles())


def test_drawn_passwords_satisfy_the_rules_and_differ() -> None:
    drawn = {identity.draw_password() for _ in range(50)}
    assert len(drawn) == 50
    assert all(identity._weakness(password) is None for password in drawn)


def test_every_role_is_named_in_both_languages() -> None:
    for role in identity.roles().values():
        assert role.name.keys() == role.description.keys() == {"zh", "en"}
