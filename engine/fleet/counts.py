"""How many cases stand where, since when, in which version; what failed, which timers wait, which cases those are."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine import bottlenecks, clock, ownership, processes
from engine.bottlenecks import Drawn
from engine.bpmn.elements import Element
from engine.errors import NotFound
from engine.identity import Actor
from engine.processes import Programme
from engine.tables import IncidentKind

SHOWN = 100
_STANDING = """SELECT t.instance, t.id AS token, t.element, 'task' AS kind, t.created_at AS since,
    t.due_at AS due_at FROM task t WHERE t.state = 'open'
  UNION ALL SELECT m.instance, m.task, m.element, 'timer', NULL, m.due_at FROM timer m
  UNION ALL SELECT s.instance, s.task, s.element, 'wait', NULL, NULL FROM subscription s
  UNION ALL SELECT n.instance, n.task, n.element, 'incident', n.raised_at, NULL FROM incident n
    WHERE n.state = 'open'"""
_CHOSEN = """i.programme = ANY(CAST(:programmes AS text[])) AND i.state IN ('running', 'suspended')
  AND (CAST(:number AS integer) IS NULL OR d.number = :number)"""
# The number of a day counts the working days up to it, as engine.bottlenecks has it.
_STEPS = text(
    f"""WITH standing AS (
  SELECT i.id, i.programme, o.element, o.kind,
    CASE WHEN o.element = ANY(CAST(:shared AS text[])) THEN i.process ELSE '' END AS root,
    (o.since AT TIME ZONE :zone)::date AS arrived, o.due_at < :now AS late
  FROM ({_STANDING}) AS o JOIN instance i ON i.id = o.instance JOIN deployment d ON d.digest = i.deployment
  WHERE {_CHOSEN}
), span AS (
  SELECT min(arrived) AS first, greatest(max(arrived), CAST(:today AS date)) AS last FROM standing
), numbered AS (
  SELECT d.day::date AS day,
    sum(CASE WHEN coalesce(c.workday, extract(isodow FROM d.day) < 6) THEN 1 ELSE 0 END) OVER (ORDER BY d.day) AS number
  FROM span, generate_series(span.first, span.last, interval '1 day') AS d (day)
  LEFT JOIN calendar_day c ON c.day = d.day::date
), waited AS (
  SELECT standing.*, (SELECT number FROM numbered WHERE day = CAST(:today AS date)) - numbered.number AS days
  FROM standing LEFT JOIN numbered ON numbered.day = standing.arrived
)
SELECT programme, element, root, count(DISTINCT id) AS cases,
  count(*) FILTER (WHERE kind = 'task') AS tasks, count(*) FILTER (WHERE kind = 'task' AND late) AS late,
  count(*) FILTER (WHERE kind IN ('timer', 'wait')) AS waits, count(*) FILTER (WHERE kind = 'incident') AS incidents,
  percentile_disc(0.5) WITHIN GROUP (ORDER BY days) FILTER (WHERE kind = 'task') AS median,
  max(days) FILTER (WHERE kind = 'task') AS oldest
FROM waited GROUP BY programme, element, root"""  # noqa: S608 - of texts on this page
)
_VERSIONS = text(
    """SELECT d.programme, d.number, d.deployed_at, p.name AS suspended_by, s.at AS suspended_at, s.reason,
  count(i.id) FILTER (WHERE i.state = 'running') AS running,
  count(i.id) FILTER (WHERE i.state = 'suspended') AS suspended
FROM deployment d LEFT JOIN standstill s ON s.deployment = d.digest LEFT JOIN person p ON p.id = s.by
LEFT JOIN instance i ON i.deployment = d.digest AND i.state IN ('running', 'suspended')
WHERE d.programme = ANY(CAST(:programmes AS text[]))
GROUP BY d.digest, s.deployment, p.id ORDER BY d.programme, d.number DESC"""
)
_STARTED = text(
    """SELECT programme, process, count(*) AS cases, count(*) FILTER (WHERE state = 'suspended') AS suspended
FROM instance WHERE programme = ANY(CAST(:programmes AS text[])) AND state IN ('running', 'suspended')
GROUP BY programme, process"""
)
_WITHIN = text(
    f"""SELECT p.call, count(DISTINCT i.id) AS cases
FROM unnest(CAST(:calls AS text[]), CAST(:inside AS text[])) AS p (call, element)
JOIN ({_STANDING}) AS w ON w.element = p.element JOIN instance i ON i.id = w.instance
JOIN deployment d ON d.digest = i.deployment WHERE {_CHOSEN} GROUP BY p.call"""  # noqa: S608
)
_FAILURES = text(
    f"""SELECT n.id, i.id AS instance, i.title, d.number, n.task, n.element, n.kind, n.reason, n.raised_at
FROM incident n JOIN instance i ON i.id = n.instance JOIN deployment d ON d.digest = i.deployment
WHERE n.state = 'open' AND n.element = ANY(CAST(:elements AS text[])) AND {_CHOSEN}
ORDER BY n.raised_at, n.id LIMIT :limit"""  # noqa: S608
)
_TIMERS = text(
    f"""SELECT i.id AS instance, i.title, d.number, m.task, m.element, m.due_at, m.attempts,
  m.retry_at > '9000-01-01' AS given_up
FROM timer m JOIN instance i ON i.id = m.instance JOIN deployment d ON d.digest = i.deployment
WHERE m.element = ANY(CAST(:elements AS text[])) AND {_CHOSEN}
ORDER BY (m.retry_at > '9000-01-01') IS TRUE DESC, m.due_at, m.id LIMIT :limit"""  # noqa: S608
)
_CASES = text(
    f"""SELECT i.id AS instance, i.title, d.number, i.state, i.started_at, o.name AS organisation,
  min(w.since) AS since, bool_or(w.due_at < :now AND w.kind = 'task') IS TRUE AS late,
  bool_or(w.kind = 'incident') AS failed,
  (array_agg(w.token ORDER BY w.token) FILTER (WHERE w.kind <> 'incident'))[1] AS token
FROM ({_STANDING}) AS w JOIN instance i ON i.id = w.instance JOIN deployment d ON d.digest = i.deployment
LEFT JOIN organisation o ON o.id = i.organisation
WHERE w.element = ANY(CAST(:elements AS text[])) AND {_CHOSEN}
GROUP BY i.id, d.number, o.id ORDER BY min(w.since) NULLS LAST, i.started_at, i.id LIMIT :limit"""  # noqa: S608
)


@dataclass(frozen=True)
class Filter:
    """Which cases: those of a programme that stand in the drawing of a process, of all versions or of one."""

    programme: str
    process: str
    number: int | None = None


@dataclass(frozen=True)
class ProcessRow:
    """A drawn process: the cases that run it, and what stands in its drawing, whichever process the case began with."""

    programme: str
    process: str
    name: str
    cases: int
    suspended: int
    tasks: int
    late: int
    incidents: int
    oldest: int | None


@dataclass(frozen=True)
class StepRow:
    """A step and how many cases stand at it; `median` and `oldest` are working days that its open tasks wait so far.

    `within` counts what stands in the process that the step calls, named by `called`, whoever else calls that too.
    """

    element: str
    name: str
    cases: int
    tasks: int
    late: int
    waits: int
    incidents: int
    median: int | None
    oldest: int | None
    within: int = 0
    called: str | None = None


@dataclass(frozen=True)
class VersionRow:
    """A version and its cases; `suspended_at` and what goes with it tell that it stands still as a whole."""

    programme: str
    number: int
    deployed_at: datetime
    suspended_by: str | None
    suspended_at: datetime | None
    reason: str | None
    running: int
    suspended: int


@dataclass(frozen=True)
class FailureRow:
    """An open incident of a case."""

    id: int
    instance: UUID
    title: str
    number: int
    task: UUID
    element: str
    kind: IncidentKind
    reason: str
    raised_at: datetime


@dataclass(frozen=True)
class TimerRow:
    """A waiting timer of a case; `given_up` when it failed too often and has an incident."""

    instance: UUID
    title: str
    number: int
    task: UUID
    element: str
    due_at: datetime
    attempts: int
    given_up: bool | None


@dataclass(frozen=True)
class CaseRow:
    """A case that stands at a step: since when, and the token that stands there."""

    instance: UUID
    title: str
    number: int
    state: str
    started_at: datetime
    organisation: dict[str, str] | None
    since: datetime | None
    late: bool
    failed: bool
    token: UUID | None


@dataclass(frozen=True)
class Measured:
    """A process, its drawing, the steps that something stands at, the versions, and the steps a token may go to."""

    drawn: Drawn
    steps: list[StepRow]
    versions: list[VersionRow]
    places: list[tuple[str, str]]

    @property
    def elements(self) -> list[str]:
        """Return the steps that something stands at."""
        return [step.element for step in self.steps if step.cases]


PLACES = frozenset(
    {"userTask", "manualTask", "serviceTask", "businessRuleTask", "sendTask", "receiveTask", "callActivity"}
    | {"subProcess", "scriptTask", "task", "intermediateCatchEvent", "exclusiveGateway"}
)


def overview(session: Session, actor: Actor) -> tuple[list[ProcessRow], list[VersionRow]]:
    """Return the drawn processes of the programmes the actor may change or sign, and their versions."""
    newest = _programmes(session, actor)
    steps = _steps(session, newest, None)
    started = {(row.programme, row.process): row for row in session.execute(_STARTED, {"programmes": sorted(newest)})}
    rows = [
        _process(programme, process, started.get((name, process)), steps.get((name, process), []))
        for name, programme in sorted(newest.items())
        for process in sorted(programme.diagrams, key=lambda one: (one != programme.lifecycle, one))
    ]
    return rows, _versions(session, newest)


def measure(session: Session, actor: Actor, wanted: Filter) -> Measured:
    """Return where the cases of a process stand, of all versions as the newest draws it, or of one; raise NotFound."""
    version = _version(session, actor, wanted)
    if wanted.process not in version.diagrams:
        raise NotFound(process=wanted.process)
    everywhere = _steps(session, {version.id: version}, wanted.number)
    calls = list(_calls(version, wanted.process, everywhere))
    steps = [*everywhere.get((version.id, wanted.process), []), *_counted(session, version, wanted.number, calls)]
    places = [
        (one.id, one.name) for one in version.model.elements[wanted.process].values() if one.kind in PLACES and one.name
    ]
    drawn = bottlenecks.diagram(version, wanted.process)
    return Measured(drawn, steps, _versions(session, [version.id]), places)


def failures(session: Session, actor: Actor, wanted: Filter, elements: Sequence[str]) -> list[FailureRow]:
    """List open incidents at some elements, the oldest first; raise NotFound."""
    rows = _listed(session, actor, wanted, elements, _FAILURES)
    return [FailureRow(**{**row, "kind": IncidentKind(row["kind"])}) for row in rows]


def timers(session: Session, actor: Actor, wanted: Filter, elements: Sequence[str]) -> list[TimerRow]:
    """List waiting timers at some elements: those given up first, then by their moments; raise NotFound."""
    return [TimerRow(**row) for row in _listed(session, actor, wanted, elements, _TIMERS)]


def cases(session: Session, actor: Actor, wanted: Filter, elements: Sequence[str]) -> list[CaseRow]:
    """List the cases that stand at some elements, those that have waited longest first; raise NotFound."""
    return [CaseRow(**row) for row in _listed(session, actor, wanted, elements, _CASES)]


def _programmes(session: Session, actor: Actor) -> dict[str, Programme]:
    names = {row.programme for row in processes.versions(session)}
    return {name: processes.latest(session, name) for name in names if ownership.may_see(actor, name)}


def _version(session: Session, actor: Actor, wanted: Filter) -> Programme:
    """Return the version that is looked at, the newest unless one is said; raise NotFound."""
    if not ownership.may_see(actor, wanted.programme):
        raise NotFound(programme=wanted.programme)
    if wanted.number is None:
        return processes.latest(session, wanted.programme)
    known = processes.versions(session, wanted.programme)
    digest = next((row.digest for row in known if row.number == wanted.number), None)
    if digest is None:
        raise NotFound(programme=wanted.programme, number=wanted.number)
    return processes.load(session, digest)


def _steps(session: Session, known: dict[str, Programme], number: int | None) -> dict[tuple[str, str], list[StepRow]]:
    """Return the steps of programmes by the process that draws them, those with most cases first."""
    homes = {name: bottlenecks.homes(programme) for name, programme in known.items()}
    shared = {element for own in homes.values() for element, drawn in own.items() if len(drawn) > 1}
    given = {
        **_given(known, number),
        "zone": str(clock.CIVIL),
        "now": clock.now(),
        "today": clock.today(),
        "shared": sorted(shared),
    }
    found: dict[tuple[str, str], list[StepRow]] = {}
    for row in session.execute(_STEPS, given).mappings():
        figures = dict(row)
        programme, root = figures.pop("programme"), figures.pop("root")
        drawn = homes[programme].get(figures["element"], ())
        process = bottlenecks.home(known[programme], drawn, root) or known[programme].lifecycle
        name = _name(known[programme], figures["element"])
        found.setdefault((programme, process), []).append(StepRow(name=name, **figures))
    return {key: sorted(rows, key=lambda one: (-one.cases, one.element)) for key, rows in found.items()}


def _calls(
    programme: Programme, process: str, steps: dict[tuple[str, str], list[StepRow]]
) -> Iterator[tuple[Element, list[StepRow]]]:
    """Yield the steps drawn in a process that call others in which something stands, with the steps of those."""
    homes = bottlenecks.homes(programme)
    for own in programme.model.elements.values():
        for one in own.values():
            inside = _reached(programme, one.called) if one.called and process in homes[one.id] else ()
            rows = [row for key in sorted(inside) for row in steps.get((programme.id, key), ())]
            if rows:
                yield one, rows


def _counted(
    session: Session, programme: Programme, number: int | None, calls: Sequence[tuple[Element, list[StepRow]]]
) -> list[StepRow]:
    """Return a row for each step that calls others; a case that stands there at several steps counts once."""
    pairs = [(one.id, row.element) for one, rows in calls for row in rows]
    given = {**_given([programme.id], number), "calls": [call for call, _ in pairs], "inside": [at for _, at in pairs]}
    within = {row.call: row.cases for row in session.execute(_WITHIN, given)}
    return [_call(one, rows, within.get(one.id, 0)) for one, rows in calls]


def _call(one: Element, rows: Sequence[StepRow], within: int) -> StepRow:
    return StepRow(
        element=one.id,
        name=one.name or one.id,
        cases=0,
        tasks=0,
        late=sum(row.late for row in rows),
        waits=0,
        incidents=sum(row.incidents for row in rows),
        median=None,
        oldest=max((row.oldest for row in rows if row.oldest is not None), default=None),
        within=within,
        called=one.called,
    )


def _reached(programme: Programme, process: str) -> set[str]:
    """Return a process and all that it calls, near or far."""
    reached, ahead = {process}, [process]
    while ahead:
        elements = programme.model.elements.get(ahead.pop(), {}).values()
        named = {one.called or one.id for one in elements}
        new = {name for name in named if name in programme.model.elements} - reached
        reached |= new
        ahead += new
    return reached


def _name(programme: Programme, element: str) -> str:
    found = (some[element].name for some in programme.model.elements.values() if element in some)
    return next(found, "") or element


def _process(programme: Programme, process: str, started: Any, steps: Sequence[StepRow]) -> ProcessRow:
    return ProcessRow(
        programme=programme.id,
        process=process,
        name=programme.model.names.get(process, process),
        cases=started.cases if started else 0,
        suspended=started.suspended if started else 0,
        tasks=sum(step.tasks for step in steps),
        late=sum(step.late for step in steps),
        incidents=sum(step.incidents for step in steps),
        oldest=max((step.oldest for step in steps if step.oldest is not None), default=None),
    )


def _versions(session: Session, programmes: Iterable[str]) -> list[VersionRow]:
    rows = session.execute(_VERSIONS, {"programmes": sorted(programmes)}).mappings()
    return [VersionRow(**row) for row in rows]


def _listed(
    session: Session, actor: Actor, wanted: Filter, elements: Sequence[str], statement: Any
) -> list[dict[str, Any]]:
    if not ownership.may_see(actor, wanted.programme):
        raise NotFound(programme=wanted.programme)
    given = {**_given([wanted.programme], wanted.number), "elements": sorted(elements), "limit": SHOWN}
    if statement is _CASES:
        given["now"] = clock.now()
    return [dict(row) for row in session.execute(statement, given).mappings()]


def _given(programmes: Iterable[str], number: int | None) -> dict[str, Any]:
    return {"programmes": sorted(programmes), "number": number}
