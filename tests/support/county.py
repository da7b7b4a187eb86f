"""The life of a county as a plan: what everybody answers over twenty years, and what its rounds tell it.

The life is rehearsed alone; the rounds are messages. Those that come early are kept, so all are sent on the first day.
"""

import json
from typing import Any

from engine.settings import ROOT
from tests.support import scenarios

PROGRAMME = ROOT / "workflows" / "innovative-city"
CALL = PROGRAMME / "scenarios" / "pilot_round" / "from-call-to-recognition.json"
LEAP_DAY = "2024-02-29T09:00:00+08:00"
UNIT, CASE = "339921", "339921-2024"
ROUNDS = 10
SIGNED = "T07_update"


def files() -> list[Any]:
    """Return the files of the lifecycle and of all that it calls."""
    drawn = scenarios.diagrams(PROGRAMME)
    needed = scenarios.called(PROGRAMME, {"lifecycle"}, frozenset())
    shown = sorted(PROGRAMME / drawn[name].file for name in needed)
    return [*shown, *PROGRAMME.glob("*.dmn"), PROGRAMME / "indicators.csv"]


def plan(start: str = LEAP_DAY) -> dict[str, Any]:
    """Return the plan: the application is done on the day it begins, each reassessment takes ten days."""
    told = json.loads(CALL.read_text("utf-8"))["plan"]
    drawn = {element for name in scenarios.called(PROGRAMME, {"lifecycle"}, frozenset()) for element in _elements(name)}
    tasks = {name: turns for name, turns in told["tasks"].items() if name in drawn}
    tasks[SIGNED] = [{"after": "P10D", **turn} for turn in tasks[SIGNED]]
    measured = next(one["payload"] for one in told["messages"] if one["name"] == "agency.measured")
    messages = [_message("assessment.ordered", _order("pilot-2024")), _message("agency.measured", measured)]
    messages.append(
        _message("case.decided", {"outcome": "pilot", "document_no": "浙科发〔2024〕9号", **_decided(2024)})
    )
    for year in range(2026, 2026 + 2 * ROUNDS, 2):
        this = f"biennial-{year}"
        opened = {"round_id": this, "set": "ZJ-DEMO-2012", "data_year": year - 1}
        first = {"recognised": year == 2026, "recognition_no": "浙政函〔2026〕12号" if year == 2026 else None}
        outcome = {"outcome": "designate" if year == 2026 else "continue", "document_no": f"浙科发〔{year}〕9号"}
        messages += [_message("reassessment.opened", opened), _message("assessment.ordered", _order(this))]
        messages.append(_message("agency.measured", measured))
        messages.append(_message("case.decided", {**outcome, **first, **_decided(year), "round_id": this}))
    return {"start": start, "tasks": tasks, "messages": messages}


def data() -> dict[str, Any]:
    """Return what the lifecycle of the county begins with."""
    return {"unit": UNIT, "round_id": "pilot-2024", "set": None}


def _elements(process: str) -> set[str]:
    return {element for _, element in scenarios.diagrams(PROGRAMME)[process].nodes}


def _message(name: str, payload: dict[str, Any]) -> dict[str, Any]:
    return {"at": "PT0S", "name": name, "key": {"case": CASE}, "payload": payload}


def _order(this: str) -> dict[str, Any]:
    engaged = {"agency": "agency-qiming", "contract_no": f"委{this}", "expert_count": 5}
    return {**engaged, "set": "ZJ-DEMO-2012", "round_id": this, "year": int(this[-4:]) - 1}


def _decided(year: int) -> dict[str, str]:
    return {"decided_on": LEAP_DAY[:10] if year == 2024 else f"{year}-12-01"}
