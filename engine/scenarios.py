"""Scenarios: what people do and what must come of it, played on every edit as `icity simulate` plays it.

A file `scenarios/<process>/<name>.json` is `{"title": {"zh", "en"}, "process", "data", "plan", "until", "with",
"instead", "expect"}`. It is played with the process, those it calls and those named in `with`; a process named in
`instead` answers with the given variables, one member of a list a call, the last one again and again. `expect` may tell
`state`, `completed` (these, in this order), `never`, `waiting`, `data` (a part of the last variables of the first
instance), `kept` (the messages that nobody took), `dates` (on which days an element was completed, e.g.
`{"T01": ["2026-03-05"]}`) and `documents`: `{"kind", "says", "silent"}`, a document of that kind that says the texts
of `says` and none of those of `silent`.
"""

import hashlib
from collections import Counter, OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from threading import Lock
from typing import Any, Generic, TypeVar

import orjson

from engine.bpmn.elements import HUMAN
from engine.errors import IcityError
from engine.processes import digest_of
from engine.rehearsal import SERVED, cast
from engine.rehearsal import plan as plans
from engine.rehearsal.cast import Cast, Pair
from engine.rehearsal.deployment import Deployment
from engine.rehearsal.outcomes import Played, Words, differences, shown, words
from engine.rehearsal.plan import Finding, Plan
from engine.rehearsal.stage import Budget, Stage

PATTERN = "scenarios/*/*.json"
MEMBERS = frozenset({"title", "process", "data", "plan", "until", "with", "instead", "expect"})
EXPECTED = frozenset({"state", "completed", "never", "waiting", "data", "kept", "documents", "dates"})
BUDGET = Budget(moves=20_000, told=40_000, instances=2_000, open_instances=1_000, seconds=5.0)
UNTIL = "P3Y"
T = TypeVar("T")


@dataclass(frozen=True)
class Scenario:
    """A scenario as its file tells it, and what must be known to play it."""

    path: str
    name: str
    process: str
    title: Words
    data: dict[str, Any]
    plan: dict[str, Any]
    until: str
    beside: frozenset[str]
    instead: Mapping[str, Any]
    expect: Mapping[str, Any]


@dataclass(frozen=True)
class Result:
    """How a scenario went: `differences` are empty where all came as expected, `told` says so in a sentence."""

    path: str
    process: str
    name: str
    title: Words
    ok: bool
    told: Words
    differences: list[Words]
    played: Played | None = None


@dataclass(frozen=True)
class Examination:
    """How all scenarios went; `coverage` is the share of nodes and flows passed, `painted` counts it by process.

    `shares` tells (passed, drawn) of each process; `findings` are the faults that keep the files from being played.
    """

    results: list[Result]
    coverage: float
    painted: Mapping[str, Mapping[str, int]]
    shares: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Tell whether the files can be played and every scenario came as expected."""
        return not self.findings and all(one.ok for one in self.results)


class Kept(Generic[T]):
    """The results used last, by what they were made from; shared by the threads of a process."""

    def __init__(self, most: int) -> None:
        self._most, self._lock, self._found = most, Lock(), OrderedDict[str, T]()

    def get(self, key: str) -> T | None:
        """Return what was kept under a key."""
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
            return self._found.get(key)

    def put(self, key: str, value: T) -> T:
        """Keep something and let go of what was not used for longest."""
        with self._lock:
            self._found[key] = value
            while len(self._found) > self._most:
                self._found.popitem(last=False)
        return value


_casts, _results, _examined = Kept[tuple[Cast | None, list[Finding]]](6), Kept[Result](3_000), Kept[Examination](6)


def examine(files: Mapping[str, bytes]) -> Examination:
    """Play every scenario among the files and tell how each went and what they pass; never raises for what is drawn.

    What no edit touched since it was played is not played again.
    """
    key = digest_of(files)
    return _examined.get(key) or _examined.put(key, _examine(files))


def missing(files: Mapping[str, bytes], coverage: float) -> Words | None:
    """Return what keeps the files from being deployed: scenarios that fail, or too few; none when nothing does.

    `coverage` is the share of what is drawn that scenarios must pass, as the setting scenario_coverage says.
    """
    shown = examine(files)
    if shown.findings:
        return words("文件有错误，情景无法演练。", "The files have errors, so scenarios cannot be played.")
    failed = [one for one in shown.results if not one.ok]
    if failed:
        zh, en = "、".join(one.title["zh"] for one in failed), ", ".join(one.title["en"] for one in failed)
        return words(
            f"有 {len(failed)} 个情景与预期不同：{zh}。", f"{len(failed)} scenarios differ from expected: {en}."
        )
    if shown.coverage < coverage:
        found, wanted = f"{shown.coverage:.1%}", f"{coverage:.1%}"
        return words(
            f"情景只走到 {found} 的图形，要求 {wanted}。", f"Scenarios pass {found} of what is drawn, not {wanted}."
        )
    return None


def troupe(files: Mapping[str, bytes]) -> tuple[Cast | None, list[Finding]]:
    """Return the files parsed, and their faults; the same files are parsed once."""
    shown = {name: content for name, content in files.items() if not name.startswith(cast.SCENARIOS)}
    key = digest_of(shown)
    found = _casts.get(key)
    if found is None:
        whole, findings = cast.gather(shown)
        found = _casts.put(key, (whole, [one for one in findings if one["severity"] == "error"]))
    return found


def paths(files: Mapping[str, bytes]) -> list[str]:
    """Return the paths of the scenarios among the files."""
    return sorted(name for name in files if PurePosixPath(name).match(PATTERN))


def read(path: str, content: bytes, members: Cast) -> tuple[Scenario | None, list[Words]]:
    """Return the scenario in a file and its faults; none where it has any."""
    name, process = PurePosixPath(path).stem, PurePosixPath(path).parent.name
    try:
        told = orjson.loads(content)
    except orjson.JSONDecodeError as fault:
        return None, [words(f"不是合格的 JSON：{fault}", f"Not JSON: {fault}")]
    faults = list(_shape(told))
    if faults:
        return None, faults
    instead, beside = told.get("instead", {}), frozenset(told.get("with", []))
    strangers = sorted({told["process"], *beside, *instead} - members.drawn.keys())
    if strangers:
        return None, [words(f"没有流程“{one}”。", f"There is no process {one!r}.") for one in strangers]
    if told["process"] != process:
        zh, en = f"情景应放在 scenarios/{told['process']}/ 下。", f"It belongs into scenarios/{told['process']}/."
        return None, [words(zh, en)]
    plan = dict(told.get("plan", {}))
    answers = {f"{one}_answer": _answers(instead[one]) for one in instead}
    plan["services"] = {**plan.get("services", {}), **answers}
    scenario = Scenario(
        path,
        name,
        process,
        told["title"],
        told.get("data", {}),
        plan,
        told.get("until", UNTIL),
        beside,
        instead,
        told.get("expect", {}),
    )
    return scenario, []


def result(path: str, content: bytes, members: Cast) -> Result:
    """Play the scenario in a file and tell what differs from what it expects."""
    scenario, faults = read(path, content, members)
    name, process = PurePosixPath(path).stem, PurePosixPath(path).parent.name
    if scenario is None:
        return Result(path, process, name, words(name, name), ok=False, told=_sum(faults), differences=faults)
    showing, faults = play(scenario, members)
    found = faults if showing is None else list(differences(scenario.expect, showing, _names(members)))
    return Result(
        path, process, name, scenario.title, ok=not found, told=_sum(found), differences=found, played=showing
    )


def play(scenario: Scenario, members: Cast) -> tuple[Played | None, list[Words]]:
    """Play a scenario with the processes it needs; without a showing where its plan has faults."""
    deployment = members.deployment({scenario.process, *scenario.beside}, scenario.instead.keys())
    planned, findings = plans.read(scenario.plan, scenario.until)
    if planned is None:
        return None, [one["text"] for one in findings]
    strangers = list(_strangers(planned, deployment, members, scenario))
    if strangers:
        return None, strangers
    stage = Stage(deployment, planned, scenario.data, BUDGET)
    try:
        stage.play(deployment.chosen(scenario.process))
    except IcityError as fault:
        return None, [words(f"无法演练：{fault}", f"Cannot be played: {fault}")]
    return shown(stage), []


def _examine(files: Mapping[str, bytes]) -> Examination:
    members, findings = troupe(files)
    if members is None:
        return Examination([], 0.0, {}, {}, findings)
    results = [_result(path, files[path], members) for path in paths(files)]
    passed = Counter[Pair]()
    for one in results:
        passed.update(one.played.passed if one.played is not None else {})
        passed.update(one.played.taken if one.played is not None else {})
    painted, shares = dict[str, dict[str, int]](), dict[str, tuple[int, int]]()
    for process, drawn in members.drawn.items():
        places = drawn.nodes | drawn.flows
        painted[process] = {element: passed[scope, element] for scope, element in sorted(places)}
        shares[process] = sum(1 for place in places if passed[place]), len(places)
    every = sum(whole for _, whole in shares.values())
    coverage = sum(part for part, _ in shares.values()) / every if every else 1.0
    return Examination(results, coverage, painted, shares)


def _result(path: str, content: bytes, members: Cast) -> Result:
    """Return how a scenario went, from the last time if nothing that it uses has changed since."""
    scenario, _ = read(path, content, members)
    if scenario is None:
        return result(path, content, members)
    uses = members.digest({scenario.process, *scenario.beside}, scenario.instead.keys())
    key = hashlib.sha256(f"{path}\0{uses}\0".encode() + content).hexdigest()
    return _results.get(key) or _results.put(key, result(path, content, members))


def _shape(told: Any) -> Iterator[Words]:
    if not isinstance(told, dict):
        yield words("情景应为一个对象。", "A scenario must be an object.")
        return
    for member in sorted(told.keys() - MEMBERS):
        yield words(f"没有“{member}”这一项。", f"Unknown member {member!r}.")
    yield from _heading(told)
    for member in ("data", "plan", "instead", "expect"):
        if not isinstance(told.get(member, {}), dict):
            yield words(f"“{member}”应为一个对象。", f"{member} must be an object.")
    beside = told.get("with", [])
    if not isinstance(beside, list) or not all(isinstance(one, str) for one in beside):
        yield words("“with”应为流程标识的列表。", "with must be a list of the ids of processes.")
    if not isinstance(told.get("until", UNTIL), str):
        yield words("“until”应为时长或时刻。", "until must be a duration or a moment.")
    expect = told.get("expect")
    for member in sorted(expect.keys() - EXPECTED) if isinstance(expect, dict) else ():
        yield words(f"不能预期“{member}”。", f"{member!r} cannot be expected.")


def _heading(told: dict[str, Any]) -> Iterator[Words]:
    title = told.get("title")
    if not isinstance(title, dict) or not all(isinstance(title.get(one), str) and title[one] for one in ("zh", "en")):
        yield words("标题须有中文（zh）和英文（en）。", "The title must be given in zh and en.")
    if not isinstance(told.get("process"), str):
        yield words("缺少流程（process）。", "The process is missing.")


def _strangers(planned: Plan, deployment: Deployment, members: Cast, scenario: Scenario) -> Iterator[Words]:
    """Tell what a plan names and the processes of its scenario do not have."""
    needed = members.needed({scenario.process, *scenario.beside}, scenario.instead.keys())
    scopes = {scope for name in needed for scope in members.drawn[name].scopes}
    elements = {
        element.id: element.kind
        for scope, some in deployment.model.elements.items()
        if scope in scopes
        for element in some.values()
    }
    for planned_part, served in ((planned.tasks, HUMAN), (planned.services, SERVED)):
        for name in planned_part:
            if elements.get(name) not in served:
                zh, en = f"计划提到的“{name}”没有画在流程里。", f"The plan names {name!r}, which is not drawn."
                yield words(zh, en)


def _answers(given: Any) -> list[dict[str, Any]]:
    return [{"data": one} for one in (given if isinstance(given, list) else [given])]


def _sum(differences: list[Words]) -> Words:
    n = len(differences)
    return words("与预期一致", "as expected") if not n else words(f"{n} 处与预期不同", f"{n} differ from expected")


def _names(members: Cast) -> dict[str, str]:
    return {one.id: one.name for some in members.whole.model.elements.values() for one in some.values()}
