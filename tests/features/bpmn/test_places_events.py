"""Every kind of event, alone, nested, in a loop of three passes and in three instances."""

import pytest

from tests.support.places import PASSES, PLACES, Piece, comes, counted, done, refuses, travelled, turns_true
from tests.support.rows import row
from tests.support.shapes import (
    boundary,
    catch,
    compensation,
    condition,
    end,
    error,
    escalation,
    exclusive,
    handler,
    link,
    message,
    service,
    signal,
    start,
    sub,
    task,
    throw,
    timer,
    undo,
    user,
    way,
)


def interrupting(trigger):
    return user("x") + boundary("b", "x", trigger) + exclusive("xm") + way("x xm", "b xm")


def beside(trigger):
    return user("x") + boundary("b", "x", trigger, interrupting=False) + user("side") + end("xe") + way("b side xe")


def scope(*inner, trigger="", keeps=False):
    """Draw the sub-process x with an event sub-process around the task `side`."""
    begins = start("xhs", trigger, isInterrupting=not keeps)
    event = handler("xh", begins + user("side") + end("xhe") + way("xhs side xhe"))
    return sub("x", "".join(inner) + event)


def aside(event):
    """Let the event happen, then finish what it began and the task beside it, in the same instance."""

    def act(play):
        if "side" not in play.tasks:
            event(play)
            return
        same = {name: value for name, value in play.see("side").items() if name == "item"}
        play.pick("side", **same)
        play.pick(next(name for name in ("x", "xu") if name in play.tasks), **same)

    return act


def instead(event):
    """Let the event happen, then finish what it began."""
    return lambda play: play.complete("side") if "side" in play.tasks else event(play)


MAIN = start("xs") + user("xu") + end("xe") + way("xs xu xe")
RAISING = start("xs") + throw("xt", escalation("L1")) + user("xu") + end("xe") + way("xs xt xu xe")
FAILING = start("xs") + service("xv") + end("xe") + way("xs xv xe")
come = comes("b")
fire = comes("xhs")

PIECES = [
    # in the flow
    Piece(row("timer intermediate event", "§13.5.2"), catch("x", timer()), {"x": 1}, comes("x")),
    Piece(row("message intermediate catch event", "§13.5.2"), catch("x", message()), {"x": 1}, comes("x")),
    Piece(row("signal intermediate catch event", "§13.5.2"), catch("x", signal()), {"x": 1}, comes("x")),
    Piece(row("conditional intermediate event", "§13.5.2"), catch("x", condition()), {"x": 1}, turns_true),
    Piece(row("none intermediate event", "§10.5.3"), throw("x"), {"x": 1}),
    Piece(row("message intermediate throw event", "§10.5.3"), throw("x", message()), {"x": 1}),
    Piece(row("signal intermediate throw event", "§10.5.3"), throw("x", signal()), {"x": 1}),
    Piece(row("escalation intermediate throw event, uncaught", "§10.5.1"), throw("x", escalation("L1")), {"x": 1}),
    Piece(row("link events", "§10.5.3"), throw("x", link("L")) + catch("xc", link("L")), {"xc": 1}, last="xc"),
    Piece(
        row("compensation intermediate throw event", "§13.5.5"),
        user("x") + undo("xz", "x") + throw("xt", compensation()) + way("x xt"),
        {"x": 1, "xz": 1, "xt": 1},
        done("x", "xz"),
        last="xt",
    ),
    # at the boundary
    Piece(
        row("timer boundary event, interrupting", "§13.5.3"), interrupting(timer()), {"b": 1, "x": 0}, come, last="xm"
    ),
    Piece(
        row("message boundary event, interrupting", "§13.5.3"),
        interrupting(message()),
        {"b": 1, "x": 0},
        come,
        last="xm",
    ),
    Piece(
        row("signal boundary event, interrupting", "§13.5.3"), interrupting(signal()), {"b": 1, "x": 0}, come, last="xm"
    ),
    Piece(
        row("conditional boundary event, interrupting", "§13.5.3"),
        interrupting(condition()),
        {"b": 1, "x": 0},
        turns_true,
        last="xm",
    ),
    Piece(row("timer boundary event, non-interrupting", "§13.5.3"), beside(timer()), {"x": 1, "side": 1}, aside(come)),
    Piece(
        row("message boundary event, non-interrupting", "§13.5.3"), beside(message()), {"x": 1, "side": 1}, aside(come)
    ),
    Piece(
        row("signal boundary event, non-interrupting", "§13.5.3"), beside(signal()), {"x": 1, "side": 1}, aside(come)
    ),
    Piece(
        row("conditional boundary event, non-interrupting", "§13.5.3"),
        beside(condition()),
        {"x": 1, "side": 1},
        aside(turns_true),
    ),
    Piece(
        row("error boundary event", "§13.5.3"),
        service("x") + boundary("b", "x", error("E1")) + exclusive("xm") + way("x xm", "b xm"),
        {"b": 1, "x": 0},
        last="xm",
        operate=refuses,
    ),
    Piece(
        row("error boundary event on a sub-process with an error end event", "§13.5.3"),
        sub("x", start("xs") + end("xe", trigger=error("E1")) + way("xs xe"))
        + boundary("b", "x", error("E1"))
        + exclusive("xm")
        + way("x xm", "b xm"),
        {"b": 1, "x": 0},
        last="xm",
    ),
    Piece(
        row("escalation boundary event, interrupting", "§13.5.3"),
        sub("x", RAISING) + boundary("b", "x", escalation("L1")) + exclusive("xm") + way("x xm", "b xm"),
        {"b": 1, "xu": 0, "x": 0},
        last="xm",
    ),
    Piece(
        row("escalation boundary event, non-interrupting", "§13.5.3"),
        sub("x", RAISING)
        + boundary("b", "x", escalation("L1"), interrupting=False)
        + user("side")
        + end("xse")
        + way("b side xse"),
        {"side": 1, "xu": 1, "x": 1},
        done("side", "xu"),
    ),
    # in event sub-processes
    Piece(
        row("message event sub-process, interrupting", "§13.5.4"),
        scope(MAIN, trigger=message()),
        {"side": 1, "xu": 0, "x": 1},
        instead(fire),
    ),
    Piece(
        row("timer event sub-process, interrupting", "§13.5.4"),
        scope(MAIN, trigger=timer()),
        {"side": 1, "xu": 0, "x": 1},
        instead(fire),
    ),
    Piece(
        row("signal event sub-process, interrupting", "§13.5.4"),
        scope(MAIN, trigger=signal()),
        {"side": 1, "xu": 0, "x": 1},
        instead(fire),
    ),
    Piece(
        row("conditional event sub-process, interrupting", "§13.5.4"),
        scope(MAIN, trigger=condition()),
        {"side": 1, "xu": 0, "x": 1},
        instead(turns_true),
    ),
    Piece(
        row("error event sub-process", "§13.5.4"),
        scope(FAILING, trigger=error("E1")),
        {"side": 1, "xv": 0, "x": 1},
        done("side"),
        operate=refuses,
    ),
    Piece(
        row("escalation event sub-process, interrupting", "§13.5.4"),
        scope(RAISING, trigger=escalation("L1")),
        {"side": 1, "xu": 0, "x": 1},
        done("side"),
    ),
    Piece(
        row("message event sub-process, non-interrupting", "§13.5.4"),
        scope(MAIN, trigger=message(), keeps=True),
        {"side": 1, "xu": 1, "x": 1},
        aside(fire),
    ),
    Piece(
        row("timer event sub-process, non-interrupting", "§13.5.4"),
        scope(MAIN, trigger=timer(), keeps=True),
        {"side": 1, "xu": 1, "x": 1},
        aside(fire),
    ),
    Piece(
        row("signal event sub-process, non-interrupting", "§13.5.4"),
        scope(MAIN, trigger=signal(), keeps=True),
        {"side": 1, "xu": 1, "x": 1},
        aside(fire),
    ),
    Piece(
        row("conditional event sub-process, non-interrupting", "§13.5.4"),
        scope(MAIN, trigger=condition(), keeps=True),
        {"side": 1, "xu": 1, "x": 1},
        aside(turns_true),
    ),
    Piece(
        row("escalation event sub-process, non-interrupting", "§13.5.4"),
        scope(RAISING, trigger=escalation("L1"), keeps=True),
        {"side": 1, "xu": 1, "x": 1},
        done("side", "xu"),
    ),
    # at the end of a sub-process
    Piece(
        row("none end event", "§13.5.6"), sub("x", start("xs") + task("xa") + end("xe") + way("xs xa xe")), {"xe": 1}
    ),
    Piece(
        row("message end event", "§13.5.6"),
        sub("x", start("xs") + end("xe", trigger=message()) + way("xs xe")),
        {"xe": 1},
    ),
    Piece(
        row("signal end event", "§13.5.6"),
        sub("x", start("xs") + end("xe", trigger=signal()) + way("xs xe")),
        {"xe": 1},
    ),
    Piece(
        row("escalation end event, uncaught", "§13.5.6"),
        sub("x", start("xs") + end("xe", trigger=escalation("L1")) + way("xs xe")),
        {"xe": 1, "x": 1},
    ),
    Piece(
        row("compensation end event", "§13.5.6"),
        sub(
            "x",
            start("xs") + user("xa") + undo("xz", "xa") + end("xe", trigger=compensation()) + way("xs xa xe"),
        ),
        {"xa": 1, "xz": 1, "xe": 1, "x": 1},
        done("xa", "xz"),
    ),
]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("piece", PIECES, ids=lambda piece: piece.row.element)
def test_it_runs_wherever_it_stands(piece, place):
    play = travelled(place, piece)
    assert play.ended
    assert counted(play, piece) == {element: times * PASSES[place] for element, times in piece.completes.items()}
