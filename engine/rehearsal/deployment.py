"""What is rehearsed: several files read as one deployment, checked as a deployment is, and kept nowhere."""

import csv
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import chinese_calendar
import orjson
from lxml import etree

from engine import delegates, forms
from engine.bpmn import lint as linter
from engine.bpmn import parse
from engine.bpmn.elements import B, Element
from engine.bpmn.gate import BPMN, MAX_BYTES, parse_xml, refused
from engine.bpmn.lint import Strictness
from engine.domain import decisions, indicators
from engine.domain.decisions import Decision
from engine.domain.workdays import SATURDAY, Calendar
from engine.errors import DecisionFailed, ModelRefused
from engine.settings import ROOT

Finding = dict[str, Any]

DIAGRAMS = frozenset({".bpmn", ".dmn", ".xml"})
FIGURES = "indicators.csv"
PASSED_OVER = frozenset({"programme.toml"})
IN_FOLDERS = ("*.bpmn", "*.dmn", "*.form", "forms/*.form", FIGURES)
ROLES = ROOT / "config" / "roles.toml"
NOTICES = ROOT / "config" / "calendar"


@dataclass(frozen=True)
class Deployment:
    """The processes, decisions and indicator sets of the files; `roots` are the processes that nobody else calls."""

    model: parse.Model
    decisions: Mapping[str, Decision]
    indicators: list[dict[str, str]]
    processes: list[str]
    roots: list[str]

    def kinds(self) -> dict[str, set[str]]:
        """Return what is drawn under each id; several processes may use one id."""
        found: dict[str, set[str]] = {}
        for element in (element for some in self.model.elements.values() for element in some.values()):
            found.setdefault(element.id, set()).add(element.kind)
        return found

    def starts(self, process: str) -> list[Element]:
        """Return the events that start a process."""
        return list(self.model.starts.get(process, ()))

    def chosen(self, wished: str | None) -> str | None:
        """Return the process to begin with: the wished one if it has a none start, else the first that nobody calls.

        None when every process waits for an event to start it.
        """
        candidates = [wished] if wished else [*self.roots, *self.processes]
        return next((name for name in candidates if self._begins(name)), None)

    def _begins(self, process: str) -> bool:
        """Tell whether a process begins by itself: by a none start event, or where nothing leads when it draws none."""
        starts = self.starts(process)
        return not starts or any(one.event == "none" for one in starts)


def gather(paths: Iterable[Path]) -> tuple[dict[str, bytes], list[Finding]]:
    """Return the content of every file, a folder standing for the files of a programme in it, and what is unreadable.

    Files are told by their names; of two alike the second is told by its whole path.
    """
    files: dict[str, bytes] = {}
    findings: list[Finding] = []
    for base, path in _unfolded(paths):
        name = path.relative_to(base).as_posix()
        name = path.as_posix() if name in files else name
        try:
            with path.open("rb") as content:
                files[name] = content.read(MAX_BYTES + 1)
        except OSError as fault:
            findings += _refused(name, "file", f"无法读取：{fault.strerror}", f"Cannot be read: {fault.strerror}")
    return files, findings


def build(files: Mapping[str, bytes]) -> tuple[Deployment | None, list[Finding]]:
    """Return the deployment that `files` make and its findings; without a deployment when one of them is an error."""
    roots, findings = _roots(files)
    diagrams = {name: root for name, root in roots.items() if etree.QName(root).namespace == BPMN}
    tables, faults = decisions.gather({name: root for name, root in roots.items() if name not in diagrams})
    findings += [*(_told(file, fault) for file, fault in faults), *_strangers(files)]
    schemas, more = _forms(files)
    rows, faulty = _figures(files)
    findings += [*more, *faulty]
    if not diagrams:
        findings += _refused("", "file", "没有流程图文件。", "There is no diagram among the files.")
    findings += linter.lint(diagrams, _known(schemas, tables), Strictness.FILES)
    if is_refused(findings):
        return None, findings
    try:
        model = parse.model(diagrams)
    except ModelRefused as fault:
        return None, [*findings, *fault.facts["findings"]]
    findings += _deadlines(model, tables)
    if is_refused(findings):
        return None, findings
    processes = _processes(diagrams)
    called = {one.called for some in model.elements.values() for one in some.values()}
    deployment = Deployment(model, tables, rows, processes, [name for name in processes if name not in called])
    return deployment, findings


def is_refused(findings: Iterable[Finding]) -> bool:
    """Tell whether a finding keeps the files from being run."""
    return any(finding["severity"] == "error" for finding in findings)


def calendar(notices: Path = NOTICES) -> Calendar:
    """Return the civil calendar as it is published, and as the notices in a folder change it; asks no database."""
    days = {day: False for day in chinese_calendar.holidays if day.weekday() < SATURDAY}
    days |= {day: True for day in chinese_calendar.workdays if day.weekday() >= SATURDAY}
    last = max(chinese_calendar.holidays).year
    for file in sorted(notices.glob("*.csv")):
        with file.open(encoding="utf-8", newline="") as lines:
            noticed = {date.fromisoformat(row["day"]): row["workday"] == "1" for row in csv.DictReader(lines)}
        days |= noticed
        last = max([last, *(day.year for day in noticed)])
    return Calendar(days, date(last, 12, 31))


def _unfolded(paths: Iterable[Path]) -> Iterator[tuple[Path, Path]]:
    for path in paths:
        if path.is_dir():
            yield from ((path, found) for pattern in IN_FOLDERS for found in sorted(path.glob(pattern)))
        else:
            yield path.parent, path


def _roots(files: Mapping[str, bytes]) -> tuple[dict[str, etree._Element], list[Finding]]:
    roots: dict[str, etree._Element] = {}
    findings: list[Finding] = []
    for name, content in files.items():
        if Path(name).suffix.lower() in DIAGRAMS:
            try:
                roots[name] = parse_xml(content, name)
            except ModelRefused as fault:
                findings += fault.facts["findings"]
    return roots, findings


def _told(file: str, fault: decisions.Finding) -> Finding:
    text = {"zh": fault.text_zh, "en": fault.text_en}
    place = {"file": file, "element": fault.element, "name": fault.element}
    return {**place, "rule": fault.rule, "severity": fault.severity, "text": text}


def _forms(files: Mapping[str, bytes]) -> tuple[frozenset[str], list[Finding]]:
    findings: list[Finding] = []
    names = [name for name in files if name.endswith(".form")]
    for name in names:
        try:
            findings += [_whole(name, finding) for finding in forms.check(orjson.loads(files[name]))]
        except orjson.JSONDecodeError as fault:
            findings += _refused(name, "form", f"不是合格的 JSON：{fault}", f"Not JSON: {fault}")
    return frozenset(Path(name).stem for name in names), findings


def _figures(files: Mapping[str, bytes]) -> tuple[list[dict[str, str]], list[Finding]]:
    try:
        rows = indicators.read_rows(files[FIGURES]) if FIGURES in files else []
    except ModelRefused as fault:
        return [], [_whole(FIGURES, finding) for finding in fault.facts["findings"]]
    return rows, [_whole(FIGURES, finding) for finding in indicators.check(rows)]


def _whole(file: str, finding: Finding) -> Finding:
    """Return a finding of a form or of indicators, which know neither their file nor anything less than an error."""
    return {"file": file, "name": finding["element"], "severity": "error", **finding}


def _deadlines(model: parse.Model, tables: Mapping[str, Decision]) -> Iterator[Finding]:
    """Tell every deadline that nobody could reckon; loose files may come without the decision that reckons it."""
    for element in (element for some in model.elements.values() for element in some.values()):
        for key in {element.deadline, element.timing.deadline if element.timing else None} - {None}:
            if not _reckoned(tables, str(key)):
                zh, en = f"决策表 deadline 没有“{key}”一行。", f"The decision deadline has no row {key!r}."
                finding: Finding = refused("deadline.dmn", "missing-deadline", zh, en, element.id).facts["findings"][0]
                yield finding if "deadline" in tables else {**finding, "severity": "warning"}


def _reckoned(tables: Mapping[str, Decision], key: str) -> bool:
    try:
        row = tables["deadline"].evaluate({"task_key": key}) if "deadline" in tables else None
    except DecisionFailed:
        return False
    return isinstance(row, dict) and {"days", "unit"} <= row.keys()


def _strangers(files: Mapping[str, bytes]) -> Iterator[Finding]:
    for name in files:
        path = Path(name)
        if path.suffix.lower() not in DIAGRAMS | {".form"} and path.name not in PASSED_OVER | {FIGURES}:
            zh, en = "演练不使用这种文件。", "A rehearsal has no use for such a file."
            yield {**_refused(name, "file", zh, en)[0], "severity": "warning"}


def _known(schemas: frozenset[str], tables: Mapping[str, Decision]) -> dict[str, frozenset[str]]:
    return {
        "forms": schemas,
        "decisions": frozenset(tables),
        "operators": frozenset(delegates.names()),
        "roles": frozenset(tomllib.loads(ROLES.read_text(encoding="utf-8"))),
    }


def _processes(diagrams: Mapping[str, etree._Element]) -> list[str]:
    """Return the processes in the order they are drawn; when some say that they are executable, only those."""
    nodes = [node for root in diagrams.values() for node in root.iter(f"{B}process")]
    executable = [node for node in nodes if node.get("isExecutable") == "true"]
    return [node.get("id", "") for node in executable or nodes]


def _refused(file: str, rule: str, zh: str, en: str) -> list[Finding]:
    found: list[Finding] = refused(file, rule, zh, en).facts["findings"]
    return found
