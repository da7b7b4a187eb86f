"""Scenarios of the shipped programmes, played as the studio plays them on every edit."""

from collections.abc import Collection
from functools import cache
from pathlib import Path

from engine import processes, scenarios
from engine.rehearsal.cast import Cast, Drawn
from engine.rehearsal.outcomes import Played

ROOT = Path(__file__).parents[2]
PROGRAMMES = sorted(path.parent for path in (ROOT / "workflows").glob("*/programme.toml"))


@cache
def files(programme: Path) -> dict[str, bytes]:
    """Return the files of a programme, its scenarios among them."""
    return {
        path.relative_to(programme).as_posix(): path.read_bytes()
        for pattern in processes.DEPLOYED
        for path in sorted(programme.glob(pattern))
    }


@cache
def members(programme: Path) -> Cast:
    """Return the processes of a programme; raise AssertionError when its files have faults."""
    found, findings = scenarios.troupe(files(programme))
    assert found is not None, findings
    return found


def diagrams(programme: Path) -> dict[str, Drawn]:
    """Return the processes of a programme by id."""
    return dict(members(programme).drawn)


def called(programme: Path, wanted: Collection[str], instead: Collection[str]) -> frozenset[str]:
    """Return the processes `wanted` and all that they call; those in `instead` call nobody."""
    return members(programme).needed(wanted, instead)


@cache
def examined(programme: Path) -> scenarios.Examination:
    """Return how every scenario of a programme went."""
    return scenarios.examine(files(programme))


def play(programme: Path, path: str) -> Played:
    """Return what a scenario showed; raise AssertionError when its file or its plan has faults."""
    (found,) = [one for one in examined(programme).results if one.path == path]
    assert found.played is not None, found.differences
    return found.played
