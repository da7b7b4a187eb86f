"""Corrections: of a task that was sent back with named fields, only those may change."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.errors import AnswersRefused
from engine.tables import Rejection

LOCKED = {"zh": "该项未退回，不能修改。", "en": "This was not sent back and must stay as it was."}


def hold(session: Session, task: UUID, answers: Mapping[str, Any]) -> None:
    """Refuse answers that change what was not sent back; raise AnswersRefused naming each field by its path."""
    found = session.execute(select(Rejection.fields, Rejection.before).where(Rejection.task == task)).one_or_none()
    if found is None or not found.fields:
        return
    changed = different(found.before or {}, answers)
    faults = {path: LOCKED for path in changed if not _within(path, found.fields)}
    if faults:
        raise AnswersRefused(fields=faults)


def different(before: Any, after: Any, path: str = "") -> list[str]:
    """Return the paths at which two answers differ, rows of a list by their number; nothing and empty are the same."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        names = [*before, *(name for name in after if name not in before)]
        return [one for name in names for one in different(before.get(name), after.get(name), _below(path, name))]
    if _rows(before) and _rows(after) and len(before) == len(after):
        return [one for i in range(len(before)) for one in different(before[i], after[i], _below(path, str(i)))]
    return [] if _same(before, after) else [path]


def has(answers: Any, path: str) -> bool:
    """Tell whether answers hold something at a path."""
    for name in path.split("."):
        if isinstance(answers, Mapping) and name in answers:
            answers = answers[name]
        elif isinstance(answers, list) and name.isdecimal() and int(name) < len(answers):
            answers = answers[int(name)]
        else:
            return False
    return True


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _rows(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(row, Mapping) for row in value)


def _same(before: Any, after: Any) -> bool:
    nothing: tuple[Any, ...] = (None, "", [], {})
    if before in nothing and after in nothing and before is not False and after is not False:
        return True
    return bool(before == after) and isinstance(before, bool) == isinstance(after, bool)


def _within(path: str, fields: Sequence[str]) -> bool:
    return any(path == field or path.startswith(f"{field}.") for field in fields)
