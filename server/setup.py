"""Making an installation ready: schema, organisations, people, calendar, units, programmes."""

from dataclasses import asdict
from pathlib import Path

import orjson
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from engine import calendars, db, figures, identity, processes, units
from engine.errors import SettingsRefused
from engine.identity import Seeded
from engine.processes import Deployed
from engine.settings import ROOT, Settings
from server import checks, schema, secrets

ORGANISATIONS = ROOT / "config" / "organisations.toml"
SIGN_INS = "demo-sign-ins.json"


def prepare(settings: Settings, engine: Engine) -> list[Deployed]:
    """Make the database at `engine` ready to serve; return the programmes as deployed.

    Repeating it changes nothing. Raises SettingsRefused when the database does not keep what it acknowledges,
    ModelRefused when a programme cannot be deployed.
    """
    secrets.load(settings.var_path)
    with db.transaction(db.sessions(engine)) as session:
        refuse_unsound(session)
    schema.upgrade(engine)
    with db.transaction(db.sessions(engine)) as session:
        seed(settings, session)
    return [deploy(engine, folder) for folder in programmes(settings.workflows_path)]


def refuse_unsound(session: Session) -> None:
    """Raise SettingsRefused naming everything that forbids serving from the database of `session`."""
    faults = [f"{finding.name}: {finding.found}" for finding in checks.faults(session)]
    if faults:
        raise SettingsRefused(faults=faults)


def seed(settings: Settings, session: Session) -> None:
    """Bring in organisations, calendar, units and published figures; and the demonstration's people where nobody is."""
    identity.seed_organisations(session, ORGANISATIONS)
    calendars.seed(session)
    units.seed(session, (units.DIVISIONS, units.FICTIONAL) if settings.seed_demo else (units.DIVISIONS,))
    figures.seed(session)
    if settings.seed_demo and not identity.listing(session):
        keep_sign_ins(settings, identity.seed_people(session, ORGANISATIONS))


def keep_sign_ins(settings: Settings, people: list[Seeded]) -> None:
    """Write the demonstration's sign-ins where only this account reads them.

    Before the transaction ends: were it lost, the next start draws new passwords and writes them again.
    """
    content = orjson.dumps([asdict(person) for person in people], option=orjson.OPT_INDENT_2).decode()
    secrets.write_private(settings.var_path / SIGN_INS, content)


def sign_ins(settings: Settings) -> list[Seeded]:
    """Return the demonstration's sign-ins as they were drawn; none when there are none."""
    path = settings.var_path / SIGN_INS
    return [Seeded(**person) for person in orjson.loads(path.read_bytes())] if path.exists() else []


def programmes(folder: Path) -> list[Path]:
    """Return the folders of the programmes in `folder`."""
    return sorted(path.parent for path in folder.glob("*/programme.toml"))


def deploy(engine: Engine, folder: Path) -> Deployed:
    """Make the programme in `folder` a version, in one transaction."""
    with db.transaction(db.sessions(engine)) as session:
        return processes.deploy(session, folder, "icity deploy")
