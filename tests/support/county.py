"""The county of the demonstration as a plan: what everybody answers over twenty years, and what the agency measures."""

import tomllib
from typing import Any

from engine.domain import indicators, workbook
from engine.settings import ROOT

PROGRAMME = ROOT / "workflows" / "innovative-city"
STORY = PROGRAMME / "demo"
LEAP_DAY = "2024-02-29T09:00:00+08:00"
BIENNIAL = frozenset({"T04_update", "T05_verify"})
MEASUREMENTS = 12


def plan(start: str = LEAP_DAY) -> dict[str, Any]:
    """Return the plan: the application is done on the day it begins, each reassessment takes its time."""
    story = _story()
    tasks = {name: [_turn(name, answers) for answers in items] for name, items in story["answers"].items()}
    measured = [_measured(story, tasks["T04_indicators"], 0)]
    measured += [_measured(story, tasks["T04_update"], n) for n in range(MEASUREMENTS)]
    return {"start": start, "tasks": tasks, "messages": measured}


def data() -> dict[str, Any]:
    """Return what the lifecycle of the county begins with."""
    found: dict[str, Any] = _story()["data"]
    return found


def _story() -> dict[str, Any]:
    return tomllib.loads((STORY / "story.toml").read_text(encoding="utf-8"))


def _turn(element: str, answers: dict[str, Any]) -> dict[str, Any]:
    answers = dict(answers)
    name = answers.pop("workbook", None)
    if name is not None:
        rows = indicators.read_rows((PROGRAMME / "indicators.csv").read_bytes())
        chosen = indicators.parse(rows, data()["set"])
        answers["values"] = workbook.read((STORY / name).read_bytes(), chosen)
    return {"data": answers} | ({"after": "P10D"} if element in BIENNIAL else {})


def _measured(story: dict[str, Any], declared: list[dict[str, Any]], n: int) -> dict[str, Any]:
    """Return what the agency sends; messages that come early are kept, so all are sent on the first day."""
    figures = declared[min(n, len(declared) - 1)]["data"]["values"]
    payload = {
        "values": {name: figure for name, figure in figures.items() if isinstance(figure, int | float)},
        "expert_scores": story["agency"]["expert_scores"][min(n, 1) if declared[0].get("after") else 0],
    }
    return {"at": "PT0S", "name": "agency.measured", "key": {"case": story["data"]["case_id"]}, "payload": payload}
