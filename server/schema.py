"""The schema of the database: which revision it has, and bringing it to the newest."""

from functools import cache

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from engine.settings import ROOT

SCRIPTS = ROOT / "engine" / "migrations"
LOCK = 0x1C17


@cache
def head() -> str:
    """Return the newest revision of the scripts."""
    return str(ScriptDirectory(str(SCRIPTS)).get_current_head())


def current(connection: Connection) -> str | None:
    """Return the revision of the database; None when it has no schema yet."""
    return MigrationContext.configure(connection).get_current_revision()


def upgrade(engine: Engine) -> tuple[str | None, str]:
    """Bring the database to the newest revision, all or nothing; return the revisions before and after.

    Whoever comes second waits for the first and then finds nothing to do.
    """
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL lock_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
        before = current(connection)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return before, head()
