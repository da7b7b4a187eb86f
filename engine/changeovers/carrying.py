"""Carrying over and taking back: a group at a time, all of it or none, each in one transaction.

A person asks, the hands do it: a group of a thousand takes longer than anybody waits for a page.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exists, select, text
from sqlalchemy.orm import Session

from engine import clock, crossings, events, ownership, processes, runtime
from engine.changeovers import finding, judging
from engine.changeovers.deciding import IDLE, held, refused
from engine.changeovers.judging import Judged
from engine.errors import ChangeoverBlocked, ChangeoverUndecided, NotFound
from engine.events import Kind
from engine.identity import Actor
from engine.runtime import Crossing
from engine.tables import (
    STANDING,
    Changeover,
    ChangeoverGroup,
    ChangeoverRow,
    GroupPlan,
    GroupState,
    Instance,
    Person,
)

WORKING = (GroupState.QUEUED, GroupState.UNDOING)
CARRIED, UNDONE, ENDED, ELSEWHERE = "carried", "undone", "ended", "elsewhere"
FAILED = {
    "zh": "处理时出错，没有作任何改动；请联系管理员。",
    "en": "It failed, and nothing was changed; ask an administrator.",
}
NAMED = 5  # that many cases are named where something is refused
# Whoever acted since on what would be taken away: by an event of theirs, or by a draft.
ACTED = text(
    """SELECT DISTINCT ON (i.id) i.id, i.title, p.name FROM changeover_row r JOIN instance i ON i.id = r.instance
  LEFT JOIN LATERAL (SELECT e.actor FROM event e WHERE e.instance = i.id AND e.id > r.mark AND e.actor IS NOT NULL
    AND (i.version <> r.carried OR r.after->'tasks' ? CAST(e.task AS text)) ORDER BY e.id LIMIT 1) e ON true
  LEFT JOIN LATERAL (SELECT d.person FROM draft d WHERE r.after->'tasks' ? CAST(d.task AS text) LIMIT 1) d ON true
  LEFT JOIN person p ON p.id = coalesce(e.actor, d.person)
  WHERE r.changeover = :changeover AND r.instance = ANY(:ids)
  AND (i.version <> r.carried OR e.actor IS NOT NULL OR d.person IS NOT NULL) ORDER BY i.id"""
)


def pending() -> ColumnElement[bool]:
    """Return the condition "groups wait to be carried over or taken back", for a clock that asks many such things."""
    return exists().where(ChangeoverGroup.state.in_(WORKING))


def apply(session: Session, actor: Actor, changeover: UUID, group: UUID | None = None) -> int:
    """Ask that a group, or every group that is to go on on the new version, be carried over; return how many groups.

    Raise NotFound, NotAllowed, or ChangeoverRefused: not deployed yet, not decided, or done already.
    """
    found = _ready(session, actor, changeover)
    chosen = [_one(session, actor, found, group)] if group is not None else _all(session, found)
    if not chosen:
        raise refused("没有可以换版的组。", "There is no group to carry over.")
    _ask(session, actor, found, chosen, GroupState.QUEUED)
    return len(chosen)


def undo(session: Session, actor: Actor, changeover: UUID, group: UUID | None = None) -> int:
    """Ask that a group, or every group that was carried over, be taken back; return how many groups.

    Raise NotFound, NotAllowed, or ChangeoverRefused: nothing was carried over, or somebody acted since.
    """
    found = finding.find(session, actor, changeover)
    ownership.must_edit(actor, found.programme)
    wanted = select(ChangeoverGroup).where(ChangeoverGroup.changeover == changeover)
    wanted = wanted.where(ChangeoverGroup.state == GroupState.APPLIED) if group is None else wanted
    wanted = wanted.where(ChangeoverGroup.id == group) if group is not None else wanted
    chosen = list(session.scalars(wanted.order_by(ChangeoverGroup.position).with_for_update()))
    if group is not None and not chosen:
        raise NotFound(group=group)
    if not chosen or any(one.state != GroupState.APPLIED for one in chosen):
        raise refused("没有可以撤销的换版：尚未换版，或者已经撤销。", "There is nothing to take back.")
    for one in chosen:
        _refuse_acted(session, changeover, _carried(session, one.id))
    _ask(session, actor, found, chosen, GroupState.UNDOING)
    return len(chosen)


def undo_one(session: Session, actor: Actor, changeover: UUID, instance: UUID) -> None:
    """Take one instance back to its old version at once; raise as `undo` does."""
    row = session.get(ChangeoverRow, (changeover, instance), populate_existing=True)
    if row is None:
        raise NotFound(instance=instance)
    found, group = held(session, actor, changeover, row.group)
    if group.state != GroupState.APPLIED or row.outcome != CARRIED:
        raise refused("这一件没有换版，或者已经撤销。", "It was not carried over, or was taken back already.")
    _take_back(session, found, group.deployment, actor.id, [instance])
    if not _carried(session, group.id):
        group.state = GroupState.UNDONE
    facts = {"programme": found.programme, "changeover": str(found.id), "groups": [group.position], "asked": "undo"}
    events.append(session, Kind.CHANGEOVER_ASKED, actor=actor.id, data=facts)
    session.flush()


def waiting(session: Session) -> UUID | None:
    """Return the group that was asked for first and that nobody is at, none where none waits."""
    asked = select(ChangeoverGroup.id).where(ChangeoverGroup.state.in_(WORKING))
    ordered = asked.order_by(ChangeoverGroup.asked_at, ChangeoverGroup.position).limit(1)
    return session.scalar(ordered.with_for_update(skip_locked=True))


def work(session: Session, group: UUID) -> bool:
    """Carry a group over, or take it back, as somebody asked; False when others are at it or were.

    Raise ChangeoverRefused when its instances fare otherwise than was rehearsed, or somebody acted since: then the
    caller lets nothing of it stand and calls `give_up`.
    """
    asked = select(ChangeoverGroup).where(ChangeoverGroup.id == group, ChangeoverGroup.state.in_(WORKING))
    row = session.scalar(asked.with_for_update(skip_locked=True).execution_options(populate_existing=True))
    if row is None:
        return False
    found = session.get_one(Changeover, row.changeover, populate_existing=True)
    if row.state == GroupState.UNDOING:
        _take_back(session, found, row.deployment, row.asked_by, _carried(session, group))
        row.state = GroupState.UNDONE
    else:
        _carry(session, found, row)
        row.state = GroupState.APPLIED
    session.flush()
    return True


def give_up(session: Session, group: UUID, why: Mapping[str, str]) -> None:
    """Let a group stand where it stands, and keep why."""
    row = session.get_one(ChangeoverGroup, group, populate_existing=True, with_for_update=True)
    if row.state in WORKING:
        row.state = GroupState.OPEN if row.state == GroupState.QUEUED else GroupState.APPLIED
        row.refusal = dict(why)
        session.flush()


def _carry(session: Session, found: Changeover, group: ChangeoverGroup) -> None:
    rows = {row.instance: row for row in session.scalars(_rows(group.id))}
    stand: list[Any] = []
    for instance in runtime.lock(session, sorted(rows)):
        if instance.state not in STANDING:
            rows[instance.id].outcome = ENDED
        elif instance.deployment != group.deployment:
            rows[instance.id].outcome = ELSEWHERE
        else:
            stand.append(instance)
    target = processes.load(session, found.digest)
    _refuse_changed(session, target, group, [(one, rows[one.id]) for one in stand])
    session.flush()
    ids = [one.id for one in stand]
    crossings.keep(session, found.id, ids)
    before = finding.number_of(session, group.deployment)
    told = {"number": target.number, "from": before, "changeover": str(found.id)}
    crossing = Crossing(target, group.asked_by or found.rehearsed_by, group.choices, told)
    for one in stand:
        _cross(session, one, crossing)
    crossings.note(session, found.id, ids)


def _cross(session: Session, one: Any, crossing: Crossing) -> None:
    try:
        runtime.carry_over(session, one, crossing)
    except (ChangeoverBlocked, ChangeoverUndecided) as fault:
        title = session.scalar(select(Instance.title).where(Instance.id == one.id))
        why = fault.facts.get("why") or {"zh": "须重新演练", "en": "rehearse again"}
        raise refused(f"“{title}”不能换版：{why['zh']}。", f"{title} cannot be carried over: {why['en']}.") from fault


def _refuse_changed(
    session: Session, target: processes.Programme, group: ChangeoverGroup, stand: Sequence[tuple[Any, Any]]
) -> None:
    """Raise ChangeoverRefused where instances that moved on since fare otherwise than what was decided for."""
    moved = [(one, row) for one, row in stand if one.version != row.version]
    judged = {
        each.instance: each for each in judging.judge_all(session, target, [one for one, _ in moved], group.choices)
    }
    strays = [one.id for one, row in moved if _otherwise(judged[one.id], row)]
    if strays:
        names = _named(session, strays)
        raise refused(
            f"演练之后有变化，请重新演练：{names['zh']}。整组没有换版。",
            f"These have moved on since the rehearsal; rehearse again: {names['en']}. None was carried over.",
        )


def _otherwise(now: Judged, row: ChangeoverRow) -> bool:
    return now.verdict != row.verdict or judging.places(now.facts) != judging.places(row.facts)


def _take_back(session: Session, found: Changeover, before: str, actor: UUID | None, instances: Sequence[UUID]) -> None:
    runtime.lock(session, sorted(instances))
    _refuse_acted(session, found.id, instances)
    told = {"number": finding.number_of(session, before), "changeover": str(found.id), "actor": actor}
    crossings.restore(session, found.id, instances, clock.now(), told)


def _refuse_acted(session: Session, changeover: UUID, instances: Sequence[UUID]) -> None:
    """Raise ChangeoverRefused where somebody acted since on what is to be taken back, naming who and where."""
    asked = {"changeover": changeover, "ids": list(instances)}
    acted = session.execute(ACTED, asked).all()
    if not acted:
        return
    several = len(acted) - NAMED
    zh = "、".join(f"“{row.title}”（{row.name or '系统'}）" for row in acted[:NAMED])
    en = ", ".join(f"{row.title} ({row.name or 'the system'})" for row in acted[:NAMED])
    zh, en = (f"{zh}等{len(acted)}件", f"{en} and {several} more") if several > 0 else (zh, en)
    raise refused(f"换版之后已有人办理，不能撤销：{zh}。", f"Somebody has acted since, so nothing is taken back: {en}.")


def _named(session: Session, instances: Sequence[UUID]) -> dict[str, str]:
    query = select(Instance.title).where(Instance.id.in_(instances[:NAMED])).order_by(Instance.title)
    titles, several = list(session.scalars(query)), len(instances) - NAMED
    zh, en = "、".join(f"“{title}”" for title in titles), ", ".join(titles)
    return (
        {"zh": f"{zh}等{len(instances)}件", "en": f"{en} and {several} more"} if several > 0 else {"zh": zh, "en": en}
    )


def _ready(session: Session, actor: Actor, changeover: UUID) -> Changeover:
    found = finding.find(session, actor, changeover)
    ownership.must_edit(actor, found.programme)
    if finding.number_of(session, found.digest) is None:
        raise refused("新版尚未部署，部署后才能换版。", "The new version is not deployed yet.")
    return found


def _one(session: Session, actor: Actor, found: Changeover, group: UUID) -> ChangeoverGroup:
    _, row = held(session, actor, found.id, group)
    if row.state not in IDLE:
        name = session.scalar(select(Person.name).where(Person.id == row.asked_by)) or ""
        raise refused(f"{name}已经让这一组换版。", f"{name} has had this group carried over already.")
    if row.plan is not GroupPlan.CARRY:
        raise refused("请先决定这一组换到新版。", "Say first that the group goes on on the new version.")
    return row


def _all(session: Session, found: Changeover) -> list[ChangeoverGroup]:
    query = select(ChangeoverGroup).where(
        ChangeoverGroup.changeover == found.id,
        ChangeoverGroup.state.in_(IDLE),
        ChangeoverGroup.plan == GroupPlan.CARRY,
    )
    locked = query.order_by(ChangeoverGroup.position).with_for_update().execution_options(populate_existing=True)
    return list(session.scalars(locked))


def _ask(
    session: Session, actor: Actor, found: Changeover, groups: Sequence[ChangeoverGroup], state: GroupState
) -> None:
    for group in groups:
        group.state, group.refusal = state, None
        group.asked_by, group.asked_at = actor.id, clock.now()
    session.flush()
    asked = "apply" if state == GroupState.QUEUED else "undo"
    facts = {"programme": found.programme, "changeover": str(found.id), "groups": [one.position for one in groups]}
    events.append(session, Kind.CHANGEOVER_ASKED, actor=actor.id, data={**facts, "asked": asked})


def _rows(group: UUID) -> Any:
    return select(ChangeoverRow).where(ChangeoverRow.group == group).execution_options(populate_existing=True)


def _carried(session: Session, group: UUID) -> list[UUID]:
    query = select(ChangeoverRow.instance).where(ChangeoverRow.group == group, ChangeoverRow.outcome == CARRIED)
    return list(session.scalars(query.order_by(ChangeoverRow.instance)))
