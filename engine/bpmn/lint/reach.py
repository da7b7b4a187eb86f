"""Rules about the way through: where it begins and ends, what lies off it, and where it gets stuck."""

from collections.abc import Iterable, Iterator

from engine.bpmn.elements import B
from engine.bpmn.lint.drawing import File, Flow, Node, Plan, Scope
from engine.bpmn.lint.findings import Fault, error, fault, warning

RULES = {
    "no-process": error(
        "10.2",
        "文件中没有流程；请至少画一个。",
        "The file draws no process; draw at least one.",
    ),
    "empty-process": error("10.2", "流程是空的；请画出环节。", "The process is empty; draw its steps."),
    "not-executable": warning(
        "10.2",
        "流程写明 isExecutable=false，仍会按可执行流程部署。",
        "The process says isExecutable=false; it is deployed as an executable one all the same.",
    ),
    "public-executable": error(
        "10.2",
        "公开流程（processType=Public）不能是可执行的；请改为 Private。",
        "A public process cannot be executable; make it Private.",
    ),
    "no-start": error(
        "10.5.2", "没有开始事件，无从开始；请画一个。", "There is no start event, so nothing begins; draw one."
    ),
    "implicit-start": warning(
        "13.2",
        "没有开始事件；没有流入的元素会一同开始。请画出开始事件。",
        "There is no start event, so every element without a way in begins; draw start events.",
    ),
    "no-end": error(
        "10.5.3",
        "有开始事件却没有结束事件；请在每条路的尽头画一个。",
        "There is a start event but no end event; draw one where each way ends.",
    ),
    "unreachable": error(
        "10.5.2",
        "从开始事件到不了这里；请连接或删除。",
        "No way leads here from a start event; connect it or remove it.",
    ),
    "dead-end": error(
        "10.5.3",
        "没有流出，流程在此中断；请连到下一步或结束事件。",
        "Nothing flows out, so the process breaks off here; lead on to the next step or an end event.",
    ),
    "no-way-out": warning(
        "13.2",
        "从这里到不了任何结束事件，流程永远不会结束。",
        "No end event can be reached from here; the process never ends.",
    ),
    "endless": error(
        "13.2",
        "从这里开始是一个既不等待也不结束的循环；请加上条件或等待。",
        "From here on the process circles without waiting or ending; add a way out or a wait.",
    ),
    "deadlock": warning(
        "13.4.1",
        "并行网关等待“{split}”的几条分支，而每次只会走其中一条；请用排他网关汇合。",
        "The parallel gateway waits for several branches of {split!r}, of which only one is taken; "
        "join with an exclusive gateway.",
    ),
}

_WAITING = frozenset(
    {
        "userTask",
        "manualTask",
        "receiveTask",
        "intermediateCatchEvent",
        "eventBasedGateway",
        "callActivity",
        "subProcess",
        "transaction",
    }
)
_LONGEST_TRACE = 200


def check(plan: Plan, file: File) -> Iterator[Fault]:
    """Check the way through every process and sub-process of a file."""
    if not plan.callables:
        yield fault(file.root, "no-process")
    for scope in file.scopes:
        if scope.parent is None:
            yield from _process(plan, scope)
        if not scope.nodes:
            yield fault(scope.xml, "empty-process")
            continue
        yield from _through(scope)


def _process(plan: Plan, scope: Scope) -> Iterator[Fault]:
    executable = scope.xml.get("isExecutable")
    if executable == "false" and len(plan.processes) == 1:
        yield fault(scope.xml, "not-executable")
    if executable == "true" and scope.xml.get("processType") == "Public":
        yield fault(scope.xml, "public-executable")


def _through(scope: Scope) -> Iterator[Fault]:
    starts = any(node.tag == "startEvent" or _instantiates(node) for node in scope.nodes)
    ends = any(node.tag == "endEvent" for node in scope.nodes)
    entries = [node for node in scope.nodes if _begins(node, implicit=not starts)]
    steps = _steps(scope)
    if not starts and not (scope.node is not None and scope.node.triggered):
        implicit = not ends and any(not (node.triggered or node.compensates) for node in entries)
        yield fault(scope.xml, "implicit-start" if implicit else "no-start")
    if starts:
        reached = _spread(entries, steps)
        yield from (fault(node.xml, "unreachable") for node in scope.nodes if node not in reached)
    yield from _ends(scope, drawn=starts or ends, ends=ends)
    for node in scope.nodes:
        if node.tag == "parallelGateway" and len(node.incoming) > 1:
            yield from _deadlock(node)
    yield from _out(scope, steps)


def _ends(scope: Scope, *, drawn: bool, ends: bool) -> Iterator[Fault]:
    """Tell where the way breaks off; without any start or end event that is how it ends (BPMN 2.0.2, 13.2)."""
    broken = [node for node in scope.nodes if _breaks_off(node)] if drawn else []
    yield from (fault(node.xml, "dead-end") for node in broken)
    if broken and not ends:
        yield fault(scope.xml, "no-end")


def _begins(node: Node, *, implicit: bool) -> bool:
    """Tell whether a token may come to be here without a flow."""
    if node.tag == "startEvent" or node.triggered or node.compensates or _instantiates(node):
        return True
    return implicit and not node.incoming and node.tag != "boundaryEvent" and node.link() is None


def _instantiates(node: Node) -> bool:
    return node.tag in {"receiveTask", "eventBasedGateway"} and node.is_("instantiate")


def _steps(scope: Scope) -> dict[Node, list[Node]]:
    """Return where a token may go next from each node: by flows, boundary events and links."""
    catches = {
        node.link(): node for node in scope.nodes if node.tag == "intermediateCatchEvent" and node.link() is not None
    }
    steps: dict[Node, list[Node]] = {}
    for node in scope.nodes:
        found = [flow.target for flow in node.outgoing if flow.target is not None and flow.target.scope is scope]
        found += [event for event in node.boundaries if event.scope is scope]
        link = node.link() if node.tag == "intermediateThrowEvent" else None
        if link is not None and link in catches:
            found.append(catches[link])
        steps[node] = found
    return steps


def _spread(entries: Iterable[Node], steps: dict[Node, list[Node]]) -> set[Node]:
    reached = set(entries)
    stack = list(reached)
    while stack:
        for node in steps[stack.pop()]:
            if node not in reached:
                reached.add(node)
                stack.append(node)
    return reached


def _breaks_off(node: Node) -> bool:
    if node.outgoing or node.tag in {"endEvent", "boundaryEvent"}:
        return False
    throws_link = node.tag == "intermediateThrowEvent" and node.link() is not None
    return not (throws_link or node.triggered or node.compensates)


def _out(scope: Scope, steps: dict[Node, list[Node]]) -> Iterator[Fault]:
    """Tell the first node that no end can be reached from, and whether the circle it begins ever waits."""
    back: dict[Node, list[Node]] = {node: [] for node in scope.nodes}
    for node, found in steps.items():
        for target in found:
            back[target].append(node)
    closed = [node for node in scope.nodes if node.tag == "endEvent" or not steps[node]]
    leaving = _spread(closed, back)
    lost = [node for node in scope.nodes if node not in leaving]
    if not lost:
        return
    circle = _spread(lost[:1], steps)
    waits = any(node.tag in _WAITING or node.xml.find(f"{B}timerEventDefinition") is not None for node in circle)
    yield fault(lost[0].xml, "no-way-out" if waits else "endless")


def _deadlock(join: Node) -> Iterator[Fault]:
    """Trace each way into a join back to its split: two branches of one choice never both come."""
    seen: set[Node] = set()
    for flow in join.incoming:
        node = _split_before(flow)
        if node is not None and node.tag in {"exclusiveGateway", "eventBasedGateway"} and len(node.outgoing) > 1:
            if node in seen:
                yield fault(join.xml, "deadlock", split=node.id)
                return
            seen.add(node)


def _split_before(flow: Flow) -> Node | None:
    """Return where the branch that ends with `flow` begins."""
    node = flow.source
    for _ in range(_LONGEST_TRACE):
        if node is None or len(node.outgoing) > 1 or len(node.incoming) != 1:
            return node
        node = node.incoming[0].source
    return None
