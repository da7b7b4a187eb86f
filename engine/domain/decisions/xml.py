"""What DMN files are made of: elements of DMN 1.1 to 1.3, their children and their texts."""

from collections.abc import Iterator
from typing import Any, Final

NAMESPACES: Final = frozenset(
    {
        "http://www.omg.org/spec/DMN/20151101/dmn.xsd",
        "http://www.omg.org/spec/DMN/20180521/MODEL/",
        "https://www.omg.org/spec/DMN/20191111/MODEL/",
    }
)


def local(element: Any) -> str:
    """Return the name of an element of DMN, the empty text for any other."""
    namespace, _, name = str(element.tag).rpartition("}")
    return name if namespace.lstrip("{") in NAMESPACES else ""


def children(element: Any, name: str) -> list[Any]:
    """Return the children of `element` that are called `name`."""
    return [child for child in element if local(child) == name]


def child(element: Any, name: str) -> Any:
    """Return the first child of `element` that is called `name`, None when there is none."""
    return next(iter(children(element, name)), None)


def inside(root: Any, *names: str) -> Iterator[Any]:
    """Yield every element in `root` that has one of these names."""
    yield from root.iter(*[f"{{{namespace}}}{name}" for namespace in NAMESPACES for name in names])


def text(element: Any) -> str:
    """Return the text of an element that holds `<text>`, the empty text when it or its text is missing."""
    inner = None if element is None else child(element, "text")
    return "" if inner is None else (inner.text or "").strip()


def pointed(reference: Any) -> str:
    """Return the id that an element with `href="#id"` or `href="namespace#id"` points to."""
    return "" if reference is None else str(reference.get("href") or "").rpartition("#")[2]


def spelled(name: str | None) -> str:
    """Return a name as expressions spell it: one space between its words."""
    return " ".join((name or "").split())
