"""What a department said stays hidden from the others until the period is over (会审): by no door can it be read."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from engine import clock, tasks
from engine.db import transaction
from engine.errors import NotFound, SeatRefused, TaskClaimed
from engine.identity import load
from engine.tables import Person, Task, TaskState
from tests.features import test_measured_here as measuring
from tests.support.shipped import House
from tests.support.web import Program

SECRET = "经费增幅与决算不符"
CASES = [{"case_id": "339921-2026", "unit": "339921", "unit_name": "云溪县", "score": 83.2, "grade": "良好"}]
DATA = {"round": "pilot", "round_id": "pilot-2026", "subject": "试点审核", "cases": CASES}
FILED = {
    "notice": "pilot-2026/notice",
    "unit": "339921",
    "kind": "individual",
    "name": "甲某某",
    "contact": "13800000000",
}
OTHERS = ("fagai", "fagai-qf", "tongji-hd", "jingban", "tingzhang", "hewen", "dangan")


@pytest.fixture
def house(sessions, configuration):
    return House(sessions, configuration)


@pytest.fixture
def review(house):
    """Open a joint review in which the department of finance has objected and signed; nobody else has."""
    clock.travel(clock.now())
    instance = house.start("joint_review", DATA)
    objection = {"opinion": "object", "reason": SECRET, "fraud_suspected": False}
    house.complete("caizheng", "T24_department_opinion", objection, "prov-finance")
    house.complete("caizheng-qf", "T24_sign", {"decision": "sign"}, "prov-finance")
    return instance


def test_no_door_of_the_api_tells_another_what_a_department_said(house, review):
    for login in OTHERS:
        assert SECRET not in house.everything(login, review), login
    assert SECRET in house.everything("caizheng", review)


def test_a_task_of_another_department_does_not_exist_open_or_done(house, review):
    house.complete("jingxin", "T24_department_opinion", {"opinion": "agree", "fraud_suspected": False}, "prov-economy")
    signing = house.task("T24_sign", "prov-economy")
    with transaction(house.sessions) as session:
        done = session.scalars(
            select(Task.id).where(Task.element == "T24_sign", Task.state == TaskState.COMPLETED)
        ).one()
    for task in (signing, done):
        for login in ("fagai", "fagai-qf"):
            with pytest.raises(NotFound):
                house.do(login, tasks.show, task)
            with pytest.raises(NotFound):
                house.do(login, tasks.claim, task)


def test_the_form_of_a_department_starts_from_nothing_that_another_said(house, review):
    view = house.do("fagai", tasks.show, house.task("T24_department_opinion", "prov-development"))
    assert SECRET not in str((view.data, view.facts))
    assert view.facts.keys() <= {"cases", "subject", "extension", "endorsement", "case_id", "unit_name", "reply"}


def test_whoever_drafted_an_opinion_does_not_sign_it(house, review):
    house.complete(
        "fagai", "T24_department_opinion", {"opinion": "agree", "fraud_suspected": False}, "prov-development"
    )
    with transaction(house.sessions) as session:
        person = load(session, "fagai")
    task = house.task("T24_sign", "prov-development")
    with pytest.raises(SeatRefused):
        house.do("jingban", tasks.reassign, task, tasks.Assignment("代签", assignee=person.id))


def test_when_the_period_is_over_the_objection_is_told_and_the_silent_are_named(house, review):
    clock.travel(clock.now() + timedelta(days=40))
    house.sweep()
    view = house.do("tingzhang", tasks.show, house.task("T25_mediation"))
    assert view.facts["objections"] == [{"department": "prov-finance", "name": "省财政厅", "reason": SECRET}]
    house.complete("tingzhang", "T25_mediation", {"result": "unresolved", "wording": "各执己见"})
    minutes = house.do("jingban", tasks.show, house.task("T26_minutes"))
    assert len(minutes.facts["deemed_departments"]) == 6
    assert "省财政厅" not in minutes.facts["deemed_departments"]


def test_whoever_objects_is_known_to_those_who_handle_objections_alone(house):
    letter = {**FILED, "facts": "专利数不实", "evidence": "清单"}
    instance = house.start("objection_handling", {})
    house.complete("yiyi", "T29_registration", letter)
    assert FILED["name"] in house.everything("yiyi", instance)
    admitted = {"identity": "named", "in_time": True, "substantiated": True, "case_id": "339921-2026"}
    house.complete("yiyi", "T29_admission", admitted)
    for login, element in (("tianbao", "T30_reply"), ("jingban", "T30_officer")):
        view = house.do(login, tasks.show, house.task(element))
        assert view.facts["facts"] == "专利数不实"
        assert FILED["name"] not in str(view) + house.everything(login, instance)
    for login in ("tingzhang", "hewen", "fagai"):
        assert FILED["name"] not in house.everything(login, instance)


def test_what_one_expert_scored_does_not_exist_for_another(house):
    house.start("third_party_assessment", measuring.DATA)
    measuring.measure(house)
    with transaction(house.sessions) as session:
        scored = session.scalars(select(Task).where(Task.element == "T20_scoring")).all()
        whose = {task.id: session.get_one(Person, task.ended_by).login for task in scored}
    assert len(set(whose.values())) == len(measuring.EXPERTS)
    for login in measuring.EXPERTS:
        expert = Program(house.app, login)
        for task, owner in whose.items():
            answered = expert.get(f"/tasks/{task}").status_code
            assert answered == (200 if owner == login else 404), (login, owner)
            assert expert.get(f"/tasks/{task}/attachments").status_code == answered


def test_a_scoring_is_open_to_every_expert_until_one_takes_it(house):
    house.start("third_party_assessment", measuring.DATA)
    measuring.verify(house)
    task, (first, second, *_) = house.task("T20_scoring"), measuring.EXPERTS
    assert house.do(second, tasks.show, task).row.assignee is None
    house.do(first, tasks.claim, task)
    assert house.do(first, tasks.show, task).row.assignee is not None
    with pytest.raises(NotFound):
        house.do(second, tasks.show, task)
    with pytest.raises(TaskClaimed):
        house.do(second, tasks.claim, task)
