"""The state codec: an instance's tokens and variables to bytes and back; specifications are shared, never stored.

The envelope is JSON: format version, SHA-256 of the body, body.
"""

import hashlib
from typing import Any
from uuid import UUID

import orjson

from engine.bpmn.environment import Surroundings, script_engine
from engine.bpmn.game import Game
from engine.bpmn.parse import Model
from engine.bpmn.scopes import Instance, Scope, Token
from engine.errors import BudgetSpent, StateDamaged

FORMAT = 2
MAX_BYTES = 8_000_000


def begin(model: Model, process: str, surroundings: Surroundings) -> Game:
    """Return the game of a new instance of a process; the only constructor of one besides `load`."""
    instance = Instance(model.specs[process], dict(model.specs), script_engine(surroundings))
    instance.conditional, instance.stopping = model.conditional, model.stopping
    return Game(instance, surroundings)


def dump(instance: Instance) -> bytes:
    """Return the envelope of an instance; raise BudgetSpent when its variables have grown beyond all measure."""
    return seal({"process": instance.spec.name, "scopes": [_scope(scope) for scope in instance.scopes()]})


def seal(state: dict[str, Any]) -> bytes:
    """Return the envelope around the plain state of an instance; raise BudgetSpent when it is too large."""
    body = orjson.dumps(state)
    if len(body) > MAX_BYTES:
        raise BudgetSpent(bytes=len(body), limit=MAX_BYTES)
    return b"%d %s " % (FORMAT, hashlib.sha256(body).hexdigest().encode()) + body


def load(envelope: bytes, model: Model, surroundings: Surroundings) -> Game:
    """Return the game of the instance in an envelope.

    Raise StateDamaged if a byte of it changed, its format is unknown or its model has no such node.
    """
    state = orjson.loads(opened(envelope))
    try:
        game = begin(model, state["process"], surroundings)
        for owner, spec, closed, row in state["scopes"]:
            scope: Any = game.instance
            if owner:
                token = game.instance.find(UUID(hex=owner))
                if token is None:
                    raise StateDamaged(owner=owner)
                scope = Scope(model.specs[spec], token, closed=closed)
            _restore(scope, row)
    except KeyError as fault:
        raise StateDamaged(missing=str(fault)) from fault
    surroundings.away = game.instance.kept.get("away", {})
    return game


def opened(envelope: bytes) -> bytes:
    """Return the body of an envelope: JSON; raise StateDamaged."""
    version, _, rest = bytes(envelope).partition(b" ")
    digest, _, body = rest.partition(b" ")
    if version != str(FORMAT).encode():
        raise StateDamaged(format=version[:20].decode("ascii", "replace"))
    if hashlib.sha256(body).hexdigest().encode() != digest:
        raise StateDamaged(digest=digest.decode("ascii", "replace"))
    return body


def _scope(scope: Any) -> list[Any]:
    owner = scope.owner
    rows = [_row(token, scope.task_tree) for token in scope.tasks.values() if token is not scope.task_tree]
    kept = {"data": scope.data, "kept": scope.kept or None, "done": scope.completed, "tokens": rows}
    return [owner.id.hex if owner is not None else None, scope.spec.name, scope.closed, kept]


def _row(token: Token, root: Token) -> list[Any]:
    parent = token._parent.hex if token._parent != root.id else None
    return [
        token.id.hex,
        token.task_spec.name,
        token._state,
        parent,
        token.data or None,
        token.internal_data or None,
    ]


def _restore(scope: Any, row: dict[str, Any]) -> None:
    scope.data, scope.kept, scope.completed = row["data"], row["kept"] or {}, row["done"]
    for key, name, state, parent, data, internal in row["tokens"]:
        above = scope.tasks[UUID(hex=parent)] if parent else scope.task_tree
        token = Token(scope, scope.spec.task_specs[name], above, state=state, id=UUID(hex=key))
        token.data, token.internal_data = data or {}, internal or {}
