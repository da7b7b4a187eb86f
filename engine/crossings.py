"""What a change of version does to the rows of an instance: those that stay take new names, and all can be put back.

What begins and what ends with the new version is an ordinary move, which `engine.projections` writes.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from engine.bpmn.elements import Element
from engine.bpmn.execution import Rest

Rows = list[dict[str, Any]]

SAID = ("id", "name", "form", "role")  # what a task's row repeats of its element
RENAME = text(
    """WITH given AS (SELECT CAST(:rows AS jsonb) AS m),
r AS (SELECT x.* FROM given, jsonb_to_recordset(m) AS x(task uuid, old text, element text, name text, form text,
  role text, human boolean)),
tasks AS (UPDATE task SET element = r.element, name = r.name, form = r.form, role = r.role FROM r
  WHERE task.id = r.task AND r.human),
reminders AS (UPDATE reminder SET element = r.element,
  roles = CASE WHEN NOT r.human THEN roles WHEN r.role IS NULL THEN '{}' ELSE ARRAY[r.role] END FROM r
  WHERE reminder.task = r.task AND reminder.element = r.old AND reminder.reminded_at IS NULL),
timers AS (UPDATE timer SET element = r.element FROM r WHERE timer.task = r.task AND timer.element = r.old),
subscriptions AS (UPDATE subscription SET element = r.element FROM r
  WHERE subscription.task = r.task AND subscription.element = r.old),
stops AS (UPDATE clock_stop SET element = r.element FROM r
  WHERE clock_stop.task = r.task AND clock_stop.element = r.old AND clock_stop.ended_at IS NULL)
UPDATE incident SET element = r.element FROM r
  WHERE incident.task = r.task AND incident.element = r.old AND incident.state = 'open'"""
)

OPEN = {  # what is open in an instance `i`, by table
    "task": "t.instance = i.id AND t.state = 'open'",
    "timer": "t.instance = i.id",
    "subscription": "t.instance = i.id",
    "signal_copy": "t.instance = i.id",
    "reminder": "t.instance = i.id AND t.reminded_at IS NULL",
    "incident": "t.instance = i.id AND t.state = 'open'",
    "clock_stop": "t.instance = i.id AND t.ended_at IS NULL",
    "draft": "t.task IN (SELECT id FROM task WHERE task.instance = i.id AND task.state = 'open')",
}
_KEPT = ", ".join(
    f"'{table}', (SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]'::jsonb) FROM {table} t WHERE {condition})"  # noqa: S608
    for table, condition in OPEN.items()
)
_DRAWN = {
    ":mine": "r.changeover = :changeover AND r.instance = ANY(CAST(:ids AS uuid[]))",
    ":now": "CAST(:now AS timestamptz)",
    ":actor": "CAST(:actor AS uuid)",
    ":kept": _KEPT,
}
_WORDS = re.compile(r":(mine|now|actor|kept)\b")
_OLD = re.compile(r":old\((\w+)\)")  # the rows of a table as they were: `b`, in each row `r` that is put back
_NEW = re.compile(r":new\((\w+)\)")  # a row `t` of the table was not there before


def _made(statement: str) -> TextClause:
    old = "changeover_row r, jsonb_populate_recordset(CAST(NULL AS {0}), r.before->'{0}') b WHERE :mine"
    new = "NOT EXISTS (SELECT 1 FROM jsonb_array_elements(r.before->'{0}') x WHERE x->>'id' = CAST(t.id AS text))"
    told = _OLD.sub(lambda found: old.format(found[1]), statement)
    told = _NEW.sub(lambda found: new.format(found[1]), told)
    return text(_WORDS.sub(lambda found: _DRAWN[found[0]], told))


KEEP = _made(
    """UPDATE changeover_row r SET envelope = i.envelope, before = jsonb_build_object('deployment', i.deployment,
  'process', i.process, 'milestone', i.milestone, :kept) FROM instance i WHERE i.id = r.instance AND :mine"""
)
NOTE = _made(
    """UPDATE changeover_row r SET carried = i.version, outcome = 'carried',
  mark = (SELECT max(e.id) FROM event e WHERE e.instance = i.id),
  after = jsonb_build_object(
    'tasks', (SELECT coalesce(jsonb_agg(t.id), '[]'::jsonb) FROM task t
      WHERE t.instance = i.id AND t.state = 'open' AND :new(task)),
    'reminders', (SELECT coalesce(jsonb_agg(jsonb_build_object('task', t.task, 'due_at', t.due_at)), '[]'::jsonb)
      FROM reminder t WHERE t.instance = i.id AND t.reminded_at IS NULL AND :new(reminder)))
  FROM instance i WHERE i.id = r.instance AND :mine"""
)
RESTORE = tuple(
    _made(statement)
    for statement in (
        """WITH gone AS (UPDATE task t SET state = 'cancelled', ended_at = :now FROM changeover_row r
  WHERE :mine AND t.instance = r.instance AND t.state = 'open' AND r.after->'tasks' ? CAST(t.id AS text)
  RETURNING t.id, t.instance, t.element, t.name),
kept AS (INSERT INTO history (instance, step, task, process, element, outcome, at, version)
  SELECT i.id, i.steps, gone.id, i.process, gone.element, 'cancelled', :now, i.version + 1
  FROM gone JOIN instance i ON i.id = gone.instance)
INSERT INTO event (at, kind, instance, task, element, actor, data) SELECT :now, 'task.cancelled', instance, id, element,
  :actor, jsonb_build_object('name', name) FROM gone""",
        """INSERT INTO event (at, kind, instance, task, element, actor, data)
  SELECT :now, 'task.restored', b.instance, b.id, b.element, :actor, jsonb_build_object('name', b.name)
  FROM :old(task) AND EXISTS (SELECT 1 FROM task t WHERE t.id = b.id AND t.state = 'cancelled')""",
        """UPDATE task t SET element = b.element, name = b.name, form = b.form, role = b.role, state = 'open',
  ended_at = NULL, due_at = b.due_at, provisional = b.provisional, term = b.term FROM :old(task) AND t.id = b.id""",
        "INSERT INTO draft SELECT b.* FROM :old(draft) ON CONFLICT DO NOTHING",
        "DELETE FROM timer t USING changeover_row r WHERE :mine AND t.instance = r.instance",
        "INSERT INTO timer SELECT b.* FROM :old(timer)",
        "DELETE FROM subscription t USING changeover_row r WHERE :mine AND t.instance = r.instance",
        "INSERT INTO subscription SELECT b.* FROM :old(subscription)",
        """DELETE FROM signal_copy t USING changeover_row r WHERE :mine AND t.instance = r.instance
  AND NOT EXISTS (SELECT 1 FROM subscription s WHERE s.id = t.subscription)""",
        "INSERT INTO signal_copy SELECT b.* FROM :old(signal_copy) ON CONFLICT DO NOTHING",
        """DELETE FROM reminder t USING changeover_row r
  WHERE :mine AND t.instance = r.instance AND t.reminded_at IS NULL AND EXISTS (
    SELECT 1 FROM jsonb_array_elements(r.after->'reminders') a
    WHERE a->>'task' = CAST(t.task AS text) AND CAST(a->>'due_at' AS timestamptz) = t.due_at)""",
        "UPDATE reminder t SET element = b.element, roles = b.roles FROM :old(reminder) AND t.id = b.id",
        "INSERT INTO reminder SELECT b.* FROM :old(reminder) ON CONFLICT DO NOTHING",
        """UPDATE incident t SET state = 'resolved', resolved_at = :now FROM changeover_row r
  WHERE :mine AND t.instance = r.instance AND t.state = 'open' AND :new(incident)""",
        """UPDATE incident t SET element = b.element, state = 'open', resolved_at = NULL
  FROM :old(incident) AND t.id = b.id""",
        """UPDATE clock_stop t SET ended_at = :now FROM changeover_row r
  WHERE :mine AND t.instance = r.instance AND t.ended_at IS NULL AND :new(clock_stop)""",
        "UPDATE clock_stop t SET element = b.element, ended_at = NULL FROM :old(clock_stop) AND t.id = b.id",
        """INSERT INTO event (at, kind, instance, actor, data) SELECT :now, 'instance.changed_back', r.instance, :actor,
  CAST(:told AS jsonb) FROM changeover_row r WHERE :mine""",
        """UPDATE instance i SET envelope = r.envelope, deployment = r.before->>'deployment',
  process = r.before->>'process', milestone = r.before->>'milestone', version = i.version + 1
  FROM changeover_row r WHERE :mine AND i.id = r.instance""",
        """UPDATE changeover_row r SET outcome = 'undone', version = i.version, before = NULL, envelope = NULL,
  after = NULL, carried = NULL, mark = NULL FROM instance i WHERE i.id = r.instance AND :mine""",
    )
)


def renamed(session: Session, before: Rest, after: Rest) -> Rest:
    """Give the rows of what stays open the names of the new diagram; return what was open, in its words."""
    rows: Rows = [*_tasks(before, after), *_others(before, after)]
    if rows:
        session.connection().execute(RENAME, {"rows": orjson.dumps(rows).decode()})
    waits = {wait.task: wait for wait in after.waits.values()}
    known = Rest(
        tasks={task: after.tasks.get(task, element) for task, element in before.tasks.items()},
        failures={
            task: replace(failure, element=after.failures[task].element) if task in after.failures else failure
            for task, failure in before.failures.items()
        },
        stops=before.stops,
    )
    for wait in before.waits.values():
        now = waits.get(wait.task)
        told = wait if now is None else replace(wait, element=now.element, process=now.process)
        known.waits[told.task, told.element] = told
    return known


def keep(session: Session, changeover: UUID, instances: Sequence[UUID]) -> None:
    """Write down instances, which are locked, as they are, before they are carried over."""
    session.connection().execute(KEEP, {"changeover": changeover, "ids": list(instances)})


def note(session: Session, changeover: UUID, instances: Sequence[UUID]) -> None:
    """Write down what came with the change, so that it can be told whether anybody acted on it since."""
    session.connection().execute(NOTE, {"changeover": changeover, "ids": list(instances)})


def restore(
    session: Session, changeover: UUID, instances: Sequence[UUID], now: datetime, told: Mapping[str, Any]
) -> None:
    """Put instances, which are locked, back as `keep` found them; `told` is what their event tells, and its `actor`."""
    facts = {name: value for name, value in told.items() if name != "actor"}
    values = {"changeover": changeover, "ids": list(instances), "now": now, "actor": told["actor"]}
    for statement in RESTORE:
        session.connection().execute(statement, {**values, "told": orjson.dumps(facts).decode()})


def _tasks(before: Rest, after: Rest) -> Iterator[dict[str, Any]]:
    for task, old in before.tasks.items():
        new = after.tasks.get(task)
        if new is not None and _said(new) != _said(old):
            yield {"task": task, "old": old.id, "human": True, "element": new.id, **_said(new)}


def _others(before: Rest, after: Rest) -> Iterator[dict[str, Any]]:
    waits = {wait.task: wait.element for wait in after.waits.values()}
    stops = {task: element.id for task, element in after.stops.items()}
    failures = {task: failure.element for task, failure in after.failures.items()}
    pairs = [(wait.task, wait.element, waits.get(wait.task)) for wait in before.waits.values()]
    pairs += [(task, element.id, stops.get(task)) for task, element in before.stops.items() if task not in before.tasks]
    pairs += [(task, failure.element, failures.get(task)) for task, failure in before.failures.items()]
    for task, old, new in dict.fromkeys(pairs):
        if new is not None and new != old:
            yield {"task": task, "old": old, "human": False, "element": new}


def _said(element: Element) -> dict[str, Any]:
    return {name: getattr(element, name) for name in SAID if name != "id"} | {"element": element.id}
