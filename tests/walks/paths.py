"""The inclusive join of BPMN 2.0.2 §13.4.3 (Table 13.3): which of its flows a token can still reach."""

from collections.abc import Iterable

from tests.walks.diagrams import Node, Scope


class Paths:
    """The paths of one scope that lead to one inclusive gateway without visiting it.

    "If the Inclusive Gateway is contained in a Sub-Process, then no paths are considered that cross the boundary of
    that Sub-Process" (Table 13.3), so a path stays in the scope. A token in an activity may leave it through a
    boundary event, so the flows of a boundary event follow those into its activity.
    """

    def __init__(self, scope: Scope, gateway: str) -> None:
        self.scope, self.gateway = scope, gateway
        self.reached: dict[str, frozenset[str]] = {}

    def reach(self, flow: str) -> frozenset[str]:
        """Return the incoming flows of the gateway at which a path that starts with this flow may end."""
        if flow not in self.reached:
            self.reached[flow] = frozenset(self._ends(flow))
        return self.reached[flow]

    def onwards(self, node: Node) -> frozenset[str]:
        """Return the incoming flows of the gateway that a token in this activity or event may reach."""
        return frozenset().union(*(self.reach(flow) for flow in exits(self.scope, node)))

    def _ends(self, flow: str) -> Iterable[str]:
        waiting, visited = [flow], {flow}
        while waiting:
            one = waiting.pop()
            target = self.scope.flows[one].target
            if target == self.gateway:
                yield one
                continue
            further = set(exits(self.scope, self.scope.nodes[target])) - visited
            visited |= further
            waiting.extend(further)


def exits(scope: Scope, node: Node) -> list[str]:
    """Return the flows by which a token may leave a node, its boundary events included."""
    return [flow.id for one in (node, *node.boundaries) for flow in scope.outgoing[one.id]]


def may_join(filled: set[str], reaches: Iterable[frozenset[str]]) -> bool:
    """Tell whether an inclusive gateway is activated: (1) a token has come, (2) no other can come by another flow.

    `reaches`: for every token elsewhere in the scope, the flows it may still come by. A token that can reach an empty
    flow does not matter if it can reach a filled one too: "for every directed path that starts with a flow f that has
    a token, ends with an incoming flow that has no token and does not visit the gateway, there is also a directed path
    that starts with f, ends with an incoming flow that has a token and does not visit the gateway".
    """
    return bool(filled) and all(found <= filled or found & filled for found in reaches)
