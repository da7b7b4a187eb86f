"""What every test may ask for: a database of its own, people, a clock that comes home, the web application."""

import gc
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import structlog
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from engine import clock, db, identity, settings
from engine.db import Sessions
from engine.identity import Actor
from engine.settings import Settings
from engine.tables import Deployment, Instance, InstanceState
from tests.support.postgres import CHEAP, TestServer, cheap_passwords

UNCOUNTED = frozenset({"browser", "faults", "house", "lint", "walks"})
SLOW = frozenset({"browser", "walks", "workflows"})
ROOM = 6 * 2**30  # bytes; each test process keeps one server there

structlog.configure(
    processors=[structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give every process its share of what takes long, and let it begin with that.

    Where a browser, a second game or a kill does most of the work, and in what takes minutes, no line is counted:
    counting doubles what our part costs.
    """
    shares = getattr(config, "workerinput", {}).get("workercount", 1)
    slow = [item for item in items if item.path.parent.name in SLOW or item.get_closest_marker("long")]
    quick = [item for item in items if item not in set(slow)]
    slow.sort(key=lambda item: item.get_closest_marker("long") is None)
    items[:] = [one for share in range(shares) for one in (*slow[share::shares], *quick[share::shares])]
    for item in items:
        if item.path.parent.name in UNCOUNTED or item.get_closest_marker("long"):
            item.add_marker("no_cover")


def pytest_collection_finish() -> None:
    """Let the collector of garbage pass over what lives as long as the process: half a million objects."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _cheap_hashes() -> Iterator[None]:
    """Hash fast in this process: whoever signs in with a cheap hash would otherwise get a dear one."""
    hasher, identity.HASHER = identity.HASHER, CHEAP
    yield
    identity.HASHER = hasher


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[TestServer]:
    """Give a server of this test process; outside pytest's own folders, which other users may not enter."""
    with tempfile.TemporaryDirectory(prefix="icity-pg-", dir=_roomy(), ignore_cleanup_errors=True) as folder:
        server = TestServer(Path(folder) / "data")
        yield server
        server.stop()


def _roomy() -> Path | None:
    """Return memory to keep the databases of tests in, where there is enough: making one there is far quicker."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() and shutil.disk_usage(memory).free >= ROOM else None


@pytest.fixture
def database(postgres_server: TestServer) -> Iterator[str]:
    """Give the URL of a migrated database with the demonstration's organisations and people."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    engine = db.connect(database)
    yield engine
    engine.dispose()


@pytest.fixture
def sessions(engine: Engine) -> Sessions:
    """Give the factory of sessions, for tests that end transactions themselves with `engine.db.transaction`."""
    return db.sessions(engine)


@pytest.fixture
def session(sessions: Sessions) -> Iterator[Session]:
    """Give a session that nobody commits."""
    with sessions() as session:
        yield session


@pytest.fixture
def configuration(database: str, tmp_path: Path) -> Settings:
    """Give the settings of an installation that lives in a temporary folder and uses the test's database."""
    return settings.load(database_url=database, var=str(tmp_path / "var"))


@pytest.fixture
def actor(session: Session) -> Callable[[str], Actor]:
    """Give a function that loads a person of the demonstration by login."""
    return lambda login: identity.load(session, login)


@pytest.fixture
def instance_row(session: Session) -> UUID:
    """Give the id of an instance row that no programme stands behind, for tests of what hangs on one."""
    now = clock.now()
    session.add(Deployment(digest="none", programme="none", number=1, deployed_at=now, deployed_by="a test"))
    session.flush()
    row = Instance(
        id=uuid4(),
        programme="none",
        deployment="none",
        process="none",
        title="无",
        state=InstanceState.RUNNING,
        version=1,
        envelope=b"",
        started_at=now,
    )
    session.add(row)
    session.flush()
    return row.id


@pytest.fixture(autouse=True)
def _clock_comes_home() -> Iterator[None]:
    yield
    clock.come_home()


@pytest.fixture
def free_port() -> int:
    """Give a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture
def fast_passwords() -> Iterator[None]:
    """Hash new passwords fast, for tests that create people."""
    with cheap_passwords():
        yield
