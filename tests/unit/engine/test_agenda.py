"""A person's agenda and its feed: what is on it, on which civil day, and for whose eyes."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import event

from engine import agenda, clock, feeds, identity, units
from engine.agenda import Kind
from engine.clock import CIVIL
from engine.errors import NotFound
from engine.tables import (
    Deployment,
    DocumentState,
    Event,
    Feed,
    Instance,
    InstanceState,
    OfficialDocument,
    Reminder,
    Round,
    RoundState,
    Task,
    TaskState,
    Timer,
)

NOW = datetime(2024, 5, 6, 2, tzinfo=UTC)
MAY = (date(2024, 5, 1), date(2024, 5, 31))
YUNXI, SHIQIAO = "339921", "339922"


def at(text):
    return datetime.fromisoformat(f"{text}+08:00")


@pytest.fixture
def register(session):
    clock.travel(NOW)
    units.seed(session)
    session.add(Deployment(digest="d", programme="p", number=1, deployed_at=NOW, deployed_by="a test"))
    session.flush()
    return session


@pytest.fixture
def head(session):
    return identity.load(session, "xianzhang")


@pytest.fixture
def officer(session):
    return identity.load(session, "jingban")


def case(session, unit=YUNXI):
    row = Instance(
        id=uuid4(), programme="p", deployment="d", process="p", subject=unit, title="云溪县的事项", version=1,
        envelope=b"", state=InstanceState.RUNNING, started_at=NOW,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def task(session, due_at, **more):
    given = {"instance": case(session).id, "state": TaskState.OPEN, "created_at": NOW, "name": "填报", **more}
    row = Task(id=uuid4(), element="t", due_at=due_at, **given)
    session.add(row)
    session.flush()
    return row


def wakes(session, unit, due_at, told="P6M"):
    token, instance = uuid4(), case(session, unit)
    session.add(Timer(instance=instance.id, task=token, element="every_two_years", due_at=due_at))
    session.add(
        Reminder(
            instance=instance.id, task=token, element="every_two_years", kind=told, remind_at=due_at, due_at=due_at,
            roles=[],
        )
    )  # fmt: skip
    session.flush()
    return token


def notice(session, since, until, number, state=DocumentState.ISSUED):
    session.add(
        OfficialDocument(
            id=uuid4(), programme="p", kind="public_notice", organ="浙科公示", year=2024, serial=number,
            number=f"浙科公示〔2024〕{number}号", title="关于试点的公示", facts={"given": {"from": since, "to": until}},
            template="x", state=state, issued_on=date(2024, 5, 6), addressees=[], retention="Y",
        )
    )  # fmt: skip
    session.flush()


def told(session, actor, first=MAY[0], last=MAY[1]):
    return agenda.between(session, actor, first, last)


def test_deadline_ends_with_its_civil_day_and_is_told_as_that_day(register, head):
    row = task(register, at("2024-05-08T23:59:59"), assignee=head.id, provisional=True)
    (entry,) = told(register, head)
    assert (entry.kind, entry.day, entry.at, entry.key) == (Kind.TASK, date(2024, 5, 8), None, f"task-{row.id}")
    assert (entry.name, entry.title, entry.provisional, entry.unit) == ("填报", "云溪县的事项", True, YUNXI)


def test_deadline_within_a_day_keeps_its_hour(register, head):
    task(register, at("2024-05-08T17:30"), assignee=head.id)
    (entry,) = told(register, head)
    assert (entry.day, entry.at.astimezone(CIVIL).hour) == (date(2024, 5, 8), 17)


def test_free_work_of_my_seat_is_mine_to_claim_and_that_of_others_is_not(register, head, officer):
    task(register, at("2024-05-08T23:59:59"), role="APP_LEAD", organisation="yunxi-government")
    task(register, at("2024-05-09T23:59:59"), role="APP_LEAD", organisation="yunxi-science")
    task(register, at("2024-05-10T23:59:59"), role="APP_LEAD")
    task(register, at("2024-05-10T23:59:59"), assignee=officer.id, role="PRV_OFFICER")
    assert [(entry.kind, entry.day.day) for entry in told(register, head)] == [(Kind.FREE, 8), (Kind.FREE, 10)]
    assert [entry.kind for entry in told(register, officer)] == [Kind.TASK]


def test_work_that_is_done_or_withdrawn_has_no_deadline_any_more(register, head):
    for state in (TaskState.COMPLETED, TaskState.CANCELLED):
        task(register, at("2024-05-08T23:59:59"), assignee=head.id, state=state)
    assert told(register, head) == []


def test_days_are_those_of_asia_shanghai_at_both_ends(register, head):
    task(register, at("2024-05-01T00:00"), assignee=head.id)
    task(register, at("2024-05-31T23:59:59"), assignee=head.id)
    task(register, at("2024-04-30T23:59:59"), assignee=head.id)
    task(register, at("2024-06-01T00:00"), assignee=head.id)
    assert [entry.day for entry in told(register, head)] == [date(2024, 5, 1), date(2024, 5, 31)]


def test_round_opens_and_is_published_on_its_days(register, head):
    given = {"indicator_set": "S", "set_digest": "x", "set_rows": [], "programme": "p"}
    days = {"opened_on": date(2024, 5, 2), "closed_on": date(2024, 5, 20), "published_on": date(2024, 5, 20)}
    register.add(Round(id="pilot-2024", kind="pilot", year=2024, state=RoundState.PUBLISHED, **days, **given))
    off = {"opened_on": date(2024, 5, 3), "state": RoundState.CANCELLED}
    register.add(Round(id="annual-2024", kind="annual", year=2024, **off, **given))
    register.flush()
    assert [(entry.what, entry.day.day) for entry in told(register, head)] == [("opened", 2), ("published", 20)]


def test_notice_lasts_for_its_period_and_a_long_one_begins_and_ends(register, head):
    notice(register, "2024-05-08", "2024-05-14", 1)
    notice(register, "2024-05-02", "2024-12-31", 2)
    notice(register, "2024-05-08", "2024-05-14", 3, DocumentState.VOID)
    notice(register, "gestern", "morgen", 4)
    found = [(entry.what, entry.day, entry.until) for entry in told(register, head)]
    assert found == [
        ("begins", date(2024, 5, 2), date(2024, 5, 2)),
        ("", date(2024, 5, 8), date(2024, 5, 14)),
    ]
    ends = told(register, head, date(2024, 12, 1), date(2024, 12, 31))
    assert [(entry.what, entry.day) for entry in ends] == [("ends", date(2024, 12, 31))]


def test_period_that_began_before_is_told_while_it_lasts(register, head):
    notice(register, "2024-04-28", "2024-05-04", 1)
    (entry,) = told(register, head)
    assert (entry.day, entry.until) == (date(2024, 4, 28), date(2024, 5, 4))


def test_measurements_are_told_of_the_units_that_one_may_read_of(register, head, officer):
    token = wakes(register, YUNXI, at("2024-05-15T00:00"))
    wakes(register, SHIQIAO, at("2024-05-16T00:00"))
    wakes(register, YUNXI, at("2024-05-17T00:00"), told="before")
    (own,) = told(register, head)
    assert (own.kind, own.day, own.at, own.key) == (Kind.DATE, date(2024, 5, 15), None, f"date-{token}-every_two_years")
    assert [entry.unit for entry in told(register, officer)] == [YUNXI, SHIQIAO]


def test_span_of_centuries_is_cut(register, head):
    task(register, at("2024-05-08T23:59:59"), assignee=head.id)
    task(register, at("2044-05-08T23:59:59"), assignee=head.id)
    assert len(told(register, head, date(2024, 1, 1), date(2400, 1, 1))) == 1


def test_feed_is_found_by_its_secret_alone_and_keeps_only_a_digest(register, head):
    secret = feeds.renew(register, head)
    assert feeds.reader(register, secret).login == "xianzhang"
    (kept,) = register.query(Feed).all()
    assert (secret in kept.digest, len(kept.digest), kept.made_at) == (False, 64, feeds.made_at(register, head))
    for wrong in ("", secret[:-1], secret.upper(), kept.digest, "\udcff"):
        with pytest.raises(NotFound):
            feeds.reader(register, wrong)


def test_renewed_address_ends_the_one_before(register, head, officer):
    other, first = feeds.renew(register, officer), feeds.renew(register, head)
    second = feeds.renew(register, head)
    with pytest.raises(NotFound):
        feeds.reader(register, first)
    assert (feeds.reader(register, second).login, feeds.reader(register, other).login) == ("xianzhang", "jingban")


def test_revoked_address_is_answered_no_more_and_nobody_elses_ends(register, head, officer):
    other, secret = feeds.renew(register, officer), feeds.renew(register, head)
    feeds.revoke(register, head)
    feeds.revoke(register, head)
    with pytest.raises(NotFound):
        feeds.reader(register, secret)
    assert (feeds.made_at(register, head), feeds.reader(register, other).login) == (None, "jingban")
    kinds = [row.kind for row in register.query(Event).filter(Event.actor == head.id).order_by(Event.id)]
    assert kinds == ["feed.made", "feed.ended"]


def test_feed_of_a_disabled_account_is_not_found(register, head):
    secret = feeds.renew(register, head)
    identity.set_active(register, "xianzhang", False)
    with pytest.raises(NotFound):
        feeds.reader(register, secret)


def test_agenda_takes_four_statements(register, head):
    for number in range(5):
        task(register, at("2024-05-08T23:59:59") + timedelta(days=number), assignee=head.id)
        wakes(register, YUNXI, at("2024-05-15T00:00"))
    statements = []
    event.listen(register.get_bind(), "before_cursor_execute", lambda *given: statements.append(given[2]))
    assert len(told(register, head)) == 10
    assert len(statements) == 4
