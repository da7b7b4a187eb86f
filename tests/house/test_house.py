"""The house's own rules, held against every file."""

import ast
import json
import re
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from docs import client, generate
from engine import db, errors, events, settings, tables
from engine.bpmn import parse
from engine.settings import Settings
from server import postgres, problems, schema
from webhooks import tables as webhook_tables

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("engine", "webhooks", "server")
LONGEST = 400
WRITTEN_BY_HAND = {".py", ".js", ".mjs", ".css", ".html"}
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "services", "managers", "misc"}
REGISTRY_OPTIONS = tuple(f"--{name}" for name in ("index-" + "url", "extra-index-" + "url", "find-" + "links"))
MACHINE_PATHS = re.compile(r"(?<![\w.~-])/(?:home|root|Users|work|farm)/\w")
PICTURE = re.compile(r"!\[[^\]]*\]\(([^):]+)\)")

# What may reach an interpreter, a parser or a stored state, and the only files that may name it.
GATE, CODEC = "engine/bpmn/gate.py", "engine/bpmn/codec.py"
DANGEROUS_NAMES = {"eval": (), "exec": (), "compile": (), "__import__": (), "BpmnWorkflow": (CODEC,)}
DANGEROUS_CALLS = {
    "etree.parse": (),
    "etree.fromstring": (GATE,),
    "etree.XML": (),
    "etree.iterparse": (),
    "ElementTree.parse": (),
    "ElementTree.fromstring": (),
    "deserialize_json": (),
    "add_bpmn_str": (),
    "add_bpmn_io": (),
    "add_bpmn_file": (),
}
DANGEROUS_MODULES = {"pickle", "marshal", "shelve", "dill", "code", "xml.etree.ElementTree", "xml.dom", "xml.sax"}


def tracked() -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    paths = (ROOT / name for name in listing.stdout.decode().split("\0") if name)
    return [path for path in paths if path.is_file()]


TRACKED = tracked()
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in generate.modules()}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def texts() -> Iterator[tuple[Path, str]]:
    for path in TRACKED:
        try:
            yield path, path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def test_a_file_can_be_read_in_one_sitting() -> None:
    files = [path for path in TRACKED if path.suffix in WRITTEN_BY_HAND and client.GENERATED not in path.parents]
    lengths = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    assert {file: length for file, length in lengths.items() if length > LONGEST} == {}


def test_a_room_is_a_noun() -> None:
    assert [name(path) for path in TRACKED if path.suffix == ".py" and path.stem in EMPTY_NAMES] == []


def test_only_the_database_room_ends_a_transaction() -> None:
    enders = {
        name(path)
        for path, tree in TREES.items()
        for call in calls(tree)
        if isinstance(call.func, ast.Attribute) and call.func.attr in {"commit", "rollback"}
    }
    assert enders <= {"engine/db.py"}


def test_no_import_stands_inside_a_function() -> None:
    inside = [
        f"{name(path)}:{node.lineno}"
        for path, tree in TREES.items()
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert inside == []


def test_nothing_reaches_an_interpreter_or_an_open_parser() -> None:
    reached = []
    for path, tree in TREES.items():
        for call in calls(tree):
            spoken = ast.unparse(call.func)
            rules = DANGEROUS_NAMES if isinstance(call.func, ast.Name) else DANGEROUS_CALLS
            reached += [
                f"{name(path)}:{call.lineno} {spoken}"
                for danger, rooms in rules.items()
                if (spoken == danger or spoken.endswith(f".{danger}")) and name(path) not in rooms
            ]
    assert reached == []


def test_no_module_that_runs_what_it_reads_is_imported() -> None:
    imported = {
        (name(path), module)
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        for module in _modules(node)
        if module in DANGEROUS_MODULES
    }
    assert imported == set()


def _modules(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)]
    return []


def test_owners_folders_hold_no_code() -> None:
    code = {".py", ".js", ".mjs", ".sh"}
    assert [
        name(path) for path in TRACKED if name(path).startswith(("workflows/", "config/")) and path.suffix in code
    ] == []


def test_every_setting_has_a_default_a_sentence_and_a_field() -> None:
    text = (ROOT / "config" / "default.toml").read_text(encoding="utf-8")
    explained = {setting for _, setting, _ in generate.SETTING.findall(text)}
    named = {field.name for field in fields(Settings)}
    assert set(tomllib.loads(text)) == named
    assert explained == named


def test_every_setting_is_read_somewhere() -> None:
    spoken = {node.attr for tree in TREES.values() for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert {field.name for field in fields(Settings)} - spoken == set()


def test_the_production_example_names_only_settings() -> None:
    example = tomllib.loads((ROOT / "config" / "production.example.toml").read_text(encoding="utf-8"))
    assert set(example) - {field.name for field in fields(Settings)} == set()


def family(error: type[Exception]) -> set[type[Exception]]:
    return {error, *(below for child in error.__subclasses__() for below in family(child))}


def test_every_error_has_a_message_and_a_reply() -> None:
    ours = {error for error in family(errors.IcityError) if error.__module__.startswith(ROOMS)}
    assert {error.__name__ for error in ours if not error.__doc__} == set()
    assert {error.__name__ for error in ours - set(problems.REPLIES)} == set()


def test_every_module_is_on_the_map_and_the_map_names_no_other() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    drawn = set(re.findall(r"^- `((?:engine|webhooks|server)/[\w/]+\.py)` — \S", text, re.MULTILINE))
    assert drawn == {name(path) for path in TREES}


def test_every_module_begins_with_a_sentence() -> None:
    assert [name(path) for path, tree in TREES.items() if not ast.get_docstring(tree)] == []


@pytest.mark.parametrize("page", sorted(path.name for path in generate.PAGES))
def test_the_written_pages_say_what_the_code_says(page: str) -> None:
    path = next(path for path in generate.PAGES if path.name == page)
    assert path.read_text(encoding="utf-8") == generate.PAGES[path](), "run `make docs`"


def test_the_client_is_built_from_the_served_description_and_from_nothing_else() -> None:
    assert client.stale() == [], "run `make docs`"


def test_every_route_is_in_the_api_reference() -> None:
    text = (generate.REFERENCE / "api.md").read_text(encoding="utf-8")
    assert [rule for rule in generate.paths() if f" {rule}`" not in text] == []


def test_every_kind_of_event_is_documented() -> None:
    text = (generate.REFERENCE / "events.md").read_text(encoding="utf-8")
    assert [kind.value for kind in events.Kind if f"`{kind.value}`" not in text] == []


def test_every_state_is_drawn() -> None:
    text = (ROOT / "docs" / "explanation" / "states.md").read_text(encoding="utf-8")
    states = (
        tables.InstanceState,
        tables.TaskState,
        tables.MessageState,
        tables.IncidentState,
        webhook_tables.DeliveryState,
    )
    assert [
        f"{state.__name__}.{member.value}" for state in states for member in state if member.value not in text
    ] == []


def test_every_element_the_engine_runs_is_in_the_bpmn_reference() -> None:
    text = (generate.REFERENCE / "bpmn.md").read_text(encoding="utf-8")
    assert [tag for tag in sorted(parse.KINDS) if f"`{tag}`" not in text] == []


def test_migrations_and_tables_give_the_same_schema(tmp_path: Path) -> None:
    with postgres.owned(settings.load(database_url="", var=str(tmp_path))) as url:
        engine = db.connect(url)
        schema.upgrade(engine)
        with engine.connect() as connection:
            found = MigrationContext.configure(connection, opts={"include_name": _is_ours, "compare_type": True})
            differences = compare_metadata(found, db.Base.metadata)
        engine.dispose()
    assert differences == []


def _is_ours(thing: str | None, kind: str, _: object) -> bool:
    foreign = ("procrastinate_", "alembic_")
    return kind != "table" or not str(thing).startswith(foreign)


def test_every_picture_that_a_page_shows_is_there() -> None:
    pages = [path for path in TRACKED if path.suffix == ".md"]
    shown = {page: PICTURE.findall(page.read_text(encoding="utf-8")) for page in pages}
    missing = {name(page): one for page, some in shown.items() for one in some if not (page.parent / one).is_file()}
    assert missing == {}


def test_requirements_name_no_host_and_no_option() -> None:
    for file in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / file).read_text(encoding="utf-8")
        assert "://" not in text
        assert [line for line in text.splitlines() if line.startswith("-")] == []


def test_the_javascript_lock_names_no_host() -> None:
    lock = json.loads((ROOT / "server" / "frontend" / "package-lock.json").read_text(encoding="utf-8"))
    assert {key for key, package in lock["packages"].items() if "://" in package.get("resolved", "")} == set()


def test_no_file_names_a_registry_option_or_a_path_of_one_machine() -> None:
    found = {
        name(path)
        for path, text in texts()
        if any(option in text for option in REGISTRY_OPTIONS) or MACHINE_PATHS.search(text)
    }
    assert found == set()
