"""Rules about calls: processes that call each other for ever, and what a called process needs."""

from collections.abc import Iterator

from engine.bpmn.elements import B
from engine.bpmn.lint.drawing import File, Node, Plan, Scope, children, plain
from engine.bpmn.lint.findings import Fault, error, fault, warning

RULES = {
    "call-cycle": error(
        "10.3.6",
        "流程在此无条件地（间接）调用自己，永远不会结束；请加上不再调用的出路。",
        "The process calls itself here whatever happens, directly or in a circle; draw a way that does not.",
    ),
    "recursion": warning(
        "10.3.6",
        "流程在此（间接）调用自己；请确认总有不再调用的时候。",
        "The process calls itself here, directly or in a circle; be sure that this comes to an end.",
    ),
    "called-start": error(
        "10.5.2",
        "被调用的流程“{called}”没有普通开始事件；请补上。",
        "The called process {called!r} has no plain start event; draw one.",
    ),
    "call-data": error(
        "10.3.6",
        "调用声明的数据与“{called}”声明的不一致；输入、输出的个数须相同。",
        "The data of the call do not match those of {called!r}; there must be as many inputs and outputs.",
    ),
}


def check(plan: Plan, file: File) -> Iterator[Fault]:
    """Check every call activity of a file."""
    calls = [node for node in file.all_nodes() if node.tag == "callActivity" and _called(node) in plan.callables]
    for node in calls:
        yield from _target(plan, node)
    if not calls:
        return
    circles = _circles(plan)
    hopeless = _hopeless(plan, circles)
    for node in calls:
        own, called = node.scope.process.id, _called(node)
        if called in circles and circles.get(own) == circles[called]:
            yield fault(node.xml, "call-cycle" if own in hopeless else "recursion")


def _called(node: Node) -> str:
    return plain(node.xml.get("calledElement"))


def _target(plan: Plan, node: Node) -> Iterator[Fault]:
    called = _called(node)
    scope = plan.processes.get(called)
    starts = [] if scope is None else [one for one in scope.nodes if one.tag == "startEvent"]
    if starts and all(one.events for one in starts):
        yield fault(node.xml, "called-start", called=called)
    own = node.xml.find(f"{B}ioSpecification")
    theirs = plan.callables[called][1].find(f"{B}ioSpecification")
    if own is not None and theirs is not None:
        for tag in ("dataInput", "dataOutput"):
            if len(children(own, tag)) != len(children(theirs, tag)):
                yield fault(node.xml, "call-data", called=called)
                return


def _circles(plan: Plan) -> dict[str, int]:
    """Return the number of the circle of calls that each process is part of (Tarjan's components)."""
    calls = {
        name: sorted({_called(node) for node in _inside(scope) if _called(node) in plan.processes})
        for name, scope in plan.processes.items()
    }
    order: list[str] = []
    seen: set[str] = set()
    for first in calls:
        _finish(first, calls, seen, order)
    callers: dict[str, list[str]] = {name: [] for name in calls}
    for name, found in calls.items():
        for called in found:
            callers[called].append(name)
    circles: dict[str, int] = {}
    for number, name in enumerate(reversed(order)):
        _number(name, callers, circles, number)
    sizes: dict[int, int] = {}
    for number in circles.values():
        sizes[number] = sizes.get(number, 0) + 1
    return {name: number for name, number in circles.items() if sizes[number] > 1 or name in calls[name]}


def _inside(scope: Scope) -> Iterator[Node]:
    """Walk over the call activities of a process, at any depth."""
    stack = [scope]
    while stack:
        for node in stack.pop().nodes:
            if node.tag == "callActivity":
                yield node
            if node.inner is not None:
                stack.append(node.inner)


def _finish(first: str, calls: dict[str, list[str]], seen: set[str], order: list[str]) -> None:
    stack = [(first, iter(calls[first]))] if first not in seen else []
    seen.add(first)
    while stack:
        name, rest = stack[-1]
        called = next((one for one in rest if one not in seen), None)
        if called is None:
            order.append(name)
            stack.pop()
        else:
            seen.add(called)
            stack.append((called, iter(calls[called])))


def _number(name: str, callers: dict[str, list[str]], circles: dict[str, int], number: int) -> None:
    stack = [name]
    while stack:
        one = stack.pop()
        if one not in circles:
            circles[one] = number
            stack += callers[one]


def _hopeless(plan: Plan, circles: dict[str, int]) -> set[str]:
    """Return the processes of circles that end only if a call came back that never does."""
    ending = set(plan.processes) - circles.keys()
    callers: dict[str, set[str]] = {name: set() for name in circles}
    for name in circles:
        for node in _inside(plan.processes[name]):
            callers.get(_called(node), set()).add(name)
    queue = list(circles)
    while queue:
        name = queue.pop()
        if name not in ending and _Hope(plan, ending).ends(plan.processes[name]):
            ending.add(name)
            queue += callers[name]
    everything = _Hope(plan, set(plan.processes))
    return {name for name in circles if name not in ending and everything.ends(plan.processes[name])}


class _Hope:
    """Whether tokens may all come to an end, when only calls of the `ending` processes come back."""

    def __init__(self, plan: Plan, ending: set[str]) -> None:
        self.plan = plan
        self.ending = ending

    def ends(self, scope: Scope) -> bool:
        """Tell whether a process or sub-process may come to an end."""
        done = {node for node in scope.nodes if self._done(node)}
        able: set[Node] = set()
        queue = list(scope.nodes)
        while queue:
            node = queue.pop()
            if node not in able and _passes(node, able, done):
                able.add(node)
                queue += [flow.source for flow in node.incoming if flow.source is not None]
                queue += [node.host] if node.host is not None else []
        starts = [node for node in scope.nodes if node.tag == "startEvent"]
        return not starts or any(node in able for node in starts)

    def _done(self, node: Node) -> bool:
        """Tell whether the node itself comes to an end; several instances may also be none."""
        if node.xml.find(f"{B}multiInstanceLoopCharacteristics") is not None:
            return True
        again = node.xml.find(f"{B}standardLoopCharacteristics")
        if again is not None and again.get("testBefore") == "true":
            return True
        if node.tag == "callActivity" and _called(node) in self.plan.processes:
            return _called(node) in self.ending
        return node.inner is None or node.triggered or self.ends(node.inner)


def _passes(node: Node, able: set[Node], done: set[Node]) -> bool:
    """Tell whether a token that comes to this node may come to an end."""
    if any(event in able for event in node.boundaries):
        return True
    targets = [flow.target for flow in node.outgoing if flow.target is not None]
    if node not in done or not targets:
        return node in done
    free = [flow.target for flow in node.outgoing if flow.condition is None and flow.target is not None]
    splits = node.tag == "parallelGateway" or (not node.tag.endswith("Gateway") and len(free) > 1)
    return all(target in able for target in free) if splits else any(target in able for target in targets)
