"""Every process of every programme is played through its scenarios, and nothing is drawn that no scenario reaches."""

import json
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from tests.support.scenarios import PROGRAMMES, diagrams, play, scenarios

FILES = [path for programme in PROGRAMMES for path in scenarios(programme)]
PROCESSES = [(programme, process) for programme in PROGRAMMES for process in diagrams(programme)]


@pytest.mark.parametrize("path", FILES, ids=[f"{path.parts[-4]}/{path.parts[-2]}/{path.stem}" for path in FILES])
def test_a_scenario_ends_as_it_is_told(path):
    told, shown = json.loads(path.read_text("utf-8")), play(path)
    expected = told.get("expect", {})
    assert all(told["title"][language] for language in ("zh", "en"))
    assert (shown.state, shown.incidents) == (expected.get("state", "completed"), []), shown.waiting
    assert _first_missing(expected.get("completed", []), shown.completed) is None, shown.completed
    assert sorted(set(expected.get("never", [])) & set(shown.completed)) == []
    for what, members in (("waiting", shown.waiting), ("kept", shown.kept)):
        assert what not in expected or sorted(set(expected[what])) == sorted(set(members))
    for wanted in expected.get("documents", []):
        assert any(_says(wanted, *one) for one in shown.documents), (wanted, shown.documents)
    assert _part(expected.get("data", {}), shown.data) == expected.get("data", {})


@pytest.mark.parametrize(("programme", "process"), PROCESSES, ids=[f"{path.name}/{name}" for path, name in PROCESSES])
def test_everything_that_is_drawn_is_reached_by_a_scenario_of_its_own(programme, process):
    own = [path for path in scenarios(programme) if path.parent.name == process]
    assert [json.loads(path.read_text("utf-8"))["process"] for path in own] == [process] * len(own)
    drawn = diagrams(programme)[process].nodes
    reached = drawn & frozenset(pair for path in own for pair in play(path).passed)
    sys.stdout.write(f"{programme.name}/{process}: {len(reached)} of {len(drawn)} elements, {len(own)} scenarios\n")
    assert sorted(element for _, element in drawn - reached) == []


def test_a_life_weighs_no_more_in_its_fortieth_year():
    lives = (
        next(programme for programme in PROGRAMMES if programme.name == "innovative-city") / "scenarios" / "lifecycle"
    )
    young, old = (
        json.dumps(play(lives / f"{name}.json").data, sort_keys=True) for name in ("two-years", "forty-years")
    )
    assert len(old) == len(young)


def _first_missing(wanted: list[str], completed: list[str]) -> str | None:
    """Return the first of the wanted elements that is not completed after those before it."""
    left = iter(completed)
    return next((one for one in wanted if one not in left), None)


def _says(wanted: Mapping[str, Any], kind: str, words: str) -> bool:
    """Tell whether a document is of the wanted kind, says what it should and is silent where it should be."""
    found = all(one in words for one in wanted["says"])
    return kind == wanted["kind"] and found and not any(one in words for one in wanted.get("silent", []))


def _part(wanted: Any, found: Any) -> Any:
    """Return what `found` has in the places that `wanted` names."""
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        return {name: _part(value, found.get(name)) for name, value in wanted.items()}
    return found
