"""What owners have done to running cases: a second person's word, a result per case, nothing twice, nothing halfway."""

import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import OperationalError

from engine import clock, errands, identity, operations
from engine.db import transaction
from engine.errands import Wish, work
from engine.errands.choosing import Choice
from engine.errors import ErrandRefused, NotAllowed, NotFound
from engine.tables import Errand, ErrandItem, ErrandKind, ErrandState, Event, IncidentKind, ItemState, Membership, Timer
from server import duties
from tests.support.shapes import catch, end, exclusive, start, timer, user, way, when
from tests.support.stage import Stage

WAY = start() + user("a", role="PRV_INTAKE") + user("b", role="ARCHIVIST") + end("e") + way("s a b e")
STUCK = (
    start()
    + exclusive("x")
    + user("a", role="PRV_INTAKE")
    + end("e")
    + way("s x", "a e")
    + when("x", "a", "=1 = missing")
)
LATER = start() + catch("t", timer("P9D")) + user("a", role="PRV_INTAKE") + end("e") + way("s t a e")


@pytest.fixture
def stage(sessions, tmp_path):
    return Stage(sessions, tmp_path / "drawn", "liuguan")


@pytest.fixture
def second(actor):
    return actor("liushen")


def wish(kind, **choice):
    data = choice.pop("data", {})
    return Wish("small", ErrandKind(kind), "上线后整理", Choice(**choice), data)


def _keeper(stage):
    with transaction(stage.sessions) as session:
        return identity.load(session, "admin")


def run(stage):
    return duties.run_errands(stage.sessions, None)


def shown(stage, errand):
    row = stage.do(errands.show, errand)
    return row.state.value, {state.value: number for state, number in row.counts.items()}


def refused(stage, verb, *given, by=None):
    with pytest.raises(ErrandRefused) as caught:
        stage.do(verb, *given, by=by)
    return caught.value.facts["why"]["zh"]


def test_many_cases_are_urged_suspended_and_resumed_each_with_its_own_result(stage, configuration):
    first = stage.play(WAY)
    rest = [stage.start("p") for _ in range(3)]
    stage.do(operations.suspend, rest[0], "等", by=_keeper(stage))
    urged = stage.do(errands.ask, wish("urge", elements=("a",)))
    assert run(stage) == 3  # whoever stands still is not asked to hurry
    again = stage.do(errands.ask, wish("urge", elements=("a",)))
    duties.sweep(stage.sessions, configuration)
    assert shown(stage, urged) == ("done", {"done": 3})
    run(stage)
    assert shown(stage, again) == ("done", {"overtaken": 3})
    halt = stage.do(errands.ask, wish("suspend"))
    run(stage)
    assert shown(stage, halt) == ("done", {"done": 3})
    assert {stage.state(one) for one in (first, *rest)} == {"suspended"}
    on = stage.do(errands.ask, wish("resume", instances=(first,), processes=("p",), number=1))
    run(stage)
    assert (stage.state(first), shown(stage, on)) == ("running", ("done", {"done": 1}))
    assert stage.kinds(first)[-2:] == ["instance.resumed", "errand.done"]
    assert stage.sound()
    told = stage.all(select(Event.data).where(Event.kind == "errand.ended").order_by(Event.id))
    assert [one["does"] for one in told] == ["urge", "urge", "suspend", "resume"]


def test_a_failed_step_is_tried_again_and_settled_by_two(stage, second, actor):
    instance = stage.play(STUCK)
    (incident,) = stage.incidents(instance)
    tried = stage.do(errands.ask, wish("retry", incident=IncidentKind.STEP))
    run(stage)
    assert shown(stage, tried) == ("done", {"again": 1})
    settled = stage.do(errands.ask, wish("settle", elements=("x",), data={"data": {"missing": 1}}))
    assert run(stage) == 0
    assert shown(stage, settled) == ("asked", {"waiting": 1})
    assert refused(stage, errands.confirm, settled).startswith("提出的人不能自己确认")
    stage.do(errands.confirm, settled, by=second)
    assert "他人" in refused(stage, errands.confirm, settled, by=actor("liushen2"))
    run(stage)
    state, counts = shown(stage, settled)
    assert state == "done"
    assert counts in ({"done": 1}, {"refused": 1})
    late = stage.do(errands.items, settled)[0]
    assert late.instance == instance
    assert incident in {0, incident}


def test_a_token_is_moved_and_a_timer_set_anew_once_a_second_person_agrees(stage, second):
    moved = stage.play(WAY)
    token = stage.task(moved, "a")
    errand = stage.do(errands.ask, wish("move", tasks=(token,), data={"place": "b"}))
    stage.do(errands.confirm, errand, by=second)
    run(stage)
    assert (shown(stage, errand), stage.tasks(moved)) == (("done", {"done": 1}), ["b"])
    event = stage.one(select(Event.data).where(Event.kind == "errand.done"))
    assert (event["confirmed_by"], event["does"]) == ("贺审定", "move")
    waiting = stage.play(LATER)
    soon = (clock.now() + timedelta(hours=1)).isoformat()
    errand = stage.do(errands.ask, wish("rearm", elements=("t",), data={"due_at": soon}))
    stage.do(errands.confirm, errand, by=second)
    run(stage)
    assert stage.one(select(Timer.due_at).where(Timer.instance == waiting)).isoformat()[:16] == soon[:16]


def test_whatever_is_refused_is_told_and_stops_nobody_else(stage, second):
    good, ended = stage.play(WAY), stage.start("p")
    stuck = stage.start("p")
    errand = stage.do(errands.ask, wish("end", instances=(good, ended, stuck)))
    stage.do(operations.terminate, ended, "已结束", by=_keeper(stage))
    stage.do(errands.confirm, errand, by=second)
    run(stage)
    assert shown(stage, errand) == ("done", {"done": 2, "overtaken": 1})
    case = stage.start("p")
    nowhere = stage.do(errands.ask, wish("move", instances=(case,), data={"place": "nowhere"}))
    stage.do(errands.confirm, nowhere, by=second)
    gone = stage.do(errands.ask, wish("suspend", instances=(case,)))
    stage.do(operations.suspend, case, "先停", by=_keeper(stage))
    run(stage)
    assert shown(stage, nowhere) == ("done", {"overtaken": 1})
    (item,) = stage.do(errands.items, gone)
    assert (item.state, item.fault, item.why["zh"]) == (ItemState.REFUSED, "OperationRefused", "该流程已经暂停。")
    assert stage.sound()


def test_what_is_asked_for_wrongly_is_refused_and_leaves_nothing(stage):
    stage.play(WAY)
    for wrong in (
        Wish("small", ErrandKind.URGE, " ", Choice()),
        Wish("small", ErrandKind.URGE, "因" * 501, Choice()),
        wish("settle", elements=("a",)),
        wish("rearm", data={"due_at": "明天"}),
        wish("rearm", data={"due_at": "2030-01-01T10:00"}),
        wish("retry"),
        wish("urge", elements=("nothing",)),
    ):
        assert refused(stage, errands.ask, wrong)
    assert stage.all(select(Errand.id)) == []


def test_only_who_may_change_or_sign_the_programme_asks_sees_and_answers(stage, actor):
    stage.play(WAY)
    clerk = actor("shouli")
    with pytest.raises(NotAllowed):
        stage.do(errands.ask, wish("urge"), by=clerk)
    errand = stage.do(errands.ask, wish("end"))
    for verb in (errands.confirm, errands.refuse, errands.stop, errands.withdraw, errands.show, errands.items):
        with pytest.raises(NotFound):
            stage.do(verb, errand, by=clerk)
        with pytest.raises(NotFound):
            stage.do(verb, uuid4())
    assert stage.do(errands.listing, by=clerk) == []
    assert [row.id for row in stage.do(errands.listing, "small")] == [errand]
    with pytest.raises(NotAllowed):
        stage.do(errands.withdraw, errand, by=actor("liuguan2"))
    stage.do(errands.refuse, errand, by=actor("liuguan2"))
    assert shown(stage, errand) == ("refused", {"waiting": 1})
    other = stage.do(errands.ask, wish("end"))
    stage.do(errands.withdraw, other)
    assert shown(stage, other)[0] == "withdrawn"
    assert run(stage) == 0


def test_it_stops_before_the_rest_and_goes_on_where_it_was_killed(stage):
    stage.play(WAY)
    for _ in range(3):
        stage.start("p")
    errand = stage.do(errands.ask, wish("suspend"))
    with stage.sessions() as session:  # killed before it commits
        assert work.do_next(session) == (errand, 1)
    assert shown(stage, errand) == ("running", {"waiting": 4})
    with transaction(stage.sessions) as session:
        assert work.do_next(session) == (errand, 1)
    stage.do(errands.stop, errand)
    assert run(stage) == 0
    assert shown(stage, errand) == ("stopped", {"done": 1, "waiting": 3})
    stage.do(errands.go_on, errand)
    assert run(stage) == 3
    assert shown(stage, errand) == ("done", {"done": 4})
    assert "他人" in refused(stage, errands.stop, errand)


def test_several_hands_do_each_case_once(stage):
    stage.play(WAY)
    for _ in range(7):
        stage.start("p")
    errand = stage.do(errands.ask, wish("suspend"))
    hands = [threading.Thread(target=run, args=(stage,)) for _ in range(3)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    run(stage)
    assert shown(stage, errand) == ("done", {"done": 8})
    assert len(stage.all(select(Event.id).where(Event.kind == "errand.done"))) == 8


def test_two_who_answer_at_once_do_not_both_count(stage, actor):
    stage.play(WAY)
    errand = stage.do(errands.ask, wish("end"))
    results = []

    def answer(verb, login):
        try:
            stage.do(verb, errand, by=login)
            results.append("said")
        except ErrandRefused:
            results.append("late")

    both = [
        threading.Thread(target=answer, args=one)
        for one in ((errands.confirm, actor("liushen")), (errands.refuse, actor("liuguan2")))
    ]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sorted(results) == ["late", "said"]


def test_who_is_no_owner_any_more_has_nothing_done(stage, actor):
    stage.play(WAY)
    errand = stage.do(errands.ask, wish("suspend"))
    with transaction(stage.sessions) as session:
        gone = update(Membership).where(Membership.person == actor("liuguan").id)
        session.execute(gone.values(role="PRV_INTAKE"))
    run(stage)
    (item,) = stage.do(errands.items, errand, by=actor("liushen"))
    assert (item.state, item.fault) == (ItemState.REFUSED, "NotAllowed")


def test_a_busy_database_is_tried_again_and_given_up_in_the_end(stage, monkeypatch):
    stage.play(WAY)
    errand = stage.do(errands.ask, wish("suspend"))

    def busy(*_):
        raise OperationalError("", {}, Exception())

    monkeypatch.setitem(work._DOING, ErrandKind.SUSPEND, busy)
    for _ in range(work.TRIES):
        assert run(stage) == 1
        assert run(stage) == 0  # not before its time
        clock.travel(clock.now() + timedelta(minutes=10))
    assert shown(stage, errand) == ("done", {"refused": 1})
    with transaction(stage.sessions) as session:
        assert work.disturbed(session) is None
        work.failed(session, (errand, 1), ItemState.DONE, None)  # too late
        assert session.scalar(select(ErrandItem.state)) is ItemState.REFUSED
        assert session.scalar(select(Errand.state)) is ErrandState.DONE
        assert session.scalar(text("SELECT count(*) FROM errand_item")) == 1
