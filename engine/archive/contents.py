"""From the rows of a case to the files of its package, each in one canonical form."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from engine import files
from engine.archive import case as cases
from engine.archive.case import Case
from engine.bpmn.gate import parse_xml
from engine.clock import CIVIL
from engine.domain import canonical, deadlines
from engine.domain.packages import checking, telling
from engine.domain.workdays import Calendar
from engine.errors import IcityError, ModelRefused
from engine.tables import Evidence, OfficialDocument, ScoreSheet

MOST_EVIDENCE = 256 * 1024 * 1024  # bytes of evidence and documents in one package; the rest is told by digest alone
LANGUAGES = ("zh", "en")

Files = dict[str, bytes]


@dataclass
class Store:
    """The folder of files, and how many bytes of it may still go into the package."""

    folder: Path
    left: int = MOST_EVIDENCE

    def take(self, digest: str | None) -> bytes | None:
        """Return a file's content; none when it is not there or there is no room left for it."""
        place = files.place(self.folder, digest) if digest else None
        if place is None or not place.is_file() or place.stat().st_size > self.left:
            return None
        content = place.read_bytes()
        self.left -= len(content)
        return content


def gather(session: Session, case: Case, store: Store) -> tuple[dict[str, Any], Files]:
    """Return what the package says of itself, and its files by path; a constant number of statements."""
    programmes, names, english = _programme(cases.versions(session, case))
    happened = _events(cases.events(session, case), names, english)
    sheets = cases.sheets(session, case)
    entered = [_plain(row) for row in cases.figures(session, case)]
    days, calendar = _calendar(session)
    found = {
        **programmes,
        "events.json": canonical.encode(happened),
        **{f"timeline.{language}.txt": telling.timeline(happened, language) for language in LANGUAGES},
        checking.DECISIONS: canonical.encode(_decisions(happened, case)),
        "history.json": canonical.encode([_plain(row) for row in cases.steps(session, case)]),
        **_tasks(session, case, calendar),
        **_sheets(sheets),
        "figures.json": canonical.encode(entered),
        "rounds.json": canonical.encode([_columns(row, {"set_rows"}) for row in cases.rounds(session, case)]),
        "titles.json": canonical.encode([_columns(row, set()) for row in cases.titles(session, case)]),
        **_documents(cases.documents(session, case), store),
        **_evidence(session, _cited(sheets, entered), store),
        checking.CALENDAR: canonical.encode(days),
    }
    return _about(case, sheets, calendar), found


def _about(case: Case, sheets: Sequence[ScoreSheet], calendar: Calendar) -> dict[str, Any]:
    first = case.instances[0]
    sets = sorted({(row.indicator_set, row.set_digest) for row in sheets})
    return {
        "case_id": case.id,
        "unit": case.unit,
        "title": first.title,
        "programme": case.programme,
        "versions": sorted({instance.deployment for instance in case.instances}),
        "milestone": first.milestone,
        "sets": [{"code": code, "digest": digest} for code, digest in sets],
        "calendar": {"version": calendar.version, "known_until": calendar.known_until.isoformat()},
    }


def _programme(rows: Iterable[Row[Any]]) -> tuple[Files, dict[str, str], dict[str, str]]:
    """Return the decisions of every version with the list of its files, the names of elements and their English."""
    versions: dict[str, dict[str, Any]] = {}
    found: Files = {}
    names: dict[str, str] = {}
    english: dict[str, str] = {}
    for row in rows:
        version = {"digest": row.digest, "number": row.number, "deployed_at": _value(row.deployed_at), "files": []}
        versions.setdefault(row.digest, version)["files"].append({"path": row.path, "sha256": row.resource})
        content, suffix = bytes(row.content), PurePosixPath(row.path).suffix
        if suffix == ".dmn":
            found[f"{checking.folder(row.digest)}/{row.path}"] = content
        elif suffix == ".bpmn":
            names |= _names(content, row.path)
        elif row.path == "programme.toml":
            english |= _english(content)
    return {**found, checking.PROGRAMME: canonical.encode(list(versions.values()))}, names, english


def _names(content: bytes, path: str) -> dict[str, str]:
    try:
        root = parse_xml(content, path)
    except ModelRefused:
        return {}
    pairs = ((one.get("id"), one.get("name")) for one in root.iter())
    return {element: name for element, name in pairs if element and name}


def _english(content: bytes) -> dict[str, str]:
    try:
        table = tomllib.loads(content.decode()).get("english", {})
    except ValueError:
        return {}
    return {name: str(text) for name, text in table.items()}


def _events(rows: Iterable[Row[Any]], names: Mapping[str, str], english: Mapping[str, str]) -> list[dict[str, Any]]:
    happened = []
    for row in rows:
        event = {**_plain(row), "at": row.at.astimezone(CIVIL).isoformat(timespec="seconds")}
        happened.append({**event, **telling.told(event, names, english)})
    return happened


def _decisions(happened: Iterable[Mapping[str, Any]], case: Case) -> list[dict[str, Any]]:
    versions = {str(instance.id): instance.deployment for instance in case.instances}
    return [
        {"at": one["at"], "element": one["element"], "programme": versions[one["instance"]], "made": one["data"]}
        for one in happened
        if one["kind"] == "decision.made"
    ]


def _tasks(session: Session, case: Case, calendar: Calendar) -> Files:
    rows = cases.tasks(session, case)
    terms = [_term(row, calendar) for row in rows if row.term is not None]
    return {
        "tasks.json": canonical.encode([_plain(row) for row in rows]),
        checking.DEADLINES: canonical.encode(terms),
        "deadline_moves.json": canonical.encode([_plain(row) for row in cases.moves(session, case)]),
        "clock_stops.json": canonical.encode([_plain(row) for row in cases.stops(session, case)]),
    }


def _term(row: Row[Any], calendar: Calendar) -> dict[str, Any]:
    """Return a deadline with what the calendar of today makes of its term, which may differ from what was set then."""
    try:
        end = deadlines.reckon(calendar, deadlines.read(row.term))
    except (IcityError, LookupError, TypeError, ValueError):
        end = None
    told = {"task": str(row.id), "element": row.element, "name": row.name, "term": row.term}
    return {**told, "due_at": _value(row.due_at), "reckoned": _value(end.due) if end else None}


def _sheets(rows: Iterable[ScoreSheet]) -> Files:
    kept = list(rows)
    listed = [_columns(row, {"sheet"}) for row in kept]
    found = {f"sheets/{row.id}.json": canonical.encode(row.sheet) for row in kept}
    return {checking.SHEETS: canonical.encode(listed), **found}


def _documents(rows: Iterable[OfficialDocument], store: Store) -> Files:
    found: Files = {}
    listed = []
    for row in rows:
        taken = {kind: store.take(getattr(row, kind)) for kind in ("pdf", "docx")}
        present = {kind: content for kind, content in taken.items() if content is not None}
        found |= {f"documents/{row.id}.{kind}": content for kind, content in present.items()}
        listed.append({**_columns(row, set()), "present": sorted(present)})
    return {checking.DOCUMENTS: canonical.encode(listed), **found}


def _cited(sheets: Iterable[ScoreSheet], figures: Iterable[Mapping[str, Any]]) -> set[str]:
    scored = {digest for row in sheets for one in row.sheet["inputs"] for digest in one["evidence"]}
    return scored | {digest for row in figures for digest in row["evidence"]}


def _evidence(session: Session, digests: set[str], store: Store) -> Files:
    known: dict[str, Evidence] = {row.digest: row for row in cases.evidence(session, digests)}
    found: Files = {}
    listed = []
    for digest in sorted(digests):
        row = known.get(digest)
        content = store.take(digest) if row is not None else None
        if content is not None:
            found[f"evidence/{digest}"] = content
        told = _columns(row, {"kept_by"}) if row is not None else {"digest": digest}
        listed.append({**told, "present": content is not None})
    return {checking.EVIDENCE: canonical.encode(listed), **found}


def _calendar(session: Session) -> tuple[dict[str, Any], Calendar]:
    rows, known_until = cases.calendar(session)
    calendar = Calendar({row.day: row.workday for row in rows}, known_until or date.min)
    days = [_plain(row) for row in rows]
    notices = [_plain(row) for row in cases.notices(session)]
    until = calendar.known_until.isoformat()
    return {"version": calendar.version, "known_until": until, "days": days, "notices": notices}, calendar


def _plain(row: Row[Any]) -> dict[str, Any]:
    return {name: _value(value) for name, value in row._mapping.items()}  # noqa: SLF001 - SQLAlchemy's own name for it


def _columns(row: Any, without: set[str]) -> dict[str, Any]:
    return {key: _value(getattr(row, key)) for key in set(row.__mapper__.column_attrs.keys()) - without}


def _value(value: Any) -> Any:
    """Return a value of a column as JSON: moments in UTC, decimals as texts."""
    if isinstance(value, Decimal):
        return canonical.decimal(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value
