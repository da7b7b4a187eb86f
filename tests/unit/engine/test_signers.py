"""Who may be asked for a sign, who may give it, and what signing keeps somebody from doing."""

from uuid import uuid4

import pytest

from engine import handovers, signs, tasks
from engine.errors import ColleagueRefused, NotFound, OperationRefused, SeatRefused, TaskBound, TaskClaimed
from engine.handovers import Handing
from engine.signs import Asking, Opinion
from engine.tables import SignState
from tests.support.shapes import end, parallel, start, user, way
from tests.support.signing import AFTER, AGREED, BEFORE, ONE, REFUSED, ask, give, opened
from tests.support.stage import Stage

APART = (
    start()
    + user("T32_draft", "T32_check", role="PRV_OFFICER")
    + parallel("split", "join")
    + end("e")
    + way("s split T32_draft join e", "split T32_check join")
)


@pytest.fixture
def stage(sessions, tmp_path):
    return Stage(sessions, tmp_path / "drawn")


@pytest.fixture
def other(actor):
    return actor("jingban2")


@pytest.fixture
def lead(actor):
    return actor("tingzhang")


def test_a_sign_is_given_once_by_the_person_who_was_asked(stage, other, lead, actor):
    _, task = opened(stage)
    (one,) = ask(stage, task, BEFORE, lead)
    for person in (other, stage.actor, actor("tianbao")):
        with pytest.raises(NotFound):
            give(stage, one, person)
    with pytest.raises(NotFound):
        give(stage, uuid4(), lead)
    with pytest.raises(OperationRefused):
        stage.do(signs.give, one, Opinion(AGREED, " "), by=lead)
    for nothing in (SignState.OPEN, SignState.TAKEN_BACK, SignState.WAITING):
        with pytest.raises(TaskBound):
            stage.do(signs.give, one, Opinion(nothing, "好"), by=lead)
    give(stage, one, lead)
    for state in (AGREED, REFUSED):
        with pytest.raises(TaskBound):
            give(stage, one, lead, state)


def test_those_who_do_or_prepare_a_task_do_not_sign_on_it_and_the_other_way_round(stage, other, lead):
    _, task = opened(stage)
    with pytest.raises(ColleagueRefused):
        ask(stage, task, BEFORE, stage.actor)
    stage.do(handovers.delegate, task, Handing(lead.id, "请看"))
    with pytest.raises(TaskClaimed):
        ask(stage, task, BEFORE, other)
    stage.do(handovers.hand_back, task, "好", by=lead)
    with pytest.raises(ColleagueRefused):
        ask(stage, task, BEFORE, lead)
    ask(stage, task, BEFORE, other)
    barred = {one.id: one.barred for one in stage.do(handovers.colleagues, task)}
    assert barred[other.id] is not None
    for verb in (handovers.transfer, handovers.delegate):
        with pytest.raises(ColleagueRefused):
            stage.do(verb, task, Handing(other.id, "转"))
    with pytest.raises(ColleagueRefused):
        stage.do(tasks.reassign, task, tasks.Assignment("换", assignee=other.id))


def test_a_signer_does_not_finish_the_task_when_it_is_free_again(stage, other):
    _, task = opened(stage)
    (one,) = ask(stage, task, BEFORE, other)
    give(stage, one, other)
    stage.do(tasks.release, task)
    with pytest.raises(TaskBound):
        stage.do(tasks.complete, task, {"n": 1}, by=other)
    stage.do(tasks.complete, task, {"n": 1})


def test_only_colleagues_are_asked_each_once_and_not_too_many(stage, actor, lead):
    _, task = opened(stage)
    for strange in (actor("tianbao"), actor("qiming")):
        with pytest.raises(ColleagueRefused):
            ask(stage, task, BEFORE, strange)
    with pytest.raises(ColleagueRefused):
        ask(stage, task, BEFORE)
    with pytest.raises(ColleagueRefused):
        stage.do(signs.ask, task, Asking(BEFORE, [uuid4() for _ in range(signs.MOST + 1)], "请"))
    assert len(ask(stage, task, BEFORE, lead, lead)) == 1
    with pytest.raises(ColleagueRefused):
        ask(stage, task, AFTER, lead)
    names = {one.name: one.barred for one in stage.do(signs.candidates, task)}
    assert names["韩厅长"] is not None
    assert names["沈受理"] is None
    assert "何填报" not in names
    assert "蒋经办" not in names


def test_a_county_asks_across_the_offices_of_its_own_unit(stage, actor):
    filler, chief = actor("tianbao"), actor("xianzhang")
    _, task = opened(stage, ONE.replace("PRV_OFFICER", "APP_FILL"))
    (one,) = ask(stage, task, BEFORE, chief, by=filler)
    give(stage, one, chief)
    stage.do(tasks.complete, task, {"n": 1}, by=filler)


@pytest.mark.parametrize("first", ["sign", "check"])
def test_whoever_signed_on_the_draft_does_not_check_it_and_the_other_way_round(stage, other, first):
    instance, draft = opened(stage, APART, "T32_draft")
    check = stage.task(instance, "T32_check")
    if first == "check":
        stage.do(tasks.complete, check, {}, by=other)
        with pytest.raises(SeatRefused):
            ask(stage, draft, BEFORE, other)
        return
    (one,) = ask(stage, draft, BEFORE, other)
    give(stage, one, other)
    with pytest.raises(SeatRefused):
        stage.do(tasks.claim, check, by=other)


def test_a_sign_asked_for_is_not_given_by_whoever_checked_meanwhile(stage, other):
    instance, draft = opened(stage, APART, "T32_draft")
    (one,) = ask(stage, draft, BEFORE, other)
    stage.do(tasks.complete, stage.task(instance, "T32_check"), {}, by=other)
    with pytest.raises(SeatRefused):
        give(stage, one, other)
    stage.do(signs.take_back, one, "已核稿")
    stage.do(tasks.complete, draft, {})
    assert stage.state(instance) == "finished"


def test_answers_that_wait_count_as_done_for_the_rules(stage, lead):
    instance, draft = opened(stage, APART, "T32_draft")
    ask(stage, draft, AFTER, lead)
    stage.do(tasks.complete, draft, {})
    with pytest.raises(SeatRefused):
        stage.do(tasks.complete, stage.task(instance, "T32_check"), {})
