"""What BPMN knows and the engine does not run is refused at deployment, naming the element."""

import pytest

from engine.bpmn import gate, lint
from tests.support.diagrams import NAMES, drawn
from tests.support.rows import Row, row
from tests.support.shapes import catch, choice, end, many, message, node, start, sub, timer, user, way

INNER = start("is") + node("userTask", "u", role="R") + end("ie") + way("is u ie")


def around(inner):
    return start() + inner + end("e") + way("s x e")


REFUSED = [
    (row("complex gateway", "§13.4.5", runs=False), around(node("complexGateway", "x"))),
    (row("ad-hoc sub-process", "§13.3.5", runs=False), around(node("adHocSubProcess", "x", INNER))),
    (row("script task", "§13.3.3", runs=False), around(node("scriptTask", "x", "<script>1 + 1</script>"))),
    (row("start quantity other than 1", "§13.3.2", runs=False), around(user("x", role="R", startQuantity=2))),
    (row("completion quantity other than 1", "§13.3.2", runs=False), around(user("x", role="R", completionQuantity=2))),
    (
        row("data store", "§10.4.1", runs=False),
        around(user("x", role="R")).replace('"x"', '"y"').replace("s_x", "s_y") + '<dataStoreReference id="x"/>',
    ),
    (
        row("parallel multiple event", "§10.5.5", runs=False),
        around(catch("x", message() + timer(), parallelMultiple=True)),
    ),
    (row("multiple event", "§10.5.5", runs=False), around(catch("x", message() + timer()))),
    (
        row("sub-process with an end but no start event", "§13.3.4", runs=False),
        around(sub("x", user("u", role="R") + end("ie") + way("u ie"))),
    ),
    (
        row("instantiating parallel event-based gateway", "§13.2", runs=False),
        choice("x", instantiate=True, eventGatewayType="Parallel")
        + catch("m", message())
        + catch("n", message("stop"))
        + end("e")
        + way("x m e", "x n e"),
    ),
    (
        row("behaviour none or one of a multi-instance without an event", "§10.3.8", runs=False),
        around(user("x", role="R", inner=many(behavior="None"))),
    ),
    (
        row("complex behaviour of a multi-instance without an event", "§10.3.8", runs=False),
        around(user("x", role="R", inner=many(behavior="Complex"))),
    ),
]


@pytest.mark.parametrize(("told", "body"), REFUSED, ids=lambda one: one.element if isinstance(one, Row) else "")
def test_it_is_refused_by_name(told, body):
    assert not told.runs
    assert "x" in refused(drawn("p", body))


@row("process with an end but no start event", "§13.2", runs=False)
def test_a_process_that_nothing_begins_is_refused():
    assert "p" in refused(drawn("p", user("x", role="R") + end("e") + way("x e")))


@row("choreography", "§11", runs=False)
def test_a_choreography_is_refused():
    drawing = drawn("p", around(user("x", role="R")), '<choreography id="dance"/>')
    assert "dance" in refused(drawing)


@row("global script task", "§10.3.7", runs=False)
def test_a_global_script_task_is_refused():
    drawing = drawn(
        "p", around(user("x", role="R")), '<globalScriptTask id="g"><script>1 + 1</script></globalScriptTask>'
    )
    assert "g" in refused(drawing)


def refused(drawing):
    """Return the ids of the elements that keep a drawing from being deployed."""
    found = lint.lint({"p.bpmn": gate.parse_xml(drawing, "p.bpmn")}, NAMES)
    return {one["element"] for one in found if one["severity"] == "error"}
