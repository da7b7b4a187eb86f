"""What a scenario showed, and in words what came otherwise than it expects."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from engine.clock import CIVIL
from engine.rehearsal.cast import Pair
from engine.rehearsal.stage import Stage

MOST_TOLD = 60  # letters of a value in a difference
STATES = {"completed": "全部办结", "waiting": "仍在等待", "incident": "出错"}
Words = dict[str, str]


@dataclass(frozen=True)
class Played:
    """What a scenario showed; `passed` counts the (scope, element) pairs completed or cancelled, `taken` the flows."""

    state: str
    completed: list[str]
    waiting: list[str]
    kept: list[str]
    data: Mapping[str, Any]
    passed: Mapping[Pair, int]
    taken: Mapping[Pair, int]
    incidents: list[str]
    documents: list[tuple[str, str]]
    dates: Mapping[str, list[str]]


def shown(stage: Stage) -> Played:
    """Return what a stage showed."""
    failures = [*stage.failures, *(one for case in stage.cases for one in case.rest.failures.values())]
    incidents = [f"{one.element}: {one.reason}" for one in failures]
    incidents += [f"{stage.stopped.element}: {stage.stopped}"] if stage.stopped is not None else []
    done = bool(stage.cases) and all(case.execution is None for case in stage.cases)
    open_ones = [case.rest for case in stage.cases if case.execution is not None]
    waiting = [element.id for rest in open_ones for element in rest.tasks.values()]
    waiting += [wait.element for rest in open_ones for wait in rest.waits.values()]
    dates: dict[str, list[str]] = {}
    for one in stage.trace:
        if one.event == "completed":
            dates.setdefault(one.element, []).append(one.at.astimezone(CIVIL).date().isoformat())
    return Played(
        state="incident" if incidents else "completed" if done else "waiting",
        completed=[one.element for one in stage.trace if one.event == "completed"],
        waiting=waiting,
        kept=[one.name for one in stage.kept],
        data=stage.cases[0].data if stage.cases else {},
        passed=Counter((one.process, one.element) for one in stage.trace if one.event != "entered"),
        taken=Counter(stage.taken),
        incidents=incidents,
        documents=[(one["kind"], _said(one["paper"])) for one in stage.papers],
        dates=dates,
    )


def words(zh: str, en: str) -> Words:
    """Return a sentence in both languages."""
    return {"zh": zh, "en": en}


def differences(expect: Mapping[str, Any], played: Played, names: Mapping[str, str]) -> Iterator[Words]:
    """Tell in words what came otherwise than expected; `names` tells what each element is called."""
    for one in played.incidents:
        yield words(f"出错：{one}", f"Failed: {one}")
    yield from _state(expect, played, names)
    left = iter(played.completed)
    missing = next((one for one in expect.get("completed", []) if one not in left), None)
    if missing is not None:
        name = names.get(missing, missing)
        yield words(f"应依次经过“{name}”，但没有到达。", f"“{name}” was not reached in the order expected.")
    for one in sorted(set(expect.get("never", [])) & set(played.completed)):
        yield words(f"不应经过“{names.get(one, one)}”。", f"“{names.get(one, one)}” should not have been reached.")
    yield from _sets(expect, played, names)
    yield from _papers(expect, played)
    yield from _dates(expect, played, names)
    yield from _data(expect.get("data", {}), played.data, "")


def _state(expect: Mapping[str, Any], played: Played, names: Mapping[str, str]) -> Iterator[Words]:
    wanted = expect.get("state", "completed")
    if wanted != played.state and not played.incidents:
        open_zh = "、".join(names.get(one, one) for one in played.waiting)
        open_en = ", ".join(names.get(one, one) for one in played.waiting)
        yield words(
            f"应{STATES.get(wanted, wanted)}，结果{STATES[played.state]}{f'（等待：{open_zh}）' if open_zh else ''}。",
            f"Expected {wanted}, found {played.state}{f' (open: {open_en})' if open_en else ''}.",
        )


def _dates(expect: Mapping[str, Any], played: Played, names: Mapping[str, str]) -> Iterator[Words]:
    for element, days in expect.get("dates", {}).items():
        found = played.dates.get(element, [])
        if found != days:
            name, was, now = names.get(element, element), "、".join(days), "、".join(found)
            yield words(
                f"“{name}”应在 {was or '任何一天都不'}办结，结果在 {now or '任何一天都没有'}办结。",
                f"“{name}” should be done on {', '.join(days) or 'no day'}, found {', '.join(found) or 'none'}.",
            )


def _sets(expect: Mapping[str, Any], played: Played, names: Mapping[str, str]) -> Iterator[Words]:
    for what, members, zh, en in (
        ("waiting", played.waiting, "结束时在等待", "waiting at the end"),
        ("kept", played.kept, "无人接收的消息", "messages nobody took"),
    ):
        wanted, found = set(expect.get(what, members)), set(members)
        if wanted != found:
            was, now = (sorted(names.get(one, one) for one in some) for some in (wanted, found))
            yield words(
                f"{zh}：应为 {'、'.join(was) or '无'}，结果为 {'、'.join(now) or '无'}。",
                f"{en}: expected {', '.join(was) or 'none'}, found {', '.join(now) or 'none'}.",
            )


def _papers(expect: Mapping[str, Any], played: Played) -> Iterator[Words]:
    for wanted in expect.get("documents", []):
        says, silent = wanted.get("says", []), wanted.get("silent", [])
        found = (words for kind, words in played.documents if kind == wanted.get("kind"))
        if not any(all(one in words for one in says) and not any(one in words for one in silent) for words in found):
            kind, text = wanted.get("kind"), "、".join(map(str, says))
            yield words(f"没有写明“{text}”的公文（{kind}）。", f"No document {kind} says “{text}” as expected.")


def _data(wanted: Any, found: Any, place: str) -> Iterator[Words]:
    """Tell where the last variables differ from the part of them that is expected."""
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        for name, value in wanted.items():
            yield from _data(value, found.get(name), f"{place}.{name}" if place else str(name))
    elif wanted != found:
        was, now = (orjson.dumps(one, default=str).decode()[:MOST_TOLD] for one in (wanted, found))
        yield words(f"数据“{place}”应为 {was}，结果为 {now}。", f"{place} should be {was}, found {now}.")


def _said(paper: Any) -> str:
    """Return everything a composed document says, line by line."""
    if isinstance(paper, Mapping):
        paper = list(paper.values())
    return "\n".join(map(_said, paper)) if isinstance(paper, list | tuple) else str(paper)
