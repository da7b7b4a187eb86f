"""What is rehearsed: several files read as one deployment, checked as a deployment is, and kept nowhere."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import chinese_calendar

from engine import bundle
from engine.bpmn import parse
from engine.bpmn.elements import Element
from engine.bpmn.gate import MAX_TABLE_BYTES, refused
from engine.bpmn.lint import Strictness
from engine.bundle import FIGURES, MODELS, TEMPLATES, Bundle, Finding
from engine.domain import holidays
from engine.domain.decisions import Decision
from engine.domain.documents import Template
from engine.domain.workdays import SATURDAY, Calendar
from engine.settings import ROOT

PASSED_OVER = frozenset({"programme.toml"})
IN_FOLDERS = ("*.bpmn", "*.dmn", "*.form", "forms/*.form", FIGURES, TEMPLATES)
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
    templates: Mapping[str, Template] = field(default_factory=dict)

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
                files[name] = content.read(MAX_TABLE_BYTES + 1)
        except OSError as fault:
            zh, en = f"无法读取：{fault.strerror}", f"Cannot be read: {fault.strerror}"
            findings += refused(name, "file", zh, en).facts["findings"]
    return files, findings


def build(files: Mapping[str, bytes]) -> tuple[Deployment | None, list[Finding]]:
    """Return the deployment that `files` make and its findings; without a deployment when one of them is an error."""
    whole, findings = _read(files)
    if whole is not None and not whole.executable:
        findings += refused("", "file", "没有流程图文件。", "There is no diagram among the files.").facts["findings"]
    if whole is None or not whole.executable:
        return None, findings
    called = {one.called for some in whole.model.elements.values() for one in some.values()}
    roots = [name for name in whole.executable if name not in called]
    return Deployment(
        whole.model, whole.decisions, whole.indicators, whole.executable, roots, whole.templates
    ), findings


def check(files: Mapping[str, bytes]) -> list[Finding]:
    """Return the findings in files that are one deployment; decisions and forms may come without a diagram."""
    return _read(files)[1]


def calendar(notices: Path = NOTICES) -> Calendar:
    """Return the civil calendar as it is published, and as the notices in a folder change it; asks no database."""
    days = {day: False for day in chinese_calendar.holidays if day.weekday() < SATURDAY}
    days |= {day: True for day in chinese_calendar.workdays if day.weekday() >= SATURDAY}
    last = max(chinese_calendar.holidays).year
    for file in sorted((*notices.glob("*.csv"), *notices.glob("*.xlsx"))):
        noticed = holidays.read(file.read_bytes()).days
        days |= noticed
        last = max([last, *(day.year for day in noticed)])
    return Calendar(days, date(last, 12, 31))


def _unfolded(paths: Iterable[Path]) -> Iterator[tuple[Path, Path]]:
    for path in paths:
        if path.is_dir():
            yield from ((path, found) for pattern in IN_FOLDERS for found in sorted(path.glob(pattern)))
        else:
            yield path.parent, path


def _read(files: Mapping[str, bytes]) -> tuple[Bundle | None, list[Finding]]:
    roles = tomllib.loads(ROLES.read_text(encoding="utf-8"))
    whole, findings = bundle.read(files, roles, Strictness.FILES)
    return whole, [*findings, *_strangers(files)]


def _strangers(files: Mapping[str, bytes]) -> Iterator[Finding]:
    for name in files:
        path = Path(name)
        known = path.suffix.lower() in MODELS | {".form"} or path.name in PASSED_OVER | {FIGURES}
        if not known and not path.match(TEMPLATES):
            zh, en = "演练不使用这种文件。", "A rehearsal has no use for such a file."
            yield {**refused(name, "file", zh, en).facts["findings"][0], "severity": "warning"}
