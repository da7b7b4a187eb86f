"""What a feature test tells about BPMN: the element, the paragraph of the standard, and whether it runs here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Row:
    """A line of docs/reference/bpmn.md; as a decorator it leaves the test as it is."""

    element: str
    paragraph: str
    runs: bool = True

    def __call__(self, test: Callable[..., Any]) -> Callable[..., Any]:
        return test


def row(element: str, paragraph: str, *, runs: bool = True) -> Row:
    """Name what a test tells; the arguments must be literals, for the page is written without running anything."""
    return Row(element, paragraph, runs)
