"""One text for one value: JSON with sorted keys and no spaces, and decimals as plain texts.

What is written so has the same bytes, and so the same digest, wherever and whenever it is written (after RFC 8785,
which also sorts keys and leaves out spaces).
"""

import hashlib
import json
from decimal import Decimal
from typing import Any

from engine.errors import StepFailed

LARGEST = Decimal(10) ** 18
FINEST = -30
DEEPEST = 64
LONGEST = 16 * 1024 * 1024  # bytes; the lists of a case of decades have some hundred thousand


def encode(value: Any) -> bytes:
    """Return `value` as canonical JSON in UTF-8, ended by a line break; raise ValueError for what is not JSON."""
    try:
        text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return text.encode() + b"\n"
    except (RecursionError, TypeError) as fault:
        raise ValueError(str(fault)) from fault


def decode(content: bytes) -> Any:
    """Return the value of canonical JSON; raise ValueError for anything that `encode` does not write.

    So keys that appear twice, NaN, numbers in another form and nesting or length beyond reason are all refused.
    """
    if len(content) > LONGEST:
        raise ValueError("too long")
    try:
        value = json.loads(content.decode())
    except RecursionError as fault:
        raise ValueError("nested too deeply") from fault
    if _depth(value) > DEEPEST or encode(value) != content:
        raise ValueError("not in the form in which the package was written")
    return value


def digest(value: Any) -> str:
    """Return the SHA-256 of the canonical JSON of `value`."""
    return hashlib.sha256(encode(value)).hexdigest()


def number(value: Any) -> Decimal:
    """Return a number, or the text of one, exactly; raise StepFailed when it is none, not finite or above 10^18."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise StepFailed(reason=f"{value!r:.40} is no number")
    try:
        exact = Decimal(str(value))
    except ArithmeticError:
        raise StepFailed(reason=f"{value!r:.40} is no number") from None
    exponent = exact.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < FINEST or abs(exact) > LARGEST:
        raise StepFailed(reason="a figure is not finite, too large or too fine")
    return exact


def decimal(value: Decimal) -> str:
    """Return a decimal as the shortest text without an exponent: 80, 12.5, 0."""
    text = format(value, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in {"-0", ""} else text


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level and depth <= DEEPEST:
        depth += 1
        level = [child for one in level for child in _children(one)]
    return depth


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
