"""What a page costs the web server, and when a person sees it, among 200,000 open tasks."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from uuid import UUID

from flask.testing import FlaskClient
from playwright.sync_api import sync_playwright
from sqlalchemy import text

from engine import identity, tasks
from engine.db import transaction
from engine.identity import Kind, Limits
from server.app import create_app
from tests.bench import doors, growth
from tests.bench.ground import Ground, measured
from tests.bench.table import Row
from tests.support import chromium

LOOKS, OPENINGS = 20, 5
PAGES = {
    "inbox": "/",
    "claimable": "/tasks?list=claimable",
    "done": "/tasks?list=done",
    "task": "/tasks/{task}",
    "case": "/instances/{case}",
    "calendar": "/calendar",
}
OVERVIEWS = {  # seen by an officer of the province, who sees everything
    "cases": "/instances",
    "units": "/units",
    "board": "/board",
    "rankings": "/rankings",
    "bottlenecks": "/bottlenecks",
    "documents": "/documents",
}
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"


def cpu(ground: Ground) -> list[Row]:
    """Open every page again and again in this process; tell the CPU time of a look at each, without the database's."""
    app = create_app(ground.settings, ground.sessions)
    rows = []
    with _heaped(ground) as places:
        for login, pages in ((ground.actor.login, PAGES), ("jingban", OVERVIEWS)):
            client = app.test_client()
            client.set_cookie("sid", _secret(ground, login))
            for name, address in pages.items():
                look = partial(_look, client, address.format(**places))
                look()
                rows.append(Row(f"page_{name}_200k_cpu_ms", measured(look for _ in range(LOOKS)).cpu, "ms", 300))
    return rows


def first_paint(ground: Ground) -> list[Row]:
    """Open the list of work and a task in a real browser that has nothing in store; tell when the first words show."""
    rows = []
    with _heaped(ground) as places, doors.served(ground, processes=2) as server, sync_playwright() as playwright:
        browser = chromium.launch(playwright)
        for name in ("inbox", "task"):
            told = []
            for _ in range(OPENINGS):
                context = browser.new_context(base_url=server, locale="zh-CN", bypass_csp=True)  # we ask by eval
                context.add_cookies([{"name": "sid", "value": _secret(ground, ground.actor.login), "url": server}])
                page = context.new_page()
                page.goto(PAGES[name].format(**places))
                told.append(float(page.wait_for_function(PAINTED).json_value()))
                context.close()
            rows.append(Row(f"first_paint_{name}_200k_ms", sorted(told)[OPENINGS // 2], "ms", 1000))
        browser.close()
    return rows


@contextmanager
def _heaped(ground: Ground) -> Iterator[dict[str, UUID]]:
    """Let 200,000 tasks of others be open while the block runs; yield a task of the actor's own and its case."""
    heap, own = ground.start("loop"), ground.start("loop")
    (task,) = ground.open_tasks(own)
    with transaction(ground.sessions) as session:
        tasks.claim(session, ground.actor, task)
    growth.fill(ground, heap, growth.MANY)
    try:
        yield {"task": task, "case": own}
    finally:
        with transaction(ground.sessions) as session:
            session.execute(text("DELETE FROM task WHERE instance = :instance"), {"instance": heap})


def _secret(ground: Ground, login: str) -> str:
    with transaction(ground.sessions) as session:
        person = identity.load(session, login).id
        return identity.begin(session, person, Kind.WEB, Limits.of(ground.settings))


def _look(client: FlaskClient, path: str) -> None:
    if (status := client.get(path).status_code) != HTTPStatus.OK:
        raise RuntimeError(f"{path} {status}")
