"""Files read and checked together as they would be deployed: diagrams, decisions, forms, indicators, templates."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import orjson
from lxml import etree

from engine import delegates, forms
from engine.bpmn import lint, parse
from engine.bpmn.elements import B
from engine.bpmn.gate import BPMN, parse_xml, refused
from engine.bpmn.lint import Strictness
from engine.domain import decisions, documents, indicators, wording
from engine.domain.decisions import Decision
from engine.domain.documents import Template
from engine.errors import DecisionFailed, ModelRefused

Finding = dict[str, Any]

MODELS = frozenset({".bpmn", ".dmn", ".xml"})
FIGURES = "indicators.csv"
TEMPLATES = "templates/*.toml"
NOTICES = "notices.toml"  # some of the texts of notices, in the words of the programme


@dataclass(frozen=True)
class Bundle:
    """What the files are; `diagrams` tells which file draws a process, `executable` the processes meant to be run."""

    model: parse.Model
    decisions: Mapping[str, Decision]
    forms: Mapping[str, dict[str, Any]]
    indicators: list[dict[str, str]]
    templates: Mapping[str, Template]
    diagrams: Mapping[str, str]
    executable: list[str]


def read(
    files: Mapping[str, bytes], roles: Iterable[str], strictness: Strictness
) -> tuple[Bundle | None, list[Finding]]:
    """Return what `files` are together and their findings; None when one of them is an error.

    `roles` are those known to the installation; the key of a file is its path inside the bundle.
    """
    roots, findings = _roots(files)
    diagrams = {name: root for name, root in roots.items() if etree.QName(root).namespace == BPMN}
    tables, faults = decisions.gather({name: root for name, root in roots.items() if name not in diagrams})
    schemas, more = _forms(files)
    rows, faulty = _figures(files)
    templates, unreadable = _templates(files)
    findings += [*(_told(file, fault) for file, fault in faults), *more, *faulty, *unreadable, *_notices(files)]
    known = {
        "forms": frozenset(schemas),
        "decisions": frozenset(tables),
        "operators": frozenset(delegates.names()),
        "roles": frozenset(roles),
    }
    findings += lint.lint(diagrams, known, strictness)
    if is_refused(findings):
        return None, findings
    try:
        model = parse.model(diagrams)
    except ModelRefused as fault:
        return None, [*findings, *fault.facts["findings"]]
    findings += _deadlines(model, tables, strictness)
    if is_refused(findings):
        return None, findings
    drawn = {one.get("id", ""): name for name, root in diagrams.items() for one in root.iter(f"{B}process")}
    return Bundle(model, tables, schemas, rows, templates, drawn, _executable(diagrams)), findings


def is_refused(findings: Iterable[Finding]) -> bool:
    """Tell whether a finding keeps the files from being run."""
    return any(finding["severity"] == "error" for finding in findings)


def _roots(files: Mapping[str, bytes]) -> tuple[dict[str, etree._Element], list[Finding]]:
    roots: dict[str, etree._Element] = {}
    findings: list[Finding] = []
    for name, content in files.items():
        if Path(name).suffix.lower() in MODELS:
            try:
                roots[name] = parse_xml(content, name)
            except ModelRefused as fault:
                findings += fault.facts["findings"]
    return roots, findings


def _executable(diagrams: Mapping[str, etree._Element]) -> list[str]:
    """Return the processes in the order they are drawn; when some say that they are executable, only those."""
    nodes = [node for root in diagrams.values() for node in root.iter(f"{B}process")]
    executable = [node for node in nodes if node.get("isExecutable") == "true"]
    return [node.get("id", "") for node in executable or nodes]


def _told(file: str, fault: decisions.Finding) -> Finding:
    text = {"zh": fault.text_zh, "en": fault.text_en}
    place = {"file": file, "element": fault.element, "name": fault.element}
    return {**place, "rule": fault.rule, "severity": fault.severity, "text": text}


def _forms(files: Mapping[str, bytes]) -> tuple[dict[str, dict[str, Any]], list[Finding]]:
    schemas: dict[str, dict[str, Any]] = {}
    findings: list[Finding] = []
    for name, content in files.items():
        if not name.endswith(".form"):
            continue
        try:
            schema = orjson.loads(content)
            findings += [_whole(name, finding) for finding in forms.check(schema)]
            schemas[Path(name).stem] = schema
        except orjson.JSONDecodeError as fault:
            zh, en = f"不是合格的 JSON：{fault}", f"Not JSON: {fault}"
            findings += refused(name, "form", zh, en).facts["findings"]
    return schemas, findings


def _figures(files: Mapping[str, bytes]) -> tuple[list[dict[str, str]], list[Finding]]:
    try:
        rows = indicators.read_rows(files[FIGURES]) if FIGURES in files else []
    except ModelRefused as fault:
        return [], [_whole(FIGURES, finding) for finding in fault.facts["findings"]]
    return rows, [_whole(FIGURES, finding) for finding in indicators.check(rows)]


def _templates(files: Mapping[str, bytes]) -> tuple[dict[str, Template], list[Finding]]:
    """Return the templates of documents by kind, which is the name of the file."""
    templates: dict[str, Template] = {}
    findings: list[Finding] = []
    for name, content in files.items():
        if PurePosixPath(name).match(TEMPLATES):
            template, faults = documents.read(content)
            findings += [_whole(name, fault) for fault in faults]
            if template is not None:
                templates[PurePosixPath(name).stem] = template
    return templates, findings


def _notices(files: Mapping[str, bytes]) -> Iterator[Finding]:
    """Yield what is wrong with a programme's own texts of notices."""
    try:
        tables = tomllib.loads(files.get(NOTICES, b"").decode())
    except ValueError as fault:
        yield from refused(NOTICES, "notices", f"无法读取：{fault}", f"Cannot be read: {fault}").facts["findings"]
        return
    texts = tables.pop("texts", {})
    faults = [wording.Fault(key, "没有这一项，只有 texts", "there is nothing but texts") for key in tables]
    faults += wording.faults(texts) if isinstance(texts, dict) else [wording.Fault("texts", "须为表", "not a table")]
    for one in faults:
        zh, en = f"提醒文字 {one.place}：{one.zh}。", f"Texts of notices, {one.place}: {one.en}."
        yield from refused(NOTICES, "notices", zh, en).facts["findings"]


def _whole(file: str, finding: Finding) -> Finding:
    """Return a finding of a reader that knows neither its file nor anything less than an error."""
    return {"name": finding["element"], "severity": "error", **finding, "file": file}


def _deadlines(model: parse.Model, tables: Mapping[str, Decision], strictness: Strictness) -> Iterator[Finding]:
    """Tell every deadline that runs or is to stand still and that nobody could reckon.

    Loose files may come without the decision that reckons it.
    """
    missed = "deadline" not in tables and strictness is Strictness.FILES
    for element in (element for some in model.elements.values() for element in some.values()):
        for key in {element.deadline, element.timing.deadline if element.timing else None, *element.stops} - {None}:
            if not _reckoned(tables, str(key)):
                zh, en = f"决策表 deadline 没有“{key}”一行。", f"The decision deadline has no row {key!r}."
                finding: Finding = refused("deadline.dmn", "missing-deadline", zh, en, element.id).facts["findings"][0]
                yield {**finding, "severity": "warning"} if missed else finding


def _reckoned(tables: Mapping[str, Decision], key: str) -> bool:
    try:
        row = tables["deadline"].evaluate({"task_key": key}) if "deadline" in tables else None
    except DecisionFailed:
        return False
    return isinstance(row, dict) and {"days", "unit"} <= row.keys()
