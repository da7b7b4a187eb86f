"""What the walks found, each with the smallest diagram that shows it."""

import pytest

from tests.walks.diagrams import VARIABLES, Diagram, Event, Node
from tests.walks.model import Game
from tests.walks.test_model import handler, scope
from tests.walks.walk import Verb, Walk

MESSAGE = Event("message", "M", interrupting=False)


def walked(flows: str, moves: str, true: str = "", **made: Node) -> list[str]:
    """Make the moves, hold each against the token game, and tell what is open at last."""
    diagram = Diagram(scope(flows, **made), {name: name in true for name in VARIABLES})
    walk = Walk(diagram, Game(diagram))
    for name in moves.split():
        if name.startswith("u"):
            walk.go(Verb("complete", (name, ()), ("r", False)))
        else:
            walk.go(Verb("happen", (name, ())))
    seen = walk.seen
    return [name for name, _ in (*seen.tasks, *(label for label, _ in seen.waits))] + ["ended"] * seen.ended


def boundary(name: str, kind: str, about: str = "") -> Node:
    return Node(name, "boundary", Event(kind, about, (about, True) if kind == "conditional" else None))


@pytest.mark.parametrize("second", [boundary("c_u1", "timer"), boundary("c_u1", "conditional", "q")])
def test_what_is_interrupted_as_it_begins_waits_for_nothing_more(second: Node) -> None:
    first = boundary("b_u1", "conditional", "p")
    assert walked("s>u1 u1>e b_u1>u2 c_u1>u3 u2>e u3>e", "", "pq", b_u1=first, c_u1=second) == ["u2"]


@pytest.mark.parametrize("interrupting", [False, True])
def test_an_escalation_starts_nothing_in_a_scope_that_only_completes(interrupting: bool) -> None:
    throws = handler("h1", MESSAGE, "s8>u8 u8>e8", e8=Node("e8", "end", Event("escalation", "E1")))
    catches = handler("h2", Event("escalation", "E1", interrupting=interrupting), "s9>u9 u9>e9")
    assert walked("s>u1 u1>e", "s8 u1 u8", h1=throws, h2=catches) == ["ended"]


def test_an_error_in_a_scope_that_only_completes_is_its_boundary_events() -> None:
    throws = handler("h1", MESSAGE, "s8>u8 u8>e8", e8=Node("e8", "end", Event("error", "E1")))
    inner = scope("s2>u1 u1>e2", h1=throws, h2=handler("h2", Event("error", "E1"), "s9>u9 u9>e9"))
    outer, caught = Node("p1", "sub", body=inner), boundary("b_p1", "error", "E1")
    assert walked("s>p1 p1>e b_p1>u5 u5>e", "s8 u1 u8", p1=outer, b_p1=caught) == ["u5"]
