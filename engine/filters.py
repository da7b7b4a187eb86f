"""Filters: what a person asks of a list of work, and those they keep, share with their organisation and remove."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from engine import clock
from engine.domain.actors import Actor
from engine.errors import AnswersRefused, NotAllowed, NotFound
from engine.tables import Organisation, Person, SavedFilter

LISTS = ("mine", "claimable", "done", "started", "copies")
LONGEST_TEXT, LONGEST_NAME = 100, 40
MOST_KEPT, MOST_SHOWN, MOST_DAYS = 30, 100, 250
EARLIEST = date(1970, 1, 1)
PLAIN = ("text", "programme", "process", "element", "organisation")


class Due(StrEnum):
    """What is asked of a deadline."""

    OVERDUE = "overdue"  # it has passed
    SOON = "soon"  # it comes within some working days
    NONE = "none"  # there is none


class Sort(StrEnum):
    """What a list is sorted by."""

    DUE = "due"  # the deadline; what has none comes last
    WHEN = "when"  # when it came into the list: arrived, finished, started, sent
    UNIT = "unit"  # the code of the city or county
    NAME = "name"  # the name of the step, or of the case
    PRIORITY = "priority"  # urged first, then by deadline


@dataclass(frozen=True)
class Wanted:
    """What a person asks of a list; empty asks nothing. `days` are working days, for Due.SOON alone."""

    text: str = ""
    programme: str = ""
    process: str = ""
    element: str = ""
    organisation: str = ""
    due: Due | None = None
    days: int = 3
    since: date | None = None
    sort: Sort | None = None
    descending: bool = False

    @property
    def narrows(self) -> bool:
        """Tell whether anything is left out of the list."""
        return any(getattr(self, name) for name in (*PLAIN, "due", "since"))


@dataclass(frozen=True)
class Keeping:
    """A filter that somebody wants to keep; shared with the organisation, if one is named."""

    name: str
    list: str
    wanted: Wanted
    organisation: str | None = None


@dataclass(frozen=True)
class Kept:
    """A filter that was kept; `own` by the person who asks, else by `keeper` of an organisation they share."""

    id: UUID
    name: str
    list: str
    query: dict[str, str]
    organisation: str | None
    organisation_name: dict[str, str] | None
    keeper: str
    own: bool


def read(plain: Mapping[str, str]) -> Wanted:
    """Return what the texts of an address or of a kept filter ask; raise AnswersRefused naming each faulty one."""
    faults: dict[str, dict[str, str]] = {}
    found: dict[str, Any] = {name: _text(plain.get(name, ""), name, faults) for name in PLAIN}
    for name, reading in _READINGS.items():
        given = plain.get(name, "")
        if given:
            try:
                found[name] = reading(given)
            except ValueError:
                faults[name] = {"zh": "筛选条件不合规范。", "en": "This is no condition of a filter."}
    if faults:
        raise AnswersRefused(fields=faults)
    return Wanted(**found)


def plain(wanted: Wanted) -> dict[str, str]:
    """Return what is asked as texts, as `read` takes them; what nobody asked is left out."""
    usual = Wanted()
    told = {one.name: getattr(wanted, one.name) for one in fields(Wanted)}
    kept = {name: str(value) for name, value in told.items() if value and value != getattr(usual, name)}
    return {name: "1" if name == "descending" else value for name, value in kept.items()}


def keep(session: Session, actor: Actor, keeping: Keeping) -> UUID:
    """Keep a filter; return its id.

    Raise AnswersRefused for a name that is empty, long or used already and for more filters than one may keep,
    NotAllowed for an organisation that the actor does not act for.
    """
    name = keeping.name.strip()
    if keeping.organisation is not None and keeping.organisation not in actor.organisations:
        raise NotAllowed(organisation=keeping.organisation)
    fault = _fault(session, actor, name, keeping.list)
    if fault:
        raise AnswersRefused(fields={"name": fault})
    kept = SavedFilter(
        id=uuid4(),
        person=actor.id,
        organisation=keeping.organisation,
        name=name,
        query={"list": keeping.list, "filter": plain(keeping.wanted)},
        made_at=clock.now(),
    )
    session.add(kept)
    session.flush()
    return kept.id


def remove(session: Session, actor: Actor, kept: UUID) -> None:
    """Remove a filter that the actor keeps; raise NotFound for another's."""
    gone = delete(SavedFilter).where(SavedFilter.id == kept, SavedFilter.person == actor.id).returning(SavedFilter.id)
    if session.execute(gone.execution_options(synchronize_session=False)).scalar() is None:
        raise NotFound(filter=kept)


def listing(session: Session, actor: Actor) -> list[Kept]:
    """List the filters that the actor keeps, and those that others share with an organisation of the actor's."""
    shared = SavedFilter.organisation.in_(sorted(actor.organisations))
    query = (
        select(SavedFilter, Organisation.name, Person.name)
        .outerjoin(Organisation, Organisation.id == SavedFilter.organisation)
        .join(Person, Person.id == SavedFilter.person)
        .where(or_(SavedFilter.person == actor.id, shared))
        .order_by(SavedFilter.person != actor.id, SavedFilter.name, SavedFilter.id)
        .limit(MOST_SHOWN)
    )
    return [
        Kept(
            row.id,
            row.name,
            row.query["list"],
            row.query["filter"],
            row.organisation,
            organisation,
            keeper,
            own=row.person == actor.id,
        )
        for row, organisation, keeper in session.execute(query)
    ]


def organisations(session: Session, actor: Actor) -> dict[str, dict[str, str]]:
    """Return the names of the organisations that the actor acts for: filters are shared with them."""
    query = select(Organisation.id, Organisation.name).where(Organisation.id.in_(sorted(actor.organisations)))
    return {row.id: row.name for row in session.execute(query.order_by(Organisation.id))}


def _days(given: str) -> int:
    found = int(given)
    if not 0 <= found <= MOST_DAYS:
        raise ValueError(given)
    return found


def _since(given: str) -> date:
    found = date.fromisoformat(given)
    if found < EARLIEST:
        raise ValueError(given)
    return found


_READINGS: dict[str, Callable[[str], Any]] = {
    "due": Due,
    "days": _days,
    "since": _since,
    "sort": Sort,
    "descending": lambda given: given == "1",
}


def _text(given: str, name: str, faults: dict[str, dict[str, str]]) -> str:
    told = given.strip()
    if len(told) > LONGEST_TEXT or not told.isprintable():
        faults[name] = {"zh": f"最多{LONGEST_TEXT}个可见字符。", "en": f"At most {LONGEST_TEXT} visible characters."}
    return told


def _fault(session: Session, actor: Actor, name: str, which: str) -> dict[str, str] | None:
    if which not in LISTS:
        return {"zh": "没有这个列表。", "en": "There is no such list."}
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        zh, en = f"请填写名称，最多{LONGEST_NAME}个字符。", f"Give it a name of at most {LONGEST_NAME} characters."
        return {"zh": zh, "en": en}
    own = select(func.count(), func.count().filter(SavedFilter.name == name)).where(SavedFilter.person == actor.id)
    kept, alike = session.execute(own).one()
    if alike:
        return {"zh": "您已有同名的筛选。", "en": "You keep a filter of this name already."}
    if kept >= MOST_KEPT:
        zh, en = f"最多保存{MOST_KEPT}个筛选，请先删除不用的。", f"You keep {MOST_KEPT} filters; remove one first."
        return {"zh": zh, "en": en}
    return None
