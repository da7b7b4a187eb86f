"""Works a pattern over a text in time bounded by their lengths (Pike's machine: all threads step together)."""

import re
from functools import lru_cache
from typing import Final

from engine.domain.feel import limits
from engine.domain.feel.pattern import Program, read
from engine.errors import ExpressionFailed

_REFERENCE: Final = re.compile(r"\\([\\$])|\$(\d)|([\\$])", re.ASCII)

Saved = tuple[int | None, ...]


class Regex:
    """A pattern ready for work."""

    __slots__ = ("_program",)

    def __init__(self, program: Program) -> None:
        self._program = program

    def search(self, meter: limits.Meter, text: str, start: int = 0) -> Saved | None:
        """Return where the leftmost match from `start` and its groups begin and end, None when there is none."""
        if len(text) > limits.MATCHED_TEXT:
            raise ExpressionFailed(reason="a text is too long to be matched", limit=limits.MATCHED_TEXT)
        empty: Saved = (None,) * (2 * self._program.groups)
        best: Saved | None = None
        threads: list[tuple[int, Saved]] = []
        for at in range(start, len(text) + 1):
            seen: set[int] = set()
            ready: list[tuple[int, Saved]] = []
            for place, saved in threads:
                self._follow(seen, ready, (place, saved), at, text)
            if best is None:
                self._follow(seen, ready, (0, empty), at, text)
            meter.spend(1 + len(seen) // limits.REGEX_MOVES_PER_STEP)
            threads, found = self._step(ready, text[at : at + 1])
            best = found or best
            if not threads and best is not None:
                break
        return best

    def _follow(
        self, seen: set[int], ready: list[tuple[int, Saved]], thread: tuple[int, Saved], at: int, text: str
    ) -> None:
        program = self._program.instructions
        waiting = [thread]
        while waiting:
            place, saved = waiting.pop()
            if place in seen:
                continue
            seen.add(place)
            name, first, second = program[place]
            if name == "split":
                waiting += [(second, saved), (first, saved)]
            elif name == "jump":
                waiting.append((first, saved))
            elif name == "save":
                waiting.append((place + 1, (*saved[:first], at, *saved[first + 1 :])))
            elif name != "at":
                ready.append((place, saved))
            elif _stands(first, text, at):
                waiting.append((place + 1, saved))

    def _step(self, ready: list[tuple[int, Saved]], letter: str) -> tuple[list[tuple[int, Saved]], Saved | None]:
        program = self._program.instructions
        moved: list[tuple[int, Saved]] = []
        for place, saved in ready:
            name, tested, _ = program[place]
            if name == "match":
                return moved, saved
            if letter and tested(letter):
                moved.append((place + 1, saved))
        return moved, None

    def find_all(self, meter: limits.Meter, text: str) -> list[tuple[int, int]]:
        """Return where each match begins and ends."""
        return [(saved[0] or 0, saved[1] or 0) for saved in self._each(meter, text)]

    def _each(self, meter: limits.Meter, text: str) -> list[Saved]:
        found = []
        at = 0
        while at <= len(text):
            saved = self.search(meter, text, at)
            if saved is None or saved[1] is None:
                break
            found.append(saved)
            at = saved[1] + (saved[0] == saved[1])
        return found

    def split(self, meter: limits.Meter, text: str) -> list[str]:
        """Return what stands between the matches."""
        parts, last = [], 0
        for start, end in self.find_all(meter, text):
            if end > start:
                parts.append(text[last:start])
                last = end
        return [*parts, text[last:]]

    def replace(self, meter: limits.Meter, text: str, replacement: str) -> str:
        """Return `text` with each match replaced; $1 to $9 stand for the groups, $0 for the match."""
        parts: list[str] = []
        last = size = 0
        for saved in self._each(meter, text):
            put = _filled(replacement, saved, text)
            size += len(put)
            if size > limits.TEXT:
                raise ExpressionFailed(reason="a text is too long", limit=limits.TEXT)
            parts += [text[last : saved[0]], put]
            last = saved[1] or 0
        return "".join([*parts, text[last:]])


def _filled(replacement: str, saved: Saved, text: str) -> str:
    def part(found: re.Match[str]) -> str:
        if found[1]:
            return found[1]
        if found[3] or int(found[2]) * 2 >= len(saved):
            raise ValueError(replacement)
        start, end = saved[int(found[2]) * 2], saved[int(found[2]) * 2 + 1]
        return "" if start is None or end is None else text[start:end]

    return _REFERENCE.sub(part, replacement)


def _stands(sign: str, text: str, at: int) -> bool:
    if sign[0] == "^":
        return at == 0 or (sign == "^m" and text[at - 1] == "\n")
    if sign[0] == "$":
        return at == len(text) or (sign == "$m" and text[at] == "\n")
    edge = _is_word(text[at - 1 : at] if at else "") != _is_word(text[at : at + 1])
    return edge is (sign == "b")


def _is_word(letter: str) -> bool:
    return letter == "_" or letter.isalnum()


def compiled(meter: limits.Meter, pattern: str, flags: str) -> Regex:
    """Return `pattern` ready for work; raise ValueError when it is none, ExpressionFailed when it is too long."""
    meter.spend_on_pattern(pattern)
    return _compiled(pattern, flags)


@lru_cache(maxsize=512)
def _compiled(pattern: str, flags: str) -> Regex:
    return Regex(read(pattern, flags))
