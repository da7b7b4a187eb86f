"""Reading JSON strictly: what two readers might understand differently is refused."""

import json
from collections.abc import Iterable
from typing import Any, NoReturn

import orjson
from flask.json.provider import JSONProvider

DEPTH = 32
LARGEST = 10**18


class StrictJson(JSONProvider):
    """Reads what everybody reads alike and writes with orjson."""

    def loads(self, s: str | bytes, **_: Any) -> Any:
        """Return the value of `s`; raise ValueError on faults, and on what `read` refuses."""
        return read(s)

    def dumps(self, obj: Any, **_: Any) -> str:
        """Return `obj` as JSON; dates, UUIDs and dataclasses are understood, and the places of a list as keys."""
        return orjson.dumps(obj, option=orjson.OPT_NON_STR_KEYS).decode()

    def response(self, *args: Any, **kwargs: Any) -> Any:
        """Return a JSON reply of one value."""
        return self._app.response_class(
            self.dumps(self._prepare_response_obj(args, kwargs)), mimetype="application/json"
        )


def read(source: str | bytes) -> Any:
    """Return the JSON value of `source` (bytes are UTF-8).

    Raises ValueError on NaN and infinities, repeated keys, integers beyond 10^18, nesting deeper than 32, NUL and
    halves of surrogate pairs.
    """
    content = source.decode("utf-8-sig") if isinstance(source, bytes) else source
    try:
        value = json.loads(
            content, object_pairs_hook=_object, parse_constant=_refuse, parse_int=_integer, parse_float=_number
        )
    except RecursionError as fault:
        raise ValueError("nested too deeply") from fault
    _walk(value, texts="\\u" in content)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key appears twice")
    return value


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _integer(digits: str) -> int:
    value = int(digits) if len(digits) <= len(str(-LARGEST)) else LARGEST + 1
    if abs(value) > LARGEST:
        raise ValueError("integer too large")
    return value


def _number(digits: str) -> float:
    value = float(digits)
    if value in {float("inf"), float("-inf")}:
        raise ValueError("number too large")
    return value


def _walk(value: Any, *, texts: bool) -> None:
    """Visit every value level by level; escapes are the only way to smuggle in a NUL or half a surrogate pair."""
    level: list[Any] = [value]
    depth = 0
    while level:
        depth += 1
        if depth > DEPTH + 1:
            raise ValueError("nested too deeply")
        if texts:
            _check_texts(level)
        level = [child for parent in level if isinstance(parent, dict | list) for child in _children(parent)]


def _children(parent: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return [*parent.keys(), *parent.values()] if isinstance(parent, dict) else parent


def _check_texts(values: list[Any]) -> None:
    for value in values:
        if isinstance(value, str) and ("\x00" in value or any("\ud800" <= c <= "\udfff" for c in value)):
            raise ValueError("text holds a character that cannot be stored")
