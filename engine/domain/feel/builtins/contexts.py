"""Functions on contexts (DMN 1.3 chapter 10.3.4.10, with those DMN 1.4 added)."""

from typing import Any, Final

from engine.domain.feel import limits
from engine.domain.feel.builtins.registry import Signature, signature


def _get_value(_meter: limits.Meter, context: dict[str, Any], key: str) -> Any:
    return context.get(key)


def _get_entries(meter: limits.Meter, context: dict[str, Any]) -> list[dict[str, Any]]:
    meter.spend(len(context))
    return [{"key": key, "value": value} for key, value in context.items()]


def _context(meter: limits.Meter, entries: list[Any]) -> dict[str, Any] | None:
    meter.spend(len(entries))
    made: dict[str, Any] = {}
    for entry in entries:
        if not isinstance(entry, dict) or not isinstance(entry.get("key"), str) or "value" not in entry:
            return None
        if entry["key"] in made:
            return None
        made[entry["key"]] = entry["value"]
    return made


def _put(meter: limits.Meter, context: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    meter.spend(len(context))
    return {**context, key: value}


def _put_deep(meter: limits.Meter, context: dict[str, Any], keys: list[Any], value: Any) -> dict[str, Any] | None:
    if not keys or not all(isinstance(key, str) for key in keys):
        return None
    if len(keys) == 1:
        return _put(meter, context, keys[0], value)
    inner = context.get(keys[0], {})
    changed = _put_deep(meter, inner, keys[1:], value) if isinstance(inner, dict) else None
    return None if changed is None else _put(meter, context, keys[0], changed)


def _merge(meter: limits.Meter, contexts: list[Any]) -> dict[str, Any] | None:
    made: dict[str, Any] = {}
    for context in contexts:
        if not isinstance(context, dict):
            return None
        meter.spend(len(context))
        made.update(context)
    return made


SIGNATURES: Final[list[Signature]] = [
    signature("get value", _get_value, "m: context", "key: string"),
    signature("get entries", _get_entries, "m: context"),
    signature("context", _context, "entries: list"),
    signature("context put", _put, "context: context", "key: string", "value: any"),
    signature("context put", _put_deep, "context: context", "keys: list", "value: any"),
    signature("context merge", _merge, "contexts: list"),
]
