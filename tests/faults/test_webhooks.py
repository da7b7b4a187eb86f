"""Webhooks under fire: worker, web and PostgreSQL are killed while events go out and come in; nothing is lost."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
import requests
from sqlalchemy import func, select, update
from sqlalchemy.exc import DBAPIError

from engine import db, events
from engine.db import Sessions, transaction
from engine.tables import Message
from server import duties, keyring, postgres
from tests.bench.webhooks import receiver
from tests.faults.test_database import Cluster
from tests.faults.test_database import cluster as cluster  # noqa: PLC0414 - the fixture
from tests.support.invariants import broken
from tests.support.receiver import Receiver, answering
from webhooks import outbound, posting, signing
from webhooks.outbound import Wish
from webhooks.posting import Fence
from webhooks.tables import Attempt, Delivery, DeliveryState, Endpoint

EVENTS, PATHS, LETTERS, KIND = 1_500, 2, 200, "round.opened"
PATIENCE = 90.0
HERE = Fence(loopback=True, hosts=frozenset())


def subscribe(sessions: Sessions, url: str) -> None:
    with transaction(sessions) as session:
        outbound.subscribe(session, HERE, Wish(url, [KIND]))


def happen(sessions: Sessions, times: int) -> None:
    with transaction(sessions) as session:
        events.record(session, [{"kind": KIND, "data": {"round": str(number)}} for number in range(times)])


@pytest.fixture
def sessions_there(cluster: Cluster) -> Iterator[Sessions]:
    with postgres.connected(cluster.url) as engine:
        yield db.sessions(engine)


@pytest.mark.long
def test_worker_and_database_are_killed_and_every_event_arrives(
    cluster: Cluster, sessions_there: Sessions, tmp_path: Path
) -> None:
    sessions = sessions_there
    with receiver() as (port, told):
        for place in range(PATHS):
            subscribe(sessions, f"http://127.0.0.1:{port}/good{place}")
        happen(sessions, EVENTS)
        for kill in range(3):
            worker = _started(cluster.url, tmp_path, "work")
            _until(lambda wanted=kill: told().get("/good0", 0) > wanted * EVENTS // 10)
            if kill == 1:
                cluster.kill()
                cluster.start()
            os.kill(worker.pid, signal.SIGKILL)
            worker.wait()
            _let_time_pass(sessions)
        worker = _started(cluster.url, tmp_path, "work")
        _until(lambda: all(told().get(f"/good{place}") == EVENTS for place in range(PATHS)))
        _until(lambda: _left(sessions) == 0)
        worker.terminate()
        worker.wait(60)
        assert [told()[f"/good{place}"] for place in range(PATHS)] == [EVENTS] * PATHS
    assert broken(sessions) == []


@pytest.mark.long
def test_web_and_database_are_killed_and_every_letter_counts_once(
    cluster: Cluster, sessions_there: Sessions, tmp_path: Path
) -> None:
    sessions = sessions_there
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    secrets = keyring.prepare(tmp_path)["agency"]
    web = _started(cluster.url, tmp_path, "web", ICITY_PORT=str(port))
    for number in range(LETTERS):
        if number == LETTERS // 3:
            os.kill(web.pid, signal.SIGKILL)
            web.wait()
            web = _started(cluster.url, tmp_path, "web", ICITY_PORT=str(port))
        if number == 2 * LETTERS // 3:
            cluster.kill()
            cluster.start()
        _until(lambda wanted=number: _sent(port, secrets, wanted))
        _until(lambda wanted=number: _sent(port, secrets, wanted))  # told again, it counts no more
    web.terminate()
    web.wait(60)
    with transaction(sessions) as session:
        assert session.scalar(select(func.count()).where(Message.source == "hook:agency")) == LETTERS
    assert broken(sessions) == []


def test_bad_receivers_cost_tries_that_are_all_listed_and_leak_nothing(configuration, sessions, monkeypatch) -> None:
    monkeypatch.setattr(posting, "WHOLE_SECONDS", 1.0)
    here = replace(configuration, webhook_loopback=True)

    def endless(request) -> None:
        answering(200)(request)
        with suppress(OSError):
            for _ in range(2**14):  # a gigabyte
                request.wfile.write(b"z" * 2**16)

    with (
        Receiver() as target,
        Receiver(answering(302, location=target.url)) as redirects,
        Receiver(lambda _: time.sleep(3)) as hangs,
        Receiver(endless) as floods,
    ):
        for bad in (redirects, hangs, floods):
            subscribe(sessions, bad.url)
        happen(sessions, 1)
        duties.fan_out(sessions, here)
        began = time.monotonic()
        duties.deliver_webhooks(sessions, here)
        assert time.monotonic() - began < 4
        assert target.got == []
    with transaction(sessions) as session:
        tries = session.execute(select(Attempt.status, Attempt.error, Attempt.answer).order_by(Attempt.delivery)).all()
    assert [(row.status, bool(row.error)) for row in tries] == [(302, False), (None, True), (200, False)]
    assert len(tries[2].answer) <= posting.KEPT_BYTES
    assert broken(sessions) == []


def _sent(port: int, secrets: list[str], number: int) -> bool:
    body = json.dumps({"case_id": f"c{number}", "values": {}, "expert_scores": {}})
    headers = {"content-type": "application/json", **signing.sign(secrets, f"m{number}", body)}
    try:
        reply = requests.post(f"http://127.0.0.1:{port}/hooks/agency", data=body.encode(), headers=headers, timeout=10)
    except requests.RequestException:
        return False
    return reply.status_code == requests.codes.accepted


def _let_time_pass(sessions: Sessions) -> None:
    """Let the leases of the dead run out; in life that takes a minute and a half."""

    def try_to() -> bool:
        with suppress(DBAPIError), transaction(sessions) as session:
            session.execute(update(Endpoint).values(leased_until=None, paused_until=None))
            return True
        return False

    _until(try_to)


def _left(sessions: Sessions) -> int:
    with transaction(sessions) as session:
        return session.scalar(select(func.count()).where(Delivery.state != DeliveryState.SENT)) or 0


def _until(condition) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def _started(url: str, var: Path, command: str, **more: str) -> subprocess.Popen[bytes]:
    here = {"ICITY_DATABASE_URL": url, "ICITY_VAR": str(var), "ICITY_WEBHOOK_LOOPBACK": "true", **more}
    program = str(Path(sys.executable).parent / "icity")
    return subprocess.Popen([program, command], env={**os.environ, **here}, stderr=subprocess.DEVNULL)
