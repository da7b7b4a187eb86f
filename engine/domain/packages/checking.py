"""What a package must hold against: its seal, the sheets reckoned again, the decisions made again, the deadlines.

Nothing but the package is asked, so a clean machine can do it. Every fault is told with its file; a part that cannot be
read is a fault as well, and the rest is looked at all the same.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property, partial
from pathlib import PurePosixPath
from typing import Any

from engine.domain import canonical, deadlines, indicators, sheets
from engine.domain.decisions import Decision
from engine.domain.packages import replaying, sealing, zipped
from engine.domain.packages.sealing import Fault, Files
from engine.domain.workdays import Calendar
from engine.errors import IcityError, PackageRefused

PROGRAMME, CALENDAR = "programme.json", "calendar.json"
DECISIONS, DEADLINES = "decisions.json", "deadlines.json"
SHEETS, EVIDENCE, DOCUMENTS = "sheets.json", "evidence.json", "documents.json"
MOST_DAYS = 1_000_000  # that the deadlines of a package may take together
UNREADABLE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)

ReadTables = Callable[[bytes, str], Mapping[str, Decision]]
Patience = Callable[[], bool]
Check = Callable[["_Package"], Iterator[Fault]]


@dataclass(frozen=True)
class Report:
    """What was found: what the package says it is, its faults, what was checked and what could not be."""

    about: Mapping[str, Any]
    sha256: str
    faults: list[Fault]
    checked: Mapping[str, int]
    notes: list[tuple[str, str]]


@dataclass
class _Package:
    """A package while it is looked at."""

    files: Files
    read_tables: ReadTables
    patient: Patience
    checked: dict[str, int] = field(default_factory=dict)
    notes: list[tuple[str, str]] = field(default_factory=list)

    def json(self, name: str) -> Any:
        """Return the value of one of the package's JSON files; raise LookupError, ValueError."""
        return canonical.decode(self.files[name])

    def count(self, what: str) -> None:
        """Count something that is looked at; raise PackageRefused when patience has ended."""
        if not self.patient():
            raise PackageRefused(reason="it takes longer than any case should", zh="核对时间过长")
        self.checked[what] = self.checked.get(what, 0) + 1

    @cached_property
    def digests(self) -> dict[str, str]:
        """The SHA-256 of every file, reckoned once however often it is listed."""
        return {name: hashlib.sha256(content).hexdigest() for name, content in self.files.items()}

    @cached_property
    def evidence(self) -> frozenset[str]:
        """The digests of the evidence that is listed; raise LookupError, TypeError, ValueError."""
        return frozenset(one["digest"] for one in self.json(EVIDENCE))


def check(content: bytes, read_tables: ReadTables, patient: Patience = lambda: True) -> Report:
    """Return what is wrong with a package; `read_tables` reads the decisions of a .dmn file by id.

    Raise PackageRefused when it is no package of this form at all, or `patient` says that it took long enough.
    """
    files = zipped.unpack(content)
    package = _Package(files, read_tables, patient, {"files": len(files)})
    found = list(sealing.faults(content, files))
    for name, checks in CHECKS.items():
        found += _guarded(package, name, checks)
    manifest = sealing.read_manifest(files) or {"about": {}}
    if manifest.get("sm3") == sealing.WITHOUT_SM3 or not sealing.knows_sm3():
        package.notes.append(
            ("SM3未核对：本机或制作机器不支持", "SM3 was not checked: unknown to this or that machine")
        )
    sha256 = hashlib.sha256(content).hexdigest()
    return Report(manifest["about"], sha256, list(dict.fromkeys(found)), package.checked, package.notes)


def _guarded(package: _Package, name: str, checks: Check) -> list[Fault]:
    """Run one check; what it stumbles over is a fault of its file."""
    found: list[Fault] = []
    try:
        found.extend(checks(package))
    except PackageRefused:
        raise
    except KeyError as fault:
        zh, en = f"缺少{fault.args[0]}", f"{fault.args[0]!s:.60} is missing"
        found.append(Fault(name, "unreadable", f"无法核对：{zh}", f"Cannot be checked: {en}"))
    except (IcityError, *UNREADABLE) as fault:
        found.append(Fault(name, "unreadable", "内容无法识别", f"Cannot be understood ({type(fault).__name__})"))
    return found


def _sheets(package: _Package) -> Iterator[Fault]:
    listed = {f"sheets/{one['id']}.json": one for one in package.json(SHEETS)}
    for name in sorted(name for name in package.files if name.startswith("sheets/") and name not in listed):
        yield Fault(name, "unlisted", "得分表目录中没有这一份", "The list of sheets does not have this one")
    for name, one in listed.items():
        package.count("sheets")
        yield from _guarded(package, name, partial(_sheet, name=name, listed=one))


def _sheet(package: _Package, name: str, listed: Mapping[str, Any]) -> Iterator[Fault]:
    content = package.files[name]
    sheet = package.json(name)
    if package.digests[name] != listed["digest"]:
        yield Fault(name, "digest", "得分表与登记的校验值不符", "The sheet does not match its recorded digest")
    if indicators.digest(sheet["set"]["rows"]) != sheet["set"]["digest"]:
        yield Fault(name, "set", "指标体系与其校验值不符", "The indicator set does not match its digest")
    if canonical.encode(sheets.recompute(sheet)) != content:
        yield Fault(name, "recompute", "按原始数据重算，得分不同", "Reckoned from its raw inputs the score is another")
    if sheets.plain_number(sheet["total"]) != sheets.plain_number(listed["total"]):
        yield Fault(name, "total", "总分与登记的不符", "The total is not the one on record")
    for digest in sorted({digest for one in sheet["inputs"] for digest in one["evidence"]} - package.evidence):
        yield Fault(name, "evidence", f"佐证{digest:.12}未列入目录", f"Evidence {digest:.12} is not in the list")


def _decisions(package: _Package) -> Iterator[Fault]:
    tables: dict[str, Mapping[str, Decision]] = {}
    unknown = 0
    for one in package.json(DECISIONS):
        package.count("decisions")
        programme, made = one["programme"], one["made"]
        if programme not in tables:
            tables[programme] = dict(_tables(package, programme))
        decision = tables[programme].get(made["decision"])
        agrees = None if decision is None else replaying.same(decision, made)
        place = f"{made['decision']} ({one['at']})"
        if decision is None:
            zh, en = f"包内没有决策表{made['decision']}", f"The package has no decision {made['decision']!s:.60}"
            yield Fault(DECISIONS, "decision", zh, en)
        elif agrees is False:
            zh, en = f"重做决策，结果或规则不同：{place}", f"Made again, answer or rules differ: {place}"
            yield Fault(DECISIONS, "decision", zh, en)
        unknown += agrees is None and decision is not None
    if unknown:
        zh, en = (
            f"{unknown}个决策的数据不全，未能重做",
            f"{unknown} decisions could not be made again: data is not on record",
        )
        package.notes.append((zh, en))


def _tables(package: _Package, programme: str) -> Iterator[tuple[str, Decision]]:
    for name, content in package.files.items():
        place = PurePosixPath(name)
        if place.suffix == ".dmn" and place.parent.as_posix() == folder(programme):
            yield from package.read_tables(content, name).items()


def folder(programme: str) -> str:
    """Return the folder of the decisions of a programme version."""
    return f"programme/{programme[:16]}"


def _programme(package: _Package) -> Iterator[Fault]:
    for version in package.json(PROGRAMME):
        package.count("programmes")
        whole = hashlib.sha256()
        for one in version["files"]:
            whole.update(f"{one['path']}\0{one['sha256']}\n".encode())
        if whole.hexdigest() != version["digest"]:
            yield Fault(PROGRAMME, "digest", "流程版本与其校验值不符", "A programme version does not match its digest")
        for one in version["files"]:
            name = f"{folder(version['digest'])}/{one['path']}"
            if one["path"].endswith(".dmn") and package.digests[name] != one["sha256"]:
                yield Fault(name, "digest", "决策表不是该流程版本的", "The decision is not that of the version")


def _calendar(package: _Package) -> Calendar:
    kept = package.json(CALENDAR)
    days = {date.fromisoformat(one["day"]): one["workday"] is True for one in kept["days"]}
    return Calendar(days, date.fromisoformat(kept["known_until"]))


def _calendars(package: _Package) -> Iterator[Fault]:
    calendar = _calendar(package)
    package.count("calendars")
    if calendar.version != package.json(CALENDAR)["version"]:
        yield Fault(CALENDAR, "version", "日历与其版本不符", "The calendar is not of the version it says")


def _deadlines(package: _Package) -> Iterator[Fault]:
    calendar = _calendar(package)
    other = days = 0
    for one in package.json(DEADLINES):
        package.count("deadlines")
        term = deadlines.read(one["term"])
        days += term.days
        if days > MOST_DAYS:
            raise ValueError("too many days")
        end = deadlines.reckon(calendar, term)
        found = end.due if end else None
        recorded = datetime.fromisoformat(one["reckoned"]) if one["reckoned"] else None
        if found != recorded:
            zh, en = f"期限重算不同：{one['name']}", f"Reckoned again the deadline is another: {one['name']}"
            yield Fault(DEADLINES, "deadline", zh, en)
        other += one["due_at"] != one["reckoned"]
    if other:
        zh = f"{other}个期限按当时的日历确定，或经人改定"
        package.notes.append((zh, f"{other} deadlines were set by an earlier calendar or by a person"))


def _evidence(package: _Package) -> Iterator[Fault]:
    for one in package.json(EVIDENCE):
        package.count("evidence")
        name = f"evidence/{one['digest']}"
        yield from _present(package, EVIDENCE, name, one["digest"] if one["present"] else None)


def _documents(package: _Package) -> Iterator[Fault]:
    for one in package.json(DOCUMENTS):
        package.count("documents")
        for kind in ("pdf", "docx"):
            name = f"documents/{one['id']}.{kind}"
            yield from _present(package, DOCUMENTS, name, one[kind] if kind in one["present"] else None)


def _present(package: _Package, index: str, name: str, digest: str | None) -> Iterator[Fault]:
    content = package.files.get(name)
    if (content is None) != (digest is None):
        zh, en = f"目录与包内文件不一致：{name}", f"The list and the files of the package differ: {name}"
        yield Fault(index, "present", zh, en)
    elif content is not None and package.digests[name] != digest:
        yield Fault(name, "digest", "文件与登记的校验值不符", "The file does not match its recorded digest")


CHECKS: Mapping[str, Check] = {
    SHEETS: _sheets,
    EVIDENCE: _evidence,
    DOCUMENTS: _documents,
    PROGRAMME: _programme,
    DECISIONS: _decisions,
    CALENDAR: _calendars,
    DEADLINES: _deadlines,
}
