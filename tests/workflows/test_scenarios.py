"""Every process of every programme is played through its scenarios, and nothing is drawn that no scenario reaches."""

import json
import sys

import pytest

from engine import scenarios
from tests.support.scenarios import PROGRAMMES, diagrams, examined, files, play

FILES = [(programme, path) for programme in PROGRAMMES for path in scenarios.paths(files(programme))]
PROCESSES = [
    (path, name) for path in PROGRAMMES for name in sorted({one.parts[-2] for one in path.glob("scenarios/*/*")})
]


@pytest.mark.parametrize(("programme", "path"), FILES, ids=[f"{one.name}/{path}" for one, path in FILES])
def test_a_scenario_ends_as_it_is_told(programme, path):
    (result,) = [one for one in examined(programme).results if one.path == path]
    assert (result.ok, result.differences) == (True, []), result.told


@pytest.mark.parametrize(("programme", "process"), PROCESSES, ids=[f"{path.name}/{name}" for path, name in PROCESSES])
def test_everything_that_is_drawn_is_reached_by_a_scenario_of_its_own(programme, process):
    own = [one for one in examined(programme).results if one.process == process]
    drawn = diagrams(programme)[process].nodes
    reached = drawn & frozenset(pair for one in own for pair in one.played.passed)
    sys.stdout.write(f"{programme.name}/{process}: {len(reached)} of {len(drawn)} elements, {len(own)} scenarios\n")
    assert sorted(element for _, element in drawn - reached) == []


@pytest.mark.parametrize("programme", PROGRAMMES, ids=[path.name for path in PROGRAMMES])
def test_every_process_has_scenarios_and_nearly_every_flow_is_taken(programme):
    shown = examined(programme)
    assert {one.process for one in shown.results} == diagrams(programme).keys()
    assert shown.coverage >= 0.9


def test_a_life_weighs_no_more_in_its_fortieth_year():
    (programme,) = [one for one in PROGRAMMES if one.name == "innovative-city"]
    young, old = (
        json.dumps(play(programme, f"scenarios/lifecycle/{name}.json").data, sort_keys=True)
        for name in ("two-years", "forty-years")
    )
    assert len(old) == len(young)
