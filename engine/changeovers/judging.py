"""Rehearsing: every running instance of older versions is tried on new files in memory, and kept in groups."""

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import exists, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from engine import clock, events, ownership, processes
from engine.bpmn.judgements import Judgement, Spot, Verdict
from engine.bpmn.transplant import judge
from engine.errors import ChangeoverRefused, IcityError
from engine.events import Kind
from engine.identity import Actor
from engine.processes import Programme
from engine.tables import (
    STANDING,
    Changeover,
    ChangeoverGroup,
    ChangeoverRow,
    GroupPlan,
    GroupState,
    Instance,
    Resource,
)

CHUNK = 200
MODELS = 4
INSIDE = "inside"  # a sub-process that waits for what is in it; its inner steps are told instead
SEVERITY = {verdict.value: place for place, verdict in enumerate(Verdict)}
# What somebody must look at stands first.
SHOWN = (Verdict.DECISION, Verdict.LOSS, Verdict.BLOCKED, Verdict.MAPPED, Verdict.UNCHANGED)
BY_ITSELF = frozenset({Verdict.UNCHANGED.value, Verdict.MAPPED.value})
_DAMAGED = "保存的状态无法读取。", "Its stored state cannot be read."


@dataclass(frozen=True)
class Judged:
    """How one instance fares, in plain values that are kept."""

    instance: UUID
    deployment: str
    version: int
    verdict: str
    facts: dict[str, Any]

    @property
    def key(self) -> tuple[str, str, tuple[str, ...]]:
        """Return what instances of one group share: version, verdict, and where they stand."""
        return self.deployment, self.verdict, places(self.facts)


_programmes: OrderedDict[str, Programme] = OrderedDict()
_lock = Lock()


def rehearse(
    session: Session, actor: Actor, programme: str, files: Mapping[str, bytes], revision: UUID | None = None
) -> UUID:
    """Try files on every running instance of the other versions of a programme; return the id of what came out.

    Nothing that runs is touched or locked. Raise NotAllowed, ModelRefused, or ChangeoverRefused where the files are of
    another programme.
    """
    ownership.must_edit(actor, programme)
    digest = processes.digest_of(files)
    target = _remember(processes.build(files, digest, 0))
    if target.id != programme:
        raise ChangeoverRefused(why={"zh": "这些文件属于另一个项目。", "en": "These files are of another programme."})
    changeover = uuid4()
    about = {"programme": programme, "digest": digest, "revision": revision, "files": _store(session, files)}
    session.execute(insert(Changeover).values(id=changeover, **about, rehearsed_by=actor.id, rehearsed_at=clock.now()))
    judged = list(_every(session, target, programme))
    _sort(session, changeover, judged)
    facts = {"programme": programme, "changeover": str(changeover), "count": len(judged)}
    events.append(session, Kind.CHANGEOVER_REHEARSED, actor=actor.id, data=facts)
    return changeover


def again(session: Session, actor: Actor, changeover: Changeover) -> UUID:
    """Try the same files on what runs now; return the id of what came out. Raise NotAllowed."""
    files = target_of(session, changeover).files
    return rehearse(session, actor, changeover.programme, files, changeover.revision)


def rehearsed(session: Session, programme: str, digest: str) -> bool:
    """Tell whether every instance that runs on another version of a programme was tried on exactly these files."""
    tried = exists().where(
        ChangeoverRow.instance == Instance.id,
        ChangeoverRow.changeover == Changeover.id,
        Changeover.programme == programme,
        Changeover.digest == digest,
    )
    untried = exists().where(
        Instance.programme == programme, Instance.deployment != digest, Instance.state.in_(STANDING), ~tried
    )
    return not session.scalar(select(untried))


def target_of(session: Session, changeover: Changeover) -> Programme:
    """Return the programme that a rehearsal tried, whether it is deployed by now or not."""
    with _lock:
        found = _programmes.get(changeover.digest)
    if found is not None:
        return found
    kept = select(Resource.digest, Resource.content).where(Resource.digest.in_(set(changeover.files.values())))
    content = {row.digest: bytes(row.content) for row in session.execute(kept)}
    files = {path: content[digest] for path, digest in changeover.files.items()}
    return _remember(processes.build(files, changeover.digest, 0))


def judge_all(session: Session, target: Programme, rows: Iterable[Any], choices: Mapping[str, str]) -> Iterator[Judged]:
    """Yield how instances fare on a programme; a row has id, deployment, version and envelope."""
    for row in rows:
        source = processes.load(session, row.deployment)
        around = processes.surroundings(session, target, clock.now())
        try:
            told = judge(source.model, target.model, bytes(row.envelope), choices, around)
        except IcityError as fault:
            why = {"element": "", "name": "", "zh": _DAMAGED[0], "en": f"{_DAMAGED[1]} {fault}"}
            yield Judged(row.id, row.deployment, row.version, Verdict.BLOCKED.value, _blocked(why))
        else:
            yield Judged(row.id, row.deployment, row.version, told.verdict.value, _facts(told))


def places(facts: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the keys of the steps that are open, each once."""
    return tuple(sorted({step["key"] for step in facts["steps"]}))


def steps_of(facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the open steps of an instance, each element once, those inside others instead of these."""
    every = {step["key"]: step for step in facts["steps"]}
    return [step for step in every.values() if step["kind"] != INSIDE or step["candidates"]] or list(every.values())


def group_of(changeover: UUID, position: int, first: Judged) -> dict[str, Any]:
    """Return the row of a group that begins with an instance; what goes by itself is carried over unless said."""
    plans = {Verdict.BLOCKED.value: GroupPlan.STAY, **dict.fromkeys(BY_ITSELF, GroupPlan.CARRY)}
    return {
        "id": uuid4(),
        "changeover": changeover,
        "position": position,
        "deployment": first.deployment,
        "verdict": first.verdict,
        "steps": steps_of(first.facts),
        "plan": plans.get(first.verdict),
        "choices": {},
        "state": GroupState.OPEN,
    }


def _every(session: Session, target: Programme, programme: str) -> Iterator[Judged]:
    query = select(Instance.id, Instance.deployment, Instance.version, Instance.envelope).where(
        Instance.programme == programme, Instance.deployment != target.digest, Instance.state.in_(STANDING)
    )
    rows = session.execute(query.order_by(Instance.id).execution_options(yield_per=CHUNK))
    for some in rows.partitions():
        yield from judge_all(session, target, some, {})


def _sort(session: Session, changeover: UUID, judged: Sequence[Judged]) -> None:
    """Keep instances in groups: what must be looked at first, the largest first."""
    found: dict[tuple[Any, ...], list[Judged]] = {}
    for one in judged:
        found.setdefault(one.key, []).append(one)
    shown = {verdict.value: place for place, verdict in enumerate(SHOWN)}
    ordered = sorted(found.values(), key=lambda some: (shown[some[0].verdict], -len(some), some[0].key))
    groups = [group_of(changeover, position, some[0]) for position, some in enumerate(ordered, start=1)]
    rows = [
        {
            "changeover": changeover,
            "instance": one.instance,
            "group": group["id"],
            "version": one.version,
            "verdict": one.verdict,
            "facts": one.facts,
        }
        for group, some in zip(groups, ordered, strict=True)
        for one in some
    ]
    if rows:
        session.execute(insert(ChangeoverGroup), groups)
        session.execute(insert(ChangeoverRow), rows)


def _store(session: Session, files: Mapping[str, bytes]) -> dict[str, str]:
    digests = {path: hashlib.sha256(content).hexdigest() for path, content in files.items()}
    rows = [{"digest": digests[path], "content": content} for path, content in files.items()]
    session.execute(upsert(Resource).on_conflict_do_nothing(), rows)
    return digests


def _remember(programme: Programme) -> Programme:
    with _lock:
        _programmes[programme.digest] = programme
        while len(_programmes) > MODELS:
            _programmes.popitem(last=False)
    return programme


def _facts(told: Judgement) -> dict[str, Any]:
    return {
        "steps": [
            {
                "task": str(step.task),
                "kind": step.kind,
                **_spot(step.spot),
                "verdict": step.verdict.value,
                "target": _spot(step.target) if step.target is not None else None,
                "candidates": [_spot(one) for one in step.candidates],
                "droppable": step.droppable,
                "changes": list(step.changes),
            }
            for step in told.steps
        ],
        "losses": [{"kind": one.kind, "name": one.name, "zh": one.zh, "en": one.en} for one in told.losses],
        "blocked": [{"element": one.element, "name": one.name, "zh": one.zh, "en": one.en} for one in told.blocked],
        "armed": [one.name or one.element for one in told.armed],
        "disarmed": [one.name or one.element for one in told.disarmed],
    }


def _blocked(why: dict[str, str]) -> dict[str, Any]:
    return {"steps": [], "losses": [], "blocked": [why], "armed": [], "disarmed": []}


def _spot(spot: Spot) -> dict[str, str]:
    return {"key": spot.key, "name": spot.name or spot.element, "tag": spot.kind}
