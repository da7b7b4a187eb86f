"""Deciding: what becomes of a group of instances, or of one taken out of it: where steps go, what is given up."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from engine import clock, events, ownership
from engine.bpmn.judgements import DROP, Verdict
from engine.changeovers import finding, judging
from engine.changeovers.judging import Judged
from engine.errors import ChangeoverRefused, NotFound
from engine.events import Kind
from engine.identity import Actor
from engine.tables import (
    STANDING,
    Changeover,
    ChangeoverGroup,
    ChangeoverRow,
    GroupPlan,
    GroupState,
    Instance,
)

TOLD = 5  # so many losses are told where somebody must give them up
IDLE = (GroupState.OPEN, GroupState.UNDONE)


@dataclass(frozen=True)
class Decision:
    """What becomes of a group: `choices` says where open steps go, `accepts` that what would be lost is given up."""

    plan: GroupPlan
    choices: Mapping[str, str] = field(default_factory=dict)
    accepts: bool = False


def decide(session: Session, actor: Actor, changeover: UUID, group: UUID, wanted: Decision) -> None:
    """Say what becomes of a group; every instance in it is tried again with the choices made.

    Raise NotFound, NotAllowed, or ChangeoverRefused: it was carried over, or something is not decided or given up yet.
    """
    found, row = held(session, actor, changeover, group)
    if row.state not in IDLE:
        raise refused(
            "该组正在换版或已经换版，不能再改。", "The group is being carried over, or was; it cannot be changed."
        )
    if wanted.plan is GroupPlan.CARRY:
        choices = _chosen(row, wanted.choices)
        judged = _judged(session, found, row, choices)
        _check(judged, wanted)
        _write(session, found.id, judged)
        row.choices = choices
    row.plan, row.accepts, row.refusal = wanted.plan, wanted.accepts, None
    row.decided_by, row.decided_at = actor.id, clock.now()
    session.flush()
    _told(session, actor, found, [row], wanted.plan)


def again(session: Session, actor: Actor, changeover: UUID) -> UUID:
    """Try the files of a rehearsal on what runs now; return the new rehearsal. Raise NotFound, NotAllowed."""
    return judging.again(session, actor, finding.find(session, actor, changeover))


def stay_all(session: Session, actor: Actor, changeover: UUID) -> int:
    """Let every group that was not carried over end on its old version; return how many. Raise NotFound, NotAllowed."""
    found = finding.find(session, actor, changeover)
    ownership.must_edit(actor, found.programme)
    groups = list(
        session.scalars(
            select(ChangeoverGroup)
            .where(ChangeoverGroup.changeover == changeover, ChangeoverGroup.state.in_(IDLE))
            .order_by(ChangeoverGroup.position)
            .with_for_update()
        )
    )
    for group in groups:
        group.plan, group.decided_by, group.decided_at = GroupPlan.STAY, actor.id, clock.now()
    session.flush()
    _told(session, actor, found, groups, GroupPlan.STAY)
    return len(groups)


def set_apart(session: Session, actor: Actor, changeover: UUID, instance: UUID) -> UUID:
    """Take one instance out of its group, so that it is decided on its own; return its new group.

    Raise NotFound, NotAllowed, or ChangeoverRefused: it stands alone already, or its group was carried over.
    """
    row = session.get(ChangeoverRow, (changeover, instance), populate_existing=True)
    if row is None:
        raise NotFound(instance=instance)
    _, group = held(session, actor, changeover, row.group)
    many = session.scalar(select(func.count()).where(ChangeoverRow.group == group.id)) or 0
    if group.state not in IDLE:
        raise refused(
            "该组正在换版或已经换版，不能再分开。", "The group is being carried over, or was; it stays whole."
        )
    if many == 1:
        raise refused("这一件已经单独成组。", "It stands alone already.")
    last = session.scalar(select(func.max(ChangeoverGroup.position)).where(ChangeoverGroup.changeover == changeover))
    alone = Judged(instance, group.deployment, row.version, group.verdict, row.facts)
    made = judging.group_of(changeover, (last or 0) + 1, alone) | {"apart": True, "steps": group.steps}
    session.execute(insert(ChangeoverGroup).values(made))
    moved = update(ChangeoverRow).where(ChangeoverRow.changeover == changeover, ChangeoverRow.instance == instance)
    session.execute(moved.values({"group": made["id"]}).execution_options(synchronize_session=False))
    found: UUID = made["id"]
    return found


def held(session: Session, actor: Actor, changeover: UUID, group: UUID) -> tuple[Changeover, ChangeoverGroup]:
    """Return a changeover and a group of it that nobody else touches meanwhile; raise NotFound, NotAllowed."""
    found = finding.find(session, actor, changeover)
    ownership.must_edit(actor, found.programme)
    row = session.scalar(
        select(ChangeoverGroup)
        .where(ChangeoverGroup.id == group, ChangeoverGroup.changeover == changeover)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise NotFound(group=group)
    return found, row


def refused(zh: str, en: str, **facts: Any) -> ChangeoverRefused:
    """Return the error that says why nothing was changed."""
    return ChangeoverRefused(why={"zh": zh, "en": en}, **facts)


def _chosen(group: ChangeoverGroup, choices: Mapping[str, str]) -> dict[str, str]:
    """Return those choices that answer a question of the group; raise ChangeoverRefused for any that do not."""
    asked = {
        step["key"]: {one["key"] for one in step["candidates"]} | ({DROP} if step["droppable"] else set())
        for step in group.steps
    }
    strange = [key for key, value in choices.items() if value not in asked.get(key, ())]
    if strange:
        raise refused("新版中没有所选的环节。", "The new version has no such step.")
    return dict(choices)


def _judged(session: Session, found: Changeover, group: ChangeoverGroup, choices: Mapping[str, str]) -> list[Judged]:
    target = judging.target_of(session, found)
    query = (
        select(Instance.id, Instance.deployment, Instance.version, Instance.envelope)
        .join(ChangeoverRow, ChangeoverRow.instance == Instance.id)
        .where(ChangeoverRow.group == group.id, Instance.state.in_(STANDING), Instance.deployment == group.deployment)
        .order_by(Instance.id)
    )
    rows = session.execute(query.execution_options(yield_per=judging.CHUNK))
    return list(judging.judge_all(session, target, rows, choices))


def _check(judged: list[Judged], wanted: Decision) -> None:
    verdicts = {one.verdict for one in judged}
    if Verdict.BLOCKED in verdicts:
        raise refused(
            "这一组不能换版，只能留在旧版办完。", "The group cannot be carried over; it ends on its old version."
        )
    if Verdict.DECISION in verdicts:
        raise refused("请先选择正在办理的环节转到新版的哪一环节。", "Say first where each open step goes.")
    if Verdict.LOSS in verdicts and not wanted.accepts:
        lost = {one["zh"]: one["en"] for each in judged for one in each.facts["losses"]}
        zh, en = "；".join(list(lost)[:TOLD]), "; ".join(list(lost.values())[:TOLD])
        raise refused(
            f"换版会丢失已做的工作；确认可以放弃后才能换版：{zh}。",
            f"Work would be lost; say that it may be given up: {en}.",
        )


def _write(session: Session, changeover: UUID, judged: list[Judged]) -> None:
    rows = [
        {
            "changeover": changeover,
            "instance": one.instance,
            "version": one.version,
            "verdict": one.verdict,
            "facts": one.facts,
        }
        for one in judged
    ]
    if rows:
        session.execute(update(ChangeoverRow), rows)


def _told(session: Session, actor: Actor, found: Changeover, groups: list[ChangeoverGroup], plan: GroupPlan) -> None:
    facts = {"programme": found.programme, "changeover": str(found.id), "plan": plan.value}
    data = facts | {"groups": [group.position for group in groups], "choices": [group.choices for group in groups]}
    events.append(session, Kind.CHANGEOVER_DECIDED, actor=actor.id, data=data)
