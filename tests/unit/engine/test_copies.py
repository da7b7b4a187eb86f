"""A case is told to colleagues for information: they see it, may mark it read, and do nothing in it."""

from uuid import uuid4

import pytest
from sqlalchemy import select

from engine import copies, instances, tasks
from engine.copies import Sending
from engine.errors import ColleagueRefused, NotAllowed, NotFound
from engine.tables import CarbonCopy, Event
from tests.support.shapes import end, start, user, way
from tests.support.stage import Stage

BODY = start() + user("a", role="APP_FILL") + user("b", role="PRV_INTAKE") + end("e") + way("s a b e")


@pytest.fixture
def stage(sessions, tmp_path):
    return Stage(sessions, tmp_path / "drawn")


@pytest.fixture
def filler(actor):
    return actor("tianbao")


@pytest.fixture
def chief(actor):
    return actor("xianzhang")


def test_a_colleague_who_was_told_sees_the_case_and_its_copy_and_marks_it_read_once(stage, filler, chief):
    instance = stage.play(BODY)
    with pytest.raises(NotFound):
        stage.do(instances.show, instance, by=chief)
    task = stage.task(instance, "a")
    (copy,) = stage.do(copies.send, instance, Sending([chief.id, chief.id], " 请知悉 ", task), by=filler)
    assert stage.do(instances.show, instance, by=chief).row.id == instance
    (row,) = stage.do(copies.listing, by=chief).rows
    assert (row.id, row.sender_name, row.note, row.task_name, row.read_at) == (copy, "何填报", "请知悉", "a", None)
    stage.do(copies.read, copy, by=chief)
    (first,) = stage.do(copies.listing, by=chief).rows
    stage.do(copies.read, copy, by=chief)
    (sent,) = stage.do(copies.sent, instance, by=filler)
    assert first.read_at == sent.read_at
    assert first.read_at is not None
    assert stage.one(select(Event.data).where(Event.kind == "case.copied"))["people"] == ["林县长"]
    with pytest.raises(NotFound):
        stage.do(tasks.complete, task, {}, by=chief)


def test_a_copy_is_read_by_the_one_it_was_sent_to(stage, filler, chief, actor):
    instance = stage.play(BODY)
    (copy,) = stage.do(copies.send, instance, Sending([chief.id]), by=filler)
    for person in (filler, actor("shuju")):
        with pytest.raises(NotFound):
            stage.do(copies.read, copy, by=person)
    with pytest.raises(NotFound):
        stage.do(copies.read, uuid4(), by=chief)
    assert stage.do(copies.listing, by=filler).rows == []
    assert stage.do(copies.sent, instance, by=chief) == []


def test_only_colleagues_and_those_who_did_a_step_are_told(stage, filler, actor):
    instance = stage.play(BODY)
    clerk = actor("shouli")
    for people in ([clerk.id], [uuid4()], [filler.id], [], [uuid4() for _ in range(copies.MOST + 1)]):
        with pytest.raises(ColleagueRefused):
            stage.do(copies.send, instance, Sending(people), by=filler)
    assert stage.all(select(CarbonCopy.id)) == []
    stage.do(tasks.complete, stage.task(instance, "a"), {}, by=filler)
    stage.do(tasks.complete, stage.task(instance, "b"), {}, by=clerk)
    assert len(stage.do(copies.send, instance, Sending([clerk.id]), by=filler)) == 1
    names = [one.name for one in stage.do(copies.candidates, by=filler)]
    assert "林县长" in names
    assert "何填报" not in names


def test_whoever_takes_no_part_in_a_case_sends_no_copy_of_it(stage, actor, chief, filler):
    instance = stage.play(BODY)
    for person in (chief, actor("qiming")):
        with pytest.raises(NotFound):
            stage.do(copies.send, instance, Sending([filler.id]), by=person)
    with pytest.raises(NotFound):
        stage.do(copies.send, uuid4(), Sending([filler.id]))
    other = stage.start("p")
    with pytest.raises(NotFound):
        stage.do(copies.send, instance, Sending([chief.id], "", stage.task(other, "a")), by=filler)


def test_a_step_that_is_not_to_be_told_of_is_not(stage, filler, chief):
    instance = stage.play(BODY.replace('id="a"', 'id="a" icity:actions="transfer"'))
    with pytest.raises(NotAllowed):
        stage.do(copies.send, instance, Sending([chief.id], "", stage.task(instance, "a")), by=filler)


def test_long_lists_of_copies_come_page_by_page_the_latest_first(stage, filler, chief):
    instance = stage.play(BODY)
    sent = [stage.do(copies.send, instance, Sending([chief.id], str(n)), by=filler)[0] for n in range(3)]
    page = stage.do(copies.listing, None, 2, by=chief)
    rest = stage.do(copies.listing, page.next, 2, by=chief)
    assert [row.id for row in [*page.rows, *rest.rows]] == sent[::-1]
    assert rest.next is None
