"""`python -m server` is `icity`: finds the command, and tells what can go wrong in one line, without a trace.

Commands that need no database are loaded alone, so that they begin at once.
"""

import sys
from importlib import import_module
from typing import Any

import click

from engine.errors import IcityError

QUICK = {
    "lint": "server.lint_command",
    "simulate": "server.simulate",
    "verify": "server.verify",
    "preview": "server.documents_command",
}


def main() -> None:
    """Run the command line; exit 1 when it fails."""
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    try:
        if name in QUICK:
            getattr(import_module(QUICK[name]), name)(sys.argv[2:], prog_name=f"icity {name}")
        else:
            import_module("server.cli").cli(prog_name="icity")
    except IcityError as error:
        click.echo(_explain(error), err=True)
        sys.exit(1)


def _explain(error: IcityError) -> str:
    facts = [f"  {key}: {line}" for key, value in error.facts.items() for line in _lines(value)]
    return "\n".join([str(error.__doc__), *facts])


def _lines(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [f"{key}: {inner}" for key, inner in value.items()]
    return value if isinstance(value, list) else [value]


if __name__ == "__main__":
    main()
