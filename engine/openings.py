"""Openings: what a person may begin by hand, as the start events that carry a form say, and for whom."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from engine import clock, forms, instances, messages, processes, rounds, runtime
from engine.bpmn.elements import Element
from engine.divisions import in_force
from engine.domain import feel
from engine.domain.divisions import Level
from engine.errors import NotAllowed, NotFound
from engine.identity import Actor, roles
from engine.instances import STARTER, UNIT, Application
from engine.messages import Arrival
from engine.processes import Programme
from engine.tables import Deployment, Division, DivisionEvent, Organisation, Round, RoundState

EVENTS = 50  # happenings of divisions to choose from, the latest
APPLYING = frozenset(Level) - {Level.PROVINCE}
DESK = "desk"  # the source of the messages that people send by opening something


@dataclass(frozen=True)
class Seat:
    """For whom something is opened: an organisation, and the unit it acts for, if it acts for one."""

    organisation: str
    name: dict[str, str]
    unit: str | None
    unit_name: str | None


@dataclass(frozen=True)
class OpeningRow:
    """Something that a person may begin: a start event of a process, its name and what its form says of itself."""

    programme: str
    programme_name: Mapping[str, str]
    process: str
    element: str
    name: Mapping[str, str]
    told: Mapping[str, str]
    seats: tuple[Seat, ...]


@dataclass(frozen=True)
class OpeningView:
    """An opening with its form and what the form offers to choose from: `units`, `rounds`, `sets`, the `year`."""

    row: OpeningRow
    form: dict[str, Any]
    data: dict[str, Any]


@dataclass(frozen=True)
class Wish:
    """What a person wants to begin, for which organisation, with which answers."""

    programme: str
    process: str
    element: str
    organisation: str
    answers: dict[str, Any]


def listing(session: Session, actor: Actor) -> list[OpeningRow]:
    """Return what the actor may begin, programme by programme, in the order in which it is drawn."""
    seats = _seats(session, actor)
    return [row for programme in _programmes(session) for row in _openings(programme, actor, seats)]


def show(session: Session, actor: Actor, programme: str, process: str, element: str) -> OpeningView:
    """Return one opening with its form; raise NotFound when there is none or it is not the actor's."""
    version = processes.latest(session, programme)
    found = [one for one in _openings(version, actor, _seats(session, actor)) if one.element == element]
    row = next((one for one in found if one.process == process), None)
    if row is None:
        raise NotFound(process=process, element=element)
    form = version.form(str(_start(version, process, element).form))
    return OpeningView(row, form, forms.mentioned(form, _choices(session, actor, version, row)))


def begin(session: Session, actor: Actor, wish: Wish) -> UUID | None:
    """Begin what is wished and return the instance, None when it goes to one that runs already.

    Raise NotFound, NotAllowed, AnswersRefused.
    """
    view = show(session, actor, wish.programme, wish.process, wish.element)
    seat = next((one for one in view.row.seats if one.organisation == wish.organisation), None)
    if seat is None:
        raise NotAllowed(organisation=wish.organisation)
    answers = _answers(view, wish)
    programme = processes.latest(session, wish.programme)
    runtime.refuse_standstill(session, programme.digest)
    start = _start(programme, wish.process, wish.element)
    if start.message is not None:
        unit = answers.get(UNIT)
        payload = answers | {"unit_name": _names(view)[unit]} if unit else answers
        arrival = Arrival(DESK, str(uuid4()), start.message, _correlation(start, answers), payload)
        return messages.receive(session, actor, *_facts(arrival)).instance
    unit = answers.get(UNIT, seat.unit)
    title = programme.title(
        wish.process, wish.element, {"unit_name": _names(view).get(answers.get(UNIT, "")), **answers}
    )
    asked = Application(wish.programme, wish.process, title, unit, wish.organisation, answers)
    return instances.start(session, actor, asked)


def _answers(view: OpeningView, wish: Wish) -> dict[str, Any]:
    """Return what the form took, with the name of the unit it speaks of, for the diagram to call it by."""
    clean = forms.validate(view.form, wish.answers, view.data)
    return {key: value for key, value in clean.items() if value is not None}


def _facts(arrival: Arrival) -> tuple[str, str, str, str, dict[str, Any]]:
    return arrival.source, arrival.external_id, arrival.name, arrival.correlation, arrival.payload


def _correlation(start: Element, answers: Mapping[str, Any]) -> str:
    """Return whom the message is for, should one that runs already wait for it, as `icity:correlation` says."""
    return "" if start.correlation is None else str(feel.to_json(feel.compile(start.correlation).evaluate(answers)))


def _names(view: OpeningView) -> dict[str, str]:
    return {one["value"]: one["label"] for one in view.data.get("units", ())}


def _programmes(session: Session) -> list[Programme]:
    known = select(Deployment.programme).distinct().order_by(Deployment.programme)
    return [processes.latest(session, programme) for programme in session.scalars(known)]


def _openings(programme: Programme, actor: Actor, seats: list[Seat]) -> Iterator[OpeningRow]:
    for process in sorted(programme.model.starts, key=lambda one: one != programme.lifecycle):  # the life itself first
        for start in programme.model.starts[process]:
            given = tuple(seat for seat in seats if _may(actor, seat, process, start))
            if start.form is not None and given:
                said = programme.form(start.form).get("properties", {})
                name = said.get("name") or {"zh": programme.model.names[process]}
                yield OpeningRow(programme.id, programme.name, process, start.id, name, said.get("told", {}), given)


def _start(programme: Programme, process: str, element: str) -> Element:
    return next(one for one in programme.model.starts[process] if one.id == element)


def _may(actor: Actor, seat: Seat, process: str, start: Element) -> bool:
    """Tell whether the actor's roles in an organisation begin a process; an officer's begin every one."""
    held = {role for organisation, role in actor.memberships if organisation == seat.organisation}
    if start.message is None:
        return STARTER in held or any(process in roles()[role].starts for role in held)
    return STARTER in held or any(process in roles()[role].asks for role in held)


def _seats(session: Session, actor: Actor) -> list[Seat]:
    here = and_(Division.code == Organisation.division, in_force(Division, clock.today()))
    query = (
        select(Organisation.id, Organisation.name, Division.unit, Division.name)
        .outerjoin(Division, here)
        .where(Organisation.id.in_(actor.organisations))
        .order_by(Organisation.id)
    )
    return [Seat(*row) for row in session.execute(query)]


def _choices(session: Session, actor: Actor, programme: Programme, row: OpeningRow) -> dict[str, Any]:
    """Return what the form of an opening may let one choose from; an officer chooses among all units."""
    own = [_choice(seat.unit, str(seat.unit_name)) for seat in row.seats if seat.unit is not None]
    sets = {line["set"]: line["set"] for line in programme.indicators}
    codes = {line["code"]: f"{line['code']} {line['name']}" for line in programme.indicators if line["code"]}
    return {
        "units": _units(session) if STARTER in actor.roles else own,
        "rounds": _rounds(session, programme.id),
        "sets": [_choice(*one) for one in sets.items()],
        "indicators": [_choice(*one) for one in codes.items()],
        "events": _events(session),
        "year": clock.today().year,
    }


def _units(session: Session) -> list[dict[str, str]]:
    query = select(Division.unit, Division.name).where(in_force(Division, clock.today()), Division.level.in_(APPLYING))
    return [_choice(*one) for one in session.execute(query.order_by(Division.code))]


def _rounds(session: Session, programme: str) -> list[dict[str, str]]:
    taking_in = select(Round.id, Round.year).where(Round.programme == programme, Round.state == RoundState.OPEN)
    found = session.execute(taking_in.where(Round.kind == rounds.Kind.PILOT).order_by(Round.year.desc()))
    return [_choice(key, str(year)) for key, year in found]


def _events(session: Session) -> list[dict[str, Any]]:
    latest = select(DivisionEvent).order_by(DivisionEvent.effective_on.desc(), DivisionEvent.id.desc()).limit(EVENTS)
    return [
        {"value": one.id, "label": f"{one.effective_on.isoformat()} {one.note} {one.document_no}"}
        for one in session.scalars(latest)
    ]


def _choice(value: str, label: str) -> dict[str, str]:
    return {"value": value, "label": label}
