"""The one statement that writes a move, made of the parts that the move needs, and the one that ends an instance.

Every part is a data-modifying WITH query over one JSON document, so that a move costs one round trip whatever it
touched. Nothing here knows what a move is; `engine.projections` does.
"""

from functools import lru_cache

from sqlalchemy import LargeBinary, TextClause, bindparam, text

CASTS = (("instance", "uuid"), ("actor", "uuid"), ("now", "timestamptz"), ("ended_at", "timestamptz"))

INSTANCE = """UPDATE instance SET state = :state, version = version + 1, steps = :steps, envelope = :envelope,
  milestone = :milestone, ended_at = :ended_at WHERE id = :instance AND version = :version RETURNING 1"""

PARTS = {
    "completed": """UPDATE task SET state = 'completed', ended_at = :now, ended_by = r.person, assignee = r.person,
  answers = r.answers, acted_for = r.principal FROM given,
  jsonb_to_recordset(m->'completed') AS r(id uuid, person uuid, answers jsonb, principal uuid) WHERE task.id = r.id""",
    "cancelled": """UPDATE task SET state = 'cancelled', ended_at = :now
  FROM given, jsonb_to_recordset(m->'cancelled') AS r(id uuid) WHERE task.id = r.id""",
    "tasks": """INSERT INTO task (id, instance, element, name, form, role, organisation, assignee, state, created_at,
  due_at, provisional, term, entered) SELECT r.id, :instance, r.element, r.name, r.form, r.role, o.id,
  coalesce(p.id, f.id), 'open', :now, r.due_at, r.provisional, r.term, :version + 1 FROM given,
  jsonb_to_recordset(m->'tasks') AS r(id uuid, element text, name text, form text, role text, organisation text,
  assignee uuid, performer_of text, due_at timestamptz, provisional boolean, term jsonb)
  LEFT JOIN organisation o ON o.id = r.organisation LEFT JOIN person p ON p.id = r.assignee
  LEFT JOIN LATERAL (SELECT q.id FROM (SELECT coalesce(c.principal, c.person, t.acted_for, t.ended_by) AS id FROM task t
  LEFT JOIN jsonb_to_recordset(m->'completed') AS c(id uuid, person uuid, principal uuid) ON c.id = t.id
  WHERE t.instance = :instance AND t.element = r.performer_of AND (c.id IS NOT NULL OR t.state = 'completed')
  ORDER BY t.ended_at DESC NULLS FIRST LIMIT 1) AS last JOIN person q ON q.id = last.id AND q.active
  WHERE r.role IS NULL OR EXISTS (SELECT 1 FROM membership s WHERE s.person = q.id AND s.role = r.role
  AND s.organisation = coalesce(o.id, s.organisation))) AS f ON r.performer_of IS NOT NULL""",
    "assigned": """INSERT INTO incident (instance, task, element, kind, reason, state, raised_at)
  SELECT :instance, r.id, r.element, 'assignment', r.reason, 'open', :now FROM given,
  jsonb_to_recordset(m->'assigned') AS r(id uuid, element text, organisation text, assignee uuid, reason text)
  LEFT JOIN organisation o ON o.id = r.organisation LEFT JOIN person p ON p.id = r.assignee
  WHERE (r.organisation IS NULL) <> (o.id IS NULL) OR (r.assignee IS NULL) <> (p.id IS NULL)
  RETURNING task, element, reason""",
    "strays": """INSERT INTO event (at, kind, instance, task, element, actor, data)
  SELECT :now, 'incident.raised', :instance, task, element, :actor, jsonb_build_object('reason', reason)
  FROM assigned_part""",
    "forgotten": """DELETE FROM draft USING given, jsonb_to_recordset(m->'ended') AS r(task uuid)
  WHERE draft.task = r.task""",
    "ended": """DELETE FROM reminder USING given, jsonb_to_recordset(m->'ended') AS r(task uuid, element text)
  WHERE reminder.task = r.task AND reminder.element = r.element AND reminder.reminded_at IS NULL""",
    "overtaken": """UPDATE incident SET state = 'resolved', resolved_at = :now FROM given,
  jsonb_to_recordset(m->'ended') AS r(task uuid, element text) WHERE incident.instance = :instance
  AND incident.task = r.task AND incident.element = r.element AND incident.kind <> 'step'
  AND incident.state = 'open'""",
    "reminders": """INSERT INTO reminder (instance, task, element, kind, remind_at, due_at, roles, organisation)
  SELECT :instance, r.task, r.element, r.kind, r.remind_at, r.due_at, r.roles, o.id FROM given,
  jsonb_to_recordset(m->'reminders') AS r(task uuid, element text, kind text, remind_at timestamptz,
  due_at timestamptz, roles text[], organisation text) LEFT JOIN organisation o ON o.id = r.organisation
  ON CONFLICT DO NOTHING""",
    "disarmed": """DELETE FROM timer USING given, jsonb_to_recordset(m->'disarmed') AS r(task uuid, element text)
  WHERE timer.task = r.task AND timer.element = r.element""",
    "armed": """INSERT INTO timer (instance, task, element, due_at, term) SELECT :instance, task, element, due_at, term
  FROM given, jsonb_to_recordset(m->'armed') AS r(task uuid, element text, due_at timestamptz, term jsonb)
  ON CONFLICT (task, element) DO UPDATE SET due_at = excluded.due_at, term = excluded.term, attempts = 0,
  retry_at = NULL""",
    "stopped": """INSERT INTO clock_stop (instance, task, element, keys, began_at)
  SELECT :instance, task, element, keys, :now FROM given,
  jsonb_to_recordset(m->'stopped') AS r(task uuid, element text, keys text[])""",
    "resumed": """UPDATE clock_stop SET ended_at = :now FROM given, jsonb_to_recordset(m->'resumed') AS r(task uuid)
  WHERE clock_stop.instance = :instance AND clock_stop.task = r.task AND clock_stop.ended_at IS NULL""",
    "held": """UPDATE task SET due_at = NULL, provisional = false,
  term = jsonb_set(task.term, '{stops}', (task.term->'stops') || jsonb_build_array(r.stop)) FROM given,
  jsonb_to_recordset(m->'held') AS r(id uuid, stop jsonb) WHERE task.id = r.id AND task.term IS NOT NULL""",
    "hushed": """DELETE FROM reminder USING given, jsonb_to_recordset(m->'held') AS r(id uuid)
  WHERE reminder.task = r.id AND reminder.reminded_at IS NULL""",
    "freed": """UPDATE task SET due_at = r.due_at, provisional = r.provisional, term = r.term FROM given,
  jsonb_to_recordset(m->'freed') AS r(id uuid, due_at timestamptz, provisional boolean, term jsonb)
  WHERE task.id = r.id""",
    "unsubscribed": """DELETE FROM subscription USING given,
  jsonb_to_recordset(m->'unsubscribed') AS r(task uuid, element text)
  WHERE subscription.task = r.task AND subscription.element = r.element""",
    "subscribed": """INSERT INTO subscription (instance, task, element, kind, name, correlation)
  SELECT :instance, task, element, kind, name, correlation FROM given, jsonb_to_recordset(m->'subscribed')
  AS r(task uuid, element text, kind text, name text, correlation text)""",
    "deaf": """DELETE FROM signal_copy USING given, jsonb_to_recordset(m->'deaf') AS r(task uuid, element text),
  subscription s WHERE s.task = r.task AND s.element = r.element AND signal_copy.subscription = s.id
  AND signal_copy.instance = :instance""",
    "resolved": """UPDATE incident SET state = 'resolved', resolved_at = :now FROM given,
  jsonb_to_recordset(m->'resolved') AS r(id uuid) WHERE incident.instance = :instance AND incident.task = r.id
  AND incident.kind = 'step' AND incident.state = 'open'""",
    "raised": """INSERT INTO incident (instance, task, element, kind, reason, state, raised_at)
  SELECT :instance, task, element, kind, reason, 'open', :now FROM given,
  jsonb_to_recordset(m->'raised') AS r(task uuid, element text, kind text, reason text)""",
    "signals": """INSERT INTO signal (id, source, external_id, name, payload, at)
  SELECT id, 'instance', external_id, name, payload, :now FROM given,
  jsonb_to_recordset(m->'signals') AS r(id uuid, external_id text, name text, payload jsonb)""",
    "copies": """INSERT INTO signal_copy (signal, instance, subscription, start_event)
  SELECT r.id, s.instance, s.id, NULL::bigint FROM given, jsonb_to_recordset(m->'signals') AS r(id uuid, name text)
  JOIN subscription s ON s.kind = 'signal' AND s.name = r.name AND s.instance <> :instance
  UNION ALL SELECT r.id, NULL, NULL, e.id FROM given, jsonb_to_recordset(m->'signals') AS r(id uuid, name text)
  JOIN start_event e ON e.kind = 'signal' AND e.name = r.name""",
    "messages": """INSERT INTO message (id, source, external_id, name, correlation, payload, state, received_at)
  SELECT id, 'instance', external_id, name, correlation, payload, 'waiting', :now FROM given,
  jsonb_to_recordset(m->'messages') AS r(id uuid, external_id text, name text, correlation text, payload jsonb)""",
    "history": """INSERT INTO history (instance, step, task, process, element, outcome, at, changes, version,
  scope, origins) SELECT :instance, step, task, process, element, outcome, :now, changes, :version + 1, scope, origins
  FROM given, jsonb_to_recordset(m->'history') AS r(step integer, task uuid, process text, element text, outcome text,
  changes jsonb, scope uuid, origins jsonb)""",
    "undo": """INSERT INTO change (instance, version, undo)
  SELECT :instance, :version + 1, r FROM given, jsonb_array_elements(m->'undo') AS r""",
    "events": """INSERT INTO event (at, kind, instance, task, element, actor, data)
  SELECT :now, kind, :instance, task, element, :actor, data FROM given,
  jsonb_to_recordset(m->'events') AS r(kind text, task uuid, element text, data jsonb)""",
}

FOLLOWERS = {  # on the same rows
    "ended": ("overtaken", "forgotten"),
    "assigned": ("strays",),
    "signals": ("copies",),
    "held": ("hushed",),
}

TERMINATE = """WITH moved AS (UPDATE instance SET state = 'terminated', version = version + 1, ended_at = :now
  WHERE id = :instance RETURNING version, process, steps),
gone AS (UPDATE task SET state = 'cancelled', ended_at = :now WHERE instance = :instance AND state = 'open'
  RETURNING id, element, name),
timers AS (DELETE FROM timer WHERE instance = :instance),
subscriptions AS (DELETE FROM subscription WHERE instance = :instance),
copies AS (DELETE FROM signal_copy WHERE instance = :instance),
reminders AS (DELETE FROM reminder WHERE instance = :instance AND reminded_at IS NULL),
drafts AS (DELETE FROM draft USING task WHERE draft.task = task.id AND task.instance = :instance),
clocks AS (UPDATE clock_stop SET ended_at = :now WHERE instance = :instance AND ended_at IS NULL),
incidents AS (UPDATE incident SET state = 'resolved', resolved_at = :now WHERE instance = :instance
  AND state = 'open'),
kept AS (INSERT INTO history (instance, step, task, process, element, outcome, at, version)
  SELECT :instance, steps, id, process, element, 'cancelled', :now, version FROM gone, moved),
told AS (INSERT INTO event (at, kind, instance, task, element, actor, data)
  SELECT :now, 'task.cancelled', :instance, id, element, :actor, jsonb_build_object('name', name) FROM gone
  UNION ALL SELECT :now, 'instance.terminated', :instance, NULL, NULL, :actor,
  jsonb_build_object('reason', CAST(:reason AS text)) || CAST(:behalf AS jsonb))
SELECT count(*) FROM moved"""


@lru_cache(256)
def moving(parts: tuple[str, ...]) -> TextClause:
    """Return the statement that writes a move of these parts; it selects how many instances moved."""
    queries = ["given AS (SELECT CAST(:move AS jsonb) AS m)", f"moved AS ({INSTANCE})"]
    every = [name for part in parts for name in (part, *FOLLOWERS.get(part, ()))]
    queries += [f"{part}_part AS ({PARTS[part]})" for part in every]
    statement = "WITH " + ",\n".join(queries) + "\nSELECT count(*) FROM moved"
    return _cast(statement.replace(":milestone", "CAST(:milestone AS text)"))


@lru_cache(1)
def terminating() -> TextClause:
    """Return the statement that ends an instance at once and takes away all that is open in it."""
    return _cast(TERMINATE)


def _cast(statement: str) -> TextClause:
    for name, kind in CASTS:
        statement = statement.replace(f":{name}", f"CAST(:{name} AS {kind})")
    made = text(statement)
    return made.bindparams(bindparam("envelope", type_=LargeBinary)) if ":envelope" in statement else made
