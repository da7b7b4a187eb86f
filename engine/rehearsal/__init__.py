"""Rehearsals: a deployment is played through on a moved clock, in memory and by the same engine; it leaves no trace."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from engine import bundle
from engine.bpmn.elements import HUMAN, Element
from engine.bpmn.execution import Wait
from engine.clock import CIVIL
from engine.rehearsal import deployment as deployments
from engine.rehearsal import plan as plans
from engine.rehearsal.deployment import Deployment
from engine.rehearsal.plan import Plan
from engine.rehearsal.stage import Budget, Case, Stage, Told

__all__ = ["Budget", "Report", "State", "Wish", "rehearse"]

Finding = dict[str, Any]
SERVED = frozenset({"serviceTask", "businessRuleTask", "globalBusinessRuleTask"})
SHOWN_DATA = 100  # instances whose data a report holds


class State(StrEnum):
    """How a rehearsal ended."""

    COMPLETED = "completed"  # every instance reached its end
    WAITING = "waiting"  # something waits, and nothing more happens before the rehearsal's end
    INCIDENT = "incident"  # a step failed, or there was no end to it
    REFUSED = "refused"  # the files, the plan or the wish have faults


@dataclass(frozen=True)
class Wish:
    """What is to be rehearsed with the files: which process, from which data, by which plan (JSON values), how long."""

    process: str | None = None
    data: Any = field(default_factory=dict)
    plan: Any = field(default_factory=dict)
    until: str = "P30Y"


@dataclass(frozen=True)
class Report:
    """What a rehearsal showed, in plain values; moments are ISO 8601 in civil time."""

    state: State
    findings: list[Finding]
    trace: list[dict[str, Any]] = field(default_factory=list)
    waiting: list[dict[str, Any]] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)
    instances: list[dict[str, Any]] = field(default_factory=list)
    incidents: list[dict[str, str]] = field(default_factory=list)
    kept: list[dict[str, Any]] = field(default_factory=list)
    decisions: list[dict[str, Any]] = field(default_factory=list)

    def plain(self) -> dict[str, Any]:
        """Return it as JSON values, which it shares."""
        return {member.name: getattr(self, member.name) for member in fields(self)}


def rehearse(paths: Iterable[Path], wish: Wish, budget: Budget | None = None) -> Report:
    """Play the deployment that the files make, as the wish says; never raises for what stands in them."""
    files, findings = deployments.gather(paths)
    deployment, more = deployments.build(files)
    plan, faults = plans.read(wish.plan, wish.until)
    findings += [*more, *faults]
    if not isinstance(wish.data, dict):
        findings.append(_finding("data", "", "数据应为一个对象。", "The data must be an object."))
    if deployment is not None:
        findings += _wished(deployment, wish.process)
        findings += _planned(deployment, plan) if plan is not None else []
    if deployment is None or plan is None or bundle.is_refused(findings):
        return Report(State.REFUSED, findings)
    stage = Stage(deployment, plan, wish.data, budget)
    stage.play(deployment.chosen(wish.process))
    return _report(stage, findings)


def _wished(deployment: Deployment, process: str | None) -> Iterator[Finding]:
    if process is not None and process not in deployment.model.starts:
        yield _finding("process", process, f"没有流程“{process}”。", f"There is no process {process!r}.")


def _planned(deployment: Deployment, plan: Plan) -> Iterator[Finding]:
    """Tell what the plan names and the diagrams do not have."""
    kinds = deployment.kinds()
    for part, planned, served in (("tasks", plan.tasks, HUMAN), ("services", plan.services, SERVED)):
        for name in planned:
            if name not in kinds:
                yield _finding("plan", name, f"{part}：没有元素“{name}”。", f"{part}: there is no element {name!r}.")
            elif not kinds[name] & served:
                drawn = " / ".join(sorted(kinds[name]))
                zh, en = f"{part} 对 {drawn} 不起作用。", f"{part} does nothing for a {drawn}."
                yield {**_finding("plan", name, zh, en), "severity": "warning"}


def _report(stage: Stage, findings: list[Finding]) -> Report:
    incidents = list(_incidents(stage))
    if stage.stopped is not None:
        text = stage.stopped.text
        findings.append(_finding("endless", stage.stopped.element, text["zh"], text["en"]))
    return Report(
        state=_state(stage, incidents),
        findings=findings,
        trace=[_told(one, stage.deployment.model.elements) for one in stage.trace],
        waiting=[*_waiting(stage)],
        data=stage.cases[0].data if stage.cases else {},
        instances=[_instance(case, n) for n, case in enumerate(stage.cases)],
        incidents=incidents,
        decisions=[
            {"at": _civil(at), "element": made.element, "instance": number, **made.told}
            for at, number, made in stage.decisions
        ],
        kept=[{"name": one.name, "at": _civil(one.at), "payload": one.payload} for one in stage.kept],
    )


def _state(stage: Stage, incidents: list[dict[str, str]]) -> State:
    if incidents:
        return State.INCIDENT
    done = stage.cases and all(case.execution is None for case in stage.cases)
    return State.COMPLETED if done else State.WAITING


def _incidents(stage: Stage) -> Iterator[dict[str, str]]:
    if stage.stopped is not None:
        stopped = stage.stopped
        yield {"instance": stopped.instance, "element": stopped.element, "reason": stopped.text["en"]}
    for failure in stage.failures:
        yield {"instance": "", "element": failure.element, "reason": failure.reason}
    for case in stage.cases:
        for failure in case.rest.failures.values():
            yield {"instance": case.number, "element": failure.element, "reason": failure.reason}


def _told(one: Told, elements: Mapping[str, Mapping[str, Element]]) -> dict[str, Any]:
    line = {"at": _civil(one.at), "element": one.element, "event": one.event, "instance": one.instance}
    name = elements[one.process][one.element].name
    line |= {"name": name} if name != one.element else {}
    return line if one.scope is None else {**line, "scope": one.scope}


def _waiting(stage: Stage) -> Iterator[dict[str, Any]]:
    for case in stage.cases:
        if case.execution is None:
            continue
        found = [{"element": element.id, "kind": "task"} for element in case.rest.tasks.values()]
        found += [_wait(wait) for wait in case.rest.waits.values()]
        if not found and not case.rest.failures:  # a join whose other branch will never come
            found = [{"element": element, "kind": "stuck"} for _, element in sorted(case.execution.standing())]
        yield from ({**one, "instance": case.number} for one in found)
    if not stage.cases:
        yield from _starts(stage)


def _starts(stage: Stage) -> Iterator[dict[str, Any]]:
    for process in stage.deployment.processes:
        for start in stage.deployment.starts(process):
            what = {"message": start.message, "signal": start.signal, "condition": start.condition}
            due = stage.armed.get((process, start.id))
            told = {name: value for name, value in what.items() if value} | ({"due": _civil(due)} if due else {})
            yield {"element": start.id, "kind": "start", **told, "instance": ""}


def _wait(wait: Wait) -> dict[str, Any]:
    told: dict[str, Any] = {"element": wait.element}
    if wait.due is not None:
        return {**told, "kind": "timer", "due": _civil(wait.due)}
    if wait.message is not None:
        return {**told, "kind": "message", "message": wait.message, "correlation": wait.correlation}
    if wait.signal is not None:
        return {**told, "kind": "signal", "signal": wait.signal}
    return {**told, "kind": "condition", "condition": wait.condition}


def _instance(case: Case, n: int) -> dict[str, Any]:
    state = State.INCIDENT if case.rest.failures else State.WAITING if case.execution else State.COMPLETED
    told = {"instance": case.number, "process": case.process, "state": state, "begun": _civil(case.begun)}
    told |= {"ended": _civil(case.ended)} if case.ended else {}
    return told | ({"data": case.data} if n < SHOWN_DATA else {})


def _civil(moment: datetime) -> str:
    return moment.astimezone(CIVIL).isoformat()


def _finding(rule: str, element: str, zh: str, en: str) -> Finding:
    text = {"zh": zh, "en": en}
    return {"file": "", "element": element, "name": element, "rule": rule, "severity": "error", "text": text}
