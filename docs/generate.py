"""Write the pages that the code already knows: most of docs/reference, and the map in ARCHITECTURE.md.

With `--check` it only compares.
"""

import argparse
import ast
import json
import re
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
from sqlalchemy.orm import sessionmaker

from engine import delegates
from engine import settings as configuration
from engine.domain.feel import builtins, limits
from engine.errors import IcityError
from server import cli, problems
from server.app import create_app
from tests.features import reference as bpmn
from webhooks import catalogue
from webhooks.catalogue import Entry

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs" / "reference"
MAP = ROOT / "ARCHITECTURE.md"
MAP_BEGINS, MAP_ENDS = "<!-- map: written by `make docs` -->\n", "<!-- end of map -->"
ROOMS = ("engine", "webhooks", "server")
NOTICE = "<!-- Written by `make docs` from {source}; edit that instead. -->\n"
PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
KIND = re.compile(r'^    [A-Z_]+ = "(?P<kind>[a-z_.]+)"  # (?P<meaning>.+)$', re.MULTILINE)
SETTING = re.compile(r"((?:^#.*\n)+)^(\w+) = (.*)$", re.MULTILINE)

SETTINGS_INTRO = """\
An environment variable overrides a setting; a list is written with commas. Unknown names and wrong types refuse to
start, all faults named at once. `config/production.example.toml` shows the handful a real installation must set."""
EVENTS_INTRO = """\
Every verb appends what happened in its own transaction: the audit trail and the outbox are one table. An event carries
`id`, `at` (an instant in UTC), `kind`, `instance`, `task`, `element`, `actor` (none when the clock or another system
acted) and `data`. Webhooks fan out what is not yet marked as published; a receiver gets each event at least once and
recognises it by its message id."""
EXAMPLES_INTRO = """\
## What each holds

First the JSON Schema of `data`, then an example of the CloudEvent. `GET /api/v1/events/catalogue` serves the whole
schemas. Fields may be added; none is taken away or changes its type."""
API_INTRO = """\
Requests and replies in full: `/api/v1/openapi.json` (OpenAPI 3.1). Sign in with `POST /api/v1/sign-in` and send
`Authorization: Bearer <token>`. Every POST may carry an `Idempotency-Key`; lists are read page by page with `cursor`.
Every error is a problem (RFC 9457, `application/problem+json`), in the language of `Accept-Language`."""

EXPRESSIONS_INTRO = """\
FEEL (DMN 1.3) is the only language of conditions, timers, collections, correlations, mappings, decision cells and form
conditions. A leading `=` is accepted everywhere. An expression is compiled when its programme is deployed; one that
cannot be understood is refused with its place and what was expected. What is missing is null. Nothing an expression
says reaches Python, and nothing may grow without bound."""


def settings() -> str:
    """Return the page of the settings."""
    text = (ROOT / "config" / "default.toml").read_text(encoding="utf-8")
    rows = [
        (f"`{name}`", f"`{value}`", f"`ICITY_{name.upper()}`", " ".join(comment.replace("#", "").split()))
        for comment, name, value in SETTING.findall(text)
    ]
    return _page(
        "Settings", "config/default.toml", SETTINGS_INTRO, _table(("name", "default", "variable", "meaning"), rows)
    )


def roles() -> str:
    """Return the page of the roles."""
    known = tomllib.loads((ROOT / "config" / "roles.toml").read_text(encoding="utf-8"))
    rows = [
        (f"`{key}`", f"{role['name']['zh']}<br>{role['name']['en']}", _both(role["description"]))
        for key, role in known.items()
    ]
    intro = "A diagram names a role at a task (`icity:role`); `config/organisations.toml` says who holds it where."
    return _page("Roles", "config/roles.toml", intro, _table(("role", "name", "may and may not"), rows))


def events() -> str:
    """Return the page of the kinds of event."""
    source = (ROOT / "engine" / "events.py").read_text(encoding="utf-8")
    rows = [(f"`{kind}`", f"{meaning[0].upper()}{meaning[1:].rstrip('.…')}.") for kind, meaning in KIND.findall(source)]
    shown = "".join(_shown(entry) for entry in catalogue.entries().values())
    return _page(
        "Events", "engine/events.py", EVENTS_INTRO, f"{_table(('kind', 'when'), rows)}\n{EXAMPLES_INTRO}\n{shown}"
    )


def api() -> str:
    """Return the page of the doors: routes and problems."""
    doors = {title: [] for title in ("REST API", "Inbound webhooks", "Pages")}
    for rule, view in _routes():
        doors[_door(rule.rule)].append(_route(rule, view))
    parts = [
        f"## {title}\n\n{_table(('request', 'who', 'what'), sorted(rows, key=_by_path))}"
        for title, rows in doors.items()
    ]
    return _page("API", "the routes of the server and server/problems.py", API_INTRO, "\n".join([*parts, _problems()]))


def expressions() -> str:
    """Return the page of the expression language."""
    bounds = [
        ("characters of source", limits.SOURCE),
        ("nodes of its syntax tree", limits.NODES),
        ("steps of one evaluation", limits.STEPS),
        ("characters of a text", limits.TEXT),
        ("items of a list", limits.ITEMS),
        ("size of a number", limits.NUMBER),
    ]
    table = _table(("bound", "at most"), [(name, f"{bound:,}") for name, bound in bounds])
    functions = "".join(f"- `{usage}`\n" for usage in dict.fromkeys(builtins.catalogue()))
    language = (ROOT / "engine" / "domain" / "feel" / "LANGUAGE.md").read_text(encoding="utf-8").strip()
    told = f"## Functions\n\n`?` may be left out, `…` may come many times.\n\n{functions}"
    return _page("Expressions", "engine/domain/feel", EXPRESSIONS_INTRO, f"## Bounds\n\n{table}\n{language}\n\n{told}")


def operators() -> str:
    """Return the page of the operators of service tasks."""
    rows = [
        (f"`{one.name}`", _both(one.title), ", ".join(f"`{key}`" for key in one.parameters.fields))
        for one in delegates.REGISTRY.values()
    ]
    intro = (
        "A service task names one of these functions (`icity:operator`) and gives its parameters with `icity:input`."
    )
    table = _table(("operator", "what it does", "parameters"), rows)
    return _page("Operators of service tasks", "engine/delegates.py", intro, table)


def commands() -> str:
    """Return the page of the command line."""
    parts = [_command(names, command) for names, command in _commands(cli.cli, ("icity",))]
    intro = "`.venv/bin/icity --help` says the same. `make run` and `make demo` call `serve` and `demo`."
    return _page("Command line", "server/cli.py", intro, "\n".join(parts))


def architecture() -> str:
    """Return ARCHITECTURE.md with a line a file, each the first sentence of the file itself."""
    before, _, rest = MAP.read_text(encoding="utf-8").partition(MAP_BEGINS)
    _, _, after = rest.partition(MAP_ENDS)
    return f"{before}{MAP_BEGINS}\n{''.join(_rooms())}\n{MAP_ENDS}{after}"


PAGES: dict[Path, Callable[[], str]] = {
    REFERENCE / "settings.md": settings,
    REFERENCE / "roles.md": roles,
    REFERENCE / "events.md": events,
    REFERENCE / "api.md": api,
    REFERENCE / "cli.md": commands,
    REFERENCE / "expressions.md": expressions,
    REFERENCE / "operators.md": operators,
    bpmn.PAGE: bpmn.page,
    MAP: architecture,
}


def modules() -> list[Path]:
    """Return every Python file of the rooms, but for empty packages."""
    found = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"), key=_order)]
    return [path for path in found if "node_modules" not in path.parts and path.read_text(encoding="utf-8").strip()]


def paths() -> list[str]:
    """Return the path of every route, as the reference writes it."""
    return sorted({_path(rule) for rule, _ in _routes()})


def stale() -> list[str]:
    """Return the pages that no longer say what the code says."""
    return [
        path.relative_to(ROOT).as_posix()
        for path, write in PAGES.items()
        if not path.exists() or path.read_text(encoding="utf-8") != write()
    ]


def main() -> None:
    """Write the pages, or with `--check` name the stale ones and fail."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only")
    if parser.parse_args().check:
        old = stale()
        sys.exit(f"run `make docs`: {', '.join(old)} no longer match the code" if old else 0)
    for path, write in PAGES.items():
        path.write_text(write(), encoding="utf-8")


def _page(title: str, source: str, intro: str, body: str) -> str:
    return f"{NOTICE.format(source=source)}# {title}\n\n{intro}\n\n{body}"


def _shown(entry: Entry) -> str:
    """Return a kind of event: its name in both languages, the JSON Schema of its data, and an example."""
    data = json.dumps(entry.schema["properties"]["data"], ensure_ascii=False)
    example = json.dumps(entry.example, ensure_ascii=False)
    return f"\n### `{entry.kind}` {entry.name['zh']}\n\n```json\n{data}\n```\n\n```json\n{example}\n```\n"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |\n" for line in lines)


def _both(text: dict[str, str]) -> str:
    return f"{text['zh']}<br>{text['en']}"


def _routes() -> Iterator[tuple[Any, Callable[..., Any]]]:
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(configuration.load(var=folder), sessionmaker())
    for rule in app.url_map.iter_rules():
        yield rule, app.view_functions[rule.endpoint]


def _door(path: str) -> str:
    if path.startswith("/api/"):
        return "REST API"
    return "Inbound webhooks" if path.startswith("/hooks/") else "Pages"


def _route(rule: Any, view: Callable[..., Any]) -> tuple[str, str, str]:
    methods = ", ".join(sorted(rule.methods - {"HEAD", "OPTIONS"}))
    permission = getattr(view, "permission", "")
    who = permission if isinstance(permission, str) else ", ".join(f"`{role}`" for role in sorted(permission))
    what = "Files of the pages." if rule.endpoint == "static" else _sentence(view.__doc__)
    return f"`{methods} {_path(rule)}`", who, what


def _by_path(row: tuple[str, ...]) -> tuple[str, str]:
    methods, _, path = row[0].strip("`").rpartition(" ")
    return path, methods


def _path(rule: Any) -> str:
    return PARAMETER.sub(r"{\1}", rule.rule)


def _problems() -> str:
    rows = [
        (str(reply.status), f"`urn:icity:problem:{reply.slug}`", f"{reply.zh}<br>{reply.en or _told(error)}")
        for error, reply in problems.REPLIES.items()
    ]
    return f"## Problems\n\n{_table(('status', 'type', 'title'), sorted(set(rows)))}"


def _told(error: type[Exception]) -> str:
    doc = error.__doc__ if issubclass(error, IcityError) else ""
    return " ".join(str(doc).partition("The fact")[0].split())


def _commands(command: click.Command, names: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield names, command
    if isinstance(command, click.Group):
        for name, inner in sorted(command.commands.items()):
            yield from _commands(inner, (*names, name))


def _command(names: tuple[str, ...], command: click.Command) -> str:
    about = " ".join((command.help or "").split())
    shown = [parameter for parameter in command.params if not getattr(parameter, "hidden", False)]
    rows = [(f"`{_spelling(one)}`", " ".join((getattr(one, "help", None) or "").split())) for one in shown]
    table = f"\n{_table(('argument', 'meaning'), rows)}" if rows else ""
    return f"## `{' '.join(names)}`\n\n{about}\n{table}"


def _spelling(parameter: click.Parameter) -> str:
    if isinstance(parameter, click.Argument):
        return parameter.make_metavar(click.Context(click.Command("icity")))
    return ", ".join([*parameter.opts, *parameter.secondary_opts])


def _rooms() -> Iterator[str]:
    folder = None
    for path in modules():
        if path.parent != folder:
            folder = path.parent
            yield f"\n**`{folder.relative_to(ROOT).as_posix()}/`**\n\n"
        yield f"- `{path.relative_to(ROOT).as_posix()}` — {_sentence(_docstring(path))}\n"


def _order(path: Path) -> tuple[list[str], bool, str]:
    return list(path.parent.parts), path.name != "__init__.py", path.name


def _docstring(path: Path) -> str:
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""


def _sentence(text: str | None) -> str:
    return " ".join((text or "").split("\n\n")[0].split())


if __name__ == "__main__":
    main()
