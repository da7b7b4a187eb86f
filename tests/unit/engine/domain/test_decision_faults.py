"""Models that are refused or doubtful, and models that would harm the house."""

import contextlib
import random
import time
from pathlib import Path

import pytest
from lxml import etree

from engine.domain import decisions
from engine.errors import DecisionFailed
from tests.support.models import answer, datum, decision, item, knowledge, needs, read, refused, root, text

LOAN = Path(__file__).with_name("loan.dmn")
APPLICANT = {"name": "张三", "birth date": "1990-07-01", "category": "B"}
ASKED = {"Applicant": APPLICANT, "Loan-to-value": 0.5, "各项得分": [50, 90]}


@pytest.mark.parametrize(
    ("parts", "facts"),
    [
        (
            [decision("a", "b", needs("b")), decision("b", "c", needs("c")), decision("c", "a", needs("a"))],
            {"decision": "a", "source": "a → b → c → a", "expected": "requirements that lead in no circle"},
        ),
        ([decision("a", "1", needs("a"))], {"source": "a → a"}),
        (
            [
                knowledge("f", {}, "g()", needs("g", kind="Knowledge")),
                knowledge("g", {}, "f()", needs("f", kind="Knowledge")),
                decision("d", "f()", needs("f", kind="Knowledge")),
            ],
            {"source": "f → g → f"},
        ),
        ([decision("d", "1", needs("e"))], {"decision": "d", "source": "e", "expected": "a decision of this file"}),
        ([datum("x"), decision("d", "1", needs("i_x"))], {"expected": "a decision of this file"}),
        ([decision("d", "1", needs("e", kind="Knowledge"))], {"source": "e"}),
        ([decision("d", "1", type_="tLost")], {"decision": "d", "source": "tLost"}),
        ([datum("x", "tLost"), decision("d", "1")], {"source": "tLost"}),
        ([item("tA", "tB"), item("tB", "tA"), decision("d", "1")], {"expected": "a type that does not contain itself"}),
        ([item("tA", "string", '"A'), decision("d", "1")], {"source": '"A'}),
        ([decision("d", "1"), decision("d", "2")], {"decision": "d"}),
        ([decision("d", "x instance of tLost")], {"decision": "d", "position": 14}),
        ([decision("d", "<context/>")], {"decision": "d"}),
        ([decision("d", "<relation><column name='a'/><row/></relation>")], {"decision": "d"}),
        ([decision("d", "<invocation/>")], {"expected": "the name of a function"}),
        ([decision("d", f"<functionDefinition kind='Java'>{text('1')}</functionDefinition>")], {"source": "Java"}),
        (['<businessKnowledgeModel id="k" name="k"/>', decision("d", "1")], {"decision": "k"}),
        (['<import namespace="urn:other" importType="urn:dmn"/>', decision("d", "1")], {"decision": ""}),
        (
            [decision("d", "<list>" * 40 + text("1") + "</list>" * 40)],
            {"expected": "≤ 30 expressions inside each other"},
        ),
        (
            ['<decisionService id="s" name="s"/>', decision("d", "1")],
            {"decision": "s", "expected": "an output decision"},
        ),
        ([*[decision(f"d{n}", "1") for n in range(501)]], {"decision": ""}),
    ],
)
def test_what_is_no_sound_model_is_refused_and_says_where(parts, facts):
    assert facts.items() <= refused(*parts).items()
    assert all(fault.told().severity == "error" for fault in read(*parts).faults)


def test_every_fault_of_a_file_is_told_at_once_and_the_sound_decisions_remain():
    table = (
        '<decisionTable id="t"><input label="分"><inputExpression><text>x</text></inputExpression></input><output/>'
        '<rule id="r1"><inputEntry><text>&lt; </text></inputEntry><outputEntry><text>1 +</text></outputEntry></rule>'
        "</decisionTable>"
    )
    found = read(decision("bad", table), decision("good", "1"), decision("worse", "2 +"))
    assert list(found.decisions) == ["good"]
    told = [fault.told() for fault in found.faults]
    assert [each.element for each in told] == ["r1", "r1", "worse"]
    assert told[0].text_en.startswith("Decision bad, rule 1, column 分: cannot understand '<', at character 2 expected")
    assert told[1].text_zh.startswith("决策“bad”第 1 条规则“bad”一栏：无法理解“1 +”，第 4 个字符处应为：")


def test_data_that_nobody_defines_is_doubtful():
    (finding,) = read(decision("d", "x", needs("lost", kind="Input"))).findings
    assert (finding.rule, finding.severity, finding.element) == ("decision-data", "warning", "d")


def test_tables_of_knowledge_are_checked_with_the_decision_that_needs_it():
    table = (
        '<decisionTable id="t"><input label="分"><inputExpression typeRef="number"><text>x</text></inputExpression>'
        "</input><output/>"
        '<rule id="r1"><inputEntry><text>&gt; 1</text></inputEntry><outputEntry><text>1</text></outputEntry></rule>'
        '<rule id="r2"><inputEntry><text>"A"</text></inputEntry><outputEntry><text>2</text></outputEntry></rule>'
        "</decisionTable>"
    )
    tables, findings = decisions.gather(
        {
            "one.dmn": root(
                knowledge("f", {"x": "number"}, table),
                decision("d", "f(1)", needs("f", kind="Knowledge")),
                decision("e", "f(2)", needs("f", kind="Knowledge")),
            ),
            "two.dmn": root(decision("d", "2")),
        }
    )
    assert set(tables) == {"d", "e"}
    rules = [(file, finding.rule, finding.element) for file, finding in findings]
    assert rules.count(("one.dmn", "decision-type", "r2")) == 2  # once for each decision that needs it
    assert ("two.dmn", "decision", "d") in rules


def test_a_value_that_a_column_does_not_allow_is_a_fault():
    table = (
        '<decisionTable><input label="级别"><inputExpression><text>x</text></inputExpression>'
        f"{text(chr(34) + 'A' + chr(34) + ', ' + chr(34) + 'B' + chr(34), name='inputValues')}</input><output/>"
        '<rule><inputEntry><text>"A"</text></inputEntry><outputEntry><text>1</text></outputEntry></rule></decisionTable>'
    )
    assert answer(decision("d", table), x="A") == 1
    assert answer(decision("d", table), x=None) is None
    with pytest.raises(DecisionFailed) as failure:
        answer(decision("d", table), x="C")
    assert {
        "decision": "d",
        "column": "级别",
        "value": "C",
        "expected": '"A", "B"',
    }.items() <= failure.value.facts.items()


BOMBS = [
    [knowledge("f", {"n": "number"}, "f(n + 1)"), decision("d", "f(1)", needs("f", kind="Knowledge"))],
    [knowledge("f", {"n": "number"}, "[f(n + 1), f(n + 1)]"), decision("d", "f(1)", needs("f", kind="Knowledge"))],
    [*[decision(f"x{n}", "count(for i in 1..4000 return i ** 0.37)") for n in range(100)],
     decision("d", "1", needs(*[f"x{n}" for n in range(100)]))],
    [decision("a0", "[1, 1]"), *[decision(f"a{n}", f"concatenate(a{n - 1}, a{n - 1})", needs(f"a{n - 1}"))
                                for n in range(1, 40)], decision("d", "a39", needs("a39"))],
]  # fmt: skip


@pytest.mark.parametrize("parts", BOMBS, ids=["endless", "doubling", "many", "growing"])
def test_a_model_cannot_hang_or_bomb_the_house(parts):
    started = time.thread_time()
    with pytest.raises(DecisionFailed) as failure:
        answer(*parts)
    assert failure.value.facts["decision"]
    assert time.thread_time() - started < 2


def test_broken_models_are_refused_in_words_and_never_otherwise():
    whole = LOAN.read_text(encoding="utf-8")
    chance = random.Random(7)
    for _ in range(200):
        tree = etree.fromstring(whole.encode())
        for _ in range(chance.randint(1, 3)):
            _harm(chance, tree)
        found = decisions.read(tree)
        findings = [fault.told() for fault in found.faults] + found.findings
        findings += [each for made in found.decisions.values() for each in decisions.check(made)]
        assert all(each.text_zh and each.text_en for each in findings)
        for made in found.decisions.values():
            with contextlib.suppress(DecisionFailed):
                made.explain(ASKED)


def _harm(chance, tree):
    victim = chance.choice([each for each in tree.iter() if each is not tree])
    deed = chance.randrange(5)
    if deed == 0:
        victim.getparent().remove(victim)
    elif deed == 1:
        victim.getparent().append(etree.fromstring(etree.tostring(victim)))
    elif deed == 2 and victim.attrib:
        victim.attrib[chance.choice(list(victim.attrib))] = chance.choice(["", "x y", "#final", "string", "tCategory"])
    elif deed == 3:
        victim.text = chance.choice(["", "-", "1 +", "not(", "Age", "null", '"A"', "f(1)", "for i in 1..9 return i"])
    else:
        other = chance.choice([each for each in tree.iter() if each is not tree])
        if victim not in other.iterancestors() and victim is not other:
            other.append(etree.fromstring(etree.tostring(victim)))
