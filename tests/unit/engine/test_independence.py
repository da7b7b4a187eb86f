"""Whoever did one step of a case is refused its counterpart, however the task came to them."""

from datetime import date
from uuid import uuid4

import pytest
from sqlalchemy import event, insert, select, update

from engine import clock, identity, inbox, independence, tasks
from engine.db import transaction
from engine.errors import SeatRefused, SettingsRefused
from engine.tables import Instance, Membership, Round, RoundState, ScoreSheet, Task, TaskState
from engine.tasks import Assignment
from tests.support.shapes import end, start, way
from tests.support.stage import Stage


def step(element, name, role):
    return f'<userTask id="{element}" name="{name}" icity:role="{role}"/>'


DRAFTED = (
    start()
    + step("T32_draft", "拟稿", "PRV_OFFICER")
    + step("T32_check", "核稿", "PRV_OFFICER")
    + step("T32_seal", "用印", "PRV_OFFICER")
    + step("T32_draft_2", "再拟", "PRV_OFFICER")
    + end("e")
    + way("s T32_draft T32_check T32_seal T32_draft_2 e")
)
PLAIN = start() + step("look", "查看", "ARCHIVIST") + end("e") + way("s look e")


@pytest.fixture
def stage(sessions, tmp_path):
    return Stage(sessions, tmp_path / "drawn")


@pytest.fixture
def other(actor):
    return actor("jingban2")


def seat(stage, person, role, organisation="prov-science"):
    """Give a person one more role."""
    with transaction(stage.sessions) as session:
        session.execute(insert(Membership).values(person=person.id, organisation=organisation, role=role))


def statements(stage, act):
    """Count the SQL statements of an act."""
    counted = []

    def executed(*_):
        counted.append(1)

    engine = stage.sessions.kw["bind"]
    event.listen(engine, "before_cursor_execute", executed)
    try:
        act()
    finally:
        event.remove(engine, "before_cursor_execute", executed)
    return len(counted)


def test_whoever_drafted_cannot_claim_the_check_and_is_told_which_step_excludes_it(stage):
    instance = stage.play(DRAFTED)
    stage.complete(instance, "T32_draft")
    check = stage.task(instance, "T32_check")
    with pytest.raises(SeatRefused) as refused:
        stage.do(tasks.claim, check)
    assert "“拟稿”" in refused.value.facts["why"]["zh"]
    assert stage.one(select(Task.assignee).where(Task.id == check)) is None


def test_whoever_drafted_cannot_complete_the_check_without_claiming_it_and_nothing_moves(stage, other):
    instance = stage.play(DRAFTED)
    stage.complete(instance, "T32_draft")
    with pytest.raises(SeatRefused):
        stage.complete(instance, "T32_check")
    assert stage.tasks(instance) == ["T32_check"]
    stage.do(tasks.complete, stage.task(instance, "T32_check"), {}, by=other)
    assert stage.tasks(instance) == ["T32_seal"]


def test_the_check_cannot_be_reassigned_to_whoever_drafted(stage, actor):
    instance = stage.play(DRAFTED)
    stage.complete(instance, "T32_draft")
    check = stage.task(instance, "T32_check")
    with pytest.raises(SeatRefused):
        stage.do(tasks.reassign, check, Assignment("请办", assignee=stage.actor.id))
    stage.do(tasks.reassign, check, Assignment("请办", assignee=actor("jingban2").id))


def test_no_row_of_transfers_brings_the_check_back_to_whoever_drafted(stage, other):
    """Claimed, reassigned, released and claimed again: whoever ends up with it is asked the same."""
    instance = stage.play(DRAFTED)
    stage.complete(instance, "T32_draft")
    check = stage.task(instance, "T32_check")
    stage.do(tasks.claim, check, by=other)
    stage.do(tasks.reassign, check, Assignment("转办", organisation="prov-science"))
    with pytest.raises(SeatRefused):
        stage.do(tasks.claim, check)
    with transaction(stage.sessions) as session:  # as an operator of a diagram hands it over
        session.execute(update(Task).where(Task.id == check).values(assignee=stage.actor.id))
    with pytest.raises(SeatRefused):
        stage.complete(instance, "T32_check")


def test_what_was_done_before_an_earlier_document_was_sealed_no_longer_counts(stage, other):
    again = DRAFTED.replace("T32_draft_2", "T36_check").replace("再拟", "省府办核稿")
    instance = stage.play(again)
    stage.complete(instance, "T32_draft")
    stage.do(tasks.complete, stage.task(instance, "T32_check"), {}, by=other)
    stage.complete(instance, "T32_seal")
    stage.complete(instance, "T36_check")
    assert stage.state(instance) == "finished"


def test_the_officer_of_a_unit_does_not_handle_an_objection_to_it_in_another_instance(stage, actor):
    handled = start() + step("look_into", "调查", "OBJ_HANDLER") + end("e") + way("s look_into e")
    officer = start() + step("work", "经办", "PRV_OFFICER") + end("e") + way("s work e")
    stage.deploy(officer=officer, objection=handled)
    seat(stage, stage.actor, "OBJ_HANDLER")
    mixed = actor("jingban")
    first, same, elsewhere = stage.start("officer"), stage.start("objection"), stage.start("objection")
    with transaction(stage.sessions) as session:
        for instance, unit in ((first, "339921"), (same, "339921"), (elsewhere, "339922")):
            session.execute(update(Instance).where(Instance.id == instance).values(subject=unit))
    stage.complete(first, "work")
    with pytest.raises(SeatRefused):
        stage.do(tasks.claim, stage.task(same, "look_into"), by=mixed)
    stage.do(tasks.complete, stage.task(elsewhere, "look_into"), {}, by=mixed)


def measured(stage, round_, unit):
    """Let the round that an instance holds have measured a unit."""
    with transaction(stage.sessions) as session:
        about = {"programme": "small", "kind": "pilot", "year": 2026, "indicator_set": "S", "set_digest": "0"}
        frozen = {"set_rows": [], "state": RoundState.OPEN, "opened_on": date(2026, 3, 2)}
        session.add(Round(id="pilot-2026", instance=round_, **about, **frozen))
        session.flush()
        case = {"case_id": f"{unit}-2026", "level": "county", "indicator_set": "S", "set_digest": "0", "total": 80}
        done = {"gates_met": True, "sheet": {}, "digest": "0", "made_at": clock.now()}
        session.add(ScoreSheet(id=uuid4(), programme="small", round="pilot-2026", unit=unit, **case, **done))


def test_the_officer_of_a_round_does_not_handle_an_objection_to_a_unit_that_it_measured(stage, actor):
    """What is done in a round is done for every unit of its list, in both directions."""
    handled = start() + step("look_into", "调查", "OBJ_HANDLER") + end("e") + way("s look_into e")
    officer = start() + step("list", "拟名单", "PRV_OFFICER") + step("again", "重拟", "PRV_OFFICER") + end("e")
    stage.deploy(officer=officer + way("s list again e"), objection=handled)
    seat(stage, stage.actor, "OBJ_HANDLER")
    mixed, second = actor("jingban"), actor("jingban2")
    round_, same, elsewhere = stage.start("officer"), stage.start("objection"), stage.start("objection")
    with transaction(stage.sessions) as session:
        for instance, unit in ((same, "339921"), (elsewhere, "339922")):
            session.execute(update(Instance).where(Instance.id == instance).values(subject=unit))
    measured(stage, round_, "339921")
    stage.do(tasks.complete, stage.task(round_, "list"), {}, by=mixed)
    with pytest.raises(SeatRefused):
        stage.do(tasks.claim, stage.task(same, "look_into"), by=mixed)
    stage.do(tasks.complete, stage.task(elsewhere, "look_into"), {}, by=mixed)
    seat(stage, second, "OBJ_HANDLER")
    second = actor("jingban2")
    stage.do(tasks.complete, stage.task(same, "look_into"), {}, by=second)
    with pytest.raises(SeatRefused):
        stage.do(tasks.claim, stage.task(round_, "again"), by=second)


def test_a_step_that_no_rule_names_costs_no_statement(stage, actor):
    seat(stage, stage.actor, "ARCHIVIST")
    stage.actor = actor("jingban")
    counts = []
    for body, element in ((PLAIN, "look"), (PLAIN.replace("look", "T32_check"), "T32_check")):
        instance = stage.play(body)
        found = stage.task(instance, element)
        counts.append(statements(stage, lambda task=found: stage.do(tasks.complete, task, {})))
    assert counts[1] == counts[0] + 1 + 1  # each rule that names the step asks once: drafting, and signing


def test_a_person_may_look_at_what_they_may_not_do(stage):
    instance = stage.play(DRAFTED)
    stage.complete(instance, "T32_draft")
    assert stage.do(tasks.show, stage.task(instance, "T32_check")).row.name == "核稿"


def test_a_file_of_rules_that_cannot_be_read_is_refused(monkeypatch, tmp_path):
    file = tmp_path / "independence.toml"
    file.write_text('[[apart]]\nfirst = ["a"]\n')
    monkeypatch.setattr(independence, "RULES", file)
    independence._statutes.cache_clear()
    try:
        with pytest.raises(SettingsRefused):
            independence.sealed("a", ())
    finally:
        independence._statutes.cache_clear()


def test_somebody_unknown_holds_nothing(stage):
    instance = stage.play(DRAFTED)
    task = stage.task(instance, "T32_draft")
    with transaction(stage.sessions) as session:
        independence.admit(session, uuid4(), independence.Place(task, instance, "T32_draft", "PRV_OFFICER"))
    assert stage.one(select(Task.state).where(Task.id == task)) is TaskState.OPEN


def test_the_list_of_what_may_be_claimed_says_what_is_closed_to_whom(stage, other):
    """What the list says is what claiming does, in one query for the page, and none where no rule names a step."""
    stage.deploy(p=DRAFTED, q=PLAIN)
    cases = [stage.start("p") for _ in range(3)]
    for case, person in zip(cases, (None, None, other), strict=True):
        draft = stage.task(case, "T32_draft")
        stage.do(tasks.claim, draft, by=person)
        stage.do(tasks.complete, draft, {}, by=person)
    for person, mine in ((stage.actor, set(cases[:2])), (other, {cases[2]})):
        rows = stage.do(inbox.claimable, by=person).rows
        assert {row.instance for row in rows if row.closed} == mine
        for row in rows:
            if row.closed:
                assert "拟稿" in row.closed["zh"]
                with pytest.raises(SeatRefused) as refusal:
                    stage.do(tasks.claim, row.id, by=person)
                assert refusal.value.facts["why"] == row.closed
        assert stage.do(inbox.counts, by=person)["claimable"] == len(rows) == len(cases)
    several = statements(stage, lambda: stage.do(inbox.claimable))
    for case in cases[:2]:
        stage.do(tasks.claim, stage.task(case, "T32_check"), by=other)
    assert statements(stage, lambda: stage.do(inbox.claimable)) == several
    stage.do(tasks.claim, stage.task(cases[2], "T32_check"))
    stage.start("q")
    archivist = load(stage, "dangan")
    [row] = stage.do(inbox.claimable, by=archivist).rows
    assert row.closed is None


def load(stage, login):
    with transaction(stage.sessions) as session:
        return identity.load(session, login)
