"""Forecast: who is next and by when, found by letting the real engine move a copy; nothing is ever written.

Where what comes next depends on answers that are not given yet, each choice of the form is tried, as far as MOST goes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from math import prod
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, tuple_
from sqlalchemy.orm import Session

from engine import clock, forms, inbox, processes, worklist
from engine.bpmn import survey
from engine.bpmn.execution import Execution
from engine.errors import IcityError, NotFound
from engine.forms import Choice, Path
from engine.identity import Actor
from engine.processes import Programme
from engine.tables import Draft, Instance, Membership, Organisation, Person, Task, TaskState

MOST = 24  # how many ways to answer are tried
PEOPLE = 8  # how many are named of those who may take a task
ROWS = 400
Words = dict[str, str]
Answers = dict[Path, Any]


@dataclass(frozen=True)
class Upcoming:
    """What comes after a task; `kind` is task, wait (for a moment, a message…), join (for other branches) or end.

    `condition` says in words which answers lead there, None when all do; `people` are at most PEOPLE names.
    """

    element: str
    name: str
    role: str | None
    organisation_name: Words | None
    people: list[str]
    due_at: datetime | None
    provisional: bool
    condition: Words | None
    kind: str


@dataclass(frozen=True)
class _Next:
    """What one way to answer leads to; two that are equal are the same to whoever asks."""

    kind: str
    element: str
    name: str
    role: str | None = None
    organisation: str | None = None
    assignee: UUID | None = None
    due_at: datetime | None = None
    provisional: bool = False


@dataclass(frozen=True)
class _Copy:
    """A case as it stands, to be loaded once for each way to answer."""

    session: Session
    programme: Programme
    envelope: bytes
    task: UUID

    def load(self) -> Execution:
        around = processes.surroundings(self.session, self.programme, clock.now())
        return Execution.load(self.envelope, self.programme.model, around)


JOINED = {"zh": "还要等其他并行环节办完", "en": "other branches of the case must be done first"}


def upcoming(session: Session, actor: Actor, task: UUID) -> list[Upcoming]:
    """Return what comes after an open task the actor may see, by the draft or the answers there are; raise NotFound.

    Empty when the task is closed.
    """
    found = session.execute(_find(actor, task)).one_or_none()
    if found is None:
        raise NotFound(task=task)
    if found.state is not TaskState.OPEN:
        return []
    programme = processes.load(session, found.deployment)
    copy = _Copy(session, programme, bytes(found.envelope), task)
    schema = programme.forms.get(found.form or "")
    ways = _ways(copy, schema, found.draft)
    led: dict[_Next, list[Answers]] = {}
    for picked, following in ways:
        for one in following:
            led.setdefault(one, []).append(picked)
    tried = [picked for picked, _ in ways]
    choices = {choice.path: choice for choice in (forms.choices(schema) if schema else ())}
    told = [(one, _condition(choices, tried, leading)) for one, leading in led.items()]
    return _told(session, programme, told)


def _find(actor: Actor, task: UUID) -> Any:
    draft = select(Draft.answers).where(Draft.task == Task.id, Draft.person == actor.id).scalar_subquery()
    return (
        select(Task.state, Task.form, Instance.deployment, Instance.envelope, draft.label("draft"))
        .join(Instance, Instance.id == Task.instance)
        .where(Task.id == task, inbox.visible(actor))
    )


def _ways(
    copy: _Copy, schema: Mapping[str, Any] | None, draft: dict[str, Any] | None
) -> list[tuple[Answers, list[_Next]]]:
    """Return where each way to answer leads; ways that fail, because answers are missing, lead nowhere."""
    execution = copy.load()
    given = draft if draft is not None else _before(execution, copy.task)
    open_choices = [one for one in (forms.choices(schema) if schema else ()) if not forms.holds(given, one.path)]
    found = []
    for picked in _picks(_few(open_choices)):
        following = _follow(copy, forms.answered(given, picked))
        if following is not None:
            found.append((picked, following))
    return found


def _before(execution: Execution, task: UUID) -> dict[str, Any]:
    """Return the answers that the form starts from."""
    before = execution.data(task).get(execution.element(task).result or "")
    return before if isinstance(before, dict) else {}


def _few(choices: list[Choice]) -> list[Choice]:
    """Return as many of the choices, the first first, as can be tried together."""
    few: list[Choice] = []
    for choice in choices:
        if prod(len(one.options) for one in [*few, choice]) <= MOST and choice.options:
            few.append(choice)
    return few


def _picks(choices: list[Choice]) -> Iterator[Answers]:
    options = ([(choice.path, value) for value, _ in choice.options] for choice in choices)
    yield from (dict(picked) for picked in product(*options))


def _follow(copy: _Copy, answers: dict[str, Any]) -> list[_Next] | None:
    """Return what completing the task with these answers leads to; None when a step fails for want of answers."""
    execution = copy.load()
    before = execution.rest()
    try:
        execution.complete(copy.task, answers)
    except IcityError:
        return None
    after = execution.rest()
    if after.failures.keys() - before.failures.keys():
        return None
    if execution.ended:
        last = execution.steps[-1]
        return [_place(copy, "end", (last.process, last.element))]
    found = [_task(execution, task) for task in after.tasks if task not in before.tasks]
    fresh = [wait for key, wait in after.waits.items() if key not in before.waits]
    found = found or [_place(copy, "wait", (one.process, one.element), one.due) for one in fresh]
    joins = (one for one in survey.tokens(execution) if one.kind == "join")
    found = found or [_place(copy, "join", (one.process, one.element)) for one in joins]
    return list(dict.fromkeys(found))


def _place(copy: _Copy, kind: str, place: tuple[str, str], due: datetime | None = None) -> _Next:
    element = copy.programme.model.element(*place)
    return _Next(kind, element.id, element.name, due_at=due)


def _task(execution: Execution, task: UUID) -> _Next:
    element, around = execution.element(task), execution.surroundings
    row = worklist.row(task, element, around, execution.data(task), execution.rest().still)
    whose = row["role"], row["organisation"], row["assignee"]
    return _Next("task", element.id, element.name, *whose, row["due_at"], row["provisional"])


def _condition(choices: Mapping[Path, Choice], tried: list[Answers], leading: list[Answers]) -> Words | None:
    """Return in words which of the answers tried lead somewhere, None when all do."""
    if len(leading) == len(tried):
        return None
    zh, en = [], []
    for path, choice in choices.items():
        every = {str(picked[path]) for picked in tried if path in picked}
        ours = {str(picked[path]) for picked in leading if path in picked}
        if ours and ours != every:
            labels = [label for value, label in choice.options if str(value) in ours]
            zh.append(f"“{choice.label}”为" + "或".join(f"“{label}”" for label in labels))
            en.append(f"“{choice.label}” is " + " or ".join(f"“{label}”" for label in labels))
    if not zh:
        return {"zh": "视填报内容而定", "en": "depends on the answers"}
    return {"zh": "，且".join(zh), "en": " and ".join(en)}


def _told(session: Session, programme: Programme, found: list[tuple[_Next, Words | None]]) -> list[Upcoming]:
    """Return what comes next with the names of organisations and people, in two statements however many there are."""
    ones = [one for one, _ in found]
    keys = {one.organisation for one in ones if one.organisation is not None}
    query = select(Organisation.id, Organisation.name).where(Organisation.id.in_(keys))
    names = {row.id: row.name for row in session.execute(query)} if keys else {}
    people = _people(session, ones)
    return [
        Upcoming(
            element=one.element,
            name=one.name,
            role=one.role,
            organisation_name=names.get(one.organisation or ""),
            people=people.get(one, [])[:PEOPLE],
            due_at=one.due_at,
            provisional=one.provisional,
            condition=condition or (JOINED if one.kind == "join" else None),
            kind=one.kind,
        )
        for one, condition in found
    ]


def _people(session: Session, ones: list[_Next]) -> dict[_Next, list[str]]:
    """Return the names of those whom a task is given to, or who may take it."""
    tasks = [one for one in ones if one.kind == "task"]
    if not tasks:
        return {}
    seats = [(one.role, one.organisation) for one in tasks if one.organisation is not None and one.assignee is None]
    pools = [one.role for one in tasks if one.organisation is None and one.assignee is None]
    wanted = or_(
        tuple_(Membership.role, Membership.organisation).in_(seats),
        Membership.role.in_(pools),
        Person.id.in_([one.assignee for one in tasks if one.assignee is not None]),
    )
    query = (
        select(Person.id, Person.name, Membership.role, Membership.organisation)
        .outerjoin(Membership, Membership.person == Person.id)
        .where(Person.active, wanted)
        .order_by(Person.name, Person.id)
        .limit(ROWS)
    )
    rows = session.execute(query).all()
    return {one: list(dict.fromkeys(row.name for row in rows if _takes(one, row))) for one in tasks}


def _takes(one: _Next, row: Any) -> bool:
    if one.assignee is not None:
        return bool(row.id == one.assignee)
    return bool(row.role == one.role and one.organisation in {None, row.organisation})
