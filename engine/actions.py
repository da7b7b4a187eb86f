"""Actions: what a person may do with a task besides reading it, and why not where the moment forbids it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exists, false, func, or_, select, true
from sqlalchemy.orm import Session

from engine import calendars, clock, inbox, moves, processes, urges, ways
from engine.bpmn import circles
from engine.bpmn.elements import ACTIONS, Element
from engine.bpmn.environment import Surroundings
from engine.bpmn.execution import Execution
from engine.desk import COUNTERSIGNING, DELEGATED, Binding
from engine.errors import NotFound, OperationRefused
from engine.identity import Actor
from engine.moves import Ground
from engine.operations import ENDERS
from engine.permits import actions_of, drawn
from engine.processes import Programme
from engine.runtime import OPERATORS
from engine.tables import STANDING, Instance, InstanceState, Task, TaskState, Urge

Why = dict[str, str]

REASONED = frozenset({"return", "transfer", "delegate", "sign", "seat", "cancel", "terminate"})
OWN = frozenset({"complete", "return", "transfer", "delegate", "sign"})
CLOSED = {"zh": "该任务已办结或已收回。", "en": "This task is done or was taken away."}
ENDED = {"zh": "该案已经结束。", "en": "The case has ended."}
SUSPENDED = {"zh": "该案已暂停，恢复后才能继续。", "en": "The case is suspended; it goes on once somebody resumes it."}
UNCLAIMED = {"zh": "请先领取该任务。", "en": "Claim the task first."}
TAKEN = {"zh": "该任务由他人办理。", "en": "Somebody else has this task."}
OPEN = {"zh": "办结以后、下一环节办理以前才能撤回。", "en": "Once it is done, and until the next person acts."}
NOT_MINE = {"zh": "只能撤回自己办结的任务。", "en": "Only what you have finished yourself can be taken back."}
FIRST = {"zh": "前面没有可以退回的环节。", "en": "There is no earlier step that it could be sent back to."}
MINE = {"zh": "这是您自己的任务，不用催办。", "en": "This is your own task."}
URGED = {"zh": "今天已经催办过。", "en": "Somebody has asked to hurry with it today."}
ALONE = {"zh": "这里没有正在进行的会签。", "en": "This is not done by several people at present."}
ACTED = {"zh": "已有他人办理，不能再撤销。", "en": "Somebody else has acted already; it can no longer be called off."}
SEALED = {"zh": "只有正在办理的人可以这样做。", "en": "Only whoever is doing it may do that."}


@dataclass(frozen=True)
class Action:
    """Something that a task offers: whether it needs a written opinion, and why it cannot be done now, if so."""

    key: str
    opinion: bool
    why: Why | None = None


@dataclass(frozen=True)
class _Scene:
    """A task with what around it decides."""

    actor: Actor
    row: Any
    element: Element
    ground: Ground | None

    @property
    def standing(self) -> Why | None:
        """Return why nothing can be done with the task, if so."""
        if self.row.standing not in STANDING:
            return ENDED
        if self.row.standing is InstanceState.SUSPENDED:
            return SUSPENDED
        return CLOSED if self.row.state is not TaskState.OPEN else None

    @property
    def holding(self) -> Why | None:
        """Return why the actor is not the one who does the task now, if so."""
        if self.standing is not None:
            return self.standing
        if self.row.assignee is None:
            return UNCLAIMED
        taken = self.actor.capacity(self.row.role, self.row.organisation, self.row.assignee)
        if taken is None:
            return TAKEN
        return {Binding.DELEGATED: DELEGATED, Binding.COUNTERSIGNING: COUNTERSIGNING}.get(
            next((Binding(one) for one in self.row.bindings if one in BINDING), Binding.PREPARED)
        )


BINDING = frozenset({Binding.DELEGATED.value, Binding.COUNTERSIGNING.value})


def allowed(session: Session, actor: Actor, task: UUID) -> list[Action]:
    """List what a task offers the actor, in the order of ACTIONS; raise NotFound.

    What the diagram allows but the moment forbids says `why` ({"zh", "en"}); what it does not allow is absent. Two
    statements at most, however long the case is.
    """
    row = session.execute(_task(actor, task, urges.day(session))).one_or_none()
    if row is None:
        raise NotFound(task=task)
    programme = processes.load(session, row.deployment)
    element = drawn(programme, row)
    scene = _Scene(actor, row, element, _ground(session, programme, row))
    return [Action(key, _opinion(element, key), _why(scene, key)) for key in _offered(scene)]


def _task(actor: Actor, task: UUID, day: date) -> Any:
    """Return the one statement that finds a task with all that decides about it."""
    others = (Task.ended_by != actor.id, Task.ended_by != Instance.started_by)
    other = select(Task.id).where(Task.instance == Instance.id, *others).correlate(Instance)
    urged = exists().where(Urge.task == Task.id, Urge.on == day)
    return (
        select(
            Task.id,
            Task.instance,
            Task.element,
            Task.name,
            Task.form,
            Task.role,
            Task.organisation,
            Task.assignee,
            Task.state,
            Task.ended_by,
            Task.answered_by,
            Task.bindings,
            Instance.state.label("standing"),
            Instance.started_by,
            Instance.deployment,
            Instance.process,
            Instance.envelope,
            other.exists().label("others"),
            urged.label("urged"),
            ways.signed().label("signed"),
            _taken().label("taken"),
        )
        .join(Instance, Instance.id == Task.instance)
        .where(Task.id == task, or_(inbox.visible(actor), Instance.started_by.in_(_starters(actor)), _keeps(actor)))
    )


def _starters(actor: Actor) -> list[UUID]:
    """Return for whom the actor does what somebody may do who started a case."""
    return [actor.id, *actor.wholly]


def _taken() -> Any:
    """Return the open tasks of the case that somebody has taken up, each [id, name]."""
    rows = select(func.json_build_array(Task.id, Task.name).label("one"))
    own = Instance.__table__.alias("own")
    rows = rows.join(own, own.c.id == Task.instance).where(Task.state == TaskState.OPEN, ways.taken_up())
    inner = rows.where(own.c.id == Instance.id).correlate(Instance).subquery()
    return select(func.json_agg(inner.c.one)).scalar_subquery()


def _keeps(actor: Actor) -> ColumnElement[bool]:
    return true() if actor.roles & (OPERATORS | ENDERS) else false()


def _ground(session: Session, programme: Programme, row: Any) -> Ground | None:
    """Return the case as it stands, where somebody could go back in it or take part with several."""
    if row.standing not in STANDING or row.state is TaskState.CANCELLED:
        return None
    around = Surroundings(clock.now(), calendars.load(session), {}, lambda _operator, _parameters: None)
    execution = Execution.load(row.envelope, programme.model, around)
    past = moves.history(session, row.instance)
    return Ground(session, row.instance, programme.model, execution, past)


def _offered(scene: _Scene) -> Iterator[str]:
    named = {"complete", *actions_of(scene.element)}
    if scene.row.started_by in _starters(scene.actor):
        named.add("cancel")
    if scene.actor.roles & ENDERS:
        named.add("terminate")
    yield from (key for key in ACTIONS if key in named)


def _opinion(element: Element, key: str) -> bool:
    return key in REASONED or key in element.opinion


def _why(scene: _Scene, key: str) -> Why | None:
    if key == "withdraw":
        return _too_late(scene)
    if key == "copy":
        return None
    if key in OWN:
        return scene.holding or (_no_way_back(scene) if key == "return" else None)
    return scene.standing or _MOMENTS[key](scene)


def _no_way_back(scene: _Scene) -> Why | None:
    ground = scene.ground
    if ground is None:
        return CLOSED
    rows = ways.earlier(ground, scene.row.id)
    return None if any(ways.free(ground, row) is not None for row in reversed(rows)) else FIRST


def _too_late(scene: _Scene) -> Why | None:
    row, ground = scene.row, scene.ground
    if row.standing is InstanceState.SUSPENDED:
        return SUSPENDED
    if row.state is TaskState.OPEN:
        return _signed(scene)
    if row.ended_by != scene.actor.id or ground is None:
        return ENDED if row.standing not in STANDING else NOT_MINE
    try:
        way = ways.own(ground, row.id)
        ways.gone_on(ground, way)
    except OperationRefused as refusal:
        why: Why = refusal.facts["why"]
        return why
    reached = {str(task) for task in ways.affected(ground, way)}
    name = next((name for task, name in row.taken or () if task in reached), None)
    return None if name is None else dict(ways.claimed(name).facts["why"])


def _signed(scene: _Scene) -> Why | None:
    """Return why an open task is not taken back: only an answer is that waits for signs, until the first is given."""
    if Binding.COUNTERSIGNING not in scene.row.bindings:
        return OPEN
    if scene.row.answered_by != scene.actor.id:
        return NOT_MINE
    return ways.SIGNED if scene.row.signed else None


def _hurry(scene: _Scene) -> Why | None:
    if scene.row.assignee == scene.actor.id:
        return MINE
    return URGED if scene.row.urged else None


def _seat(scene: _Scene) -> Why | None:
    if scene.ground is None or circles.around(scene.ground.execution, scene.row.id) is None:
        return ALONE
    return None if scene.actor.roles & OPERATORS or scene.row.started_by in _starters(scene.actor) else scene.holding


def _call_off(scene: _Scene) -> Why | None:
    if "cancel" in actions_of(scene.element) and scene.holding is None:
        return None
    return ACTED if scene.row.started_by not in _starters(scene.actor) or scene.row.others else None


def _end(scene: _Scene) -> Why | None:
    return None if scene.actor.roles & ENDERS or scene.holding is None else SEALED


_MOMENTS = {"urge": _hurry, "seat": _seat, "cancel": _call_off, "terminate": _end}
