"""A POST sent twice with one Idempotency-Key happens once and is answered alike."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any
from uuid import UUID

from flask import Response, current_app, g, request
from psycopg.errors import LockNotAvailable
from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from werkzeug.exceptions import BadRequest

from engine import clock
from engine.errors import IdempotencyConflict, RequestInProgress
from engine.tables import Idempotency

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
LONGEST = 255
KEPT = ("Content-Type", "Location")

_ROW = Idempotency.__table__
assert isinstance(_ROW, Table)  # noqa: S101 - tells mypy what the declarative base knows
_TAKE = insert(_ROW).on_conflict_do_nothing().returning(_ROW.c.key)
_KEEP = update(_ROW).where(_ROW.c.person == bindparam("of"), _ROW.c.key == bindparam("under"))


def answer(session: Session, work: Callable[[], Response]) -> Response:
    """Return the reply of `work`, or the one kept under the key of this request.

    Key, work and reply are one transaction: after a crash there is neither; an error keeps nothing, so the same key
    may be tried again. A second request waits for the first and then finds its reply. Raises IdempotencyConflict when
    the key was used with another request, RequestInProgress when the first one does not end within the lock timeout.
    """
    key = request.headers.get(HEADER)
    if key is None or request.method != "POST" or g.actor is None:
        return work()
    if not 0 < len(key) <= LONGEST or not key.isascii() or not key.isprintable():
        raise BadRequest(f"{HEADER} must be 1 to {LONGEST} visible ASCII characters")
    if getattr(current_app.view_functions[request.endpoint or ""], "secretive", False):
        raise BadRequest(f"this reply holds secrets and is never kept: leave {HEADER} out")
    digest = _digest()
    if not _take(session, g.actor.id, key, digest):
        return _kept(session, g.actor.id, key, digest)
    response = work()
    _keep(session, g.actor.id, key, response)
    return response


def _digest() -> str:
    asked = f"{request.method} {request.full_path}\n".encode()
    return sha256(asked + request.get_data(cache=True)).hexdigest()


def _take(session: Session, person: UUID, key: str, digest: str) -> bool:
    row = {"person": person, "key": key, "digest": digest, "at": clock.now()}
    try:
        return session.connection().execute(_TAKE, row).scalar() is not None
    except OperationalError as fault:
        if isinstance(fault.orig, LockNotAvailable):
            raise RequestInProgress from fault
        raise


def _kept(session: Session, person: UUID, key: str, digest: str) -> Response:
    query = select(Idempotency.digest, Idempotency.status, Idempotency.reply)
    row = session.execute(query.where(Idempotency.person == person, Idempotency.key == key)).one()
    if row.digest != digest:
        raise IdempotencyConflict
    return Response(row.reply["body"], row.status, {**row.reply["headers"], REPLAYED: "true"})


def _keep(session: Session, person: UUID, key: str, response: Response) -> None:
    headers = {name: response.headers[name] for name in KEPT if name in response.headers}
    reply: dict[str, Any] = {"body": response.get_data(as_text=True), "headers": headers}
    change = update(Idempotency).where(Idempotency.person == person, Idempotency.key == key)
    session.execute(
        change.values(status=response.status_code, reply=reply).execution_options(synchronize_session=False)
    )
