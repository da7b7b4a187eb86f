"""How values leave the language: as FEEL text, and as plain JSON for the data of a process."""

import re
from collections.abc import Callable
from typing import Any, Final

from engine.domain.feel import limits, temporal
from engine.domain.feel.values import digits, kind, number
from engine.errors import ExpressionFailed

_TEMPORAL: Final = ("date", "time", "date and time")
_DURATIONS: Final = ("years and months duration", "days and time duration")
_JSON_DEPTH: Final = 50
_FRACTION: Final = re.compile(r"(\.\d*[1-9])0+")


def text(meter: limits.Meter, value: Any, nested: bool = False) -> str | None:  # noqa: FBT001, FBT002
    """Return `value` as FEEL writes it (a text inside a list in quotes), None for null on its own."""
    meter.spend(1)
    found = kind(value)
    if found == "string":
        return _quoted(value) if nested else str(value)
    if found in _TEXTS:
        return _TEXTS[found](meter, value)
    return "null" if nested else None


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _list(meter: limits.Meter, value: list[Any]) -> str:
    return limits.text("[" + ", ".join([str(text(meter, item, nested=True)) for item in value]) + "]")


def _context(meter: limits.Meter, value: dict[str, Any]) -> str:
    entries = [f"{_key(str(key))}: {text(meter, item, nested=True)}" for key, item in value.items()]
    return limits.text("{" + ", ".join(entries) + "}")


def _key(key: str) -> str:
    return key if key.replace(" ", "_").isidentifier() else _quoted(key)


def _range(meter: limits.Meter, value: Any) -> str:
    start, end = text(meter, value.start, nested=True), text(meter, value.end, nested=True)
    return f"{'[' if value.start_included else '('}{start}..{end}{']' if value.end_included else ')'}"


def _number(_meter: limits.Meter, value: Any) -> str | None:
    exact = number(value)
    return None if exact is None else limits.text(digits(exact))


_TEXTS: Final[dict[str, Callable[[limits.Meter, Any], str | None]]] = {
    "boolean": lambda _meter, value: "true" if value else "false",
    "number": _number,
    **dict.fromkeys(_TEMPORAL, lambda _meter, value: temporal.write(value)),
    **dict.fromkeys(_DURATIONS, lambda _meter, value: str(value)),
    "list": _list,
    "context": _context,
    "range": _range,
}


def to_json(value: Any) -> Any:
    """Return `value` as plain JSON data: dates and durations as ISO 8601 text, whole numbers as int, others as float.

    Raise ExpressionFailed for functions and ranges, for numbers beyond 10^18, for text no database keeps,
    and for data too large or too deep.
    """
    return _plain(limits.Meter({}), value, 0)


def _plain(meter: limits.Meter, value: Any, depth: int) -> Any:
    meter.spend(1)
    if value is None or value is True or value is False:
        return value
    if depth > _JSON_DEPTH:
        raise ExpressionFailed(reason="the result is nested too deeply", limit=_JSON_DEPTH)
    found = kind(value)
    if found == "list":
        return [_plain(meter, item, depth + 1) for item in value]
    if found == "context":
        return {_storable(str(key)): _plain(meter, item, depth + 1) for key, item in value.items()}
    if found == "number":
        return _plain_number(value)
    if found == "string":
        meter.spend_on(value)
        return _storable(str(value))
    if found in _TEMPORAL or found in _DURATIONS:
        return _TEXTS[found](meter, value) if found in _DURATIONS else _iso(value)
    raise ExpressionFailed(reason=f"a {found} value cannot be kept")


def _iso(value: Any) -> str:
    """Return ISO 8601 with the offset where one is known; a time of a zone by name keeps that name."""
    text: str = value.isoformat()
    if getattr(value, "tzinfo", None) is not None and value.utcoffset() is None:
        return temporal.write(value)
    return text if not getattr(value, "microsecond", 0) else _FRACTION.sub(r"\1", text)


def _plain_number(value: Any) -> int | float:
    exact = number(value)
    if exact is None or not -limits.NUMBER <= exact <= limits.NUMBER:
        raise ExpressionFailed(reason="a number is beyond 10^18 or none at all")
    whole = exact if isinstance(exact, int) else exact.to_integral_value()
    return int(whole) if whole == exact else float(exact)


def _storable(value: str) -> str:
    if "\0" in value or not _encodable(value):
        raise ExpressionFailed(reason="a text holds a character that cannot be kept")
    return value


def _encodable(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
