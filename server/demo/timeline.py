"""The demonstration's timeline: every event as a sentence that a county clerk can read, and as JSON for programs."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from operator import itemgetter
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import events, processes
from engine.clock import CIVIL
from engine.events import EventRow, Kind
from engine.tables import Instance, Organisation, Task
from server.pages import labels, sentences
from server.pages.words import COOKIE

Line = dict[str, Any]

SILENT = frozenset({Kind.TASK_CREATED, Kind.TASK_CLAIMED, Kind.TIMER_ARMED, Kind.MESSAGE_RECEIVED})
CHOICES = frozenset({"radio", "select"})
TOLD_TEXTS = frozenset({"reason", "notice", "wording", "document_no", "letter_no", "report_no", "minutes_no"})
TOLD_PAYLOAD = {
    "unit_name": {"zh": "单位", "en": "unit"},
    "score": {"zh": "得分", "en": "score"},
    "grade": {"zh": "等次", "en": "grade"},
    "document_no": {"zh": "文号", "en": "number"},
}


def write(app: Flask, session: Session, lang: str, target: Path) -> list[Line]:
    """Write the timeline of all instances to `target`; return it."""
    with app.test_request_context(headers={"Cookie": f"{COOKIE}={lang}"}):
        lines = sorted(_lines(session, lang), key=itemgetter("at"))
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(lines, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return lines


def printed(lines: list[Line], kinds: frozenset[str]) -> list[str]:
    """Return the lines of some kinds of event as people read them; of all that people care for when none is named."""
    return [
        f"{datetime.fromisoformat(line['at']).strftime('%Y-%m-%d %H:%M')}  {line['text']}"
        for line in lines
        if (line["event"] in kinds if kinds else line["event"] not in SILENT)
    ]


def _lines(session: Session, lang: str) -> Iterator[Line]:
    names, work = labels.read(session), _work(session, lang)
    for title, event in events.everything(session):
        if event.kind not in sentences.SENTENCES:
            continue
        office, answers = work.get(event.task, ("", "")) if event.task else ("", "")
        text = sentences.tell(event, names)
        if event.kind == Kind.TASK_COMPLETED:
            text = f"{office}{' ' if office else ''}{text}{answers}"
        elif event.kind == Kind.TASK_CANCELLED and office:
            text = f"{office} {text}"
        elif event.kind == Kind.MESSAGE_SENT:
            text += _payload(event, lang)
        yield {
            "at": event.at.astimezone(CIVIL).isoformat(timespec="seconds"),
            "event": event.kind,
            "element": event.element,
            "actor": event.actor_name,
            "text": f"{title}  {text}",
        }


def _work(session: Session, lang: str) -> dict[UUID, tuple[str, str]]:
    """Return each task's office and its answers in words."""
    found = {}
    query = (
        select(Task, Organisation.name, Instance.programme)
        .join(Instance, Instance.id == Task.instance)
        .outerjoin(Organisation, Organisation.id == Task.organisation)
    )
    programmes: dict[str, processes.Programme] = {}
    for task, office, programme in session.execute(query):
        if programme not in programmes:
            programmes[programme] = processes.latest(session, programme)
        schema = programmes[programme].forms.get(task.form or "", {})
        told = list(_told(schema, task.answers or {}, lang))
        found[task.id] = ((office or {}).get(lang, ""), _bracketed(told, lang))
    return found


def _told(schema: Mapping[str, Any], answers: Mapping[str, Any], lang: str) -> Iterator[str]:
    for component in schema.get("components", []):
        if component.get("type") == "group":
            yield from _told(component, answers, lang)
        key = component.get("key")
        given = answers.get(key) if key else None
        if given in (None, ""):
            continue
        if component["type"] in CHOICES:
            options = {str(option["value"]): option["label"] for option in component.get("values", [])}
            yield _pair(component, options.get(str(given), given) if lang == "zh" else given, lang)
        elif key in TOLD_TEXTS:
            yield _pair(component, given, lang)


def _pair(component: Mapping[str, Any], given: object, lang: str) -> str:
    if lang == "zh":
        return f"{component.get('label', component['key'])}：{given}"
    return f"{component.get('properties', {}).get('en', component['key'])}: {given}"


def _bracketed(told: list[str], lang: str) -> str:
    if not told:
        return ""
    return f"（{'；'.join(told)}）" if lang == "zh" else f" ({'; '.join(told)})"


def _payload(event: EventRow, lang: str) -> str:
    payload = event.data.get("payload", {})
    colon = "：" if lang == "zh" else ": "
    told = [f"{names[lang]}{colon}{payload[key]}" for key, names in TOLD_PAYLOAD.items() if payload.get(key)]
    return _bracketed(told, lang)
