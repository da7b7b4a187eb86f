"""No pattern of a form can be made slow by what a person types."""

import time

import pytest

from engine.domain import patterns
from engine.errors import ExpressionRefused

PLAIN = [
    "^1[3-9][0-9]{9}$", "^[0-9A-Z]{18}$", "浙.{1,10}发〔[0-9]{4}〕[0-9]+号", "^(?:县|市|区)$", "^https?://",
    "^(a|b)?c$",
    r"\d{3,4}-\d{7,8}", r"^[^@\s]+@[^@\s]+\.[^@\s]+$", r"\d*\d*x", "a?" * 10, "^(ab){2,5}$", "a+?", "a|b|c", r"\u4e00",
]  # fmt: skip

REFUSED = [
    "(a+)+$", "(a|a)*$", "(a?){20}", "a?" * 40, "(?=a)b", "(?<!a)b", r"(a)\1", "[", "(", ")", "*a", "a**", "a++",
    "(?P<x>a)",
    "a{1,999}" * 3, "(?:a|b)" * 60, "x" * 300, "[a-\\", "a{2,1}", "((a*)b?)*", "(?i)a", r"\x41", "a{", "]", "[z-a]",
    "(|a)+",
    r"\d+\d+\d+\d+$", "((a{1,50}){1,50}){1,50}", "a{1000}",
]  # fmt: skip


@pytest.mark.parametrize("source", PLAIN)
def test_plain_pattern_is_quick_whatever_the_text(source):
    pattern = patterns.compiled(source)
    for text in ("a" * 200, "1" * 200, "@" * 200, "a@" * 100, "a" * 199 + "!", "x" * 100_000):
        started = time.perf_counter()
        patterns.matches(pattern, text)
        assert time.perf_counter() - started <= 0.25


@pytest.mark.parametrize("source", REFUSED, ids=range(len(REFUSED)))
def test_pattern_that_could_be_slow_or_strange_is_refused(source):
    with pytest.raises(ExpressionRefused):
        patterns.compiled(source)


def test_pattern_reads_as_in_the_browser():
    assert patterns.matches(patterns.compiled(r"^\d+$"), "123")
    assert not patterns.matches(patterns.compiled(r"^\d+$"), "１２３")
    assert patterns.matches(patterns.compiled("科"), "浙科发")
    assert not patterns.matches(patterns.compiled("a"), "a" * 201)
