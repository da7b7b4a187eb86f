"""The keyring: the secrets under which other systems sign what they send us, kept in var/hooks.json."""

import fcntl
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from server import secrets
from webhooks import signing, sources

FILE = "hooks.json"


def prepare(var: Path) -> Mapping[str, Sequence[str]]:
    """Return the secrets of every source, newest first, from the folder `var`; draw those that are missing."""
    path = var / FILE
    kept = _read(path) if path.exists() else {}
    missing = sources.load().keys() - kept.keys()
    if missing:
        secrets.write_private(path, json.dumps({**kept, **{key: [signing.new_secret()] for key in missing}}))
        return _read(path)
    return kept


def of(var: Path, key: str) -> Sequence[str]:
    """Return the secrets of one source, newest first; none for a source that has none."""
    return _read(var / FILE).get(key, [])


def add(var: Path, key: str) -> None:
    """Draw a secret for a source that has none."""
    with _turn(var):
        kept = _read(var / FILE)
        if key not in kept:
            secrets.write_private(var / FILE, json.dumps({**kept, key: [signing.new_secret()]}))


def rotate(var: Path, key: str) -> str:
    """Return a new secret of a source; the one before counts beside it until the next change."""
    with _turn(var):
        kept = _read(var / FILE)
        fresh = signing.new_secret()
        secrets.write_private(var / FILE, json.dumps({**kept, key: [fresh, *kept.get(key, [])[:1]]}))
        return fresh


@contextmanager
def _turn(var: Path) -> Iterator[None]:
    """Let one process at a time write the secrets."""
    with (var / f"{FILE}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _read(path: Path) -> dict[str, list[str]]:
    return cast("dict[str, list[str]]", json.loads(path.read_text(encoding="utf-8")))
