"""A person's lists: every task on one page and on one only, found by what people remember, right after every act."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest

from engine import clock, copies, identity, inbox, signs, substitutions, tasks, urges
from engine.clock import CIVIL
from engine.db import transaction
from engine.errors import NotFound
from engine.filters import Due, Sort, Wanted
from engine.tables import SignKind, Task
from tests.support import pile

FRIDAY = datetime(2026, 3, 6, 10, tzinfo=CIVIL)
SORTS = [(sort, descending) for sort in Sort for descending in (False, True)]


@pytest.fixture
def work(sessions, tmp_path):
    """Give a heap of nineteen decisions that wait for any officer, spread over days and units."""
    clock.travel(FRIDAY)
    pile.deploy(sessions, tmp_path / "pile")
    heap = pile.heap(sessions, 19)
    pile.spread(sessions, heap)
    return heap


@pytest.fixture
def officer(sessions):
    with transaction(sessions) as session:
        return identity.load(session, "jingban")


def read(sessions, verb, actor, *given):
    with transaction(sessions) as session:
        return verb(session, actor, *given)


def paged(sessions, verb, actor, wanted, size=4):
    """Return every row of a list, read page by page."""
    found, cursor = [], None
    while True:
        page = read(sessions, verb, actor, cursor, size, wanted)
        found += page.rows
        cursor = page.next
        if cursor is None:
            return found


def key(row, sort):
    late = datetime.max.replace(tzinfo=UTC)
    told = {
        Sort.DUE: row.due_at or late,
        Sort.WHEN: row.asked_at or row.created_at,
        Sort.UNIT: row.subject or "~",
        Sort.NAME: row.name,
        Sort.PRIORITY: (not row.urged, row.due_at or late),
    }
    return told[sort]


def test_each_task_is_on_one_page_whatever_the_list_is_sorted_by(sessions, work, officer):
    for task in work[3:6]:
        pile.change(sessions, task, name=f"另一环节{task}")
        read(sessions, urges.urge, lead(sessions), task, "请抓紧")
    for sort, descending in SORTS:
        rows = paged(sessions, inbox.claimable, officer, Wanted(sort=sort, descending=descending))
        assert sorted(row.id for row in rows) == sorted(work), (sort, descending)
        in_order(rows, sort, descending=descending)


def test_tasks_and_signs_stand_in_one_order(sessions, work, officer):
    other = load(sessions, "jingban2")
    for number, task in enumerate(work[:9]):
        read(sessions, tasks.claim, officer if number % 2 else other, task)
    asking = signs.Asking(kind=SignKind.BEFORE, people=[officer.id], reason="请把关")
    asked = [sign for task in work[:9:2] for sign in read(sessions, signs.ask, other, task, asking)]
    for sort, descending in SORTS:
        rows = paged(sessions, inbox.mine, officer, Wanted(sort=sort, descending=descending), 3)
        assert sorted(row.id for row in rows) == sorted(work[:9]), (sort, descending)
        assert sorted(row.sign for row in rows if row.kind == "sign") == sorted(asked)
        assert {row.asked_by for row in rows if row.kind == "sign"} == {"邓经办"}
        in_order(rows, sort, descending=descending)


def in_order(rows, sort, *, descending):
    """Check the order of the rows that have what they are sorted by, and that the others come last."""
    has = {Sort.DUE: lambda row: row.due_at, Sort.UNIT: lambda row: row.subject}.get(sort, lambda _: True)
    placed = [row for row in rows if has(row)]
    assert rows[: len(placed)] == placed, (sort, descending)
    keys = [key(row, sort) for row in placed]
    assert keys == sorted(keys, reverse=descending), (sort, descending)


def test_what_is_done_is_listed_the_latest_first_on_one_page_each(sessions, work, officer):
    for minute, task in enumerate(work[:6]):
        clock.travel(FRIDAY + timedelta(minutes=minute))
        read(sessions, tasks.complete, officer, task, {"decision": "agree"})
    rows = paged(sessions, inbox.done, officer, Wanted(), 2)
    assert [row.id for row in rows] == work[5::-1]
    by_unit = paged(sessions, inbox.done, officer, Wanted(sort=Sort.UNIT), 2)
    assert [row.subject for row in by_unit] == ["339900"] + ["339921"] * 2 + ["339922"] * 2 + [None]


def test_a_cursor_of_another_order_or_of_nobody_is_refused(sessions, work, officer):
    page = read(sessions, inbox.claimable, officer, None, 4, Wanted(sort=Sort.DUE))
    for cursor in (page.next, "bm9uc2Vuc2U", "WzEsMiwzXQ"):
        with pytest.raises(NotFound):
            read(sessions, inbox.claimable, officer, cursor, 4, Wanted(sort=Sort.NAME))


def test_people_find_work_by_what_they_remember(sessions, work, officer):
    def found(text):
        return {row.title for row in paged(sessions, inbox.claimable, officer, Wanted(text=text))}

    case = read(sessions, lambda session, _: session.get(Task, work[6]).instance, None)
    assert found("第06号") == {"第06号申请"}
    assert found("云溪") == {f"第{number:02d}号申请" for number in range(0, 19, 4)}
    assert found("云溪 第08号") == {"第08号申请"}
    assert found("339922") == {f"第{number:02d}号申请" for number in range(1, 19, 4)}
    assert found(str(case)[:12]) == {"第06号申请"}
    assert len(found("审查材料")) == 19
    assert found("100%") == found("_") == found("没有") == set()


def test_a_search_shows_nobody_what_is_not_theirs(sessions, work, officer):
    stranger = load(sessions, "yiyi")
    for verb in (inbox.mine, inbox.claimable, inbox.done, inbox.started, inbox.copies):
        assert read(sessions, verb, stranger, None, 50, Wanted(text="申请")).rows == []
    read(sessions, tasks.claim, officer, work[0])
    assert work[0] not in {row.id for row in paged(sessions, inbox.claimable, load(sessions, "jingban2"), Wanted())}


def test_deadlines_are_asked_for_in_working_days(sessions, work, officer):
    monday, tuesday = (datetime(2026, 3, day, 15, 59, 59, tzinfo=UTC) for day in (9, 10))
    for task, due in zip(work[:4], (FRIDAY - timedelta(hours=1), monday, tuesday, None), strict=True):
        pile.change(sessions, task, due_at=due, name="看期限")

    def found(due, days=3):
        wanted = Wanted(text="看期限", due=due, days=days)
        return [row.id for row in read(sessions, inbox.claimable, officer, None, 50, wanted).rows]

    assert found(Due.OVERDUE) == work[:1]
    assert found(Due.SOON, 1) == work[1:2]
    assert found(Due.SOON, 2) == work[1:3]
    assert found(Due.SOON, 0) == []
    assert found(Due.NONE) == work[3:4]


def test_lists_are_narrowed_by_step_process_programme_organisation_and_day(sessions, work, officer):
    filler = load(sessions, "tianbao")
    written = pile.heap(sessions, 2, "write")
    pile.change(sessions, written[0], created_at=FRIDAY - timedelta(days=30))

    def ids(**asked):
        return [row.id for row in read(sessions, inbox.claimable, filler, None, 50, Wanted(**asked)).rows]

    assert (
        set(ids())
        == set(ids(element="fill"))
        == set(ids(process="write"))
        == set(ids(programme="pile"))
        == set(written)
    )
    assert set(ids(organisation="yunxi-science")) == set(written)
    assert ids(element="check") == ids(process="weigh") == ids(programme="other") == ids(organisation="x") == []
    assert ids(since=date(2026, 3, 6)) == written[1:]


def test_urged_work_comes_first_and_says_so(sessions, work, officer):
    last = read(sessions, inbox.claimable, officer).rows[-1]
    read(sessions, urges.urge, lead(sessions), last.id, "请抓紧")
    first = read(sessions, inbox.claimable, officer, None, 50, Wanted(sort=Sort.PRIORITY)).rows[0]
    assert (first.id, first.urged, first.priority) == (last.id, True, "urged")


def test_who_stands_in_sees_the_work_of_whom_they_stand_in_for(sessions, work, officer):
    stand_in = load(sessions, "jingban2")
    read(sessions, tasks.claim, officer, work[0])
    assert read(sessions, inbox.mine, stand_in).rows == []
    wanted = substitutions.Appointment(
        substitute=stand_in.id, since=FRIDAY.date(), until=date(2026, 3, 20), reason="出差"
    )
    read(sessions, substitutions.appoint, officer, wanted)
    [row] = read(sessions, inbox.mine, load(sessions, "jingban2")).rows
    assert (row.id, row.assignee) == (work[0], officer.id)
    assert read(sessions, inbox.counts, load(sessions, "jingban2"))["mine"] == 1


def test_whoever_starts_a_case_sees_where_it_stands_and_who_has_it(sessions, work, officer):
    [task] = pile.heap(sessions, 1, by=officer)
    read(sessions, tasks.claim, load(sessions, "jingban2"), task)
    [case] = read(sessions, inbox.started, officer).rows
    [waiting] = case.waiting
    assert (case.title, case.state, waiting.assignee_name) == ("第00号申请", "running", "邓经办")
    read(sessions, tasks.complete, load(sessions, "jingban2"), task, {"decision": "agree"})
    [case] = read(sessions, inbox.started, officer).rows
    assert [(one.name, one.assignee_name) for one in case.waiting] == [("登记结果", None)]
    assert read(sessions, inbox.started, load(sessions, "jingban2")).rows == []


def test_a_case_with_many_tasks_names_a_few(sessions, work, officer):
    [task] = pile.heap(sessions, 1, by=officer)
    with transaction(sessions) as session:
        one = session.get(Task, task)
        for number in range(6):
            shared = {"instance": one.instance, "element": "check", "role": one.role, "state": one.state}
            session.add(Task(id=uuid4(), name=f"第{number}件", created_at=clock.now(), **shared))
    [case] = read(sessions, inbox.started, officer).rows
    assert (len(case.waiting), case.further) == (4, 3)


def test_copies_are_counted_until_they_are_read(sessions, work, officer):
    reader = load(sessions, "jingban2")
    case = read(sessions, lambda session, _: session.get(Task, work[0]).instance, None)
    read(sessions, tasks.claim, officer, work[0])
    [copy] = read(sessions, copies.send, officer, case, copies.Sending([reader.id], "供参考"))
    [row] = read(sessions, inbox.copies, reader, None, 50, Wanted(text="第00号")).rows
    assert (row.id, row.note, row.sender, row.read_at) == (copy, "供参考", "蒋经办", None)
    assert read(sessions, inbox.counts, reader)["copies"] == 1
    read(sessions, copies.read, reader, copy)
    assert read(sessions, inbox.counts, reader)["copies"] == 0
    assert read(sessions, inbox.copy, reader, copy).read_at is not None
    with pytest.raises(NotFound):
        read(sessions, inbox.copy, officer, copy)


def test_after_every_act_lists_and_counts_say_the_same(sessions, work, officer):
    def told():
        counted = read(sessions, inbox.counts, officer)
        verbs = {"mine": inbox.mine, "claimable": inbox.claimable, "done": inbox.done}
        assert {name: len(read(sessions, verb, officer, None, 50).rows) for name, verb in verbs.items()} == {
            name: counted[name] for name in verbs
        }
        return counted["mine"], counted["claimable"], counted["done"]

    assert told() == (0, 19, 0)
    read(sessions, tasks.claim, officer, work[0])
    assert told() == (1, 18, 0)
    read(sessions, tasks.release, officer, work[0])
    assert told() == (0, 19, 0)
    read(sessions, tasks.complete, officer, work[0], {"decision": "agree"})
    assert told() == (0, 18, 1)


def load(sessions, login):
    with transaction(sessions) as session:
        return identity.load(session, login)


def lead(sessions):
    """Return somebody who keeps the service going and may press for any task."""
    return load(sessions, "admin")
