"""The demonstration: a story of fictional units, played on a moved clock through the verbs that people use."""

import sys
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Engine, make_url, text

from engine import db
from engine.db import transaction
from engine.settings import Settings
from server import setup
from server.app import create_app
from server.demo import closing, papers, stage, timeline
from server.demo.story import Story
from server.demo.world import Hand, by_verb

DATABASE = "icity_demo"
STORIES = Path("innovative-city") / "demo"


def run(settings: Settings, url: str, name: str, lang: str, hand: Hand = by_verb) -> int:
    """Play the story `name` in a database of its own beside the one at `url`, every task done by `hand`; return 0.

    Print and write its timeline and what came of it. The database is made anew each time, so that nothing of a moved
    clock is left in the real one. Raise StoryStuck.
    """
    own = replace(settings, var=str(settings.var_path / "demo"), webhook_loopback=True, seed_demo=True)
    engine = db.connect(_anew(url))
    sessions = db.sessions(engine)
    sessions.configure(info={"var": own.var_path})
    story = Story.read(settings.workflows_path / STORIES / name)
    try:
        with stage.begun(story):
            setup.prepare(own, engine)
            _hurry(engine)
            stage.play(own, sessions, story, hand)
            papers.lay_out(own, sessions, own.var_path / "documents")
        target = own.var_path / "timeline.json"
        with transaction(sessions) as session:
            lines = timeline.write(create_app(own, sessions), session, lang, target)
            printed = timeline.printed(lines, frozenset(story.told.get("printed", ())))
            printed += ["", *closing.table(session, story, lang)]
    finally:
        engine.dispose()
    sys.stdout.write("\n".join(printed) + f"\n\n{target}\n")
    return 0


def _anew(url: str) -> str:
    """Return the URL of an empty database for the demonstration."""
    engine = db.connect(url)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE {DATABASE} ENCODING 'UTF8' TEMPLATE template0"))
    engine.dispose()
    return make_url(url).set(database=DATABASE).render_as_string(hide_password=False)


def _hurry(engine: Engine) -> None:
    """Let commits not wait for the disk: what is made anew each time need not outlive the machine's power."""
    with engine.begin() as connection:
        connection.execute(text(f"ALTER DATABASE {DATABASE} SET synchronous_commit = off"))
    engine.dispose()
