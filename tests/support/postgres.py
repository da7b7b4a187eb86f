"""A real PostgreSQL for tests: one server a session, one migrated template, one database a test."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from argon2 import PasswordHasher

from engine import calendars, db, identity
from engine.settings import ROOT
from server import postgres, schema

TEMPLATE = "template_icity"
PASSWORD = "Cheap-password-1"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
FAST = ("fsync", "full_page_writes")  # nobody pulls the plug on a test


class TestServer:
    """One embedded server; hands out fresh databases cloned from a migrated, seeded template."""

    __test__ = False

    def __init__(self, folder: Path) -> None:
        self._server: Any = postgres.start(folder)
        self._admin = psycopg.connect(self._server.get_uri(database="postgres"), autocommit=True)
        for name in FAST:
            self._admin.execute(f"ALTER SYSTEM SET {name} = off")
        self._admin.execute("ALTER SYSTEM SET max_wal_size = '256MB'")
        self._admin.execute("SELECT pg_reload_conf()")
        self._admin.execute(f"CREATE DATABASE {TEMPLATE} ENCODING 'UTF8' TEMPLATE template0")
        furnish(self._url(TEMPLATE))
        self._furnished: dict[Callable[[str], None], str] = {}

    @contextmanager
    def database(self, template: str = TEMPLATE) -> Iterator[str]:
        """Yield the URL of a fresh database; it is dropped at the end, whoever is still connected."""
        name = f"test_{uuid4().hex}"
        self._admin.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        try:
            yield self._url(name)
        finally:
            self._admin.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def template(self, furnishing: Callable[[str], None]) -> str:
        """Return a template that `furnishing`, given its URL, has furnished further; that is done once a session."""
        if furnishing not in self._furnished:
            name = f"{TEMPLATE}_{len(self._furnished)}"
            self._admin.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
            furnishing(self._url(name))
            self._furnished[furnishing] = name
        return self._furnished[furnishing]

    def stop(self) -> None:
        """Stop the server."""
        self._admin.close()
        self._server.stop()

    def _url(self, database: str) -> str:
        return str(self._server.get_uri(database=database))


def furnish(url: str) -> None:
    """Give the database at `url` its schema, the calendar, and organisations with their people, all with PASSWORD."""
    organisations = ROOT / "config" / "organisations.toml"
    with postgres.connected(url) as engine:
        schema.upgrade(engine)
        with db.transaction(db.sessions(engine)) as session, cheap_passwords():
            identity.seed_organisations(session, organisations)
            identity.seed_people(session, organisations)
            calendars.seed(session)


@contextmanager
def cheap_passwords() -> Iterator[None]:
    """Hash fast, and draw PASSWORD, while the block runs."""
    hasher, draw = identity.HASHER, identity.draw_password
    identity.HASHER = CHEAP
    identity.draw_password = lambda: PASSWORD
    try:
        yield
    finally:
        identity.HASHER, identity.draw_password = hasher, draw
