"""Write the tables of docs/reference/bpmn.md from what the feature tests tell (`tests.support.rows.row`)."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "bpmn.md"
TESTS = Path(__file__).resolve().parent / "bpmn"
BEGINS, ENDS = "<!-- elements: written by `make docs` from tests/features/bpmn -->\n", "<!-- end of elements -->\n"
GROUPS = {
    "Starts": ("§13.2", "§13.5.1"),
    "Activities": ("§10.3", "§13.3"),
    "Gateways": ("§13.4",),
    "Events": ("§10.5", "§13.5.2", "§13.5.3", "§13.5.6"),
    "Event sub-processes": ("§13.5.4",),
    "Compensation": ("§10.7", "§13.5.5"),
    "Data": ("§10.4",),
    "Choreographies": ("§11",),
}


@dataclass(order=True)
class Line:
    """One element and all the test files that tell of it."""

    order: tuple[int, ...]
    element: str
    paragraph: str
    runs: bool
    files: list[str] = field(default_factory=list)


def page() -> str:
    """Return the page as it should be: its tables anew, the rest as it stands."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGINS)
    _, _, after = rest.partition(ENDS)
    return f"{before}{BEGINS}\n{''.join(_tables())}{ENDS}{after}"


def lines() -> list[Line]:
    """Return every element the tests tell of; raise ValueError when two tests contradict each other."""
    found: dict[str, Line] = {}
    for file, element, paragraph, runs in _rows():
        line = found.setdefault(element, Line(_order(paragraph), element, paragraph, runs))
        if (line.paragraph, line.runs) != (paragraph, runs):
            raise ValueError(f"{element}: {file} contradicts {line.files}")
        if file not in line.files:
            line.files.append(file)
    return sorted(found.values())


def _tables() -> Iterator[str]:
    known = lines()
    for title, paragraphs in GROUPS.items():
        own = [line for line in known if line.paragraph.startswith(paragraphs)]
        yield f"### {title}\n\n| element | BPMN 2.0.2 | here | told by |\n| --- | --- | --- | --- |\n"
        yield from (_line(line) for line in own)
        yield "\n"


def _line(line: Line) -> str:
    state = "runs" if line.runs else "**refused**"
    told = ", ".join(f"`{name}`" for name in line.files)
    return f"| {line.element} | {line.paragraph} | {state} | {told} |\n"


def _rows() -> Iterator[tuple[str, str, str, bool]]:
    """Yield (file, element, paragraph, runs) of every call of `row`, read without running anything."""
    for path in sorted(TESTS.glob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "row":
                element, paragraph = (ast.literal_eval(argument) for argument in node.args)
                runs = all(ast.literal_eval(one.value) for one in node.keywords)
                yield path.stem, element, paragraph, runs


def _order(paragraph: str) -> tuple[int, ...]:
    return tuple(int(part) for part in paragraph.removeprefix("§").split("."))
