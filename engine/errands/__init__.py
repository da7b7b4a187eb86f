"""Errands: what an owner has done to running cases, one or thousands, with a second person's word and honest results.

An errand names its cases when it is asked for, so that the second person confirms exactly those. Each case is done in a
transaction of its own (`engine.errands.work`), in which its result is kept: whatever is killed goes on, nothing is done
twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from engine import clock, events, ownership
from engine.errands.choosing import Choice, choose
from engine.errors import ErrandRefused, NotAllowed, NotFound
from engine.identity import Actor
from engine.tables import Errand, ErrandItem, ErrandKind, ErrandState, Instance, ItemState, Person

# What decides over the diagram's head waits for a second person; what only lets it go on, or stand, does not.
CONFIRMED = frozenset({ErrandKind.SETTLE, ErrandKind.MOVE, ErrandKind.REARM, ErrandKind.END})
NEEDED = {ErrandKind.SETTLE: "data", ErrandKind.MOVE: "place", ErrandKind.REARM: "due_at"}
LONGEST_REASON = 500
SHOWN = 200


@dataclass(frozen=True)
class Wish:
    """What somebody asks to be done: to which cases, why, and with what.

    `data` of a settlement is what the step counts as having given, a move's `place` the element where the token starts,
    a timer's `due_at` its next moment in ISO 8601.
    """

    programme: str
    kind: ErrandKind
    reason: str
    choice: Choice
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ErrandRow:
    """An errand as a list shows it; `counts` tells how many of its cases are in each state."""

    id: UUID
    programme: str
    kind: ErrandKind
    state: ErrandState
    reason: str
    data: dict[str, Any]
    asked_by: UUID
    asked_name: str
    asked_at: datetime
    answered_name: str | None
    answered_at: datetime | None
    ended_at: datetime | None
    counts: dict[ItemState, int]

    @property
    def total(self) -> int:
        """Return how many cases it has."""
        return sum(self.counts.values())

    @property
    def left(self) -> int:
        """Return how many cases have no result yet."""
        return self.counts.get(ItemState.WAITING, 0)


@dataclass(frozen=True)
class ItemRow:
    """One case of an errand and what became of it; `fault` names what went wrong, `why` says it in zh and en."""

    position: int
    instance: UUID
    title: str
    element: str | None
    state: ItemState
    fault: str | None
    why: dict[str, str] | None


def ask(session: Session, actor: Actor, wish: Wish) -> UUID:
    """Ask for something to be done; return the errand, which begins at once or waits for a second person.

    Raise NotAllowed, or ErrandRefused where no reason is given, something is missing, or there are no such cases.
    """
    ownership.must_see(actor, wish.programme)
    _check(wish)
    waits = wish.kind in CONFIRMED
    errand = Errand(
        id=uuid4(),
        programme=wish.programme,
        kind=wish.kind,
        state=ErrandState.ASKED if waits else ErrandState.RUNNING,
        reason=wish.reason.strip(),
        data=wish.data,
        asked_by=actor.id,
        asked_at=clock.now(),
    )
    session.add(errand)
    session.flush()
    cases = choose(session, errand, wish.choice)
    if not cases:
        raise _refused("没有符合条件的事项，可能已被处理。", "There are no such cases, or somebody dealt with them.")
    _tell(session, actor, "errand.asked", errand, cases=cases)
    return errand.id


def confirm(session: Session, actor: Actor, errand: UUID) -> None:
    """Let what somebody else asked for be done; raise NotFound, NotAllowed, ErrandRefused."""
    found = _answering(session, actor, errand)
    found.state = ErrandState.RUNNING
    _tell(session, actor, "errand.confirmed", found)


def refuse(session: Session, actor: Actor, errand: UUID) -> None:
    """Say no to what somebody else asked for; raise NotFound, NotAllowed, ErrandRefused."""
    found = _answering(session, actor, errand)
    found.state, found.ended_at = ErrandState.REFUSED, clock.now()
    _tell(session, actor, "errand.refused", found)


def stop(session: Session, actor: Actor, errand: UUID) -> None:
    """Stop before the rest of its cases; the one being done is finished. Raise NotFound, ErrandRefused."""
    found = _find(session, actor, errand, ErrandState.RUNNING)
    found.state = ErrandState.STOPPED
    _tell(session, actor, "errand.stopped", found)


def go_on(session: Session, actor: Actor, errand: UUID) -> None:
    """Go on with the rest of what was stopped; raise NotFound, ErrandRefused."""
    found = _find(session, actor, errand, ErrandState.STOPPED)
    found.state = ErrandState.RUNNING
    session.flush()


def withdraw(session: Session, actor: Actor, errand: UUID) -> None:
    """Take back what one asked for before it is confirmed, or the rest of what was stopped.

    Raise NotFound, NotAllowed to everybody else, ErrandRefused.
    """
    found = _find(session, actor, errand, ErrandState.ASKED, ErrandState.STOPPED)
    if found.asked_by != actor.id:
        raise NotAllowed(errand=errand)
    found.state, found.ended_at = ErrandState.WITHDRAWN, clock.now()
    _tell(session, actor, "errand.withdrawn", found)


def listing(session: Session, actor: Actor, programme: str | None = None, limit: int = 50) -> list[ErrandRow]:
    """List the errands of the programmes the actor may change or sign: those that wait first, then the latest."""
    known = select(Errand.programme).distinct()
    mine = [name for name in session.scalars(known) if ownership.may_see(actor, name)]
    chosen = [name for name in mine if programme in {None, name}]
    waits = Errand.state.in_([ErrandState.ASKED, ErrandState.RUNNING, ErrandState.STOPPED])
    query = _ROWS.where(Errand.programme.in_(chosen)).order_by(waits.desc(), Errand.asked_at.desc(), Errand.id)
    return _rows(session, query.limit(limit))


def show(session: Session, actor: Actor, errand: UUID) -> ErrandRow:
    """Return an errand of a programme that the actor may change or sign; raise NotFound."""
    row = next(iter(_rows(session, _ROWS.where(Errand.id == errand))), None)
    if row is None or not ownership.may_see(actor, row.programme):
        raise NotFound(errand=errand)
    return row


def items(session: Session, actor: Actor, errand: UUID, limit: int = SHOWN) -> list[ItemRow]:
    """List cases of an errand: those that were refused or failed first, then by their order; raise NotFound."""
    show(session, actor, errand)
    bad = ErrandItem.state.in_([ItemState.REFUSED, ItemState.AGAIN])
    query = (
        select(ErrandItem.position, ErrandItem.instance, Instance.title, ErrandItem.element)
        .add_columns(ErrandItem.state, ErrandItem.fault, ErrandItem.why)
        .join(Instance, Instance.id == ErrandItem.instance)
        .where(ErrandItem.errand == errand)
        .order_by(bad.desc(), ErrandItem.position)
        .limit(limit)
    )
    return [ItemRow(*row) for row in session.execute(query)]


def may_answer(actor: Actor, asked_by: UUID) -> bool:
    """Tell whether the actor is a second person: neither who asked, nor who stands in for them."""
    return asked_by not in {actor.id, *(principal.person for principal in actor.principals)}


def _check(wish: Wish) -> None:
    if not wish.reason.strip():
        raise _refused("请说明原因。", "Say why.")
    if len(wish.reason) > LONGEST_REASON:
        raise _refused(f"原因不超过{LONGEST_REASON}字。", f"The reason may have {LONGEST_REASON} characters.")
    needed = NEEDED.get(wish.kind)
    if needed is not None and needed not in wish.data:
        raise _refused("请填写处理所需的内容。", "Something that this needs is missing.")
    if wish.kind is ErrandKind.REARM:
        _moment(str(wish.data["due_at"]))


def _moment(told: str) -> None:
    try:
        aware = datetime.fromisoformat(told).tzinfo is not None
    except ValueError:
        aware = False
    if not aware:
        raise _refused("请填写日期和时间。", "Give a date and a time.")


def _answering(session: Session, actor: Actor, errand: UUID) -> Errand:
    found = _find(session, actor, errand, ErrandState.ASKED)
    if not may_answer(actor, found.asked_by):
        raise _refused(
            "提出的人不能自己确认，请由另一位负责人或审定人确认。", "Who asked does not confirm; another does."
        )
    found.answered_by, found.answered_at = actor.id, clock.now()
    return found


def _find(session: Session, actor: Actor, errand: UUID, *states: ErrandState) -> Errand:
    """Lock an errand; only then is it certain how it stands."""
    found = session.get(Errand, errand, with_for_update=True, populate_existing=True)
    if found is None or not ownership.may_see(actor, found.programme):
        raise NotFound(errand=errand)
    if found.state not in states:
        raise _refused("它已被他人处理，请刷新查看。", "Somebody has dealt with it already; look again.")
    return found


def _rows(session: Session, query: Any) -> list[ErrandRow]:
    found = session.execute(query).all()
    counts: dict[UUID, dict[ItemState, int]] = {}
    grouped = select(ErrandItem.errand, ErrandItem.state, func.count()).group_by(ErrandItem.errand, ErrandItem.state)
    for errand, state, number in session.execute(grouped.where(ErrandItem.errand.in_(_ids(found)))):
        counts.setdefault(errand, {})[state] = number
    return [ErrandRow(**row._mapping, counts=counts.get(row.id, {})) for row in found]  # noqa: SLF001 - its public name


def _ids(rows: Sequence[Any]) -> list[UUID]:
    return [row.id for row in rows]


def _tell(session: Session, actor: Actor, kind: str, errand: Errand, **more: Any) -> None:
    session.flush()
    facts = {"errand": errand.id, "programme": errand.programme, "does": errand.kind.value, "reason": errand.reason}
    events.append(session, kind, actor=actor.id, data={**facts, **more})


def _refused(zh: str, en: str) -> ErrandRefused:
    return ErrandRefused(why={"zh": zh, "en": en})


_ASKED, _ANSWERED = aliased(Person), aliased(Person)
_ROWS = (
    select(Errand.id, Errand.programme, Errand.kind, Errand.state, Errand.reason, Errand.data, Errand.asked_by)
    .add_columns(_ASKED.name.label("asked_name"), Errand.asked_at, _ANSWERED.name.label("answered_name"))
    .add_columns(Errand.answered_at, Errand.ended_at)
    .join(_ASKED, _ASKED.id == Errand.asked_by)
    .outerjoin(_ANSWERED, _ANSWERED.id == Errand.answered_by)
)
