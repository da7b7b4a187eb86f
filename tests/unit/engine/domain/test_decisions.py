"""Decision tables answer as DMN 1.3 says, and their holes are found before data falls into them."""

from pathlib import Path

import pytest
from lxml import etree

from engine.domain import decisions
from engine.errors import DecisionFailed, ExpressionRefused

DMN = "https://www.omg.org/spec/DMN/20191111/MODEL/"
WORKFLOWS = Path(__file__).parents[4] / "workflows"


def entry(tag, text):
    return f"<{tag}><text><![CDATA[{text}]]></text></{tag}>"


def column_in(label, source, values="", type_=""):
    kind = f' typeRef="{type_}"' if type_ else ""
    allowed = entry("inputValues", values) if values else ""
    return f'<input label="{label}"><inputExpression{kind}><text>{source}</text></inputExpression>{allowed}</input>'


def column_out(name, values="", default=""):
    inside = (entry("outputValues", values) if values else "") + (
        entry("defaultOutputEntry", default) if default else ""
    )
    return f'<output name="{name}">{inside}</output>'


def row(cells, answers):
    inside = "".join(entry("inputEntry", cell) for cell in cells)
    inside += "".join(entry("outputEntry", answer) for answer in answers)
    return f"<rule>{inside}<annotationEntry><text>why</text></annotationEntry></rule>"


def table(policy, columns, rules, namespace=DMN):
    rows = "".join(row(cells, answers) for cells, answers in rules)
    return etree.fromstring(
        f'<definitions xmlns="{namespace}"><!-- drawn --><decision id="d" name="决定"><decisionTable {policy}>'
        f'{"".join(columns)}<annotation name="说明"/>{rows}</decisionTable></decision></definitions>'
    )


def decided(policy, columns, rules):
    return decisions.parse(table(policy, columns, rules))["d"]


SCORE = column_in("分数", "score", type_="number")
GRADES = [(["< 60"], ['"C"']), (["[60..85)"], ['"B"']), ([">= 85"], ['"A"'])]
OVERLAPPING = [([">= 0"], ["1"]), ([">= 50"], ["2"]), ([">= 80"], ["3"])]


@pytest.mark.parametrize(
    ("policy", "score", "answer"),
    [
        ("FIRST", 90, 1),
        ("PRIORITY", 90, 3),
        ("PRIORITY", 60, 2),
        ("RULE ORDER", 90, [1, 2, 3]),
        ("OUTPUT ORDER", 90, [3, 2, 1]),
        ("COLLECT", 60, [1, 2]),
        ("UNIQUE", 10, 1),
        ("FIRST", -1, None),
        ("RULE ORDER", -1, []),
        ("COLLECT", -1, []),
    ],
)
def test_every_hit_policy_chooses_its_rules(policy, score, answer):
    decision = decided(f'hitPolicy="{policy}"', [SCORE, column_out("x", "3, 2, 1")], OVERLAPPING)
    assert decision.evaluate({"score": score}) == answer


@pytest.mark.parametrize(
    ("aggregation", "score", "answer"),
    [("SUM", 90, 6), ("MIN", 90, 1), ("MAX", 90, 3), ("COUNT", 90, 3), ("COUNT", -1, 0), ("SUM", -1, None)],
)
def test_collected_answers_are_aggregated(aggregation, score, answer):
    policy = f'hitPolicy="COLLECT" aggregation="{aggregation}"'
    assert decided(policy, [SCORE, column_out("x")], OVERLAPPING).evaluate({"score": score}) == answer


def test_the_hit_policy_is_unique_unless_said_and_several_matches_are_a_fault():
    decision = decided("", [SCORE, column_out("x")], OVERLAPPING)
    assert decision.policy is decisions.HitPolicy.UNIQUE
    with pytest.raises(DecisionFailed) as failure:
        decision.evaluate({"score": 60})
    assert failure.value.facts == {
        "decision": "d",
        "reason": "several rules of a UNIQUE table match",
        "rules": [1, 2],
    }


def test_any_takes_rules_that_agree():
    same = decided('hitPolicy="ANY"', [SCORE, column_out("x")], [(["> 1"], ["7"]), (["> 2"], ["5 + 2"])])
    assert same.evaluate({"score": 3}) == 7
    with pytest.raises(DecisionFailed, match="different answers"):
        decided('hitPolicy="ANY"', [SCORE, column_out("x")], OVERLAPPING).evaluate({"score": 90})


def test_several_outputs_make_a_context_and_defaults_stand_in():
    columns = [SCORE, column_out("days", default="5"), column_out("unit", default='"wd"'), column_out("why")]
    rules = [(["> 10"], ["score * 2", '"cal"', "-"])]
    decision = decided('hitPolicy="UNIQUE"', columns, rules)
    assert decision.evaluate({"score": 11}) == {"days": 22, "unit": "cal", "why": None}
    assert decision.evaluate({"score": 1}) == {"days": 5, "unit": "wd", "why": None}
    listed = decided('hitPolicy="COLLECT"', columns, rules)
    assert listed.evaluate({"score": 1}) == [{"days": 5, "unit": "wd", "why": None}]


def test_priorities_of_several_outputs_count_from_the_left():
    columns = [SCORE, column_out("a", '"x", "y"'), column_out("b", "1, 2")]
    rules = [(["-"], ['"y"', "1"]), (["-"], ['"x"', "2"]), (["-"], ['"x"', "1"]), (["-"], ['"z"', "1"])]
    ordered = decided('hitPolicy="OUTPUT ORDER"', columns, rules).evaluate({"score": 1})
    assert [(answer["a"], answer["b"]) for answer in ordered] == [("x", 1), ("x", 2), ("y", 1), ("z", 1)]


def test_cells_see_the_input_and_all_the_data():
    columns = [column_in("单位", "unit.name"), SCORE, column_out("x")]
    rules = [(['starts with(?, "浙")', "> least"], ['date(day) + duration("P1M")'])]
    context = {"unit": {"name": "浙江"}, "score": 5, "least": 4, "day": "2026-01-31"}
    assert decided("", columns, rules).evaluate(context) == "2026-02-28"
    assert context == {"unit": {"name": "浙江"}, "score": 5, "least": 4, "day": "2026-01-31"}


def test_registered_functions_reach_the_cells():
    decision = decided("", [column_in("x", "twice(score)"), column_out("x")], [(["4"], ["twice(5)"])])
    assert decision.evaluate({"score": 2}, {"twice": lambda number: number * 2}) == 10


@pytest.mark.parametrize(
    ("columns", "rules", "facts"),
    [
        ([column_in("分", "f(1)"), column_out("x")], [(["1"], ["1"])], {"rule": 0, "column": "分", "function": "f"}),
        ([SCORE, column_out("x")], [(["-"], ["1"]), (["f(1)"], ["1"])], {"rule": 2, "column": "分数"}),
        ([SCORE, column_out("x")], [(["-"], ["9 ** 99"])], {"rule": 1, "column": "x"}),
        ([SCORE, column_out("x")], [(["-"], ["[1..2]"])], {"reason": "a range value cannot be kept"}),
    ],
)
def test_a_cell_that_fails_names_decision_rule_and_column(columns, rules, facts):
    with pytest.raises(DecisionFailed) as failure:
        decided("", columns, rules).evaluate({"score": 1})
    assert facts.items() <= failure.value.facts.items()
    assert failure.value.facts["decision"] == "d"


@pytest.mark.parametrize("answers", [['"a"', '"b"'], ["1", "null"], ["9e17", "9e17"]])
def test_answers_that_cannot_be_summed_are_a_fault(answers):
    rules = [(["-"], [answer]) for answer in answers]
    policy = 'hitPolicy="COLLECT" aggregation="SUM"'
    with pytest.raises(DecisionFailed):
        decided(policy, [SCORE, column_out("x")], rules).evaluate({"score": 1})


@pytest.mark.parametrize(
    "namespace", ["http://www.omg.org/spec/DMN/20151101/dmn.xsd", "http://www.omg.org/spec/DMN/20180521/MODEL/", DMN]
)
def test_dmn_1_1_to_1_3_are_read(namespace):
    assert decisions.parse(table("", [SCORE, column_out("x")], GRADES, namespace))["d"].evaluate({"score": 70}) == "B"


def test_a_literal_expression_is_a_decision():
    root = etree.fromstring(
        f'<definitions xmlns="{DMN}"><decision id="d"><informationRequirement><requiredInput href="#x"/>'
        f'</informationRequirement><literalExpression expressionLanguage="https://www.omg.org/spec/DMN/20191111/FEEL/">'
        f"<text>a + 1</text></literalExpression></decision></definitions>"
    )
    decision = decisions.parse(root)["d"]
    assert (decision.name, decision.evaluate({"a": 2}), decisions.check(decision)) == ("d", 3, [])


ONE = [(["-"], ["1"])]
TWO = [(["-"], ["1", "1"])]
SUM = 'hitPolicy="COLLECT" aggregation="SUM"'
TWIN = '<decision id="d"><literalExpression><text>1</text></literalExpression></decision>'
NAMED = "outputs, each with a name of its own"


@pytest.mark.parametrize(
    ("root", "facts"),
    [
        (table("", [SCORE, column_out("x")], [(["-"], ["1"]), (["> "], ["1"])]), {"rule": 2, "column": "分数"}),
        (table("", [SCORE, column_out("x")], [(["-"], ["1 +"])]), {"rule": 1, "column": "x", "position": 3}),
        (table("", [column_in("分", "1 +"), column_out("x")], ONE), {"column": "分"}),
        (table("", [column_in("分", ""), column_out("x")], ONE), {"expected": "an input expression"}),
        (table("", [column_in("分", "-"), column_out("x")], ONE), {"expected": "an expression"}),
        (table("", [SCORE, column_out("x", "1,,")], ONE), {"column": "x"}),
        (table("", [SCORE], [(["-"], [])]), {"expected": NAMED}),
        (
            table("", [SCORE, column_out("x"), column_out("x")], ONE),
            {"expected": NAMED},
        ),
        (table("", [SCORE, column_out("x")], [(["-", "-"], ["1"])]), {"rule": 1}),
        (table('hitPolicy="BEST"', [SCORE, column_out("x")], ONE), {"source": "BEST"}),
        (table('hitPolicy="PRIORITY"', [SCORE, column_out("x")], ONE), {"decision": "d"}),
        (
            table(
                'hitPolicy="COLLECT" aggregation="SUM"',
                [SCORE, column_out("x"), column_out("y")],
                [(["-"], ["1", "1"])],
            ),
            {"expected": "a single output to aggregate"},
        ),
        (table("", [SCORE, column_out("x")], ONE * 20_001), {"expected": "≤ 20000 rules and ≤ 200000 cells"}),
        (etree.fromstring(f'<definitions xmlns="{DMN}"/>'), {"decision": ""}),
        (etree.fromstring('<definitions xmlns="urn:other"><decision id="d"/></definitions>'), {"decision": ""}),
        (etree.fromstring(f'<definitions xmlns="{DMN}"><decision id="d"><context/></decision></definitions>'), {}),
        (
            etree.fromstring(
                f'<definitions xmlns="{DMN}"><decision id="d"><informationRequirement><requiredDecision href="#e"/>'
                "</informationRequirement><literalExpression><text>1</text></literalExpression></decision></definitions>"
            ),
            {"decision": "d"},
        ),
        (
            etree.fromstring(
                f'<definitions xmlns="{DMN}"><decision id="d"><literalExpression expressionLanguage="python">'
                "<text>1</text></literalExpression></decision></definitions>"
            ),
            {"source": "python", "expected": "FEEL"},
        ),
        (
            etree.fromstring(f'<definitions xmlns="{DMN}">{TWIN * 2}</definitions>'),
            {"decision": "d"},
        ),
    ],
)
def test_what_is_no_sound_decision_is_refused_and_says_where(root, facts):
    with pytest.raises(ExpressionRefused) as refusal:
        decisions.parse(root)
    assert facts.items() <= refusal.value.facts.items()


def findings(policy, columns, rules):
    return [(each.rule, each.text_en) for each in decisions.check(decided(policy, columns, rules))]


def test_a_whole_table_has_no_findings():
    assert findings("", [SCORE, column_out("x")], GRADES) == []


def test_overlaps_of_unique_and_any_tables_are_errors():
    rules = [(["<= 60"], ["1"]), (["[60..85]"], ["2"]), (["> 85"], ["2"])]
    assert findings("", [SCORE, column_out("x")], rules) == [
        ("decision-overlap", "rules 1 and 2 of d can match at once")
    ]
    assert len(findings('hitPolicy="ANY"', [SCORE, column_out("x")], rules)) == 1
    assert findings('hitPolicy="FIRST"', [SCORE, column_out("x")], rules) == []
    agreeing = [(["<= 60"], ["2"]), ([">= 60"], ["2"])]
    assert findings('hitPolicy="ANY"', [SCORE, column_out("x")], agreeing) == []
    found = decisions.check(decided("", [SCORE, column_out("x")], [(["-"], ["1"])] * 9))
    assert (len(found), found[0].severity, found[0].element) == (5, "error", "d#1")
    assert found[0].text_zh == "决策“决定”的第 1 条与第 2 条规则会同时成立"


def test_gaps_are_warnings_with_an_example():
    rules = [(["< 60", '"甲"'], ["1"]), ([">= 60", '"甲", "乙"'], ["2"])]
    found = findings("", [SCORE, column_in("类别", "kind"), column_out("x")], rules)
    assert [text for _, text in found] == [
        "no rule of d answers 分数 = 59, 类别 = “乙”",
        "no rule of d answers 分数 = 59, 类别 = anything else",
        "no rule of d answers 分数 = 60, 类别 = anything else",
    ]
    between = [(["< 60"], ["1"]), (["> 60"], ["2"])]
    assert findings("", [SCORE, column_out("x")], between) == [("decision-gap", "no rule of d answers 分数 = 60")]


@pytest.mark.parametrize(
    ("column", "cells"),
    [
        (column_in("a", "a", '"x", "y"', "string"), ['"x"', '"y"']),
        (column_in("a", "a", "[0..100]", "number"), ["< 50", ">= 50"]),
        (column_in("a", "a", type_="boolean"), ["true", "false"]),
        (column_in("a", "a"), ["true", "not(true)"]),
        (column_in("a", "a", type_="integer"), ["< 5", "5", ">= 6"]),
        (column_in("a", "a"), ["null", "not(null)"]),
        (column_in("a", "a"), ['< date("2026-01-01")', '[@"2026-01-01"..@"2026-12-31"]', '> @"2026-12-31"']),
        (column_in("a", "a"), ['<= @"2026-01-01T00:00:00Z"', '> @"2026-01-01T00:00:00Z"']),
        (column_in("a", "a"), ['duration("P1Y")']),
        (column_in("a", "a"), ["< other", ">= other"]),
        (column_in("a", "a"), ['contains(?, "x")', '"z"']),
        (column_in("a", "a"), ["-"]),
        (column_in("a", "a"), []),
    ],
)
def test_complete_or_unknowable_columns_have_no_findings(column, cells):
    assert findings("", [column, column_out("x")], [([cell], ["1"]) for cell in cells]) == []


def test_gathering_tables_and_defaults_have_no_gaps():
    rules = [(["> 1"], ["1"])]
    assert findings('hitPolicy="COLLECT"', [SCORE, column_out("x")], rules) == []
    assert findings("", [SCORE, column_out("x", default="0")], rules) == []


def test_answers_outside_their_list_are_errors():
    columns = [SCORE, column_out("x", '"A", "B"')]
    rules = [(["< 1"], ['"A"']), ([">= 1"], ['"D"'])]
    assert findings("", columns, rules) == [("decision-answer", 'rule 2 of d answers "D" where x does not allow it')]
    assert findings("", columns, [(["-"], ["other"])]) == []
    assert findings("", columns, [(["-"], ["9 ** 99"])]) == []


def test_a_large_table_is_checked_soon():
    columns = [column_in(f"c{n}", f"c{n}") for n in range(8)] + [column_out("x")]
    rules = [([f'"{n}-{m}"' for m in range(8)], ["1"]) for n in range(200)]
    found = findings("", columns, rules)
    assert {rule for rule, _ in found} == {"decision-gap"}
    assert len(found) == 5


def test_the_shipped_decisions_have_no_errors():
    files = sorted(WORKFLOWS.glob("*/*.dmn"))
    shipped = [each for file in files for each in decisions.parse(etree.parse(file).getroot()).values()]
    assert [each for decision in shipped for each in decisions.check(decision) if each.severity == "error"] == []
