"""How a function of FEEL says what it takes, and how its arguments are fitted to that."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from engine.domain.feel import limits
from engine.domain.feel.values import kind, number

_UNFIT: Final = object()
_GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "day": ("date", "date and time"),
    "clock": ("time", "date and time"),
    "moment": ("date", "time", "date and time"),
    "duration": ("years and months duration", "days and time duration"),
    "months": ("years and months duration",),
    "span": ("days and time duration",),
    "scalar": (
        *("number", "string", "date", "time", "date and time", "years and months duration", "days and time duration"),
        "boolean",
    ),
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument: its name, the kind of value it wants, whether it may be left out or come many times."""

    name: str
    kind: str
    optional: bool
    repeated: bool

    @classmethod
    def read(cls, text: str) -> "Parameter":
        """Make it from `name: kind`, `name?: kind` (may be left out) or `*name: kind` (any number of them)."""
        name, _, wanted = text.partition(": ")
        return cls(name.strip("?*"), wanted, name.endswith("?"), name.startswith("*"))

    def fit(self, value: Any) -> Any:
        """Return `value` as the function wants it, `_UNFIT` when it cannot be that."""
        if self.kind == "any" or (value is None and self.optional):
            return value
        if self.kind == "list":
            return _as_list(value)
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        found = kind(value)
        if self.kind == "number" and found == "number":
            exact = number(value)
            return _UNFIT if exact is None else exact
        return value if found == self.kind or found in _GROUPS.get(self.kind, ()) else _UNFIT


def _as_list(value: Any) -> Any:
    if value is None:
        return _UNFIT
    return value if isinstance(value, list) else [value]


@dataclass(frozen=True, slots=True)
class Signature:
    """A function under its FEEL name with what it takes; a name may have several."""

    name: str
    function: Callable[..., Any]
    parameters: tuple[Parameter, ...]
    names: frozenset[str] = field(default=frozenset())

    def takes(self, count: int, names: Sequence[str]) -> bool:
        """Tell whether so many arguments, or arguments so named, can be meant for this."""
        required = [parameter for parameter in self.parameters if not parameter.optional and not parameter.repeated]
        if names:
            return set(names) <= self.names and {parameter.name for parameter in required} <= set(names)
        if self.parameters and self.parameters[-1].repeated:
            return count >= max(len(required), 1)
        return len(required) <= count <= len(self.parameters)

    def fit(self, arguments: list[Any]) -> list[Any] | None:
        """Return the arguments as the function wants them, None when one cannot be that."""
        fitted = []
        for place, value in enumerate(arguments):
            parameter = self.parameters[min(place, len(self.parameters) - 1)]
            value = parameter.fit(value)  # noqa: PLW2901 - the same argument, only in its wanted form
            if value is _UNFIT:
                return None
            fitted.append(value)
        return fitted

    def __str__(self) -> str:
        shown = [
            ("…" if each.repeated else "") + each.name + ("?" if each.optional else "") for each in self.parameters
        ]
        return f"{self.name}({', '.join(shown)})"


def signature(name: str, function: Callable[..., Any], *parameters: str) -> Signature:
    """Return the signature of `function`, which takes the meter before the arguments described."""
    read = tuple(Parameter.read(parameter) for parameter in parameters)
    return Signature(name, function, read, frozenset(parameter.name for parameter in read))


class Registry:
    """All signatures by name."""

    def __init__(self, signatures: Iterable[Signature]) -> None:
        self._by_name: dict[str, list[Signature]] = {}
        for each in signatures:
            self._by_name.setdefault(each.name, []).append(each)

    def known(self, name: str) -> bool:
        """Tell whether DMN defines `name`."""
        return name in self._by_name

    def accepting(self, name: str, count: int, names: tuple[str, ...]) -> list[tuple[Signature, list[int] | None]]:
        """Return the signatures that may be meant, each with the order that puts named arguments in place."""
        return [(each, _order(each, names)) for each in self._by_name[name] if each.takes(count, names)]

    def usage(self, name: str) -> str:
        """Return how `name` may be called, for a reader."""
        return " or ".join(str(each) for each in self._by_name[name])

    def catalogue(self) -> list[str]:
        """Return every way to call every function, sorted."""
        return sorted(str(each) for signatures in self._by_name.values() for each in signatures)


def _order(taker: Signature, names: tuple[str, ...]) -> list[int] | None:
    """Return for each parameter the place of its argument, -1 for one left out."""
    if not names:
        return None
    return [names.index(parameter.name) if parameter.name in names else -1 for parameter in taker.parameters]


def takes_function(takers: list[tuple[Signature, list[int] | None]], place: int) -> bool:
    """Tell whether the argument at `place` may be a function."""
    for taker, order in takers:
        index = place if order is None else order.index(place)
        if taker.parameters and taker.parameters[min(index, len(taker.parameters) - 1)].kind == "function":
            return True
    return False


def invoke(meter: limits.Meter, takers: list[tuple[Signature, list[int] | None]], arguments: list[Any]) -> Any:
    """Call the first taker whose kinds fit; null when none does or the reckoning has no answer."""
    for taker, order in takers:
        placed = arguments if order is None else [None if at < 0 else arguments[at] for at in order]
        fitted = taker.fit(placed)
        if fitted is not None:
            return _worked(meter, taker, fitted)
    return None


def _worked(meter: limits.Meter, taker: Signature, fitted: list[Any]) -> Any:
    for value in fitted:
        if type(value) is str:
            meter.spend_on(value)
    try:
        made = taker.function(meter, *fitted)
    except (ArithmeticError, ValueError):
        return None
    if type(made) is str:
        meter.spend_on(made)
    return made
