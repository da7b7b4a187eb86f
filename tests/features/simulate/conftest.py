"""Rehearsals of small diagrams, as the command line gives them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from server.simulate import simulate
from tests.support.rehearsals import START, Rehearsal, drawn

Run = Callable[..., Rehearsal]


@pytest.fixture
def rehearse(tmp_path: Path) -> Run:
    """Give a function that rehearses processes, drawn by id, with a plan and options by name."""

    def run(plan: Any = None, data: Any = None, files: tuple[Path, ...] = (), **given: Any) -> Rehearsal:
        words = [*map(str, files)]
        for process in [name for name in given if name not in {"until", "process", "lang"}]:
            path = tmp_path / f"{process}.bpmn"
            path.write_text(drawn(process, given.pop(process)), encoding="utf-8")
            words.append(str(path))
        plan = {"start": START, **plan} if isinstance(plan, dict) else plan if plan is not None else {"start": START}
        for name, content in (("plan", plan), ("data", data if data is not None else {})):
            (tmp_path / name).write_text(json.dumps(content), encoding="utf-8")
            words += [f"--{name}", str(tmp_path / name)]
        words += [word for name, value in given.items() for word in (f"--{name}", value)]
        result = CliRunner().invoke(simulate, [*words, "--json"], catch_exceptions=False)
        return Rehearsal(json.loads(result.stdout), result.exit_code)

    return run
