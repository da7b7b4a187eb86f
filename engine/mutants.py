"""Mutants: small faults drawn into a diagram on purpose; the share that its scenarios catch tells what they are worth.

A sample with a fixed seed is tried within a bounded time; a mutant that cannot even be parsed counts for nothing.
"""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass

from lxml import etree

from engine import scenarios
from engine.bpmn.elements import NODES, B, I, local
from engine.errors import IcityError, RehearsalRefused
from engine.processes import digest_of
from engine.rehearsal.cast import Cast
from engine.rehearsal.outcomes import Words, words
from engine.scenarios import Kept

SEED = 2024
MOST = 40
SECONDS = 20.0
TIMES = ("timeDuration", "timeCycle", "timeDate")
OTHER_SPAN = "P45D"
SOURCES = frozenset({"startEvent", "boundaryEvent"})  # no flow leads there
GOALS = NODES - SOURCES


@dataclass(frozen=True)
class Survivor:
    """A mutant that no scenario noticed: the element it touched, and in words what was drawn otherwise."""

    element: str
    told: Words


@dataclass(frozen=True)
class Score:
    """How many of the mutants tried were caught; `possible` could be made, `late` tells that the time ran out."""

    process: str
    tried: int
    caught: int
    possible: int
    late: bool
    survivors: list[Survivor]

    @property
    def share(self) -> float | None:
        """Return the share that was caught, none where nothing was tried."""
        return self.caught / self.tried if self.tried else None


@dataclass(frozen=True)
class _Mutant:
    element: str
    told: Words
    draw: Callable[[etree._Element], None]


_scores = Kept[Score](200)


def known(files: Mapping[str, bytes], process: str) -> Score | None:
    """Return the score of a process if it was reckoned with the same files before."""
    return _scores.get(_key(files, process))


def score(files: Mapping[str, bytes], process: str, seconds: float = SECONDS) -> Score:
    """Try mutants of a process against its own scenarios and return how many were caught; raise RehearsalRefused."""
    found = known(files, process)
    if found is not None and not found.late:
        return found
    return _scores.put(_key(files, process), _score(files, process, seconds))


def _key(files: Mapping[str, bytes], process: str) -> str:
    return f"{process} {digest_of(files)}"


def _score(files: Mapping[str, bytes], process: str, seconds: float) -> Score:
    members, findings = scenarios.troupe(files)
    if members is None:
        raise RehearsalRefused(why=findings[0]["text"])
    if process not in members.drawn:
        zh, en = f"没有流程“{process}”。", f"There is no process {process!r}."
        raise RehearsalRefused(why=words(zh, en))
    file = members.drawn[process].file
    possible = list(_mutants(_process(members.roots[file], process)))
    sample = random.Random(SEED).sample(possible, min(MOST, len(possible)))  # noqa: S311 - a sample, no secret
    own = {path: files[path] for path in scenarios.paths(files) if path.split("/")[1] == process}
    held = {path for path, content in own.items() if scenarios.result(path, content, members).ok}
    until, tried, survivors = time.monotonic() + seconds, 0, []
    for mutant in sample:
        if time.monotonic() > until:
            break
        other = _changed(members, file, process, mutant)
        if other is None:
            continue
        tried += 1
        if not any(not scenarios.result(path, own[path], other).ok for path in sorted(held)):
            survivors.append(Survivor(mutant.element, mutant.told))
    late = time.monotonic() > until
    return Score(process, tried, tried - len(survivors), len(possible), late, survivors)


def _changed(members: Cast, file: str, process: str, mutant: _Mutant) -> Cast | None:
    root = deepcopy(members.roots[file])
    mutant.draw(_process(root, process))
    try:
        return members.changed(file, root)
    except IcityError:
        return None


def _process(root: etree._Element, process: str) -> etree._Element:
    return next(one for one in root.iterchildren(f"{B}process") if one.get("id") == process)


def _mutants(process: etree._Element) -> Iterator[_Mutant]:
    chance = random.Random(SEED)  # noqa: S311 - a sample, no secret
    keys = sorted({one.get(f"{I}deadline", "") for one in process.iter() if one.get(f"{I}deadline")})
    for flow in process.iter(f"{B}sequenceFlow"):
        yield from _moved(flow, chance)
        yield from _flipped(flow)
    for node in process.iter(*(f"{B}{tag}" for tag in NODES)):
        yield from _swapped(node)
        yield from _delayed(node, keys)


def _moved(flow: etree._Element, chance: random.Random) -> Iterator[_Mutant]:
    """Yield the flow leading to another node of the same scope."""
    scope = _scope(flow)
    nodes = [one for one in scope if isinstance(one.tag, str) and local(one) in GOALS]
    goals = [one for one in nodes if one.get("id") not in {flow.get("targetRef"), flow.get("sourceRef")}]
    goals = [one for one in goals if one.get("triggeredByEvent") != "true" and one.get("isForCompensation") != "true"]
    if not goals or local(_find(scope, flow.get("sourceRef"))) == "eventBasedGateway":  # it may lead to events only
        return
    goal = chance.choice(goals)
    source, target = (_name(_find(scope, flow.get(end))) for end in ("sourceRef", "targetRef"))
    told = words(
        f"“{source}”之后不再到“{target}”，而到“{_name(goal)}”",
        f"“{source}” leads to “{_name(goal)}” instead of “{target}”",
    )
    yield _Mutant(flow.get("id", ""), told, _set(flow, "targetRef", str(goal.get("id"))))


def _flipped(flow: etree._Element) -> Iterator[_Mutant]:
    """Yield the flow with its condition turned into the opposite."""
    condition = flow.find(f"{B}conditionExpression")
    if condition is None or not (condition.text or "").strip():
        return
    scope, text = _scope(flow), (condition.text or "").strip()
    source, target = (_name(_find(scope, flow.get(end))) for end in ("sourceRef", "targetRef"))
    told = words(f"“{source}”到“{target}”的条件取反", f"the condition from “{source}” to “{target}” is turned round")
    key = flow.get("id", "")

    def draw(process: etree._Element) -> None:
        expression = _find(process, key).find(f"{B}conditionExpression")
        if expression is not None:
            expression.text = f"=not({text.removeprefix('=')})"

    yield _Mutant(key, told, draw)


def _swapped(node: etree._Element) -> Iterator[_Mutant]:
    """Yield the gateway with another of its flows as the default; the default's way takes over its condition."""
    default = node.get("default")
    others = [one for one in _scope(node).iterchildren(f"{B}sequenceFlow") if one.get("sourceRef") == node.get("id")]
    other = next((one for one in others if one.get("id") != default), None)
    if default is None or other is None:
        return
    key, swapped = node.get("id", ""), other.get("id", "")
    target = _name(_find(_scope(node), other.get("targetRef")))
    told = words(f"“{_name(node)}”的默认走向换成“{target}”", f"“{_name(node)}” goes to “{target}” by default")

    def draw(process: etree._Element) -> None:
        _find(process, key).set("default", swapped)
        expression = _find(process, swapped).find(f"{B}conditionExpression")
        if expression is not None:
            _find(process, swapped).remove(expression)
            _find(process, default).append(expression)

    yield _Mutant(key, told, draw)


def _delayed(node: etree._Element, keys: list[str]) -> Iterator[_Mutant]:
    """Yield the node with another deadline, or another time of its timer."""
    key, name = node.get("id", ""), _name(node)
    deadline = node.get(f"{I}deadline")
    other = next((one for one in keys if one != deadline), None)
    if deadline and other:
        told = words(
            f"“{name}”的期限由 {deadline} 换成 {other}", f"the deadline of “{name}” is {other}, not {deadline}"
        )
        yield _Mutant(key, told, _set(node, f"{I}deadline", other))
    timer = next((one for one in node.iterchildren(f"{B}timerEventDefinition")), None)
    timing = next((one for one in (timer if timer is not None else ()) if local(one) in TIMES), None)
    if timing is None or local(timing) != "timeDuration" or (timing.text or "").strip().startswith("="):
        return

    def draw(process: etree._Element) -> None:
        for one in _find(process, key).iter(f"{B}timeDuration"):
            one.text = OTHER_SPAN

    was = (timing.text or "").strip()
    told = words(f"“{name}”的时间由 {was} 改成 {OTHER_SPAN}", f"the time of “{name}” is {OTHER_SPAN}, not {was}")
    yield _Mutant(key, told, draw)


def _set(node: etree._Element, attribute: str, value: str) -> Callable[[etree._Element], None]:
    key = node.get("id", "")
    return lambda process: _find(process, key).set(attribute, value)


def _find(scope: etree._Element, key: str | None) -> etree._Element:
    return next(one for one in scope.iter() if one.get("id") == key)


def _scope(node: etree._Element) -> etree._Element:
    """Return the process or sub-process that draws a node."""
    scope = node.getparent()
    if scope is None:
        raise LookupError(node.get("id"))
    return scope


def _name(node: etree._Element) -> str:
    return str(node.get("name") or node.get("id"))
