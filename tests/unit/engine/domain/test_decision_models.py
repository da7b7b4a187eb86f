"""Whole models: decisions that require others, data with types, knowledge, boxed expressions, and what they tell."""

from pathlib import Path

import pytest
from lxml import etree

from engine.domain import decisions
from engine.errors import DecisionFailed
from tests.support.models import answer, component, datum, decision, item, knowledge, needs, read, root, text

LOAN = Path(__file__).with_name("loan.dmn")
APPLICANT = {"name": "张三", "birth date": "1990-07-01", "category": "B"}
ASKED = {"Applicant": APPLICANT, "Loan-to-value": 0.5, "各项得分": [50, 90]}


def test_a_whole_model_decides_and_tells_how():
    found = decisions.read(etree.parse(LOAN).getroot())
    assert (found.faults, found.findings) == ([], [])
    told = found.decisions["final"].explain(ASKED)
    assert told["value"] == found.decisions["final"].evaluate(ASKED) == {"outcome": "yes 张三", "band": "b"}
    assert [each["decision"] for each in told["decisions"]] == ["age", "risk", "scores", "bands", "final"]
    assert told["decisions"][1]["given"] == {"Loan-to-value": 0.5, "Age": 35}
    (table,) = told["decisions"][1]["tables"]
    assert (table["owner"], table["policy"], table["inputs"]) == ("risk_of", "F", {"age": 35, "ltv": 0.5})
    (rule,) = told["decisions"][-1]["tables"][0]["rules"]
    assert (rule["rule"], rule["element"]) == (1, "final_1")
    assert rule["why"][1] == {"column": "mean", "value": 70, "test": ">= 60"}
    assert rule["annotations"] == {"basis": "regulation 7", "description": "the usual case"}
    assert rule["answer"] == {"outcome": "yes 张三", "band": "b"}


@pytest.mark.parametrize(
    ("change", "facts"),
    [
        ({"Loan-to-value": "x"}, {"input": "Loan-to-value", "expected": "number", "value": "x"}),
        ({"Applicant": {**APPLICANT, "category": "Z"}}, {"value": "Z", "expected": 'tCategory ("A", "B", "C")'}),
        ({"Applicant": {**APPLICANT, "birth date": "soon"}}, {"input": "Applicant"}),
        ({"各项得分": [1, "two"]}, {"input": "各项得分", "expected": "list<number>"}),
    ],
)
def test_data_of_another_type_or_not_allowed_is_refused_by_name(change, facts):
    with pytest.raises(DecisionFailed) as failure:
        decisions.parse(etree.parse(LOAN).getroot())["final"].evaluate(ASKED | change)
    assert facts.items() <= failure.value.facts.items()
    assert "decision" in failure.value.facts


def test_what_is_required_is_decided_first_and_once():
    parts = [
        decision("d", "left + right", needs("left", "right")),
        decision("left", "base * 2", needs("base")),
        decision("right", "base * 3", needs("base")),
        decision("base", "x + 1", needs("i_x", kind="Input")),
        datum("x", "number"),
    ]
    model = decisions.parse(root(*parts))
    assert model["d"].evaluate({"x": 1, "base": 99}) == 10
    told = [each["decision"] for each in model["d"].explain({"x": 1})["decisions"]]
    assert told == ["base", "left", "right", "d"]
    assert model["left"].evaluate({"x": 0}) == 2


def test_a_decision_sees_those_it_requires_and_no_other():
    parts = [decision("d", "a + 1", needs("b")), decision("b", "a * 2", needs("a")), decision("a", "5")]
    assert answer(*parts) is None


def test_a_long_chain_of_requirements_is_no_trouble():
    links = [decision(f"d{n}", f"d{n - 1} + 1", needs(f"d{n - 1}")) for n in range(1, 400)]
    assert answer(*links, decision("d0", "0"), name="d399") == 399


def test_results_stay_what_they_are_until_they_leave():
    parts = [decision("day", '@"2026-01-31"'), decision("d", 'day + @"P1M"', needs("day"))]
    assert answer(*parts) == "2026-02-28"
    third = [
        decision("third", "1 / 3"),
        decision("d", "third * 3 = 0.9999999999999999999999999999999999", needs("third")),
    ]
    assert answer(*third) is True


def test_names_with_signs_and_words_of_the_language_are_read_where_they_are_declared():
    parts = [
        datum("Pre-bureau risk"),
        datum("in or out"),
        datum("得分（百分制）"),
        decision("a+b", "1"),
        item("tX", inside=component("debt/income", "number")),
        decision(
            "d",
            '[Pre-bureau risk, in or out, 得分（百分制） + 1, a+b, {x: {"debt/income": 7}}.x.debt/income, "a+b"]',
            needs("i_Pre-bureau risk", "i_in or out", "i_得分（百分制）", kind="Input") + needs("a+b"),
        ),
    ]
    given = {"Pre-bureau risk": "low", "in or out": "in", "得分（百分制）": 59}
    assert answer(*parts, **given) == ["low", "in", 60, 1, 7, "a+b"]


def test_the_parameters_of_knowledge_are_names_inside_it_only():
    parts = [
        item("tPerson", inside=component("name", "string")),
        datum("Person", "tPerson"),
        knowledge("greet", {"Person.name": "string"}, '"你好，" + Person.name'),
        decision(
            "d",
            f"<invocation>{text('greet')}<binding><parameter name='Person.name'/>{text('Person.name')}</binding>"
            "</invocation>",
            needs("i_Person", kind="Input") + needs("greet", kind="Knowledge"),
        ),
    ]
    assert answer(*parts, Person={"name": "张三"}) == "你好，张三"


def test_functions_are_values_that_remember_where_they_were_made():
    parts = [
        knowledge("times", {"a": "number"}, "function(b) function(c) a * b * c"),
        knowledge("both", {"f": "Any", "g": "Any"}, "f(5) * g(10)"),
        knowledge("tenfold", {"a": "number"}, "a * 10"),
        decision("made", "times(2)(3)", needs("times", kind="Knowledge")),
        decision("d", "[made(4), both(tenfold, tenfold), both(function(x) x + n, tenfold)]",
                 needs("made") + needs("both", "tenfold", kind="Knowledge")),
    ]  # fmt: skip
    assert answer(*parts, n=1) == [24, 5000, 600]


def test_knowledge_is_called_by_order_by_name_and_boxed():
    parts = [
        knowledge("minus", {"from": "number", "what": "number"}, "from - what"),
        decision("ordered", "minus(5, 3)", needs("minus", kind="Knowledge")),
        decision("named", "minus(what: 5, from: 3)", needs("minus", kind="Knowledge")),
        decision(
            "boxed",
            "<invocation><literalExpression><text>minus</text></literalExpression>"
            f'<binding><parameter name="what"/>{text("2 * 2")}</binding>'
            f'<binding><parameter name="from"/>{text("10")}</binding></invocation>',
            needs("minus", kind="Knowledge"),
        ),
        decision("unknown", "minus(1, 2)"),
    ]
    found = read(*parts)
    assert [found.decisions[name].evaluate({}) for name in ("ordered", "named", "boxed")] == [2, -2, 6]
    assert [(each.rule, each.severity) for each in found.findings] == [("decision-function", "warning")]
    with pytest.raises(DecisionFailed, match="unknown function"):
        found.decisions["unknown"].evaluate({})


def test_knowledge_may_need_knowledge_and_call_itself():
    parts = [
        knowledge("factorial", {"n": "number"}, "if n <= 1 then 1 else n * factorial(n - 1)"),
        knowledge("choose", {"n": "number", "k": "number"}, "factorial(n) / (factorial(k) * factorial(n - k))",
                  needs("factorial", kind="Knowledge")),
        decision("d", "choose(6, 2)", needs("choose", kind="Knowledge")),
    ]  # fmt: skip
    assert answer(*parts) == 15


def test_knowledge_sees_its_parameters_and_nothing_of_the_data():
    parts = [knowledge("f", {"a": "number"}, "[a, b]"), decision("d", "f(1)", needs("f", kind="Knowledge"))]
    assert answer(*parts, b=2) == [1, None]


@pytest.mark.parametrize(
    ("parameter", "result", "argument", "found"),
    [
        ("number", "number", "1", 1),
        ("number", "string", "1", None),
        ("number", "number", '"x"', None),
        ("number", "number", "[1]", 1),
        ("tMany", "tMany", "1", [1]),
        ("tMany", "number", "[1, 2]", None),
        ("string", "tLevel", '"A"', "A"),
    ],
)
def test_arguments_and_results_are_taken_as_their_types(parameter, result, argument, found):
    parts = [
        item("tMany", "number", many=True),
        item("tLevel", "string", '"A", "B"'),
        knowledge("f", {"a": parameter}, "a", type_=result),
        decision("d", f"f({argument})", needs("f", kind="Knowledge")),
    ]
    assert answer(*parts) == found


@pytest.mark.parametrize(
    ("type_", "logic", "found"),
    [
        ("string", "1 + 1", None),
        ("string", '["a"]', "a"),
        ("tMany", "1", [1]),
        ("tMany", '[1, "x"]', None),
        ("tPerson", '{name: "x", age: 1, more: 2}', {"name": "x", "age": 1, "more": 2}),
        ("tPerson", '{name: "x"}', None),
        ("tLevel", "null", None),
    ],
)
def test_a_result_that_is_not_of_its_type_is_null(type_, logic, found):
    person = component("name", "string") + component("age", "number")
    types = [item("tMany", "number", many=True), item("tPerson", inside=person), item("tLevel", "string", '"A"')]
    assert answer(*types, decision("d", logic, type_=type_)) == found


def test_a_result_that_is_not_allowed_is_a_fault():
    with pytest.raises(DecisionFailed) as failure:
        answer(item("tLevel", "string", '"A", "B"'), decision("d", '"C"', type_="tLevel"))
    assert failure.value.facts == {
        "decision": "d", "reason": "a value is not allowed", "value": "C", "expected": 'tLevel ("A", "B")'
    }  # fmt: skip


def test_types_build_on_types():
    parts = [
        item("tShare", "number", "[0..1]"),
        item("tShares", "tShare", many=True),
        item("tCase", inside=component("shares", "tShares") + component("on", "date") + component("times", "time")),
        datum("case", "tCase"),
        decision("d", "[sum(case.shares), case.on.year, case instance of tCase, 2 instance of tShare]",
                 needs("i_case", kind="Input")),
    ]  # fmt: skip
    assert answer(*parts, case={"shares": [0.25, 0.5], "on": "2026-01-02"}) == [0.75, 2026, True, True]
    with pytest.raises(DecisionFailed, match="tShare"):
        answer(*parts, case={"shares": [2], "on": None})


def test_boxed_contexts_lists_relations_and_functions():
    entries = (
        f'<contextEntry><variable name="double"/><functionDefinition><formalParameter name="x" typeRef="number"/>'
        f"{text('x * 2')}</functionDefinition></contextEntry>"
        f'<contextEntry><variable name="rows" /><relation><column name="n"/><column name="v"/>'
        f"<row>{text('1')}{text('double(n1)')}</row><row>{text('2')}{text('null')}</row></relation></contextEntry>"
        f'<contextEntry><variable name="list" typeRef="tMany"/><list>{text("1")}{text("double(2)")}</list>'
        "</contextEntry>"
    )
    last = f"<contextEntry>{text('[rows.v, sum(list), double(10)]')}</contextEntry>"
    types = item("tMany", "number", many=True)
    assert answer(types, decision("d", f"<context>{entries}{last}</context>"), n1=4) == [[8, None], 5, 20]
    rest = entries.replace("double(n1)", "n1").replace("double(2)", "2").split("</contextEntry>", 1)[1]
    made = answer(types, decision("d", f"<context>{rest}</context>"), n1=4)
    assert made == {"rows": [{"n": 1, "v": 4}, {"n": 2, "v": None}], "list": [1, 2]}


def test_a_decision_service_is_a_function_of_what_it_does_not_decide():
    service = (
        '<decisionService id="s" name="s"><variable name="s"/><outputDecision href="#out"/>'
        '<encapsulatedDecision href="#inner"/><inputDecision href="#given"/><inputData href="#i_x"/></decisionService>'
    )
    parts = [
        datum("x", "number"),
        decision("given", "1000"),
        decision("inner", "x * 2", needs("i_x", kind="Input")),
        decision("out", "inner + given", needs("inner", "given")),
        service,
        decision("d", '[s(1, 10), s(given: 1, x: 2), s("x", 1), s(1), s(unknown: 1)]', needs("s", kind="Knowledge")),
    ]
    assert answer(*parts) == [12, 5, None, None, None]
    assert answer(*parts, name="out", x=1) == 1002
