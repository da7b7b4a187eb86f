"""What an instance waits for beside its tokens, carried into a new version: boundary events, triggers, gateways' ways.

What the new diagram adds begins to watch with the change-over; what it takes away ceases; a term stays as reckoned.
"""

from collections.abc import Sequence
from typing import Any

from engine.bpmn.baggage import Bag, Room
from engine.bpmn.findings import LASTING, Findings
from engine.bpmn.judgements import Watch

MARKS = frozenset({"watch", "choice", "trigger"})


def boundaries(findings: Findings, bag: Bag, node: Any, target: Any) -> None:
    """Carry the boundary events of an activity."""
    news = _lasting(target.boundaries)
    kept = _same(findings, bag, bag.some("watch"), _lasting(node.boundaries), news)
    if bag.entered:
        _arm(findings, bag, [one for one in news if one not in kept], "watch")


def ways(findings: Findings, bag: Bag, node: Any, target: Any) -> None:
    """Carry what an event-based gateway waits for."""
    olds = [findings.pair.old.node((bag.scope.spec, flow.target)) for flow in node.outgoing]
    news = [target._wf_spec.task_specs[flow.target] for flow in target.outgoing]
    kept = _same(findings, bag, bag.some("choice"), olds, news)
    _arm(findings, bag, [one for one in news if one not in kept], "choice")


def triggers(findings: Findings, room: Room, target: Room) -> None:
    """Carry the event sub-processes that watch a scope."""
    olds = _lasting(findings.pair.old.model.specs[room.spec].handlers)
    news = _lasting(findings.pair.new.model.specs[target.spec].handlers)
    held = [one for one in room.tokens if "trigger" in one.internal]
    host = Bag("", "", 0, None, {}, {}, room, list(held))
    kept = _same(findings, host, held, olds, news)
    target.tokens[:0] = host.children
    if target.done or "interrupted" in target.kept:
        return
    for handler in news:
        if handler not in kept:
            findings.errands.triggers.append((target, handler))


def unwatched(findings: Findings, bags: Sequence[Bag]) -> None:
    """Note those of some tokens that only watched and cease to."""
    for bag in bags:
        if bag.internal.keys() & MARKS:
            findings.disarmed.append(Watch(bag.origin, findings.name(bag), bag.task))


def awaited(findings: Findings, bag: Bag, node: Any, target: Any) -> None:
    """Let a message, signal or condition be waited for as the new diagram says; a timer is left as it was reckoned."""
    wait, old, new = bag.internal.get("wait"), node.awaited, target.awaited
    findings.touched = findings.touched or old.id != new.id
    if wait is None or wait.keys() & {"due", "term"}:
        return
    fresh = {"message": new.message or new.id, "signal": new.signal or new.id, "condition": new.condition}
    bag.internal["wait"] = {key: fresh.get(key, value) for key, value in wait.items()}
    findings.touched = findings.touched or bag.internal["wait"] != wait
    if "condition" in wait and old.condition != new.condition:
        bag.internal.pop("held", None)
    if "message" in wait and old.correlation != new.correlation:
        findings.errands.messages.append(bag)
        findings.touched = True


def _same(findings: Findings, host: Bag, held: Sequence[Bag], olds: list[Any], news: list[Any]) -> list[Any]:
    """Rename what watches and still does, take away what does not; return the new events that are no addition."""
    found = {one.name: findings.pair.one_of(one, olds, news) for one in olds}
    for bag in held:
        event = found.get(bag.node)
        if event is None:
            host.children.remove(bag)
            unwatched(findings, [bag])
        else:
            findings.touched = findings.touched or event.name != bag.node
            awaited(findings, bag, findings.old(bag), event)
            bag.node = event.name
    return [one for one in found.values() if one is not None]


def _arm(findings: Findings, bag: Bag, events: list[Any], mark: str) -> None:
    findings.errands.arms += [(bag, event, mark) for event in events]


def _lasting(events: Sequence[Any]) -> list[Any]:
    return [one for one in events if one.awaited.event in LASTING]
