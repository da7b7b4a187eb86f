"""FEEL as DMN 1.3 has it: the vectors, and what only Python can see of the language."""

import json
import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from engine import clock
from engine.domain import feel
from engine.domain.feel import analysis, builtins, parser
from engine.domain.feel.scope import Vocabulary
from engine.errors import ExpressionFailed, ExpressionRefused, NotFound

VECTORS = json.loads((Path(__file__).parent / "feel_vectors.json").read_text(encoding="utf-8"))


def value(source, **context):
    return feel.compile(source).evaluate(context)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.get("expression") or "cell " + vector["tests"])
def test_the_language_answers_as_the_standard_says(vector):
    source = vector.get("expression", vector.get("tests"))
    found = feel.to_json(feel.compile(source, unary="tests" in vector).evaluate(vector["context"]))
    assert (found, type(found)) == (vector["expected"], type(vector["expected"]))


def test_feelin_was_asked_every_expression_and_where_it_answers_otherwise_the_standard_is_named():
    assert len(VECTORS) >= 1_200
    for vector in VECTORS:
        agrees = _alike(vector["feelin"], vector["expected"])
        assert ("standard" in vector) is not agrees, vector
        assert agrees or re.search(r"10\.3\.\d|^Outside DMN: ", vector["standard"])


def _alike(left, right):
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_alike, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_alike(left[key], right[key]) for key in left)
    return left == right and isinstance(left, bool) == isinstance(right, bool)


def test_numbers_are_exact_to_34_digits():
    assert value("1 / 3") == Decimal("0.3333333333333333333333333333333333")
    assert value("x + y", x=0.1, y=0.2) == Decimal("0.3")
    assert value("x = 0.3", x=0.3) is True
    assert type(value("2.5 * 4")) is int


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), Decimal("NaN"), object(), b"x", {1, 2}])
def test_a_value_no_expression_knows_is_no_number_and_no_match(odd):
    assert value("x + 1", x=odd) is None
    assert value("x > 1", x=odd) is None
    assert value("string(x)", x=odd) is None
    assert value("x instance of string", x=odd) is False


def test_values_may_be_python_dates_and_subclasses():
    assert value('d + duration("P1M")', d=date(2026, 1, 31)) == date(2026, 2, 28)
    assert value("t.year", t=datetime(2026, 1, 31, tzinfo=UTC)) == 2026
    assert value('t < time("11:00:00")', t=time(10)) is True
    assert value('s = "a"', s=type("Text", (str,), {})("a")) is True


def test_a_moment_without_zone_is_civil_time():
    assert value('date and time("2026-01-01T08:00:00") = date and time("2026-01-01T00:00:00Z")') is True
    assert value('time("08:00:00") = time("00:00:00Z")') is True


def test_moving_a_zoned_moment_keeps_its_zone():
    moved = value('date and time("2026-03-28T12:00:00@Europe/Paris") + duration("P1D")')
    assert feel.to_json(moved) == "2026-03-29T13:00:00+02:00"


def test_now_and_today_follow_the_clock_of_the_house():
    clock.travel(datetime(2031, 5, 6, 17, 0, tzinfo=UTC))
    try:
        assert value("today()") == date(2031, 5, 7)
        assert value("now().year") == 2031
        assert value("now().timezone") == "Asia/Shanghai"
    finally:
        clock.come_home()


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ('date and time("2026-01-01T10:00:00.500Z")', "2026-01-01T10:00:00.5Z"),
        ('time("10:00:00+05:30")', "10:00:00+05:30"),
        ('duration("P1DT2H3M4.5S")', "P1DT2H3M4.5S"),
        ('duration("-P2W")', "-P14D"),
        ('duration("PT0S")', "PT0S"),
        ('duration("P0Y")', "P0M"),
        ("[1..5)", "[1..5)"),
        ('{"a b": [true, "x\\"y"], "1": null}', '{a b: [true, "x\\"y"], "1": null}'),
        ("1e-3", "0.001"),
        ("-0.0", "0"),
    ],
)
def test_string_writes_values_as_feel_does(source, text):
    assert value(f"string({source})") == text


@pytest.mark.parametrize(
    ("source", "property_", "answer"),
    [
        ('duration("-P14M")', "years", -1),
        ('duration("-P14M")', "months", -2),
        ('duration("-P1DT2H")', "hours", -2),
        ('time("10:00:00.25+08:00")', "second", Decimal("10") * 0 + Decimal("0.25")),
        ('time("10:00:00+08:00")', "time offset", feel.DaysTime(timedelta(hours=8))),
        ('time("10:00:00")', "time offset", None),
        ('date("2026-01-01")', "hour", None),
    ],
)
def test_temporal_values_have_parts(source, property_, answer):
    assert value(f"{source}.{property_}") == answer


def test_the_house_registers_functions():
    expression = feel.compile("score(points, 2) + score(weight: 1, points: 3)")
    assert expression.calls == {"score"}
    assert expression.names == {"points"}
    assert expression.evaluate({"points": 5}, {"score": lambda points, weight: points * weight}) == 13


def test_a_function_nobody_registered_is_named():
    with pytest.raises(ExpressionFailed) as failure:
        value("score(1)")
    assert failure.value.facts == {"source": "score(1)", "reason": "unknown function", "function": "score"}


def test_a_registered_function_that_breaks_is_named_and_its_own_errors_pass():
    def broken():
        raise LookupError("nothing there")

    def strict():
        raise NotFound(id=1)

    with pytest.raises(ExpressionFailed, match="nothing there"):
        feel.compile("f()").evaluate({}, {"f": broken})
    with pytest.raises(NotFound):
        feel.compile("f()").evaluate({}, {"f": strict})


def test_names_are_the_variables_from_outside():
    source = "for i in list return i + {a: b, c: a}.c + some x in y satisfies x"
    assert feel.compile("(" + source.replace("some", "(some") + "))").names == {"list", "b", "y"}
    assert feel.compile("people[age > least]").names == {"people", "age", "least"}
    assert feel.compile("function(x) x + z").names == {"z"}
    assert feel.compile("? > limit", unary=True).names == {"limit"}


def test_compiling_twice_gives_the_same_expression():
    assert feel.compile("1 + 1") is feel.compile("1 + 1")
    assert repr(feel.compile("1 + 1")) == "Expression('1 + 1')"


@pytest.mark.parametrize(
    ("source", "position", "expected"),
    [
        ("1 +", 3, "a number"),
        ("1 2", 2, "the end"),
        ("x = “a”", 4, "a text in quotes"),
        ("if a then b", 11, "else"),
        ('substring("a")', 0, "substring(string, start position, length?)"),
        ("sum(values: [1])", 0, "sum(list)"),
        ('@"2024-02-30"', 1, "a date"),
        ('"\\uD800"', 0, "half of a pair"),
        ("1e19", 0, "10^18"),
        ("1e99999", 0, "10^18"),
        ("x instance of money", 14, "number"),
        ("=", 1, "a number"),
        ("", 0, "a number"),
    ],
)
def test_a_refusal_tells_where_and_what_was_expected(source, position, expected):
    with pytest.raises(ExpressionRefused) as refusal:
        feel.compile(source)
    assert (refusal.value.facts["source"], refusal.value.facts["position"]) == (source, position)
    assert expected in refusal.value.facts["expected"]


def test_results_become_plain_json():
    plain = feel.to_json(
        {
            "whole": Decimal("2.00"),
            "part": Decimal("2.5"),
            "day": date(2026, 1, 2),
            "moment": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
            "months": feel.YearsMonths(14),
            "span": feel.DaysTime(timedelta(hours=36)),
            "list": [None, True, 1.5],
        }
    )
    assert plain == {
        "whole": 2,
        "part": 2.5,
        "day": "2026-01-02",
        "moment": "2026-01-02T03:04:05+00:00",
        "months": "P1Y2M",
        "span": "P1DT12H",
        "list": [None, True, 1.5],
    }
    assert type(plain["whole"]) is int


@pytest.mark.parametrize(
    "odd",
    [float("nan"), 10**19, Decimal("1E+30"), "a\0b", "\ud800", b"x", object(), feel.Range(1, 2, True, True), {"\0": 1}],
)
def test_what_no_database_keeps_never_leaves(odd):
    with pytest.raises(ExpressionFailed):
        feel.to_json([odd])


def test_conditions_of_a_cell_that_begin_with_not_may_go_on():
    cell = feel.compile('not(contains(?, "x")) and ? != ""', unary=True)
    assert [cell.evaluate({"?": text}) for text in ("a", "ax", "")] == [True, False, False]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("{foo+bar: 1, c: foo+bar + 1}.c", 2),
        ('{"a-b": 1, c: a-b}.c', 1),
        ("{a: 5, b: 2, c: a - b}.c", 3),
        ("sort([3, 1, 2], before)", [1, 2, 3]),
        ("{f: function(n) if n <= 1 then 1 else n * f(n - 1), r: f(10)}.r", 3_628_800),
        ("(function(a: list<number>, b: context<x: string>) [a, b])(1, {x: 2})", [[1], None]),
        ("-true", None),
        ("-0.1234567890123456789012345678901234 < -0.1234567890123456789012345678901233", True),
        ("abs(-0.1234567890123456789012345678901234) = 0.1234567890123456789012345678901234", True),
    ],
)
def test_what_feelin_cannot_be_asked(source, found):
    assert value(source) == found


def test_names_a_model_declares_are_read_whole_and_faults_keep_their_place():
    known = Vocabulary(frozenset({"Loan-to-value", "if it rains", "d 1"}))
    made = feel.Expression('if if  it rains then Loan-to-value + d 1 else "Loan-to-value"', vocabulary=known)
    assert made.names == {"Loan-to-value", "if it rains", "d 1"}
    assert made.evaluate({"Loan-to-value": 1, "if it rains": True, "d 1": 2}) == 3
    with pytest.raises(ExpressionRefused) as refusal:
        feel.Expression("Loan-to-value * Loan-to-value +", vocabulary=known)
    assert refusal.value.facts["position"] == 31


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("1 instance of list<number, string>", "list<type>"),
        ("1 instance of context<a>", ":"),
        ('"\\U12" + 1 +', "a number"),
    ],
)
def test_what_is_no_type_is_refused(source, expected):
    with pytest.raises(ExpressionRefused) as refusal:
        feel.compile(source)
    assert expected in refusal.value.facts["expected"]


def test_the_catalogue_names_every_function_of_the_standard():
    names = {usage.partition("(")[0] for usage in builtins.catalogue()}
    assert {"date and time", "years and months duration", "string length", "list contains", "met by"} <= names
    assert len(names) > 90


@pytest.mark.parametrize(
    ("cell", "values", "spans", "negated"),
    [
        ('"A", "B"', ("A", "B"), (), False),
        ("not([1..5], 2 + 5)", (7,), ((1, 5),), True),
        ('> date("2026-01-01")', (), ((date(2026, 1, 1), None),), False),
        ("= 3, <= 1", (3,), ((None, 1),), False),
        ("null, true, -1", (None, True, -1), (), False),
        ("[1, 2]", (1, 2), (), False),
        ("? > 5", (), ((5, None),), False),
        ('? = "A"', ("A",), (), False),
        ("? between 1 and 5", (), ((1, 5),), False),
        ("? < 5 and ? >= 1", (), ((1, 5),), False),
    ],
)
def test_cells_of_constants_tell_what_they_compare_with(cell, values, spans, negated):
    shape = analysis.shape(parser.parse(cell, tests=True))
    assert (shape.values, tuple((span.low, span.high) for span in shape.spans), shape.negated) == (
        values,
        spans,
        negated,
    )


@pytest.mark.parametrize(
    "cell",
    ["? > x", "? > 1 and ? > 2", "? + 1 = 5", "-", "< x", "[1..5], < 7, x", "!= 5, 6", '["a"..1]', "1 / 0", "< true"],
)
def test_other_cells_tell_nothing_without_data(cell):
    assert analysis.shape(parser.parse(cell, tests=True)) is None
