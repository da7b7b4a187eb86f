"""Cells of constants, read at once: most cells of a large table are so plain that they need no grammar.

What is read here is what the grammar would read; everything else is left to it.
"""

import re
from decimal import Decimal
from typing import Final

from engine.domain.feel import syntax
from engine.domain.feel.values import tidy

_NUMBER: Final = r"-?\d{1,15}(?:\.\d{1,15})?"
_TEXT: Final = r'"[^"\\\n\ud800-\udfff]*"'
_CONSTANT: Final = rf"{_TEXT}|{_NUMBER}|true|false|null"
_LIST: Final = re.compile(rf"\s*(?:{_CONSTANT})(?:\s*,\s*(?:{_CONSTANT}))*\s*", re.ASCII)
_NOT: Final = re.compile(rf"\s*not\(({_LIST.pattern})\)\s*", re.ASCII)
_EACH: Final = re.compile(_CONSTANT, re.ASCII)
_COMPARED: Final = re.compile(rf"\s*(<=|>=|<|>)\s*({_NUMBER})\s*", re.ASCII)
_INTERVAL: Final = re.compile(rf"\s*([\[\](])\s*({_NUMBER})\s*\.\.\s*({_NUMBER})\s*([\[\])])\s*", re.ASCII)
_WORDS: Final = {"true": syntax.Literal(True), "false": syntax.Literal(False), "null": syntax.Literal(None)}  # noqa: FBT003


def plain(source: str) -> syntax.Tests | None:
    """Return the tests of a cell such as `"A", "B"`, `not("A")`, `< 5` or `[1..5]`, None for any other."""
    negated = _NOT.fullmatch(source)
    if negated is not None or _LIST.fullmatch(source):
        constants = _EACH.findall(source if negated is None else negated[1])
        return syntax.Tests(tuple([_constant(each) for each in constants]), negated is not None)
    compared = _COMPARED.fullmatch(source)
    if compared is not None:
        return syntax.Tests((syntax.SymbolTest(compared[1], _number(compared[2])),), negated=False)
    interval = _INTERVAL.fullmatch(source)
    if interval is not None:
        ends = _number(interval[2]), _number(interval[3])
        return syntax.Tests((syntax.Interval(*ends, interval[1] == "[", interval[4] == "]"),), negated=False)
    return None


def _constant(text: str) -> syntax.Node:
    if text[0] == '"':
        return syntax.Literal(text[1:-1])
    return _WORDS.get(text) or _number(text)


def _number(text: str) -> syntax.Literal:
    value = tidy(Decimal(text)) if "." in text else int(text)
    return syntax.Literal(value)
