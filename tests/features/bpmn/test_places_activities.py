"""Every kind of activity and gateway, alone, nested, in a loop of three passes and in three instances."""

import pytest

from tests.support.places import PASSES, PLACES, Piece, comes, counted, done, travelled
from tests.support.rows import row
from tests.support.shapes import (
    CANCEL,
    TERMINATE,
    boundary,
    call,
    catch,
    choice,
    end,
    exclusive,
    handler,
    inclusive,
    many,
    message,
    node,
    parallel,
    receive,
    repeat,
    rule,
    send,
    service,
    start,
    sub,
    task,
    timer,
    transaction,
    undo,
    user,
    way,
    when,
)

CALLED = {"q": start("qs") + user("qu") + end("qe") + way("qs qu qe")}
INSIDE = start("xs") + user("xu") + end("xe") + way("xs xu xe")
COMPENSATING = start("yhs", "<compensateEventDefinition/>") + user("yz") + end("y_end") + way("yhs yz y_end")


def the_only_task(play):
    play.complete(play.tasks[0])


PIECES = [
    Piece(row("abstract task", "§13.3.3"), task("x"), {"x": 1}),
    Piece(row("user task", "§13.3.3"), user("x"), {"x": 1}, done("x")),
    Piece(row("manual task", "§13.3.3"), node("manualTask", "x"), {"x": 1}, done("x")),
    Piece(row("service task", "§13.3.3"), service("x"), {"x": 1}),
    Piece(row("send task", "§13.3.3"), send("x"), {"x": 1}),
    Piece(row("receive task", "§13.3.3"), receive("x"), {"x": 1}, comes("x")),
    Piece(row("business rule task", "§13.3.3"), rule("x", result="r"), {"x": 1}),
    Piece(row("call activity", "§13.3.4"), call("x"), {"x": 1, "qu": 1, "qe": 1}, done("qu"), also=CALLED),
    Piece(
        row("global task", "§10.3.7"),
        call("x", "g"),
        {"x": 1},
        roots='<globalTask id="g" name="g"/>',
    ),
    Piece(
        row("global user task", "§10.3.7"),
        call("x", "g"),
        {"x": 1},
        the_only_task,
        roots='<globalUserTask id="g" name="g"/>',
    ),
    Piece(
        row("global manual task", "§10.3.7"),
        call("x", "g"),
        {"x": 1},
        the_only_task,
        roots='<globalManualTask id="g" name="g"/>',
    ),
    Piece(
        row("global business rule task", "§10.3.7"),
        call("x", "g"),
        {"x": 1},
        roots='<globalBusinessRuleTask id="g" name="g" icity:decision="deadline" icity:result="r"/>',
    ),
    Piece(row("embedded sub-process", "§13.3.4"), sub("x", INSIDE), {"x": 1, "xu": 1, "xe": 1}, done("xu")),
    Piece(
        row("terminate end event, in a sub-process", "§13.5.6"),
        sub(
            "x",
            start("xs")
            + parallel("xf")
            + user("xa", "xb")
            + end("xe")
            + end("xt", trigger=TERMINATE)
            + way("xs xf xa xt", "xf xb xe"),
        ),
        {"xa": 1, "xb": 0, "xe": 0},
        done("xa"),
    ),
    Piece(row("transaction, completed", "§10.3.5"), transaction("x", INSIDE), {"x": 1, "xu": 1}, done("xu")),
    Piece(
        row("transaction, cancelled", "§10.3.5"),
        transaction("x", start("xs") + user("xa") + undo("xz", "xa") + end("xe", trigger=CANCEL) + way("xs xa xe"))
        + boundary("b", "x", CANCEL),
        {"xa": 1, "xz": 1, "b": 1},
        done("xa", "xz"),
        last="b",
    ),
    Piece(
        row("standard loop", "§13.3.6"),
        sub("x", repeat(loopMaximum=2) + INSIDE),
        {"xu": 2},
        done("xu"),
    ),
    Piece(
        row("multi-instance, parallel", "§13.3.7"),
        sub("x", many("=[1, 2]", elementVariable="inner") + INSIDE),
        {"xu": 2, "xe": 2},
        done("xu"),
    ),
    Piece(
        row("multi-instance, sequential", "§13.3.7"),
        sub("x", many("=[1, 2]", elementVariable="inner", sequential=True) + INSIDE),
        {"xu": 2, "xe": 2},
        done("xu"),
    ),
    Piece(
        row("multi-instance with a cardinality", "§13.3.7"),
        sub("x", node("multiInstanceLoopCharacteristics", "xl", "<loopCardinality>=1 + 1</loopCardinality>") + INSIDE),
        {"xu": 2, "xe": 2},
        done("xu"),
    ),
    Piece(
        row("exclusive gateway", "§13.4.2"),
        exclusive("x", default="x_xb")
        + user("xa", "xb")
        + exclusive("xj")
        + when("x", "xa", "=false")
        + way("xa xj", "x xb xj"),
        {"xa": 0, "xb": 1, "xj": 1},
        done("xb"),
        last="xj",
    ),
    Piece(
        row("parallel gateway", "§13.4.1"),
        parallel("x", "xj") + user("xa", "xb") + way("x xa xj", "x xb xj"),
        {"xa": 1, "xb": 1, "xj": 1},
        done("xb", "xa"),
        last="xj",
    ),
    Piece(
        row("inclusive gateway", "§13.4.3"),
        inclusive("x")
        + user("xa", "xb", "xc")
        + inclusive("xj")
        + when("x", "xa", "=true")
        + when("x", "xb", "=1 < 2")
        + when("x", "xc", "=false")
        + way("xa xj", "xb xj", "xc xj"),
        {"xa": 1, "xb": 1, "xc": 0, "xj": 1},
        done("xb", "xa"),
        last="xj",
    ),
    Piece(
        row("inclusive gateway, default flow", "§13.4.3"),
        inclusive("x", default="x_xb")
        + user("xa", "xb")
        + inclusive("xj")
        + when("x", "xa", "=false")
        + way("xa xj", "x xb xj"),
        {"xa": 0, "xb": 1, "xj": 1},
        done("xb"),
        last="xj",
    ),
    Piece(
        row("event-based gateway, a message comes", "§13.4.4"),
        choice("x") + catch("xm", message()) + catch("xt", timer()) + exclusive("xj") + way("x xm xj", "x xt xj"),
        {"xm": 1, "xt": 0, "xj": 1},
        comes("xm"),
        last="xj",
    ),
    Piece(
        row("event-based gateway, the timer fires", "§13.4.4"),
        choice("x") + receive("xm") + catch("xt", timer()) + exclusive("xj") + way("x xm xj", "x xt xj"),
        {"xm": 0, "xt": 1, "xj": 1},
        comes("xt"),
        last="xj",
    ),
    Piece(
        row("several flows out of an activity", "§13.3.1"),
        sub("x", start("xs") + user("xa", "xb", "xc") + end("xe") + way("xs xa", "xa xb xe", "xa xc xe")),
        {"xa": 1, "xb": 1, "xc": 1, "xe": 2},
        done("xa", "xc", "xb"),
    ),
    Piece(
        row("several flows into an activity", "§13.3.1"),
        sub(
            "x",
            start("xs")
            + parallel("xf")
            + task("xa", "xb")
            + user("xc")
            + end("xe")
            + way("xs xf xa xc", "xf xb xc xe"),
        ),
        {"xa": 1, "xb": 1, "xc": 2, "xe": 2},
        done("xc"),
    ),
    Piece(
        row("conditional and default flows out of an activity", "§13.3.1"),
        sub(
            "x",
            start("xs")
            + user("xa", default="xa_xd")
            + user("xb", "xc", "xd")
            + end("xe")
            + when("xa", "xb", "=true")
            + when("xa", "xc", "=false")
            + way("xs xa xd xe", "xb xe", "xc xe"),
        ),
        {"xa": 1, "xb": 1, "xc": 0, "xd": 0},
        done("xa", "xb"),
    ),
    Piece(
        row("compensation event sub-process", "§13.5.5"),
        sub(
            "x",
            start("xs")
            + sub("y", INSIDE.replace("xs", "ys").replace("xe", "ye") + handler("yh", COMPENSATING))
            + node("intermediateThrowEvent", "xt", "<compensateEventDefinition/>")
            + end("xe")
            + way("xs y xt xe"),
        ),
        {"xu": 1, "yz": 1, "x": 1},
        done("xu", "yz"),
    ),
]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("piece", PIECES, ids=lambda piece: piece.row.element)
def test_it_runs_wherever_it_stands(piece, place):
    play = travelled(place, piece)
    assert play.ended
    assert counted(play, piece) == {element: times * PASSES[place] for element, times in piece.completes.items()}
