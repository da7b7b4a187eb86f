"""Hostile diagrams and data: small to write, endless or huge to run, or nothing that a database can keep."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.support.shapes import (
    boundary,
    call,
    catch,
    choice,
    end,
    exclusive,
    handler,
    link,
    many,
    mapped,
    message,
    node,
    parallel,
    repeat,
    signal,
    start,
    sub,
    task,
    throw,
    timer,
    user,
    way,
    when,
)

ROLE = "PRV_OFFICER"
CASE = "hostile"
DATA = {
    "many": 100_000,
    "billion": 10**9,
    "period": "P99999999999Y",
    "cycle": "R/PT0S",
    "moment": "999999999-01-01T00:00:00Z",
    "soon": "PT0S",
    "text": "ab",
    "list": [1, 2],
    "case": CASE,
}


@dataclass(frozen=True)
class Hostile:
    """A diagram, and what wakes it: nothing, the task "u" completed, a tick of the clock, or a message."""

    body: str
    wake: str = ""


def circle(first: str = "", name: str = "") -> str:
    """Return a process that circles for ever behind `first` and pretends that it might end."""
    drawn = start() + first + task("one", "two") + exclusive("out", default="out_one") + end("e")
    return drawn + way(f"s {name} one two out one") + when("out", "e", "=text = null")


def fan(count: int, drawn: Callable[..., str]) -> str:
    names = [f"t{number}" for number in range(count)]
    ways = way("s split", "join e", *(f"split {name} join" for name in names))
    return start() + parallel("split", "join") + drawn(*names) + end("e") + ways


def officers(*names: str, inner: str = "") -> str:
    return user(*names, inner=inner, role=ROLE)


def reckoned(name: str, text: str) -> str:
    """Return a sub-process `x` that gives a variable the value of an expression."""
    inner = start("xs") + task("xt") + end("xe") + way("xs xt xe")
    return sub("x", mapped(outputs={name: text}) + inner)


def grown(text: str) -> str:
    """Return a process in whose circle the variable `text` is reckoned again and again."""
    drawn = start() + exclusive("again") + reckoned("text", text) + exclusive("out", default="out_again") + end("e")
    return drawn + way("s again x out again") + when("out", "e", "=text = null")


def times(cardinality: str) -> str:
    """Return a task that is done so many times."""
    inner = f"<loopCardinality>{cardinality}</loopCardinality>"
    return node("task", "x", f"<multiInstanceLoopCharacteristics>{inner}</multiInstanceLoopCharacteristics>")


def alone(drawn: str) -> str:
    """Return a process of one element `x`."""
    return start() + drawn + end("e") + way("s x e")


def watched(trigger: str) -> str:
    """Return a user task with a boundary event that does not interrupt it."""
    drawn = start() + officers("u") + boundary("b", "u", trigger, interrupting=False) + end("e", "f")
    return drawn + way("s u e", "b f")


def echoed() -> str:
    """Return a process whose handler of a signal throws that signal again."""
    inner = start("hs", signal(), isInterrupting=False) + throw("ht", signal()) + end("he") + way("hs ht he")
    return handler("h", inner) + start() + throw("t", signal()) + officers("u") + end("e") + way("s t u e")


def calling_itself() -> str:
    drawn = start() + exclusive("g", default="g_x") + call("x", "p", mapped({"billion": "=billion - 1"}))
    return drawn + end("e", "f") + way("s g x e") + when("g", "f", "=billion < 0")


def hundreds() -> str:
    """Return a hundred times a hundred times a hundred tasks."""
    inner, hundred = officers("u", inner=many("=for i in 1..100 return i")), "=for i in 1..100 return i"
    for name in ("y", "x"):
        last = "u" if name == "y" else "y"
        frame = start(f"{name}s") + inner + end(f"{name}e") + way(f"{name}s {last} {name}e")
        inner = sub(name, many(hundred) + frame)
    return alone(inner)


def mixed() -> str:
    """Return a gateway that waits for a timer of a billion years or a message."""
    drawn = start() + choice("g") + catch("t", timer("=period")) + catch("m", message(), correlation="=case")
    return drawn + end("e", "f") + way("s g t e", "g m f")


LINKED = way("s a t", "c a")
MODELS = {
    "gateways in a circle": Hostile(start() + exclusive("a") + exclusive("b") + way("s a b a")),
    "tasks in a circle": Hostile(start() + task("a", "b") + way("s a b a")),
    "a circle that might end": Hostile(circle()),
    "a circle behind a task": Hostile(circle(officers("u"), "u"), "task"),
    "a circle behind a timer": Hostile(circle(catch("t", timer("=soon")), "t"), "tick"),
    "a circle behind a message": Hostile(circle(catch("m", message(), correlation="=case"), "m"), "message"),
    "a loop for ever": Hostile(alone(node("task", "x", repeat("=true")))),
    "a loop of a billion": Hostile(alone(node("task", "x", repeat("=true", loopMaximum=10**9)))),
    "links in a circle": Hostile(
        start() + task("a") + throw("t", link("L")) + catch("c", link("L")) + way("s a t", "c a")
    ),
    "a signal that echoes": Hostile(echoed()),
    "a process that calls itself": Hostile(alone(call("x", "p"))),
    "a process that calls itself as data say": Hostile(calling_itself()),
    "5,000 branches": Hostile(fan(5_000, task)),
    "5,000 branches with people": Hostile(fan(5_000, officers)),
    "100,000 times": Hostile(alone(times("100000"))),
    "100,000 times as data say": Hostile(alone(times("=many"))),
    "a billion times as data say": Hostile(alone(times("=billion"))),
    "100,000 items as data say": Hostile(alone(node("task", "x", many("=for i in 1..many return i")))),
    "5,000 people": Hostile(alone(officers("x", inner=many("=for i in 1..5000 return i")))),
    "a million in each other": Hostile(hundreds()),
    "a hundred billion years": Hostile(alone(catch("x", timer("P99999999999Y")))),
    "a hundred billion years as data say": Hostile(alone(catch("x", timer("=period")))),
    "a hundred billion years or a message": Hostile(mixed()),
    "a far date as data say": Hostile(alone(catch("x", timer("=moment", "timeDate")))),
    "a cycle of no time": Hostile(watched(timer("R/PT0S", "timeCycle"))),
    "a cycle of no time as data say": Hostile(watched(timer("=cycle", "timeCycle"))),
    "a text that doubles": Hostile(grown("=text + text")),
    "a list that doubles": Hostile(grown("=concatenate([text, text], [text, text])")),
    "a list in a list in a list": Hostile(grown("=[text]")),
    "a tower of powers": Hostile(alone(reckoned("text", "=10**10**10"))),
    "NUL in a text": Hostile(alone(reckoned("text", '="a\\u0000b"'))),
    "half a surrogate pair": Hostile(alone(reckoned("text", '="a\\ud800b"'))),
    "sub-processes 50 deep": Hostile(""),
}

HARMLESS = Hostile(alone(officers("x")))


def _deep(depth: int) -> str:
    drawn = officers("x0")
    for level in range(1, depth):
        around = start(f"s{level}") + drawn + end(f"e{level}") + way(f"s{level} x{level - 1} e{level}")
        drawn = sub(f"x{level}", around)
    return start() + drawn + end("e") + way(f"s x{depth - 1} e")


MODELS["sub-processes 50 deep"] = Hostile(_deep(50))

BODIES = {
    "10,000 lists in each other": b"[" * 10_000 + b"]" * 10_000,
    "10,000 objects in each other": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "NaN": b"NaN",
    "infinity": b"-Infinity",
    "a number beyond all": b"1e999",
    "an integer beyond all": b"9" * 5_000,
    "NUL": b'"a\\u0000b"',
    "NUL in a key": b'{"a\\u0000b": 1}',
    "half a surrogate pair": b'"\\ud800"',
    "half a surrogate pair in a key": b'{"\\udfff": 1}',
    "a key twice": b'{"a": 1, "a": 2}',
    "bytes that are no text": b'"\xff\xfe"',
}
