"""Files that come in, read before any transaction begins, within a limit of their own; and how they go out again."""

import io
from collections.abc import Callable
from typing import Any, TypeVar, cast
from urllib.parse import quote

from flask import Response, current_app, request, send_file
from werkzeug.exceptions import RequestEntityTooLarge

from engine.errors import EvidenceRefused, TooLarge
from engine.evidence import File, Store
from engine.settings import Settings

View = TypeVar("View", bound=Callable[..., Any])

MULTIPART = "multipart/form-data"
PART = "file"
PATIENCE = "icity.patience"  # what the web server puts into the environment of a request: call it to be read longer
ROOM = 64 * 1024  # for what a form puts around its file
MEGABYTE = 1024 * 1024
SANDBOX = "default-src 'none'; frame-ancestors 'none'; sandbox"
PICTURE = "default-src 'none'; img-src 'self'; frame-ancestors 'none'; sandbox"


def unhurried(view: View) -> View:
    """Mark a view that takes files: it opens its own transactions, and its body may be as large as evidence may."""
    view.unhurried = True  # type: ignore[attr-defined]
    return view


def is_unhurried(view: Callable[..., Any]) -> bool:
    """Tell whether a view opens its own transactions."""
    return bool(getattr(view, "unhurried", False))


def widen() -> None:
    """Let the body of this request be as large as a file of evidence, and take as long over a slow line; no other."""
    request.max_content_length = store().largest + ROOM
    request.environ.get(PATIENCE, _as_ever)()


def received(name: str) -> File:
    """Read the file of this request: the body with its Content-Type, or the part `file` of a form.

    Raises TooLarge when it is larger than evidence may be, EvidenceRefused when the part is missing.
    """
    largest = store().largest
    _refuse_large(largest)
    widen()
    try:
        file = _read(name)
    except RequestEntityTooLarge as fault:
        raise _too_large(largest) from fault
    if len(file.content) > largest:
        raise _too_large(largest)
    return file


def store() -> Store:
    """Return where evidence lies and what may be kept there."""
    return Store.of(_settings())


def most() -> int:
    """Return how many files a task may have."""
    return _settings().task_attachments


def handed_out(content: bytes, media_type: str, name: str) -> Response:
    """Return a file to be saved and never shown in our origin, whatever it is; its name is told by RFC 6266."""
    response = send_file(io.BytesIO(content), media_type, as_attachment=True, download_name=name)
    response.headers["Content-Disposition"] = _disposition("attachment", name)
    response.headers["Content-Security-Policy"] = SANDBOX
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def shown(content: bytes, media_type: str) -> Response:
    """Return a picture to be shown inside a page of ours; opened by itself it may do nothing."""
    response = Response(content, content_type=media_type)
    response.headers["Content-Disposition"] = "inline"
    response.headers["Content-Security-Policy"] = PICTURE
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _as_ever() -> None:
    """Leave it at the patience there is: nobody but the web server has any to give."""


def _disposition(kind: str, name: str) -> str:
    """Return the header of RFC 6266: a plain name for old programs, the true one beside it (RFC 8187)."""
    plain = "".join(
        letter if letter.isascii() and letter.isprintable() and letter not in '"\\%' else "_" for letter in name
    )
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _read(name: str) -> File:
    if request.mimetype != MULTIPART:
        return File(name, request.mimetype, request.get_data(cache=False))
    part = request.files.get(PART)
    if part is None:
        raise EvidenceRefused(why={"zh": "缺少名为file的文件。", "en": "The part file is missing."})
    return File(name or part.filename or "", part.mimetype, part.read())


def _refuse_large(largest: int) -> None:
    if (request.content_length or 0) > largest + ROOM:
        raise _too_large(largest)


def _too_large(largest: int) -> TooLarge:
    told = f"{largest / MEGABYTE:.4g}"
    return TooLarge(
        why={"zh": f"文件超过{told}MB，不能上传。", "en": f"The file is larger than {told} MB and cannot be handed in."}
    )


def _settings() -> Settings:
    return cast("Settings", current_app.extensions["icity"].settings)
