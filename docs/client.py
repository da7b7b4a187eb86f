"""Write the generated part of the Python client from the OpenAPI that the application serves.

`python -m docs.client` writes clients/python/icity_client/generated; with `--check` it only compares.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy.orm import sessionmaker

from docs.generate import PARAMETER, ROOT
from engine import settings as configuration
from server.api.openapi import PREFIX
from server.app import create_app

GENERATED = ROOT / "clients" / "python" / "icity_client" / "generated"
NOTICE = '"""Generated from the OpenAPI of icity by `make docs`; do not edit."""\n'
REFERENCE = "$ref"

# What the systems of agencies and departments do, by tag and by the name of the view; all else is left out.
KIT: Mapping[str, frozenset[str]] = {
    "sign-in": frozenset({"sign_in", "me"}),
    "instances": frozenset({"show", "history"}),
    "tasks": frozenset({"listing", "show", "claim", "complete"}),
    "evidence": frozenset({"keep"}),
    "sheets": frozenset({"listing", "show"}),
}
CONFIG = {
    "package_name_override": "generated",
    "content_type_overrides": {"application/problem+json": "application/json"},
    "post_hooks": [],
}


def excerpt(served: Mapping[str, Any], views: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    """Return the part of the `served` description that the kit needs; `views` name what answers a method and path.

    Operations and schemas are taken as they stand; each operation is given the name of its view.
    """
    paths: dict[str, dict[str, Any]] = {}
    for path, methods in served["paths"].items():
        for method, operation in methods.items():
            view = views.get((method, path), "")
            if method != "parameters" and view in KIT.get(operation["tags"][0], ()):
                kept = paths.setdefault(path, {key: methods[key] for key in ("parameters",) if key in methods})
                kept[method] = {**operation, "operationId": view}
    wanted = _reached(served, paths)
    parts = {
        kind: {name: part for name, part in some.items() if f"#/components/{kind}/{name}" in wanted}
        for kind, some in served["components"].items()
    }
    parts["securitySchemes"] = served["components"]["securitySchemes"]
    return {**served, "paths": paths, "components": parts, "tags": []}


def written() -> dict[str, str]:
    """Return the files of the generated package by their paths in it."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(configuration.load(var=folder), sessionmaker())
        served = app.test_client().get(f"{PREFIX}/openapi.json").get_json()
        room = Path(folder)
        (room / "openapi.json").write_text(json.dumps(excerpt(served, _views(app))), encoding="utf-8")
        (room / "config.json").write_text(json.dumps(CONFIG), encoding="utf-8")
        out = room / "generated"
        _run("openapi_python_client", "generate", "--path", str(room / "openapi.json"), "--meta", "none",
             "--config", str(room / "config.json"), "--output-path", str(out), "--fail-on-warning")  # fmt: skip
        _run("ruff", "check", "--isolated", "--fix-only", "--quiet", "--select", "F,I", str(out))
        _run("ruff", "format", "--isolated", "--quiet", "--line-length", "120", str(out))
        (out / "__init__.py").write_text(NOTICE, encoding="utf-8")
        return {path.relative_to(out).as_posix(): path.read_text(encoding="utf-8") for path in _files(out)}


def stale() -> list[str]:
    """Return the generated files that are not what the served description gives."""
    found = {path.relative_to(GENERATED).as_posix(): path.read_text(encoding="utf-8") for path in _files(GENERATED)}
    fresh = written()
    return sorted(name for name in found.keys() | fresh.keys() if found.get(name) != fresh.get(name))


def main() -> None:
    """Write the package, or with `--check` name its stale files and fail."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only")
    if parser.parse_args().check:
        old = stale()
        sys.exit(f"run `make docs`: {', '.join(old)} of the client no longer match the API" if old else 0)
    fresh = written()
    for path in _files(GENERATED):
        if path.relative_to(GENERATED).as_posix() not in fresh:
            path.unlink()
    for name, text in fresh.items():
        path = GENERATED / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _views(app: Any) -> dict[tuple[str, str], str]:
    return {
        (method.lower(), PARAMETER.sub(r"{\1}", rule.rule)): rule.endpoint.rpartition(".")[2]
        for rule in app.url_map.iter_rules()
        for method in rule.methods
    }


def _reached(served: Mapping[str, Any], paths: Any) -> set[str]:
    """Return every component that the paths name, directly or through others."""
    reached: set[str] = set()
    todo = set(_references(paths))
    while todo:
        reached |= todo
        parts = [served["components"][kind][name] for _, _, kind, name in (one.split("/") for one in todo)]
        todo = set(_references(parts)) - reached
    return reached


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if REFERENCE in part:
            yield part[REFERENCE]
        part = list(part.values())
    if isinstance(part, list):
        for one in part:
            yield from _references(one)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)


def _run(module: str, *arguments: str) -> None:
    subprocess.run([sys.executable, "-m", module, *arguments], check=True, stdout=subprocess.DEVNULL)  # noqa: S603


if __name__ == "__main__":
    main()
