"""Checking a draft: its findings, its differences in words, and how far it is on its way to being a version."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import changeovers, differences, processes, scenarios, settings
from engine.bpmn.gate import refused
from engine.domain import drafting
from engine.errors import RevisionRefused
from engine.identity import Actor
from engine.revisions.finding import seen
from engine.revisions.writing import drawn, newest, under
from engine.tables import STANDING, Deployment, Instance, Revision, RevisionState

Words = Mapping[str, str]
Findings = list[dict[str, Any]]
KEPT = 16  # drafts whose findings a process remembers; a draft is looked at again and again as it stands
MENDED = {"zh": "请先改正检查出的错误。", "en": "Mend the errors of the check first."}
SIGNED = frozenset({RevisionState.APPROVED, RevisionState.DEPLOYED})


class Gate(StrEnum):
    """What a draft passes on its way, in order."""

    DRAFT = "draft"  # something is changed, and it says why
    CHECK = "check"  # nothing found keeps it from running
    REHEARSE = "rehearse"  # its scenarios hold, and what runs already was tried on it
    APPROVE = "approve"  # somebody who did not write it agrees
    DEPLOY = "deploy"  # it is the newest version


@dataclass(frozen=True)
class Check:
    """A gate and whether a draft has passed it; else why not, in both languages."""

    gate: Gate
    passed: bool
    why: Words


@dataclass(frozen=True)
class Track:
    """How far a draft is: its gates in order, its findings, and how many cases run on its programme."""

    checks: list[Check]
    findings: Findings
    running: int

    @property
    def current(self) -> Gate | None:
        """Return the first gate that is not passed."""
        return next((check.gate for check in self.checks if not check.passed), None)

    def passed(self, gate: Gate) -> bool:
        """Tell whether a gate is passed."""
        return any(check.gate is gate and check.passed for check in self.checks)


def findings(session: Session, actor: Actor, revision: UUID, replaced: Mapping[str, bytes] | None = None) -> Findings:
    """Return the findings of a whole draft, with some files as they are about to be saved; raise NotFound."""
    row = seen(session, actor, revision)
    return found(row.programme, {**drawn(session, row), **(replaced or {})})


def track(session: Session, actor: Actor, revision: UUID) -> Track:
    """Return how far a draft is; raise NotFound."""
    row = seen(session, actor, revision)
    files = drawn(session, row)
    every = found(row.programme, files)
    checks = [
        Check(Gate.DRAFT, *_told(drafted(session, row, files))),
        Check(Gate.CHECK, *_told(sound(every))),
        Check(Gate.REHEARSE, *_told(MENDED if sound(every) else rehearsed(session, row, files))),
        Check(Gate.APPROVE, *_told(_signed(row))),
        Check(Gate.DEPLOY, *_told(_running(row))),
    ]
    return Track(checks, every, running(session, row.programme))


def found(programme: str, files: Mapping[str, bytes]) -> Findings:
    """Return the findings of files that are to be a version of a programme, those that keep it from running first."""
    every = [*_strange(programme, files), *_looked_through(_Files(files))]
    return sorted(every, key=lambda one: one["severity"] != "error")


def drafted(session: Session, row: Revision, files: Mapping[str, bytes]) -> Words | None:
    """Return what is missing before a draft may be handed in, none when nothing is."""
    if row.state in SIGNED:
        return None
    if not any(state is not drafting.State.SAME for state in drafting.states(under(session, row), files).values()):
        return {"zh": "还没有修改任何文件。", "en": "No file is changed yet."}
    if not row.reason:
        return {"zh": "请写明修改理由。", "en": "Say why it is changed."}
    if newest(session, row.programme) != row.base:
        zh = "新建之后已部署了新版本，请先更新到最新版本。"
        return {"zh": zh, "en": "Another version was deployed meanwhile; bring the draft up to date first."}
    number = session.scalar(select(Deployment.number).where(Deployment.digest == processes.digest_of(files)))
    if number is not None:
        return {"zh": f"内容与第 {number} 版完全相同。", "en": f"It is the same as version {number}."}
    return None


def sound(every: Findings) -> Words | None:
    """Return how many findings keep a draft from running, none when nothing does."""
    errors = sum(one["severity"] == "error" for one in every)
    if not errors:
        return None
    return {"zh": f"有 {errors} 处错误，改正后才能提交。", "en": f"Errors to mend before it is handed in: {errors}."}


def played(files: Mapping[str, bytes]) -> Words | None:
    """Return what the scenarios of a draft say against it, none when all come as expected and enough is passed."""
    return scenarios.missing(files, _coverage())


def rehearsed(session: Session, row: Revision, files: Mapping[str, bytes]) -> Words | None:
    """Return what a rehearsal still misses, none when nothing: scenarios, and the cases that run on the programme."""
    if row.state is RevisionState.DEPLOYED:
        return None
    return played(files) or tried(session, row, files)


def tried(session: Session, row: Revision, files: Mapping[str, bytes]) -> Words | None:
    """Return how many cases were not tried on a draft, none when all that run were tried on exactly these files."""
    if changeovers.rehearsed(session, row.programme, processes.digest_of(files)):
        return None
    count = running(session, row.programme)
    zh = f"有 {count} 件在办事项，部署前须在这份修改稿上演练。"
    return {"zh": zh, "en": f"Running cases that must be tried on this draft before it is deployed: {count}."}


def running(session: Session, programme: str) -> int:
    """Count the cases that run on a programme, whatever version."""
    query = select(func.count()).select_from(Instance)
    return session.scalar(query.where(Instance.programme == programme, Instance.state.in_(STANDING))) or 0


def words(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> list[dict[str, Any]]:
    """Return what differs between two drafts, a sentence each in both languages, with its file."""
    return [
        {"path": file.path, "zh": change.zh, "en": change.en}
        for file in differences.compare(before, after)
        for change in file.changes
    ]


def refuse(why: Words | None, row: Revision) -> None:
    """Raise RevisionRefused where there is a reason to."""
    if why is not None:
        raise RevisionRefused(why=dict(why), revision=row.id)


@cache
def _coverage() -> float:
    return settings.load().scenario_coverage


class _Files:
    """Files that compare by their digest, for remembering what was found in them."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = files
        self.digest = processes.digest_of(files)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Files) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)


@lru_cache(KEPT)
def _looked_through(given: _Files) -> tuple[dict[str, Any], ...]:
    return tuple(processes.findings(given.files))


def _strange(programme: str, files: Mapping[str, bytes]) -> Findings:
    """Return what only a draft can have: another programme's name, or no diagram at all."""
    said = processes.called(files)
    if said not in (None, programme):
        zh = f"标识是“{said}”，而这份修改稿属于“{programme}”。"
        en = f"It is called {said!r}, but this draft belongs to {programme!r}."
        return list(refused(drafting.ABOUT, "programme", zh, en).facts["findings"])
    if not any(path.endswith(".bpmn") for path in files):
        return list(refused("", "file", "没有流程图文件。", "There is no diagram.").facts["findings"])
    return []


def _told(why: Words | None) -> tuple[bool, Words]:
    return why is None, why or {}


def _signed(row: Revision) -> Words | None:
    if row.state in SIGNED:
        return None
    if row.state is RevisionState.SUBMITTED:
        return {"zh": "等待流程审定人审定。", "en": "An approver has yet to look at it."}
    return {"zh": "还没有提交审定。", "en": "It was not handed in yet."}


def _running(row: Revision) -> Words | None:
    if row.state is RevisionState.DEPLOYED:
        return None
    return {"zh": "审定通过后由流程负责人部署。", "en": "A process owner deploys it once it is approved."}
