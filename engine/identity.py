"""Who people are: passwords, sign-ins and the roles they hold in organisations."""

import secrets
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy import Update, case, delete, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import aggregate_order_by, insert
from sqlalchemy.orm import Session

from engine import clock, events
from engine.db import sessions, transaction
from engine.domain.actors import Actor as Actor  # noqa: PLC0414 - an actor is known from here
from engine.domain.actors import Principal as Principal  # noqa: PLC0414
from engine.domain.workdays import civil_day
from engine.errors import AnswersRefused, NotFound, SignInNeeded, SignInRefused
from engine.settings import ROOT, Settings
from engine.tables import Membership, Organisation, Person, SignIn

ROLES = ROOT / "config" / "roles.toml"
WEB_SIGN_INS = 3
TOUCH = timedelta(minutes=1)
HALF_LIFE = timedelta(minutes=10)
HASHER = PasswordHasher()
PLAIN_LETTERS = "abcdefghjkmnpqrstuvwxyz"  # without those that look like digits or each other


class Kind(StrEnum):
    """Through which door a person came."""

    WEB = "web"  # a browser's cookie
    API = "api"  # a bearer token
    HALF = "half"  # a cookie after the password, while the code of the second factor is still missing


@dataclass(frozen=True, slots=True)
class Role:
    """What somebody may do, in words ({"zh", "en"}); the head of config/roles.toml says what the others are."""

    name: dict[str, str]
    description: dict[str, str]
    starts: Mapping[str, list[str]] = field(default_factory=dict)
    asks: tuple[str, ...] = ()
    edits: tuple[str, ...] = ()
    approves: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a sign-in lives and how many wrong passwords an account bears."""

    idle: timedelta
    absolute: timedelta
    failures: int
    locked: timedelta

    @classmethod
    def of(cls, settings: Settings) -> "Limits":
        """Return the limits that `settings` ask for."""
        return cls(
            timedelta(minutes=settings.idle_minutes),
            timedelta(hours=settings.session_hours),
            settings.lock_after,
            timedelta(minutes=settings.lock_minutes),
        )


@dataclass(frozen=True, slots=True)
class Origin:
    """From where somebody signs in: what the browser or program says of itself, and its address."""

    device: str | None = None
    address: str | None = None


NOWHERE = Origin()


@dataclass(frozen=True, slots=True)
class Account:
    """A person as the administrator lists them."""

    login: str
    name: str
    active: bool
    locked_until: datetime | None
    memberships: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Seeded:
    """A person created by the seed, with the password drawn for them."""

    login: str
    name: str
    password: str
    organisation: str
    roles: list[str]


@cache
def roles() -> Mapping[str, Role]:
    """Return every role of config/roles.toml by its key."""
    return {key: Role(**role) for key, role in tomllib.loads(ROLES.read_text(encoding="utf-8")).items()}


def sign_in(session: Session, login: str, password: str, kind: Kind, limits: Limits) -> tuple[Actor, str]:
    """Return the person and the secret of a new sign-in; only the secret's SHA-256 is kept.

    Raises SignInRefused as `prove` does.
    """
    person = prove(session, login, password, limits)
    return load(session, login), begin(session, person, kind, limits)


def prove(session: Session, login: str, password: str, limits: Limits) -> UUID:
    """Return whose password this is.

    Raises SignInRefused alike for an unknown login, a wrong password, a locked and a disabled account; the refusal
    is counted and recorded in a transaction of its own, because the caller's ends with the error.
    """
    person = session.execute(select(Person).where(Person.login == login)).scalar_one_or_none()
    right = _verify(person.password if person else _decoy(), password)
    if person is None or not right or not _open_account(session, person.id):
        _refuse(session, person.id if person else None, wrong=not right, limits=limits)
        raise SignInRefused
    if HASHER.check_needs_rehash(person.password):
        session.execute(update(Person).where(Person.id == person.id).values(password=HASHER.hash(password)))
    return person.id


def begin(session: Session, person: UUID, kind: Kind, limits: Limits, origin: Origin = NOWHERE) -> str:
    """Begin a sign-in of somebody who has proved who they are, and return its secret; a half one is soon over."""
    now = clock.now()
    session.execute(delete(SignIn).where(SignIn.person == person, SignIn.ends_at <= now))
    if kind is Kind.WEB:
        mine = select(SignIn.digest).where(SignIn.person == person, SignIn.kind == kind.value)
        oldest = mine.order_by(SignIn.started_at.desc()).offset(WEB_SIGN_INS - 1)
        session.execute(delete(SignIn).where(SignIn.digest.in_(oldest)).execution_options(synchronize_session=False))
    secret = secrets.token_urlsafe(32)
    ends = now + (HALF_LIFE if kind is Kind.HALF else limits.absolute)
    row = {"digest": digest(secret), "person": person, "kind": kind.value, "device": origin.device}
    times = {"started_at": now, "seen_at": now, "ends_at": ends}
    session.execute(insert(SignIn).values(**row, **times, address=origin.address))
    if kind is not Kind.HALF:
        events.append(session, events.Kind.PERSON_SIGNED_IN, actor=person, data={"kind": kind.value})
    return secret


def recognise(session: Session, secret: str, kind: Kind, limits: Limits) -> Actor:
    """Return whose `secret` this is, in one statement; raise SignInNeeded when it is unknown, idle or over.

    Being seen is noted at most once a minute, so that most requests write nothing.
    """
    now = clock.now()
    given = {
        "digest": digest(secret),
        "kind": kind.value,
        "now": now,
        "awake": now - limits.idle,
        "touch": now - TOUCH,
        "today": civil_day(now),
    }
    row = session.connection().execute(_RECOGNISE, given).one_or_none()
    if row is None:
        raise SignInNeeded
    return _actor(row)


def sign_out(session: Session, secret: str) -> None:
    """End the sign-in of `secret`; nothing happens when it has ended already."""
    person = session.execute(delete(SignIn).where(SignIn.digest == digest(secret)).returning(SignIn.person)).scalar()
    if person is not None:
        events.append(session, events.Kind.PERSON_SIGNED_OUT, actor=person)


def digest(secret: str) -> str:
    """Return how the secret of a sign-in is kept, and known from outside."""
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def load(session: Session, login: str) -> Actor:
    """Return the active person who signs in as `login`; raise NotFound."""
    row = session.execute(_LOAD, {"login": login, "today": civil_day(clock.now())}).one_or_none()
    if row is None:
        raise NotFound(login=login)
    return _actor(row)


def create_person(
    session: Session, login: str, name: str, password: str, memberships: Iterable[tuple[str, str]]
) -> UUID:
    """Create a person who holds `memberships` of (organisation, role); raise AnswersRefused naming each fault."""
    held = set(memberships)
    faults = _faults(session, login, password, held)
    if faults:
        raise AnswersRefused(fields=faults)
    person = uuid4()
    session.execute(insert(Person).values(id=person, login=login, name=name, password=HASHER.hash(password)))
    rows = [{"person": person, "organisation": organisation, "role": role} for organisation, role in sorted(held)]
    if rows:
        session.execute(insert(Membership), rows)
    return person


def set_password(session: Session, login: str, password: str) -> None:
    """Give `login` a new password, unlock the account and end all its sign-ins."""
    weak = _weakness(password)
    if weak:
        raise AnswersRefused(fields={"password": weak})
    _change(session, login, {"password": HASHER.hash(password), "failures": 0, "locked_until": None})


def set_active(session: Session, login: str, active: bool) -> None:  # noqa: FBT001 - a state, not a way of behaving
    """Disable or enable the account of `login`; all its sign-ins end either way."""
    _change(session, login, {"active": active})


def listing(session: Session) -> list[Account]:
    """Return every account with its roles, by login."""
    pair = func.array_agg(aggregate_order_by(Membership.organisation, Membership.organisation, Membership.role))
    held = func.array_agg(aggregate_order_by(Membership.role, Membership.organisation, Membership.role))
    query = (
        select(Person.login, Person.name, Person.active, Person.locked_until, pair, held)
        .outerjoin(Membership, Membership.person == Person.id)
        .group_by(Person.id)
        .order_by(Person.login)
    )
    return [Account(*row[:4], _pairs(row[4], row[5])) for row in session.execute(query)]


def seed_organisations(session: Session, path: Path) -> None:
    """Create or rename the organisations of the TOML file at `path`."""
    rows = [
        {"id": key, "name": item["name"], "kind": item["kind"], "division": item.get("division")}
        for key, item in _organisations(path).items()
    ]
    statement = insert(Organisation)
    given = statement.excluded
    changes = {"name": given.name, "kind": given.kind, "division": given.division}
    session.execute(statement.on_conflict_do_update(index_elements=["id"], set_=changes), rows)


def seed_people(session: Session, path: Path) -> list[Seeded]:
    """Create the people of the TOML file at `path` who are not there yet, each with a random password."""
    known = set(session.scalars(select(Person.login)))
    return [
        _seed(session, organisation, person)
        for organisation, item in _organisations(path).items()
        for person in item.get("people", [])
        if person["login"] not in known
    ]


def draw_password() -> str:
    """Return a random password of 70 bits that satisfies the rules and can be read aloud."""
    words = ["".join(secrets.choice(PLAIN_LETTERS) for _ in range(6)) for _ in range(2)]
    return f"{words[0]}-{words[1].capitalize()}-{secrets.randbelow(90000) + 10000}"


_HELD = """
  array_agg(m.organisation ORDER BY m.organisation, m.role) FILTER (WHERE m.person IS NOT NULL) AS organisations,
  array_agg(m.role ORDER BY m.organisation, m.role) FILTER (WHERE m.person IS NOT NULL) AS held,
  (SELECT json_agg(json_build_array(away.id, away.name, lent.organisation, lent.role, s.roles = '{}')
      ORDER BY s.made_at, away.id, lent.organisation, lent.role)
    FROM substitution s JOIN person away ON away.id = s.person AND away.active
    LEFT JOIN membership lent ON lent.person = away.id AND (s.roles = '{}' OR lent.role = ANY(s.roles))
    WHERE s.substitute = p.id AND s.ended_at IS NULL AND :today BETWEEN s.since AND s.until) AS lent
"""
_LOAD = text(
    f"""
SELECT p.id, p.login, p.name, p.language, {_HELD}
FROM person p LEFT JOIN membership m ON m.person = p.id
WHERE p.login = :login AND p.active
GROUP BY p.id
"""  # noqa: S608 - a constant of this module
)
_RECOGNISE = text(
    f"""
WITH touched AS (
  UPDATE sign_in SET seen_at = :now
  WHERE digest = :digest AND kind = :kind AND ends_at > :now AND seen_at > :awake AND seen_at < :touch
)
SELECT p.id, p.login, p.name, p.language, {_HELD}
FROM sign_in s JOIN person p ON p.id = s.person LEFT JOIN membership m ON m.person = p.id
WHERE s.digest = :digest AND s.kind = :kind AND s.ends_at > :now AND s.seen_at > :awake AND p.active
GROUP BY p.id
"""  # noqa: S608 - a constant of this module
)


def _actor(row: Any) -> Actor:
    """Return who a row tells of; what principals lend is theirs, and nobody lends on what was lent to them."""
    own = frozenset(zip(row.organisations or (), row.held or (), strict=True))
    if not row.lent:
        return Actor(row.id, row.login, row.name, row.language, own)
    seats: dict[tuple[str, str, bool], set[tuple[str, str]]] = {}
    for person, name, organisation, role, whole in row.lent:
        lent = seats.setdefault((person, name, whole), set())
        lent |= {(organisation, role)} if organisation else set()
    principals = tuple(Principal(UUID(key[0]), key[1], frozenset(lent), key[2]) for key, lent in seats.items())
    every = own.union(*(principal.memberships for principal in principals))
    return Actor(row.id, row.login, row.name, row.language, every, principals, own)


def _verify(hashed: str, password: str) -> bool:
    try:
        return HASHER.verify(hashed, password)
    except (Argon2Error, InvalidHashError):
        return False


@cache
def _decoy() -> str:
    return HASHER.hash(secrets.token_urlsafe())


def _refuse(session: Session, person: UUID | None, *, wrong: bool, limits: Limits) -> None:
    with transaction(sessions(session.get_bind().engine)) as own:
        if person is not None and wrong:
            own.execute(_failure(person, limits))
        events.append(own, events.Kind.PERSON_REFUSED, actor=person)


def _failure(person: UUID, limits: Limits) -> Update:
    now = clock.now()
    last = Person.failures + 1 >= limits.failures
    return (
        update(Person)
        .where(Person.id == person, or_(Person.locked_until.is_(None), Person.locked_until <= now))
        .values(
            failures=case((last, 0), else_=Person.failures + 1),
            locked_until=case((last, now + limits.locked), else_=None),
        )
    )


def _open_account(session: Session, person: UUID) -> bool:
    unlocked = or_(Person.locked_until.is_(None), Person.locked_until <= clock.now())
    change = update(Person).where(Person.id == person, Person.active, unlocked).values(failures=0, locked_until=None)
    return session.execute(change.returning(Person.id)).scalar() is not None


def _faults(session: Session, login: str, password: str, held: set[tuple[str, str]]) -> dict[str, dict[str, str]]:
    known = set(session.scalars(select(Organisation.id).where(Organisation.id.in_({o for o, _ in held}))))
    faults: dict[str, dict[str, str]] = {}
    if not login.strip() or session.scalar(select(Person.id).where(Person.login == login)):
        faults["login"] = {"zh": "登录名为空或已被使用", "en": "empty or already used"}
    if weak := _weakness(password):
        faults["password"] = weak
    for organisation, role in held:
        if organisation not in known or role not in roles():
            faults[f"{organisation}:{role}"] = {"zh": "没有这个单位或角色", "en": "no such organisation or role"}
    return faults


def _weakness(password: str) -> dict[str, str] | None:
    classes = [str.islower, str.isupper, str.isdigit, lambda c: not c.isalnum()]
    if len(password) >= 8 and sum(any(map(c, password)) for c in classes) >= 3:  # noqa: PLR2004 - the rule, in its words
        return None
    return {
        "zh": "至少 8 位，含大写、小写、数字、符号中的三类",
        "en": "at least 8 characters of three kinds: capitals, small letters, digits, signs",
    }


def _change(session: Session, login: str, values: dict[str, Any]) -> None:
    change = update(Person).where(Person.login == login).values(**values).returning(Person.id)
    person = session.execute(change.execution_options(synchronize_session=False)).scalar()
    if person is None:
        raise NotFound(login=login)
    session.execute(delete(SignIn).where(SignIn.person == person))


def _pairs(organisations: Sequence[str | None], held: Sequence[str | None]) -> list[tuple[str, str]]:
    return [(o, r) for o, r in zip(organisations, held, strict=True) if o is not None and r is not None]


def _organisations(path: Path) -> dict[str, Any]:
    organisations: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))["organisations"]
    return organisations


def _seed(session: Session, organisation: str, person: dict[str, Any]) -> Seeded:
    password = draw_password()
    memberships = [(organisation, role) for role in person["roles"]]
    create_person(session, person["login"], person["name"], password, memberships)
    return Seeded(person["login"], person["name"], password, organisation, person["roles"])
