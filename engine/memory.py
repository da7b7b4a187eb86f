"""Instances that this process moved lately, so that the next move need not load them; checked by the row's version."""

from collections import OrderedDict
from threading import Lock
from uuid import UUID

from engine.bpmn.execution import Execution

MOST = 256

_kept: OrderedDict[UUID, tuple[int, Execution]] = OrderedDict()
_lock = Lock()


def take(instance: UUID, version: int) -> Execution | None:
    """Take an instance out of memory; whoever holds its row lock is the only one who may use it."""
    with _lock:
        found = _kept.pop(instance, None)
    return found[1] if found is not None and found[0] == version else None


def keep(instance: UUID, version: int, execution: Execution) -> None:
    """Keep an instance as it is in the database from now on, and let go of the one that was used longest ago."""
    with _lock:
        _kept[instance] = (version, execution)
        _kept.move_to_end(instance)
        while len(_kept) > MOST:
            _kept.popitem(last=False)


def forget() -> None:
    """Empty the memory of this process, so that the next move reads the database."""
    with _lock:
        _kept.clear()
