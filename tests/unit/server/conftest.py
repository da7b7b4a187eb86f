"""The web application, a programme to run in it, and programs that use it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from engine import db, processes
from engine.db import Sessions
from engine.processes import Deployed
from engine.settings import Settings
from tests.support.web import Program, opened

PROGRAMMES = Path(__file__).parents[2] / "support" / "programmes"


@pytest.fixture
def errand(sessions: Sessions) -> Deployed:
    """Deploy the smallest programme with a form."""
    with db.transaction(sessions) as session:
        return processes.deploy(session, PROGRAMMES / "errand", "a test")


@pytest.fixture
def app(configuration: Settings, sessions: Sessions) -> Flask:
    return opened(configuration, sessions)


@pytest.fixture
def program(app: Flask) -> Callable[[str], Program]:
    """Give a function that signs a person of the demonstration in at the API."""
    return lambda login: Program(app, login)
