"""The scenarios of a draft or version: how each goes, what they pass on diagrams, and which faults they notice."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import render_template, request
from sqlalchemy.orm import Session
from werkzeug.exceptions import BadRequest

from engine import machines, mutants, scenarios
from engine.db import transaction
from engine.errors import RehearsalRefused
from engine.mutants import Score
from engine.rehearsal.machine import Kind
from engine.scenarios import Examination, Result
from server import problems
from server.pages.shell import pages, sessions, settings
from server.pages.studio import frame, grounds, machine, timelines
from server.pages.studio.frame import on_bench
from server.pages.studio.grounds import Ground
from server.pages.words import language, pick

REFUSED = 422
Finder = Callable[[Session], Ground]


@pages.get("/studio/revisions/<uuid:revision>/scenarios")
@on_bench
def revision_scenarios(revision: UUID) -> str:
    """Show the scenarios of a draft."""
    return _page(lambda session: grounds.of_revision(session, revision))


@pages.post("/studio/revisions/<uuid:revision>/scenarios")
@on_bench
def try_revision_mutants(revision: UUID) -> str | tuple[str, int]:
    """Try which faults the scenarios of a draft notice."""
    return _tried(lambda session: grounds.of_revision(session, revision))


@pages.get("/studio/versions/<programme>/<int:number>/scenarios")
@on_bench
def version_scenarios(programme: str, number: int) -> str:
    """Show the scenarios of a version."""
    return _page(lambda session: grounds.of_version(session, programme, number))


@pages.post("/studio/versions/<programme>/<int:number>/scenarios")
@on_bench
def try_version_mutants(programme: str, number: int) -> str | tuple[str, int]:
    """Try which faults the scenarios of a version notice."""
    return _tried(lambda session: grounds.of_version(session, programme, number))


def _tried(found: Finder) -> str | tuple[str, int]:
    process = request.form.get("process", "")
    with transaction(sessions()) as session:
        ground = found(session)
    try:
        mutants.score(ground.files, process)
    except RehearsalRefused as refused:
        return _page(found, process, problems.sentence(refused, language())), REFUSED
    return _page(found, process)


def _page(found: Finder, process: str = "", refused: str = "") -> str:
    with transaction(sessions()) as session:
        ground = found(session)
    shown = scenarios.examine(ground.files)
    chosen = process or request.args.get("process", "")
    chosen = chosen if chosen in shown.shares else next(iter(_worst(shown)), "")
    own = [one for one in shown.results if one.process == chosen]
    wanted = settings().scenario_coverage
    return render_template(
        "studio/scenarios.html",
        said=frame.said(),
        refused=refused,
        ground=ground,
        findings=[pick(one["text"]) for one in shown.findings],
        count=len(shown.results),
        failed=[_result(one, ground) for one in shown.results if not one.ok],
        coverage=f"{shown.coverage:.1%}",
        wanted=f"{wanted:.0%}" if wanted else "",
        enough=shown.coverage >= wanted,
        processes=[_process(name, shown, ground, chosen) for name in _worst(shown)],
        chosen={"id": chosen, "name": _names(ground).get(chosen, chosen)} if chosen else None,
        rows=[_result(one, ground) for one in own],
        steps=_steps(found, ground, own),
        painting=_painting(ground, shown, chosen) if chosen else None,
        score=_score(mutants.known(ground.files, chosen)) if chosen else None,
    )


def _worst(shown: Examination) -> list[str]:
    """Return the processes, those first of which least is passed."""
    return sorted(shown.shares, key=lambda name: (_share(shown, name), name))


def _share(shown: Examination, process: str) -> float:
    part, whole = shown.shares[process]
    return part / whole if whole else 1.0


def _names(ground: Ground) -> dict[str, str]:
    members, _findings = scenarios.troupe(ground.files)
    return dict(members.whole.model.names) if members is not None else {}


def _process(name: str, shown: Examination, ground: Ground, chosen: str) -> dict[str, Any]:
    part, whole = shown.shares[name]
    own = [one for one in shown.results if one.process == name]
    score = mutants.known(ground.files, name)
    return {
        "name": _names(ground).get(name, name),
        "href": f"{ground.here('scenarios')}?process={name}",
        "current": name == chosen,
        "count": len(own),
        "failed": sum(not one.ok for one in own),
        "part": part,
        "whole": whole,
        "share": f"{_share(shown, name):.0%}",
        "caught": f"{score.share:.0%}" if score is not None and score.share is not None else "",
    }


def _result(one: Result, ground: Ground) -> dict[str, Any]:
    return {
        "path": one.path,
        "title": pick(one.title),
        "process": _names(ground).get(one.process, one.process),
        "ok": one.ok,
        "told": pick(one.told),
        "differences": [pick(each) for each in one.differences],
        "play": machine.scenario_address(ground, one.path),
        "open": request.args.get("scenario") == one.path,
        "show": f"{ground.here('scenarios')}?process={one.process}&scenario={one.path}",
    }


def _steps(found: Finder, ground: Ground, own: list[Result]) -> list[str]:
    """Return what people do in the chosen scenario, a sentence a step."""
    path = request.args.get("scenario")
    if path not in {one.path for one in own}:
        return []
    try:
        lines = machines.play(ground.files, machines.opened(ground.files, str(path))).lines()
    except RehearsalRefused:
        return []
    with transaction(sessions()) as session:
        known = timelines.names(session, lines)
    return [timelines.sentence(line, known) for line in lines if line.kind is Kind.DONE]


def _painting(ground: Ground, shown: Examination, process: str) -> dict[str, Any]:
    """Return the diagram of a process with how often each element was passed."""
    members, _findings = scenarios.troupe(ground.files)
    if members is None:
        raise BadRequest
    xml = ground.files[members.drawn[process].file].decode()
    return {"processes": [{"id": process, "name": "", "xml": xml}], "painted": shown.painted[process], "first": process}


def _score(score: Score | None) -> dict[str, Any] | None:
    if score is None:
        return None
    return {
        "tried": score.tried,
        "caught": score.caught,
        "possible": score.possible,
        "late": score.late,
        "share": f"{score.share:.0%}" if score.share is not None else "",
        "survivors": [pick(one.told) for one in score.survivors],
    }
