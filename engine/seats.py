"""Seats: those who answer one task together (会签), who has, and adding or removing a seat (加签、减签)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import false, or_, select, true, update
from sqlalchemy.orm import Session

from engine import desk, forms, inbox, independence, moves, processes, runtime, ways
from engine.bpmn import causes, circles, survey
from engine.bpmn.causes import Past
from engine.bpmn.circles import Circle, Place
from engine.bpmn.elements import HUMAN, SUB_PROCESSES, Element
from engine.bpmn.environment import Surroundings
from engine.bpmn.execution import Execution
from engine.errors import IcityError, NotAllowed, NotFound, OperationRefused
from engine.identity import Actor
from engine.independence import Place as Step
from engine.processes import Programme
from engine.runtime import OPERATORS, Running
from engine.tables import Instance, Membership, Organisation, Person, Task, TaskState

Words = dict[str, str]


@dataclass(frozen=True)
class Seat:
    """One of those who answer together; `state` is waiting, open or given, `outcome` what they chose, in words."""

    task: UUID | None
    position: int | None
    who: str | None
    organisation: str | None
    organisation_name: Words | None
    state: str
    outcome: str | None
    at: datetime | None


@dataclass(frozen=True)
class Matrix:
    """Who answers together and by which rule; `needed` is None where more than the number of answers decides."""

    rule: Words
    seats: list[Seat]
    needed: int | None
    given: int


@dataclass(frozen=True)
class Seating:
    """Who is asked to answer as well: an organisation, a person of it, or an item as the diagram's collection has."""

    reason: str
    organisation: str | None = None
    person: UUID | None = None
    item: Any = None


@dataclass(frozen=True)
class _Scene:
    programme: Programme
    execution: Execution
    past: list[Past]
    circle: Circle


def matrix(session: Session, actor: Actor, task: UUID) -> Matrix | None:
    """Return who answers together with a task the actor may see, None when it is done alone; raise NotFound."""
    scene = _seen(session, _find(session, actor, task))
    if scene is None:
        return None
    given = [row for row in scene.past if causes.several(row) and row.sources[0] == scene.circle.whole]
    waiting = [_waiting(scene, place) for place in scene.circle.places if place.token is None]
    people = _people(session, scene, given)
    seats = [_told(scene, actor, *one) for one in people] + waiting
    needed = circles.needed(scene.execution, scene.circle)
    return Matrix(_rule(scene.circle, needed), _named(session, seats), needed, scene.circle.done)


def candidates(session: Session, actor: Actor, task: UUID) -> dict[str, Words]:
    """Return the names of the organisations that may be asked as well, by id; none where seats are no organisations.

    They are those in which somebody holds the role of the task and which have no seat yet. Raise NotFound.
    """
    found = _find(session, actor, task)
    seated = matrix(session, actor, task)
    if found.organisation is None or seated is None:
        return {}
    taken = {seat.organisation for seat in seated.seats}
    query = select(Organisation.id, Organisation.name).join(Membership, Membership.organisation == Organisation.id)
    rows = session.execute(query.where(Membership.role == found.role).distinct().order_by(Organisation.id))
    return {row.id: row.name for row in rows if row.id not in taken}


def add(session: Session, actor: Actor, task: UUID, seating: Seating) -> None:
    """Ask one more to answer (加签); raise NotFound, NotAllowed, OperationRefused, SeatRefused, BudgetSpent."""
    found = _find(session, actor, task)
    with runtime.opened(session, found.instance) as running:
        circle = _circle(running, actor, found, seating.reason)
        item = _item(session, running, circle, seating)
        running.acts(actor.id)
        facts = {"item": item, "reason": seating.reason}
        running.tell("loop.grown", facts, circle.element.id, task)
        running.enlarge(circle.whole, item)
        opened = [one for one in running.execution.rest().tasks if one not in running.before.tasks]
    if seating.person is not None:
        for one in opened:
            _give(session, one, seating.person)


def remove(session: Session, actor: Actor, task: UUID, reason: str) -> None:
    """Take away a seat that has not answered (减签); what is left may be enough. Raise as `add` does."""
    found = _find(session, actor, task)
    with runtime.opened(session, found.instance) as running:
        circle = _circle(running, actor, found, reason)
        if circle.total < 2:  # noqa: PLR2004 - the last one
            raise _refused("只剩一席，不能再减。", "This is the only seat left.")
        running.acts(actor.id)
        running.tell("loop.shrunk", {"reason": reason}, circle.element.id, task)
        running.shrink(task)


def strike(session: Session, actor: Actor, task: UUID, position: int, reason: str) -> None:
    """Take away a seat whose turn has not come, by its position from 1 up; raise as `add` does."""
    found = _find(session, actor, task)
    with runtime.opened(session, found.instance) as running:
        circle = _circle(running, actor, found, reason)
        if position not in {place.position for place in circle.places if place.token is None}:
            raise _refused("没有这一席，或已轮到它办理。", "There is no such seat, or its turn has come.")
        running.acts(actor.id)
        running.tell("loop.shrunk", {"reason": reason, "position": position}, circle.element.id, task)
        running.strike(circle.whole, position - 1)


def _find(session: Session, actor: Actor, task: UUID) -> Any:
    keeps = true() if actor.roles & OPERATORS else false()
    seen = or_(inbox.visible(actor), Instance.started_by.in_([actor.id, *actor.wholly]), keeps)
    query = (
        select(
            Task.id,
            Task.instance,
            Task.state,
            Task.element,
            Task.role,
            Task.organisation,
            Task.assignee,
            Instance.started_by,
            Instance.deployment,
            Instance.ended_at,
        )
        .join(Instance, Instance.id == Task.instance)
        .where(Task.id == task, seen)
    )
    found = session.execute(query).one_or_none()
    if found is None:
        raise NotFound(task=task)
    return found


def _seen(session: Session, found: Any) -> _Scene | None:
    """Return what is to be told of the circle of a task, also of one who has answered while others have not."""
    if found.ended_at is not None:
        return None
    execution, past = runtime.peek(session, found.instance), moves.history(session, found.instance)
    circle = circles.around(execution, found.id)
    row = next((row for row in past if row.task == found.id and causes.several(row)), None)
    if circle is None and row is not None:
        circle = circles.named(execution, row.sources[0])
    if circle is None:
        return None
    return _Scene(processes.load(session, found.deployment), execution, past, circle)


def _people(session: Session, scene: _Scene, given: list[Past]) -> list[tuple[Any, str]]:
    """Return the tasks of those who have answered and of those whose turn it is, in the order of the seats."""
    holders = {one.task: one.holder for one in survey.tokens(scene.execution)}
    seats = {place.token for place in scene.circle.places}
    standing = [task for task in scene.execution.rest().tasks if _under(task, seats, holders)]
    inner = [row.task for row in scene.past if row.scope in {one.task for one in given}]
    query = (
        select(Task, Person.name)
        .outerjoin(Person, Person.id == Task.assignee)
        .where(Task.id.in_([*(row.task for row in given), *inner, *standing]))
        .order_by(Task.ended_at.nulls_last(), Task.created_at, Task.id)
    )
    return [(task, name) for task, name in session.execute(query)]


def _under(task: UUID, seats: set[UUID | None], holders: Mapping[UUID, UUID | None]) -> bool:
    around: UUID | None = task
    while around is not None and around not in seats:
        around = holders[around]
    return around is not None


def _told(scene: _Scene, actor: Actor, task: Task, name: str | None) -> Seat:
    """Return the seat of a task; what was answered at a sealed step nobody else is told."""
    given = task.state is TaskState.COMPLETED
    hidden = independence.sealed(task.element, actor.roles) and task.ended_by != actor.id
    schema = scene.programme.forms.get(task.form or "") if given and not hidden else None
    outcome = forms.outcome(schema, task.answers or {}) if schema else None
    state = "given" if given else "open"
    return Seat(task.id, None, name, task.organisation, None, state, outcome, task.ended_at)


def _waiting(scene: _Scene, place: Place) -> Seat:
    organisation = _organisation(scene.execution.surroundings, scene.circle.element, place.data)
    return Seat(None, place.position, None, organisation, None, "waiting", None, None)


def _organisation(around: Surroundings, element: Element, data: dict[str, Any]) -> str | None:
    try:
        found = around.value(element.organisation, data) if element.organisation else None
    except IcityError:
        return None
    return None if found is None else str(found)


def _named(session: Session, seats: Iterable[Seat]) -> list[Seat]:
    seats = list(seats)
    wanted = {seat.organisation for seat in seats}
    query = select(Organisation.id, Organisation.name).where(Organisation.id.in_(wanted))
    names = {row.id: row.name for row in session.execute(query)}
    return [Seat(**{**vars(seat), "organisation_name": names.get(seat.organisation or "")}) for seat in seats]


def _rule(circle: Circle, needed: int | None) -> Words:
    loop, total = circle.element.loop, circle.total
    if loop is None or not loop.completion:
        return {"zh": f"{total}席全部办理后进入下一环节。", "en": f"All {total} seats must answer."}
    if needed is not None:
        return {"zh": f"{total}席中满{needed}席即进入下一环节。", "en": f"{needed} of {total} seats are enough."}
    told = loop.completion.removeprefix("=")
    return {"zh": f"满足下列条件即进入下一环节：{told}", "en": f"It goes on as soon as this holds: {told}"}


def _circle(running: Running, actor: Actor, found: Any, reason: str) -> Circle:
    """Return the circle that a task belongs to, where the actor may change it; raise NotAllowed, OperationRefused."""
    desk.said(reason)
    circle = circles.around(running.execution, found.id)
    if circle is None or found.id not in running.before.tasks:
        raise _refused("这里没有正在进行的会签。", "This is not done by several people at present.")
    ways.allow(running.before.tasks[found.id], "seat")
    running.behalf = _behalf(actor, found)
    return circle


def _behalf(actor: Actor, found: Any) -> dict[str, Any]:
    """Return what events tell of in whose place the actor changes a circle; raise NotAllowed."""
    held = actor.capacity(found.role, found.organisation, found.assignee) if found.assignee else None
    who = held or (actor.standing_in(found.started_by) if found.started_by else None)
    if who is None and not actor.roles & OPERATORS:
        raise NotAllowed(task=found.id)
    return who.told if who is not None else actor.told(OPERATORS)


def _item(session: Session, running: Running, circle: Circle, seating: Seating) -> Any:
    """Return the item that a new seat is about, so that the diagram gives its task to whom it is meant for.

    Where seats are organisations, the organisation is named and nothing else: an item of one's own making would be a
    second seat for one that has answered, or a seat that nobody, or anybody, may take.
    """
    if circle.items is None:
        return seating.item
    around, variable = running.execution.surroundings, circle.element.loop.variable if circle.element.loop else ""
    asking = next(_asking(running.programme, circle.element), circle.element)

    def asked(item: Any) -> str | None:
        return _organisation(around, asking, {**circle.data, variable: item})

    taken = {asked(item) for item in circle.items} - {None}
    if seating.organisation is None:
        return _own_item(circle.items, seating.item, taken)
    wanted = session.get(Organisation, seating.organisation)
    if wanted is None:
        raise _refused("没有这个单位。", "There is no such organisation.")
    if wanted.id in taken:
        raise _refused("该单位已在会签名单中。", "That organisation takes part already.")
    found = next((item for item in _shapes(session, circle.items, wanted) if asked(item) is not None), None)
    if found is None or asked(found) != seating.organisation:
        raise _refused("该环节不按单位分席，请给出席位的内容。", "Seats here are no organisations; give the item.")
    if not _staffed(session, wanted.id, asking.role):
        raise _refused("该单位无人担任此角色。", "Nobody of that organisation has this role.")
    return found


def _own_item(items: list[Any], item: Any, organisations: set[str | None]) -> Any:
    """Return an item as it was given, where seats are no organisations and none is about the same."""
    if item is None or organisations:
        raise _refused("请说明加给哪个单位。", "Say which organisation is asked.")
    if item in items:
        raise _refused("该内容已有一席。", "There is a seat for this already.")
    return item


def _staffed(session: Session, organisation: str, role: str | None) -> bool:
    held = select(Membership.person).where(Membership.organisation == organisation, Membership.role == role)
    return session.scalar(held.limit(1)) is not None


def _asking(programme: Programme, element: Element) -> Iterator[Element]:
    """Yield the human tasks of a seat that the diagram gives to an organisation: the activity, or those inside."""
    if element.kind in HUMAN:
        yield element
        return
    for one in programme.model.elements.get(element.called or element.id, {}).values():
        if one.organisation is not None or one.kind in SUB_PROCESSES:
            yield from (found for found in _asking(programme, one) if found.organisation is not None)


def _shapes(session: Session, items: list[Any], wanted: Organisation) -> list[Any]:
    """Return items like those that there are, but for another organisation, which is named as they are."""
    first = items[0] if items else None
    if not isinstance(first, dict):
        return [wanted.id]
    texts = {key: value for key, value in first.items() if isinstance(value, str)}
    like = {
        one.id: one.name for one in session.scalars(select(Organisation).where(Organisation.id.in_(texts.values())))
    }
    named = {
        key: wanted.name["zh"] for key, value in texts.items() if any(value == name["zh"] for name in like.values())
    }
    return [{**dict.fromkeys(first), **named, key: wanted.id} for key in texts]


def _give(session: Session, task: UUID, person: UUID) -> None:
    """Give a fresh seat to a person who holds its role; raise OperationRefused, SeatRefused."""
    found = session.get_one(Task, task, populate_existing=True)
    seat = select(Membership.person).where(Membership.person == person, Membership.role == found.role)
    if found.organisation is not None:
        seat = seat.where(Membership.organisation == found.organisation)
    if session.scalar(seat.limit(1)) is None:
        raise _refused("此人没有办理该席位的角色。", "That person does not hold the role of this seat.")
    independence.admit(session, person, Step(task, found.instance, found.element, found.role))
    session.execute(update(Task).where(Task.id == task).values(assignee=person))


def _refused(zh: str, en: str) -> OperationRefused:
    return OperationRefused(why={"zh": zh, "en": en})
