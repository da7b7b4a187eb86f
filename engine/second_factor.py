"""The second factor of a person: time-based codes (RFC 6238) that count once, and recovery codes shown once.

The secret is wrapped with a key of the installation (AES-256-GCM), bound to its person; recovery codes are hashed.
Wrong codes are counted apart from wrong passwords; after too many none counts for a while.
"""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from uuid import UUID

import pyotp
from sqlalchemy import case, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine import clock, events, identity
from engine.db import sessions, transaction
from engine.domain import sealing
from engine.domain.actors import Actor
from engine.errors import AnswersRefused, CodeRefused, FactorRefused, NotFound
from engine.identity import PLAIN_LETTERS, Limits
from engine.tables import Person, SecondFactor

ISSUER = "icity"
STEP_SECONDS = 30
DRIFT = 1  # steps that a phone's clock may be early or late
CODES, GROUPS, LETTERS = 10, 4, 4  # recovery codes, each of four groups of four letters: 72 bits
PENDING = timedelta(minutes=30)
WRONG = {
    "zh": "验证码不正确或已过期，请输入应用中当前显示的 6 位数字。",
    "en": "Wrong or too old: type the 6 digits that the app shows now.",
}


@dataclass(frozen=True)
class State:
    """Whether a person's second factor is on, since when, and how many recovery codes are left."""

    on: bool
    since: datetime | None
    codes: int
    required: bool


@dataclass(frozen=True)
class Keeping:
    """How this installation keeps second factors: its key, who must have one, and how many wrong codes it bears."""

    key: bytes
    roles: frozenset[str]
    limits: Limits

    @classmethod
    def of(cls, key: str, roles: Collection[str], limits: Limits) -> "Keeping":
        """Return the keeping under the installation's secret `key`."""
        return cls(sealing.key_of(key), frozenset(roles), limits)


def state(session: Session, actor: Actor, keeping: Keeping) -> State:
    """Return how the actor's second factor stands."""
    query = select(SecondFactor.confirmed_at, func.cardinality(SecondFactor.recovery))
    found = session.execute(query.where(SecondFactor.person == actor.id)).one_or_none()
    since, codes = found or (None, 0)
    return State(since is not None, since, codes if since else 0, bool(actor.roles & keeping.roles))


def begin(session: Session, actor: Actor, keeping: Keeping) -> str:
    """Draw a secret for the actor's app and return it; it counts once a first code confirms it.

    A secret that was never confirmed is replaced. Raise FactorRefused when the second factor is on already.
    """
    drawn, now = pyotp.random_base32(), clock.now()
    fresh = {
        "secret": sealing.seal(keeping.key, actor.id.bytes, drawn),
        "made_at": now,
        "last_step": 0,
        "failures": 0,
        "recovery": [],
    }
    statement = insert(SecondFactor).values(person=actor.id, **fresh)
    unconfirmed = SecondFactor.confirmed_at.is_(None)
    change = statement.on_conflict_do_update(index_elements=["person"], set_=fresh, where=unconfirmed)
    if session.execute(change.returning(SecondFactor.person)).scalar() is None:
        raise FactorRefused(why={"zh": "双因子验证已经开启。", "en": "The second factor is on already."})
    return drawn


def pending(session: Session, actor: Actor, keeping: Keeping) -> str | None:
    """Return the secret that the actor has not confirmed yet, None when there is none or it is half an hour old."""
    unconfirmed = SecondFactor.confirmed_at.is_(None)
    fresh = SecondFactor.made_at > clock.now() - PENDING
    query = select(SecondFactor.secret).where(SecondFactor.person == actor.id, unconfirmed, fresh)
    wrapped = session.scalar(query)
    return None if wrapped is None else sealing.unseal(keeping.key, actor.id.bytes, wrapped)


def confirm(session: Session, actor: Actor, keeping: Keeping, code: str) -> list[str]:
    """Turn the second factor on by its first code, and return the recovery codes; they are not told again.

    Raise AnswersRefused for a wrong code, FactorRefused when nothing waits to be confirmed.
    """
    secret = pending(session, actor, keeping)
    if secret is None:
        raise FactorRefused(why={"zh": "请重新扫描二维码后再试。", "en": "Begin again with a new picture to scan."})
    step = _step(secret, code)
    if step is None:
        raise AnswersRefused(fields={"code": WRONG})
    codes = _draw()
    kept = {"confirmed_at": clock.now(), "last_step": step, "recovery": [_hash(actor.id, one) for one in codes]}
    mine = update(SecondFactor).where(SecondFactor.person == actor.id, SecondFactor.confirmed_at.is_(None))
    session.execute(mine.values(**kept).execution_options(synchronize_session=False))
    events.append(session, events.Kind.PERSON_FACTOR_ON, actor=actor.id)
    return codes


def check(session: Session, actor: Actor, keeping: Keeping, code: str) -> None:
    """Accept a code of the app, one step early or late, or a recovery code; each counts once. Raise CodeRefused.

    A refusal is counted and recorded in a transaction of its own, because the caller's ends with the error.
    """
    try:
        with session.begin_nested():  # undone, it lets go of the row: an update that waited and found nothing holds it
            _accept(session, actor.id, keeping, code)
    except CodeRefused:
        _refuse(session, actor.id, keeping.limits)
        raise


def _accept(session: Session, person: UUID, keeping: Keeping, code: str) -> None:
    if not (_open(session, person) and (_spend(session, person, keeping, code) or _recover(session, person, code))):
        raise CodeRefused


def end(session: Session, actor: Actor, keeping: Keeping, password: str) -> None:
    """Turn the actor's second factor off.

    Raise SignInRefused for a wrong password, FactorRefused where a role demands a second factor.
    """
    identity.prove(session, actor.login, password, keeping.limits)
    if actor.roles & keeping.roles:
        raise FactorRefused(
            why={"zh": "您的角色要求开启双因子验证，不能关闭。", "en": "A role of yours demands the second factor."}
        )
    _drop(session, actor.id, by=actor.id)


def renew(session: Session, actor: Actor, keeping: Keeping, password: str) -> list[str]:
    """Draw new recovery codes in place of all of before; raise SignInRefused for a wrong password."""
    identity.prove(session, actor.login, password, keeping.limits)
    codes = _draw()
    confirmed = SecondFactor.confirmed_at.is_not(None)
    mine = update(SecondFactor).where(SecondFactor.person == actor.id, confirmed).returning(SecondFactor.person)
    kept = mine.values(recovery=[_hash(actor.id, one) for one in codes])
    if session.execute(kept.execution_options(synchronize_session=False)).scalar() is None:
        raise FactorRefused(why={"zh": "尚未开启双因子验证。", "en": "The second factor is off."})
    events.append(session, events.Kind.PERSON_CODES_RENEWED, actor=actor.id)
    return codes


def reset(session: Session, login: str) -> None:
    """Turn off the second factor of somebody who lost both phone and codes; raise NotFound when there is none."""
    person = session.scalar(select(Person.id).where(Person.login == login))
    if person is None or not _drop(session, person, by=None):
        raise NotFound(login=login)


def address(actor: Actor, secret: str) -> str:
    """Return the otpauth:// address that an app reads from a picture."""
    return pyotp.TOTP(secret).provisioning_uri(name=actor.login, issuer_name=ISSUER)


def _step(secret: str, code: str) -> int | None:
    """Return the step whose code this is, the earliest that fits; None when it is none of now."""
    given = "".join(code.split())
    if not (given.isascii() and given.isdigit()):
        return None
    now = int(clock.now().timestamp()) // STEP_SECONDS
    totp = pyotp.TOTP(secret)
    steps = range(now - DRIFT, now + DRIFT + 1)
    return next((step for step in steps if compare_digest(totp.generate_otp(step), given)), None)


def _spend(session: Session, person: UUID, keeping: Keeping, code: str) -> bool:
    """Say whether the code is right and later than the last one that counted, and note that it counts no more."""
    confirmed = SecondFactor.confirmed_at.is_not(None)
    wrapped = session.scalar(select(SecondFactor.secret).where(SecondFactor.person == person, confirmed))
    secret = sealing.unseal(keeping.key, person.bytes, wrapped) if wrapped else None
    step = _step(secret, code) if secret else None
    if step is None:
        return False
    later = update(SecondFactor).where(SecondFactor.person == person, SecondFactor.last_step < step)
    spent = later.values(last_step=step, failures=0).returning(SecondFactor.person)
    return session.execute(spent.execution_options(synchronize_session=False)).scalar() is not None


def _recover(session: Session, person: UUID, code: str) -> bool:
    """Say whether this is a recovery code that is left, and take it off."""
    kept = _hash(person, code)
    mine = update(SecondFactor).where(
        SecondFactor.person == person, SecondFactor.confirmed_at.is_not(None), SecondFactor.recovery.any_() == kept
    )
    taken = mine.values(recovery=func.array_remove(SecondFactor.recovery, kept), failures=0)
    statement = taken.returning(SecondFactor.person).execution_options(synchronize_session=False)
    if session.execute(statement).scalar() is None:
        return False
    events.append(session, events.Kind.PERSON_RECOVERED, actor=person)
    return True


def _open(session: Session, person: UUID) -> bool:
    closed = select(SecondFactor.person).where(SecondFactor.person == person, SecondFactor.locked_until > clock.now())
    return session.scalar(closed) is None


def _refuse(session: Session, person: UUID, limits: Limits) -> None:
    """Count a wrong code; after the last one that is borne no code counts for a while."""
    now = clock.now()
    last = SecondFactor.failures + 1 >= limits.failures
    counted = (
        update(SecondFactor)
        .where(
            SecondFactor.person == person,
            SecondFactor.confirmed_at.is_not(None),
            or_(SecondFactor.locked_until.is_(None), SecondFactor.locked_until <= now),
        )
        .values(
            failures=case((last, 0), else_=SecondFactor.failures + 1),
            locked_until=case((last, now + limits.locked), else_=None),
        )
    )
    with transaction(sessions(session.get_bind().engine)) as own:
        own.execute(counted.execution_options(synchronize_session=False))
        events.append(own, events.Kind.PERSON_REFUSED, actor=person, data={"code": True})


def _drop(session: Session, person: UUID, by: UUID | None) -> bool:
    gone = delete(SecondFactor).where(SecondFactor.person == person).returning(SecondFactor.confirmed_at)
    was_on = session.execute(gone).scalar() is not None
    if was_on:
        events.append(session, events.Kind.PERSON_FACTOR_OFF, actor=by, data={"person": str(person)})
    return was_on


def _draw() -> list[str]:
    return ["-".join(_group() for _ in range(GROUPS)) for _ in range(CODES)]


def _group() -> str:
    return "".join(secrets.choice(PLAIN_LETTERS) for _ in range(LETTERS))


def _hash(person: UUID, code: str) -> str:
    """Return what is kept of a recovery code; how it is spaced and written does not matter."""
    plain = "".join(letter for letter in code.lower() if letter in PLAIN_LETTERS)
    return sha256(person.bytes + plain.encode()).hexdigest()
