"""Notices: who is told of what, in which words, when and over which channel; each thing once, whatever dies."""

from datetime import datetime, time, timedelta
from threading import Thread

import pytest
from sqlalchemy import func, select, update

from engine import bundle, clock, events, instances, preferences, processes, substitutions, tasks, units
from engine.bpmn.lint import Strictness
from engine.clock import CIVIL
from engine.db import transaction
from engine.domain import drafting, starters
from engine.domain.channels import Channel
from engine.domain.sealing import key_of
from engine.errors import AnswersRefused, SettingsRefused
from engine.events import Kind
from engine.notices import choices, contacts, desk, making, rules, sending
from engine.notices.choices import Choice
from engine.notices.sending import Fate, Outcome
from engine.settings import ROOT
from engine.substitutions import Appointment
from engine.tables import Contact, Event, Sending, SendingState, Task

MORNING = datetime(2026, 3, 2, 10, tzinfo=CIVIL)
KEY = key_of("a secret of the tests")
PURPOSE = rules.load().purposes["near"]


@pytest.fixture
def case(sessions, actor):
    """Give a county's case, whose first task waits for whoever signs."""
    clock.travel(MORNING)
    wanted = instances.Application(
        "innovative-city", "lifecycle", "云溪县创建", "339921", "yunxi-government", {"unit": "339921"}
    )
    with transaction(sessions) as session:
        units.seed(session)
        processes.deploy(session, ROOT / "workflows" / "innovative-city", "tests")
    with transaction(sessions) as session:
        return instances.start(session, actor("xianzhang"), wanted)


def make(sessions):
    with transaction(sessions) as session:
        fresh = events.unpublished(session, 500)
        made = making.make(session, fresh, frozenset(Channel))
        events.mark_published(session, [one.id for one in fresh])
        return made


def mine(sessions, person):
    with transaction(sessions) as session:
        return desk.listing(session, person).rows


def reach(sessions, person, **addresses):
    with transaction(sessions) as session:
        for channel, address in addresses.items():
            contacts.keep(session, person, Channel(channel), address, KEY)


def claimed(sessions):
    with transaction(sessions) as session:
        return sending.claim(session, KEY)


def record(sessions, parcel, fate, said=""):
    with transaction(sessions) as session:
        sending.record(session, parcel, Outcome(fate, said))


def states(sessions):
    with transaction(sessions) as session:
        rows = session.execute(select(Sending.channel, Sending.state).order_by(Sending.id))
        return [(row.channel, row.state.value) for row in rows]


def happen(sessions, kind, **about):
    with transaction(sessions) as session:
        events.append(session, kind, **about)
    return make(sessions)


def test_whoever_may_take_a_task_is_told_of_it_once_in_their_language(sessions, actor, case):
    clerk = actor("xianzhang2")
    assert make(sessions) > 0
    assert make(sessions) == 0
    [told] = [one for one in mine(sessions, clerk) if one.purpose == "assigned"]
    assert told.subject.startswith("待办：")
    assert told.body.startswith("范副县长，您好：\n“云溪县创建")
    assert told.link.startswith("/tasks/")
    with transaction(sessions) as session:
        assert desk.unread(session, clerk) == 1
        assert desk.read(session, clerk, [told.id]) == 1
        assert desk.read(session, clerk) == 0
        assert desk.listing(session, clerk, "unread").rows == []
    assert mine(sessions, actor("hengce")) == []


def test_who_stands_in_is_told_as_well_and_who_did_it_is_not(sessions, actor, case):
    away, other = actor("xianzhang2"), actor("xianzhang")
    with transaction(sessions) as session:
        days = {"since": clock.today(), "until": clock.today() + timedelta(days=3)}
        task = session.scalar(select(Task.id).where(Task.instance == case, Task.role == "APP_LEAD"))
        tasks.claim(session, away, task)
        substitutions.appoint(session, away, Appointment(other.id, **days, reason="出差"))
    make(sessions)
    before = len(mine(sessions, other))
    happen(sessions, Kind.TASK_URGED, instance=case, task=task, actor=actor("jingban").id, data={"note": "请今天办完"})
    assert mine(sessions, away)[0].purpose == "urged"
    assert "请今天办完" in mine(sessions, away)[0].body
    assert len(mine(sessions, other)) == before + 1
    happen(sessions, Kind.TASK_URGED, instance=case, task=task, actor=away.id, data={"note": "我自己"})
    assert [one.purpose for one in mine(sessions, away)].count("urged") == 1


def test_a_reminder_goes_to_its_roles_the_unit_and_its_city(sessions, actor, case):
    make(sessions)
    due = datetime(2026, 9, 2, tzinfo=CIVIL).isoformat()
    needs = {"zh": "备齐材料", "en": "have it ready"}
    data = {"kind": "P6M", "roles": ["APP_LEAD", "CITY_FWD", "PRV_OFFICER"], "due_at": due, "needs": needs}
    happen(sessions, Kind.REMINDER_DUE, instance=case, element="every_two_years", data={**data, "organisation": None})
    for login in ("xianzhang", "zhuanbao", "jingban"):
        [told] = [one for one in mine(sessions, actor(login)) if one.purpose == "coming"]
        assert (told.subject, told.link) == ("云溪县：每两年将到期", f"/instances/{case}")
        assert "期限：2026-09-02。" in told.body
        assert "备齐材料" in told.body


def test_what_somebody_does_not_want_is_not_told(sessions, actor, case):
    clerk = actor("xianzhang2")
    with transaction(sessions) as session:
        preferences.choose(session, clerk, {"unwanted": ["assigned"]})
    make(sessions)
    assert mine(sessions, clerk) == []


def test_operators_are_told_of_a_silent_clock_and_a_broken_rule(sessions, actor):
    happen(sessions, Kind.CLOCK_SILENT, data={"part": "clock"})
    happen(sessions, Kind.INVARIANT_BROKEN, data={"text": {"zh": "步数不符", "en": "steps"}})
    rows = mine(sessions, actor("admin"))
    assert [(one.subject, one.urgent, one.link) for one in rows] == [
        ("系统运行：数据规则不符", True, "/operations"),
        ("系统运行：时钟停止响应", True, "/operations"),
    ]
    assert "步数不符" in rows[0].body


def test_a_programme_says_it_in_its_own_words(sessions, actor, monkeypatch):
    book, place = rules.load(), type("Place", (), {"deployment": "some"})
    own = b'[texts.assigned.zh]\nsubject = "own"\nbody = "own"\n'
    monkeypatch.setattr(processes, "load", lambda *_: type("Programme", (), {"files": {bundle.NOTICES: own}}))
    assert making._texts(None, book, place)["assigned"]["zh"]["subject"] == "own"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("[texts.assigned.zh", "无法读取"),
        ("texts = 1", "须为表"),
        ("[more]", "没有这一项，只有 texts"),
        ("[texts.near.zh]", "near：须同时写明中文（zh）和英文（en）"),
        ('[texts.x.zh]\nsubject = "{{secret}}"\nbody = "y"\n[texts.x.en]\nmore = 1', "没有 {{secret}} 这个填空"),
        ("[texts.x]\nzh = 1\nen = 2", "x.zh.subject：须为 1–200 个字"),
    ],
)
def test_faults_in_the_words_of_a_programme_are_findings(content, told):
    _read, findings = bundle.read({bundle.NOTICES: content.encode()}, (), Strictness.PROGRAMME)
    assert any(told in one["text"]["zh"] for one in findings if one["file"] == bundle.NOTICES)


def test_a_draft_begins_with_words_that_are_sound_and_fits_into_a_programme():
    path, content = starters.begin("notices", "", "any")
    assert (path, drafting.fits(path)) == (bundle.NOTICES, True)
    _read, findings = bundle.read({path: content}, (), Strictness.PROGRAMME)
    assert [one for one in findings if one["file"] == path] == []


def test_mail_goes_out_is_tried_again_and_at_last_another_channel_takes_over(sessions, actor):
    admin = actor("admin")
    reach(sessions, admin, mail="admin@example.test", feishu="a" * 20)
    happen(sessions, Kind.CLOCK_SILENT, data={})
    parcel = claimed(sessions)
    assert (parcel.channel, parcel.address, parcel.subject) == (
        Channel.MAIL,
        "admin@example.test",
        "系统运行：时钟停止响应",
    )
    assert claimed(sessions) is None
    record(sessions, parcel, Fate.FAILED, "451 later")
    assert claimed(sessions) is None
    for pause in sending.SCHEDULE:
        clock.travel(clock.now() + pause)
        again = claimed(sessions)
        assert again.key == parcel.key
        record(sessions, again, Fate.FAILED, "451 later")
    assert states(sessions) == [("mail", "failed"), ("feishu", "queued")]
    record(sessions, claimed(sessions), Fate.TAKEN)
    assert states(sessions)[-1] == ("feishu", "sent")
    with transaction(sessions) as session:
        [failed, sent] = reversed(desk.sendings(session).rows)
        assert (failed.person_name, failed.error, sent.channel) == ("系统管理员", "451 later", "feishu")
        assert desk.sendings(session, SendingState.QUEUED).rows == []
        assert sending.again(session, failed.id)
        assert not sending.again(session, sent.id)


def test_a_bounce_ends_the_address_and_the_next_channel_takes_over(sessions, actor):
    admin = actor("admin")
    reach(sessions, admin, mail="gone@example.test", sms="13900000000")
    with transaction(sessions) as session:
        preferences.choose(session, admin, {"channels": {"operations": ["mail"]}})
    happen(sessions, Kind.CLOCK_SILENT, data={})
    record(sessions, claimed(sessions), Fate.BOUNCED, "550 no such user")
    assert states(sessions) == [("mail", "bounced"), ("sms", "queued")]
    with transaction(sessions) as session:
        row = contacts.listing(session, admin, KEY)[0]
        assert (row.channel, row.bounce) == ("mail", "550 no such user")
        assert session.scalar(select(func.count()).where(Event.kind == "contact.bounced")) == 1
    happen(sessions, Kind.HANDS_SILENT, data={})
    assert states(sessions)[2:] == []
    reach(sessions, admin, mail="new@example.test", sms="")
    happen(sessions, Kind.CLOCK_SILENT, data={})
    assert states(sessions)[2:] == [("mail", "queued")]


def test_whoever_dies_with_a_letter_leaves_it_to_the_next_and_hands_do_not_meet(sessions, actor):
    for login in ("admin", "jingban"):
        reach(sessions, actor(login), mail=f"{login}@example.test")
    happen(sessions, Kind.CLOCK_SILENT, data={})
    taken = []
    hands = [Thread(target=lambda: taken.append(claimed(sessions))) for _ in range(5)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    [first] = [one for one in taken if one]
    clock.travel(clock.now() + sending.LEASE)
    second = claimed(sessions)
    assert second.key == first.key
    record(sessions, first, Fate.TAKEN)
    record(sessions, second, Fate.TAKEN)
    assert states(sessions) == [("mail", "sent")]


def test_what_was_read_at_the_desk_is_not_sent(sessions, actor, case):
    clerk = actor("xianzhang2")
    reach(sessions, clerk, mail="clerk@example.test")
    make(sessions)
    with transaction(sessions) as session:
        desk.read(session, clerk)
    assert claimed(sessions) is None
    assert {state for _, state in states(sessions)} == {"skipped"}


def test_a_digest_is_one_letter(sessions, actor, case):
    clerk = actor("xianzhang2")
    reach(sessions, clerk, mail="clerk@example.test")
    with transaction(sessions) as session:
        preferences.choose(session, clerk, {"digest": True})
    make(sessions)
    with transaction(sessions) as session:
        task = session.scalar(select(Task.id).where(Task.instance == case, Task.role == "APP_LEAD"))
    happen(sessions, Kind.DEADLINE_MOVED, instance=case, task=task, data={"due_at": MORNING.isoformat()})
    assert claimed(sessions) is None
    clock.travel(MORNING + timedelta(days=1))
    parcel = claimed(sessions)
    assert (parcel.subject, len(parcel.items), len(parcel.sendings)) == ("今日提醒汇总（2 条）", 2, 2)
    record(sessions, parcel, Fate.TAKEN)
    assert states(sessions) == [("mail", "sent"), ("mail", "sent")]


@pytest.mark.parametrize(
    ("choice", "hour", "told"),
    [
        (Choice(), 3, "03-02 03:00"),
        (Choice(quiet=(time(22), time(7))), 23, "03-03 07:00"),
        (Choice(quiet=(time(22), time(7))), 3, "03-02 07:00"),
        (Choice(quiet=(time(22), time(7))), 12, "03-02 12:00"),
        (Choice(quiet=(time(12), time(14))), 13, "03-02 14:00"),
        (Choice(digest=True), 9, "03-03 08:30"),
    ],
)
def test_quiet_hours_and_the_digest_are_civil_time(choice, hour, told):
    moment, digest = choice.moment(MORNING.replace(hour=hour), PURPOSE, Channel.MAIL)
    assert (moment.astimezone(CIVIL).strftime("%m-%d %H:%M"), digest) == (told, choice.digest)
    urgent = rules.load().purposes["overdue"]
    assert choice.moment(MORNING.replace(hour=hour), urgent, Channel.MAIL) == (MORNING.replace(hour=hour), False)


@pytest.mark.parametrize(
    ("channel", "address"), [("mail", "a b@c.de"), ("mail", "a@b\nBcc: x@y.z"), ("sms", "12"), ("wecom", "../x")]
)
def test_what_is_no_address_is_refused(session, actor, channel, address):
    with pytest.raises(AnswersRefused):
        contacts.keep(session, actor("admin"), Channel(channel), address, KEY)


def test_an_address_opens_with_our_key_and_for_its_person_alone(session, actor):
    contacts.keep(session, actor("admin"), Channel.MAIL, "a@example.test", KEY)
    assert b"example" not in session.scalar(select(Contact.address))
    assert contacts.listing(session, actor("admin"), key_of("another")) == []
    session.execute(update(Contact).values(person=actor("jingban").id))
    assert contacts.opened(session, actor("jingban").id, Channel.MAIL, KEY) is None


def test_preferences_take_channels_and_hours_that_there_are(session, actor):
    clerk = actor("xianzhang2")
    kept = preferences.choose(
        session, clerk, {"channels": {"near": ["sms"]}, "quiet": ["22:00", "07:00"], "digest": True}
    )
    assert (kept.channels, kept.digest) == ({"near": ["sms"]}, True)
    chosen = choices.of(session, {clerk.id})[clerk.id]
    assert (chosen.channels(PURPOSE), chosen.quiet) == ((Channel.SMS,), (time(22), time(7)))
    for wrong in (
        {"channels": {"near": ["pigeon"]}},
        {"quiet": ["25:00", "07:00"]},
        {"quiet": ["07:00", "07:00"]},
        {"digest": 1},
    ):
        with pytest.raises(AnswersRefused):
            preferences.choose(session, clerk, wrong)


def test_the_shipped_rules_know_every_purpose_that_people_choose():
    assert set(rules.load().purposes) == set(preferences.Notice)
    assert rules.DIGEST in rules.load().texts


@pytest.mark.parametrize(
    "tables",
    [
        {"rules": [{"event": "no.such", "purpose": "x", "text": "x", "to": ["holder"]}]},
        {"rules": [{"event": "task.created", "purpose": "x", "text": "x", "to": ["everybody"]}]},
        {"purposes": {"x": {"name": {"zh": "x"}, "channels": [], "urgent": True}}},
        {"texts": {"x": {"zh": {"subject": "{{secret}}", "body": "y"}, "en": {"subject": "x", "body": "y"}}}},
        {"texts": {"x": {"zh": {"subject": "", "body": "y", "more": "z"}, "en": {"subject": "x", "body": "y"}}}},
        {"texts": {"x": {"zh": {"subject": "x", "body": "y"}}}},
        {"more": 1},
    ],
)
def test_faulty_rules_are_refused(tables):
    with pytest.raises(SettingsRefused):
        rules.read(tables)
