"""The time machine of the studio: a draft or a version is played from sample data or a copy of a case, kept nowhere.

Nothing of a play is remembered: whoever plays hands over the whole plan each time and all is played again from its
beginning. A copied case shows where it goes and when, not what stands in it: its answers are not the owner's.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import forms, ownership, scenarios
from engine.bpmn.elements import HUMAN
from engine.clock import CIVIL
from engine.errors import IcityError, NotFound, RehearsalRefused
from engine.identity import Actor
from engine.rehearsal import outcomes
from engine.rehearsal import plan as plans
from engine.rehearsal.cast import Cast
from engine.rehearsal.machine import Asked, Kind, Line, Machine, Policy
from engine.rehearsal.outcomes import Words
from engine.rehearsal.stage import Budget
from engine.tables import STANDING, Instance

BUDGET = Budget(moves=20_000, told=40_000, instances=2_000, open_instances=1_000, seconds=8.0)
MOST_COPIES = 50
NAME = re.compile(r"[\w-]{1,60}")


@dataclass(frozen=True)
class Copy:
    """A case as it stands, to be played on; `title` is what people call it."""

    instance: UUID
    process: str
    title: str
    envelope: bytes = b""


@dataclass(frozen=True)
class Play:
    """What is played: a process from data or a copy, by a plan whose turns may be null (still to be given), till when.

    `plan` is as docs/reference/simulate.md tells, `until` a duration from its start or a moment.
    """

    process: str
    data: dict[str, Any] = field(default_factory=dict)
    plan: dict[str, Any] = field(default_factory=dict)
    until: str = "P1Y"
    policy: Policy = Policy.HAND
    copy: Copy | None = None
    beside: frozenset[str] = frozenset()
    instead: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Parted:
    """Where two plays under one plan part: `before` and `after` are the moments of the same thing, none where never."""

    kind: Kind
    name: str
    before: datetime | None
    after: datetime | None


def copies(session: Session, actor: Actor, programme: str) -> list[Copy]:
    """List the running cases of a programme that the actor may copy, the youngest first; raise NotAllowed."""
    ownership.must_edit(actor, programme)
    query = (
        select(Instance.id, Instance.process, Instance.title)
        .where(Instance.programme == programme, Instance.state.in_(STANDING))
        .order_by(Instance.started_at.desc(), Instance.id)
        .limit(MOST_COPIES)
    )
    return [Copy(row.id, row.process, row.title) for row in session.execute(query)]


def copy(session: Session, actor: Actor, programme: str, instance: UUID) -> Copy:
    """Return a copy of a running case; raise NotAllowed, NotFound."""
    ownership.must_edit(actor, programme)
    row = session.get(Instance, instance)
    if row is None or row.programme != programme or row.state not in STANDING:
        raise NotFound(instance=instance)
    return Copy(row.id, row.process, row.title, bytes(row.envelope))


def play(files: Mapping[str, bytes], wanted: Play) -> Machine:
    """Play it and return the machine where it stopped; raise RehearsalRefused telling why it cannot be played."""
    members = _members(files)
    unknown = sorted({wanted.process, *wanted.beside, *wanted.instead} - members.drawn.keys())
    if unknown:
        raise RehearsalRefused(why={"zh": f"没有流程“{unknown[0]}”。", "en": f"There is no process {unknown[0]!r}."})
    source, holes = _whole(wanted)
    planned, findings = plans.read(source, wanted.until)
    if planned is None:
        raise RehearsalRefused(why=findings[0]["text"])
    deployment = members.deployment({wanted.process, *wanted.beside}, wanted.instead.keys())
    machine = Machine(deployment, planned, wanted.data, BUDGET, Asked(wanted.policy, _forms(files), holes))
    try:
        if wanted.copy is not None:
            machine.resume(wanted.process, wanted.copy.envelope)
        else:
            machine.play(deployment.chosen(wanted.process))
    except IcityError as fault:
        zh, en = "这件事项无法放到这些流程图上继续。", "The case cannot go on with these diagrams."
        raise RehearsalRefused(why={"zh": zh, "en": en}) from fault
    return machine


def answer(machine: Machine, wanted: Play, place: tuple[str, int], answers: dict[str, Any]) -> Play:
    """Return the play in which the open task at `place` (element, how-manieth) is answered where the clock stands.

    Raise RehearsalRefused where no such task is open, AnswersRefused where its form does not take the answers.
    """
    element, n = place
    found = next((one for one in machine.unanswered() if (one.element.id, one.n) == place), None)
    if found is None:
        raise RehearsalRefused(why={"zh": "这个任务此刻不在待办。", "en": "No such task is open at this moment."})
    schema = machine.asked.forms.get(found.element.form or "")
    given = forms.validate(schema, answers, machine.facts(found)) if schema is not None else answers
    after = machine.plan.until - found.at
    turn = {"data": given} | ({"after": _span(after)} if after else {})
    turns: list[Any] = list(wanted.plan.get("tasks", {}).get(element, []))
    turns += [None] * (n + 1 - len(turns))
    turns[n] = turn
    return replace(wanted, plan={**wanted.plan, "tasks": {**wanted.plan.get("tasks", {}), element: turns}})


def part(before: list[Line], after: list[Line]) -> list[Parted]:
    """Return where two timelines part, by date; what happens in both at the same moment is left out."""
    left, right = _numbered(before), _numbered(after)
    found = [
        Parted(line.kind, line.name or line.detail, _at(left.get(key)), _at(right.get(key)))
        for key, line in {**left, **right}.items()
        if _at(left.get(key)) != _at(right.get(key))
    ]
    return sorted(found, key=lambda one: min(at for at in (one.before, one.after) if at is not None))


def scenario(machine: Machine, wanted: Play, name: str, title: Words) -> tuple[str, bytes]:
    """Return the path and the content of the scenario that plays and expects what the machine showed.

    Raise RehearsalRefused for a copied case, whose answers belong to people, and for a name that is no file's.
    """
    if wanted.copy is not None:
        zh = "从事项复制的演练不能存成情景：其中的内容属于办理人。请用示例数据开始。"
        raise RehearsalRefused(why={"zh": zh, "en": "A copied case cannot become a scenario; begin with sample data."})
    if not NAME.fullmatch(name):
        zh = "情景的文件名只能用字母、汉字、数字、“-”和“_”，最多60个字。"
        raise RehearsalRefused(why={"zh": zh, "en": "A scenario's name has letters, digits, - and _, at most 60."})
    told: dict[str, Any] = {"title": title, "process": wanted.process, "data": wanted.data}
    told["plan"] = {**wanted.plan, "start": machine.plan.start.astimezone(CIVIL).isoformat(), "tasks": _turns(machine)}
    told |= {"until": _until(machine)}
    told |= {"with": sorted(wanted.beside)} if wanted.beside else {}
    told |= {"instead": dict(wanted.instead)} if wanted.instead else {}
    told["expect"] = _expected(machine)
    content = orjson.dumps(told, option=orjson.OPT_INDENT_2) + b"\n"
    return f"scenarios/{wanted.process}/{name}.json", content


def opened(files: Mapping[str, bytes], path: str) -> Play:
    """Return the play that a scenario tells; raise NotFound, RehearsalRefused."""
    if path not in scenarios.paths(files):
        raise NotFound(path=path)
    found, faults = scenarios.read(path, files[path], _members(files))
    if found is None:
        raise RehearsalRefused(why=faults[0])
    return Play(
        process=found.process,
        data=found.data,
        plan=found.plan,
        until=found.until,
        policy=Policy.LAST,
        beside=found.beside,
        instead=found.instead,
    )


def processes(files: Mapping[str, bytes]) -> dict[str, str]:
    """Return the processes that can be begun by hand with what each is called; raise RehearsalRefused."""
    members = _members(files)
    return {
        name: members.whole.model.names[name]
        for name in members.whole.processes
        if members.whole.chosen(name) is not None
    }


def _members(files: Mapping[str, bytes]) -> Cast:
    members, findings = scenarios.troupe(files)
    if members is None:
        raise RehearsalRefused(why=findings[0]["text"])
    return members


def _forms(files: Mapping[str, bytes]) -> dict[str, dict[str, Any]]:
    shown = {name: content for name, content in files.items() if name.endswith(".form")}
    return {name.rpartition("/")[2].removesuffix(".form"): orjson.loads(content) for name, content in shown.items()}


def _whole(wanted: Play) -> tuple[dict[str, Any], frozenset[tuple[str, int]]]:
    """Return the plan without its nulls, and where they stood."""
    tasks = wanted.plan.get("tasks", {})
    if not isinstance(tasks, dict) or not all(isinstance(turns, list) for turns in tasks.values()):
        return wanted.plan, frozenset()
    holes = frozenset((name, n) for name, turns in tasks.items() for n, turn in enumerate(turns) if turn is None)
    filled = {name: [turn if turn is not None else {} for turn in turns] for name, turns in tasks.items()}
    return {**wanted.plan, "tasks": filled}, holes


def _numbered(lines: list[Line]) -> dict[tuple[Any, ...], Line]:
    """Return lines by what they tell, the how-manieth of its like among it."""
    found: dict[tuple[Any, ...], Line] = {}
    for line in lines:
        n = 0
        while (line.kind, line.process, line.element, line.detail, n) in found:
            n += 1
        found[line.kind, line.process, line.element, line.detail, n] = line
    return found


def _at(line: Line | None) -> datetime | None:
    return line.at if line is not None else None


def _turns(machine: Machine) -> dict[str, list[dict[str, Any]]]:
    """Return every answer that was given, so that the scenario depends on no policy; what stayed open is never done."""
    turns: dict[str, list[dict[str, Any]]] = {}
    for one in machine.opened:
        turn: dict[str, Any] = {"never": True}
        if one.done is not None:
            turn = {"after": _span(one.done - one.at)} if one.done > one.at else {}
            turn |= {"data": one.answers} if one.answers else {}
        turns.setdefault(one.element.id, []).append(turn)
    return turns


def _span(span: timedelta) -> str:
    days, seconds = divmod(int(span.total_seconds()), 86_400)
    return f"P{days}D" if not seconds else f"PT{days * 86_400 + seconds}S"


def _until(machine: Machine) -> str:
    return machine.plan.until.astimezone(CIVIL).isoformat()


def _expected(machine: Machine) -> dict[str, Any]:
    """Return what the scenario will hold: how it ended, which tasks and ends were passed, and on which days."""
    shown = outcomes.shown(machine)
    kinds = machine.deployment.kinds()
    told = [name for name in shown.completed if kinds[name] & (HUMAN | {"endEvent"})]
    expected: dict[str, Any] = {"state": shown.state, "completed": told}
    expected["dates"] = {name: shown.dates[name] for name in dict.fromkeys(told)}
    return expected | ({"waiting": sorted(set(shown.waiting))} if shown.waiting else {})
