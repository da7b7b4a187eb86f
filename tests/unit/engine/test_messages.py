"""Messages: early, late, double and at the same moment - one message has one effect, and none is lost."""

import threading
from datetime import timedelta
from itertools import permutations
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from engine import clock, identity, messages, runtime, tasks
from engine.db import transaction
from engine.errors import BudgetSpent, MessageRefused, NotAllowed, NotFound
from engine.messages import Arrival
from engine.tables import Event, Instance, InstanceState, Message
from tests.support import programme
from tests.support.stage import Stage


@pytest.fixture
def small(sessions, tmp_path):
    programme.deploy(sessions, tmp_path / "small")
    return sessions


def receive(sessions, key="m1", correlation="c1", name="answer", **payload):
    with transaction(sessions) as session:
        return messages.receive(session, None, "test", key, name, correlation, payload)


def match(sessions):
    with transaction(sessions) as session:
        found = messages.deliverable(session, 100)
    for message in found:
        with transaction(sessions) as session:
            messages.deliver(session, message)
    return len(found)


def state(sessions, instance):
    with transaction(sessions) as session:
        return session.scalar(select(Instance.state).where(Instance.id == instance))


def kinds(sessions):
    query = select(Event.kind).where(Event.kind.like("message.%")).order_by(Event.id)
    with transaction(sessions) as session:
        return list(session.scalars(query))


def test_a_message_reaches_who_waits_for_it(small):
    instance = programme.start(small, "ask", case="c1")
    other = programme.start(small, "ask", case="c2")
    got = receive(small, word="yes")
    assert (got.state, got.instance, got.duplicate) == ("delivered", instance, False)
    assert state(small, instance) is InstanceState.FINISHED
    assert state(small, other) is InstanceState.RUNNING
    assert kinds(small) == ["message.received", "message.delivered"]


def test_an_early_message_waits_for_its_instance(small):
    assert receive(small).state == "waiting"
    assert match(small) == 0
    instance = programme.start(small, "ask", case="c1")
    assert match(small) == 1
    assert state(small, instance) is InstanceState.FINISHED


def test_a_repeated_message_has_one_effect_and_the_same_answer(small):
    first = programme.start(small, "ask", case="c1")
    second = programme.start(small, "ask", case="c1")
    assert receive(small, word=1).instance == first
    again = receive(small, word=1)
    assert (again.duplicate, again.state, again.instance) == (True, "delivered", first)
    assert state(small, second) is InstanceState.RUNNING


def test_one_id_with_other_content_is_refused(small):
    receive(small, word=1)
    with pytest.raises(MessageRefused):
        receive(small, word=2)
    with pytest.raises(MessageRefused):
        receive(small, correlation="c2", word=1)


def test_a_message_sent_a_hundred_times_at_once_has_one_effect(small):
    programme.start(small, "ask", case="c1")
    programme.start(small, "ask", case="c1")
    results, lock = [], threading.Lock()

    def sender():
        for _ in range(10):
            got = receive(small, word=1)
            with lock:
                results.append(got.duplicate)

    senders = [threading.Thread(target=sender) for _ in range(10)]
    for one in senders:
        one.start()
    for one in senders:
        one.join()
    match(small)
    assert results.count(False) == 1
    assert kinds(small).count("message.delivered") == 1


def test_two_messages_for_two_waits_reach_one_each(small):
    waiting = {programme.start(small, "ask", case="c1"), programme.start(small, "ask", case="c1")}
    assert {receive(small, "a").instance, receive(small, "b").instance} == waiting
    assert receive(small, "c").state == "waiting"


def test_a_message_for_an_instance_that_is_being_moved_waits_a_moment(small):
    instance = programme.start(small, "ask", case="c1")
    with small() as other:
        other.execute(select(Instance).where(Instance.id == instance).with_for_update())
        assert receive(small).state == "waiting"
    assert match(small) == 1


def test_what_one_instance_tells_reaches_another(small):
    listening = programme.start(small, "ask", case="c1")
    programme.start(small, "tell", case="c1", word="good")
    assert match(small) == 1
    assert state(small, listening) is InstanceState.FINISHED
    with transaction(small) as session:
        assert session.scalars(select(Message)).one().payload == {"word": "good"}


def test_a_message_nobody_waits_for_is_parked_with_a_reason_and_may_be_replayed_once(small, actor):
    got = receive(small)
    clock.travel(clock.now() + timedelta(days=31))
    with transaction(small) as session:
        assert messages.park_old(session, 30) == 1
        assert messages.park_old(session, 30) == 0
    with transaction(small) as session:
        assert session.scalars(select(Message.reason)).one() == "nobody waited for it within 30 days"
    instance = programme.start(small, "ask", case="c1")
    assert match(small) == 0
    with transaction(small) as session:
        with pytest.raises(NotAllowed):
            messages.replay(session, _person(), got.id)
        assert messages.replay(session, _person("SYS_ADMIN"), got.id).instance == instance
    with transaction(small) as session:
        assert messages.replay(session, _person("SYS_ADMIN"), got.id).state == "delivered"
    assert kinds(small) == ["message.received", "message.parked", "message.delivered"]


def test_a_message_that_somebody_waits_for_is_not_old(small):
    receive(small)
    programme.start(small, "ask", case="c1")
    clock.travel(clock.now() + timedelta(days=31))
    with transaction(small) as session:
        assert messages.park_old(session, 30) == 0


def test_a_message_that_cannot_be_taken_is_kept_and_parked(small, monkeypatch):
    instance = programme.start(small, "ask", case="c1")

    def burst(*_):
        raise BudgetSpent(steps=1)

    monkeypatch.setattr(runtime.Running, "deliver", burst)
    with pytest.raises(BudgetSpent):
        receive(small, "poison")
    with transaction(small) as session:
        kept = messages.keep(session, None, messages.Arrival("test", "poison", "answer", "c1", {}))
    with pytest.raises(BudgetSpent):
        match(small)
    with transaction(small) as session:
        assert messages.park(session, kept.id, "too many steps")
        assert not messages.park(session, kept.id, "too many steps")
    assert state(small, instance) is InstanceState.RUNNING


def test_a_step_that_fails_after_the_message_is_an_incident_not_a_lost_message(small):
    instance = programme.start(small, "hears_and_fails", case="c1")
    assert receive(small, word="no number").state == "delivered"
    assert state(small, instance) is InstanceState.RUNNING


def test_whatever_the_order_none_is_lost_and_each_has_one_effect(small):
    for number, order in enumerate(permutations(["start", "first", "again", "late"])):
        case = f"case-{number}"
        steps = {
            "start": lambda case=case: programme.start(small, "ask", case=case),
            "first": lambda case=case: receive(small, f"{case}-a", case, word=1),
            "again": lambda case=case: receive(small, f"{case}-a", case, word=1),
            "late": lambda case=case: receive(small, f"{case}-b", case, word=2),
        }
        for step in order:
            steps[step]()
        match(small)
        with transaction(small) as session:
            states = session.scalars(select(Message.state).where(Message.correlation == case)).all()
        assert sorted(states) == ["delivered", "waiting"], order
    with transaction(small) as session:
        assert set(session.scalars(select(Instance.state))) == {InstanceState.FINISHED}


def tell(sessions, person, name="answer", key="m1"):
    with transaction(sessions) as session:
        return messages.tell(session, person, Arrival(f"api:{person.login}", key, name, "c1", {"word": "yes"}))


def test_what_diagrams_tell_each_other_no_person_may_tell(small, actor):
    instance = programme.start(small, "ask", case="c1")
    for login in ("jingban", "tingzhang", "qiming", "admin"):
        with pytest.raises(NotAllowed):
            tell(small, actor(login))
    assert state(small, instance) is InstanceState.RUNNING
    assert kinds(small) == []


def test_an_agency_answers_the_instances_it_works_on_alone(sessions, actor, tmp_path):
    asking = f"""<startEvent id="s"/><userTask id="visit" name="核查" icity:role="AGENCY_MGR"
      icity:organisation="=agency"/><receiveTask id="hear" messageRef="answer" icity:correlation="=case"/>
      <endEvent id="e"/>{programme.flows(("s", "visit"), ("visit", "hear"), ("hear", "e"))}"""
    stage = Stage(sessions, tmp_path)
    instance = stage.play(asking, case="c1", agency="agency-qiming")
    stage.do(tasks.complete, stage.task(instance, "visit"), {}, by=actor("qiming"))
    for rival in ("hengce", "caizheng"):
        with pytest.raises(NotFound):
            tell(sessions, actor(rival))
    with pytest.raises(NotFound):
        tell(sessions, actor("qiming"), name="another")
    assert tell(sessions, actor("qiming")).instance == instance
    assert tell(sessions, actor("qiming")).duplicate


@pytest.mark.parametrize("fault", [{"key": ""}, {"key": "x" * 501}, {"name": ""}, {"correlation": "a\x00b"}])
def test_a_message_without_a_usable_name_is_refused(small, fault):
    with pytest.raises(MessageRefused):
        receive(small, **fault)


def test_a_message_that_does_not_exist_is_not_found(small):
    with transaction(small) as session, pytest.raises(NotFound):
        messages.deliver(session, uuid4())


def test_the_clock_asks_cheaply(small):
    asked = select(messages.pending())
    receive(small)
    with transaction(small) as session:
        assert session.scalar(asked) is False
    programme.start(small, "ask", case="c1")
    with transaction(small) as session:
        assert session.scalar(asked) is True
        assert session.scalar(select(func.count()).select_from(Message)) == 1


def _person(*roles):
    held = frozenset(("ORG", role) for role in roles)
    return identity.Actor(id=uuid4(), login="p", name="P", language="zh", memberships=held)
