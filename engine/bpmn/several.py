"""Loops that run, carried into a new version: which loop can become which, and what happens to those who take part."""

from typing import Any

from engine.bpmn.baggage import SEVERAL, Bag
from engine.bpmn.findings import Errands
from engine.bpmn.loops import COUNTERS

ONE_TO_MANY = "原来由一人办理，新版改为多人或多次办理，正在办理的不能一分为多", "one does it now, and several would"
MANY_TO_ONE = "原来由多人或多次办理，新版改为一次办理，正在办理的不能合而为一", "several do it now, and one would"
OTHER = "新版改变了重复办理的方式", "the new version repeats it in another way"


def obstacle(bag: Bag, node: Any, target: Any) -> tuple[str, str] | None:
    """Return why an activity under way cannot be done as often as the new version says (zh, en); None when it can."""
    kept, old, new = bag.internal.get("loop"), node.element.loop, target.element.loop
    if kept is None:
        return ONE_TO_MANY if old is None and new is not None and bag.entered else None
    if new is None:
        alone = len(bag.seats) == 1 and (old.kind == "standard" or (kept["total"] == 1 and not kept["done"]))
        return None if alone else MANY_TO_ONE
    return None if (old.kind == "standard") is (new.kind == "standard") else OTHER


def carry(bag: Bag, node: Any, target: Any, errands: Errands) -> list[Bag]:
    """Let a loop go on as the new version says; return those of several who must wait for their turn again."""
    kept, old, new = bag.internal.get("loop"), node.element.loop, target.element.loop
    if kept is None:
        return []
    if new is None:
        _unwrap(bag)
        return []
    if old.kind == "standard":
        kept["total"] = new.maximum
        return []
    for seat in bag.seats:
        if old.variable in seat.data and old.variable != new.variable:
            seat.data[new.variable] = seat.data.pop(old.variable)
    if (old.kind, new.kind) == ("sequential", "parallel"):
        errands.loops.append(bag)
    if (old.kind, new.kind) == ("parallel", "sequential") and len(bag.seats) > 1:
        errands.loops.append(bag)
        return _queue(bag, kept)
    return []


def _unwrap(bag: Bag) -> None:
    """Let the only one who does an activity be the activity."""
    seat = bag.seats[0]
    outer = {name: value for name, value in bag.data.items() if name not in COUNTERS}
    origins = {"origins": bag.internal["origins"]} if "origins" in bag.internal else {}
    inner = {name: value for name, value in seat.internal.items() if name not in SEVERAL | {"origins"}}
    bag.id, bag.state, bag.data, bag.internal = seat.id, seat.state, {**outer, **seat.data}, {**inner, **origins}
    bag.children = [one for one in bag.children if one is not seat]
    bag.inner = seat.inner
    if bag.inner is not None:
        bag.inner.owner = bag


def _queue(bag: Bag, kept: dict[str, Any]) -> list[Bag]:
    """Let those who do an activity at once do it in a row: the first goes on, the others wait for their turn."""
    first, *others = sorted(bag.seats, key=lambda seat: int(seat.internal["index"]))
    waiting = [seat.internal["index"] for seat in others]
    over = [index for index in range(len(kept["outputs"])) if index not in {first.internal["index"], *waiting}]
    order = [*over, first.internal["index"], *waiting]
    kept["outputs"] = [kept["outputs"][index] for index in order]
    if kept["items"] is not None:
        kept["items"] = [kept["items"][index] for index in order]
    kept["begun"] = len(over) + 1
    first.internal["index"], first.data["loopCounter"] = len(over), len(over) + 1
    bag.children = [child for child in bag.children if child not in others]
    return others
