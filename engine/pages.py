"""Pages of long lists: an opaque cursor says where the next page begins."""

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

import orjson

from engine.errors import NotFound

T = TypeVar("T")
UUID_FORM = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some rows of a list, and the cursor of the next ones."""

    rows: list[T]
    next: str | None


def page(rows: list[T], limit: int, key: Callable[[T], tuple[Any, ...]]) -> Page[T]:
    """Return the page in `rows`, which holds one row more than `limit` when there is a next page."""
    if len(rows) <= limit:
        return Page(rows, None)
    kept = rows[:limit]
    return Page(kept, base64.urlsafe_b64encode(orjson.dumps(key(kept[-1]))).decode().rstrip("="))


def place(cursor: str | None, *kinds: type) -> tuple[Any, ...] | None:
    """Return the key a cursor stands for, whose parts are of these kinds; raise NotFound for that of another list."""
    found = position(cursor)
    if found is not None and tuple(type(part) for part in found) != kinds:
        raise NotFound(cursor=cursor)
    return found


def position(cursor: str | None) -> tuple[Any, ...] | None:
    """Return the key a cursor stands for; raise NotFound when it is none of ours."""
    if not cursor:
        return None
    try:
        values = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return tuple(_value(value) for value in values)
    except (ValueError, TypeError) as fault:
        raise NotFound(cursor=cursor) from fault


def _value(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return UUID(value) if UUID_FORM.fullmatch(value) else datetime.fromisoformat(value)
