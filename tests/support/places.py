"""Where a piece of a diagram may stand: alone, nested in a sub-process, in a loop, in multi-instance."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.bpmn import environment
from tests.support.diagrams import Play, flows
from tests.support.rows import Row
from tests.support.shapes import end, exclusive, many, start, sub, user, way

PLACES = ("alone", "nested", "in a loop", "in multi-instance")
PASSES = {"alone": 1, "nested": 1, "in a loop": 3, "in multi-instance": 3}


def nothing(_: Play) -> None:
    """Do nothing: the piece runs by itself."""


@dataclass(frozen=True)
class Piece:
    """A piece of a diagram from `first` to `last`, what brings a token through it, and what a passage leaves.

    `act` is asked again until the token is through; `completes` counts what completes in one passage.
    """

    row: Row
    body: str
    completes: Mapping[str, int]
    act: Callable[[Play], None] = nothing
    first: str = "x"
    last: str = "x"
    also: Mapping[str, str] = field(default_factory=dict)
    roots: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    operate: Callable[..., Any] | None = None


def placed(place: str, piece: Piece) -> str:
    """Return the process in which the piece stands, before the user task `after`."""
    first, last, body = piece.first, piece.last, piece.body
    rest = user("after") + end("e") + way("after e")
    if place == "alone":
        return start() + body + rest + way(f"s {first}", f"{last} after")
    if place == "in a loop":
        turn = exclusive("m") + user("turn", result="turn") + exclusive("g", default="g_after")
        loop = way(f"s m {first}", f"{last} turn g after") + flows(("g", "m", "=turn.again"))
        return start() + turn + body + rest + loop
    marker = many() if place == "in multi-instance" else ""
    inner = start("hs") + body + end("he") + way(f"hs {first}", f"{last} he")
    return start() + sub("here", marker + inner) + rest + way("s here after")


def travelled(place: str, piece: Piece) -> Play:
    """Return the play after its token passed the piece as often as the place asks, and then to the end."""
    body = placed(place, piece)
    play = Play(data=dict(piece.data), operate=piece.operate, roots=piece.roots, p=body, **piece.also)
    if place == "in a loop":
        for again in (True, True, False):
            _reach(play, "turn", piece)
            play.complete("turn", again=again)
    _reach(play, "after", piece)
    play.complete("after")
    return play


def counted(play: Play, piece: Piece) -> dict[str, int]:
    """Return how often each of the watched elements completed."""
    found = Counter(play.completed)
    return {element: found[element] for element in piece.completes}


def _reach(play: Play, goal: str, piece: Piece) -> None:
    for _ in range(30):
        if play.tasks == [goal] and not play.waits:
            return
        piece.act(play)
    raise AssertionError(f"{goal} is not reached: tasks {play.tasks}, waits {play.waits}, failures {play.failures}")


def done(*names: str) -> Callable[[Play], None]:
    """Complete the first of these tasks that is open."""

    def act(play: Play) -> None:
        name = next((name for name in names if name in play.tasks), None)
        if name is not None:
            play.complete(name)

    return act


def comes(name: str) -> Callable[[Play], None]:
    """Let happen what this element waits for."""
    return lambda play: play.come(name)


def turns_true(play: Play) -> None:
    """Let the condition `go` become true, whatever it was before."""
    play.write(go=False)
    play.write(go=True)


def refuses(_name: str, _given: Any) -> Any:
    """Fail as a business does, with the error code C1."""
    raise environment.BusinessError("C1")
