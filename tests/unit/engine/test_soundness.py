"""The look at the invariants: a sound database passes; whatever is spoilt in it is told, once, with its instance."""

from hashlib import sha256
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from engine import clock, identity, invariants, messages, runtime, soundness, tasks
from engine.bpmn import codec
from engine.bpmn.execution import Execution
from engine.db import Sessions, transaction
from engine.settings import ROOT
from engine.tables import Instance
from server import duties, watch
from tests.support import programme, shapes
from tests.support.diagrams import flows
from webhooks import outbound, reach
from webhooks import soundness as deliveries
from webhooks.outbound import Wish
from webhooks.posting import Answer, Fence

FENCE = Fence(loopback=True, hosts=frozenset())
PAGE = ROOT / "docs" / "explanation" / "soundness.md"

TASK = '<startEvent id="s"/><userTask id="do" name="办理" icity:role="PRV_OFFICER"/><endEvent id="e"/>'
WORK = TASK + flows(("s", "do"), ("do", "e"))
EITHER = (
    shapes.start()
    + shapes.choice("g")
    + shapes.catch("heard", shapes.signal())
    + shapes.catch("so", shapes.condition("=go = true"))
    + shapes.end("e")
    + shapes.way("s g heard e", "g so e")
)


@pytest.fixture
def living(sessions: Sessions, tmp_path: Path) -> dict[str, UUID]:
    """Give one instance of each kind: waiting for a task, a timer, a message and a retry, and an ended one."""
    programme.deploy(sessions, tmp_path / "small", work=WORK, either=EITHER)
    started = {
        name: programme.start(sessions, name, case=f"c-{name}") for name in ("work", "sleep", "ask", "daily", "either")
    }
    started["ended"] = programme.start(sessions, "work")
    with transaction(sessions) as session:
        officer = identity.load(session, "jingban")
        task = session.execute(text("SELECT id FROM task WHERE instance = :i"), {"i": started["ended"]}).scalar_one()
        tasks.complete(session, officer, task, {})
    started["failed"] = programme.start(sessions, "hears_and_fails", case="failed")
    with transaction(sessions) as session:
        messages.receive(session, None, "tests", "m1", "answer", "failed", {"serial": "no number"})
        outbound.subscribe(
            session, Fence(loopback=True, hosts=frozenset()), Wish("http://127.0.0.1:9/", ["instance.finished"])
        )
        reach.fan_out(session, 100)
        claimed = outbound.claim(session, "http://127.0.0.1")
        assert claimed
        outbound.record(session, claimed, [(claimed.letters[0], Answer(1, 204))])
    return started


def test_a_sound_database_breaks_no_rule(sessions, living):
    assert list(watch.everything(sessions)) == []


DOCUMENT = (
    "INSERT INTO official_document (id, programme, kind, organ, year, serial, number, title, facts, template, state,"
    " issued_on, addressees, retention, instance) VALUES (gen_random_uuid(), 'p', 'letter', '浙科函', 2026, 1,"
    " '浙科函〔2026〕1号', '函', '{{}}', 'none', '{state}', '2026-06-18', '{{}}', '10年', {instance})"
)

SCORES = """WITH gathered AS (
  INSERT INTO round (id, programme, kind, year, indicator_set, set_digest, set_rows, state, opened_on)
  VALUES ('annual-2026', 'p', 'annual', 2026, 's', 'd', '[]', 'open', '2026-03-01') RETURNING id)
INSERT INTO score_sheet (id, programme, round, unit, case_id, level, indicator_set, set_digest, total, gates_met,
  sheet, digest, made_at)
SELECT gen_random_uuid(), 'p', id, '339921', 'c', 'county', 's', 'd', 60, true, '{}', 'd', now()
FROM gathered, generate_series(1, 2)"""
FIGURE = """INSERT INTO figure (unit, year, code, version, definition, origin, evidence, entered_at)
VALUES ('339921', 2025, 'gdp', 2, '2012', 'declared', '{}', now())"""

SPOILT = {
    "stands-still": ("UPDATE task SET state = 'cancelled', ended_at = now() WHERE instance = :work", "work"),
    "ended-and-open": ("UPDATE instance SET ended_at = now(), state = 'finished' WHERE id = :sleep", "sleep"),
    "ended-at": ("UPDATE instance SET state = 'finished' WHERE id = :work", "work"),
    "steps": ("DELETE FROM history WHERE instance = :ended AND element = 's'", "ended"),
    "version": ("UPDATE instance SET version = 1 WHERE id = :ended", "ended"),
    "lifecycle-told": ("DELETE FROM event WHERE kind = 'instance.started' AND instance = :work", "work"),
    "task-told": ("DELETE FROM event WHERE kind = 'task.completed' AND instance = :ended", "ended"),
    "task-kept": ("UPDATE history SET outcome = 'cancelled' WHERE instance = :ended AND element = 'do'", "ended"),
    "task-answered": ("UPDATE task SET ended_by = NULL WHERE instance = :ended", "ended"),
    "timer-told": (
        "INSERT INTO event (at, kind, instance, data) VALUES (now(), 'timer.fired', :sleep, '{}')",
        "sleep",
    ),
    "timer-given-up": ("UPDATE timer SET retry_at = '9999-01-01Z' WHERE instance = :sleep", "sleep"),
    "clock-astray": (
        """UPDATE task SET term = '{"key": "k", "stops": [["2026-03-02", null]]}' WHERE instance = :work""",
        "work",
    ),
    "incident-idle": ("UPDATE incident SET kind = 'timer' WHERE instance = :failed", "failed"),
    "reminder-idle": ("DELETE FROM timer WHERE instance = :sleep", "sleep"),
    "message-delivered": ("DELETE FROM event WHERE kind = 'message.delivered'", "failed"),
    "message-state": ("UPDATE message SET reason = 'none'", "failed"),
    "reply-kept": (
        "INSERT INTO idempotency (person, key, digest, at) SELECT id, 'k', 'd', now() FROM person LIMIT 1",
        None,
    ),
    "resource-digest": (
        "UPDATE resource SET content = content || 'x' WHERE digest IN (SELECT digest FROM resource LIMIT 1)",
        None,
    ),
    "case-twice": (SCORES, None),
    "figure-versions": (FIGURE, None),
    "number-gap": ("INSERT INTO number_series (organ, year, last) VALUES ('浙科函', 2026, 1)", None),
    "document-state": (DOCUMENT.format(state="void", instance="NULL"), None),
    "document-told": (DOCUMENT.format(state="issued", instance=":work"), "work"),
    "deployment-number": ("UPDATE deployment SET number = 7", None),
    "deployment-files": ("DELETE FROM deployment_file", None),
    "delivery-attempts": ("UPDATE delivery SET attempts = 2", None),
    "delivery-sent": ("UPDATE attempt SET status = 500", None),
    "delivery-dead": ("UPDATE delivery SET state = 'dead'", None),
    "state-unreadable": ("UPDATE instance SET envelope = 'x' || envelope WHERE id = :work", "work"),
    "task-astray": ("UPDATE task SET id = gen_random_uuid() WHERE instance = :work", "work"),
    "task-missing": ("UPDATE task SET state = 'cancelled', ended_at = now() WHERE instance = :daily", "daily"),
    "timer-astray": ("UPDATE timer SET due_at = due_at + interval '1 day' WHERE instance = :sleep", "sleep"),
    "timer-missing": ("DELETE FROM timer WHERE instance = :daily", "daily"),
    "subscription-astray": ("UPDATE subscription SET element = 'elsewhere' WHERE instance = :ask", "ask"),
    "subscription-missing": ("DELETE FROM subscription WHERE instance = :ask", "ask"),
    "incident-astray": ("UPDATE incident SET task = gen_random_uuid() WHERE instance = :failed", "failed"),
    "incident-missing": ("UPDATE incident SET state = 'resolved' WHERE instance = :failed", "failed"),
}


@pytest.mark.parametrize("rule", SPOILT)
@pytest.mark.no_cover  # it reaches no line that no other test reaches
def test_what_is_spoilt_is_told_with_its_instance(rule, sessions, living):
    spoil, whose = SPOILT[rule]
    with transaction(sessions) as session:
        session.execute(text(spoil), {name: instance for name, instance in living.items() if f":{name}" in spoil})
    found = {broken.rule: broken for broken in watch.everything(sessions)}
    assert rule in found
    assert found[rule].instance == (living[whose] if whose else None)
    assert set(found[rule].text) == {"zh", "en"}


def test_a_state_that_is_whole_but_makes_no_sense_is_told(sessions, living):
    body = b'{"x": 1}'
    envelope = b"%d %s " % (codec.FORMAT, sha256(body).hexdigest().encode()) + body
    with transaction(sessions) as session:
        session.execute(update(Instance).where(Instance.id == living["work"]).values(envelope=envelope))
    assert {broken.rule for broken in watch.everything(sessions)} == {"state-unreadable"}


def test_whatever_a_state_does_to_its_reader_is_told_and_the_others_are_read(sessions, living, monkeypatch):
    real = runtime.peek

    def peek(session: Session, instance: UUID) -> Execution:
        return real(session, instance) if instance != living["ask"] else {}["nothing"]

    monkeypatch.setattr(runtime, "peek", peek)
    (found,) = watch.everything(sessions)
    assert (found.rule, found.instance) == ("state-unreadable", living["ask"])
    assert "KeyError" in found.text["en"]


def test_the_hands_look_when_the_clock_asks(sessions, living, configuration):
    with transaction(sessions) as session:
        session.execute(text("DELETE FROM subscription WHERE instance = :i"), {"i": living["either"]})
    assert duties.DUTIES["invariants"].work(sessions, configuration) == 3
    assert duties.DUTIES["invariants"].work(sessions, configuration) == 0


def test_every_rule_is_shown_to_be_broken_and_explained():
    named = {
        rule.name for rule in (*invariants.OF_INSTANCES, *invariants.OF_ALL, *deliveries.RULES, soundness.UNREADABLE)
    }
    named |= {rule.name for pair in soundness.SHARED.values() for rule in pair}
    assert named == set(SPOILT)
    assert [name for name in sorted(named) if f"`{name}`" not in PAGE.read_text(encoding="utf-8")] == []


def told(sessions: Sessions) -> list[str]:
    with transaction(sessions) as session:
        return list(session.scalars(text("SELECT kind FROM event WHERE kind LIKE 'invariant.%' ORDER BY id")))


def later() -> None:
    clock.travel(clock.now() + soundness.EVERY)


def test_the_clock_tells_a_broken_rule_once_and_that_it_was_mended_once(sessions, living):
    assert watch.look(sessions) == 0
    with transaction(sessions) as session:
        session.execute(text("UPDATE instance SET version = 1 WHERE id = :i"), {"i": living["ended"]})
    assert watch.look(sessions) == 0  # somebody has looked just now
    later()
    assert watch.look(sessions) == 1
    later()
    assert watch.look(sessions) == 0
    assert told(sessions) == ["invariant.broken"]
    with transaction(sessions) as session:
        assert [broken.instance for broken in soundness.last(session).broken] == [living["ended"]]
        session.execute(text("UPDATE instance SET version = 2 WHERE id = :i"), {"i": living["ended"]})
    later()
    assert watch.look(sessions) == 0
    assert told(sessions) == ["invariant.broken", "invariant.mended"]


def test_many_instances_are_looked_at_batch_by_batch(sessions, living, monkeypatch):
    monkeypatch.setattr(soundness, "BATCH", 2)
    with transaction(sessions) as session:
        session.execute(text("UPDATE task SET ended_by = NULL"))
        session.execute(text("DELETE FROM subscription"))
    assert {broken.instance for broken in watch.everything(sessions)} == {
        living["ended"],
        living["ask"],
        living["either"],
    }
