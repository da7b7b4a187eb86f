"""Like items at once: each in a transaction of its own, and nothing is told as done that was not."""

from uuid import uuid4

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError

from engine import batches, identity, inbox, signs, tasks
from engine.batches import MOST, State
from engine.db import transaction
from engine.errors import AnswersRefused, BatchRefused, NotFound, TaskClaimed, TaskClosed
from engine.tables import SignKind, Task
from tests.support import pile

AGREE = {"decision": "agree"}


@pytest.fixture
def work(sessions, tmp_path):
    pile.deploy(sessions, tmp_path / "pile")
    return pile.heap(sessions, 4)


@pytest.fixture
def officer(sessions):
    return load(sessions, "jingban")


def load(sessions, login):
    with transaction(sessions) as session:
        return identity.load(session, login)


def do(sessions, verb, actor, *given):
    with transaction(sessions) as session:
        return verb(session, actor, *given)


def states(outcomes):
    return [(one.state, type(one.fault) if one.fault else None) for one in outcomes]


def test_what_can_be_claimed_is_and_the_rest_says_why(sessions, work, officer):
    do(sessions, tasks.claim, load(sessions, "jingban2"), work[1])
    do(sessions, tasks.complete, load(sessions, "jingban2"), work[2], AGREE)
    outcomes = batches.claim(sessions, officer, [*work, uuid4(), work[0]])
    done, refused = (State.DONE, None), State.REFUSED
    assert states(outcomes) == [done, (refused, TaskClaimed), (refused, TaskClosed), done, (refused, NotFound)]
    assert {row.id for row in do(sessions, inbox.mine, officer).rows} == {work[0], work[3]}
    assert outcomes[-1].row is None


def test_one_decision_is_given_for_all_and_each_case_goes_on(sessions, work, officer):
    outcomes = batches.complete(sessions, officer, work, AGREE)
    assert states(outcomes) == [(State.DONE, None)] * 4
    assert [one.next for one in outcomes] == [["登记结果"]] * 4
    with transaction(sessions) as session:
        answers = session.scalars(select(Task.answers).where(Task.id.in_(work))).all()
    assert answers == [{"decision": "agree"}] * 4


def test_an_opinion_that_a_decision_needs_is_asked_of_each(sessions, work, officer):
    outcomes = batches.complete(sessions, officer, work, {"decision": "back"})
    assert states(outcomes) == [(State.REFUSED, AnswersRefused)] * 4
    assert len(do(sessions, inbox.claimable, officer).rows) == 4
    outcomes = batches.complete(sessions, officer, work, {"decision": "back", "reason": "材料不全"})
    assert states(outcomes) == [(State.DONE, None)] * 4


def test_somebody_who_was_faster_costs_one_item_not_all(sessions, work, officer):
    do(sessions, tasks.claim, load(sessions, "jingban2"), work[1])
    outcomes = batches.complete(sessions, officer, work, AGREE)
    assert states(outcomes) == [(State.DONE, None), (State.REFUSED, TaskClaimed), *[(State.DONE, None)] * 2]


def test_an_answer_that_waits_for_a_sign_is_told_as_held(sessions, work, officer):
    do(sessions, tasks.claim, officer, work[0])
    asking = signs.Asking(SignKind.AFTER, [load(sessions, "jingban2").id], "请会签")
    do(sessions, signs.ask, officer, work[0], asking)
    outcomes = batches.complete(sessions, officer, work[:2], AGREE)
    assert states(outcomes) == [(State.HELD, None), (State.DONE, None)]
    assert outcomes[0].next == ["邓经办"]


def test_what_is_not_alike_or_no_plain_decision_is_done_by_nobody(sessions, work, officer):
    batches.complete(sessions, officer, work[:1], AGREE)
    filler = load(sessions, "tianbao")
    noted = do(sessions, inbox.claimable, filler).rows[0].id
    written = pile.heap(sessions, 1, "write")[0]
    for chosen, why in (([noted, written], "同一环节"), ([written], "不只是一项决定")):
        with pytest.raises(BatchRefused) as refused:
            batches.complete(sessions, filler, chosen, {"words": "一样"})
        assert why in refused.value.facts["why"]["zh"]
    assert len(do(sessions, inbox.claimable, filler).rows) == 2


def test_a_batch_has_a_size(sessions, officer):
    for chosen in ([], [uuid4() for _ in range(MOST + 1)]):
        for act in (
            lambda some: batches.claim(sessions, officer, some),
            lambda some: batches.complete(sessions, officer, some, {}),
        ):
            with pytest.raises(BatchRefused):
                act(chosen)


def test_what_the_database_did_not_confirm_is_never_told_as_done(sessions, engine, work, officer):
    commits = []

    def lose(_connection):
        commits.append(1)
        if len(commits) == 3:  # the second item; the first transaction only reads
            raise OperationalError("COMMIT", {}, Exception("the connection was lost"))

    event.listen(engine, "commit", lose)
    outcomes = batches.claim(sessions, officer, work[:3])
    event.remove(engine, "commit", lose)
    assert [one.state for one in outcomes] == [State.DONE, State.UNSURE, State.DONE]
    assert {row.id for row in do(sessions, inbox.mine, officer).rows} == {work[0], work[2]}


def test_groups_show_like_with_like_and_only_what_is_open_and_seen(sessions, work, officer):
    batches.complete(sessions, officer, work[:1], AGREE)
    with transaction(sessions) as session:
        [group] = batches.alike(session, officer, [*work, uuid4()])
    assert (group.name, {row.id for row in group.rows}) == ("审查材料", set(work[1:]))
    assert group.decision is not None
    with transaction(sessions) as session:
        assert batches.alike(session, load(sessions, "yiyi"), work) == []


RADIO = pile.DECISION[1]
TEXT = pile.DECISION[2]


@pytest.mark.parametrize(
    ("components", "plain"),
    [
        ([RADIO], True),
        ([{**RADIO, "type": "select"}, TEXT], True),
        (pile.DECISION, True),
        ([TEXT], False),
        ([RADIO, RADIO], False),
        ([RADIO, TEXT, TEXT], False),
        ([RADIO, {"type": "textfield", "key": "number"}], False),
        ([RADIO, {"type": "checkbox", "key": "sure"}], False),
        ([{"type": "group", "components": [RADIO]}], False),
        ([{**RADIO, "validate": {}}], False),
        ([{**RADIO, "conditional": {"hide": "=x"}}], False),
        ([{**RADIO, "values": [], "valuesKey": "units"}], False),
        ([{**RADIO, "readonly": True}], False),
        ([RADIO, {**TEXT, "readonly": True}], False),
        ([], False),
    ],
)
def test_a_plain_decision_is_one_choice_and_at_most_one_opinion(components, plain):
    assert (batches.decision({"components": components}) is not None) is plain
