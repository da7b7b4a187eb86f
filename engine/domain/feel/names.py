"""Names a model declares which no grammar could know: with signs (`Loan-to-value`) or words of the language in them.

DMN 1.3 chapter 10.3.1.2 has such names read by what is in scope. They are put into backquotes before the expression is
read, longest first, and faults are told at the place they have in what the owner wrote.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

_ASIDE: Final = r'"(?:[^"\\\n]|\\.)*"|`[^`\n]*`|//[^\n]*|/\*(?:.|\n)*?\*/'
_PLAIN: Final = re.compile(r"[^\W\d]\w*( [^\W\d]\w*)*")
_WORDS: Final = frozenset(
    {
        "if", "then", "else", "for", "in", "return", "some", "every", "satisfies", "and", "or", "not", "between",
        "true", "false", "null", "function", "instance", "of",
    }
)  # fmt: skip
_KEY: Final = re.compile(r'"((?:[^"\\\n`])+)"\s*:')
_SIGNED_KEY: Final = re.compile(r"[{,]\s*([^\W\d]\w*(?: +\w+)*(?: *[-+*/.'] *\w+(?: +\w+)*)+)\s*:")


def unusual(names: Iterable[str]) -> frozenset[str]:
    """Return those of `names` that cannot be read as words one after the other."""
    return frozenset(name for name in names if name and "`" not in name and not _is_plain(name))


def _is_plain(name: str) -> bool:
    return _PLAIN.fullmatch(name) is not None and not _WORDS & set(name.split())


def marked(source: str, names: frozenset[str]) -> tuple[str, list[int]]:
    """Return `source` with the unusual `names`, and those it gives to entries, in backquotes; and where these stand."""
    if ":" in source:
        keys = _KEY.findall(source) + _SIGNED_KEY.findall(source)
        names = names | unusual(key for key in keys if re.match(r"[^\W\d]", key))
    if not names:
        return source, []
    marks: list[int] = []
    parts: list[str] = []
    last = 0
    for found in _pattern(names).finditer(source):
        if found["name"] is not None:
            parts += [source[last : found.start()], "`", found[0], "`"]
            marks += [found.start(), found.end()]
            last = found.end()
    return "".join([*parts, source[last:]]), marks


def place(position: int, marks: list[int]) -> int:
    """Return where a position in the marked text stands in the text the owner wrote."""
    for count, mark in enumerate(marks):
        if position <= mark + count:
            return position - count
    return position - len(marks)


@lru_cache(maxsize=256)
def _pattern(names: frozenset[str]) -> re.Pattern[str]:
    longest_first = sorted(names, key=len, reverse=True)
    spelled = "|".join(r"\s+".join(re.escape(part) for part in name.split()) for name in longest_first)
    return re.compile(rf"{_ASIDE}|(?<!\w)(?P<name>{spelled})(?!\w)")
