"""Rules are looked up, not tried: the answer is what trying every cell would give, and ten thousand cost like ten."""

import gc
import time
from datetime import date
from decimal import Decimal
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from engine.domain import decisions, feel
from engine.domain.feel import cells, parser

DMN = "https://www.omg.org/spec/DMN/20191111/MODEL/"
NUMBERS = st.integers(0, 4) | st.sampled_from([Decimal("1.5"), 2.5])
TEXTS = st.sampled_from(["a", "b", "c", ""])
DAYS = st.sampled_from([date(2026, 1, day) for day in (1, 2, 3)])
ODD = st.sampled_from([None, True, False, [1], ["a", "b"], {"a": 1}, float("nan")])
VALUES = NUMBERS | TEXTS | DAYS | ODD


def written(value):
    if isinstance(value, str):
        return f'"{value}"'
    return f'@"{value}"' if isinstance(value, date) else str(value)


def spans(values):
    ends = st.lists(values, min_size=2, max_size=2).map(lambda pair: [written(each) for each in sorted(pair)])
    return st.builds(
        lambda opening, pair, closing: f"{opening}{pair[0]}..{pair[1]}{closing}",
        st.sampled_from("[("),
        ends,
        st.sampled_from("])"),
    )


def compared(values):
    return st.builds(
        lambda sign, value: f"{sign} {written(value)}", st.sampled_from(["<", "<=", ">", ">=", "="]), values
    )


TESTS = st.one_of(
    NUMBERS.map(written), TEXTS.map(written), DAYS.map(written), st.sampled_from(["null", "true", "false"]),
    spans(st.integers(0, 4)), spans(TEXTS), spans(DAYS), compared(NUMBERS), compared(TEXTS), compared(DAYS),
)  # fmt: skip
ASKED = st.sampled_from(["? > 2", "? != 1", "x", "[1, 2]", 'contains(?, "a")', "? > 1 and ? <= 3", "? between 1 and 2"])
CELLS = st.one_of(
    st.just("-"),
    st.lists(TESTS, min_size=1, max_size=3).map(", ".join),
    st.lists(TESTS, min_size=1, max_size=2).map(lambda tests: f"not({', '.join(tests)})"),
    ASKED,
)
ROWS = st.lists(st.lists(CELLS, min_size=2, max_size=2), min_size=1, max_size=8)


def table(rows, policy="RULE ORDER", types=("", "")):
    columns = "".join(
        f'<input label="{name}"><inputExpression{f" typeRef={type_!r}" if type_ else ""}><text>{name}</text>'
        f"</inputExpression></input>"
        for name, type_ in zip("pq", types, strict=True)
    )
    rules = "".join(
        "<rule>"
        + "".join(f"<inputEntry><text><![CDATA[{cell}]]></text></inputEntry>" for cell in row)
        + f"<outputEntry><text>{number}</text></outputEntry></rule>"
        for number, row in enumerate(rows)
    )
    root = etree.fromstring(
        f'<definitions xmlns="{DMN}"><decision id="d"><decisionTable hitPolicy="{policy}">{columns}<output/>{rules}'
        "</decisionTable></decision></definitions>"
    )
    return decisions.parse(root)["d"]


def passes(cell, value):
    return cell == "-" or feel.compile(cell, unary=True).evaluate({"?": value, "x": 2}) is True


@settings(max_examples=400, deadline=None)
@given(rows=ROWS, p=VALUES, q=VALUES)
@pytest.mark.no_cover  # it reaches no line that no other test reaches
def test_looking_rules_up_gives_what_trying_every_cell_gives(rows, p, q):
    tried = [number for number, row in enumerate(rows) if passes(row[0], p) and passes(row[1], q)]
    assert table(rows).evaluate({"p": p, "q": q, "x": 2}) == tried


SAMPLES = [
    *[Decimal(number) / 4 for number in range(-4, 24)], "", "A", "a", "aa", "b", "bb", "c", "d", True, False, None,
    *[date(2026, 1, day) for day in range(1, 5)], date(2025, 12, 31),
]  # fmt: skip
WITH_DATA = ("x", "[1, 2]", 'contains(?, "a")')


@settings(max_examples=150, deadline=None)
@given(rows=st.lists(st.lists(CELLS, min_size=2, max_size=2), min_size=2, max_size=4))
def test_the_overlaps_that_are_told_are_those_that_exist(rows):
    found = decisions.check(table(rows, "UNIQUE"))
    told = {finding.text_en for finding in found if finding.rule == "decision-overlap"}
    nulls = ["null" in column for column in map(str, zip(*rows, strict=True))]  # null counts where a cell names it
    passed = [[_passing(cell, null) for cell, null in zip(row, nulls, strict=True)] for row in rows]
    for first, second in combinations(range(len(rows)), 2):
        meet = all(one & other for one, other in zip(passed[first], passed[second], strict=True))
        known = not any(cell in WITH_DATA for number in (first, second) for cell in rows[number])
        if known and len(told) < 5:
            assert (f"rules {first + 1} and {second + 1} of d can match at once" in told) is meet


def _passing(cell, null):
    return {at for at, value in enumerate(SAMPLES) if (null or value is not None) and passes(cell, value)}


@settings(max_examples=300, deadline=None)
@given(rows=st.lists(st.lists(CELLS, min_size=2, max_size=2), min_size=1, max_size=5))
@pytest.mark.no_cover  # it reaches no line that no other test reaches
def test_a_gap_that_is_told_is_one(rows):
    for finding in decisions.check(table(rows, "FIRST", ("number", "string"))):
        if finding.rule == "decision-gap" and "anything else" not in finding.text_en:
            point = dict(part.split(" = ") for part in finding.text_en.partition("answers ")[2].split(", "))
            p = _read(point["p"])
            assert not any(
                passes(row[0], p) and (("q" not in point) or passes(row[1], _read(point["q"]))) for row in rows
            )


def _read(text):
    if text.startswith("“"):
        return text.strip("“”")
    if text in ("None", "True", "False"):
        return {"None": None, "True": True, "False": False}[text]
    return date.fromisoformat(text) if text.count("-") == 2 else Decimal(text)


PLAIN = [
    '"A"', '"A", "B"', " 5 ", "-5", "-0.0", "1.50", "true", "false, null", "< 5", "<=-5.25", ">= 0", "[1..5]", "]1..5[",
    "(1..5)", "[ -1.5 .. 2 )", 'not("A")', 'not( "A" , 1 )', "not(true)", '"a b, c"', '""', '"中文"', "1,2,3",
]  # fmt: skip


@pytest.mark.parametrize("source", PLAIN)
def test_cells_read_at_once_are_what_the_grammar_reads(source, monkeypatch):
    quick = cells.plain(source)
    monkeypatch.setattr(parser, "plain", lambda _source: None)
    assert repr(quick) == repr(parser.parse(source, tests=True))


@pytest.mark.parametrize(
    "source", ["a", '"a" + "b"', "1 + 1", '"\\n"', '"\ud800"', "< x", "not(x)", "[1..x]", "", "1234567890123456"]
)
def test_every_other_cell_is_left_to_the_grammar(source):
    assert cells.plain(source) is None


def ten_thousand(kind):
    rows = {
        "texts": lambda n: [f'"k{n}"', "-"],
        "bands": lambda n: [f"[{n}..{n + 1})", '"a", "b"'],
        "grid": lambda n: [f'"r{n // 100}"', f"[{n % 100}..{n % 100 + 1})"],
        "asked": lambda n: [f'? = "k{n}"', f"? > {n} and ? < {n + 2}"],
    }[kind]
    return table([rows(number) for number in range(10_000)], "UNIQUE")


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("texts", {"p": "k7777"}),
        ("bands", {"p": 7777.5, "q": "b"}),
        ("grid", {"p": "r77", "q": 77.5}),
        ("asked", {"p": "k7777", "q": 7778}),
    ],
)
@pytest.mark.no_cover  # it reaches no line that no other test reaches
def test_ten_thousand_rules_decide_within_five_milliseconds(kind, data):
    decision = ten_thousand(kind)
    gc.collect()
    spent = []
    for _ in range(5):
        started = time.thread_time()
        assert decision.evaluate(data) == 7777
        spent.append(time.thread_time() - started)
    assert min(spent) <= 0.005
    started = time.thread_time()
    decisions.check(decision)
    assert time.thread_time() - started < 5
