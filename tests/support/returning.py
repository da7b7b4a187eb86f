"""What tests of returns share: three steps in a line, a claim, a return, and what a refusal says."""

from engine import rejections, tasks
from engine.rejections import Rejection
from tests.support.shapes import end, start, user, way

ROLE = {"role": "PRV_OFFICER"}
ASKS = {**ROLE, "icity:form": "any"}
LINE = start() + user("a", **ASKS, result="x") + user("b", **ASKS, result="y") + user("c", **ASKS, result="z")
LINE += end("e") + way("s a b c e")


def claim(stage, instance, element, by=None):
    task = stage.task(instance, element)
    stage.do(tasks.claim, task, by=by)
    return task


def back(stage, instance, element, to, fields=()):
    """Claim a task and send it back to the latest time that a step was done."""
    task = claim(stage, instance, element)
    row = next(row for row in stage.do(rejections.steps, task) if row.element == to)
    stage.do(rejections.send_back, task, Rejection(row.step, "数据有误", list(fields)))
    return stage.task(instance, to)


def told(refusal):
    return refusal.value.facts["why"]["zh"]


def finish(stage, instance, *elements):
    for element in elements:
        stage.complete(instance, element)
    assert stage.state(instance) == "finished"
    assert stage.sound()
