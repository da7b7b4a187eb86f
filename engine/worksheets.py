"""Worksheets: forms with many figures as one table, beside last year's, and asked about while they are typed."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import forms, inbox, processes, runtime, scrutiny
from engine.domain import indicators, plausibility
from engine.domain.indicators import IndicatorSet
from engine.domain.plausibility import Submission
from engine.errors import AnswersRefused, NotFound, TaskClosed
from engine.identity import Actor
from engine.readers import may_read
from engine.tables import Figure, Instance, Task, TaskState

FEWEST = 8  # figures in a form from which on a table helps
YEARS = ("data_year", "year")  # facts that say of which year the figures are
UNIT = "unit"
LARGEST = 10**15

_MEASURE = re.compile(r"[（(]([^（()）]{1,12})[）)]\s*$")

Text = dict[str, str]


@dataclass(frozen=True)
class Cell:
    """One figure that a form asks for; `path` is that of its answer, `group` the number of its group."""

    path: str
    code: str
    name: Text
    measure: str
    used_for: str
    group: int
    places: int | None
    before: Decimal | None


@dataclass(frozen=True)
class Worksheet:
    """The figures of a form: their groups, and whose they are when; `year` is none where the case does not say."""

    unit: str | None
    year: int | None
    groups: list[Text]
    cells: list[Cell]


@dataclass(frozen=True)
class Remarks:
    """What is asked about figures, and what the form would refuse, by the path of the answer; nothing was saved."""

    questions: dict[str, list[Text]]
    faults: dict[str, Text]


def of_task(session: Session, actor: Actor, task: UUID) -> Worksheet | None:
    """Return the figures of the form of an open task as a table; none where it asks for few.

    Raise NotFound when the actor may not see the task.
    """
    found = _find(session, actor, task)
    if found.schema is None or sum(1 for _ in _numbers(found.schema)) < FEWEST:
        return None
    before = _year_before(session, actor, found)
    groups = [_name(group) for group in _groups(found.schema)]
    return Worksheet(found.unit, found.year, groups, [_cell(*one, before) for one in _numbers(found.schema)])


def check(session: Session, actor: Actor, task: UUID, answers: Mapping[str, Any]) -> Remarks:
    """Return what is strange about figures that are being typed; nothing is saved, and a question refuses nothing.

    They are held against the unit's year before, its peers and each other, and against the rules of the form. Raise
    NotFound when the actor may not see the task, TaskClosed when it is no longer open.
    """
    found = _find(session, actor, task)
    if found.schema is None:
        return Remarks({}, {})
    paths = {component["key"]: path for path, component, _ in _numbers(found.schema)}
    values = {code: _number(_get(answers, path)) for code, path in paths.items()}
    known = {code: value for code, value in values.items() if value is not None}
    faults = _faults(found, answers, {paths[code] for code in known})
    if found.unit is None or found.year is None:
        return Remarks({}, faults)
    submission = Submission(found.unit, found.year, known)
    around = scrutiny.background(session, submission)
    level = scrutiny.level(session, found.unit)
    asked: dict[str, list[Text]] = {}
    for question in plausibility.check(_in_force(found, found.year), level, submission, around):
        if question.code in paths:
            asked.setdefault(paths[question.code], []).append({"zh": question.zh, "en": question.en})
    return Remarks(asked, faults)


@dataclass(frozen=True)
class _Found:
    """An open task with its form, what the form starts from, and the rows of its programme's indicators."""

    schema: dict[str, Any] | None
    data: dict[str, Any]
    rows: list[dict[str, str]]

    @property
    def unit(self) -> str | None:
        unit = self.data.get(UNIT)
        return unit if isinstance(unit, str) else None

    @property
    def year(self) -> int | None:
        years = (self.data.get(name) for name in YEARS)
        return next((int(year) for year in years if isinstance(year, int | float) and not isinstance(year, bool)), None)


def _find(session: Session, actor: Actor, task: UUID) -> _Found:
    query = select(Task.instance, Task.form, Task.state, Instance.deployment)
    row = session.execute(
        query.join(Instance, Instance.id == Task.instance).where(Task.id == task, inbox.visible(actor))
    ).one_or_none()
    if row is None:
        raise NotFound(task=task)
    if row.state is not TaskState.OPEN:
        raise TaskClosed(task=task)
    programme = processes.load(session, row.deployment)
    schema = programme.form(row.form) if row.form else None
    return _Found(schema, runtime.peek(session, row.instance).data(task) if schema else {}, programme.indicators)


def _year_before(session: Session, actor: Actor, found: _Found) -> dict[str, Decimal]:
    """Return the figures of the unit's year before that count, by code, as far as the actor may read them."""
    if found.unit is None or found.year is None:
        return {}
    query = select(Figure.code, Figure.value).where(
        Figure.unit == found.unit, Figure.year == found.year - 1, may_read(actor, Figure.unit)
    )
    known: dict[str, Decimal] = {}
    for code, value in session.execute(query.order_by(scrutiny.TRUST, Figure.version.desc())):
        if value is not None:
            known.setdefault(code, value)
    return known


def _in_force(found: _Found, year: int) -> list[IndicatorSet]:
    sets = [indicators.parse(found.rows, code) for code in indicators.codes(found.rows)]
    return [one for one in sets if one.about.holds(date(year, 12, 31))]


def _faults(found: _Found, answers: Mapping[str, Any], paths: set[str]) -> dict[str, Text]:
    """Return what the rules of the form refuse of the figures given; what is still empty is no fault yet."""
    try:
        forms.validate(found.schema or {}, dict(answers), found.data)
    except AnswersRefused as refused:
        return {path: fault for path, fault in refused.facts["fields"].items() if path in paths}
    return {}


def _groups(schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [one for one in schema.get("components", ()) if one["type"] == "group"]


def _numbers(schema: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any], int]]:
    """Yield the figures in the groups of a form: path, component, number of the group."""
    for place, group in enumerate(_groups(schema)):
        for one in group.get("components", ()):
            if one["type"] == "number":
                yield ".".join(part for part in (group.get("path"), one["key"]) if part), one, place


def _cell(path: str, component: Mapping[str, Any], group: int, before: Mapping[str, Decimal]) -> Cell:
    label = str(component.get("label", ""))
    measure = _MEASURE.search(label)
    name = {**_name(component), "zh": _MEASURE.sub("", label)}
    places = component.get("decimalDigits")
    return Cell(
        path=path,
        code=component["key"],
        name=name,
        measure=measure[1] if measure else "",
        used_for=str(component.get("description", "")),
        group=group,
        places=places if isinstance(places, int) else None,
        before=before.get(component["key"]),
    )


def _name(component: Mapping[str, Any]) -> Text:
    zh = str(component.get("label", ""))
    return {"zh": zh, "en": str(component.get("properties", {}).get("en") or zh)}


def _get(tree: Any, path: str) -> Any:
    for name in path.split("."):
        tree = tree.get(name) if isinstance(tree, Mapping) else None
    return tree


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > LARGEST:
        return None
    return Decimal(str(value))
