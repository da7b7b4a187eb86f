"""The sign-ins of a person: begun in one step or two, listed with device and address, ended one by one."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from engine import clock, events, identity, second_factor
from engine.errors import AnswersRefused, CodeNeeded, FactorRefused, NotFound, SignInRefused
from engine.identity import Actor, Kind, Limits, Origin
from engine.second_factor import Keeping
from engine.tables import SignIn

LONGEST = 300  # characters that are kept of what a browser says of itself
WRONG = {
    "zh": "当前密码不正确；连续输错将锁定账号。",
    "en": "This is not your password; too many wrong ones lock the account.",
}
SAME = {"zh": "新密码不能与当前密码相同。", "en": "The new password must differ from the one of now."}


class Step(StrEnum):
    """What is still missing after the password."""

    NONE = "none"
    CODE = "code"  # a code of the second factor
    SET_UP = "set up"  # the second factor itself, which a role demands


@dataclass(frozen=True)
class Half:
    """A person after the password: the secret of their half sign-in, and what is still missing."""

    actor: Actor
    secret: str
    missing: Step


@dataclass(frozen=True)
class SignInRow:
    """A sign-in of a person; `id` is what is kept of its secret, `here` that it is the one that asks."""

    id: str
    kind: str
    device: str | None
    address: str | None
    started_at: datetime
    seen_at: datetime
    ends_at: datetime
    here: bool


def first(session: Session, login: str, password: str, keeping: Keeping) -> Half:
    """Check the password and return a half sign-in, which opens nothing by itself. Raise SignInRefused."""
    actor, secret = identity.sign_in(session, login, password, Kind.HALF, keeping.limits)
    return Half(actor, secret, _missing(session, actor, keeping))


def second(session: Session, secret: str, keeping: Keeping) -> Half:
    """Return the half sign-in of `secret` and what it still misses; raise SignInNeeded when it is over."""
    actor = identity.recognise(session, secret, Kind.HALF, keeping.limits)
    return Half(actor, secret, _missing(session, actor, keeping))


def finish(session: Session, half: Half, keeping: Keeping, origin: Origin, kind: Kind = Kind.WEB) -> str:
    """Turn a half sign-in into a whole one and return its new secret.

    The caller has asked for what is missing. Raise SignInRefused when the half one was used meanwhile.
    """
    kept = identity.digest(half.secret)
    gone = delete(SignIn).where(SignIn.digest == kept, SignIn.kind == Kind.HALF.value).returning(SignIn.person)
    if session.execute(gone).scalar() is None:
        raise SignInRefused
    return identity.begin(session, half.actor.id, kind, keeping.limits, _short(origin))


def at_once(session: Session, half: Half, keeping: Keeping, origin: Origin, code: str | None) -> str:
    """Give a program its token in one step, with the code if there is a second factor.

    Raise CodeNeeded without the code, CodeRefused for a wrong one, FactorRefused where it is yet to be set up.
    """
    if half.missing is Step.SET_UP:
        raise FactorRefused(
            why={
                "zh": "您的角色要求双因子验证，请先在浏览器中登录并设置。",
                "en": "A role of yours demands a second factor: sign in with a browser and set it up first.",
            }
        )
    if half.missing is Step.CODE:
        if not code:
            raise CodeNeeded
        second_factor.check(session, half.actor, keeping, code)
    return finish(session, half, keeping, origin, Kind.API)


def listing(session: Session, actor: Actor, secret: str) -> list[SignInRow]:
    """List the sign-ins of the actor that have not ended, the one of `secret` first, then the latest seen."""
    here = identity.digest(secret)
    mine = select(SignIn).where(SignIn.person == actor.id, SignIn.kind != Kind.HALF.value, SignIn.ends_at > clock.now())
    rows = session.scalars(mine.order_by((SignIn.digest == here).desc(), SignIn.seen_at.desc())).all()
    return [
        SignInRow(
            row.digest, row.kind, row.device, row.address, row.started_at, row.seen_at, row.ends_at, row.digest == here
        )
        for row in rows
    ]


def lives(session: Session, secret: str, limits: Limits) -> bool:
    """Tell whether a browser's sign-in still holds, without keeping it awake: whoever only listens does not work."""
    now = clock.now()
    mine = SignIn.digest == identity.digest(secret), SignIn.kind == Kind.WEB.value
    awake = SignIn.ends_at > now, SignIn.seen_at > now - limits.idle
    return session.scalar(select(exists().where(*mine, *awake))) or False


def end(session: Session, actor: Actor, sign_in: str) -> None:
    """End one sign-in of the actor; raise NotFound for anybody else's."""
    gone = delete(SignIn).where(SignIn.digest == sign_in, SignIn.person == actor.id).returning(SignIn.digest)
    if session.execute(gone).scalar() is None:
        raise NotFound(sign_in=sign_in)
    events.append(session, events.Kind.PERSON_SIGN_INS_ENDED, actor=actor.id, data={"count": 1})


def end_others(session: Session, actor: Actor, secret: str) -> int:
    """End every sign-in of the actor but that of `secret`, half ones too; return how many."""
    others = delete(SignIn).where(SignIn.person == actor.id, SignIn.digest != identity.digest(secret))
    ended = len(session.scalars(others.returning(SignIn.digest)).all())
    if ended:
        events.append(session, events.Kind.PERSON_SIGN_INS_ENDED, actor=actor.id, data={"count": ended})
    return ended


def change_password(session: Session, actor: Actor, before: str, after: str, keeping: Keeping) -> None:
    """Give the actor a new password and end all their sign-ins; raise AnswersRefused naming `before` or `password`.

    The door begins a new sign-in for whoever asked. A wrong old password counts as one at the sign-in does.
    """
    try:
        identity.prove(session, actor.login, before, keeping.limits)
    except SignInRefused:
        raise AnswersRefused(fields={"before": WRONG}) from None
    if after == before:
        raise AnswersRefused(fields={"password": SAME})
    identity.set_password(session, actor.login, after)
    events.append(session, events.Kind.PERSON_PASSWORD_CHANGED, actor=actor.id)


def _missing(session: Session, actor: Actor, keeping: Keeping) -> Step:
    known = second_factor.state(session, actor, keeping)
    if known.on:
        return Step.CODE
    return Step.SET_UP if known.required else Step.NONE


def _short(origin: Origin) -> Origin:
    device = (origin.device or "").replace("\x00", "")[:LONGEST]
    return Origin(device or None, origin.address)
