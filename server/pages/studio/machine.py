"""The time machine: a draft or version is played day by day, by hand or by a policy, and kept as a scenario at will.

The page carries the whole play with it and nothing is remembered in between: each act sends it back with a wish.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import orjson
from flask import g, render_template, request
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from engine import clock, forms, library, machines, revisions, scenarios
from engine.clock import CIVIL
from engine.db import transaction
from engine.domain import durations
from engine.errors import (
    AnswersRefused,
    EditConflict,
    ExpressionRefused,
    NotFound,
    RehearsalRefused,
    RevisionRefused,
)
from engine.machines import Play
from engine.rehearsal.machine import AGREEING, Machine, Opened, Policy, usual
from server import problems
from server.pages import labels
from server.pages.moments import day, stamp
from server.pages.shell import pages, sessions
from server.pages.studio import frame, grounds, timelines
from server.pages.studio.frame import on_bench
from server.pages.studio.grounds import Ground
from server.pages.studio.timelines import Names
from server.pages.words import language, pick

REFUSED = 422
REFUSALS = (RehearsalRefused, AnswersRefused, ExpressionRefused, RevisionRefused, EditConflict, NotFound)
MOVES = (
    ("P1D", _("a day")),
    ("P7D", _("a week")),
    ("P1M", _("a month")),
    ("P1Y", _("a year")),
    ("P2Y", _("two years")),
)
POLICIES = (
    (Policy.HAND, _("I answer myself")),
    (Policy.AGREE, _("agree to everything on the next working day")),
    (Policy.FIRST, _("take the first choice on the next working day")),
    (Policy.LAST, _("as the scenario plans")),
)
MOST_WAITING = 50


@dataclass(frozen=True)
class State:
    """A play as a page carries it, with the version it is held against and the case that it was copied from."""

    play: Play
    case: UUID | None = None
    against: int | None = None

    def plain(self) -> str:
        """Return it as JSON text."""
        play = self.play
        told = {"process": play.process, "data": play.data, "plan": play.plan, "until": play.until}
        told |= {"policy": play.policy, "with": sorted(play.beside), "instead": dict(play.instead)}
        return orjson.dumps({**told, "case": self.case, "against": self.against}).decode()


@pages.get("/studio/revisions/<uuid:revision>/machine")
@on_bench
def revision_machine(revision: UUID) -> str | tuple[str, int]:
    """Show the time machine of a draft."""
    return _begun(lambda session: grounds.of_revision(session, revision))


@pages.post("/studio/revisions/<uuid:revision>/machine")
@on_bench
def move_revision_machine(revision: UUID) -> str | tuple[str, int] | Response:
    """Play a draft on as the page wishes."""
    return _moved(lambda session: grounds.of_revision(session, revision))


@pages.get("/studio/versions/<programme>/<int:number>/machine")
@on_bench
def version_machine(programme: str, number: int) -> str | tuple[str, int]:
    """Show the time machine of a version."""
    return _begun(lambda session: grounds.of_version(session, programme, number))


@pages.post("/studio/versions/<programme>/<int:number>/machine")
@on_bench
def move_version_machine(programme: str, number: int) -> str | tuple[str, int] | Response:
    """Play a version on as the page wishes."""
    return _moved(lambda session: grounds.of_version(session, programme, number))


def _begun(found: Callable[[Session], Ground]) -> str | tuple[str, int]:
    with transaction(sessions()) as session:
        ground = found(session)
        wanted = request.args.get("from")
        if not wanted:
            return _page(session, ground, None)
        try:
            return _page(session, ground, _first(session, ground, wanted))
        except REFUSALS as refused:
            return _page(session, ground, None, problems.sentence(refused, language())), REFUSED


def _moved(found: Callable[[Session], Ground]) -> str | tuple[str, int] | Response:
    act = ACTS.get(request.form.get("do", ""))
    if act is None:
        raise BadRequest
    state: State | None = None
    try:
        with transaction(sessions()) as session:
            ground = found(session)
            state = _carried(session, ground)
            if act is _save:
                return _save(session, ground, state)
            return _page(session, ground, act(session, ground, state))
    except REFUSALS as refused:
        said = problems.sentence(refused, language())
    try:
        with transaction(sessions()) as session:
            return _page(session, found(session), state, said), REFUSED
    except REFUSALS:  # the play itself, as the page carried it, is none
        with transaction(sessions()) as session:
            return _page(session, found(session), None, said), REFUSED


def _first(session: Session, ground: Ground, wanted: str) -> State:
    """Return the play that begins with a scenario, a process or a copied case, as the address says."""
    kind, _colon, key = wanted.partition(":")
    policy = _policy(request.args.get("policy", Policy.HAND))
    if kind == "case":
        copy = _copied(session, ground, key)
        start = clock.now().astimezone(CIVIL).replace(microsecond=0).isoformat()
        policy = Policy.HAND if policy is Policy.LAST else policy
        return State(Play(copy.process, plan={"start": start}, until=start, policy=policy, copy=copy), copy.instance)
    if kind == "process":
        start = _day(request.args.get("start")) or f"{day(clock.now())}T09:00:00+08:00"
        return State(Play(key, plan={"start": start}, until=start, policy=policy))
    play = machines.opened(ground.files, key)
    start = _day(request.args.get("start")) or play.plan.get("start") or f"{day(clock.now())}T09:00:00+08:00"
    plan = {**play.plan, "start": start}
    if policy is Policy.LAST:
        return State(replace(play, plan=plan))
    return State(replace(play, plan={**plan, "tasks": {}}, until=start, policy=policy))


def _carried(session: Session, ground: Ground) -> State:
    """Return the play that the page sent back; raise BadRequest where it is none."""
    try:
        told = orjson.loads(request.form["play"])
        case = UUID(told["case"]) if told["case"] else None
        copy = _copied(session, ground, str(case)) if case else None
        parts = {"data": told["data"], "plan": told["plan"], "until": told["until"], "policy": Policy(told["policy"])}
        play = Play(told["process"], **parts, copy=copy, beside=frozenset(told["with"]), instead=told["instead"])
    except (KeyError, TypeError, ValueError) as fault:
        raise BadRequest from fault
    shaped = (play.data, play.plan, play.instead)
    if not all(isinstance(one, dict) for one in shaped) or not isinstance(play.until, str):
        raise BadRequest
    against = told["against"] if isinstance(told["against"], int) else None
    return State(play, case, against)


def _copied(session: Session, ground: Ground, key: str) -> machines.Copy:
    try:
        return machines.copy(session, g.actor, ground.programme, UUID(key))
    except ValueError as fault:
        raise BadRequest from fault


def _move(session: Session, ground: Ground, state: State) -> State:
    """Let the clock go on: by a span, to a day, or to when something happens next."""
    del session
    wanted = request.form.get("by", "")
    machine = machines.play(ground.files, state.play)
    at = machine.plan.until
    if wanted == "next":
        at = machine.coming or at
    elif wanted == "to":
        at = durations.parse_moment(f"{request.form.get('day', '')}T18:00:00+08:00")
    else:
        at = durations.after(at, durations.parse(wanted))
    return _until(state, at)


def _answer(session: Session, ground: Ground, state: State) -> State:
    """Answer an open task: as the form was filled in, or as agrees with what is asked."""
    del session
    machine = machines.play(ground.files, state.play)
    element, n = request.form.get("element", ""), request.form.get("n", type=int)
    if n is None:
        raise BadRequest
    found = next((one for one in machine.unanswered() if (one.element.id, one.n) == (element, n)), None)
    try:
        answers = orjson.loads(request.form.get("answers") or "{}")
    except orjson.JSONDecodeError as fault:
        raise BadRequest from fault
    if found is not None and not request.form.get("answers"):
        schema = machine.asked.forms.get(found.element.form or "", {})
        answers = usual(schema, machine.plan.until, AGREEING)
    play = machines.answer(machine, state.play, (element, n), answers)
    return replace(state, play=replace(play, until=_iso(machine.plan.until)))


def _change(session: Session, ground: Ground, state: State) -> State:
    """Let others answer, or hold the play against another version."""
    del session, ground
    number = request.form.get("against", type=int)
    return replace(state, play=replace(state.play, policy=_policy(request.form.get("policy", ""))), against=number)


def _save(session: Session, ground: Ground, state: State) -> Response:
    """Keep the play as a scenario of the draft."""
    if ground.revision is None:
        raise BadRequest
    machine = machines.play(ground.files, state.play)
    title = request.form.get("title", "").strip()[:200] or gettext("Scenario")
    name = request.form.get("name", "").strip()
    path, content = machines.scenario(machine, state.play, name, {"zh": title, "en": title})
    revisions.save(session, g.actor, ground.revision, path, content, request.form.get("seen", 0, type=int))
    return frame.done("pages.revision_scenarios", "kept", revision=ground.revision)


ACTS: Mapping[str, Callable[..., Any]] = {"move": _move, "answer": _answer, "change": _change, "save": _save}


def _page(session: Session, ground: Ground, state: State | None, refused: str = "") -> str:
    play = _played(session, ground, state) if state is not None else {}
    return render_template(
        "studio/machine.html",
        refused=refused,
        ground=ground,
        moves=MOVES,
        policies=[{"key": key.value, "label": label} for key, label in POLICIES],
        begins=_begins(session, ground) if state is None else {},
        **play,
    )


def _played(session: Session, ground: Ground, state: State) -> dict[str, Any]:
    machine = machines.play(ground.files, state.play)
    lines = machine.lines()
    known = timelines.names(session, lines)
    today = machine.plan.until.astimezone(CIVIL)
    return {
        "state": state.plain(),
        "about": _about(ground, state, machine),
        "clock": {**timelines.about(today.date(), machine.calendar), "moment": stamp(today)},
        "days": timelines.days(machine, known),
        "waiting": [_waiting(one, machine, known, state) for one in machine.unanswered()[:MOST_WAITING]],
        "troubles": _troubles(machine, state),
        "differences": _differences(session, ground, state, machine),
        "versions": [row.number for row in library.versions(session, g.actor, ground.programme)],
        "playing": _playing(ground, machine, state),
    }


def _about(ground: Ground, state: State, machine: Machine) -> dict[str, Any]:
    copied = state.play.copy
    ended = bool(machine.cases) and all(case.execution is None for case in machine.cases)
    return {
        "process": machine.deployment.model.names[state.play.process],
        "copied": copied.title if copied is not None else "",
        "policy": state.play.policy.value,
        "against": state.against,
        "ended": ended,
        "coming": stamp(machine.coming) if machine.coming is not None and not ended else "",
        "keeps": ground.writing and copied is None,
    }


def _waiting(one: Opened, machine: Machine, known: Names, state: State) -> dict[str, Any]:
    """Return an open task with its form; a copied case's form starts empty, since its answers are other people's."""
    schema = machine.asked.forms.get(one.element.form or "")
    facts = machine.facts(one) if state.play.copy is None else {}
    role = labels.role(one.row["role"]) if one.row["role"] else ""
    organisation = known.organisations.get(one.row["organisation"] or "")
    return {
        "element": one.element.id,
        "n": one.n,
        "name": one.element.name,
        "who": " ".join(part for part in (pick(organisation) if organisation else "", role) if part),
        "since": day(one.at),
        "due": day(one.row["due_at"]),
        "schema": schema,
        "values": forms.mentioned(schema, facts) if schema is not None else {},
    }


def _troubles(machine: Machine, state: State) -> list[str]:
    """Return what went wrong; of a copied case only where, since the reason may quote what stands in it."""
    failures = [*machine.failures, *(one for case in machine.cases for one in case.rest.failures.values())]
    names = {one.id: one.name for some in machine.deployment.model.elements.values() for one in some.values()}
    told = [gettext("“%(name)s” failed.", name=names.get(one.element, one.element)) for one in failures]
    if state.play.copy is None:
        told = [f"{where} {one.reason}" for where, one in zip(told, failures, strict=True)]
    return told + ([machine.stopped.text[language()]] if machine.stopped is not None else [])


def _differences(session: Session, ground: Ground, state: State, machine: Machine) -> dict[str, Any] | None:
    """Return where the play parts from the same play with another version, none where none is asked for."""
    if state.against is None:
        return None
    other = library.version(session, g.actor, ground.programme, state.against)
    until = _iso(machine.plan.until)
    before = machines.play(other.files, replace(state.play, until=until))
    return {"number": state.against, "rows": timelines.parted(machines.part(before.lines(), machine.lines()))}


def _playing(ground: Ground, machine: Machine, state: State) -> dict[str, Any]:
    """Return what moves on the diagrams, with the diagrams that it moves on."""
    members, _findings = scenarios.troupe(ground.files)
    drawn = members.drawn if members is not None else {}
    owner = {scope: name for name, one in drawn.items() for scope in one.scopes}
    steps = timelines.steps(machine, owner)
    shown = dict.fromkeys([state.play.process, *(one["process"] for one in steps)])
    names = machine.deployment.model.names
    diagrams = [
        {"id": name, "name": names[name], "xml": ground.files[drawn[name].file].decode()}
        for name in shown
        if name in drawn
    ]
    return {"processes": diagrams, "steps": steps, "first": state.play.process}


def _begins(session: Session, ground: Ground) -> dict[str, Any]:
    """Return what the machine may begin with."""
    members, findings = scenarios.troupe(ground.files)
    if members is None:
        return {"findings": [pick(one["text"]) for one in findings[:20]]}
    told = [scenarios.read(path, ground.files[path], members)[0] for path in scenarios.paths(ground.files)]
    names = members.whole.model.names
    groups: dict[str, list[dict[str, str]]] = {}
    for one in told:
        if one is not None:
            entry = {"key": f"scenario:{one.path}", "label": pick(one.title)}
            groups.setdefault(names[one.process], []).append(entry)
    return {
        "groups": groups,
        "processes": [
            {"key": f"process:{key}", "label": name} for key, name in machines.processes(ground.files).items()
        ],
        "cases": _cases(session, ground),
    }


def _cases(session: Session, ground: Ground) -> list[dict[str, str]]:
    if not ground.editing:
        return []
    found = machines.copies(session, g.actor, ground.programme)
    return [{"key": f"case:{one.instance}", "label": one.title} for one in found]


def _until(state: State, at: datetime) -> State:
    return replace(state, play=replace(state.play, until=_iso(at)))


def _iso(at: datetime) -> str:
    return at.astimezone(CIVIL).isoformat()


def _day(typed: str | None) -> str | None:
    return f"{typed}T09:00:00+08:00" if typed else None


def _policy(typed: str) -> Policy:
    try:
        return Policy(typed)
    except ValueError as fault:
        raise BadRequest from fault


def scenario_address(ground: Ground, path: str) -> str:
    """Return where the machine plays a scenario as it plans."""
    return f"{ground.here('machine')}?{urlencode({'from': f'scenario:{path}', 'policy': Policy.LAST.value})}"
