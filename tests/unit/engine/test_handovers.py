"""A task goes to a colleague for good, or is prepared by one and comes back; nobody is on two sides of a rule."""

from uuid import uuid4

import pytest
from sqlalchemy import insert, select, update

from engine import drafts, handovers, operations, tasks
from engine.db import transaction
from engine.errors import (
    ColleagueRefused,
    InstanceSuspended,
    NotAllowed,
    NotFound,
    OperationRefused,
    SeatRefused,
    TaskBound,
    TaskClaimed,
    TaskClosed,
)
from engine.handovers import Handing
from engine.tables import Delegation, DelegationState, Event, Instance, InstanceState, Membership, Person, Task
from tests.support.shapes import end, many, parallel, start, user, way
from tests.support.stage import Stage

ONE = start() + user("a", role="PRV_OFFICER") + end("e") + way("s a e")
NAMED = start() + '<userTask id="a" icity:assignee="=who"/>' + end("e") + way("s a e")
APART = (
    start()
    + user("T32_draft", "T32_check", role="PRV_OFFICER")
    + parallel("split", "join")
    + end("e")
    + way("s split T32_draft join e", "split T32_check join")
)
SEVERAL = start() + user("a", role="PRV_OFFICER", inner=many()) + end("e") + way("s a e")


@pytest.fixture
def stage(sessions, tmp_path):
    return Stage(sessions, tmp_path / "drawn")


@pytest.fixture
def other(actor):
    return actor("jingban2")


@pytest.fixture
def lead(actor):
    return actor("tingzhang")


def assignee(stage, task):
    return stage.one(select(Task.assignee).where(Task.id == task))


def told(stage, kind):
    return stage.one(select(Event.data).where(Event.kind == kind))


def opened(stage, body=ONE, element="a", **data):
    instance = stage.play(body, **data)
    return instance, stage.task(instance, element)


def test_a_transferred_task_is_the_colleagues_and_no_longer_the_givers(stage, other):
    instance, task = opened(stage)
    stage.do(tasks.claim, task)
    stage.do(handovers.transfer, task, Handing(other.id, " 出差 "))
    assert assignee(stage, task) == other.id
    assert told(stage, "task.transferred") == {
        "name": "a",
        "to": {"person": str(other.id), "name": "邓经办"},
        "reason": "出差",
    }
    with pytest.raises(TaskClaimed):
        stage.do(tasks.complete, task, {})
    stage.do(tasks.complete, task, {}, by=other)
    assert stage.state(instance) == "finished"
    assert stage.sound()


def test_an_unclaimed_task_is_transferred_by_whoever_may_take_it(stage, other):
    _, task = opened(stage)
    stage.do(handovers.transfer, task, Handing(other.id, "转"))
    assert assignee(stage, task) == other.id
    with pytest.raises(TaskClaimed):
        stage.do(handovers.transfer, task, Handing(stage.actor.id, "再转"))


def test_only_a_colleague_with_the_role_takes_it_over(stage, actor, other):
    _, task = opened(stage)
    for stranger in (actor("tianbao").id, actor("tingzhang").id, uuid4(), stage.actor.id):
        with pytest.raises(ColleagueRefused):
            stage.do(handovers.transfer, task, Handing(stranger, "转"))
    with transaction(stage.sessions) as session:
        session.execute(update(Person).where(Person.id == other.id).values(active=False))
    with pytest.raises(ColleagueRefused):
        stage.do(handovers.transfer, task, Handing(other.id, "转"))
    assert assignee(stage, task) is None


def test_the_list_of_colleagues_says_who_is_barred_and_why(stage, other):
    instance, check = opened(stage, APART, "T32_check")
    stage.do(tasks.complete, stage.task(instance, "T32_draft"), {}, by=other)
    (one,) = stage.do(handovers.colleagues, check)
    assert (one.id, one.name, one.roles) == (other.id, "邓经办", ["PRV_OFFICER"])
    assert one.organisation_name["zh"] == "省科技厅"
    assert "T32_draft" in one.barred["zh"]
    assert one.barred["en"]
    with pytest.raises(SeatRefused):
        stage.do(handovers.transfer, check, Handing(other.id, "转"))


def test_a_reason_is_asked_for(stage, other):
    _, task = opened(stage)
    for verb in (handovers.transfer, handovers.delegate):
        with pytest.raises(OperationRefused):
            stage.do(verb, task, Handing(other.id, " "))


def test_whoever_sees_no_such_task_is_told_that_there_is_none(stage, actor, other):
    _, task = opened(stage)
    stranger = actor("tianbao")
    acts = [
        (handovers.transfer, Handing(other.id, "转")),
        (handovers.delegate, Handing(other.id, "转")),
        (handovers.hand_back, "好"),
        (handovers.take_back, ""),
        (handovers.colleagues,),
        (handovers.delegates,),
        (handovers.of_task,),
    ]
    for verb, *given in acts:
        with pytest.raises(NotFound):
            stage.do(verb, task, *given, by=stranger)
        with pytest.raises(NotFound):
            stage.do(verb, uuid4(), *given)


def test_a_finished_task_and_one_of_a_suspended_case_stay_where_they_are(stage, actor, other):
    instance, task = opened(stage)
    stage.do(operations.suspend, instance, "等", by=actor("admin"))
    with pytest.raises(InstanceSuspended):
        stage.do(handovers.transfer, task, Handing(other.id, "转"))
    stage.do(operations.resume, instance, "好", by=actor("admin"))
    stage.do(tasks.complete, task, {})
    with pytest.raises(TaskClosed):
        stage.do(handovers.transfer, task, Handing(other.id, "转"))


def test_a_task_given_to_one_person_by_name_is_not_transferred(stage, other):
    _, task = opened(stage, NAMED, who=str(stage.actor.id))
    assert stage.do(handovers.colleagues, task) == []
    with pytest.raises(ColleagueRefused):
        stage.do(handovers.transfer, task, Handing(other.id, "转"))


def test_a_delegated_task_is_prepared_and_finished_by_its_owner(stage, other):
    instance, task = opened(stage)
    stage.do(drafts.save, task, {"n": 1})
    stage.do(handovers.delegate, task, Handing(other.id, "请先核"))
    assert assignee(stage, task) == other.id
    assert stage.do(drafts.load, task, by=other).answers == {"n": 1}
    for person in (stage.actor, other):
        with pytest.raises((TaskBound, TaskClaimed)):
            stage.do(tasks.complete, task, {}, by=person)
    for verb, given in ((tasks.release, ()), (handovers.transfer, (Handing(stage.actor.id, "x"),))):
        with pytest.raises(TaskBound):
            stage.do(verb, task, *given, by=other)
    seen = stage.do(drafts.load, task, by=other).saved_at
    stage.do(drafts.save, task, {"n": 2}, seen, by=other)
    stage.do(handovers.hand_back, task, "数已核", by=other)
    assert assignee(stage, task) == stage.actor.id
    assert stage.do(drafts.load, task).answers == {"n": 2}
    (row,) = stage.do(handovers.of_task, task)
    assert (row.owner_name, row.delegate_name, row.opinion, row.state) == ("蒋经办", "邓经办", "数已核", "returned")
    with pytest.raises(TaskBound):
        stage.do(handovers.hand_back, task, "再交")
    stage.do(tasks.complete, task, {})
    assert stage.state(instance) == "finished"
    assert stage.sound()


def test_a_leader_delegates_to_anybody_of_the_house_and_nobody_else(stage, lead, actor):
    body = ONE.replace("PRV_OFFICER", "PRV_LEAD")
    _, task = opened(stage, body)
    names = [one.name for one in stage.do(handovers.delegates, task, by=lead)]
    assert "蒋经办" in names
    assert "韩厅长" not in names
    assert "何填报" not in names
    with pytest.raises(ColleagueRefused):
        stage.do(handovers.delegate, task, Handing(actor("tianbao").id, "x"), by=lead)
    stage.do(handovers.delegate, task, Handing(stage.actor.id, "请拟"), by=lead)
    stage.do(handovers.hand_back, task, "已拟")
    with pytest.raises(NotFound):
        stage.do(tasks.complete, task, {})
    stage.do(tasks.complete, task, {}, by=lead)


def test_the_owner_takes_a_task_back_and_nobody_else_does(stage, other, lead):
    _, task = opened(stage)
    with pytest.raises(TaskBound):
        stage.do(handovers.take_back, task, "")
    stage.do(handovers.delegate, task, Handing(lead.id, "请看"))
    for person in (other, lead):
        with pytest.raises(NotAllowed):
            stage.do(handovers.take_back, task, "", by=person)
    stage.do(handovers.take_back, task, "不用了")
    assert assignee(stage, task) == stage.actor.id
    assert stage.one(select(Delegation.state)) is DelegationState.TAKEN_BACK
    with pytest.raises((NotFound, TaskClaimed, TaskBound)):
        stage.do(handovers.hand_back, task, "好了", by=lead)
    stage.do(tasks.complete, task, {})


def test_a_task_is_delegated_once_at_a_time_and_again_afterwards(stage, other, lead):
    _, task = opened(stage)
    stage.do(handovers.delegate, task, Handing(other.id, "请看"))
    for person in (stage.actor, other):
        with pytest.raises((TaskBound, TaskClaimed)):
            stage.do(handovers.delegate, task, Handing(lead.id, "请看"), by=person)
    stage.do(handovers.hand_back, task, "好", by=other)
    stage.do(handovers.delegate, task, Handing(lead.id, "也请看"))
    stage.do(handovers.hand_back, task, "好", by=lead)
    assert len(stage.do(handovers.of_task, task)) == 2
    stage.do(tasks.complete, task, {})


@pytest.mark.parametrize("who", ["owner", "delegate"])
def test_whoever_let_a_draft_be_prepared_and_whoever_prepared_it_do_not_check_it(stage, other, lead, who):
    """A delegation is not washed away by transferring the task afterwards, nor by its owner's finishing it."""
    instance, draft = opened(stage, APART, "T32_draft")
    with transaction(stage.sessions) as session:
        session.execute(update(Membership).where(Membership.person == lead.id).values(role="PRV_OFFICER"))
    stage.do(handovers.delegate, draft, Handing(other.id, "请拟"))
    stage.do(handovers.hand_back, draft, "已拟", by=other)
    stage.do(handovers.transfer, draft, Handing(lead.id, "请办"))
    person = stage.actor if who == "owner" else other
    check = stage.task(instance, "T32_check")
    for verb, given in ((tasks.claim, ()), (tasks.complete, ({},))):
        with pytest.raises(SeatRefused):
            stage.do(verb, check, *given, by=person)


def test_a_task_is_not_lent_to_whoever_did_its_counterpart(stage, other):
    instance, check = opened(stage, APART, "T32_check")
    stage.do(tasks.complete, stage.task(instance, "T32_draft"), {}, by=other)
    with pytest.raises(SeatRefused):
        stage.do(handovers.delegate, check, Handing(other.id, "请核"))
    assert stage.all(select(Delegation.id)) == []


def test_an_owner_who_did_the_counterpart_meanwhile_takes_the_task_back_and_gives_it_away(stage, other, lead):
    instance, draft = opened(stage, APART, "T32_draft")
    with transaction(stage.sessions) as session:
        session.execute(update(Membership).where(Membership.person == lead.id).values(role="PRV_OFFICER"))
    stage.do(handovers.delegate, draft, Handing(other.id, "请拟"))
    stage.do(tasks.complete, stage.task(instance, "T32_check"), {})
    with pytest.raises(SeatRefused):
        stage.do(handovers.hand_back, draft, "已拟", by=other)
    stage.do(handovers.take_back, draft, "我已核稿")
    with pytest.raises(SeatRefused):
        stage.do(tasks.complete, draft, {})
    stage.do(handovers.transfer, draft, Handing(lead.id, "我已核稿"))
    stage.do(tasks.complete, draft, {}, by=lead)
    assert stage.state(instance) == "finished"


def test_an_operator_frees_a_task_from_its_delegation(stage, actor, other, lead):
    _, task = opened(stage)
    stage.do(handovers.delegate, task, Handing(lead.id, "请看"))
    stage.do(tasks.reassign, task, tasks.Assignment("换人", "prov-science", other.id), by=actor("admin"))
    assert stage.one(select(Delegation.state)) is DelegationState.TAKEN_BACK
    stage.do(tasks.complete, task, {}, by=other)


def test_handovers_leave_the_tokens_of_parallel_and_repeated_steps_alone(stage, other):
    instance, _task = opened(stage, SEVERAL)
    every = stage.all(select(Task.id).where(Task.instance == instance))
    stage.do(handovers.transfer, every[0], Handing(other.id, "转"))
    stage.do(handovers.delegate, every[1], Handing(other.id, "看"))
    stage.do(handovers.hand_back, every[1], "好", by=other)
    assert len(stage.tasks(instance)) == 3
    stage.do(tasks.complete, every[0], {}, by=other)
    for one in every[1:]:
        stage.do(tasks.complete, one, {})
    assert stage.state(instance) == "finished"
    assert stage.sound()


def test_a_case_that_ends_leaves_nobody_with_a_delegated_task(stage, actor, other):
    instance, task = opened(stage)
    stage.do(handovers.delegate, task, Handing(other.id, "请看"))
    stage.do(operations.terminate, instance, "作废", by=actor("admin"))
    with pytest.raises(TaskClosed):
        stage.do(handovers.hand_back, task, "好", by=other)
    assert stage.one(select(Instance.state).where(Instance.id == instance)) is InstanceState.TERMINATED
    assert stage.sound()


def test_a_person_with_two_roles_gives_a_task_within_the_house_it_is_for(stage, actor):
    """The task is for one organisation; a namesake role elsewhere does not count."""
    with transaction(stage.sessions) as session:
        stranger = actor("dangan2").id
        session.execute(insert(Membership).values(person=stranger, organisation="prov-legal", role="PRV_OFFICER"))
    body = start() + user("a", role="PRV_OFFICER") + end("e") + way("s a e")
    body = body.replace(
        'icity:role="PRV_OFFICER"', 'icity:role="PRV_OFFICER" icity:organisation="=&quot;prov-science&quot;"'
    )
    _, task = opened(stage, body)
    assert stage.one(select(Task.organisation)) == "prov-science"
    with pytest.raises(ColleagueRefused):
        stage.do(handovers.transfer, task, Handing(stranger, "转"))
