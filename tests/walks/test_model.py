"""The token game tells what the standard tells: stories whose end the standard fixes, without any engine."""

from collections.abc import Iterable

from tests.walks.diagrams import VARIABLES, Diagram, Event, Flow, Loop, Node, Scope
from tests.walks.marking import Marking
from tests.walks.model import Game

KINDS = {"s": "start", "e": "end", "u": "user", "x": "xor", "a": "and", "o": "or", "g": "events", "c": "catch"}
KINDS |= {"p": "sub", "t": "throw", "h": "handler", "b": "boundary"}


def scope(flows: str, **made: Node) -> Scope:
    """Draw a scope from words like `s>x x>u1?p x>u2!`: ? asks a variable, ! is the default flow."""
    drawn = Scope("")
    for number, word in enumerate(flows.split()):
        source, target = word.rstrip("!").partition("?")[0].split(">")
        asked = word.partition("?")[2]
        flow = Flow(f"{source}_{target}_{number}", source, target, (asked, True) if asked else None, word[-1] == "!")
        drawn.flows[flow.id] = flow
        for name in (source, target):
            drawn.nodes.setdefault(name, made.get(name, Node(name, KINDS[name[0]])))
    drawn.start = next(iter(drawn.nodes))
    drawn.handlers = [node for node in made.values() if node.kind == "handler"]
    for boundary in drawn.nodes.values():
        if boundary.kind == "boundary":
            drawn.nodes[boundary.id.split("_")[1]].boundaries.append(boundary)
    return drawn


def handler(name: str, event: Event, flows: str, **made: Node) -> Node:
    body = scope(flows, **made)
    body.nodes[body.start].event = event
    return Node(name, "handler", event, body=body)


class Told:
    """A story of one diagram; after every move there must be one outcome."""

    def __init__(self, flows: str, true: str = "", **made: Node) -> None:
        self.game = Game(Diagram(scope(flows, **made), {name: name in true for name in VARIABLES}))
        self.markings = self.game.begin()

    def done(self, *names: str) -> "Told":
        for name in names:
            label = next(label for label in self.one.seen().tasks if label[0] == name)
            self.markings = self.game.complete(self.markings, label, ("r", False))
        return self

    def come(self, *names: str) -> "Told":
        for name in names:
            self.markings = self.game.happen(self.markings, (name, ()))
        return self

    def heard(self, name: str) -> "Told":
        self.markings = self.game.signal(self.markings, name)
        return self

    def turned(self, name: str, *, value: bool) -> "Told":
        self.markings = self.game.write(self.markings, (name, value))
        return self

    @property
    def one(self) -> Marking:
        (only,) = self.markings
        return only

    @property
    def open(self) -> list[str]:
        seen = self.one.seen()
        return [*_names(seen.tasks), *_names(label for label, _ in seen.waits), *(["ended"] if seen.ended else [])]


def _names(found: Iterable[tuple[str, object]]) -> list[str]:
    return [name for name, _ in found]


MESSAGE, SIGNAL = Event("message", "M"), Event("signal", "S")


def test_a_parallel_join_waits_for_every_flow_and_leaves_excess_tokens_where_they_are() -> None:
    fork = "s>a1 a1>u1 a1>u2 u1>x u2>x x>a2 a1>u3 u3>a2 a2>u4 u4>e"
    assert Told(fork).done("u1", "u2").open == ["u3"]
    assert Told(fork).done("u1", "u2", "u3").open == ["u4"]
    assert Told(fork).done("u1", "u2", "u3", "u4").open == []


def test_an_inclusive_join_waits_for_those_that_were_taken() -> None:
    story = "s>o1 o1>u1?p o1>u2?q o1>u3! u1>o2 u2>o2 u3>o2 o2>u4 u4>e"
    assert Told(story, "pq").open == ["u1", "u2"]
    assert Told(story, "pq").done("u2").open == ["u1"]
    assert Told(story, "pq").done("u2", "u1").open == ["u4"]
    assert Told(story, "p").done("u1", "u4").open == ["ended"]
    assert Told(story).done("u3").open == ["u4"]


def test_an_inclusive_join_does_not_wait_for_a_token_that_may_come_where_one_has_come() -> None:
    story = "s>a1 a1>u1 a1>u2 u1>o1 u2>x1 x1>o1?p x1>x2! x2>o1 u1>x2 o1>u3 u3>e"
    assert Told(story).done("u1").open == ["u2", "u3"]


def test_an_inclusive_join_in_a_loop_does_not_wait_for_what_must_pass_it_first() -> None:
    story = "s>o1 o1>u1 u1>x x>o1?p x>e!"
    assert Told(story, "p").done("u1", "u1").open == ["u1"]


def test_two_inclusive_joins_that_wait_for_each_other_wait_for_ever() -> None:
    story = "s>a1 a1>o1 a1>o2 o1>x1 o2>x2 x1>o2?p x1>e! x2>o1?p x2>e!"
    assert Told(story).open == []


def test_an_exclusive_gateway_takes_the_first_that_holds_and_a_fork_of_a_task_all() -> None:
    assert Told("s>x x>u1?p x>u2?q x>u3! u1>e u2>e u3>e", "pq").open == ["u1"]
    assert Told("s>u0 u0>u1?p u0>u2?q u0>u3! u1>e u2>e u3>e", "pq").done("u0").open == ["u1", "u2"]
    assert Told("s>u0 u0>u1 u0>u1 u1>e").done("u0").open == ["u1", "u1"]


def test_an_interrupting_boundary_event_cancels_and_another_does_not() -> None:
    assert Told("s>u1 u1>e b_u1>u2 u2>e", b_u1=Node("b_u1", "boundary", MESSAGE)).come("b_u1").open == ["u2"]
    beside = Node("b_u1", "boundary", Event("timer", "2", interrupting=False))
    story = Told("s>u1 u1>e b_u1>u2 u2>e", b_u1=beside)
    assert story.come("b_u1").open == ["u1", "u2", "b_u1"]
    assert story.come("b_u1").open == ["u1", "u2", "u2"]


def test_a_terminate_end_ends_its_own_scope_only() -> None:
    inner = scope("s2>a1 a1>u1 a1>u2 u1>e2 u2>e3", e3=Node("e3", "end", Event("terminate")))
    story = Told("s>p p>u3 u3>e", p=Node("p", "sub", body=inner))
    assert story.done("u2").open == ["u3"]


def test_an_error_is_caught_by_the_innermost_that_can() -> None:
    deep = scope("s3>u1 u1>e3", e3=Node("e3", "end", Event("error", "E1")))
    nodes = {"p": Node("p", "sub", body=deep), "b_p": Node("b_p", "boundary", Event("error", "E2"))}
    inner = scope("s2>p p>e2 b_p>u2 u2>e2", **nodes)
    story = Told("s>p p>e b_p>u3 u3>e", p=Node("p", "sub", body=inner), b_p=Node("b_p", "boundary", Event("error", "")))
    assert story.done("u1").open == ["u3"]


def test_a_multi_instance_ends_with_its_last_instance_or_its_condition() -> None:
    def story(loop: Loop) -> Told:
        return Told("s>u1 u1>u2 u2>e", u1=Node("u1", "user", loop=loop))

    assert story(Loop("parallel", 3)).open == ["u1", "u1", "u1"]
    assert story(Loop("parallel", 3)).done("u1", "u1", "u1").open == ["u2"]
    assert story(Loop("parallel", 3, 2)).done("u1", "u1").open == ["u2"]
    assert story(Loop("sequential", 2)).done("u1").open == ["u1"]
    assert story(Loop("sequential", 2)).done("u1", "u1").open == ["u2"]
    assert story(Loop("parallel")).open == ["u2"]


def test_a_standard_loop_asks_before_or_after() -> None:
    def story(true: str, loop: Loop) -> Told:
        return Told("s>u1 u1>u2 u2>e", true, u1=Node("u1", "user", loop=loop))

    asked = ("p", True)
    assert story("", Loop("standard", 0, 0, asked, before=True)).open == ["u2"]
    assert story("", Loop("standard", 0, 0, asked)).done("u1").open == ["u2"]
    assert story("p", Loop("standard", 2, 0, asked)).done("u1").open == ["u1"]
    assert story("p", Loop("standard", 2, 0, asked)).done("u1", "u1").open == ["u2"]


def test_an_event_gateway_takes_the_first_event() -> None:
    story = Told("s>g g>c1 g>c2 c1>u1 c2>u2 u1>e u2>e", c1=Node("c1", "catch", MESSAGE), c2=Node("c2", "catch", SIGNAL))
    assert story.open == ["c1", "c2"]
    assert story.heard("S").open == ["u2"]


def test_an_event_sub_process_runs_beside_or_instead_and_starts_no_more_when_its_scope_completes() -> None:
    beside = handler("h", Event("message", "M", interrupting=False), "s8>u9 u9>e8")
    story = Told("s>u1 u1>e", h=beside)
    assert story.come("s8").open == ["u1", "u9", "s8"]
    assert story.done("u1").open == ["u9"]
    assert story.done("u9").open == ["ended"]
    instead = handler("h", MESSAGE, "s9>u9 u9>e9")
    assert Told("s>u1 u1>e", h=instead).come("s9").open == ["u9"]


def test_a_signal_thrown_reaches_all_that_wait_at_one_instant() -> None:
    inner = scope(
        "s2>a1 a1>u1 a1>c c>u2 u1>t t>u3 u2>e2 u3>e2", c=Node("c", "catch", SIGNAL), t=Node("t", "throw", SIGNAL)
    )
    story = Told(
        "s>p p>e b_p>u4 u4>e",
        p=Node("p", "sub", body=inner),
        b_p=Node("b_p", "boundary", Event("signal", "S", interrupting=False)),
    )
    assert story.done("u1").open == ["u2", "u3", "u4", "b_p"]


def test_what_the_standard_leaves_open_has_several_outcomes() -> None:
    story = Told("s>a a>t a>c t>e c>u1 u1>e", t=Node("t", "throw", SIGNAL), c=Node("c", "catch", SIGNAL))
    assert {tuple(_names(one.seen().tasks)) for one in story.markings} == {(), ("u1",)}


def test_a_condition_must_turn_false_before_it_happens_again() -> None:
    beside = Event("conditional", "", ("p", True), interrupting=False)
    story = Told("s>u1 u1>e b_u1>u2 u2>e", b_u1=Node("b_u1", "boundary", beside))
    assert story.turned("p", value=True).open == ["u1", "u2", "b_u1"]
    assert story.turned("p", value=True).open == ["u1", "u2", "b_u1"]
    assert story.turned("p", value=False).turned("p", value=True).open == ["u1", "u2", "u2", "b_u1"]


def test_an_escalation_nobody_catches_is_nothing() -> None:
    assert Told("s>t t>u1 u1>e", t=Node("t", "throw", Event("escalation", "E1"))).open == ["u1"]
