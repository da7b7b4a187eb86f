"""What must hold of every database after whatever happened to it; each query returns the rows that break a rule."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine import runtime
from engine.tables import InstanceState

RULES = {
    "a running instance has something open": """
      SELECT id FROM instance i WHERE state = 'running'
      AND NOT EXISTS (SELECT 1 FROM task WHERE instance = i.id AND state = 'open')
      AND NOT EXISTS (SELECT 1 FROM timer WHERE instance = i.id)
      AND NOT EXISTS (SELECT 1 FROM subscription WHERE instance = i.id)
      AND NOT EXISTS (SELECT 1 FROM incident WHERE instance = i.id AND state = 'open')""",
    "an ended instance has nothing open": """
      SELECT i.id FROM instance i JOIN task t ON t.instance = i.id
      WHERE i.state <> 'running' AND t.state = 'open'""",
    "each completed task has one event": """
      SELECT t.id FROM task t WHERE state = 'completed'
      AND (SELECT count(*) FROM event e WHERE e.task = t.id AND e.kind = 'task.completed') <> 1""",
    "steps are counted without gaps": """
      SELECT i.id FROM instance i
      WHERE steps <> (SELECT count(*) FROM history h WHERE h.instance = i.id AND outcome <> 'cancelled')""",
}


def broken(session: Session) -> list[str]:
    """Return a line for every rule that a row breaks, and for every instance whose state and worklist differ."""
    found = [f"{rule}: {row}" for rule, query in RULES.items() for row in session.execute(text(query)).scalars()]
    running = session.execute(text("SELECT id FROM instance WHERE state = :state"), {"state": InstanceState.RUNNING})
    for instance in running.scalars().all():
        rest = runtime.peek(session, instance).rest()
        for table, state in (("task", set(rest.tasks)), ("timer", {w.task for w in rest.waits.values() if w.due})):
            condition = " AND state = 'open'" if table == "task" else ""
            query = text(f"SELECT {'id' if table == 'task' else 'task'} FROM {table} WHERE instance = :i{condition}")
            rows = set(session.execute(query, {"i": instance}).scalars())
            if rows != state:
                found.append(f"{table} rows of {instance}: {rows ^ state}")
    return found
