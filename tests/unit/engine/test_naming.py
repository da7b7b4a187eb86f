"""What a case is called that a message began: something a person understands, and nobody's identity."""

import re
from pathlib import Path
from uuid import uuid4

import pytest

from engine import messages, processes, units
from engine.db import Sessions, transaction
from engine.messages import Arrival
from engine.settings import ROOT
from engine.tables import Instance
from tests.support import programme
from tests.support.diagrams import drawn, flows

SHIPPED = ROOT / "workflows" / "innovative-city"
UNIT = {"unit": "339921"}
DECLARED = b'<message id="told" name="told"/><process'
UNTITLED = '<startEvent id="s"><messageEventDefinition messageRef="told"/></startEvent><endEvent id="e"/>'
TITLED = UNTITLED.replace('id="s"', 'id="s" icity:title="=kind + unit_name"')


@pytest.fixture
def ready(sessions: Sessions) -> Sessions:
    """Give a database with the register of divisions."""
    with transaction(sessions) as session:
        units.seed(session)
    return sessions


def begin(sessions: Sessions, name: str, payload: dict[str, object]) -> Instance:
    """Send a message that nobody waits for, with ids as machines give them; return the case that it began."""
    with transaction(sessions) as session:
        arrival = Arrival("test", str(uuid4()), name, str(uuid4()), payload)
        facts = (arrival.source, arrival.external_id, arrival.name, arrival.correlation, arrival.payload)
        begun = messages.receive(session, None, *facts).instance
        assert begun is not None
        return session.get_one(Instance, begun)


@pytest.mark.parametrize(
    ("message", "payload", "title"),
    [
        ("task.overdue", {**UNIT, "task": str(uuid4()), "name": "核查申报材料"}, "云溪县 核查申报材料 逾期处理"),
        ("task.overdue", {"unit": None, "task": str(uuid4()), "name": "拟稿"}, "拟稿 逾期处理"),
        ("task.delegate", {"task": str(uuid4()), "to": "x", "reason": "出差"}, "申请转办"),
        (
            "correction.requested",
            {**UNIT, "year": 2025, "code": "A1", "value": 2.5, "reason": "凭证有误"},
            "云溪县 2025年度 A1 数据更正",
        ),
        ("appeal.filed", {**UNIT, "decision_no": "浙科决〔2026〕3号"}, "云溪县 浙科决〔2026〕3号 复核"),
        (
            "objection.filed",
            {**UNIT, "notice": "pilot-2026/notice", "kind": "individual", "name": "王某某", "contact": "13800000000"},
            "云溪县 公示异议处理",
        ),
        ("unit.event", {"event_id": 3}, "区划变更第3号"),
        ("document.issued", {"number": "浙科发〔2026〕8号", "title": "关于公布名单的通知", "kind": "recognition"},
         "浙科发〔2026〕8号 关于公布名单的通知 归档移交"),
    ],
)  # fmt: skip
def test_what_a_message_begins_is_called_by_what_it_is_about(
    ready: Sessions, message: str, payload: dict[str, object], title: str
) -> None:
    with transaction(ready) as session:
        processes.deploy(session, SHIPPED, "test")
    begun = begin(ready, message, payload)
    assert begun.title == title
    assert begun.subject == payload.get("unit")
    assert re.search(r"[0-9a-f]{8}-|王某某|13800000000", begun.title) is None


def small(sessions: Sessions, folder: Path, body: str) -> None:
    folder.mkdir()
    telling = drawn("telling", body + flows(("s", "e"))).replace(b"<process", DECLARED)
    (folder / "telling.bpmn").write_bytes(telling)
    programme.deploy(sessions, folder)


def test_without_a_title_it_is_called_by_its_process_and_its_unit(ready: Sessions, tmp_path: Path) -> None:
    small(ready, tmp_path / "drawn", UNTITLED)
    assert begin(ready, "told", UNIT).title == "telling 云溪县"
    assert begin(ready, "told", {"unit_name": "某县"}).title == "telling 某县"
    assert begin(ready, "told", {"unit": "999999"}).title == "telling"


@pytest.mark.parametrize("payload", [{}, {"kind": None}, {"kind": 3}, {"kind": " "}])
def test_a_title_that_makes_no_words_of_what_came_in_holds_nothing_up(
    ready: Sessions, tmp_path: Path, payload: dict[str, object]
) -> None:
    small(ready, tmp_path / "drawn", TITLED)
    assert begin(ready, "told", payload).title == "telling"
    assert len(begin(ready, "told", {"kind": "长" * 900, "unit_name": "某县"}).title) == processes.LONGEST_TITLE
