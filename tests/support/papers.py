"""Papers for tests: facts of every kind of document, composed by the shipped templates; a programme that issues."""

from datetime import date
from functools import cache
from pathlib import Path
from shutil import copy
from typing import Any

from engine import settings
from engine.domain import documents
from engine.domain.documents import Issue, Template, faces
from engine.domain.documents.faces import Faces
from engine.settings import ROOT
from tests.support.diagrams import drawn
from tests.support.shapes import end, mapped, service, start, user, way

PROGRAMME = ROOT / "workflows" / "innovative-city"
TEMPLATES = PROGRAMME / "templates"
ON = date(2026, 6, 18)
NUMBER = "浙科发〔2026〕3号"
ALL = "各市、县（市、区）人民政府，省政府直属各单位"
SCIENCE, STATISTICS, GOVERNMENT = "浙江省科学技术厅", "浙江省统计局", "浙江省人民政府"

UNITS = [
    {"unit_name": name, "score": score, "grade": grade, "outcome": outcome, "level_name": level, "rank": rank}
    for rank, (name, score, grade, outcome, level) in enumerate(
        [
            ("安山市", 91.2, "优秀", "报请认定", "设区市"),
            ("云溪县", 83.125, "良好", "报请认定", "县"),
            ("柳浦区", 71.0, "达标", "继续试点", "市辖区"),
            ("石门县", 55.5, "警告", "限期整改", "县"),
        ],
        start=1,
    )
]
CHANGES = [
    {"unit_name": unit["unit_name"], "score": score, "rank": rank}
    for rank, (unit, score) in enumerate(zip(UNITS, (3.2, 0.4, -1.25, -4.0), strict=True), start=1)
]
LETTER: dict[str, Any] = {
    "subject": "云溪县创新型试点县公示异议处理",
    "form": "复函",
    "addressee": "云溪县人民政府",
    "paragraphs": ["你县来函收悉。经调查核实，现函复如下：", "一、异议不成立。", "特此函复。"],
}
FACTS: dict[str, dict[str, Any]] = {
    "notice": {
        "subject": "开展2026年度创新型试点城市（县、区）申报工作",
        "addressee": ALL,
        "scope": "已获得科技强市、县（市、区）称号且尚未列入试点的市、县（市、区）人民政府，自愿申报。",
        "indicator_set": "示范指标体系",
        "data_year": 2025,
        "from": "2026-03-01",
        "to": "2026-04-30",
        "contact": "联系人：张某某，电话：0571-00000000。",
    },
    "supplement_notice": {
        "subject": "云溪县创新型试点县申报",
        "addressee": "云溪县人民政府",
        "received_on": "2026-04-02",
        "missing": ["创建规划未附年度目标表", "实施方案未明确责任单位"],
        "due_on": "2026-04-20",
        "contact": "张某某，0571-00000000",
    },
    "public_notice": {
        "subject": "2026年度拟列入创新型试点城市（县、区）单位",
        "units": UNITS[:3],
        "decided_by": "省科技厅厅务会议",
        "receiver": "省科学技术厅机关纪委",
        "phone": "0571-00000000",
        "from": "2026-06-08",
        "to": "2026-06-14",
    },
    "circular": {
        "year": 2026,
        "addressee": ALL,
        "indicator_set": "示范指标体系",
        "units": UNITS,
        "groups": [{"grade": "优秀", "units": ["安山市"]}, {"grade": "良好", "units": ["云溪县"]}],
        "deemed": ["省财政厅"],
        "copies": "省委办公厅",
    },
    "request": {
        "subject": "认定安山市等2个单位为创新型城市（县、区）",
        "addressee": GOVERNMENT,
        "background": "省科学技术厅委托第三方机构对4个试点单位进行了测评，2个单位达到条件。",
        "differences": ["省财政厅认为云溪县研发投入口径需要核实；省科学技术厅认为统计部门已经核定。"],
        "matter": "拟请认定安山市、云溪县为创新型城市（县、区）。",
        "units": UNITS[:2],
        "contact": "张某某，0571-00000000",
    },
    "letter": LETTER,
    "minutes": {
        "subject": "2026年度创新型试点城市（县、区）部门会审",
        "held_on": "2026-05-20",
        "chair": "李某某",
        "agreed": ["同意将安山市等3个单位列入试点名单。", "石门县暂不列入。"],
        "opinions": [{"department": "省财政厅", "opinion": "有意见", "reason": "建议核实口径"}],
        "present": ["省科技厅李某某", "省统计局王某某", "省财政厅赵某某", "省发展改革委钱某某", "省教育厅周某某"],
        "deemed": ["省经信厅"],
    },
    "pilot_list": {"year": 2026, "addressee": ALL, "units": UNITS[:3]},
    "recognition": {"year": 2026, "addressee": ALL, "units": UNITS[:2]},
    "revocation": {
        "unit_name": "石门县",
        "title_name": "创新型试点县",
        "addressee": ALL,
        "reasons": ["整改期满验收不合格。", "连续两轮测评得分低于60分。"],
        "statement": "未提出。",
        "return_days": 10,
        "appeal_days": 15,
    },
    "rectification": {
        "unit_name": "石门县",
        "addressee": "石门县人民政府",
        "year": 2026,
        "score": 55.5,
        "grade": "警告",
        "items": [{"name": "研发经费支出占生产总值比重", "value": "1.2%", "wanted": "2.5%"}],
        "plan_due": "2026-10-20",
        "ends_on": "2027-09-30",
    },
    "annual_report": {
        "year": 2025,
        "level": UNITS,
        "strength": UNITS,
        "change": CHANGES,
        "comments": ["总的看，各地创新投入稳步增长。"],
        "missing": ["东湾区"],
        "figures": [
            {
                "title": "2014年上半年高新技术产业产值（亿元）",
                "note": "数据来源：省统计局公布的2014年上半年数据。",
                "rows": [{"unit_name": "杭州", "value": 2155.35, "growth": 6.14}],
            }
        ],
    },
}
KINDS = sorted(FACTS)
ORGANS = {"recognition": (GOVERNMENT,), "annual_report": (STATISTICS, SCIENCE)}
MARKS = {"minutes": "会议纪要", "letter": "", "supplement_notice": ""}


@cache
def typefaces() -> Faces:
    """Return the faces of this installation."""
    return faces.found(settings.load().font_folders)


@cache
def template(kind: str) -> Template:
    """Return a shipped template; it has no findings."""
    found, findings = documents.read((TEMPLATES / f"{kind}.toml").read_bytes())
    assert findings == []
    assert found is not None
    return found


def paper(kind: str, number: str = NUMBER, **facts: Any) -> dict[str, Any]:
    """Return a composed document of a kind, with other facts where they are given."""
    organs = ORGANS.get(kind, (SCIENCE,))
    issue = Issue(number, ON, organs, MARKS.get(kind, "文件"), "李某某", f"{organs[0]}办公室")
    return documents.compose(template(kind), {**FACTS[kind], **facts}, issue)


def issuing(folder: Path) -> Path:
    """Write a programme whose only process signs a letter and issues it under the case `case`."""
    facts = {"kind": '="letter"', "case_id": "=case", "facts": "=facts", "addressees": "=addressees"}
    body = (
        start()
        + user("sign", role="PRV_OFFICER")
        + service("issue", mapped(facts), operator="issue document", result="document")
        + end("e")
        + way("s sign issue e")
    )
    (folder / "templates").mkdir(parents=True)
    (folder / "issuing.bpmn").write_bytes(drawn("issuing", body))
    (folder / "programme.toml").write_text(
        'id = "issuing"\nlifecycle = "issuing"\nname = { zh = "发文", en = "Issuing" }\n', encoding="utf-8"
    )
    for name in ("document.dmn", "retention.dmn", "templates/letter.toml"):
        copy(PROGRAMME / name, folder / name)
    return folder
