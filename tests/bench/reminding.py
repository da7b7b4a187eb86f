"""What a day of reminders costs: a hundred thousand tasks whose deadline is near, told by one worker from its start."""

import subprocess
import sys
import time

from sqlalchemy import func, select, text

from engine import clock, db
from engine.db import transaction
from engine.settings import ROOT, load
from engine.tables import Event, Reminder
from server import duties
from tests.bench.ground import Ground
from tests.bench.table import Row
from tests.support.memory import held

TASKS, CASES = 100_000, 2_000
CASE = """INSERT INTO instance
  (id, programme, deployment, process, title, organisation, state, version, envelope, started_at)
  SELECT gen_random_uuid(), i.programme, i.deployment, i.process, '提醒', 'yunxi-government', 'running', 1, '', now()
  FROM (SELECT * FROM instance LIMIT 1) AS i, generate_series(1, :cases)"""
TASK = """INSERT INTO task (id, instance, element, name, role, organisation, state, created_at, due_at)
  SELECT gen_random_uuid(), c.id, 'work', '办理', 'APP_FILL', 'yunxi-science', 'open', now(), now() + interval '4 days'
  FROM instance c, generate_series(1, :each) WHERE c.title = '提醒'"""
STEP = """INSERT INTO reminder (instance, task, element, kind, remind_at, due_at, roles, organisation)
  SELECT t.instance, t.id, t.element, 'before', now() - interval '1 hour', t.due_at, ARRAY[t.role], t.organisation
  FROM task t JOIN instance c ON c.id = t.instance WHERE c.title = '提醒'"""


def daily_run(ground: Ground) -> list[Row]:
    """Let every deadline reach its first step this morning, and tell them all."""
    ground.start("wait", period="P2Y")
    with transaction(ground.sessions) as session:
        for statement, facts in ((CASE, {"cases": CASES}), (TASK, {"each": TASKS // CASES}), (STEP, {})):
            session.execute(text(statement), facts)
    with transaction(ground.sessions) as session:
        session.execute(text("ANALYZE instance, task, reminder"))
    command = [sys.executable, "-m", "tests.bench.reminding", ground.url]
    told = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    with transaction(ground.sessions) as session:
        happened = session.scalar(select(func.count()).where(Event.kind == "reminder.due"))
        waiting = session.scalar(select(func.count()).where(Reminder.remind_at > clock.now()))
    return [
        Row("reminding.daily_run", float(told[0]), "s", 60),
        Row("reminding.memory", float(told[1]), "MB", 200),
        Row("reminding.told_once", happened, f"of {TASKS}", TASKS, at_least=True),
        Row("reminding.next_steps", waiting, f"of {TASKS}", TASKS, at_least=True),
    ]


def run(url: str) -> None:
    """Be the worker: tell all that is due, and print how many seconds and how many megabytes that took."""
    engine = db.connect(url)
    begun = time.perf_counter()
    duties.announce_reminders(db.sessions(engine), load(database_url=url))
    sys.stdout.write(f"{time.perf_counter() - begun} {held('VmHWM')}\n")


if __name__ == "__main__":
    run(sys.argv[1])
