"""What a change-over costs before anything is saved: judging the running instances of a programme, one by one."""

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle, islice

from engine import changeovers, clock, identity, instances, processes, units
from engine.bpmn import gate, parse
from engine.bpmn.environment import Surroundings
from engine.bpmn.execution import Execution
from engine.bpmn.judgements import Verdict
from engine.bpmn.transplant import judge
from engine.db import transaction
from engine.domain.workdays import Calendar
from engine.instances import Application
from engine.settings import ROOT
from server import duties
from tests.bench.ground import Ground
from tests.bench.table import Row

INSTANCES = 1_000
FOLDER = ROOT / "workflows" / "innovative-city"
COUNTY = Application("innovative-city", "lifecycle", "云溪县", "339921", "yunxi-government", {"unit": "339921"})
POINTER = re.compile(rb'(\b(?:id|sourceRef|targetRef|attachedToRef|bpmnElement)=")([^"]+)"')
TASK = re.compile(rb'(<(?:bpmn:)?userTask [^>]*?\bid=")([^"]+)(")')


def judging(_: Ground) -> list[Row]:
    """Judge 1,000 instances of the shipped programme against a version that renames every human task."""
    files = {path.name: path.read_bytes() for path in sorted(FOLDER.glob("*.bpmn"))}
    old, new = _model(files), _model({name: _renamed(content) for name, content in files.items()})
    envelopes = list(islice(_running(old), INSTANCES))
    begun = time.perf_counter()
    verdicts = {judge(old, new, envelope, {}).verdict for envelope in envelopes}
    taken = time.perf_counter() - begun
    if verdicts - {Verdict.MAPPED, Verdict.UNCHANGED}:
        raise RuntimeError(f"renamed tasks were not found again: {verdicts}")
    return [Row("changeover_judge_1000_s", taken, "s", 20)]


def carrying(ground: Ground) -> list[Row]:
    """Rehearse, carry over and take back 1,000 running cases of the shipped programme, all in the database."""
    with transaction(ground.sessions) as session:
        units.seed(session)
        first = processes.deploy(session, FOLDER, "bench")
        head, owner = identity.load(session, "xianzhang"), identity.load(session, "liuguan")
    for number in range(INSTANCES):
        with transaction(ground.sessions) as session:
            instances.start(session, head, replace(COUNTY, title=f"云溪县 {number}"))
    with transaction(ground.sessions) as session:
        known = processes.load(session, first.digest).files
        files = {name: _repointed(content) if name.endswith(".bpmn") else content for name, content in known.items()}
        processes.deploy_files(session, files, "bench")
    marks = [time.perf_counter()]
    with transaction(ground.sessions) as session:
        made = changeovers.rehearse(session, owner, first.programme, files)
    marks.append(time.perf_counter())
    for verb in (changeovers.apply, changeovers.undo):
        with transaction(ground.sessions) as session:
            verb(session, owner, made)
        duties.change_over(ground.sessions, ground.settings)
        marks.append(time.perf_counter())
    with transaction(ground.sessions) as session:
        (group,) = changeovers.show(session, owner, made).groups
    if dict(group.outcomes) != {"undone": INSTANCES}:
        raise RuntimeError(f"not every case came back: {group.outcomes} {group.refusal}")
    names = ("rehearse", "apply", "undo")
    return [
        Row(f"changeover_{name}_1000_s", after - before, "s", 20)
        for name, before, after in zip(names, marks[:-1], marks[1:], strict=True)
    ]


def _running(model: parse.Model) -> Iterator[bytes]:
    """Yield instances of all processes that begin by themselves and come to rest, again and again."""
    rested = {name for name in model.names if model.specs[name].begins and not _execution(model, name).ended}
    for name in cycle(sorted(rested)):
        yield _execution(model, name).dump()


def _execution(model: parse.Model, process: str) -> Execution:
    around = Surroundings(clock.now(), Calendar({}, clock.now().date()), {}, lambda _name, given: given)
    return Execution.begin(model, process, {}, around)


def _model(files: dict[str, bytes]) -> parse.Model:
    return parse.model({name: gate.parse_xml(content, name) for name, content in files.items()})


def _renamed(content: bytes) -> bytes:
    for _, name, _ in TASK.findall(content):
        content = re.sub(rb'(["/>])' + re.escape(name) + rb'(["<])', rb"\1" + name + rb"_new\2", content)
    return content


def _repointed(content: bytes) -> bytes:
    """Rename every human task, and what points at it; its form and its deadline are the same."""
    names = {name for _, name, _ in TASK.findall(content)}
    return POINTER.sub(lambda found: found[1] + found[2] + (b"_new" if found[2] in names else b"") + b'"', content)
