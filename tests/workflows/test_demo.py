"""The demonstration, played to its end: a province through ten years, and one county through its life."""

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from engine.settings import ROOT, load
from server import demo, postgres

PROGRAMME = ROOT / "workflows" / "innovative-city"
B = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
I = "{urn:icity:bpmn:1}"  # noqa: E741 - the prefix of the diagrams
TEN = range(2014, 2024)
NUMBER = re.compile(r"[\u4e00-\u9fff]+〔(\d{4})〕([1-9]\d*)号")


@dataclass(frozen=True)
class Told:
    """What a story wrote and printed."""

    timeline: list[dict[str, Any]]
    printed: str
    papers: list[Path]

    def days(self, kind: str, *elements: str) -> list[str]:
        """Return on which days something happened, anywhere or at these elements."""
        rows = [row for row in self.timeline if row["event"] == kind]
        return [row["at"][:10] for row in rows if not elements or row["element"] in elements]

    def texts(self, kind: str) -> list[str]:
        """Return the sentences of one kind of event."""
        return [row["text"] for row in self.timeline if row["event"] == kind]


def played(story: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> Told:
    """Play a story in this process."""
    settings = load(var=str(folder))
    with postgres.owned(settings) as url:
        assert demo.run(settings, url, story, "zh") == 0
    return read(folder, capsys.readouterr().out)


def commanded(story: str, folder: Path) -> Told:
    """Play a story by the command that people use, without the tracer that counts covered lines."""
    unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    command = [sys.executable, "-m", "server", "demo", story]
    told = subprocess.run(
        command, cwd=ROOT, env={**unmeasured, "ICITY_VAR": str(folder)}, capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stderr[-3000:]
    return read(folder, told.stdout)


def read(folder: Path, printed: str) -> Told:
    """Return what a story left; check what holds of every one."""
    timeline = json.loads((folder / "demo" / "timeline.json").read_text(encoding="utf-8"))
    assert all(row.keys() == {"at", "event", "element", "actor", "text"} for row in timeline)
    assert [row["at"] for row in timeline] == sorted(row["at"] for row in timeline)
    assert [row["text"] for row in timeline if row["event"] == "incident.raised"] == []
    told = Told(timeline, printed, sorted((folder / "demo" / "documents").iterdir()))
    assert len(told.papers) == 2 * len(told.days("document.issued"))
    assert {paper.suffix for paper in told.papers} == {".pdf", ".docx"}
    numbers = {match.groups(): match.string for paper in told.papers if (match := NUMBER.match(paper.name))}
    assert len(numbers) > 0
    return told


def asked() -> dict[str, str]:
    """Return the form of every human task of the programme."""
    tasks = [node for path in PROGRAMME.glob("*.bpmn") for node in etree.parse(path).getroot().iter(f"{B}userTask")]
    return {task.get("id", ""): form for task in tasks if (form := task.get(f"{I}form"))}


def keys(components: list[dict[str, Any]]) -> Iterator[tuple[str, bool]]:
    """Yield the fields of a form, and whether each must be answered whatever else is."""
    for component in components:
        if component["type"] == "group" and not component.get("path"):
            yield from keys(component["components"])
        elif name := component.get("path") or component.get("key"):
            required = component.get("validate", {}).get("required", False)
            yield name, required and "conditional" not in component


def test_everybody_has_an_answer_that_fits_the_form():
    answers = tomllib.loads((PROGRAMME / "demo" / "answers.toml").read_text(encoding="utf-8"))
    forms = asked()
    assert answers.keys() == forms.keys()
    for element, form in forms.items():
        known = dict(keys(json.loads((PROGRAMME / "forms" / f"{form}.form").read_text("utf-8"))["components"]))
        assert answers[element].keys() <= known.keys(), element
        assert {name for name, required in known.items() if required} <= answers[element].keys(), element


def test_the_county_lives_its_whole_life(tmp_path, capsys):
    told = played("county", tmp_path, capsys)
    stages = [re.findall("“(.+?)”", text)[-1] for text in told.texts("milestone.reached") if text.startswith("云溪县")]
    assert stages == ["申报中", "已受理", "创新型试点", "创新型城市（县、区）"]
    assert len(told.days("task.completed", "T11_supplement")) == 1  # one round of 补正
    assert len(told.days("task.completed", "T05_statistics")) == 4  # returned once
    assert len(told.days("task.completed", "T16_declaration")) == 15  # five experts, three assessments
    assert len(told.days("timer.fired", "T24_lapse")) == 1  # one department was silent the first time
    assert len(told.days("task.completed", "T25_mediation")) == 1
    (granted,) = [text for text in told.texts("title.granted") if "试点" in text]
    assert granted.startswith("云溪县")
    anchor = told.days("title.granted")[0]
    assert told.days("timer.fired", "every_two_years") == [f"{year}{anchor[4:]}" for year in (2026, 2028)]
    assert len(told.days("reminder.due", "every_two_years")) == 6  # six, three and one month before each
    assert len(told.days("message.delivered", "receive_measurement")) == 1  # one agency's own system, over real HTTP
    assert len(told.days("task.completed", "T20_scoring")) == 10  # the other agency works here
    assert "云溪县" in told.printed


ENDINGS = {
    "annual_report": "建设统计监测报告",
    "pilot_list": "创新型试点城市（县、区）名单的通知",
    "circular": "测评结果的通报",
    "rectification": "限期整改的通知",
    "revocation": "称号的决定",
    "recognition": "认定创新型城市（县、区）的批复",
}


@pytest.mark.long
def test_the_province_lives_ten_years(tmp_path):
    told = commanded("province", tmp_path)
    names = [paper.stem for paper in told.papers if paper.suffix == ".pdf"]
    issued = {kind: [name for name in names if name.endswith(ending)] for kind, ending in ENDINGS.items()}
    assert [len(issued[kind]) for kind in ("annual_report", "pilot_list", "circular")] == [10, 2, 5]
    assert [f"{year - 1}年度" in "".join(issued["annual_report"]) for year in TEN] == [True] * 10
    assert len(issued["revocation"]) == 2  # one after a rectification that failed, one for fraud
    assert any("浦阳县" in name for name in issued["rectification"])  # and this one passed
    assert len(issued["recognition"]) >= 1
    assert len(told.days("task.completed", "T31_reply")) == 1  # an objection was answered
    assert [text.split("  ")[0] for text in told.texts("unit.barred")] == ["沧南市创建创新型城市（县、区）"]
    assert told.days("message.sent", "unit_ended", "unit_merged", "unit_changed")  # a merger was told
    assert len(set(told.days("deadline.moved"))) == 1  # by a notice of holidays
    assert told.days("programme.deployed") == []  # of the installation, not of a case
    years = {year for year in range(2013, 2024) if f"{year}年两年测评轮次的结果已公布" in told.printed}
    assert {2015, 2017, 2019, 2021, 2023} <= years
    assert "柳浦县  科技强 2012–2018 / 试点 2013–2018" in told.printed
    assert "松岭县  科技强 2012– / 试点 2013–2018" in told.printed
