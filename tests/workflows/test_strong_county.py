"""The other route of the guidance: a county without the title is sent there, earns it, and may then apply here."""

from pathlib import Path

import pytest
from sqlalchemy import select

from engine import clock, divisions, identity, instances, processes, tasks
from engine.clock import CIVIL, now
from engine.db import transaction
from engine.instances import Application
from engine.settings import ROOT
from engine.tables import Incident, Instance, Task, TaskState, Title

WORKFLOWS = ROOT / "workflows"
INNOVATIVE, STRONG = "innovative-city", "science-strong-county"
COUNTY, GOVERNMENT = "339921", "yunxi-government"
PLAN = {"document": "创建方案", "goals": "三年内建成科技强县", "measures": "增加投入，培育企业", "target_year": 2027}
SCORES = {"leadership": 80, "investment": 70, "output": 60, "environment": 90, "basis": "按考核办法逐项评分"}
STEPS = [
    ("S01_plan", "tianbao", PLAN),
    ("S02_sign", "xianzhang", {"decision": "sign", "letter_no": "云政函〔2024〕6号"}),
    ("S03_check", "shouli", {"result": "complete"}),
    ("S04_assessment", "jingban", SCORES),
    ("S05_statistics", "tongji-hd", {"result": "confirmed"}),
    ("S06_recommend", "tingzhang", {"decision": "recommend", "reason": "各项达到要求"}),
    ("S07_title", "shending", {"decision": "approve", "document_no": "浙委〔2025〕18号"}),
]


@pytest.fixture
def province(sessions):
    """Give a database with both programmes and the fictional divisions, on whose register nobody holds a title."""
    clock.travel(now().astimezone(CIVIL).replace(year=2024, month=3, day=4, hour=9))
    with transaction(sessions) as session:
        divisions.seed(session, [divisions.FICTIONAL], [])
    for folder in (INNOVATIVE, STRONG):
        with transaction(sessions) as session:
            processes.deploy(session, WORKFLOWS / folder, "a test")
    return sessions


def begin(sessions, programme, process):
    with transaction(sessions) as session:
        head = identity.load(session, "xianzhang")
        wanted = Application(programme, process, "云溪县", COUNTY, GOVERNMENT, {"unit": COUNTY})
        return instances.start(session, head, wanted)


def open_tasks(sessions, instance):
    with transaction(sessions) as session:
        failed = select(Incident.element + " " + Incident.reason).where(Incident.instance == instance)
        assert session.scalars(failed).all() == []
        query = select(Task.element).where(Task.instance == instance, Task.state == TaskState.OPEN)
        return sorted(session.scalars(query))


def do(sessions, instance, element, login, answers):
    with transaction(sessions) as session:
        query = select(Task.id).where(Task.instance == instance, Task.element == element)
        task, actor = session.scalars(query.where(Task.state == TaskState.OPEN)).one(), identity.load(session, login)
        tasks.claim(session, actor, task)
        tasks.complete(session, actor, task, answers)


def standing(sessions, instance):
    with transaction(sessions) as session:
        row = session.get(Instance, instance)
        return row.state.value, row.milestone


def become_strong(sessions):
    instance = begin(sessions, STRONG, "strong_county")
    for element, login, answers in STEPS:
        assert element in open_tasks(sessions, instance)
        do(sessions, instance, element, login, answers)
    return instance


def test_there_is_no_code_in_the_programme():
    kinds = {path.suffix for path in (WORKFLOWS / STRONG).rglob("*") if path.is_file()}
    assert kinds <= {".bpmn", ".dmn", ".form", ".toml", ".json", ".md"}
    assert len(list(Path(WORKFLOWS / STRONG).glob("*.bpmn"))) <= 2


def test_a_county_earns_the_title_through_the_steps_of_the_programme(province):
    instance = become_strong(province)
    assert standing(province, instance) == ("finished", "science_strong")
    with transaction(province) as session:
        (title,) = session.scalars(select(Title).where(Title.unit == COUNTY))
    assert (title.kind, title.document_no, title.ended_on) == ("science_strong", "浙委〔2025〕18号", None)


def test_a_county_that_holds_the_title_is_told_so_at_once(province):
    become_strong(province)
    again = begin(province, STRONG, "strong_county")
    assert open_tasks(province, again) == []
    assert standing(province, again)[0] == "finished"


def test_a_county_titled_there_may_apply_here_and_before_it_may_not(province):
    before = begin(province, INNOVATIVE, "lifecycle")
    assert open_tasks(province, before) == ["route_notice"]
    do(province, before, "route_notice", "xianzhang", {"acknowledged": True})
    become_strong(province)
    after = begin(province, INNOVATIVE, "lifecycle")
    assert "T01_team" in open_tasks(province, after)
