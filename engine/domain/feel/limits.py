"""How large an expression, its values and its work may become; no expression may hang or bomb the house."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from engine.errors import ExpressionFailed

SOURCE: Final = 4_000
NODES: Final = 300
DEPTH: Final = 60
STEPS: Final = 20_000
TEXT: Final = 20_000
ITEMS: Final = 5_000
NUMBER: Final = 10**18
CALLS: Final = 60
PATTERN: Final = 200
MATCHED_TEXT: Final = 2_000
REGEX_MOVES_PER_STEP: Final = 5
STEPS_PER_PATTERN: Final = 400
LETTERS_PER_STEP: Final = 64
STEPS_PER_SERIES: Final = 10
DECISION_STEPS: Final = 5 * STEPS


class Meter:
    """What one evaluation may still spend, and the functions it may call by name."""

    __slots__ = ("depth", "functions", "left", "patterns", "steps")

    def __init__(self, functions: Mapping[str, Callable[..., Any]], steps: int = STEPS) -> None:
        self.left = self.steps = steps
        self.depth = 0
        self.functions = functions
        self.patterns: set[str] | None = None

    def spend(self, steps: int) -> None:
        """Take `steps` from what is left; raise ExpressionFailed when nothing is."""
        self.left -= steps
        if self.left < 0:
            raise ExpressionFailed(reason="too many steps", limit=self.steps)

    def spend_on(self, value: str) -> None:
        """Take the steps for a text that was made or kept: many long ones would fill the memory."""
        self.spend(len(value) // LETTERS_PER_STEP)

    def spend_on_pattern(self, pattern: str) -> None:
        """Take the steps for reading a pattern, once in an evaluation."""
        if self.patterns is None:
            self.patterns = set()
        if pattern not in self.patterns:
            self.patterns.add(pattern)
            self.spend(STEPS_PER_PATTERN)


def text(value: str) -> str:
    """Return `value` if it is short enough, else raise ExpressionFailed."""
    if len(value) > TEXT:
        raise ExpressionFailed(reason="a text is too long", limit=TEXT)
    return value


def items(value: list[Any]) -> list[Any]:
    """Return `value` if it is short enough, else raise ExpressionFailed."""
    if len(value) > ITEMS:
        raise ExpressionFailed(reason="a list is too long", limit=ITEMS)
    return value
