"""The PostgreSQL that comes along, and what is said where it cannot."""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine import settings
from engine.errors import SettingsRefused
from engine.settings import Settings
from server import postgres, serve


@pytest.fixture
def chosen() -> Iterator[Settings]:
    with tempfile.TemporaryDirectory(prefix="icity-var-", ignore_cleanup_errors=True) as folder:
        yield settings.load(database_url="", var=folder)


def test_a_platform_without_the_wheel_is_told_what_to_do(chosen: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "_wheel", None)
    with pytest.raises(SettingsRefused) as caught, postgres.lent(chosen):
        pass
    assert "name a server (PostgreSQL 14 or later)" in caught.value.facts["faults"][0]


def test_a_server_that_is_named_is_neither_started_nor_stopped(chosen: Settings) -> None:
    named = replace(chosen, database_url="postgresql://somewhere/icity")
    with postgres.owned(named) as owned, postgres.lent(named) as lent:
        assert owned == lent == "postgresql://somewhere/icity"
    assert not (chosen.var_path / postgres.FOLDER).exists()


def test_a_borrower_leaves_the_server_running_and_its_owner_stops_it(chosen: Settings) -> None:
    with postgres.owned(chosen) as url:
        with postgres.lent(chosen) as borrowed:
            assert borrowed == url
        with postgres.connected(url) as engine, engine.connect() as connection:
            assert connection.exec_driver_sql("SELECT current_database()").scalar() == postgres.DATABASE
    assert postgres._running(chosen.var_path / postgres.FOLDER) is None


def test_two_servers_on_one_folder_are_refused(chosen: Settings) -> None:
    assert Path(chosen.var).is_absolute()
    with serve._alone(chosen), pytest.raises(SettingsRefused), serve._alone(chosen):
        pass
