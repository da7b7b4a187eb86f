"""Regular expressions of XPath, read into a small program for `engine.domain.feel.regex`.

Python's own `re` can take for ever on `(a|a)*b`; here no pattern can, because the program is worked in step with the
text. Refused (ValueError): back-references, look-around, named groups, and what grows past `MOST`.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from engine.domain.feel import limits
from engine.errors import ExpressionFailed

MOST: Final = 1_000
_DEEPEST: Final = 15
_COUNTED: Final = re.compile(r"\{(\d{1,4})(,(\d{0,4}))?\}", re.ASCII)
_CATEGORY: Final = re.compile(r"\{([LMNPZSC][a-z]?)\}", re.ASCII)

Letter = Callable[[str], bool]
Instruction = tuple[str, Any, Any]

_CLASSES: Final[dict[str, Letter]] = {
    "d": str.isdecimal,
    "s": lambda letter: letter in " \t\n\r",
    "w": lambda letter: letter == "_" or unicodedata.category(letter)[0] not in "PZC",
}
_PLAIN: Final = {"n": "\n", "r": "\r", "t": "\t"}
_ESCAPABLE: Final = frozenset("\\|.-^?*+{}()[]$/\"'")


@dataclass(frozen=True, slots=True)
class Program:
    """Instructions and how many groups they save; group 0 is the whole match."""

    instructions: list[Instruction]
    groups: int


def read(pattern: str, flags: str) -> Program:
    """Return the program of `pattern`; raise ValueError when it is none, ExpressionFailed when it is too long."""
    if len(pattern) > limits.PATTERN:
        raise ExpressionFailed(reason="a pattern is too long", limit=limits.PATTERN)
    if set(flags) - set("smix"):
        raise ValueError(flags)
    if "x" in flags:
        pattern = re.sub(r"\s", "", pattern)
    reader = _Reader(pattern, flags)
    tree = reader.alternatives(0)
    if reader.at != len(pattern):
        raise ValueError(pattern)
    writer = _Writer()
    writer.write(("group", 0, tree))
    writer.emit("match")
    return Program(writer.program, reader.groups)


class _Reader:
    """Reads a pattern from left to right into a tree of tuples."""

    def __init__(self, pattern: str, flags: str) -> None:
        self.pattern = pattern
        self.at = 0
        self.groups = 1
        self.ignore_case = "i" in flags
        self.dot_all = "s" in flags
        self.multiline = "m" in flags

    def peek(self) -> str:
        return self.pattern[self.at : self.at + 1]

    def take(self) -> str:
        letter = self.peek()
        if not letter:
            raise ValueError(self.pattern)
        self.at += 1
        return letter

    def alternatives(self, depth: int) -> tuple[Any, ...]:
        if depth > _DEEPEST:
            raise ValueError(self.pattern)
        found = [self._sequence(depth)]
        while self.peek() == "|":
            self.at += 1
            found.append(self._sequence(depth))
        return ("either", found)

    def _sequence(self, depth: int) -> tuple[Any, ...]:
        parts = []
        while self.peek() not in ("", "|", ")"):
            parts.append(self._repeated(self._atom(depth)))
        return ("sequence", parts)

    def _repeated(self, atom: tuple[Any, ...]) -> tuple[Any, ...]:
        counted = _COUNTED.match(self.pattern, self.at)
        if counted is not None:
            self.at = counted.end()
            least = int(counted[1])
            most = least if counted[2] is None else int(counted[3]) if counted[3] else None
        elif self.peek() and self.peek() in "*+?":
            sign = self.take()
            least, most = int(sign == "+"), 1 if sign == "?" else None
        else:
            return atom
        if most is not None and most < least:
            raise ValueError(self.pattern)
        lazy = self.peek() == "?"
        self.at += lazy
        if self.peek() and self.peek() in "*+?":
            raise ValueError(self.pattern)
        return ("repeat", atom, least, most, lazy)

    def _atom(self, depth: int) -> tuple[Any, ...]:
        letter = self.take()
        if letter == "(":
            return self._group(depth)
        if letter == "[":
            return ("letter", self._cased(self._class()))
        if letter == ".":
            return ("letter", (lambda _letter: True) if self.dot_all else (lambda letter: letter not in "\n\r"))
        if letter in "^$":
            return ("at", letter + ("m" if self.multiline else ""))
        if letter == "\\" and self.peek() and self.peek() in "bB":
            return ("at", self.take())
        if letter in "*+?{}])":
            raise ValueError(self.pattern)
        return ("letter", self._cased(self._escape() if letter == "\\" else letter.__eq__))

    def _group(self, depth: int) -> tuple[Any, ...]:
        number = None
        if self.pattern.startswith("?:", self.at):
            self.at += 2
        else:
            number = self.groups
            self.groups += 1
        tree = self.alternatives(depth + 1)
        if self.take() != ")":
            raise ValueError(self.pattern)
        return tree if number is None else ("group", number, tree)

    def _escape(self) -> Letter:
        letter = self.take()
        if letter in _PLAIN:
            return _PLAIN[letter].__eq__
        if letter in ("p", "P"):
            return self._category(letter == "P")
        if letter.lower() in _CLASSES:
            inside = _CLASSES[letter.lower()]
            return inside if letter.islower() else lambda tested: not inside(tested)
        if letter not in _ESCAPABLE:
            raise ValueError(self.pattern)
        return letter.__eq__

    def _category(self, negated: bool) -> Letter:  # noqa: FBT001
        found = _CATEGORY.match(self.pattern, self.at)
        if found is None:
            raise ValueError(self.pattern)
        self.at = found.end()
        wanted = found[1]
        return lambda letter: unicodedata.category(letter).startswith(wanted) is not negated

    def _class(self) -> Letter:
        negated = self.peek() == "^"
        self.at += negated
        parts: list[Letter] = []
        without: Letter | None = None
        while self.peek() != "]" or not parts:
            if self.pattern.startswith("-[", self.at) and parts:
                self.at += 2
                without = self._class()
                break
            parts.append(self._class_part())
        if self.take() != "]":
            raise ValueError(self.pattern)
        return lambda letter: (
            any(part(letter) for part in parts) is not negated and not (without is not None and without(letter))
        )

    def _class_part(self) -> Letter:
        start = self.take()
        if start == "\\":
            tested = self._escape()
            literal = getattr(tested, "__self__", None)
            if not isinstance(literal, str):
                return tested
            start = literal
        if self.peek() != "-" or self.pattern[self.at + 1 : self.at + 2] in ("]", "[", ""):
            return start.__eq__
        self.at += 1
        end = self.take()
        if end == "\\":
            end = str(getattr(self._escape(), "__self__", ""))
        if len(end) != 1 or end < start:
            raise ValueError(self.pattern)
        return lambda letter: start <= letter <= end

    def _cased(self, tested: Letter) -> Letter:
        if not self.ignore_case:
            return tested
        return lambda letter: tested(letter) or tested(letter.lower()) or tested(letter.upper()[:1])


class _Writer:
    """Writes the tree as instructions: letter, at, save, split, jump, match."""

    def __init__(self) -> None:
        self.program: list[Instruction] = []

    def emit(self, name: str, first: Any = None, second: Any = None) -> int:
        if len(self.program) >= MOST:
            raise ValueError(name)
        self.program.append((name, first, second))
        return len(self.program) - 1

    def write(self, tree: tuple[Any, ...]) -> None:
        name = tree[0]
        if name in ("letter", "at"):
            self.emit(name, tree[1])
        elif name == "group":
            self.emit("save", tree[1] * 2)
            self.write(tree[2])
            self.emit("save", tree[1] * 2 + 1)
        elif name == "sequence":
            for part in tree[1]:
                self.write(part)
        elif name == "either":
            self._write_either(tree[1])
        else:
            self._write_repeat(*tree[1:])

    def _write_either(self, parts: list[tuple[Any, ...]]) -> None:
        ends = []
        for part in parts[:-1]:
            split = self.emit("split")
            self.write(part)
            ends.append(self.emit("jump"))
            self.program[split] = ("split", split + 1, len(self.program))
        self.write(parts[-1])
        for end in ends:
            self.program[end] = ("jump", len(self.program), None)

    def _write_repeat(self, tree: tuple[Any, ...], least: int, most: int | None, lazy: bool) -> None:  # noqa: FBT001
        for _ in range(least):
            self.write(tree)
        if most is None:
            start = self.emit("split")
            self.write(tree)
            self.emit("jump", start)
            self._fork(start, lazy)
            return
        forks = []
        for _ in range(most - least):
            forks.append(self.emit("split"))
            self.write(tree)
        for fork in forks:
            self._fork(fork, lazy)

    def _fork(self, at: int, lazy: bool) -> None:  # noqa: FBT001
        inside, after = at + 1, len(self.program)
        self.program[at] = ("split", after, inside) if lazy else ("split", inside, after)
