"""Somebody stands in for another: as far as that person may, as long as was said, under both names."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import insert, select, update

from engine import (
    actions,
    clock,
    documents,
    handovers,
    identity,
    inbox,
    instances,
    operations,
    rejections,
    seats,
    signs,
    substitutions,
    tasks,
)
from engine.db import transaction
from engine.errors import (
    ColleagueRefused,
    NotAllowed,
    NotFound,
    OperationRefused,
    SeatRefused,
    SubstitutionRefused,
    TaskClaimed,
)
from engine.handovers import Handing
from engine.signs import Asking, Opinion
from engine.substitutions import Appointment
from engine.tables import DocumentState, Event, Membership, OfficialDocument, Person, SignKind, SignState, Task
from tests.support.shapes import end, many, parallel, start, user, way
from tests.support.stage import Stage

LEADS = start() + user("a", role="PRV_LEAD") + end("e") + way("s a e")
BOTH = (
    start() + user("a", role="PRV_LEAD") + user("b", role="ARCHIVIST") + parallel("x", "y") + end("e")
    + way("s x a y e", "x b y")
)  # fmt: skip
APART = (
    start()
    + user("T32_draft", role="PRV_OFFICER")
    + user("T32_check", role="PRV_LEAD")
    + parallel("split", "join")
    + end("e")
    + way("s split T32_draft join e", "split T32_check join")
)
DAY = timedelta(days=1)


@pytest.fixture
def stage(sessions, tmp_path):
    return Stage(sessions, tmp_path / "drawn")


@pytest.fixture
def lead(actor):
    return actor("tingzhang")


def again(stage, person):
    """Return a person as their next request finds them."""
    with transaction(stage.sessions) as session:
        return identity.load(session, person.login)


def appoint(stage, who, substitute, *, days=3, roles=(), since=0):
    today = clock.today()
    return stage.do(
        substitutions.appoint,
        Appointment(substitute.id, today + since * DAY, today + (since + days) * DAY, "出差", roles),
        by=who,
    )


def opened(stage, body=LEADS, element="a"):
    instance = stage.play(body)
    return instance, stage.task(instance, element)


def test_a_substitute_acts_in_the_persons_place_and_both_are_named(stage, lead):
    appoint(stage, lead, stage.actor)
    stand_in = again(stage, stage.actor)
    assert ("prov-science", "PRV_LEAD") in stand_in.memberships
    assert [(one.name, one.roles) for one in stand_in.principals] == [("韩厅长", {"PRV_LEAD"})]
    instance, task = opened(stage)
    stage.do(tasks.claim, task, by=stand_in)
    assert stage.one(select(Task.assignee).where(Task.id == task)) == lead.id
    assert task in [row.id for row in stage.do(inbox.mine, by=stand_in).rows]
    stage.do(tasks.complete, task, {}, by=stand_in)
    done = stage.one(select(Task).where(Task.id == task))
    assert (done.ended_by, done.acted_for) == (stand_in.id, lead.id)
    told = stage.all(select(Event.data).where(Event.kind.in_(["task.claimed", "task.completed"])))
    assert [data["for"] for data in told] == [{"person": str(lead.id), "name": "韩厅长"}] * 2
    assert stage.state(instance) == "finished"
    assert stage.sound()


def test_before_and_after_its_days_a_substitution_gives_nothing(stage, lead):
    appoint(stage, lead, stage.actor, days=2, since=1)
    _, task = opened(stage)
    for days, may in ((0, False), (1, True), (3, True), (4, False)):
        clock.travel(datetime.now(UTC) + days * DAY)
        assert bool(again(stage, stage.actor).principals) is may
    with pytest.raises(NotFound):
        stage.do(tasks.complete, task, {}, by=again(stage, stage.actor))


def test_what_was_claimed_for_a_person_is_theirs_when_the_substitution_ends(stage, lead):
    made = appoint(stage, lead, stage.actor)
    _, task = opened(stage)
    stage.do(tasks.claim, task, by=again(stage, stage.actor))
    stage.do(substitutions.end, made, by=lead)
    with pytest.raises(NotFound):
        stage.do(tasks.complete, task, {}, by=again(stage, stage.actor))
    stage.do(tasks.complete, task, {}, by=lead)


def test_a_substitution_gives_only_the_roles_that_were_named(stage, lead, actor):
    with transaction(stage.sessions) as session:
        session.execute(insert(Membership).values(person=lead.id, organisation="prov-legal", role="ARCHIVIST"))
    lead = again(stage, lead)
    instance, task = opened(stage, BOTH)
    other = stage.task(instance, "b")
    appoint(stage, lead, stage.actor, roles=("ARCHIVIST",))
    stand_in = again(stage, stage.actor)
    with pytest.raises(NotFound):
        stage.do(tasks.complete, task, {}, by=stand_in)
    stage.do(tasks.complete, other, {}, by=stand_in)
    for role in ("PRV_OFFICER", "SYS_ADMIN", "nothing"):
        with pytest.raises(SubstitutionRefused):
            appoint(stage, lead, actor("shouli"), roles=(role,))


def test_a_substitute_has_no_more_than_the_person_has_now(stage, lead):
    appoint(stage, lead, stage.actor)
    with transaction(stage.sessions) as session:
        session.execute(update(Membership).where(Membership.person == lead.id).values(role="ARCHIVIST"))
    assert again(stage, stage.actor).roles == {"PRV_OFFICER", "ARCHIVIST"}
    with transaction(stage.sessions) as session:
        session.execute(update(Person).where(Person.id == lead.id).values(active=False))
    assert again(stage, stage.actor).principals == ()


def test_nothing_that_was_lent_is_lent_on(stage, lead, actor):
    """A chain is refused from either end, in either order; after the first has ended there is none."""
    other, third = stage.actor, actor("shouli")
    made = appoint(stage, lead, other)
    for giver, taker in ((other, third), (third, lead), (other, lead)):
        with pytest.raises(SubstitutionRefused):
            appoint(stage, again(stage, giver), taker)
    with pytest.raises(SubstitutionRefused):
        appoint(stage, again(stage, other), third, roles=("PRV_LEAD",), since=10)
    appoint(stage, other, third, since=10)
    stage.do(substitutions.end, made, by=other)
    appoint(stage, again(stage, other), third)


def test_two_people_do_not_share_a_role_of_somebody_on_the_same_days(stage, lead, actor):
    third = actor("shouli")
    appoint(stage, lead, stage.actor, roles=("PRV_LEAD",))
    for roles in ((), ("PRV_LEAD",)):
        with pytest.raises(SubstitutionRefused):
            appoint(stage, lead, third, roles=roles)
    appoint(stage, lead, third, since=4)


@pytest.mark.parametrize(("days", "since", "reason"), [(3, -1, "出差"), (-1, 0, "出差"), (400, 0, "出差"), (3, 0, " ")])
def test_days_and_reason_are_checked(stage, lead, days, since, reason):
    today = clock.today()
    wanted = Appointment(stage.actor.id, today + since * DAY, today + (since + days) * DAY, reason)
    with pytest.raises(SubstitutionRefused):
        stage.do(substitutions.appoint, wanted, by=lead)


def test_only_a_colleague_stands_in(stage, lead, actor):
    for stranger in (lead.id, actor("tianbao").id, uuid4()):
        wanted = Appointment(stranger, clock.today(), clock.today(), "出差")
        with pytest.raises(SubstitutionRefused):
            stage.do(substitutions.appoint, wanted, by=lead)
    names = [one.name for one in stage.do(substitutions.candidates, by=lead)]
    assert "蒋经办" in names
    assert "韩厅长" not in names


def test_only_the_two_see_and_end_it_and_ending_twice_changes_nothing(stage, lead, actor):
    made = appoint(stage, lead, stage.actor)
    with pytest.raises(NotFound):
        stage.do(substitutions.end, made, by=actor("shouli"))
    assert stage.do(substitutions.listing, by=actor("shouli")) == []
    (row,) = stage.do(substitutions.listing, by=lead)
    assert (row.person_name, row.substitute_name, row.state) == ("韩厅长", "蒋经办", "in force")
    assert [one.id for one in stage.do(substitutions.in_force)] == [made]
    for _ in range(2):
        stage.do(substitutions.end, made, by=lead)
    assert stage.do(substitutions.in_force) == []
    assert stage.do(substitutions.listing, by=lead)[0].state == "ended"
    assert len(stage.all(select(Event.id).where(Event.kind == "substitute.ended"))) == 1


@pytest.mark.parametrize("did", ["substitute", "person"])
def test_neither_the_substitute_nor_the_person_may_have_done_the_counterpart(stage, lead, did):
    if did == "person":
        with transaction(stage.sessions) as session:
            session.execute(insert(Membership).values(person=lead.id, organisation="prov-legal", role="PRV_OFFICER"))
        lead = again(stage, lead)
    instance, check = opened(stage, APART, "T32_check")
    drafter = stage.actor if did == "substitute" else lead
    stage.do(tasks.complete, stage.task(instance, "T32_draft"), {}, by=drafter)
    appoint(stage, lead, stage.actor)
    stand_in = again(stage, stage.actor)
    for verb, given in ((tasks.claim, ()), (tasks.complete, ({},))):
        with pytest.raises(SeatRefused):
            stage.do(verb, check, *given, by=stand_in)


@pytest.mark.parametrize("who", ["substitute", "person"])
def test_what_a_substitute_did_counts_for_both_afterwards(stage, lead, who):
    """Lead's check is done by the officer in his place: neither of the two drafts any more."""
    with transaction(stage.sessions) as session:
        session.execute(insert(Membership).values(person=lead.id, organisation="prov-legal", role="PRV_OFFICER"))
    lead = again(stage, lead)
    made = appoint(stage, lead, stage.actor, roles=("PRV_LEAD",))
    instance, check = opened(stage, APART, "T32_check")
    stage.do(tasks.complete, check, {}, by=again(stage, stage.actor))
    stage.do(substitutions.end, made, by=lead)
    draft = stage.task(instance, "T32_draft")
    with pytest.raises(SeatRefused):
        stage.do(tasks.complete, draft, {}, by=stage.actor if who == "substitute" else lead)


def test_a_substitute_hands_over_delegates_and_signs_in_the_persons_place(stage, lead, actor):
    second, clerk = actor("tingzhang2"), actor("shouli")
    appoint(stage, lead, stage.actor)
    stand_in = again(stage, stage.actor)
    _, task = opened(stage)
    stage.do(handovers.delegate, task, Handing(clerk.id, "请拟"), by=stand_in)
    (row,) = stage.do(handovers.of_task, task, by=lead)
    assert row.owner_name == "韩厅长"
    stage.do(handovers.hand_back, task, "已拟", by=clerk)
    stage.do(handovers.transfer, task, Handing(second.id, "转"), by=stand_in)
    with pytest.raises(ColleagueRefused):
        stage.do(signs.ask, task, Asking(SignKind.BEFORE, [lead.id], "请看"), by=second)
    stage.do(tasks.complete, task, {}, by=second)


def test_a_sign_asked_of_a_person_is_given_by_the_substitute_but_not_by_who_does_the_task(stage, lead, actor):
    appoint(stage, lead, stage.actor)
    stand_in, other = again(stage, stage.actor), actor("jingban2")
    body = LEADS.replace("PRV_LEAD", "PRV_OFFICER")
    _, task = opened(stage, body)
    (sign,) = stage.do(signs.ask, task, Asking(SignKind.BEFORE, [lead.id], "请看"), by=other)
    assert [row.id for row in stage.do(signs.mine, by=stand_in).rows] == [sign]
    stage.do(signs.give, sign, Opinion(SignState.AGREED, "好"), by=stand_in)
    (row,) = stage.do(signs.of_task, task, by=other)
    assert (row.person_name, row.given_by_name) == ("韩厅长", "蒋经办")
    stage.do(tasks.complete, task, {}, by=other)
    _, own = opened(stage, body)
    (mine,) = stage.do(signs.ask, own, Asking(SignKind.BEFORE, [lead.id], "请看"), by=stand_in)
    with pytest.raises(ColleagueRefused):
        stage.do(signs.give, mine, Opinion(SignState.AGREED, "好"), by=stand_in)


def test_one_acts_in_ones_own_place_where_one_may(stage, lead, actor):
    second = actor("tingzhang2")
    appoint(stage, lead, second)
    stand_in = again(stage, second)
    _, task = opened(stage)
    stage.do(tasks.complete, task, {}, by=stand_in)
    done = stage.one(select(Task).where(Task.id == task))
    assert (done.ended_by, done.acted_for) == (second.id, None)


def test_a_role_lent_in_part_does_not_open_what_others_have(stage, lead, actor):
    appoint(stage, lead, stage.actor)
    _, task = opened(stage)
    stage.do(tasks.claim, task, by=actor("tingzhang2"))
    with pytest.raises(TaskClaimed):
        stage.do(tasks.complete, task, {}, by=again(stage, stage.actor))


def test_a_substitute_who_may_only_look_does_not_claim(stage, lead, actor):
    """Whoever signs on a free task sees it, and does not take it by that."""
    clerk = actor("shouli")
    _, task = opened(stage)
    stage.do(signs.ask, task, Asking(SignKind.BEFORE, [clerk.id], "请看"), by=lead)
    stage.do(tasks.release, task, by=lead)
    with pytest.raises(NotAllowed):
        stage.do(tasks.claim, task, by=clerk)


def test_what_an_operator_does_by_a_lent_role_names_both(stage, lead, actor):
    clerk, second = actor("shouli"), actor("tingzhang2")
    appoint(stage, lead, clerk)
    stand_in = again(stage, clerk)
    instance, task = opened(stage)
    stage.do(operations.suspend, instance, "等", by=stand_in)
    stage.do(operations.resume, instance, "好", by=stand_in)
    stage.do(tasks.reassign, task, tasks.Assignment("换人", assignee=second.id), by=stand_in)
    stage.do(instances.cancel, instance, "作废", by=stand_in)
    kinds = ("instance.suspended", "instance.resumed", "task.reassigned", "instance.cancelled")
    told = stage.all(select(Event.data).where(Event.kind.in_(kinds)))
    assert [data["for"]["name"] for data in told] == ["韩厅长"] * 4
    other = stage.start("p")
    stage.do(operations.suspend, other, "等", by=lead)
    assert "for" not in stage.one(select(Event.data).where(Event.instance == other, Event.kind == "instance.suspended"))


PAPER = {
    "programme": "small", "kind": "notice", "organ": "浙科发", "year": 2026, "serial": 9, "number": "浙科发〔2026〕9号",
    "title": "通知", "facts": {}, "template": "notice", "state": DocumentState.ISSUED, "issued_on": date(2026, 3, 2),
    "addressees": [], "retention": "10",
}  # fmt: skip
ENDING = {"role": "PRV_OFFICER", "icity:actions": "cancel terminate seat withdraw"}


@pytest.mark.parametrize(("verb", "kind"), [(instances.cancel, "cancelled"), (instances.terminate, "terminated")])
def test_a_case_that_is_ended_in_a_persons_place_names_both(stage, actor, verb, kind):
    substitute = actor("jingban2")
    instance = stage.play(start() + user("a", **ENDING) + end("e") + way("s a e"))
    stage.do(tasks.claim, stage.task(instance, "a"))
    appoint(stage, stage.actor, substitute)
    stage.do(verb, instance, "不办了", by=again(stage, substitute))
    told = stage.one(select(Event.data).where(Event.instance == instance, Event.kind == f"instance.{kind}"))
    assert (told["for"]["person"], told["reason"]) == (str(stage.actor.id), "不办了")


def test_whoever_ends_a_case_by_a_lent_role_names_both(stage, lead):
    instance = stage.play(LEADS)
    appoint(stage, lead, stage.actor)
    stage.do(operations.terminate, instance, "停办", by=again(stage, stage.actor))
    told = stage.one(select(Event.data).where(Event.instance == instance, Event.kind == "instance.terminated"))
    assert told["for"]["name"] == lead.name


def test_a_substitute_calls_off_what_the_person_started_until_others_act(stage, actor):
    substitute = actor("jingban2")
    body = start() + user("a", "c", role="PRV_OFFICER") + user("b", role="ARCHIVIST") + end("e") + way("s a b c e")
    stage.deploy(p=body)
    wanted = instances.Application("small", "p", "某案")
    first, second = (stage.do(instances.start, wanted) for _ in range(2))
    assert "cancel" not in offered(stage, first, substitute)
    appoint(stage, stage.actor, substitute)
    standing_in = again(stage, substitute)
    assert offered(stage, first, standing_in)["cancel"] is None
    stage.do(tasks.complete, stage.task(first, "a"), {}, by=standing_in)  # what the two did does not count as others'
    stage.do(instances.cancel, first, "不办了", by=standing_in)
    told = stage.one(select(Event.data).where(Event.instance == first, Event.kind == "instance.cancelled"))
    assert told["for"]["name"] == stage.actor.name
    stage.do(tasks.complete, stage.task(second, "a"), {})
    stage.do(tasks.complete, stage.task(second, "b"), {}, by=actor("dangan"))
    assert "他人" in offered(stage, second, standing_in, "c")["cancel"]["zh"]
    with pytest.raises(OperationRefused):
        stage.do(instances.cancel, second, "不办了", by=standing_in)


def test_seats_that_are_added_and_taken_away_in_a_persons_place_name_both(stage, actor):
    substitute = actor("jingban2")
    instance = stage.play(start() + user("v", inner=many("=[1, 2]"), **ENDING) + end("e") + way("s v e"))
    task = stage.task(instance, "v")
    stage.do(tasks.claim, task)
    appoint(stage, stage.actor, substitute)
    standing_in = again(stage, substitute)
    stage.do(seats.add, task, seats.Seating("多一席", item=3), by=standing_in)
    stage.do(seats.remove, task, "少一席", by=standing_in)
    told = stage.all(select(Event.data).where(Event.kind.in_(("loop.grown", "loop.shrunk"))))
    assert [one["for"]["name"] for one in told] == [stage.actor.name] * 2


def test_an_answer_given_in_a_persons_place_is_taken_back_under_both_names(stage, actor):
    substitute = actor("jingban2")
    instance = stage.play(start() + user("a", **ENDING) + user("b", role="PRV_OFFICER") + end("e") + way("s a b e"))
    task = stage.task(instance, "a")
    stage.do(tasks.claim, task)
    appoint(stage, stage.actor, substitute)
    standing_in = again(stage, substitute)
    stage.do(tasks.complete, task, {}, by=standing_in)
    stage.do(rejections.withdraw, task, "填错了", by=standing_in)
    told = stage.one(select(Event.data).where(Event.kind == "task.withdrawn"))
    assert told["for"] == {"person": str(stage.actor.id), "name": stage.actor.name}


def offered(stage, instance, by, element="a"):
    """Return why each action is not done now, none where it may be."""
    return {one.key: one.why for one in stage.do(actions.allowed, stage.task(instance, element), by=by)}


def test_what_is_put_on_record_by_a_lent_role_names_both(stage, lead):
    appoint(stage, lead, stage.actor)
    issued = uuid4()
    stage.do(lambda session, _: session.execute(insert(OfficialDocument).values(id=issued, **PAPER)))
    stage.do(documents.withdraw, issued, "误发", by=again(stage, stage.actor))
    told = stage.one(select(Event.data).where(Event.kind == "document.voided"))
    assert (told["for"]["name"], told["reason"]) == (lead.name, "误发")
