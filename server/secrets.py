"""The secrets of this installation: made at random on first run, kept where only it can read."""

import json
import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from secrets import token_urlsafe

FILE = "secrets.json"
BYTES = 32


@dataclass(frozen=True)
class Secrets:
    """The secrets by name; each holds 256 random bits."""

    cookie_key: str  # signs the cookie that carries a form's token against forgery
    contact_key: str  # seals where people are reached; without it they give their addresses again
    factor_key: str  # wraps the second factors of people; without it they have to be set up again


def load(var: Path) -> Secrets:
    """Return the secrets kept in the folder `var`; make those that are not there yet."""
    path = var / FILE
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    made = {field.name: token_urlsafe(BYTES) for field in fields(Secrets) if field.name not in kept}
    known = Secrets(**kept, **made)
    if made:
        write_private(path, json.dumps(asdict(known)))
    return known


def write_private(path: Path, content: str) -> None:
    """Write `content` to `path` so that only this account can ever read it, in one step, replacing what was there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}.new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
