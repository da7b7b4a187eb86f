"""What differs between two versions of a programme's files: in words of both languages, and as tables overlaid.

Pure but for the names of roles; files that cannot be read are told line by line.
"""

from collections.abc import Callable, Mapping
from fnmatch import fnmatch

from engine.differences import decisions, diagrams, forms, lines, sets
from engine.differences.changes import Change as Change
from engine.differences.changes import FileDifference as FileDifference
from engine.differences.changes import Kind as Kind
from engine.differences.changes import What as What
from engine.differences.changes import Words as Words
from engine.differences.tables import Cell as Cell
from engine.differences.tables import Grid as Grid
from engine.differences.tables import Row as Row
from engine.errors import ModelRefused

KINDS: Mapping[str, Kind] = {
    "*.bpmn": Kind.DIAGRAM,
    "*.dmn": Kind.DECISION,
    "*.form": Kind.FORM,
    "indicators.csv": Kind.SET,
    "scenarios/*.json": Kind.SCENARIO,
    "templates/*.toml": Kind.TEMPLATE,
}
NAMES: Mapping[Kind, Words] = {
    Kind.DIAGRAM: ("流程图", "diagram"),
    Kind.DECISION: ("决策", "decision"),
    Kind.FORM: ("表单", "form"),
    Kind.SET: ("指标体系", "indicator sets"),
    Kind.SCENARIO: ("情景", "scenario"),
    Kind.TEMPLATE: ("公文模板", "template"),
    Kind.TEXT: ("文件", "file"),
}
COMPARING: Mapping[Kind, Callable[[bytes, bytes], list[Change]]] = {
    Kind.DIAGRAM: diagrams.compare,
    Kind.DECISION: decisions.compare,
    Kind.FORM: forms.compare,
    Kind.SET: sets.compare,
}
LAYING: Mapping[Kind, Callable[[bytes, bytes], list[Grid]]] = {
    Kind.DECISION: decisions.grids,
    Kind.FORM: forms.grids,
    Kind.SET: sets.grids,
}


def compare(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> list[FileDifference]:
    """Return every file that differs with its changes, by path; files that are the same are left out."""
    paths = sorted(before.keys() | after.keys())
    return [_file(path, before.get(path), after.get(path)) for path in paths if before.get(path) != after.get(path)]


def grids(path: str, before: bytes | None, after: bytes | None) -> list[Grid]:
    """Return a file's tables laid over each other; of a text its lines, of a diagram, which is drawn, none."""
    kind = kind_of(path)
    if kind is Kind.DIAGRAM:
        return []
    try:
        if kind in LAYING:
            return LAYING[kind](before or b"", after or b"")
    except ModelRefused:
        pass  # what cannot be read as what it should be is still a text
    return [lines.grid(NAMES[kind], before or b"", after or b"")]


def kind_of(path: str) -> Kind:
    """Return what a file of a programme is, by its path."""
    return next((kind for pattern, kind in KINDS.items() if fnmatch(path, pattern)), Kind.TEXT)


def _file(path: str, before: bytes | None, after: bytes | None) -> FileDifference:
    kind = kind_of(path)
    zh, en = NAMES[kind]
    if before is None:
        return FileDifference(path, kind, [Change("", What.ADDED, "", "", f"新增{zh}", f"New {en}")], What.ADDED)
    if after is None:
        return FileDifference(
            path, kind, [Change("", What.REMOVED, "", "", f"删除{zh}", f"{en} removed")], What.REMOVED
        )
    return FileDifference(path, kind, _changes(kind, before, after))


def _changes(kind: Kind, before: bytes, after: bytes) -> list[Change]:
    try:
        found = COMPARING.get(kind, lines.compare)(before, after)
    except ModelRefused:
        found = lines.compare(before, after)
    return found or [Change("", What.LAYOUT, "", "", "只改了书写格式", "only the way it is written changed")]
