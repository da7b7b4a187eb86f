"""Types a model defines (DMN 1.3 chapter 7.3.2), and data taken as what they say it is."""

from typing import Any, Final

from engine.domain.feel import limits, temporal
from engine.domain.feel.types import Type, basic, coerced
from engine.domain.feel.values import kind

_OTHER_NAMES: Final = {
    "dateTime": "date and time",
    "dateAndTime": "date and time",
    "dayTimeDuration": "days and time duration",
    "yearMonthDuration": "years and months duration",
    "integer": "number",
    "int": "number",
    "long": "number",
    "double": "number",
    "float": "number",
    "decimal": "number",
}
_WRITTEN: Final = frozenset({"date", "time", "date and time", "days and time duration", "years and months duration"})


def named(name: str, known: dict[str, Type]) -> Type | None:
    """Return the type a `typeRef` names, with or without a prefix; None when nobody defines it."""
    for spelled in (name, name.rpartition(":")[2]):
        found = known.get(spelled) or basic(_OTHER_NAMES.get(spelled, spelled))
        if found is not None:
            return found
    return None


def received(wanted: Type, value: Any) -> Any:
    """Return data with every text that is meant for a date, a time or a duration read as that (JSON has none).

    An entry that a context lacks is null.
    """
    if isinstance(value, str) and wanted.kind in _WRITTEN:
        found = temporal.read(value)
        return found if kind(found) == wanted.kind else value
    if isinstance(value, list) and wanted.kind == "list" and wanted.members:
        return [received(wanted.members[0], item) for item in value]
    if isinstance(value, dict) and wanted.kind == "context":
        members = zip(wanted.names, wanted.members, strict=True)
        return {**value, **{name: received(member, value.get(name)) for name, member in members}}
    return value


def conforming(meter: limits.Meter, wanted: Type, value: Any) -> tuple[bool, Any]:
    """Tell whether data can be taken as its type, and as what."""
    found = coerced(meter, wanted, received(wanted, value))
    return value is None or found is not None, found
