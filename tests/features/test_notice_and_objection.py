"""A public notice and the objections to it: what is still open severs its unit, the others go on (公示、异议)."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from engine import clock, tasks
from engine.db import transaction
from engine.tables import Instance, OfficialDocument, Round, RoundState, Task, TaskState
from tests.support.shipped import House

NOTICE = "pilot-2026/notice"
CASES = [
    {"case_id": "339921-2026", "unit": "339921", "unit_name": "云溪县", "score": 83.2},
    {"case_id": "330108-2026", "unit": "330108", "unit_name": "滨江区", "score": 88.0},
]
DATA = {"round_id": None, "subject": "2026年度拟列入创新型试点名单", "cases": CASES}
TEXT = {
    "title": "关于2026年度拟列入创新型试点名单的公示",
    "subject": "2026年度拟列入创新型试点名单",
    "decided_by": "省科技厅",
    "receiver": "省科技厅机关纪委",
    "phone": "0571-85058001",
}
MONDAY = datetime.fromisoformat("2026-06-01T09:00:00+08:00")
SAID = {"kind": "individual", "name": "甲某某", "contact": "13800000000", "facts": "专利数不实", "evidence": "清单"}
NAMED = {"identity": "named", "in_time": True, "substantiated": True, "case_id": "339921-2026"}


@pytest.fixture
def house(sessions, configuration):
    clock.travel(MONDAY)
    return House(sessions, configuration)


@pytest.fixture
def notice(house):
    """Publish a notice of two units for a week."""
    with transaction(house.sessions) as session:
        a_round(session)
    instance = house.start("public_notice", {**DATA, "round_id": "pilot-2026"})
    house.complete("jingban", "T28_notice", TEXT)
    return instance


def a_round(session):
    frozen = {"indicator_set": "ZJ-DEMO-2012", "set_digest": "x", "set_rows": [], "state": RoundState.OPEN}
    about = {"programme": "innovative-city", "kind": "pilot", "year": 2026, "opened_on": MONDAY.date()}
    session.add(Round(id="pilot-2026", **about, **frozen))


def object_to(house, unit, facts):
    house.send("objection.filed", NOTICE, {"notice": NOTICE, "unit": unit, **SAID, "facts": facts})


def later(house, **span):
    clock.travel(clock.now() + timedelta(**span))
    house.sweep()


def test_an_open_objection_severs_its_unit_and_the_rest_goes_on(house, notice):
    object_to(house, "339921", "专利数不实")
    later(house, days=10)
    view = house.do("jingban", tasks.show, house.task("T28_close"))
    assert (view.facts["severed"], house.incidents()) == (["339921"], [])
    assert house.task("T29_admission") is not None  # it is still handled, though its unit is out


def test_an_objection_that_is_not_admitted_in_time_leaves_its_unit_in(house, notice):
    object_to(house, "339921", "听说不实")
    later(house, days=1)
    house.complete("yiyi", "T29_admission", {**NAMED, "substantiated": False})
    house.complete("yiyi", "T29_refusal", {"letter": "没有证据，只作记录"})
    house.sweep()
    later(house, days=10)
    assert house.do("jingban", tasks.show, house.task("T28_close")).facts["severed"] == []


def test_of_two_objections_to_a_unit_one_that_is_upheld_is_enough(house, notice):
    object_to(house, "339921", "专利数不实")
    object_to(house, "339921", "经费不实")
    for number in range(2):
        house.complete("yiyi", "T29_admission", NAMED)
        house.complete("tianbao", "T30_reply", {"statement": "情况属实，已更正"})
        house.complete("jingban", "T30_officer", {"statement": "测评按程序进行"})
        effect = (
            {"conclusion": "rejected", "effect": "none"} if number else {"conclusion": "upheld", "effect": "remove"}
        )
        house.complete("yiyi2", "T30_finding", {**effect, "found_facts": "事实已查明"})
        house.complete("yiyi", "T31_reply", {"letter": "已办结，特此答复", "answered_on": "2026-06-04"})
        house.sweep()
    later(house, days=10)
    assert house.do("jingban", tasks.show, house.task("T28_close")).facts["severed"] == ["339921"]
    assert house.incidents() == []


def test_a_wrong_notice_is_published_anew_for_the_whole_period_and_its_number_stays_void(house, notice):
    later(house, days=5)
    house.send("notice.withdraw", NOTICE, {"reason": "名单有误"})
    house.complete("jingban", "T28_notice", TEXT)
    later(house, days=3)
    assert house.task("T28_close") is None
    later(house, days=7)
    assert house.task("T28_close") is not None
    with transaction(house.sessions) as session:
        query = select(OfficialDocument.state, OfficialDocument.serial).order_by(OfficialDocument.serial)
        states = [(state.value, serial) for state, serial in session.execute(query)]
    assert [state for state, _ in states] == ["void", "issued"]
    assert states[1][1] == states[0][1] + 1


def test_an_objection_is_about_its_unit_so_that_its_officer_cannot_handle_it(house, notice):
    object_to(house, "339921", "专利数不实")
    with transaction(house.sessions) as session:
        query = select(Instance.subject).join(Task, Task.instance == Instance.id)
        found = session.scalars(query.where(Task.element == "T29_admission", Task.state == TaskState.OPEN)).one()
    assert found == "339921"
