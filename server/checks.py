"""Whether this installation is sound: what must hold before it may serve, and while it does."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import version
from itertools import islice

from lxml import etree
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from engine import clock, pulses
from engine import soundness as whole
from engine.db import Sessions, transaction
from engine.settings import ROOT, Settings
from server import schema, secrets, watch

OLDEST_POSTGRES = 140000
OLDEST_LXML = (6, 1)
SKEW = timedelta(seconds=5)
LATE = 3 * whole.EVERY
SHORTEST_SECRET = 32
DURABLE = ("fsync", "synchronous_commit", "full_page_writes")
UNSAFE = {"off", "local"}
PRIVATE = 0o600
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
STATIC = ROOT / "server" / "static"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, and what was found."""

    name: str
    ok: bool
    found: str


def ready(session: Session) -> dict[str, bool]:
    """Return what a serving process needs, and whether it is there; a dead database raises OperationalError."""
    at_head = schema.current(session.connection()) == schema.head()
    alive = {pulse.part.value: pulse.alive for pulse in pulses.standing(session)} if at_head else {}
    parts = {part.value: alive.get(part.value, False) for part in pulses.Part}
    return {"database": True, "schema": at_head, **parts}


def faults(session: Session) -> list[Finding]:
    """Return what forbids serving from this database: too old, or not keeping what it acknowledged."""
    return [finding for finding in _database(session) if not finding.ok]


def soundness(settings: Settings, session: Session) -> list[Finding]:
    """Look at everything an operator should know about this installation."""
    return [
        *_database(session),
        _schema(session),
        _skew(session),
        _lxml(),
        _secrets(settings),
        _transport(settings),
        _bundle(),
    ]


def invariants(sessions: Sessions) -> Iterator[Finding]:
    """Look at every row and every state that has not ended; tell what breaks a rule, and what the clock last found.

    A database whose schema is not the newest is not looked at.
    """
    with transaction(sessions) as session:
        if not _schema(session).ok:
            return
        yield last_look(session)
    found = list(islice(watch.everything(sessions), whole.MOST))
    for broken in found:
        of = f"instance {broken.instance}: " if broken.instance else ""
        yield Finding(f"invariant {broken.rule}", ok=False, found=f"{of}{broken.text['en']} [{broken.subject}]")
    if not found:
        yield Finding("invariants", ok=True, found="every rule holds")


def last_look(session: Session) -> Finding:
    """Tell what the last look of the clock at the invariants found, and whether it is recent; for a page of health."""
    look = whole.last(session)
    if look.at is None:
        return Finding("last look", ok=True, found="none yet: the clock looks while the server runs")
    age = clock.now() - look.at
    rules = sorted({broken.rule for broken in look.broken})
    told = f"{len(look.broken)} broken ({', '.join(rules)})" if rules else "nothing broken"
    return Finding("last look", not rules and age <= LATE, f"{told}, {age.total_seconds() / 60:.0f} min ago")


def _database(session: Session) -> list[Finding]:
    number = int(session.scalar(text("SHOW server_version_num")) or 0)
    found = [Finding("postgresql", number >= OLDEST_POSTGRES, f"{number // 10000}.{number % 10000}, needs 14")]
    for name in DURABLE:
        value = str(session.scalar(text("SELECT current_setting(:name)"), {"name": name}))
        found.append(Finding(name, value not in UNSAFE, value))
    return found


def _schema(session: Session) -> Finding:
    revision, newest = schema.current(session.connection()), schema.head()
    return Finding("schema", revision == newest, f"{revision}, newest {newest}")


def _skew(session: Session) -> Finding:
    told = session.scalars(select(func.clock_timestamp())).one()
    skew = abs(clock.now() - told)
    return Finding("clock", skew <= SKEW, f"{skew.total_seconds():.1f} s from the database")


def _lxml() -> Finding:
    numbers = etree.LXML_VERSION[:2]
    return Finding("lxml", numbers >= OLDEST_LXML, version("lxml"))


def _secrets(settings: Settings) -> Finding:
    path = settings.var_path / secrets.FILE
    if not path.exists():
        return Finding("secrets", ok=False, found="none yet: they are made when the server starts")
    shortest = min(len(value) for value in vars(secrets.load(settings.var_path)).values())
    mode = path.stat().st_mode & 0o777
    return Finding("secrets", shortest >= SHORTEST_SECRET and mode == PRIVATE, f"{shortest} characters, mode {mode:o}")


def _transport(settings: Settings) -> Finding:
    local = settings.host in LOOPBACK
    return Finding("transport", settings.tls or local, "tls" if settings.tls else f"no tls on {settings.host}")


def _bundle() -> Finding:
    manifest = STATIC / "manifest.json"
    if not manifest.exists():
        return Finding("bundle", ok=False, found="not built: run make build")
    named = [file for entry in json.loads(manifest.read_text(encoding="utf-8")).values() for file in entry.values()]
    missing = sorted(file for file in named if file and not (STATIC / file).exists())
    return Finding("bundle", not missing, f"missing {missing}" if missing else f"{len(named)} files")
