"""Files kept under their SHA-256 in a folder of two levels: what is kept is whole, and is never written again."""

import os
import tempfile
from hashlib import sha256
from pathlib import Path

from engine.errors import NotFound, StateDamaged

FOLDER = "files"


def keep(var: Path, content: bytes) -> str:
    """Keep `content` in var/files/<aa>/<digest> and return its digest; it is on the disk when this returns."""
    digest = sha256(content).hexdigest()
    path = place(var, digest)
    if path.exists():
        return digest
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, unfinished = tempfile.mkstemp(dir=path.parent, prefix=".")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(unfinished).replace(path)
    finally:
        Path(unfinished).unlink(missing_ok=True)
    _sync(path.parent)
    _sync(path.parent.parent)
    return digest


def content(var: Path, digest: str) -> bytes:
    """Return what is kept under `digest`; raise NotFound, or StateDamaged when it is no longer itself."""
    path = place(var, digest)
    if not path.is_file():
        raise NotFound(file=digest)
    found = path.read_bytes()
    if sha256(found).hexdigest() != digest:
        raise StateDamaged(file=digest)
    return found


def place(var: Path, digest: str) -> Path:
    """Return where the file of this digest is kept."""
    return var / FOLDER / digest[:2] / digest


def _sync(folder: Path) -> None:
    """Bring the folder's own entries to the disk, so that the name survives a loss of power."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
