"""A real browser before the real application: the shipped programme, one case of the fictional county, one server."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from uuid import UUID

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright
from sqlalchemy import select
from werkzeug.serving import make_server

from engine import calendars, db, identity, instances, processes, units
from engine.db import Sessions, transaction
from engine.settings import ROOT, Settings
from engine.tables import Instance
from server import postgres
from tests.support.chromium import launch
from tests.support.postgres import PASSWORD, TestServer
from tests.support.web import opened

REFUSALS = ("Failed to load resource", "Response Status Error Code")  # what a browser and htmx say of 4xx
PROGRAMME = "innovative-city"
WANTED = instances.Application(
    PROGRAMME, "lifecycle", "云溪县创建创新型县", "339921", "yunxi-government", {"unit": "339921"}
)
PATIENCE = 40_000  # milliseconds; several browsers share two cores
WIDE = {"width": 1280, "height": 800}


expect.set_options(timeout=PATIENCE)


@dataclass
class Site:
    """The running application and the case that waits in it."""

    address: str
    case: UUID
    sessions: Sessions


@dataclass
class Watch:
    """What the browser complained about; replies that refuse are no complaint."""

    complaints: list[str] = field(default_factory=list)

    def over(self, page: Page) -> None:
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith(REFUSALS):
            self.complaints.append(message.text)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture
def database(postgres_server: TestServer) -> Iterator[str]:
    """Give the URL of a database in which the fictional county's case waits at its first task."""
    with postgres_server.database(postgres_server.template(_first_case)) as url:
        yield url


def _first_case(url: str) -> None:
    with postgres.connected(url) as engine, transaction(db.sessions(engine)) as session:
        calendars.seed(session)
        units.seed(session)
        processes.deploy(session, ROOT / "workflows" / PROGRAMME, "tests")
        instances.start(session, identity.load(session, "xianzhang"), WANTED)


@pytest.fixture
def site(configuration: Settings, sessions: Sessions) -> Iterator[Site]:
    """Serve the application on a free port, with the fictional county's case at its first task."""
    with transaction(sessions) as session:
        (case,) = session.scalars(select(Instance.id).where(Instance.process == WANTED.process))
    server = make_server("127.0.0.1", 0, opened(configuration, sessions), threaded=True)
    server.daemon_threads = False  # closing waits for what is still being answered
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Site(f"http://127.0.0.1:{server.server_port}", case, sessions)
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def context(chromium: Browser, site: Site) -> Iterator[BrowserContext]:
    context = chromium.new_context(viewport=WIDE, locale="zh-CN", base_url=site.address)
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """Give a page; a script that fails or a policy that is broken fails the test."""
    watch = Watch()
    page = context.new_page()
    watch.over(page)
    yield page
    assert watch.complaints == []


@pytest.fixture
def sign_in(page: Page) -> Callable[[str], None]:
    """Give a function that signs a person of the demonstration in."""

    def signing(login: str) -> None:
        page.goto("/sign-in")
        page.get_by_label("用户名").fill(login)
        page.get_by_label("密码").fill(PASSWORD)
        page.get_by_role("button", name="登录").click()
        page.get_by_role("heading", name="我的工作").wait_for()
        page.wait_for_load_state()  # its scripts answer from now on

    return signing
