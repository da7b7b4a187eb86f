"""Random diagrams under random moves: the engine never comes to rest where BPMN 2.0.2 does not lead.

The moves of a walk are: complete a human task (and write a variable), let a timer or message come, broadcast a signal,
write a variable. After each the instance is saved and loaded, and its open tasks with their multi-instance items, its
waits, its variables, what it has thrown and whether it has ended are held against every outcome of the token game.

A difference prints the shrunk diagram and its moves. To look elsewhere: change SEED.
"""

from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from engine.bpmn import gate, lint
from tests.walks.blocks import drawn
from tests.walks.diagrams import Node
from tests.walks.marking import Active, Frame
from tests.walks.model import Game
from tests.walks.steps import Rules, Undecided
from tests.walks.walk import Differs, Walk

SEED = 20_140_101
SHARDS, WALKS, ENOUGH, MOVES = 4, 1_300, 1_250, 12
QUIET = settings(
    deadline=None, database=None, suppress_health_check=list(HealthCheck), print_blob=False, report_multiple_bugs=False
)
CHOICES = st.binary(min_size=120, max_size=400)
"""The moves, then the diagram. They are one draw, since hypothesis repeats among themselves what are several."""


def walked(choices: bytes, rules: type[Rules] = Rules) -> Walk:
    """Walk through a diagram and return the walk."""
    diagram = drawn(choices[MOVES:])
    walk = Walk(diagram, Game(diagram, rules()))
    for move in choices[:MOVES]:
        options = walk.options()
        if not options:
            break
        walk.go(options[move % len(options)])
    return walk


@pytest.mark.parametrize("shard", range(SHARDS))
def test_no_walk_differs_from_the_standard(shard: int) -> None:
    found: Counter[str] = Counter()
    different: set[tuple[bytes, str]] = set()

    @seed(SEED + shard)
    @settings(QUIET, max_examples=WALKS)
    @given(CHOICES)
    def walks(choices: bytes) -> None:
        try:
            walk = walked(choices)
        except Undecided:
            return
        found["moves"] += len(walk.verbs)
        different.add((walk.diagram.xml(), repr(walk.verbs)))

    walks()
    assert len(different) >= ENOUGH, "the walks repeat themselves, or cannot be decided"
    assert found["moves"] >= 4 * ENOUGH, "the walks end too soon"


def test_what_is_drawn_is_no_fault_to_the_linter() -> None:
    names = {"forms": frozenset[str](), "decisions": frozenset[str](), "operators": frozenset[str]()}

    @seed(SEED)
    @settings(QUIET, max_examples=200)
    @given(CHOICES)
    def drawings(choices: bytes) -> None:
        root = gate.parse_xml(drawn(choices).xml(), "w.bpmn")
        found = lint.lint({"w.bpmn": root}, {**names, "roles": frozenset({"R"})})
        assert [one for one in found if one["severity"] == "error"] == []

    drawings()


class EagerParallel(Rules):
    """A parallel join that fires as soon as a token comes."""

    def joins(self, frame: Frame, node: Node) -> bool:
        return node.kind == "and" or super().joins(frame, node)


class EagerInclusive(Rules):
    """An inclusive join that fires as soon as a token comes."""

    def joins(self, frame: Frame, node: Node) -> bool:
        return node.kind == "or" or super().joins(frame, node)


class PatientInclusive(Rules):
    """An inclusive join that waits for every flow."""

    def joins(self, frame: Frame, node: Node) -> bool:
        every = all(flow.id in frame.tokens for flow in frame.plan.incoming[node.id])
        return every if node.kind == "or" else super().joins(frame, node)


class Uninterrupted(Rules):
    """A boundary event that cancels nothing."""

    def interrupt(self, active: Active) -> None:
        pass


class Insatiable(Rules):
    """A completion condition that wants one more."""

    def enough(self, done: int, wanted: int) -> bool:
        return done > wanted


@pytest.mark.parametrize("rules", [EagerParallel, EagerInclusive, PatientInclusive, Uninterrupted, Insatiable])
def test_a_wrong_rule_is_noticed_within_100_walks(rules: type[Rules]) -> None:
    @seed(SEED)
    @settings(QUIET, max_examples=100, phases=[Phase.generate])
    @given(CHOICES)
    def walks(choices: bytes) -> None:
        try:
            walked(choices, rules)
        except Undecided:
            return
        except Differs as noticed:
            try:
                walked(choices)
            except Differs:
                pytest.fail(f"not the wrong rule but the engine is noticed: {noticed}")
            raise

    with pytest.raises(Differs):
        walks()
