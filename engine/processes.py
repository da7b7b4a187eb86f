"""Programmes: a folder becomes an immutable, content-addressed version, parsed once and shared by its instances."""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from engine import bundle, calendars, clock, delegates, events
from engine.bpmn import definitions, parse
from engine.bpmn.elements import Element
from engine.bpmn.environment import Surroundings
from engine.bpmn.gate import refused
from engine.bpmn.lint import Strictness
from engine.delegates import Grounds
from engine.domain import durations, feel
from engine.domain.decisions import Decision
from engine.domain.documents import Template
from engine.errors import IcityError, ModelRefused, NotFound
from engine.identity import roles
from engine.tables import Deployment, DeploymentFile, Resource, StartEvent, WaitKind

LISTENING = {"message": WaitKind.MESSAGE, "signal": WaitKind.SIGNAL, "conditional": WaitKind.CONDITION}
THROWING = frozenset({"intermediateThrowEvent", "endEvent", "sendTask"})
LONGEST_TITLE = 200
DEPLOYED = (
    "*.bpmn",
    "*.dmn",
    "forms/*.form",
    "indicators.csv",
    "templates/*.toml",
    "programme.toml",
    "notices.toml",
    "scenarios/**/*.json",
)


@dataclass(frozen=True)
class Repetition:
    """What comes again for every unit that holds a title, and by which timer: `[repetition]` of programme.toml.

    `every` is an ISO 8601 period counted from the day the title was granted, `longest` how long one may take; `needs`
    says in zh and en what a unit must have ready.
    """

    process: str
    element: str
    titles: frozenset[str]
    every: durations.Duration
    longest: durations.Duration
    needs: Mapping[str, str]


@dataclass(frozen=True)
class Programme:
    """One version of a programme, ready to run; shared by all its instances."""

    id: str
    digest: str
    number: int
    name: Mapping[str, str]
    lifecycle: str
    milestones: Mapping[str, Mapping[str, str]]
    english: Mapping[str, str]
    repetition: Repetition | None
    model: parse.Model
    files: Mapping[str, bytes]
    diagrams: Mapping[str, str]
    forms: Mapping[str, dict[str, Any]]
    decisions: Mapping[str, Decision]
    indicators: list[dict[str, str]]
    templates: Mapping[str, Template]

    def form(self, key: str) -> dict[str, Any]:
        """Return a form's schema; raise NotFound."""
        if key not in self.forms:
            raise NotFound(form=key)
        return self.forms[key]

    def bpmn(self, process: str) -> bytes:
        """Return the XML of the file that draws a process; raise NotFound."""
        if process not in self.diagrams:
            raise NotFound(process=process)
        return self.files[self.diagrams[process]]

    def title(self, process: str, event: str, facts: Mapping[str, Any]) -> str:
        """Return what a new instance is called: as `icity:title` of its start event says, else by process and unit.

        `facts` are what it starts with, and `unit_name`, what the unit is called that it is about, if it is.
        """
        start = next((one for one in self.model.starts[process] if one.id == event), None)
        said = _said(start.title, facts) if start is not None and start.title is not None else None
        name = facts.get("unit_name")
        plain = f"{self.model.names[process]} {name}" if name else self.model.names[process]
        return (said or plain)[:LONGEST_TITLE]


@dataclass(frozen=True)
class Deployed:
    """What a deployment gave: its version, and whether it is new."""

    programme: str
    digest: str
    number: int
    new: bool


def _said(source: str, facts: Mapping[str, Any]) -> str | None:
    """Return what an expression makes of facts, none where it makes no words of them."""
    try:
        told = feel.to_json(feel.compile(source).evaluate(facts))
    except IcityError:
        return None
    return (told.strip() or None) if isinstance(told, str) else None


def deploy(session: Session, folder: Path, by: str) -> Deployed:
    """Make the programme in `folder` a version; the same content is the same version. Raise ModelRefused."""
    return deploy_files(session, _read(folder), by)


def deploy_files(session: Session, files: Mapping[str, bytes], by: str) -> Deployed:
    """Make files, by their paths in a programme's folder, a version of it, as `deploy` does. Raise ModelRefused."""
    digest = digest_of(files)
    programme = _built(digest) or build(files, digest, 0)
    hold(session, programme.id)
    known = session.execute(select(Deployment.number).where(Deployment.digest == digest)).scalar()
    if known is not None:
        return Deployed(programme.id, digest, known, new=False)
    last = session.scalar(select(func.max(Deployment.number)).where(Deployment.programme == programme.id)) or 0
    _store(session, files, Deployment(digest=digest, programme=programme.id, number=last + 1, deployed_by=by))
    _listen(session, programme)
    events.append(session, "programme.deployed", data={"programme": programme.id, "number": last + 1, "by": by})
    return Deployed(programme.id, digest, last + 1, new=True)


def lint(folder: Path) -> list[dict[str, Any]]:
    """Return the findings of the programme in `folder`; an empty list may be deployed."""
    try:
        build(_read(folder), "", 0)
    except ModelRefused as fault:
        return list(fault.facts["findings"])
    return []


def findings(files: Mapping[str, bytes]) -> list[dict[str, Any]]:
    """Return every finding in the files of a programme, warnings among them."""
    found: list[dict[str, Any]] = []
    try:
        _about(files)
    except ModelRefused as fault:
        found += fault.facts["findings"]
    return found + bundle.read(files, roles(), Strictness.PROGRAMME)[1]


def called(files: Mapping[str, bytes]) -> str | None:
    """Return the id that the files of a programme give it, none where it cannot be read."""
    try:
        said = _about(files)["id"]
    except ModelRefused:
        return None
    return str(said)


def hold(session: Session, programme: str) -> None:
    """Let nobody else make a version of a programme until the transaction of `session` ends."""
    session.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": f"deploy {programme}"})


def load(session: Session, digest: str) -> Programme:
    """Return a version by its digest; raise NotFound."""
    found = _built(digest)
    if found is None:
        found = _fetch(session, digest)
        with _lock:
            found = _cache.setdefault(digest, found)
    return found


def latest(session: Session, programme: str) -> Programme:
    """Return the newest version of a programme; raise NotFound."""
    digest = session.scalar(
        select(Deployment.digest).where(Deployment.programme == programme).order_by(Deployment.number.desc()).limit(1)
    )
    if digest is None:
        raise NotFound(programme=programme)
    return load(session, digest)


def surroundings(session: Session, programme: Programme, now: datetime, instance: UUID | None = None) -> Surroundings:
    """Return what a move of `instance` may see at the instant `now`; without one, registers are only rehearsed."""
    calendar = calendars.load(session)
    registers = session if instance is not None else None
    grounds = Grounds(
        programme.indicators,
        calendar,
        now,
        programme.id,
        registers,
        instance,
        decisions=programme.decisions,
        templates=programme.templates,
    )

    def operate(operator: str, parameters: dict[str, Any]) -> Any:
        return delegates.run(operator, parameters, replace(grounds, actor=around.actor))

    around = Surroundings(now, calendar, programme.decisions, operate)
    return around


def versions(session: Session, programme: str | None = None) -> list[Deployment]:
    """List versions, the newest first; of one programme, or of all."""
    query = select(Deployment).order_by(Deployment.programme, Deployment.number.desc())
    if programme is not None:
        query = query.where(Deployment.programme == programme)
    return list(session.scalars(query))


def thrown(session: Session) -> frozenset[str]:
    """Return the names of the messages that the diagrams of the newest versions send."""
    programmes = [latest(session, name) for name in session.scalars(select(Deployment.programme).distinct())]
    elements = (one for each in programmes for some in each.model.elements.values() for one in some.values())
    return frozenset(one.message for one in elements if one.kind in THROWING and one.message)


def build(files: Mapping[str, bytes], digest: str, number: int) -> Programme:
    """Return the programme in `files`; raise ModelRefused with every finding at once."""
    about = _about(files)
    whole, findings = bundle.read(files, roles(), Strictness.PROGRAMME)
    if whole is None:
        raise ModelRefused(findings=findings)
    return Programme(
        id=about["id"],
        digest=digest,
        number=number,
        name=about["name"],
        lifecycle=about["lifecycle"],
        milestones=about.get("milestones", {}),
        english=about.get("english", {}),
        repetition=_repetition(about.get("repetition"), whole.model),
        model=whole.model,
        files=files,
        diagrams=whole.diagrams,
        forms=whole.forms,
        decisions=whole.decisions,
        indicators=whole.indicators,
        templates=whole.templates,
    )


def digest_of(files: Mapping[str, bytes]) -> str:
    """Return what tells files from all others: the SHA-256 over their paths and contents, as hexadecimal digits."""
    whole = hashlib.sha256()
    for name, content in sorted(files.items()):
        whole.update(f"{name}\0{hashlib.sha256(content).hexdigest()}\n".encode())
    return whole.hexdigest()


_cache: dict[str, Programme] = {}
_lock = Lock()


def _built(digest: str) -> Programme | None:
    """Return a version that this process has built already; its digest says that it is the same."""
    with _lock:
        return _cache.get(digest)


def _read(folder: Path) -> dict[str, bytes]:
    paths = sorted(path for pattern in DEPLOYED for path in folder.glob(pattern))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def _about(files: Mapping[str, bytes]) -> dict[str, Any]:
    try:
        about = tomllib.loads(files["programme.toml"].decode())
        missing = {"id", "name", "lifecycle"} - about.keys()
    except (KeyError, ValueError) as fault:
        raise refused("programme.toml", "programme", f"无法读取：{fault}", f"Cannot be read: {fault}") from None
    if missing:
        text_en = f"It lacks {', '.join(sorted(missing))}."
        raise refused("programme.toml", "programme", f"缺少 {', '.join(sorted(missing))}。", text_en)
    return about


def _repetition(table: Any, model: parse.Model) -> Repetition | None:
    """Return what comes again; raise ModelRefused where the table lacks something or names no timer of the diagrams."""
    if table is None:
        return None
    try:
        timing = next(some[table["element"]].timing for some in model.elements.values() if table["element"] in some)
        periods = [durations.parse(table[key]) for key in ("every", "longest")]
        needs = {key: str(table["needs"][key]) for key in ("zh", "en")}
        found = Repetition(
            table["process"], table["element"], frozenset(table["titles"]), periods[0], periods[1], needs
        )
    except (KeyError, TypeError, StopIteration, IcityError) as fault:
        raise refused("programme.toml", "programme", f"repetition 无法读取：{fault}", f"repetition: {fault}") from None
    if timing is None:
        text = f"{found.element} 不是定时器。", f"{found.element} is no timer."
        raise refused("programme.toml", "programme", *text)
    return found


def _store(session: Session, files: Mapping[str, bytes], deployment: Deployment) -> None:
    deployment.deployed_at = clock.now()
    blobs = {hashlib.sha256(content).hexdigest(): content for content in files.values()}
    rows = [{"digest": digest, "content": content} for digest, content in blobs.items()]
    session.execute(upsert(Resource).on_conflict_do_nothing(), rows)
    session.add(deployment)
    session.flush()
    places = [
        {"deployment": deployment.digest, "path": name, "resource": hashlib.sha256(content).hexdigest()}
        for name, content in files.items()
    ]
    session.execute(insert(DeploymentFile), places)


def _listen(session: Session, programme: Programme) -> None:
    """Let the events that start this version's processes replace those of the version before.

    One that says the same as before keeps its row: a timer keeps its place in time, and what is on its way arrives.
    """
    rows = session.scalars(select(StartEvent).where(StartEvent.programme == programme.id).with_for_update())
    before = {(row.process, row.element): row for row in rows}
    around = surroundings(session, programme, clock.now())
    for process, starts in programme.model.starts.items():
        for element in (one for one in starts if one.event in LISTENING or one.timing is not None):
            row = before.pop((process, element.id), None)
            kind, name = _heard(element)
            if row is None or (row.kind, row.name) != (kind, name):
                row = _fresh(session, row or StartEvent(programme=programme.id, process=process, element=element.id))
                row.kind, row.name = kind, name
                row.wait = _first(element, around) if kind is WaitKind.TIMER else None
                row.due_at = datetime.fromisoformat(row.wait["due"]) if row.wait else None
            row.deployment = programme.digest
    session.execute(delete(StartEvent).where(StartEvent.id.in_([row.id for row in before.values()])))
    session.flush()


def _fresh(session: Session, row: StartEvent) -> StartEvent:
    row.attempts, row.retry_at = 0, None
    session.add(row)
    return row


def _heard(element: Element) -> tuple[WaitKind, str]:
    """Return the kind of a start event, and what it listens to in words that change when the diagram does."""
    kind = LISTENING.get(element.event, WaitKind.TIMER)
    if kind is WaitKind.TIMER and element.timing is not None:
        timing = element.timing
        return kind, " ".join([timing.kind, timing.text, timing.anchor or "", timing.deadline or ""]).strip()
    heard = {WaitKind.MESSAGE: element.message, WaitKind.SIGNAL: element.signal, WaitKind.CONDITION: element.condition}
    return kind, str(heard[kind])


def _first(element: Element, around: Surroundings) -> dict[str, Any]:
    try:
        return definitions.first_wait(element, around)
    except IcityError as fault:
        zh, en = f"启动时间无法确定：{fault}", f"When it starts cannot be told: {fault}"
        raise refused("", "start-timer", zh, en, element.id) from fault


def _fetch(session: Session, digest: str) -> Programme:
    number = session.scalar(select(Deployment.number).where(Deployment.digest == digest))
    if number is None:
        raise NotFound(deployment=digest)
    rows = session.execute(
        select(DeploymentFile.path, Resource.content)
        .join(Resource, Resource.digest == DeploymentFile.resource)
        .where(DeploymentFile.deployment == digest)
    )
    return build({row.path: bytes(row.content) for row in rows}, digest, number)
