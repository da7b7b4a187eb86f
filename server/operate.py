"""The command line of those who keep the service going: `icity operate`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

import click
import orjson
from sqlalchemy.orm import Session

from engine import clock, db, identity, incidents, instances, moves, operations, settings, signals, starts, tasks
from engine.identity import Actor
from engine.incidents import Settlement
from engine.moves import Placement, Return, Shift, When
from engine.operations import Alarm, Member
from server import postgres, reading

Ending = Callable[[Session, Actor, UUID, str], None]

because = click.option("--reason", required=True, help="Why; the events of the instance tell it.")
instance_argument = click.argument("instance", type=click.UUID)


def _json(text: str) -> Any:
    """Return a value in JSON, read as strictly as the API does."""
    return reading.read(text)


def _json_object(text: str) -> dict[str, Any]:
    value = reading.read(text)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - what click tells the caller
    return value


def _moment(text: str) -> datetime:
    """Return a moment in ISO 8601; without a zone it is civil time."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=clock.CIVIL)


data_option = click.option(
    "--data", type=_json_object, metavar="JSON", default="{}", help="Variables, as a JSON object."
)


@click.group("operate")
@click.option("--as", "login", metavar="LOGIN", help="Who does it; their roles decide what they may.")
@click.pass_context
def operate(context: click.Context, login: str | None) -> None:
    """Repair and move running instances; every command is recorded with who did it and why."""
    context.obj = login


@operate.command("tokens")
@instance_argument
@click.pass_obj
def list_tokens(login: str | None, instance: UUID) -> None:
    """List where INSTANCE stands: its tokens and the timers that watch, as JSON."""
    with _acting(login) as (session, actor):
        _print([asdict(row) for row in operations.tokens(session, actor, instance)])


@operate.command("variables")
@instance_argument
@click.pass_obj
def list_variables(login: str | None, instance: UUID) -> None:
    """Print the variables of INSTANCE as JSON."""
    with _acting(login) as (session, actor):
        _print(operations.variables(session, actor, instance))


@operate.command("set")
@instance_argument
@click.argument("data", type=_json_object)
@because
@click.pass_obj
def set_variables(login: str | None, instance: UUID, data: dict[str, Any], reason: str) -> None:
    """Set the variables of INSTANCE that the JSON object DATA names."""
    with _acting(login) as (session, actor):
        operations.write(session, actor, instance, data, reason)


@operate.command("move")
@instance_argument
@click.option("--withdraw", multiple=True, type=click.UUID, metavar="TOKEN", help="Take away; may be repeated.")
@click.option("--place", multiple=True, metavar="ELEMENT", help="Start a token here; may be repeated.")
@click.option("--scope", type=click.UUID, metavar="TOKEN", help="What opened the sub-process, where there are several.")
@because
@click.pass_obj
def move(login: str | None, /, instance: UUID, **wanted: Any) -> None:
    """Take tokens of INSTANCE away here and start others there."""
    places = [Placement(element, wanted["scope"]) for element in wanted["place"]]
    with _acting(login) as (session, actor):
        moves.move(session, actor, instance, Shift(wanted["reason"], list(wanted["withdraw"]), places))


@operate.command("return")
@instance_argument
@click.argument("step", type=int)
@click.option("--data", type=click.Choice([one.value for one in When]), default="now", help="Of then or of now.")
@click.option("--withdraw", multiple=True, type=click.UUID, metavar="TOKEN", help="Take these away instead.")
@because
@click.pass_obj
def send_back(login: str | None, /, instance: UUID, step: int, **wanted: Any) -> None:
    """Send INSTANCE back to STEP of its history; what stands behind it is taken away."""
    back = Return(step, wanted["reason"], When(wanted["data"]), list(wanted["withdraw"]) or None)
    with _acting(login) as (session, actor):
        moves.send_back(session, actor, instance, back)


@operate.command("rearm")
@instance_argument
@click.argument("task", type=click.UUID)
@click.argument("element")
@click.argument("due_at", type=_moment)
@because
@click.pass_obj
def rearm(login: str | None, /, instance: UUID, **alarm: Any) -> None:
    """Let the timer ELEMENT that waits at TASK of INSTANCE fall due at DUE_AT."""
    with _acting(login) as (session, actor):
        operations.rearm(session, actor, instance, Alarm(**alarm))


@operate.command("grow")
@instance_argument
@click.argument("task", type=click.UUID)
@click.option("--item", type=_json, metavar="JSON", help="What the new one is given, as JSON.")
@because
@click.pass_obj
def grow(login: str | None, /, instance: UUID, **member: Any) -> None:
    """Add one to those of INSTANCE who do the activity that TASK belongs to."""
    with _acting(login) as (session, actor):
        operations.grow(session, actor, instance, Member(**member))


@operate.command("shrink")
@instance_argument
@click.argument("task", type=click.UUID)
@because
@click.pass_obj
def shrink(login: str | None, /, instance: UUID, **member: Any) -> None:
    """Take the one that TASK belongs to from those of INSTANCE who do the same activity."""
    with _acting(login) as (session, actor):
        operations.shrink(session, actor, instance, Member(**member))


@operate.command("reassign")
@click.argument("task", type=click.UUID)
@click.option("--organisation", help="Whose holders of the task's role may take it.")
@click.option("--person", metavar="LOGIN", help="Who is to do it.")
@because
@click.pass_obj
def reassign(login: str | None, task: UUID, organisation: str | None, person: str | None, reason: str) -> None:
    """Give the open TASK to somebody else."""
    with _acting(login) as (session, actor):
        assignee = identity.load(session, person).id if person else None
        tasks.reassign(session, actor, task, tasks.Assignment(reason, organisation, assignee))


@operate.command("signal")
@click.argument("id")
@click.argument("name")
@click.option("--payload", type=_json_object, metavar="JSON", default="{}", help="What it tells, as a JSON object.")
@click.pass_obj
def signal(login: str | None, id: str, name: str, payload: dict[str, Any]) -> None:  # noqa: A002 - as the API calls it
    """Broadcast the signal NAME; the same ID counts once."""
    with _acting(login) as (session, actor):
        _print(asdict(signals.broadcast(session, actor, signals.Broadcast(f"cli:{login}", id, name, payload))))


@operate.command("start")
@click.argument("programme")
@click.argument("title")
@data_option
@click.pass_obj
def start(login: str | None, programme: str, title: str, data: dict[str, Any]) -> None:
    """Start an instance by every conditional start event of PROGRAMME that the data fulfil; print their ids."""
    with _acting(login) as (session, actor):
        _print(starts.evaluate(session, actor, starts.Case(programme, title, data=data)))


@operate.command("incidents")
@click.pass_obj
def list_incidents(login: str | None) -> None:
    """List the open incidents with their causes, as JSON."""
    with _acting(login) as (session, actor):
        _print([asdict(row) for row in incidents.open_ones(session, actor)])


@operate.command("retry")
@click.argument("incident", type=int)
@click.pass_obj
def retry(login: str | None, incident: int) -> None:
    """Try what failed in INCIDENT again; print whether it is resolved."""
    with _acting(login) as (session, actor):
        _print({"state": "resolved" if incidents.retry(session, actor, incident) else "open"})


@operate.command("settle")
@click.argument("incident", type=int)
@data_option
@because
@click.pass_obj
def settle(login: str | None, incident: int, data: dict[str, Any], reason: str) -> None:
    """Let the step that failed in INCIDENT count as done, with data."""
    with _acting(login) as (session, actor):
        incidents.settle(session, actor, incident, Settlement(reason, data))


def _ending(name: str, verb: Ending, about: str) -> None:
    """Add a command that does one thing to an instance and says why."""

    @operate.command(name, help=about)
    @instance_argument
    @because
    @click.pass_obj
    def command(login: str | None, instance: UUID, reason: str) -> None:
        with _acting(login) as (session, actor):
            verb(session, actor, instance, reason)


_ending("suspend", operations.suspend, "Let INSTANCE stand still: its tasks, timers and messages wait.")
_ending("resume", operations.resume, "Let INSTANCE go on; what fell due meanwhile comes now.")
_ending("cancel", instances.cancel, "Withdraw INSTANCE: every open task and wait is taken back.")
_ending("terminate", operations.terminate, "End INSTANCE at once, also when its stored state is damaged.")


@contextmanager
def _acting(login: str | None) -> Iterator[tuple[Session, Actor]]:
    if login is None:
        raise click.UsageError("say who does it: icity operate --as LOGIN …")
    with (
        postgres.lent(settings.load()) as url,
        postgres.connected(url) as engine,
        db.transaction(db.sessions(engine)) as session,
    ):
        yield session, identity.load(session, login)


def _print(facts: Any) -> None:
    click.echo(orjson.dumps(facts, option=orjson.OPT_INDENT_2).decode())
