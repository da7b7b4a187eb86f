"""What comes from outside while a story is played: applications, messages, notices, changed divisions."""

import shutil
from collections.abc import Callable, Mapping
from datetime import datetime, time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import clock, instances, messages, processes, units
from engine.clock import CIVIL
from engine.db import transaction
from engine.domain.divisions import Change, Happening
from engine.instances import Application
from engine.tables import StartEvent
from server import recounting
from server.demo.story import Coming, StoryStuck
from server.demo.world import World

OFFICE_HOUR = time(9)
SOURCE = "demo"


def next_moment(world: World) -> datetime | None:
    """Return when the next thing comes from outside; none when nothing more does."""
    coming = world.story.comings()[world.happened :]
    return _moment(coming[0]) if coming else None


def next_start(session: Session) -> datetime | None:
    """Return when the next process begins by itself."""
    return session.scalar(select(func.min(StartEvent.due_at)))


def come(world: World) -> None:
    """Let everything come whose moment is here."""
    for one in world.story.comings()[world.happened :]:
        if _moment(one) > clock.now():
            return
        world.happened += 1
        ACTS[one.what](world, one.told)


def _moment(coming: Coming) -> datetime:
    return datetime.combine(coming.on, OFFICE_HOUR, tzinfo=CIVIL)


def _start(world: World, told: Mapping[str, Any]) -> None:
    with transaction(world.sessions) as session:
        wanted = Application(
            programme=told.get("programme", world.story.told["programme"]),
            process=told["process"],
            title=told["title"],
            subject=told.get("subject"),
            organisation=told.get("organisation"),
            data=dict(told.get("data", {})),
        )
        instances.start(session, world.actor(session, told["as"]), wanted)


def _apply(world: World, told: Mapping[str, Any]) -> None:
    """Start the life of every unit named, each by its own government."""
    units = {str(one["unit"]): one for one in world.story.told["units"]}
    for code in told["units"]:
        unit = units[code]
        life = {
            "as": unit.get("lead", f"{unit['key']}-lead"),
            "process": told.get("process", "lifecycle"),
            "title": f"{unit['name']}{told['title']}",
            "subject": code,
            "organisation": f"{unit['key']}-government",
            "data": {"unit": code, **told.get("data", {})},
        }
        _start(world, {**told, **life})


def _divide(world: World, told: Mapping[str, Any]) -> None:
    """Enter what became of divisions, and tell the diagrams, as the API does."""
    with transaction(world.sessions) as session:
        act = Happening(
            effective_on=told["on"],
            kind=Change(told["kind"]),
            document_no=told["document_no"],
            from_units=tuple(told["from"]),
            to_units=tuple(told["to"]),
            note=told["note"],
        )
        event = units.enter(session, world.actor(session, told["as"]), act, ())
        known = {"event_id": event}
        messages.receive(session, None, SOURCE, f"unit.event/{event}", "unit.event", str(event), known)


def _notice(world: World, told: Mapping[str, Any]) -> None:
    """Load a notice of holidays; every deadline that it touches moves."""
    recounting.load(world.sessions, (world.story.folder / told["file"]).read_bytes(), told["as"])


def _deploy(world: World, told: Mapping[str, Any]) -> None:
    """Make the programme with some files replaced its next version, as its owner would."""
    folder = world.settings.workflows_path / world.story.told["programme"]
    with TemporaryDirectory() as place:
        changed = Path(place) / folder.name
        shutil.copytree(folder, changed)
        shutil.copytree(world.story.folder / told["files"], changed, dirs_exist_ok=True)
        with transaction(world.sessions) as session:
            processes.deploy(session, changed, told["as"])


def _message(world: World, told: Mapping[str, Any]) -> None:
    with transaction(world.sessions) as session:
        mark = f"{told['name']}/{told['correlation']}/{told['on']}"
        messages.receive(session, None, SOURCE, mark, told["name"], told["correlation"], dict(told["payload"]))


ACTS: Mapping[str, Callable[[World, Mapping[str, Any]], None]] = {
    "start": _start,
    "apply": _apply,
    "message": _message,
    "divide": _divide,
    "notice": _notice,
    "deploy": _deploy,
}


def check(comings: list[Coming]) -> None:
    """Raise StoryStuck when the story wants something that cannot be done."""
    strange = sorted({one.what for one in comings} - ACTS.keys())
    if strange:
        raise StoryStuck(", ".join(strange))
