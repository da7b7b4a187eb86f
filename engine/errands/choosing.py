"""Which cases an errand is about: the ones named, or all that stand alike; written down in one statement."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.tables import Errand, ErrandKind, IncidentKind


@dataclass(frozen=True)
class Choice:
    """All cases of the programme for which everything holds that is said here.

    `processes` are those that the cases run, `elements` where they stand, `number` their version, `incident` the kind
    of what failed, `instances` the cases themselves, `tasks` single tokens of them.
    """

    elements: tuple[str, ...] = ()
    processes: tuple[str, ...] = ()
    number: int | None = None
    incident: IncidentKind | None = None
    instances: tuple[UUID, ...] = ()
    tasks: tuple[UUID, ...] = ()


_TASKS = "SELECT instance, id AS task, NULL::bigint AS incident, element FROM task WHERE state = 'open'"
_TIMERS = "SELECT instance, task, NULL::bigint AS incident, element FROM timer"
_WAITS = "SELECT instance, task, NULL::bigint AS incident, element FROM subscription"
_INCIDENTS = """SELECT instance, task, id AS incident, element FROM incident WHERE state = 'open'
  AND (CAST(:incident AS text) IS NULL OR kind = CAST(:incident AS text))"""
_STEPS = f"{_INCIDENTS} AND kind = 'step'"
_ANYTHING = f"{_TASKS} UNION ALL {_TIMERS} UNION ALL {_WAITS} UNION ALL {_INCIDENTS}"
_TOKENS = f"""SELECT DISTINCT ON (instance, task) instance, task, NULL::bigint AS incident, element
  FROM ({_ANYTHING}) AS token ORDER BY instance, task, element"""  # noqa: S608 - of texts on this page
_CASES = f"""SELECT DISTINCT instance, NULL::uuid AS task, NULL::bigint AS incident, NULL AS element
  FROM ({_ANYTHING}) AS token
  WHERE element = ANY(CAST(:elements AS text[])) OR cardinality(CAST(:elements AS text[])) = 0"""  # noqa: S608
SOURCES = {
    ErrandKind.RETRY: _INCIDENTS,
    ErrandKind.SETTLE: _STEPS,
    ErrandKind.MOVE: _TOKENS,
    ErrandKind.REARM: _TIMERS,
    ErrandKind.URGE: _TASKS,
    ErrandKind.SUSPEND: _CASES,
    ErrandKind.RESUME: _CASES,
    ErrandKind.END: _CASES,
}
_CHOSEN = """INSERT INTO errand_item (errand, position, instance, task, incident, element, state)
  SELECT :errand, row_number() OVER (ORDER BY i.started_at, i.id, o.element, o.task), i.id, o.task, o.incident,
  o.element, 'waiting'
  FROM instance i JOIN deployment d ON d.digest = i.deployment JOIN ({source}) AS o ON o.instance = i.id
  WHERE i.programme = :programme AND i.state = ANY(:states)
  AND (CAST(:number AS integer) IS NULL OR d.number = :number)
  AND (cardinality(CAST(:processes AS text[])) = 0 OR i.process = ANY(CAST(:processes AS text[])))
  AND (cardinality(CAST(:elements AS text[])) = 0 OR o.element IS NULL OR o.element = ANY(CAST(:elements AS text[])))
  AND (cardinality(CAST(:instances AS uuid[])) = 0 OR i.id = ANY(CAST(:instances AS uuid[])))
  AND (cardinality(CAST(:tasks AS uuid[])) = 0 OR o.task = ANY(CAST(:tasks AS uuid[])))"""
_STATES = {ErrandKind.SUSPEND: ["running"], ErrandKind.URGE: ["running"], ErrandKind.RESUME: ["suspended"]}
_STATEMENTS = {kind: text(_CHOSEN.format(source=source)) for kind, source in SOURCES.items()}


def choose(session: Session, errand: Errand, choice: Choice) -> int:
    """Write down the cases of an errand as they stand now; return how many."""
    given = {
        "errand": errand.id,
        "programme": errand.programme,
        "states": _STATES.get(errand.kind, ["running", "suspended"]),
        "number": choice.number,
        "incident": choice.incident.value if choice.incident else None,
        "processes": list(choice.processes),
        "elements": list(choice.elements),
        "instances": list(choice.instances),
        "tasks": list(choice.tasks),
    }
    statement = _STATEMENTS[errand.kind]
    named = {name: value for name, value in given.items() if f":{name}" in statement.text}
    return int(session.connection().execute(statement, named).rowcount)
