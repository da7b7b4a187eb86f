"""What differs between two versions is told in words that an owner would use, and nothing that differs is left out."""

import json
from pathlib import Path

import pytest

from engine import differences
from engine.differences import Kind, What
from engine.differences.tables import strays

ROOT = Path("workflows/innovative-city")


def told(path, before, after):
    """Return the Chinese sentences about one file."""
    found = differences.compare({path: before}, {path: after})
    assert all(change.zh and change.en for one in found for change in one.changes)
    return [change.zh for one in found for change in one.changes]


def changed(path, *swaps):
    """Return a shipped file as it is, and with texts replaced by others."""
    before = (ROOT / path).read_bytes()
    after = before.decode()
    for old, new in swaps:
        assert old in after
        after = after.replace(old, new, 1)
    return before, after.encode()


def test_a_diagram_is_told_step_by_step_in_the_words_of_the_panel():
    flow = '<bpmn:sequenceFlow id="flow_read_city__T08_escalation" sourceRef="read_city" targetRef="T08_escalation"/>'
    step = (
        '<bpmn:sequenceFlow id="flow_read_city__T08_escalation" sourceRef="read_city" targetRef="call"/>'
        '<bpmn:manualTask id="call" name="电话核实"/><bpmn:endEvent id="bare"/>'
        '<bpmn:sequenceFlow id="new" sourceRef="call" targetRef="T08_escalation"/>'
    )
    before, after = changed(
        "city_forwarding.bpmn",
        ('icity:role="CITY_FWD"', 'icity:role="APP_LEAD"'),
        ('icity:result="urging"', ""),
        ("P0D", "P1D"),
        ('cancelActivity="false"', 'cancelActivity="true"'),
        ('value="=parent"', 'value="=unit"'),
        ('<bpmn:terminateEventDefinition id="forwarding_end_definition"/>', ""),
        ("bpmn:serviceTask", "bpmn:sendTask"),
        ("</bpmn:serviceTask>", "</bpmn:sendTask>"),
        (flow, step),
        ('x="162"', 'x="170"'),
    )
    said = told("city_forwarding.bpmn", before, after)
    for sentence in (
        "用户任务“市级审查转报”：办理角色由“市级转报员”改为“政府签发人”",
        "边界事件“逾期未办”：时长由“0天”改为“1天”",
        "边界事件“逾期未办”：中断任务由“否”改为“是”",
        "用户任务“督促转报”：结果存入取消（原为“urging”）",
        "发送任务“查所属市”：输入“unit”由“=parent”改为“=unit”",
        "发送任务“查所属市”：类型由“服务任务”改为“发送任务”",
        "结束事件“已办理”：事件类型取消（原为“终止”）",
        "新增人工任务“电话核实”，位于子流程“市级审查”中",
        "新增未命名的结束事件，位于子流程“市级审查”中",
        "新增连线（人工任务“电话核实” → 用户任务“督促转报”）",
        "另有 1 个图形只调整了位置",
    ):
        assert sentence in said
    assert any(sentence.startswith("连线：改为从发送任务“查所属市”到人工任务“电话核实”") for sentence in said)
    assert not [sentence for sentence in said if "在流程中的位置" in sentence]  # a step put between moves nobody
    back = told("city_forwarding.bpmn", after, before)
    assert "删除人工任务“电话核实”" in back
    assert "用户任务“督促转报”：结果存入设为“urging”" in back


def test_a_step_that_stands_elsewhere_is_told_as_moved_and_layout_apart():
    def drawn(*flows, held="", shift="1"):
        lines = "".join(
            f'<sequenceFlow id="f{at}" sourceRef="{a}" targetRef="{b}"/>' for at, (a, b) in enumerate(flows)
        )
        steps = "".join(f'<task id="{one}" name="步骤{one}"/>' for one in "ABC")
        lanes = '<laneSet id="lanes"><lane id="lane" name="省厅"><flowNodeRef>A</flowNodeRef></lane></laneSet>'
        return (
            '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" '
            'xmlns:di="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC">'
            f'<!-- a comment --><process id="p">{lanes}{steps}{lines}'
            f'<subProcess id="sub" name="分段">{held}</subProcess>'
            f"{'' if held else '<userTask id=' + chr(34) + 'H' + chr(34) + '/>'}</process>"
            f'<di:BPMNDiagram id="d"><di:BPMNShape id="s" bpmnElement="A"><dc:Bounds x="{shift}" y="1"/></di:BPMNShape>'
            "</di:BPMNDiagram></definitions>"
        ).encode()

    old = drawn(("A", "B"), ("B", "C"))
    assert told("x.bpmn", old, drawn(("A", "B"), ("B", "C"), shift="9")) == ["只调整了图形位置或书写格式"]
    moved = told("x.bpmn", old, drawn(("A", "C"), ("C", "B")))
    assert "任务“步骤C”：在流程中的位置改变：原在任务“步骤B”之后，现在任务“步骤A”之后" in moved
    again = told("x.bpmn", drawn(("A", "B"), ("B", "C"), ("C", "H")), drawn(("A", "C"), ("C", "B"), ("B", "H")))
    assert "任务“步骤B”：在流程中的位置改变：原在任务“步骤A”之后，现在任务“步骤C”之后" in again
    held = told("x.bpmn", old, drawn(("A", "B"), ("B", "C"), held='<userTask id="H"/>'))
    assert held == ["未命名的用户任务：由未命名的流程移到子流程“分段”"]
    lane = told("x.bpmn", old, old.replace(b"<flowNodeRef>A<", b"<flowNodeRef>B<"))
    assert lane == ["泳道“省厅”：所含环节由“任务“步骤A””改为“任务“步骤B””"]


def test_a_table_of_decisions_is_told_by_rules_columns_and_cells():
    before, after = changed(
        "reviewers.dmn",
        ('"prov-economy"', '"prov-water"'),
        ('label="环节"', 'label="阶段"'),
        ("COLLECT", "RULE ORDER"),
        ('<annotation name="说明"/>', '<output id="more" label="排序" name="order" typeRef="number"/>'),
        ("列出参加会审的", "说明参加会审的"),
    )
    said = told("reviewers.dmn", before, after)
    for sentence in (
        "决策“会审部门”：命中策略由“全部收集”改为“按规则次序”",
        "决策“会审部门”的条件列“阶段”：列名由“环节”改为“阶段”",
        "新增决策“会审部门”的结果列“排序”",
        '决策“会审部门”第 2 条规则：机构编号由“"prov-economy"”改为“"prov-water"”',
    ):
        assert sentence in said
    assert "删除决策“会审部门”的结果列“排序”" in told("reviewers.dmn", after, before)
    whole = before.decode()
    rule = whole[whole.index('<rule id="reviewers_rule_2"') : whole.index('<rule id="reviewers_rule_3"')]
    end = whole.index("</decisionTable>")
    assert told("reviewers.dmn", before, whole.replace(rule, "").encode()) == ["删除决策“会审部门”第 2 条规则"]
    last = whole[:end].replace(rule, "") + rule + whole[end:]
    (moved,) = told("reviewers.dmn", before, last.encode())
    assert moved.endswith("条规则：排列次序改变")
    extra = whole[:end] + rule.replace("reviewers_rule_2", "brand_new") + whole[end:]
    (grid,) = differences.grids("reviewers.dmn", before, extra.encode())
    assert [row.what for row in grid.rows][-1] is What.ADDED
    assert grid.rows[-1].cells["reviewers_output_1"].after == '"prov-economy"'
    renumbered = whole.replace('<rule id="', '<rule id="x').replace("省教育厅", "教育厅")
    said = told("reviewers.dmn", before, renumbered.encode())  # as another tool writes it: known by content
    assert said == ["新增决策“会审部门”的规则", "删除决策“会审部门”的规则"] or len(said) == 2
    assert told("reviewers.dmn", before, before.replace(b"<rule ", b"<rule  ")) == ["只调整了图形位置或书写格式"]


def test_decisions_that_are_no_tables_are_told_by_their_text():
    def drawn(text, more=""):
        return (
            '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="n">'
            f'<decision id="a" name="甲"><variable name="a"/><literalExpression><text>{text}</text></literalExpression>'
            f'<informationRequirement><requiredInput href="#b"/></informationRequirement></decision>'
            f"{more}</definitions>"
        ).encode()

    assert told("x.dmn", drawn("1"), drawn("2")) == ["决策“甲”：内容由“a 1”改为“a 2”"]
    data = '<inputData id="b" name="乙"/>'
    assert told("x.dmn", drawn("1"), drawn("1", data)) == ["新增输入数据“乙”"]
    assert told("x.dmn", drawn("1", data), drawn("1")) == ["删除输入数据“乙”"]
    assert differences.grids("x.dmn", drawn("1"), drawn("2")) == []


def test_a_form_is_told_field_by_field():
    path = "forms/T01_team.form"
    before = json.loads((ROOT / path).read_bytes())
    after = json.loads((ROOT / path).read_bytes())
    fields = {one.get("key"): one for one in after["components"]}
    fields["leader"]["validate"] = {"required": False, "maxLength": 40}
    fields["leader"]["conditional"] = {"hide": "=data_year < 2013"}
    fields["departments"]["values"][0]["label"] = "科学技术局"
    del fields["departments"]["values"][1]
    fields["contact"]["type"] = "textarea"
    after["components"] = [one for one in after["components"] if one.get("key") != "phone"]
    inner = [{"type": "number", "key": "count", "label": "人数"}, {"type": "spacer"}]
    after["components"].append({"type": "group", "path": "members", "label": "成员", "components": inner})
    after["components"].insert(0, after["components"].pop(2))
    after["schemaVersion"] = 18
    said = told(path, json.dumps(before).encode(), json.dumps(after).encode())
    assert said == [
        "表单：格式版本由“19”改为“18”",
        "多行文本“联系人”：排列次序改变",
        "多行文本“联系人”：类型由“单行文本”改为“多行文本”",
        "删除单行文本“联系电话”",
        "单行文本“牵头领导”：必填取消（原为“✓”）",
        "单行文本“牵头领导”：隐藏条件设为“=data_year < 2013”",
        "单行文本“牵头领导”：最长长度由“30”改为“40”",
        "多选“参与部门”：选项（science）由“科技局”改为“科学技术局”",
        "多选“参与部门”：选项（statistics）取消（原为“统计局”）",
        "新增分组“成员”",
        "新增数字“人数”",
        "新增空白“spacer”",
    ]
    (grid,) = differences.grids(path, json.dumps(before).encode(), json.dumps(after).encode())
    assert [row.element for row in grid.rows][:4] == ["contact", "phone", "T01_team_text_title", "leader"]
    turned = {"components": [{"key": "a", "type": "radio", "values": [{"value": 1}, {"value": 2}]}, {"key": "a"}, 7]}
    other = {"components": [{"key": "a", "type": "radio", "values": [{"value": 2}, {"value": 1}]}, {"key": "a"}, 7]}
    (sentence,) = told("forms/x.form", json.dumps(turned).encode(), json.dumps(other).encode())
    assert sentence == "单选“a”：选项由“1（1）；2（2）”改为“2（2）；1（1）”"
    odd = json.dumps({"components": [{"key": "a", "odd": [{"x": 1}], "deep": {"er": 1.5}}]}).encode()
    assert "字段“a”" in told("forms/x.form", b'{"components": []}', odd)[0]


def test_indicator_sets_are_told_by_rows_and_columns():
    before, after = changed("indicators.csv", ("quant,11,2.5", "quant,12,2.5"), ("C1", "C1X"))
    said = told("indicators.csv", before, after)
    assert "指标“A1 R&D经费支出占地区生产总值比重”：权重由“11”改为“12”" in said
    assert any(sentence.startswith("新增指标“C1X") for sentence in said)
    assert any(sentence.startswith("删除指标“C1 ") for sentence in said)
    (grid,) = differences.grids("indicators.csv", before, after)
    assert [row.what for row in grid.rows if row.what] == [What.CHANGED, What.REMOVED, What.ADDED]
    assert "definition" in grid.columns or "definition" not in before.decode().splitlines()[1]
    (first, *_) = before.decode().splitlines()
    twice = (before.decode() + before.decode().splitlines()[3] + "\n").encode()
    assert len(told("indicators.csv", before, twice)) == 1
    assert told("indicators.csv", b"", (first + "\n").encode()) == ["只改了书写格式"]


@pytest.mark.parametrize("path", ["x.bpmn", "x.dmn", "forms/x.form", "indicators.csv", "scenarios/p/x.json", "a.toml"])
def test_what_cannot_be_read_is_told_line_by_line(path):
    old, new = b"<a\nkept\ngone\n", b"{\nkept\nmore\xff\n\n"
    said = told(path, old, new)
    assert said == ["第 1 行：由“<a”改为“{”", "第 3 行：由“gone”改为“more�”"]
    if not path.endswith(".bpmn"):
        (grid,) = differences.grids(path, old, new)
        assert [row.what for row in grid.rows] == [What.CHANGED, What.CHANGED, What.ADDED]
    assert told("forms/x.form", b"[]", b"7") == ["第 1 行：由“[]”改为“7”"]


def test_files_that_come_and_go_and_texts_that_are_too_long():
    found = differences.compare({"a.bpmn": b"", "same.dmn": b"1"}, {"b.toml": b"", "same.dmn": b"1"})
    assert [(one.path, one.kind, one.what) for one in found] == [
        ("a.bpmn", Kind.DIAGRAM, What.REMOVED),
        ("b.toml", Kind.TEXT, What.ADDED),
    ]
    assert told("a.toml", b"1\n" * 5000, b"2\n") == ["内容改动很多，未逐行列出"]
    many = "".join(f"{number}\nsame {number}\n" for number in range(500))
    assert len(told("a.toml", many.encode(), many.replace("\nsame", "!\nsame").encode())) == 401
    assert told("a.toml", b"1\n2\n3\n", b"1\n3\n") == ["删除原第 2 行起：2"]
    assert told("a.toml", b"1\n3\n", b"1\n2\n3\n") == ["第 2 行起新增：2"]
    assert differences.grids("a.bpmn", b"1", b"2") == []
    assert differences.grids("a.dmn", None, (ROOT / "route.dmn").read_bytes())[0].rows


def test_the_fewest_rows_are_told_as_moved():
    assert strays(list("abcde"), list("bcdea")) == {"a"}
    assert strays(list("abc"), list("abc")) == frozenset()
    assert strays([], []) == frozenset()
