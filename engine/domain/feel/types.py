"""Types of FEEL and what conforms to them (DMN 1.3 chapter 10.3.2.9)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from engine.domain.feel import limits, syntax
from engine.domain.feel.values import kind
from engine.errors import ExpressionRefused

_OLD_NAMES: Final = {
    "any": "Any",
    "day time duration": "days and time duration",
    "year month duration": "years and months duration",
}
BASIC: Final = frozenset(
    {
        "Any", "Null", "number", "string", "boolean", "date", "time", "date and time", "list", "context", "function",
        "range", "days and time duration", "years and months duration",
    }
)  # fmt: skip
_MEMBERS: Final = {"list": 1, "range": 1, "context": None, "function": None}

Permit: TypeAlias = Callable[[limits.Meter, Any], bool]


@dataclass(frozen=True, slots=True, eq=False)
class Type:
    """A type: its kind, the types inside it, and for one with a name of its own which values it allows.

    `members` are the types of a list's or a range's items, of a context's entries `names`, or of a function's
    parameters; `shown` tells a reader what is expected.
    """

    kind: str
    shown: str
    members: tuple["Type", ...] = ()
    names: tuple[str, ...] = ()
    allowed: Permit | None = None


ANY: Final = Type("Any", "Any")


def basic(name: str) -> Type | None:
    """Return the type FEEL itself calls `name`, None when it has none such."""
    known = _OLD_NAMES.get(name, name)
    return Type(known, known) if known in BASIC else None


def resolve(source: str, node: syntax.Type, known: Mapping[str, Type]) -> Type:
    """Return the type written in an expression; `known` holds those the model defines. Raise ExpressionRefused."""
    named = known.get(node.name) or basic(node.name)
    if named is None:
        expected = "one of " + ", ".join(sorted(BASIC | known.keys()))
        raise ExpressionRefused(source=source, position=max(source.find(node.name), 0), expected=expected)
    if not node.members and not node.names:
        return named
    wanted = _MEMBERS.get(named.kind, 0)
    if wanted is not None and wanted != len(node.members):
        raise ExpressionRefused(source=source, position=max(source.find(node.name), 0), expected=f"{node.name}<type>")
    members = tuple(resolve(source, member, known) for member in node.members)
    shown = f"{named.shown}<{', '.join(member.shown for member in members)}>"
    return Type(named.kind, shown, members, node.names)


def conforms(meter: limits.Meter, wanted: Type, value: Any) -> bool:
    """Tell whether a value is of a type, whatever values the type allows; null is of Null only."""
    meter.spend(1)
    if wanted.kind == "Any":
        return value is not None
    if wanted.kind == "Null":
        return value is None
    found = kind(value)
    if found != wanted.kind or not wanted.members:
        return found == wanted.kind
    return _INSIDE[found](meter, wanted, value)


def _list(meter: limits.Meter, wanted: Type, value: Any) -> bool:
    return all(_member(meter, wanted.members[0], item) for item in value)


def _range(meter: limits.Meter, wanted: Type, value: Any) -> bool:
    return all(_member(meter, wanted.members[0], end) for end in (value.start, value.end))


def _context(meter: limits.Meter, wanted: Type, value: Any) -> bool:
    entries = zip(wanted.names, wanted.members, strict=True)
    return all(name in value and _member(meter, member, value[name]) for name, member in entries)


def _function(_meter: limits.Meter, wanted: Type, value: Any) -> bool:
    given = zip(wanted.members, value.types, strict=False)
    fits = all(mine is None or mine.kind in ("Any", theirs.kind) for theirs, mine in given)
    return len(wanted.members) == len(value.parameters) and fits


def _member(meter: limits.Meter, wanted: Type, value: Any) -> bool:
    return value is None or conforms(meter, wanted, value)


_INSIDE: Final[dict[str, Callable[[limits.Meter, Type, Any], bool]]] = {
    "list": _list,
    "range": _range,
    "context": _context,
    "function": _function,
}


def coerced(meter: limits.Meter, wanted: Type, value: Any) -> Any:
    """Return `value` as DMN 1.3 chapter 10.3.2.9.4 has it: itself, made a list or taken out of one, else null."""
    if value is None or conforms(meter, wanted, value):
        return value
    if isinstance(value, list) and len(value) == 1 and conforms(meter, wanted, value[0]):
        return value[0]
    if wanted.kind == "list" and wanted.members and conforms(meter, wanted.members[0], value):
        return [value]
    return None


def forbidden(meter: limits.Meter, wanted: Type, value: Any) -> tuple[Type, Any] | None:
    """Return the type, `wanted` or one inside it, that does not allow a value, and that value; None when all do."""
    meter.spend(1)
    if value is None:
        return None
    if wanted.allowed is not None and not wanted.allowed(meter, value):
        return wanted, value
    for member, inside in _inside(wanted, value):
        found = forbidden(meter, member, inside)
        if found is not None:
            return found
    return None


def _inside(wanted: Type, value: Any) -> list[tuple[Type, Any]]:
    if wanted.kind == "list" and wanted.members and isinstance(value, list):
        return [(wanted.members[0], item) for item in value]
    if wanted.kind == "context" and isinstance(value, dict):
        return [(member, value.get(name)) for name, member in zip(wanted.names, wanted.members, strict=True)]
    return []
