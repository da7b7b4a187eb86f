"""The command line of the civil calendar: `icity calendar`."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from engine import calendars, db, deadlines, settings
from engine.clock import CIVIL
from engine.db import Sessions
from engine.deadlines import MoveRow
from engine.domain import holidays
from engine.errors import WorkbookRefused
from server import postgres, recounting

REFUSED = 2

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for a program to read.")
a_file = click.Path(dir_okay=False, path_type=Path)


@click.group("calendar")
def calendar() -> None:
    """Load notices of holidays, and tell which deadlines they moved."""


@calendar.command("load")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--as", "by", default="icity calendar", metavar="LOGIN", help="Who loads it; kept with the notice.")
@as_json
def load(file: Path, *, by: str, as_json: bool) -> None:
    """Load the notice in FILE (CSV or XLSX; see `icity calendar template`) and move every deadline it touches.

    Prints the notice, then a line for every deadline that moved and who was told. Loading it again moves nothing more,
    so a run that was killed is simply repeated. Exit code 2 when the file has faults; each is named by its cell.
    """
    with _sessions() as sessions:
        loaded = _load(sessions, file, by)
        known = "" if loaded.new else "，此前已载入 / loaded before"
        click.echo(
            json.dumps(asdict(loaded), ensure_ascii=False, default=str)
            if as_json
            else f"{loaded.number}：放假 {loaded.days_off} 天，调休上班 {loaded.workdays} 天；"
            f"日历版本 {loaded.version[:12]}；调整期限 {loaded.moved} 项{known}"
        )
        _tell_moves(sessions, loaded.number, as_json=as_json)


@calendar.command("moves")
@click.argument("number")
@as_json
def list_moves(number: str, *, as_json: bool) -> None:
    """List every deadline that the notice NUMBER moved: before, after, and who was told."""
    with _sessions() as sessions:
        _tell_moves(sessions, number, as_json=as_json)


@calendar.command("show")
@as_json
def show(*, as_json: bool) -> None:
    """Tell the version of the calendar, until when its days are published, and the notices that were loaded."""
    with _sessions() as sessions, db.transaction(sessions) as session:
        found, notices = calendars.load(session), calendars.notices(session)
        rows = [{"number": one.number, "issued_on": str(one.issued_on), "version": one.version} for one in notices]
    if as_json:
        told: dict[str, Any] = {"version": found.version, "known_until": str(found.known_until), "notices": rows}
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    click.echo(f"日历版本 / version {found.version[:12]}，已公布至 / published until {found.known_until}")
    for row in rows:
        click.echo(f"{row['issued_on']}  {row['number']}  {row['version'][:12]}")


@calendar.command("template")
@click.argument("file", type=a_file)
def template(file: Path) -> None:
    """Write the table to fill in to FILE: .xlsx, or CSV for any other name."""
    if file.suffix.lower() == ".xlsx":
        file.write_bytes(holidays.template_xlsx())
    else:
        file.write_text(holidays.template_csv(), encoding="utf-8")


def _load(sessions: Sessions, file: Path, by: str) -> recounting.Loaded:
    try:
        return recounting.load(sessions, file.read_bytes(), by)
    except WorkbookRefused as refused:
        for fault in refused.facts["cells"]:
            click.echo(f"{file} {fault['cell']}: {fault['text']['zh']} / {fault['text']['en']}", err=True)
        sys.exit(REFUSED)


def _tell_moves(sessions: Sessions, number: str, *, as_json: bool) -> None:
    with db.transaction(sessions) as session:
        for row in deadlines.every_move(session, number):
            click.echo(json.dumps(asdict(row), ensure_ascii=False, default=str) if as_json else _line(row))


def _line(row: MoveRow) -> str:
    before, after = (moment.astimezone(CIVIL).date() for moment in (row.before, row.after))
    return f"{row.title}  {row.name or row.element}：{before} → {after}  告知 / told {' '.join(row.told) or '—'}"


@contextmanager
def _sessions() -> Iterator[Sessions]:
    with postgres.lent(settings.load()) as url, postgres.connected(url) as engine:
        yield db.sessions(engine)
