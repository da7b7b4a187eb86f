"""One whole life, by clicking: every role of the county's story does its part in the browser.

The story is that of the demonstration. The first SHARE kinds of step that come to a role are clicked through, each
once; the rest, and what comes again - a second department, a second measurement - the verb does.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select
from werkzeug.serving import make_server

from engine import processes, runtime
from engine.db import Sessions, transaction
from engine.domain.titles import Kind
from engine.errors import SeatRefused
from engine.settings import Settings
from engine.tables import Incident, IncidentState, Instance, Task, TaskState, Title
from server import setup
from server.app import create_app
from server.demo import STORIES, stage
from server.demo.story import Story
from server.demo.world import Work, World, by_verb
from tests.browser.conftest import WIDE
from tests.support.postgres import PASSWORD
from tests.support.typing_forms import fill

SHARE = 2


@dataclass
class Clicking:
    """A hand that does the first kinds of step of each role in the browser, each once."""

    browser: Browser
    address: str
    done: dict[tuple[str, str], str] = field(default_factory=dict)

    def __call__(self, world: World, login: str, work: Work, answers: dict[str, Any]) -> None:
        key = (work.element, work.role)
        if key in self.done or sum(role == work.role for _element, role in self.done) >= SHARE:
            by_verb(world, login, work, answers)
            return
        context = self.browser.new_context(viewport=WIDE, locale="zh-CN", base_url=self.address)
        context.set_default_timeout(20_000)
        try:
            self._finish(context.new_page(), world, login, (work, answers))
        finally:
            context.close()
        self.done[key] = login

    def _finish(self, page: Page, world: World, login: str, asked: tuple[Work, dict[str, Any]]) -> None:
        work, answers = asked
        _sign_in(page, login)
        page.goto(f"/tasks/{work.task}")
        claim = page.get_by_role("button", name="领取", exact=True)
        page.wait_for_selector("html[data-ready]")
        if claim.count():
            with page.expect_response(lambda reply: reply.url.endswith("/claim")):
                claim.click()
            page.locator("#complete, #notice:not([hidden])").first.wait_for()
            if page.locator("#notice").is_visible():
                raise SeatRefused(why={"zh": page.locator("#notice").inner_text(), "en": ""})
            page.wait_for_selector("html[data-ready]")
        with transaction(world.sessions) as session:
            task = session.get_one(Task, work.task)
            programme = processes.load(session, session.get_one(Instance, task.instance).deployment)
            data = runtime.peek(session, task.instance).data(work.task)
        if task.form:
            fill(page, programme.form(task.form), answers, data)
        expect(page.locator("#complete"), f"{work.element} {login}").to_be_enabled()
        page.locator("#complete").click()
        expect(page.locator("#result"), f"{work.element} {login}").to_be_visible()


@pytest.mark.long
def test_one_life_is_lived_by_clicking(chromium: Browser, configuration: Settings, sessions: Sessions) -> None:
    settings = replace(configuration, webhook_loopback=True)
    sessions.configure(info={"var": settings.var_path})
    story = Story.read(settings.workflows_path / STORIES / "county")
    with stage.begun(story), _served(settings, sessions) as address:
        with transaction(sessions) as session:
            setup.seed(settings, session)
        for folder in setup.programmes(settings.workflows_path):
            setup.deploy(sessions.kw["bind"], folder)
        hand = Clicking(chromium, address)
        stage.play(settings, sessions, story, hand)
    with transaction(sessions) as session:
        held = session.scalars(select(Title.kind).where(Title.unit == story.told["units"][0]["unit"])).all()
        stuck = session.scalars(select(Incident.reason).where(Incident.state == IncidentState.OPEN)).all()
        roles = set(session.scalars(select(Task.role).where(Task.state == TaskState.COMPLETED)))
    assert {Kind.PILOT, Kind.RECOGNISED} <= set(held)
    assert stuck == []
    assert {role for _element, role in hand.done} == roles  # every role did its part in the browser


@contextmanager
def _served(settings: Settings, sessions: Sessions) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, create_app(settings, sessions), threaded=True)
    server.daemon_threads = False  # closing waits for what is still being answered
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _sign_in(page: Page, login: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("用户名").fill(login)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.locator("body"), login).to_contain_text("我的工作")
