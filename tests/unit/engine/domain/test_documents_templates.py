"""Templates of documents: what is broken in one is named with its line; facts are filled in as officials write."""

from datetime import date
from decimal import Decimal

import pytest

from engine.domain import documents
from engine.domain.documents import Issue, wording
from engine.domain.documents.composing import level_of
from engine.domain.documents.titles import title_lines
from engine.errors import DocumentRefused, ExpressionFailed, ExpressionRefused
from tests.support.papers import KINDS, paper, template

SOUND = """
layout = "document"
title = "关于{subject}的通知"
addressees = "{addressee}"
body = '''
一、范围。{scope}
@each unit in units
（{numeral(n)}）{unit.name}：{fixed(unit.score, 2)}分
@end
@if count(units) = 0
没有单位。
@end
@table units | 表
单位 | {item.name} | 左 | 4
得分 | {fixed(item.score, 2)} | 右 | 2
备注 | {item.note}
@end
'''
name = { zh = "通知", en = "Notice" }
[facts]
subject = "事项"
addressee = "主送"
units = "单位"
[optional]
scope = "范围"
"""
GIVEN = {
    "subject": "试验",
    "addressee": "云溪县人民政府",
    "scope": "全省",
    "units": [{"name": "云溪县", "score": 1.005}, {"name": "安山市", "score": 2, "note": "新"}],
}
ISSUE = Issue("浙科发〔2026〕1号", date(2026, 1, 5), ("浙江省科学技术厅",), "文件")


def composed(text: str = SOUND, **facts):
    template, findings = documents.read(text.encode())
    assert findings == []
    return documents.compose(template, {**GIVEN, **facts}, ISSUE)


def faults(text: str) -> list[tuple[str, str]]:
    template, findings = documents.read(text.encode())
    assert template is None
    assert all(one["rule"] == "template" and one["text"]["zh"] for one in findings)
    return [(one["element"], one["text"]["en"]) for one in findings]


def test_a_template_is_filled_in():
    told = composed()
    assert told["title"] == ["关于试验的通知"]
    assert [block["text"] + block["rest"] for block in told["body"][:3]] == [
        "一、范围。全省",
        "（一）云溪县：1.01分",
        "（二）安山市：2.00分",
    ]
    table = told["body"][3]
    assert table["rows"] == [["云溪县", "1.01", "—"], ["安山市", "2.00", "新"]]
    assert [(column["align"], column["width"]) for column in table["columns"]] == [
        ("left", 4),
        ("right", 2),
        ("left", 1),
    ]
    assert told["date"] == "2026年1月5日"


def test_a_heading_is_its_first_sentence():
    (heading, *_) = composed()["body"]
    assert (heading["level"], heading["text"], heading["rest"]) == (1, "一、范围。", "全省")


def test_a_condition_chooses_what_is_written():
    assert composed(units=[])["body"][1]["text"] == "没有单位。"


def test_missing_facts_are_all_named_at_once():
    with pytest.raises(DocumentRefused) as refused:
        documents.compose(documents.read(SOUND.encode())[0], {"units": []}, ISSUE)
    assert "subject（事项）" in refused.value.facts["why"]
    assert "addressee（主送）" in refused.value.facts["why"]


@pytest.mark.parametrize(
    ("facts", "why"),
    [({"units": "云溪县"}, "not a list"), ({"scope": None}, "nothing to fill in"), ({"scope": {"a": 1}}, "not a text")],
)
def test_facts_of_the_wrong_kind_are_refused(facts, why):
    with pytest.raises(DocumentRefused, match=why):
        composed(**facts)


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"scope": "长" * 100_001}, "a paragraph of more than 100000 letters"),
        ({"scope": "长\n" * 5001}, "more than 5000 paragraphs and rows"),
        ({"subject": "长" * 200}, "a title of more than 200 letters"),
        ({"units": [{"name": "长" * 50_000, "score": 1}] * 3}, "more than 200000 letters"),
    ],
)
def test_a_paper_that_nobody_would_read_is_refused(facts, why):
    with pytest.raises(DocumentRefused, match=why):
        composed(**facts)


def test_a_template_that_goes_round_and_writes_nothing_comes_to_an_end():
    around = "\n".join(f"@each {name} in units" for name in "abcd") + "\n@end" * 4
    with pytest.raises(DocumentRefused, match="more than 50000 steps"):
        composed(SOUND.replace("一、范围。{scope}", around), units=list(range(1000)))


@pytest.mark.parametrize(
    ("figures", "why"),
    [([10**400], "too large to be drawn"), ([1e300], "too large"), ([1] * 301, "more than 300 bars")],
)
def test_a_chart_that_cannot_be_drawn_is_refused(figures, why):
    bars = "@chart units | 图\n名称 | {n}\n数值 | item\n标注 | {n}\n@end"
    table = SOUND[SOUND.index("@table") : SOUND.index("'''\nname")]
    with pytest.raises(DocumentRefused, match=why):
        composed(
            SOUND.replace(table, bars + "\n").replace("（{numeral(n)}）{unit.name}：{fixed(unit.score, 2)}分", ""),
            units=figures,
        )


@pytest.mark.parametrize("said", ['#read("/etc/passwd") $x$ *b* <a> ]]])) \\', "2024-02-30", "\u202e甲"])
def test_what_reads_like_something_else_is_written_as_it_stands(said):
    (heading, *_) = composed(scope=said)["body"]
    assert heading["text"] + heading["rest"] == f"一、范围。{said}"


BROKEN = {
    "an unknown fact": ("{scope}", "{scpoe}", "body:1", "scpoe"),
    "an expression": ("{scope}", "{scope +}", "body:1", "understood"),
    "a lone brace": ("{scope}", "{scope", "body:1", "understood"),
    "a function": ("fixed(unit", "round2(unit", "body:3", "round2"),
    "a layout": ('"document"', '"poster"', "layout", "layout"),
    "a missing end": ("@end\n@if", "@if", "body", "missing"),
    "an end too many": ("没有单位。\n@end", "没有单位。\n@end\n@end", "body:8", "too many"),
    "a directive": ("@if count", "@when count", "body:5", "not understood"),
    "a column": ("| 左 | 4", "| 斜 | 4", "body:9", "head | content"),
    "a name outside its loop": ("没有单位。", "{unit.name}", "body:6", "unit"),
    "an unknown key": ("layout =", 'colour = "red"\nlayout =', "colour", "colour"),
    "a title": ('title = "关于{subject}的通知"', "", "title", "missing"),
    "a text": ('addressees = "{addressee}"', "addressees = 3", "addressees", "text"),
    "facts": ('[optional]\nscope = "范围"', "[optional]\nscope = 3", "optional", "expected"),
    "an annex": ("[facts]", '[[annex]]\nname = "表"\n[facts]', "annex[1]", "annex"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_broken_is_named_with_its_place(what):
    standard, wrong, place, word = BROKEN[what]
    assert standard in SOUND
    found = faults(SOUND.replace(standard, wrong, 1))
    assert any(element == place and word in told for element, told in found), found


@pytest.mark.parametrize("content", ["title = ", "\x00", "x" * 70_000])
def test_what_is_no_template_is_refused(content):
    assert faults(content)[0][0] == ""


def test_bytes_that_are_no_text_are_refused():
    assert documents.read(b"\xff\xfe")[0] is None


def test_a_chart_needs_its_three_lines():
    chart = SOUND[SOUND.index("@table") : SOUND.index("'''", SOUND.index("@table"))].strip()
    drawn = "@chart units | 图\n名称 | {item.name}\n数值 | item.score\n标注 | {signed(item.score, 1)}\n@end"
    silent = SOUND.replace(chart, drawn).replace("：{fixed(unit.score, 2)}分", "")
    bars = composed(silent, units=[*GIVEN["units"], {"name": "无数县"}])["body"][-1]["bars"]
    assert [(bar["label"], bar["text"]) for bar in bars] == [("云溪县", "+1.0"), ("安山市", "+2.0")]
    assert any("名称" in told for _, told in faults(SOUND.replace(chart, drawn.replace("标注", "备注"))))
    with pytest.raises(DocumentRefused, match="not a number"):
        composed(silent, units=[{"name": "云溪县", "score": "八"}])


def test_nesting_has_an_end():
    deep = "@if true\n" * 9 + "很深\n" + "@end\n" * 9
    assert any("deep" in told for _, told in faults(SOUND.replace("没有单位。", deep)))


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ("2026-03-05", "2026年3月5日"),
        (date(2026, 12, 31), "2026年12月31日"),
        (["甲", "乙"], "甲、乙"),
        (True, "是"),
        (Decimal("1.50"), "1.50"),
        (3, "3"),
        ("a\x07b\ud800", "ab"),
    ],
)
def test_values_are_said_as_officials_write(found, told):
    assert wording.spoken(found) == told


@pytest.mark.parametrize(("number", "told"), [(1, "一"), (10, "十"), (11, "十一"), (20, "二十"), (99, "九十九")])
def test_numerals(number, told):
    assert wording.numeral(number) == told


@pytest.mark.parametrize("number", [0, 100, -1])
def test_numerals_end_at_99(number):
    with pytest.raises(ExpressionFailed):
        wording.numeral(number)


def test_figures_are_rounded_half_up_and_signed():
    assert (wording.fixed(2.345, 2), wording.fixed(None, 2)) == ("2.35", None)
    assert [wording.signed(value, 2) for value in (1, -1, 0, None)] == ["+1.00", "-1.00", "0.00", None]


@pytest.mark.parametrize("raw", [b"a = " + b"[" * 30_000, b"a = " + b"{a=" * 8_000, b"annex = 5", b"annex = { a = 1 }"])
def test_a_file_of_another_shape_is_no_template_and_says_so(raw):
    template, findings = documents.read(raw)
    assert template is None
    assert findings


def test_a_wording_knows_what_it_reads():
    told = wording.worded("甲{a.b}乙{fixed(c, 2)}")
    assert (told.names, told.calls) == ({"a", "c"}, {"fixed"})
    with pytest.raises(ExpressionRefused):
        wording.worded("甲}乙")


@pytest.mark.parametrize(
    ("text", "level"),
    [("一、总则", 1), ("十二、附则", 1), ("（一）对象", 2), ("1.材料", 3), ("（1）表", 4), ("本办法", 0), ("一是", 0)],
)
def test_levels_are_told_by_their_numbers(text, level):
    assert level_of(text) == level


@pytest.mark.parametrize("kind", KINDS)
def test_titles_are_broken_by_meaning(kind):
    lines = paper(kind)["title"]
    assert all(len(line) <= 20 for line in lines)
    assert not any(line[0] in "的、，）" for line in lines)
    assert not any(line.endswith("（") for line in lines)


@pytest.mark.parametrize("title", ["通知", "关" * 60, "a" * 100, "（" * 30])
def test_every_title_is_kept_whole(title):
    assert "".join(title_lines(title)) == title


def test_a_title_that_is_given_stands_for_the_templates_own():
    template, _ = documents.read(SOUND.encode())
    named = Issue(ISSUE.number, ISSUE.issued_on, ISSUE.organs, title="关于另一件事的函")
    assert documents.compose(template, GIVEN, named)["title"] == ["关于另一件事的函"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_required_fact_of_a_shipped_template_is_missed(kind):
    for fact in template(kind).facts:
        with pytest.raises(DocumentRefused, match=fact):
            paper(kind, **{fact: None})
