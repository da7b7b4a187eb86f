"""Wording: templates without logic; `{{name}}` is filled in, a name nobody knows is refused, all else is text."""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

NAMES = frozenset({"person", "who", "task", "case", "unit", "due", "reason", "needs", "count", "what"})
PLACE = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
LONGEST = {"subject": 200, "body": 4_000}
LANGUAGES = ("zh", "en")


class Fault(NamedTuple):
    """What is wrong with a text, where, in Chinese and English."""

    place: str
    zh: str
    en: str


def faults(texts: Mapping[str, object]) -> Iterator[Fault]:
    """Yield what is wrong with texts by key and language, each a subject and a body."""
    for key, spoken in texts.items():
        if not isinstance(spoken, dict) or set(spoken) != set(LANGUAGES):
            yield Fault(key, "须同时写明中文（zh）和英文（en）", "zh and en are needed, and nothing else")
            continue
        for language, text in spoken.items():
            yield from _of(f"{key}.{language}", text)


def _of(place: str, text: object) -> Iterator[Fault]:
    parts = text if isinstance(text, dict) else {}
    for part, longest in LONGEST.items():
        said = parts.get(part)
        if not isinstance(said, str) or not said.strip() or len(said) > longest:
            yield Fault(f"{place}.{part}", f"须为 1–{longest} 个字", f"1–{longest} characters are needed")
            continue
        for name in PLACE.findall(said):
            if name not in NAMES:
                known = "、".join(sorted(NAMES))
                yield Fault(
                    f"{place}.{part}", f"没有 {{{{{name}}}}} 这个填空，可用：{known}", f"there is no {{{{{name}}}}}"
                )
    for part in sorted(parts.keys() - LONGEST.keys()):
        yield Fault(f"{place}.{part}", "没有这一项，只有 subject 和 body", "there is nothing but subject and body")


def filled(template: str, facts: Mapping[str, str]) -> str:
    """Return `template` with its places filled; a fact that is not known leaves nothing. Facts are never templates."""
    text = PLACE.sub(lambda found: facts.get(found[1], ""), template)
    return "\n".join(line.rstrip() for line in text.splitlines()).strip()
