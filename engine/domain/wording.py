"""Wording: templates without logic; `{{name}}` is filled in, a name nobody knows is refused, all else is text."""

import re
from collections.abc import Iterator, Mapping

NAMES = frozenset({"person", "who", "task", "case", "unit", "due", "reason", "needs", "count", "what"})
PLACE = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
LONGEST = {"subject": 200, "body": 4_000}


def faults(text: Mapping[str, object]) -> Iterator[str]:
    """Yield what is wrong with a text of a subject and a body."""
    for key, longest in LONGEST.items():
        said = text.get(key)
        if not isinstance(said, str) or not said.strip() or len(said) > longest:
            yield f"{key}: 1–{longest} characters"
            continue
        yield from (f"{key}: {{{{{name}}}}}" for name in PLACE.findall(said) if name not in NAMES)
    yield from (f"{key}: unknown" for key in sorted(text.keys() - LONGEST.keys()))


def filled(template: str, facts: Mapping[str, str]) -> str:
    """Return `template` with its places filled; a fact that is not known leaves nothing. Facts are never templates."""
    text = PLACE.sub(lambda found: facts.get(found[1], ""), template)
    return "\n".join(line.rstrip() for line in text.splitlines()).strip()
