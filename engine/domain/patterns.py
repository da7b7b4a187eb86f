"""Regular expressions that owners write into forms: a small language whose cost is known before it runs.

A pattern runs in the browser and here. What both read alike is allowed, as long as no text can make it slow.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from engine.errors import ExpressionRefused

LONGEST_PATTERN = 200
LONGEST_TEXT = 200
MOST_STEPS = 10_000_000
UNBOUNDED = LONGEST_TEXT

_TOKEN = re.compile(
    r"(?P<escape>\\(?:[dDwWsSbBnrt]|[^A-Za-z0-9]|u[0-9A-Fa-f]{4}))"
    r"|(?P<set>\[\^?(?:\\(?:[dDwWsSnrt]|[^A-Za-z0-9]|u[0-9A-Fa-f]{4})|[^\\\]\[])+\])"
    r"|(?P<open>\((?:\?:)?(?!\?))|(?P<close>\))|(?P<either>\|)"
    r"|(?P<repeat>(?:[*+?]|\{(?P<least>[0-9]{1,3})(?P<range>,(?P<most>[0-9]{1,3})?)?\})\??)"
    r"|(?P<plain>[^\\\[\](){}*+?|])",
    re.DOTALL,
)


@dataclass
class _Part:
    """A group on its way: how many ways it can match, and whether it is fixed in length and choice."""

    cost: int = 1
    branches: int = 1
    fixed: bool = True


@lru_cache(maxsize=512)
def compiled(source: str) -> re.Pattern[str]:
    """Return the pattern; raise ExpressionRefused when it is no pattern, or one that some text could make slow.

    Back references, look-around and repeated groups that hold a repetition or a choice are refused.
    """
    if len(source) > LONGEST_PATTERN:
        raise ExpressionRefused(source=source[:40], expected=f"at most {LONGEST_PATTERN} characters")
    starts = 1 if source.startswith("^") and "|" not in source else LONGEST_TEXT
    if _cost(source) * starts > MOST_STEPS:
        raise ExpressionRefused(source=source[:40], expected="fewer repetitions and choices")
    try:
        return re.compile(source, re.ASCII)
    except (re.error, OverflowError) as fault:
        raise ExpressionRefused(source=source[:40], expected=f"a regular expression: {fault}") from None


def matches(pattern: re.Pattern[str], text: str) -> bool:
    """Return whether `text` has the pattern in it; a text longer than LONGEST_TEXT never has."""
    return len(text) <= LONGEST_TEXT and pattern.search(text) is not None


def _cost(source: str) -> int:
    stack, last, place = [_Part()], _Part(), 0
    while place < len(source):
        token = _TOKEN.match(source, place)
        if token is None:
            raise ExpressionRefused(source=source[:40], position=place, expected="a plain regular expression")
        place = token.end()
        last = _step(stack, last, token)
    if len(stack) != 1:
        raise ExpressionRefused(source=source[:40], expected="closed groups")
    return stack[0].cost * stack[0].branches


def _step(stack: list[_Part], last: _Part, token: re.Match[str]) -> _Part:
    """Take one token into the innermost group; return the part that a repetition after it would repeat."""
    inner = stack[-1]
    match token.lastgroup:
        case "open":
            stack.append(_Part())
        case "close":
            return _close(stack, token.string)
        case "either":
            inner.branches, inner.fixed = inner.branches + 1, False
        case "repeat":
            _repeat(inner, last, token)
            return _Part(fixed=False)
        case _:
            pass
    return _Part()


def _close(stack: list[_Part], source: str) -> _Part:
    if len(stack) == 1:
        raise ExpressionRefused(source=source[:40], expected="no closing bracket without an opening one")
    closed = stack.pop()
    outer = stack[-1]
    outer.cost *= closed.cost * closed.branches
    outer.fixed = outer.fixed and closed.fixed
    return closed


def _repeat(inner: _Part, last: _Part, token: re.Match[str]) -> None:
    least = int(token["least"] or 0)
    most = least if token["least"] and not token["range"] else int(token["most"] or UNBOUNDED)
    if token[0].startswith("?"):
        most = 1
    if not last.fixed and most > 1:
        raise ExpressionRefused(source=token.string[:40], expected="no repetition of a repetition or of a choice")
    if most != least:
        inner.cost *= max(most - least, 1) + 1
        inner.fixed = False
