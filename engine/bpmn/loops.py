"""Activities that are done more than once: standard loops and multi-instance (BPMN 2.0.2 §13.3.6, §13.3.7).

The activity's token stays and carries the counters as variables; every instance hangs below it with variables of its
own. `internal_data["loop"]` keeps {"items", "total", "begun", "done", "outputs"}.
"""

from copy import deepcopy
from typing import Any

from SpiffWorkflow.util.task import TaskState

from engine.bpmn import throwing
from engine.bpmn.elements import Event, Loop, sent
from engine.bpmn.scopes import Token, view, write
from engine.errors import BudgetSpent, ExpressionFailed, NotFound

MAX_INSTANCES = 1_000
COUNTERS = ("nrOfInstances", "nrOfActiveInstances", "nrOfCompletedInstances", "nrOfTerminatedInstances")


def begin(game: Any, token: Token) -> None:
    """Begin with the instances: all at once, the first of a row, or as the loop's condition says."""
    loop = _loop(token)
    if loop.kind == "standard":
        token.internal_data["loop"] = {"items": None, "total": loop.maximum, "begun": 0, "done": 0, "outputs": []}
        _again(game, token)
        return
    items = _items(game, token, loop)
    total = len(items) if items is not None else _cardinality(game, token, loop)
    if total > MAX_INSTANCES:
        raise BudgetSpent(instances=total, limit=MAX_INSTANCES)
    token.internal_data["loop"] = {"items": items, "total": total, "begun": 0, "done": 0, "outputs": [None] * total}
    _count(token)
    if not total:
        _end(game, token)
        return
    for _ in range(1 if loop.kind == "sequential" else total):
        if token.id in token.workflow.tasks:
            _start(game, token)


def collect(game: Any, instance: Token) -> None:
    """Keep what an instance gave and go on: with the next instance, or beyond the activity."""
    token = instance.parent
    loop, kept = _loop(token), token.internal_data["loop"]
    enough = _gather(game, token, instance)
    kept["done"] += 1
    game.done(instance)
    game.remove(instance)
    if loop.kind == "standard":
        _again(game, token)
        return
    _count(token)
    if _behave(game, token, loop, kept["done"]):
        return
    if enough or kept["done"] >= kept["total"]:
        _end(game, token)
    elif loop.kind == "sequential":
        _start(game, token)


def grow(game: Any, token: Token, item: Any) -> None:
    """Add one more instance to a multi-instance that is running."""
    kept = token.internal_data["loop"]
    if kept["total"] is None or kept["total"] >= MAX_INSTANCES:
        raise BudgetSpent(instances=MAX_INSTANCES, limit=MAX_INSTANCES)
    if kept["items"] is not None:
        kept["items"].append(item)
    kept["outputs"].append(None)
    kept["total"] += 1
    _count(token)
    if _loop(token).kind == "parallel":
        _start(game, token)


def shrink(game: Any, instance: Token) -> None:
    """Take one instance away from a multi-instance that is running."""
    token = instance.parent
    game.cancel(instance)
    kept = token.internal_data["loop"]
    kept["total"] -= 1
    kept["taken"] = kept.get("taken", 0) + 1
    _count(token)
    if kept["done"] >= kept["total"] or _enough(game, token):
        _end(game, token)
    elif _loop(token).kind == "sequential":
        kept["total"] += 1
        _start(game, token)
        kept["total"] -= 1


def resume(game: Any, token: Token) -> None:
    """Count those of a multi-instance that runs anew and, where all do it at once, begin with those still to come."""
    kept = token.internal_data["loop"]
    _count(token)
    if _loop(token).kind == "parallel":
        for _ in range(len(kept["outputs"]) - kept["begun"]):
            _start(game, token)


def strike(game: Any, token: Token, index: int) -> None:
    """Take away one of a row whose turn has not come; raise NotFound when it has, or there is none."""
    kept = token.internal_data["loop"]
    if kept["total"] is None or not kept["begun"] <= index < len(kept["outputs"]):
        raise NotFound(position=index + 1)
    if kept["items"] is not None:
        del kept["items"][index]
    del kept["outputs"][index]
    kept["total"] -= 1
    _count(token)
    if _enough(game, token):
        _end(game, token)


def _enough(game: Any, token: Token) -> bool:
    """Tell whether those that are done are enough after one fewer takes part; what cannot be told is not enough."""
    completion, kept = _loop(token).completion, token.internal_data["loop"]
    if not completion or not kept["done"]:
        return False
    try:
        return game.around.value(completion, view(token)) is True
    except ExpressionFailed:
        return False


def _loop(token: Token) -> Loop:
    found: Loop = token.task_spec.element.loop
    return found


def _items(game: Any, token: Token, loop: Loop) -> list[Any] | None:
    if loop.collection:
        found = game.around.value(loop.collection, view(token))
    elif loop.source:
        found = view(token).get(loop.source)
    else:
        return None
    if not isinstance(found, list):
        raise ExpressionFailed(source=loop.collection or loop.source, reason="the collection is not a list")
    return deepcopy(found)


def _cardinality(game: Any, token: Token, loop: Loop) -> int:
    found = game.around.value(loop.cardinality or "null", view(token))
    if isinstance(found, bool) or not isinstance(found, int) or found < 0:
        raise ExpressionFailed(source=loop.cardinality, reason="the cardinality is not a whole number from 0 up")
    return found


def _start(game: Any, token: Token) -> None:
    loop, kept = _loop(token), token.internal_data["loop"]
    index = kept["begun"]
    kept["begun"] += 1
    instance = Token(token.workflow, token.task_spec, token, state=TaskState.STARTED)
    instance.internal_data["round" if loop.kind == "standard" else "index"] = index
    instance.internal_data["origins"] = [[token.id.hex, ""]]
    instance.data["loopCounter"] = index + 1
    if kept["items"] is not None:
        instance.data[loop.variable] = kept["items"][index]
    _count(token)
    game.note(instance, "entered")
    game.attempt(instance, "perform", lambda: token.task_spec.perform(game, instance))


def _again(game: Any, token: Token) -> None:
    """Go round once more, or end: the condition is asked before a round, or after one."""
    loop, kept = _loop(token), token.internal_data["loop"]
    first_is_free = not loop.before and not kept["done"]
    wanted = True
    if loop.condition and not first_is_free:
        seen = {**view(token), "loopCounter": kept["done"]}
        wanted = game.around.value(loop.condition, seen) is True
    if wanted and (kept["total"] is None or kept["done"] < kept["total"]):
        _start(game, token)
    else:
        _end(game, token)


def _gather(game: Any, token: Token, instance: Token) -> bool:
    """Keep the output of an instance; tell whether the completion condition is met."""
    loop, kept = _loop(token), token.internal_data["loop"]
    if loop.kind == "standard":
        return False
    seen = view(instance)
    if loop.output_element:
        kept["outputs"][instance.internal_data["index"]] = game.around.value(loop.output_element, seen)
    elif loop.output_item:
        kept["outputs"][instance.internal_data["index"]] = seen.get(loop.output_item)
    if not loop.completion:
        return False
    done, active = kept["done"] + 1, token.data["nrOfActiveInstances"] - 1
    counters = {"nrOfCompletedInstances": done, "nrOfActiveInstances": active}
    return game.around.value(loop.completion, {**seen, **counters}) is True


def _behave(game: Any, token: Token, loop: Loop, done: int) -> bool:
    """Throw what the multi-instance throws now; tell whether that took its token away."""
    first = loop.behaviour == "One" and done == 1
    for condition, event in loop.thrown:
        if first or loop.behaviour == "None" or (condition and game.around.value(condition, view(token)) is True):
            _throw(game, token, event)
            if token.id not in token.workflow.tasks:
                return True
    return False


def _throw(game: Any, token: Token, event: Event) -> None:
    throwing.throw(game, token, sent(token.task_spec.element, event))


def _end(game: Any, token: Token) -> None:
    """Cancel the instances that are still open, write the outputs and go on beyond the activity."""
    loop, kept = _loop(token), token.internal_data["loop"]
    open_ones = [child for child in token.children if not child.watching]
    for child in open_ones:
        game.cancel(child)
    if loop.output:
        for counter in COUNTERS:
            token.data.pop(counter, None)
        found = [value for value in kept["outputs"] if value is not None]
        if any(one.source == loop.output for one in token.task_spec.element.writes):
            token.data[loop.output] = found  # an output of the activity, which its data associations hand on
        else:
            write(token, loop.output, found)
    token.internal_data["empty"] = not kept["begun"]
    token.complete()


def _count(token: Token) -> None:
    kept = token.internal_data["loop"]
    done = kept["done"]
    active = kept["begun"] - done - kept.get("taken", 0)
    token.data.update(
        zip(COUNTERS, (kept["total"], active, done, kept.get("taken", 0)), strict=True)
        if kept["total"] is not None
        else ()
    )
