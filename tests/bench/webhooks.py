"""How fast a backlog of events reaches twenty receivers, and how fast signed posts of others are taken."""

import json
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.request import urlopen

import requests
from sqlalchemy import func, select, update

from engine import events
from engine.db import transaction
from engine.tables import Message
from server import keyring
from tests.bench.doors import served
from tests.bench.ground import Ground
from tests.bench.table import Row
from webhooks import outbound, signing
from webhooks.outbound import Wish
from webhooks.posting import Fence
from webhooks.tables import Endpoint

EVENTS, GOOD, KIND = 5_000, 18, "round.opened"
POSTS, DUPLICATES, HANDS = 10_000, 0.3, 4
PATIENCE, BREATH = 180.0, 0.2
ACCEPTED, FAILED = 202, 500


def backlog(ground: Ground) -> list[Row]:
    """Post 5,000 events to 18 good receivers beside a dead and a slow one, with one worker."""
    with _receiver() as port:
        _prepare(ground, port)
        with _worker(ground):
            began = time.monotonic()
            while (told := _told(port)) is None or min(_good(told["new"])) < EVENTS:
                if time.monotonic() - began > PATIENCE:
                    break
                time.sleep(BREATH)
            took = time.monotonic() - began
        told = _told(port) or {"new": {}, "got": {}}
    with transaction(ground.sessions) as session:
        session.execute(update(Endpoint).values(active=False))
    lost = GOOD * EVENTS - sum(_good(told["new"]))
    doubled = sum(_good(told["got"])) - sum(_good(told["new"]))
    return [
        Row("webhooks.backlog_s", took, "s", 60),
        Row("webhooks.backlog_lost", lost, "events", 0),
        Row("webhooks.backlog_again", doubled, "posts", None),
    ]


def _prepare(ground: Ground, port: int) -> None:
    addresses = [f"http://127.0.0.1:{port}/good{place}" for place in range(GOOD)]
    with transaction(ground.sessions) as session:
        for url in (*addresses, f"http://127.0.0.1:{port}/slow", "http://127.0.0.1:9/dead"):
            outbound.subscribe(session, Fence(loopback=True, hosts=frozenset()), Wish(url, [KIND]))
        events.record(session, [{"kind": KIND, "data": {"round": f"r{number}"}} for number in range(EVENTS)])


def inbound(ground: Ground) -> list[Row]:
    """Post 10,000 signed letters, three in ten of them again, in random order, four at a time to two web processes."""
    secrets = keyring.prepare(Path(ground.settings.var))["agency"]
    fresh = round(POSTS * (1 - DUPLICATES))
    numbers = [*range(fresh), *random.choices(range(fresh), k=POSTS - fresh)]
    random.shuffle(numbers)
    with served(ground, processes=2) as address, ThreadPoolExecutor(HANDS) as crowd:
        sessions = [requests.Session() for _ in range(HANDS)]
        shares = [numbers[hand::HANDS] for hand in range(HANDS)]
        send = partial(_sent_all, f"{address}/hooks/agency", secrets)
        answers = [one for some in crowd.map(send, sessions, shares) for one in some]
    times = sorted(took for _, took in answers)
    with transaction(ground.sessions) as session:
        kept = session.scalar(select(func.count()).where(Message.source == "hook:agency")) or 0
    return [
        Row("webhooks.inbound_p95_ms", statistics.quantiles(times, n=20)[-1], "ms", 25),
        Row("webhooks.inbound_5xx", sum(status >= FAILED for status, _ in answers), "replies", 0),
        Row("webhooks.inbound_refused", sum(status != ACCEPTED for status, _ in answers), "replies", 0),
        Row("webhooks.inbound_effects", abs(kept - fresh), "off", 0),
    ]


def _sent_all(url: str, secrets: list[str], line: requests.Session, numbers: list[int]) -> list[tuple[int, float]]:
    return [_sent(url, secrets, line, number) for number in numbers]


def _sent(url: str, secrets: list[str], line: requests.Session, number: int) -> tuple[int, float]:
    body = json.dumps({"case_id": f"bench-{number}", "values": {"A1": 2.5}, "expert_scores": {"Q1": [80]}})
    headers = {"content-type": "application/json", **signing.sign(secrets[:1], f"bench-{number}", body)}
    began = time.perf_counter()
    status = line.post(url, data=body.encode(), headers=headers, timeout=30).status_code
    return status, (time.perf_counter() - began) * 1000


def _good(counts: dict[str, int]) -> list[int]:
    return [counts.get(f"/good{place}", 0) for place in range(GOOD)]


def _told(port: int) -> dict[str, dict[str, int]] | None:
    try:
        with urlopen(f"http://127.0.0.1:{port}/", timeout=30) as reply:
            told: dict[str, dict[str, int]] = json.loads(reply.read())
            return told
    except OSError:
        return None


@contextmanager
def _receiver() -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with _running([sys.executable, "-m", "tests.bench.receiver", str(port)], {}):
        while _told(port) is None:
            time.sleep(BREATH)
        yield port


@contextmanager
def receiver() -> Iterator[tuple[int, Callable[[], dict[str, int]]]]:
    """Run a receiver; yield its port, and what tells how many different events it got by path."""
    with _receiver() as port:
        yield port, lambda: (_told(port) or {"new": {}})["new"]


@contextmanager
def _worker(ground: Ground) -> Iterator[None]:
    here = {"ICITY_DATABASE_URL": ground.url, "ICITY_VAR": ground.settings.var, "ICITY_WEBHOOK_LOOPBACK": "true"}
    with _running([str(Path(sys.executable).parent / "icity"), "work"], here):
        yield


@contextmanager
def _running(command: list[str], more: dict[str, str]) -> Iterator[None]:
    program = subprocess.Popen(command, env={**os.environ, **more}, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        program.send_signal(signal.SIGTERM)
        program.wait(90)
