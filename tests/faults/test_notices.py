"""Notices under the axe: whoever dies while making or sending them loses none, and makes none twice."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import Message
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import func, select

from engine import clock, events, identity
from engine.db import Sessions, transaction
from engine.domain import sealing
from engine.domain.channels import Channel
from engine.events import Kind
from engine.notices import contacts, sending
from engine.settings import ROOT, Settings
from engine.tables import Event, Notice, Sending, SendingState
from server import duties, secrets

TOLD = 60
DIES = """
import os, signal, sys
from engine import db, settings
from engine.notices import {room} as room
from server import duties, postgres

url, var, port = sys.argv[1:]
kept = room.{verb}

def die(*given):
    {before}
    os.kill(os.getpid(), signal.SIGKILL)

room.{verb} = die
given = dict(database_url=url, var=var, smtp_host="127.0.0.1", smtp_port=int(port), smtp_security="none")
with postgres.connected(url) as engine:
    duties.{duty}(db.sessions(engine), settings.load(**given))
"""


class Post:
    """A mail server that keeps what comes."""

    def __init__(self) -> None:
        self.mail: list[Message] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd calls it so
        self.mail.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 taken"


@pytest.fixture
def post(free_port: int) -> Iterator[Post]:
    handler = Post()
    office = Controller(handler, hostname="127.0.0.1", port=free_port, server_hostname="mail.test")
    office.start()
    yield handler
    office.stop()


def killed(settings: Settings, port: int, **act: str) -> None:
    """Let a worker do its duty until it kills itself, where the act says."""
    command = [sys.executable, "-c", DIES.format(**act), settings.database_url, str(settings.var_path), str(port)]
    worker = subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False)
    assert worker.returncode == -signal.SIGKILL


def happen(sessions: Sessions, times: int) -> None:
    with transaction(sessions) as session:
        events.record(session, [{"kind": Kind.CLOCK_SILENT, "data": {}}] * times)


def test_killed_between_the_send_and_its_record_it_is_sent_again_under_the_same_id(
    sessions: Sessions, configuration: Settings, post: Post, free_port: int
) -> None:
    key = sealing.key_of(secrets.load(configuration.var_path).contact_key)
    with transaction(sessions) as session:
        contacts.keep(session, identity.load(session, "admin"), Channel.MAIL, "admin@example.test", key)
    happen(sessions, 1)
    mailing = {"smtp_host": "127.0.0.1", "smtp_port": free_port, "smtp_security": "none"}
    settings = replace(configuration, **mailing)
    duties.fan_out(sessions, settings)
    killed(settings, free_port, room="sending", verb="record", duty="send_notices", before="pass")
    assert len(post.mail) == 1
    clock.travel(clock.now() + sending.LEASE)
    assert duties.send_notices(sessions, settings) == 1
    assert len(post.mail) == 2
    assert len({mail["Message-ID"] for mail in post.mail}) == 1
    with transaction(sessions) as session:
        assert session.scalars(select(Sending.state)).all() == [SendingState.SENT]


def test_killed_while_they_are_made_each_is_made_once(sessions: Sessions, configuration: Settings) -> None:
    happen(sessions, TOLD)
    killed(configuration, 1, room="making", verb="make", duty="fan_out", before="kept(*given)")
    with transaction(sessions) as session:
        assert session.scalar(select(func.count()).select_from(Notice)) == 0
    duties.fan_out(sessions, configuration)
    duties.fan_out(sessions, configuration)
    with transaction(sessions) as session:
        each = select(func.count()).select_from(Notice).join(Event, Event.id == Notice.event).group_by(Notice.event)
        assert session.scalars(each.where(Event.kind == Kind.CLOCK_SILENT.value)).all() == [1] * TOLD
