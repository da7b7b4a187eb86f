"""A case as the database knows it: its instances, what happened in them, and what the registers say of it.

Every kind of fact is one statement, however long the case lived.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from engine.domain.workdays import SATURDAY
from engine.errors import NotFound
from engine.tables import (
    CalendarDay,
    CalendarNotice,
    ClockStop,
    DeadlineMove,
    Deployment,
    DeploymentFile,
    Event,
    Evidence,
    Figure,
    History,
    Instance,
    OfficialDocument,
    Organisation,
    Person,
    Resource,
    Round,
    ScoreSheet,
    Task,
    Title,
)

ARCHIVED = "case.archived"
TOLD = ("message.sent", "message.delivered", "message.received")

Rows = Sequence[Any]  # rows of several columns, whose types the statement knows


@dataclass(frozen=True)
class Case:
    """Which case is meant: its id, its unit, and the instances in which it was handled, the first one first."""

    id: str
    unit: str
    programme: str
    instances: Sequence[Instance]

    @property
    def ids(self) -> list[UUID]:
        """Return the ids of its instances."""
        return [instance.id for instance in self.instances]


def find(session: Session, programme: str | None, case_id: str) -> Case:
    """Return a case; raise NotFound when no instance of its unit ever spoke of it.

    The instances of a unit that sent or took a message of the case belong to it; a case that sent none is the newest
    life of its unit.
    """
    unit = case_id.rpartition("-")[0]
    spoke = exists().where(
        Event.instance == Instance.id, Event.kind.in_(TOLD), Event.data["correlation"].astext == case_id
    )
    query = select(Instance, spoke).where(Instance.subject == unit).order_by(Instance.started_at, Instance.id)
    if programme is not None:
        query = query.where(Instance.programme == programme)
    found = [(instance, bool(told)) for instance, told in session.execute(query)]
    chosen = [instance for instance, told in found if told] or [instance for instance, _ in found[-1:]]
    if not unit or not chosen:
        raise NotFound(case_id=case_id)
    return Case(case_id, unit, chosen[0].programme, chosen)


def events(session: Session, case: Case) -> Rows:
    """Return what happened, with the names of those who did it; that it was archived before is left out."""
    return session.execute(
        select(Event.id, Event.at, Event.kind, Event.instance, Event.task, Event.element, Event.data)
        .add_columns(Person.name.label("who"))
        .outerjoin(Person, Person.id == Event.actor)
        .where(Event.instance.in_(case.ids), Event.kind != ARCHIVED)
        .order_by(Event.id)
    ).all()


def steps(session: Session, case: Case) -> Rows:
    """Return the finished steps with what they changed."""
    columns = (History.step, History.at, History.process, History.element, History.outcome, History.changes)
    query = select(History.instance, *columns).where(History.instance.in_(case.ids))
    return session.execute(query.order_by(History.id)).all()


def tasks(session: Session, case: Case) -> Rows:
    """Return the human tasks with the offices and people who did them, and what their deadlines were reckoned from."""
    columns = (
        Task.id, Task.instance, Task.element, Task.name, Task.form, Task.role, Task.state, Task.created_at,
        Task.due_at, Task.provisional, Task.ended_at, Task.answers, Task.term,
    )  # fmt: skip
    return session.execute(
        select(*columns)
        .add_columns(Organisation.name["zh"].astext.label("organisation"), Person.name.label("ended_by"))
        .outerjoin(Organisation, Organisation.id == Task.organisation)
        .outerjoin(Person, Person.id == Task.ended_by)
        .where(Task.instance.in_(case.ids))
        .order_by(Task.created_at, Task.id)
    ).all()


def moves(session: Session, case: Case) -> Rows:
    """Return the deadlines that were reckoned anew, and why."""
    columns = [
        getattr(DeadlineMove, name) for name in ("task", "element", "cause", "before", "after", "moved_at", "told")
    ]
    return session.execute(select(*columns).where(DeadlineMove.instance.in_(case.ids)).order_by(DeadlineMove.id)).all()


def stops(session: Session, case: Case) -> Rows:
    """Return the times during which deadlines stood still."""
    columns = [getattr(ClockStop, name) for name in ("task", "element", "keys", "began_at", "ended_at")]
    return session.execute(select(*columns).where(ClockStop.instance.in_(case.ids)).order_by(ClockStop.id)).all()


def sheets(session: Session, case: Case) -> Sequence[ScoreSheet]:
    """Return every score sheet of the case, superseded ones too."""
    query = select(ScoreSheet).where(ScoreSheet.case_id == case.id)
    return session.scalars(query.order_by(ScoreSheet.made_at, ScoreSheet.id)).all()


def rounds(session: Session, case: Case) -> Sequence[Round]:
    """Return the rounds in which the case was scored."""
    query = select(Round).where(Round.id.in_(_rounds(case)))
    return session.scalars(query.order_by(Round.opened_on, Round.id)).all()


def documents(session: Session, case: Case) -> Sequence[OfficialDocument]:
    """Return the official documents of the case, and those of its rounds that name no case."""
    of_round = (OfficialDocument.round.in_(_rounds(case))) & OfficialDocument.case_id.is_(None)
    query = select(OfficialDocument).where(or_(OfficialDocument.case_id == case.id, of_round))
    return session.scalars(query.order_by(OfficialDocument.issued_on, OfficialDocument.number)).all()


def titles(session: Session, case: Case) -> Sequence[Title]:
    """Return the titles that came of the case."""
    return session.scalars(select(Title).where(Title.case_id == case.id).order_by(Title.granted_on, Title.kind)).all()


def figures(session: Session, case: Case) -> Rows:
    """Return every version of every figure that was entered for the case."""
    enterer, confirmer = aliased(Person), aliased(Person)
    columns = (
        Figure.year, Figure.code, Figure.origin, Figure.version, Figure.value, Figure.definition, Figure.source,
        Figure.evidence, Figure.entered_at, Figure.confirmed_at, Figure.reason, Figure.locked_at,
    )  # fmt: skip
    return session.execute(
        select(*columns)
        .add_columns(enterer.name.label("entered_by"), confirmer.name.label("confirmed_by"))
        .outerjoin(enterer, enterer.id == Figure.entered_by)
        .outerjoin(confirmer, confirmer.id == Figure.confirmed_by)
        .where(Figure.unit == case.unit, Figure.case_id == case.id)
        .order_by(Figure.year, Figure.code, Figure.origin, Figure.version)
    ).all()


def evidence(session: Session, digests: Iterable[str]) -> Sequence[Evidence]:
    """Return what is on record of evidence files."""
    return session.scalars(select(Evidence).where(Evidence.digest.in_(sorted(digests)))).all()


def versions(session: Session, case: Case) -> Rows:
    """Return the files of every programme version that the case ran on, by version and path."""
    return session.execute(
        select(Deployment.digest, Deployment.number, Deployment.deployed_at, DeploymentFile.path)
        .add_columns(Resource.digest.label("resource"), Resource.content)
        .join(DeploymentFile, DeploymentFile.deployment == Deployment.digest)
        .join(Resource, Resource.digest == DeploymentFile.resource)
        .where(Deployment.digest.in_({instance.deployment for instance in case.instances}))
        .order_by(Deployment.number, DeploymentFile.path)
    ).all()


def calendar(session: Session) -> tuple[Rows, Any]:
    """Return the days that do not follow the week, each with who said so, and the last day that is known."""
    by_week = func.extract("isodow", CalendarDay.day) <= SATURDAY
    odd = select(CalendarDay.day, CalendarDay.workday, CalendarDay.basis).where(CalendarDay.workday != by_week)
    return session.execute(odd.order_by(CalendarDay.day)).all(), session.scalar(select(func.max(CalendarDay.day)))


def notices(session: Session) -> Rows:
    """Return the notices of holidays that were loaded, and the version of the calendar that each made."""
    columns = (CalendarNotice.number, CalendarNotice.issued_on, CalendarNotice.version, CalendarNotice.loaded_at)
    return session.execute(select(*columns).order_by(CalendarNotice.loaded_at)).all()


def _rounds(case: Case) -> Select[Any]:
    return select(ScoreSheet.round).where(ScoreSheet.case_id == case.id, ScoreSheet.round.is_not(None))
