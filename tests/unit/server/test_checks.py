"""Checks: an installation that would lose what it acknowledged may not serve, and an operator sees what is amiss."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from engine import clock, soundness
from engine.db import Sessions, transaction
from engine.errors import SettingsRefused
from engine.settings import Settings
from engine.tables import Heartbeat
from server import checks, secrets, setup, watch
from server.checks import Finding


def found(configuration: Settings, session: Session) -> dict[str, Finding]:
    return {finding.name: finding for finding in checks.soundness(configuration, session)}


def test_a_database_that_forgets_may_not_serve(session: Session) -> None:
    with pytest.raises(SettingsRefused) as caught:
        setup.refuse_unsound(session)
    assert {fault.partition(":")[0] for fault in caught.value.facts["faults"]} == {"fsync", "full_page_writes"}


def test_a_database_that_acknowledges_too_early_may_not_serve(session: Session) -> None:
    session.execute(text("SET LOCAL synchronous_commit = local"))
    assert "synchronous_commit" in {finding.name for finding in checks.faults(session)}


def test_the_schema_and_the_clock_are_compared_with_the_database(configuration: Settings, session: Session) -> None:
    assert found(configuration, session)["schema"].ok
    assert found(configuration, session)["clock"].ok
    clock.travel(clock.now() + timedelta(seconds=6))
    assert not found(configuration, session)["clock"].ok
    session.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    assert not found(configuration, session)["schema"].ok


def test_secrets_are_made_once_and_only_we_may_read_them(configuration: Settings, session: Session) -> None:
    assert not found(configuration, session)["secrets"].ok
    made = secrets.load(configuration.var_path)
    assert secrets.load(configuration.var_path) == made
    assert found(configuration, session)["secrets"].ok
    (configuration.var_path / secrets.FILE).chmod(0o644)
    assert not found(configuration, session)["secrets"].ok


def test_serving_the_world_without_tls_is_told(configuration: Settings, session: Session) -> None:
    assert found(configuration, session)["transport"].ok
    assert not found(replace(configuration, host="0.0.0.0"), session)["transport"].ok
    assert found(replace(configuration, host="0.0.0.0", tls=True), session)["transport"].ok


def test_a_bundle_that_is_not_built_or_not_whole_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "STATIC", tmp_path)
    assert not checks._bundle().ok
    (tmp_path / "manifest.json").write_text('{"desk": {"js": "desk.js", "css": null}}')
    assert checks._bundle().found == "missing ['desk.js']"
    (tmp_path / "desk.js").touch()
    assert checks._bundle().ok


def looked_at(sessions: Sessions) -> dict[str, Finding]:
    return {finding.name: finding for finding in checks.invariants(sessions)}


def test_the_invariants_are_told_as_they_are_now_and_as_the_clock_last_found_them(sessions: Sessions) -> None:
    found = looked_at(sessions)
    assert found["invariants"].ok
    assert found["last look"].found.startswith("none yet")
    with transaction(sessions) as session:
        session.execute(text("INSERT INTO resource (digest, content) VALUES ('wrong', 'x')"))
    assert watch.look(sessions) == 1
    found = looked_at(sessions)
    assert not found["invariant resource-digest"].ok
    assert found["invariant resource-digest"].found.endswith("[wrong]")
    assert found["last look"].found == "1 broken (resource-digest), 0 min ago"
    clock.travel(clock.now() + checks.LATE)
    with transaction(sessions) as session:
        session.execute(text("DELETE FROM resource"))
        assert not checks.last_look(session).ok


def test_the_clock_that_has_not_looked_for_long_is_told(sessions: Sessions) -> None:
    assert watch.look(sessions) == 0
    assert looked_at(sessions)["last look"].ok
    clock.travel(clock.now() + checks.LATE + timedelta(seconds=1))
    assert not looked_at(sessions)["last look"].ok


def test_a_database_of_another_schema_is_not_looked_at(sessions: Sessions) -> None:
    with transaction(sessions) as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    assert looked_at(sessions) == {}


def test_a_look_at_the_invariants_does_not_pass_for_the_clock(session: Session) -> None:
    session.add(Heartbeat(name=soundness.NAME, at=clock.now()))
    session.flush()
    assert not checks.ready(session)["clock"]
