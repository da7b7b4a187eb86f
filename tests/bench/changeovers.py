"""What a change-over costs before anything is saved: judging the running instances of a programme, one by one."""

import re
import time
from collections.abc import Iterator
from itertools import cycle, islice

from engine import clock
from engine.bpmn import gate, parse
from engine.bpmn.environment import Surroundings
from engine.bpmn.execution import Execution
from engine.bpmn.judgements import Verdict
from engine.bpmn.transplant import judge
from engine.domain.workdays import Calendar
from engine.settings import ROOT
from tests.bench.ground import Ground
from tests.bench.table import Row

INSTANCES = 1_000
FOLDER = ROOT / "workflows" / "innovative-city"
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
