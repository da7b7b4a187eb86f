"""The command line: `icity`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import orjson
from sqlalchemy import Engine

from engine import db, identity, processes, second_factor, settings
from engine.db import Sessions
from engine.errors import NotFound
from engine.identity import Account, Seeded
from engine.settings import Settings
from server import checks, demo, postgres, schema, serve, setup
from server.calendar_command import calendar
from server.documents_command import preview
from server.figures_command import figures_commands, sets
from server.lint_command import lint
from server.operate import operate
from server.simulate import simulate
from server.verify import verify
from webhooks import outbound
from webhooks.outbound import Wish
from webhooks.posting import Fence

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for a program to read.")
with_parent = click.option(
    "--with-parent", is_flag=True, help="Begin when standard input says so, stop when it closes."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="icity", message="icity %(version)s")
def cli() -> None:
    """Run the innovative-city programme of a province.

    Settings: config/default.toml explains each; an environment variable ICITY_<NAME> overrides it.
    """


for command in (lint, simulate, verify, operate, calendar, preview, sets, figures_commands):
    cli.add_command(command)


@cli.command("serve")
def serve_command() -> None:
    """Start everything: database, web, clock and hands. Ctrl-C stops it all.

    Brings the schema up to date, seeds an empty database and deploys the programmes before it serves.
    """
    chosen = settings.load()
    sys.exit(serve.Household(chosen).run(lambda: _welcome(chosen)))


@cli.command()
@with_parent
def web(*, with_parent: bool) -> None:
    """Serve web requests only; the schema must be there."""
    if with_parent:
        serve.follow_parent()
    serve.web(settings.load())


@cli.command()
@with_parent
def work(*, with_parent: bool) -> None:
    """Run the clock and the hands only: timers, messages, reminders, webhooks. Any number may run at once."""
    if with_parent:
        serve.follow_parent()
    serve.work(settings.load())


@cli.command()
@as_json
def migrate(*, as_json: bool) -> None:
    """Bring the schema of the database to the newest revision."""
    with _engine(settings.load()) as engine:
        before, after = schema.upgrade(engine)
    _tell(as_json, {"before": before, "after": after}, [f"schema: {before or 'none'} → {after}"])


@cli.command()
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--check", "only_check", is_flag=True, help="Only say what is wrong; deploy nothing.")
@as_json
def deploy(folder: Path | None, *, only_check: bool, as_json: bool) -> None:
    """Make the programme in FOLDER (all of workflows/ when left out) a new version.

    Running instances keep the version they started with. The same content is the same version.
    """
    chosen = settings.load()
    folders = [folder] if folder else setup.programmes(chosen.workflows_path)
    if only_check:
        _lint(folders, as_json=as_json)
        return
    with _engine(chosen) as engine:
        deployed = [setup.deploy(engine, one) for one in folders]
    lines = [f"{d.programme}: version {d.number}, {'new' if d.new else 'as before'}, {d.digest[:12]}" for d in deployed]
    _tell(as_json, [asdict(one) for one in deployed], lines)


@cli.command("demo")
@click.argument("story", type=click.Choice(["province", "county"]), default="province")
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", help="Language of the timeline.")
def demo_command(story: str, lang: str) -> None:
    """Drive a fictional province, or one county, through its whole life on a moved clock, and print what happened."""
    chosen = settings.load()
    with postgres.lent(chosen) as url:
        code = demo.run(chosen, url, story, lang)
    sys.exit(code)


@cli.command()
@as_json
def check(*, as_json: bool) -> None:
    """Say whether this installation is sound; exit 1 when it is not.

    Looks at every row and opens every state: what each rule means stands in docs/explanation/soundness.md.
    """
    chosen = settings.load()
    with _sessions(chosen) as sessions:
        with db.transaction(sessions) as session:
            findings = checks.soundness(chosen, session)
        findings += checks.invariants(sessions)
    lines = [f"{'ok ' if finding.ok else 'BAD'} {finding.name}: {finding.found}" for finding in findings]
    _tell(as_json, [asdict(finding) for finding in findings], lines)
    sys.exit(0 if all(finding.ok for finding in findings) else 1)


@cli.group()
def users() -> None:
    """List, add and change the people who sign in."""


@users.command("list")
@as_json
def list_users(*, as_json: bool) -> None:
    """List every account with its roles."""
    with _sessions(settings.load()) as sessions, db.transaction(sessions) as session:
        accounts = identity.listing(session)
    _tell(as_json, [asdict(account) for account in accounts], [_account_line(account) for account in accounts])


@users.command("add")
@click.argument("login")
@click.argument("name")
@click.option("--role", "roles", multiple=True, metavar="ORGANISATION:ROLE", help="A role held; may be repeated.")
@as_json
def add_user(login: str, name: str, roles: tuple[str, ...], *, as_json: bool) -> None:
    """Add a person and print the password drawn for them."""
    password = identity.draw_password()
    held = [_membership(role) for role in roles]
    with _sessions(settings.load()) as sessions, db.transaction(sessions) as session:
        identity.create_person(session, login, name, password, held)
    _tell(as_json, {"login": login, "password": password}, [f"{login} {password}"])


@users.command("password")
@click.argument("login")
@as_json
def reset_password(login: str, *, as_json: bool) -> None:
    """Draw a new password for LOGIN, unlock the account, end its sign-ins, and print the password."""
    password = identity.draw_password()
    with _sessions(settings.load()) as sessions, db.transaction(sessions) as session:
        identity.set_password(session, login, password)
    _tell(as_json, {"login": login, "password": password}, [f"{login} {password}"])


@users.command("factor-off")
@click.argument("login")
def reset_factor(login: str) -> None:
    """Turn the second factor of LOGIN off, for somebody who lost both phone and recovery codes."""
    with _sessions(settings.load()) as sessions, db.transaction(sessions) as session:
        second_factor.reset(session, login)


@users.command("disable")
@click.argument("login")
def disable_user(login: str) -> None:
    """Close the account of LOGIN and end its sign-ins."""
    with _sessions(settings.load()) as sessions, db.transaction(sessions) as session:
        identity.set_active(session, login, active=False)


@users.command("enable")
@click.argument("login")
def enable_user(login: str) -> None:
    """Open the account of LOGIN again."""
    with _sessions(settings.load()) as sessions, db.transaction(sessions) as session:
        identity.set_active(session, login, active=True)


@cli.group()
def endpoints() -> None:
    """Say which other systems are told of what happens here (outbound webhooks)."""


@endpoints.command("list")
@as_json
def list_endpoints(*, as_json: bool) -> None:
    """List every endpoint: its number, its address, and the kinds of event it is told of."""
    with _sessions(settings.load()) as sessions, db.transaction(sessions) as session:
        known = outbound.listing(session)
    rows = [{"id": one.id, "url": one.url, "kinds": one.kinds, "active": one.active} for one in known]
    _tell(
        as_json, rows, [f"{row['id']} {row['url']} {' '.join(one.kinds)}" for row, one in zip(rows, known, strict=True)]
    )


@endpoints.command("add")
@click.argument("url")
@click.argument("kinds", nargs=-1, required=True)
@as_json
def add_endpoint(url: str, kinds: tuple[str, ...], *, as_json: bool) -> None:
    """Tell URL of every event of these KINDS, and print the secret that proves it is us."""
    chosen = settings.load()
    with _sessions(chosen) as sessions, db.transaction(sessions) as session:
        made = outbound.subscribe(session, Fence.of(chosen), Wish(url, kinds))
    _tell(as_json, {"id": made.id, "secret": made.secrets[0]}, [f"{made.id} {made.secrets[0]}"])


@endpoints.command("rotate")
@click.argument("endpoint", type=int)
@as_json
def rotate_endpoint(endpoint: int, *, as_json: bool) -> None:
    """Draw a new secret for ENDPOINT; the one before signs beside it for seven days."""
    with _sessions(settings.load()) as sessions, db.transaction(sessions) as session:
        secret = outbound.rotate(session, endpoint)
    if secret is None:
        raise NotFound(endpoint=endpoint)
    _tell(as_json, {"id": endpoint, "secret": secret}, [secret])


@contextmanager
def _engine(chosen: Settings) -> Iterator[Engine]:
    with postgres.lent(chosen) as url, postgres.connected(url) as engine:
        yield engine


@contextmanager
def _sessions(chosen: Settings) -> Iterator[Sessions]:
    with _engine(chosen) as engine:
        yield db.sessions(engine)


def _tell(as_json: bool, facts: Any, lines: list[str]) -> None:  # noqa: FBT001 - the option of every command
    click.echo(orjson.dumps(facts, option=orjson.OPT_INDENT_2).decode() if as_json else "\n".join(lines))


def _lint(folders: list[Path], *, as_json: bool) -> None:
    findings = [{"programme": folder.name, **finding} for folder in folders for finding in processes.lint(folder)]
    lines = [" ".join(str(part) for part in finding.values()) for finding in findings]
    _tell(as_json, findings, lines or ["nothing to complain about"])
    sys.exit(1 if findings else 0)


def _membership(written: str) -> tuple[str, str]:
    organisation, separator, role = written.partition(":")
    if not separator:
        raise click.BadParameter(f"{written!r} is not ORGANISATION:ROLE")
    return organisation, role


def _account_line(account: Account) -> str:
    state = "" if account.active else " (disabled)"
    held = " ".join(f"{organisation}:{role}" for organisation, role in account.memberships)
    return f"{account.login:<14} {account.name}{state}  {held}"


def _welcome(chosen: Settings) -> None:
    people = setup.sign_ins(chosen)
    click.echo(f"\nicity 已启动 / is running: http://{chosen.host}:{chosen.port}")
    if people:
        click.echo(f"演示账号 / demonstration sign-ins ({chosen.var_path / setup.SIGN_INS}):")
    for person in people:
        click.echo(_sign_in_line(person))
    click.echo("按 Ctrl-C 停止 / press Ctrl-C to stop\n")


def _sign_in_line(person: Seeded) -> str:
    return f"  {person.login:<12} {person.password}  {person.name}  {' '.join(person.roles)}"
