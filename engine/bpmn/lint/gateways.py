"""Rules about gateways: their direction, and what an event-based one may lead to."""

from collections.abc import Iterator

from engine.bpmn.lint.drawing import SPLITS, File, Node, Plan, plain
from engine.bpmn.lint.findings import Fault, error, fault, warning

RULES = {
    "gateway-direction": error(
        "8.4.9",
        "网关写明 {direction}，却有 {incoming} 条流入、{outgoing} 条流出；请改正其一。",
        "The gateway says {direction} but has {incoming} ways in and {outgoing} out; mend one of the two.",
    ),
    "pointless-gateway": warning(
        "10.6.1",
        "网关只有一条流入和一条流出，不起作用；请删除。",
        "The gateway has one way in and one way out and does nothing; remove it.",
    ),
    "event-gateway-ways": error(
        "10.6.6",
        "事件网关至少要有两条流出。",
        "An event-based gateway has at least two ways out; draw another or remove it.",
    ),
    "event-gateway-target": error(
        "10.6.6",
        "事件网关之后只能是消息、定时、信号、条件捕获事件或接收任务；“{target}”不是。",
        "Only receive tasks and events for a message, timer, signal or condition may follow; {target!r} is none.",
    ),
    "event-gateway-shared": error(
        "10.6.6",
        "事件网关之后的“{target}”还有别的流入；请为它单独画一个。",
        "{target!r} behind the event-based gateway has other ways in; draw one of its own.",
    ),
    "event-gateway-mixed": warning(
        "10.6.6",
        "标准不允许同一事件网关之后既有消息事件又有接收任务；请只用一种。",
        "The standard does not let message events and receive tasks follow the same event-based gateway; use one kind.",
    ),
    "event-gateway-boundary": error(
        "10.6.6",
        "事件网关之后的接收任务“{target}”不能有边界事件；请改用事件网关的另一条流出。",
        "The receive task {target!r} behind an event-based gateway may have no boundary events; draw another way out.",
    ),
    "event-gateway-same": warning(
        "10.6.6",
        "事件网关的两条流出等待同一个消息；只有一条会收到。",
        "Two ways of the event-based gateway wait for the same message; only one will get it.",
    ),
    "instantiate-incoming": error(
        "10.6.6",
        "启动流程的元素不能有流入；请删除 instantiate 或流入。",
        "What starts a process may have no way in; remove instantiate or the flow.",
    ),
    "instantiate-nested": error(
        "10.6.6",
        "只有流程顶层的元素才能启动流程；请删除 instantiate。",
        "Only elements at the top of a process can start it; remove instantiate.",
    ),
}

_CAUGHT = frozenset({"message", "timer", "signal", "conditional"})


def check(_: Plan, file: File) -> Iterator[Fault]:
    """Check every gateway of a file, and whatever starts processes without a start event."""
    for node in file.all_nodes():
        if node.tag in SPLITS:
            yield from _direction(node)
        if node.tag == "eventBasedGateway":
            yield from _event_based(node)
        if node.is_("instantiate"):
            yield from _instantiating(node)


def _direction(node: Node) -> Iterator[Fault]:
    incoming, outgoing = len(node.incoming), len(node.outgoing)
    direction = node.xml.get("gatewayDirection", "Unspecified")
    agrees = {
        "Converging": incoming > 1 and outgoing <= 1,
        "Diverging": incoming <= 1 and outgoing > 1,
        "Mixed": incoming > 1 and outgoing > 1,
    }.get(direction, True)
    if not agrees:
        yield fault(node.xml, "gateway-direction", direction=direction, incoming=incoming, outgoing=outgoing)
    elif incoming == outgoing == 1 and node.tag != "eventBasedGateway":
        yield fault(node.xml, "pointless-gateway")


def _event_based(node: Node) -> Iterator[Fault]:
    targets = [flow.target for flow in node.outgoing if flow.target is not None]
    if len(node.outgoing) < 2:  # noqa: PLR2004 - one way is no choice
        yield fault(node.xml, "event-gateway-ways")
    for target in targets:
        yield from _target(node, target)
    receives = any(target.tag == "receiveTask" for target in targets)
    messages = any("message" in target.kinds for target in targets)
    if receives and messages:
        yield fault(node.xml, "event-gateway-mixed")
    awaited = [name for target in targets for name in _messages(target)]
    if len(set(awaited)) < len(awaited):
        yield fault(node.xml, "event-gateway-same")


def _target(node: Node, target: Node) -> Iterator[Fault]:
    catches = target.tag == "intermediateCatchEvent" and set(target.kinds) <= _CAUGHT | {"unknown"}
    if not catches and target.tag != "receiveTask":
        yield fault(node.xml, "event-gateway-target", target=target.id)
    if any(flow.source is not node for flow in target.incoming):
        yield fault(target.xml, "event-gateway-shared", target=target.id)
    if target.tag == "receiveTask" and target.boundaries:
        yield fault(target.xml, "event-gateway-boundary", target=target.id)


def _messages(target: Node) -> Iterator[tuple[str, str]]:
    """Walk over the messages that a way waits for, with what they are told apart by."""
    correlation = next((str(v) for k, v in target.xml.attrib.items() if str(k).endswith("}correlation")), "")
    references = [xml.get("messageRef") for kind, xml in target.events if kind == "message"]
    for reference in [*references, target.xml.get("messageRef")]:
        if reference:
            yield plain(reference), correlation


def _instantiating(node: Node) -> Iterator[Fault]:
    if node.tag not in {"receiveTask", "eventBasedGateway"}:
        return
    if node.incoming:
        yield fault(node.xml, "instantiate-incoming")
    if node.scope.parent is not None:
        yield fault(node.xml, "instantiate-nested")
