"""An inbox that survives a restart: what was received, once by its id, until its work is done (SQLite)."""

import sqlite3
from contextlib import closing
from pathlib import Path

TABLE = """CREATE TABLE IF NOT EXISTS received (
  number INTEGER PRIMARY KEY, message_id TEXT NOT NULL UNIQUE, body BLOB NOT NULL, state TEXT NOT NULL)"""
WAITING, DONE, REFUSED = "waiting", "done", "refused"


class Inbox:
    """What was received, in a file; ids are kept for good, so that a late repetition is known too."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._run(TABLE)

    def take(self, message_id: str, body: bytes) -> bool:
        """Keep a letter; return False when its id is known. It is on the disk when this returns."""
        insert = "INSERT INTO received (message_id, body, state) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
        return self._run(insert, message_id, body, WAITING) == 1

    def waiting(self) -> list[tuple[str, bytes]]:
        """Return the ids and bodies of what is to be done, the oldest first."""
        with closing(self._connect()) as connection:
            query = "SELECT message_id, body FROM received WHERE state = ? ORDER BY number"
            return connection.execute(query, (WAITING,)).fetchall()

    def done(self, message_id: str) -> None:
        """Note that the work of a letter is done."""
        self._run("UPDATE received SET state = ? WHERE message_id = ?", DONE, message_id)

    def refused(self, message_id: str) -> None:
        """Put a letter aside whose work cannot succeed; people look at it."""
        self._run("UPDATE received SET state = ? WHERE message_id = ?", REFUSED, message_id)

    def count(self, state: str) -> int:
        """Return how many letters are in a state: waiting, done or refused."""
        with closing(self._connect()) as connection:
            return int(connection.execute("SELECT count(*) FROM received WHERE state = ?", (state,)).fetchone()[0])

    def _run(self, statement: str, *values: object) -> int:
        with closing(self._connect()) as connection, connection:
            return connection.execute(statement, values).rowcount

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=30)
