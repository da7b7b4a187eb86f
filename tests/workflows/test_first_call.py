"""A county applies in a pilot round of the shipped programme: people of the demonstration, real forms and registers."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from engine import clock, figures, identity, instances, processes, tasks, titles, units
from engine.db import Sessions, transaction
from engine.domain.titles import Kind, Title
from engine.instances import Application
from engine.settings import ROOT
from engine.tables import Figure, Incident, Instance, Task, TaskState

PROGRAMME = ROOT / "workflows" / "innovative-city"
UNIT = "339921"
CASE = "339921-2026"
WHO = {
    "APP_LEAD": "xianzhang",
    "APP_FILL": "tianbao",
    "APP_DATA": "shuju",
    "APP_STAT": "heshu",
    "PRV_INTAKE": "shouli",
    "PRV_OFFICER": "jingban",
}
FINANCE = {"fiscal_sci_tech": 2.6, "fiscal_expenditure": 48.5, "fiscal_sci_tech_growth": 14.2}
SCIENCE = {"hte_count": 96, "innovative_count": 12, "rd_org_count": 58, "awards": 3}
PLAN = ("basis", "approach", "goals", "tasks", "projects", "safeguards")
ROUND = {"subject": "组织申报创新型试点", "addressee": "各市、县（市、区）人民政府", "scope": "科技强市、县（市、区）"}
CHECKED = dict.fromkeys(("letter", "plan", "scheme", "indicators", "self_report", "commitment"), "pass")
ANSWERS: dict[str, list[dict[str, Any]]] = {
    "round_notice": [{**ROUND, "requirement": "按时报送", "contact": "蒋经办，0571-85058002"}],
    "T01_team": [
        {"leader": "林副县长", "contact": "何填报", "phone": "0571-85058001", "departments": ["science", "finance"]}
    ],
    "T02_plan": [
        {"document": "规划.pdf", **dict.fromkeys(PLAN, "要点若干"), "targets": [{"year": 2027, "rd_ratio": 2.9}]}
    ],
    "T03_scheme": [
        {
            "document": "方案.pdf",
            "tasks": [{"task": "建院", "department": "科技局", "year_from": 2026, "year_to": 2028, "budget": 300}],
        }
    ],
    # What is another department's to say is dropped.
    "T04_indicators science": [
        {"values": {**SCIENCE, "fiscal_sci_tech": 999}, "evidence": [{"code": "awards", "document": "科技奖励公报"}]}
    ],
    "T04_indicators finance": [{"values": {**FINANCE, "awards": 999}, "evidence": []}],
    "T04_explain": [{"explanation": "已与主管部门核实。"}],
    "T05_statistics": [{"result": "confirmed"}],
    "T06_self_evaluation": [dict.fromkeys(("overall", "progress", "problems", "next_steps"), "已经写明")],
    "T07_sign_off": [{"decision": "sign", "letter_no": "云政函〔2026〕12号", "commitment": True, "seal": True}],
    "T09_formal_check": [CHECKED],
    "T12_qualification": [{"result": "confirmed", "title_document": "浙委办〔2010〕8号"}],
    "T13_acceptance": [{"result": "accepted", "receipt_no": "SL2026-001"}],
}


@pytest.fixture
def county(sessions: Sessions) -> Sessions:
    """Give a database in which the programme is deployed and the county is a 科技强县."""
    with transaction(sessions) as session:
        units.seed(session)
        titles.seed(session, PROGRAMME.name, [Title(UNIT, Kind.SCIENCE_STRONG, date(2010, 5, 1), "浙委办〔2010〕8号")])
        processes.deploy(session, PROGRAMME, "a test")
    return sessions


def start(sessions: Sessions, process: str, **data: Any) -> UUID:
    with transaction(sessions) as session:
        return instances.start(session, None, Application(PROGRAMME.name, process, process, None, None, data))


def open_tasks(sessions: Sessions, instance: UUID) -> list[tuple[UUID, str, str]]:
    query = select(Task.id, Task.element, Task.role).where(Task.instance == instance, Task.state == TaskState.OPEN)
    with transaction(sessions) as session:
        return [(one.id, one.element, one.role) for one in session.execute(query.order_by(Task.created_at, Task.id))]


def work_on(sessions: Sessions, instance: UUID, left: dict[str, list[dict[str, Any]]]) -> list[str]:
    """Let everybody answer what lies before them until nobody has an answer left; return what was done."""
    done: list[str] = []
    while True:
        todo = [
            one for one in open_tasks(sessions, instance) if any(name.startswith(one[1]) for name in left if left[name])
        ]
        if not todo:
            return done
        task, element, role = todo[0]
        with transaction(sessions) as session:
            who = identity.load(session, WHO[role])
            department = tasks.show(session, who, task).facts.get("department")
            tasks.claim(session, who, task)
            tasks.complete(session, who, task, left[f"{element} {department}" if department else element].pop(0))
        done.append(element)


def test_a_county_applies_and_is_accepted(county: Sessions) -> None:
    clock.travel(datetime(2026, 3, 2, 9, tzinfo=clock.CIVIL))
    life = start(county, "lifecycle", unit=UNIT, round_id="pilot-2026")
    answers = {name: [dict(one) for one in some] for name, some in ANSWERS.items()}
    done = work_on(county, life, answers)
    with transaction(county) as session:
        reasons = session.scalars(select(Incident.reason).where(Incident.instance == life)).all()
        declared = figures.declared(session, UNIT, 2025)
        hands = session.execute(select(Figure.entered_by, Figure.confirmed_by).where(Figure.unit == UNIT)).all()
        milestone = session.get_one(Instance, life).milestone
    assert list(reasons) == []
    assert done[-3:] == ["T09_formal_check", "T12_qualification", "T13_acceptance"]
    assert {code: float(value) for code, value in declared.items()} == {**FINANCE, **SCIENCE}
    assert all(entered and entered != confirmed for entered, confirmed in hands), hands
    assert milestone == "accepted"
