"""A pile of work: cases of several units with open tasks of two steps, one a plain decision, one a form to fill in."""

import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from engine import calendars, clock, instances, processes, units
from engine.db import Sessions, transaction
from engine.instances import Application
from engine.tables import Task
from tests.support.diagrams import drawn, flows

ABOUT = """
id = "pile"
lifecycle = "weigh"
name = { zh = "小流程", en = "Small" }
"""
CHOICES = [{"label": "同意", "value": "agree", "en": "Agree"}, {"label": "退回", "value": "back", "en": "Send back"}]
DECISION = [
    {"type": "text", "id": "field_about", "text": "请决定。"},
    {
        "type": "radio",
        "id": "field_decision",
        "key": "decision",
        "label": "结论",
        "values": CHOICES,
        "validate": {"required": True},
        "properties": {"en": "Decision"},
    },
    {
        "type": "textarea",
        "id": "field_reason",
        "key": "reason",
        "label": "意见",
        "validate": {"required": True, "minLength": 2, "maxLength": 40},
        "conditional": {"hide": '=decision != "back"'},
        "properties": {"en": "Opinion"},
    },
]
WORDS = [
    {"type": "textfield", "id": "field_words", "key": "words", "label": "内容", "validate": {"required": True}},
]
SEAT = 'icity:role="APP_FILL" icity:organisation="=&quot;yunxi-science&quot;"'
OFFICER = 'icity:role="PRV_OFFICER"'
UNITS = ("339921", "339922", "339900", None)


def deploy(sessions: Sessions, folder: Path) -> None:
    """Deploy the programme: `weigh` asks an officer to decide and a county to note it, `write` a county to fill in."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "forms").mkdir(exist_ok=True)
    (folder / "programme.toml").write_text(ABOUT, encoding="utf-8")
    for name, components in (("decision", DECISION), ("words", WORDS)):
        form = {"type": "default", "id": name, "schemaVersion": 16, "components": components}
        (folder / "forms" / f"{name}.form").write_text(json.dumps(form, ensure_ascii=False), encoding="utf-8")
    check = f'<userTask id="check" name="审查材料" {OFFICER} icity:form="decision" icity:result="said"/>'
    note = f'<userTask id="note" name="登记结果" {SEAT} icity:form="words" icity:result="noted"/>'
    fill = f'<userTask id="fill" name="补充说明" {SEAT} icity:form="words" icity:result="filled"/>'
    bodies = {
        "weigh": f'<startEvent id="s"/>{check}{note}<endEvent id="e"/>'
        + flows(("s", "check"), ("check", "note"), ("note", "e")),
        "write": f'<startEvent id="s"/>{fill}<endEvent id="e"/>' + flows(("s", "fill"), ("fill", "e")),
    }
    for name, body in bodies.items():
        (folder / f"{name}.bpmn").write_bytes(drawn(name, body))
    with transaction(sessions) as session:
        calendars.seed(session)
        units.seed(session)
        processes.deploy(session, folder, "a test")


def heap(sessions: Sessions, count: int, process: str = "weigh", by: Any = None) -> list[UUID]:
    """Start so many cases of several units; return the first task of each."""
    found = []
    for number in range(count):
        subject = UNITS[number % len(UNITS)]
        wanted = Application("pile", process, f"第{number:02d}号申请", subject, None, {})
        with transaction(sessions) as session:
            case = instances.start(session, by, wanted)
            found.append(session.scalars(select(Task.id).where(Task.instance == case)).one())
    return found


def spread(sessions: Sessions, tasks: Sequence[UUID]) -> None:
    """Let the tasks be due and have arrived at different times; every fifth has no deadline, some share a moment."""
    for number, task in enumerate(tasks):
        due = None if number % 5 == 0 else clock.now() + timedelta(days=(number * 7) % 9 - 3)
        change(sessions, task, due_at=due, created_at=clock.now() - timedelta(hours=(number * 5) % 11))


def change(sessions: Sessions, task: UUID, **values: Any) -> None:
    """Change columns of a task."""
    with transaction(sessions) as session:
        session.execute(update(Task).where(Task.id == task).values(**values))
