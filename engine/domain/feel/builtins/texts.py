"""Functions on texts (DMN 1.3 chapter 10.3.4.3). Positions count from 1, from the end when negative."""

from typing import Any, Final

from engine.domain.feel import limits, regex
from engine.domain.feel.builtins.registry import Signature, signature


def _substring(_meter: limits.Meter, text: str, position: Any, length: Any = None) -> str | None:
    start = int(position)
    if start == 0 or abs(start) > max(len(text), 1):
        return "" if start > 0 else None
    first = start - 1 if start > 0 else len(text) + start
    if length is None:
        return text[first:]
    return text[first : first + int(length)] if length >= 1 else None


def _length(_meter: limits.Meter, text: str) -> int:
    return len(text)


def _upper(_meter: limits.Meter, text: str) -> str:
    return limits.text(text.upper())


def _lower(_meter: limits.Meter, text: str) -> str:
    return limits.text(text.lower())


def _before(_meter: limits.Meter, text: str, match: str) -> str:
    return text.partition(match)[0] if match and match in text else ""


def _after(_meter: limits.Meter, text: str, match: str) -> str:
    return text.partition(match)[2] if match else text


def _contains(_meter: limits.Meter, text: str, match: str) -> bool:
    return match in text


def _starts(_meter: limits.Meter, text: str, match: str) -> bool:
    return text.startswith(match)


def _ends(_meter: limits.Meter, text: str, match: str) -> bool:
    return text.endswith(match)


def _matches(meter: limits.Meter, text: str, pattern: str, flags: str | None = None) -> bool:
    return regex.compiled(meter, pattern, flags or "").search(meter, text) is not None


def _replace(meter: limits.Meter, text: str, pattern: str, replacement: str, flags: str | None = None) -> str:
    return limits.text(regex.compiled(meter, pattern, flags or "").replace(meter, text, replacement))


def _split(meter: limits.Meter, text: str, delimiter: str) -> list[str]:
    return limits.items(regex.compiled(meter, delimiter, "").split(meter, text))


def _extract(meter: limits.Meter, text: str, pattern: str) -> list[str]:
    return limits.items([text[slice(*found)] for found in regex.compiled(meter, pattern, "").find_all(meter, text)])


def _join(meter: limits.Meter, items: list[Any], delimiter: str | None = None) -> str | None:
    meter.spend(len(items))
    texts = [item for item in items if item is not None]
    if not all(isinstance(item, str) for item in texts):
        return None
    if sum(map(len, texts)) + len(delimiter or "") * len(texts) > 2 * limits.TEXT:
        limits.text(" " * (limits.TEXT + 1))
    return limits.text((delimiter or "").join(texts))


def _trim(_meter: limits.Meter, text: str) -> str:
    return text.strip()


def _is_blank(_meter: limits.Meter, text: str) -> bool:
    return not text.strip()


SIGNATURES: Final[list[Signature]] = [
    signature("substring", _substring, "string: string", "start position: number", "length?: number"),
    signature("string length", _length, "string: string"),
    signature("upper case", _upper, "string: string"),
    signature("lower case", _lower, "string: string"),
    signature("substring before", _before, "string: string", "match: string"),
    signature("substring after", _after, "string: string", "match: string"),
    signature("contains", _contains, "string: string", "match: string"),
    signature("starts with", _starts, "string: string", "match: string"),
    signature("ends with", _ends, "string: string", "match: string"),
    signature("matches", _matches, "input: string", "pattern: string", "flags?: string"),
    signature("replace", _replace, "input: string", "pattern: string", "replacement: string", "flags?: string"),
    signature("split", _split, "string: string", "delimiter: string"),
    signature("extract", _extract, "input: string", "pattern: string"),
    signature("string join", _join, "list: list", "delimiter?: string"),
    signature("trim", _trim, "string: string"),
    signature("is blank", _is_blank, "string: string"),
]
