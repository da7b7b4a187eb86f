"""Changeovers: how running cases fare on a new version, what becomes of each group of them, and taking that back."""

from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import g, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from engine import changeovers, library, ownership, processes, revisions
from engine.bpmn.judgements import DROP, Verdict
from engine.changeovers import CaseView, ChangeoverHead, ChangeoverView, Decision, GroupView
from engine.db import transaction
from engine.errors import ChangeoverRefused, ModelRefused
from engine.tables import GroupPlan, GroupState
from server import problems
from server.pages.moments import stamp
from server.pages.shell import pages, sessions
from server.pages.studio.frame import on_bench
from server.pages.studio.verdicts import OUTCOMES, PLANS, STATES, VERDICTS, called, outcome, step, verdict
from server.pages.words import language, pick

REFUSED = 422
SHOWN = 200
SAID = {
    "rehearsed": _("Every running case was tried on the new version; nothing was changed."),
    "decided": _("Your decision was kept."),
    "stays": _("These cases end on their old version; new ones start on the new version."),
    "asked": _("The cases are being carried over; this page follows it."),
    "back": _("The cases are being taken back; this page follows it."),
    "back-one": _("The case stands on its old version again."),
    "apart": _("The case is a group of its own now; decide on it here."),
}
IDLE = (GroupState.OPEN, GroupState.UNDONE)


@pages.get("/studio/revisions/<uuid:revision>/changeover")
@on_bench
def rehearse_revision(revision: UUID) -> str | Response:
    """Show the last rehearsal of exactly what the draft holds, or offer one."""
    with transaction(sessions()) as session:
        row = revisions.show(session, g.actor, revision)
        files = revisions.files(session, g.actor, revision)
        known = changeovers.latest(session, revision, processes.digest_of(files))
    if known is not None:
        return redirect(url_for("pages.changeover", changeover=known))
    return _offer(row.programme, url_for("pages.rehearse_draft", revision=revision), _crumb(revision, row.title))


@pages.post("/studio/revisions/<uuid:revision>/changeover")
@on_bench
def rehearse_draft(revision: UUID) -> Response | tuple[str, int]:
    """Try what a draft holds on every running case."""
    with transaction(sessions()) as session:
        row = revisions.show(session, g.actor, revision)
    try:
        with transaction(sessions()) as session:
            files = revisions.files(session, g.actor, revision)
            made = changeovers.rehearse(session, g.actor, row.programme, files, revision)
    except (ChangeoverRefused, ModelRefused) as refused:
        address, crumb = url_for("pages.rehearse_draft", revision=revision), _crumb(revision, row.title)
        return _offer(row.programme, address, crumb, problems.sentence(refused, language())), REFUSED
    return _go(made, "rehearsed")


@pages.get("/studio/programmes/<programme>/changeovers")
@on_bench
def programme_changeovers(programme: str) -> str:
    """List the rehearsals of a programme, and offer one of its newest version."""
    return _offer(programme, url_for("pages.rehearse_newest", programme=programme), None)


@pages.post("/studio/programmes/<programme>/changeovers")
@on_bench
def rehearse_newest(programme: str) -> Response:
    """Try the newest version on every case that runs on an older one."""
    with transaction(sessions()) as session:
        ownership.must_edit(g.actor, programme)
        files = processes.latest(session, programme).files
        made = changeovers.rehearse(session, g.actor, programme, files)
    return _go(made, "rehearsed")


@pages.get("/studio/changeovers/<uuid:changeover>")
@on_bench
def changeover(changeover: UUID) -> str:
    """Show how running cases fare on a new version, group by group."""
    return _page(changeover)


@pages.get("/studio/changeovers/<uuid:changeover>/groups/<uuid:group>")
@on_bench
def changeover_group(changeover: UUID, group: UUID) -> str:
    """Show the cases of a group, and what may be decided about it."""
    return _group_page(changeover, group)


@pages.post("/studio/changeovers/<uuid:changeover>/groups/<uuid:group>/decide")
@on_bench
def decide_group(changeover: UUID, group: UUID) -> Response | tuple[str, int]:
    """Keep what becomes of a group."""
    plan = GroupPlan.CARRY if request.form.get("plan") == GroupPlan.CARRY.value else GroupPlan.STAY
    chosen = {key[3:]: _answer(value) for key, value in request.form.items() if key.startswith("to ") and value}
    wanted = Decision(plan, chosen, accepts="accepts" in request.form)
    try:
        with transaction(sessions()) as session:
            changeovers.decide(session, g.actor, changeover, group, wanted)
    except ChangeoverRefused as refused:
        return _group_page(changeover, group, problems.sentence(refused, language())), REFUSED
    return _go(changeover, "decided")


@pages.post("/studio/changeovers/<uuid:changeover>/stay")
@on_bench
def stay_changeover(changeover: UUID) -> Response | tuple[str, int]:
    """Let every case that was not carried over end on its old version."""
    return _done(changeover, "stays", lambda session: changeovers.stay_all(session, g.actor, changeover))


@pages.post("/studio/changeovers/<uuid:changeover>/again")
@on_bench
def rehearse_again(changeover: UUID) -> Response:
    """Try the same files on what runs now."""
    with transaction(sessions()) as session:
        made = changeovers.again(session, g.actor, changeover)
    return _go(made, "rehearsed")


@pages.post("/studio/changeovers/<uuid:changeover>/apply")
@on_bench
def apply_changeover(changeover: UUID) -> Response | tuple[str, int]:
    """Have a group, or all that are to go on on the new version, carried over."""
    return _done(changeover, "asked", lambda session: changeovers.apply(session, g.actor, changeover, _asked()))


@pages.post("/studio/changeovers/<uuid:changeover>/undo")
@on_bench
def undo_changeover(changeover: UUID) -> Response | tuple[str, int]:
    """Have a group, or all that were carried over, taken back."""
    return _done(changeover, "back", lambda session: changeovers.undo(session, g.actor, changeover, _asked()))


@pages.post("/studio/changeovers/<uuid:changeover>/cases/<uuid:case>/undo")
@on_bench
def undo_case(changeover: UUID, case: UUID) -> Response | tuple[str, int]:
    """Take one case back to its old version."""
    return _done(changeover, "back-one", lambda session: changeovers.undo_one(session, g.actor, changeover, case))


@pages.post("/studio/changeovers/<uuid:changeover>/cases/<uuid:case>/apart")
@on_bench
def set_case_apart(changeover: UUID, case: UUID) -> Response | tuple[str, int]:
    """Take one case out of its group, so that it is decided on its own."""
    try:
        with transaction(sessions()) as session:
            group = changeovers.set_apart(session, g.actor, changeover, case)
    except ChangeoverRefused as refused:
        return _page(changeover, problems.sentence(refused, language())), REFUSED
    return redirect(url_for("pages.changeover_group", changeover=changeover, group=group, said="apart"), 303)


def _done(changeover: UUID, said: str, act: Callable[[Session], object]) -> Response | tuple[str, int]:
    try:
        with transaction(sessions()) as session:
            act(session)
    except ChangeoverRefused as refused:
        # htmx, which asked whether the person is sure, swaps in no page of a status that refuses.
        status = SHOWN if "HX-Boosted" in request.headers else REFUSED
        return _page(changeover, problems.sentence(refused, language())), status
    return _go(changeover, said)


def _go(changeover: UUID, said: str) -> Response:
    return redirect(url_for("pages.changeover", changeover=changeover, said=said), 303)


def _asked() -> UUID | None:
    """Return the group that is meant, none for all; raise ChangeoverRefused for what is none."""
    wanted = request.form.get("group", "")
    try:
        return UUID(wanted) if wanted else None
    except ValueError:
        why = {"zh": "没有这一组。", "en": "There is no such group."}
        raise ChangeoverRefused(why=why) from None


def _answer(value: str) -> str:
    return DROP if value == "-" else value


def _crumb(revision: UUID, title: str) -> dict[str, str]:
    return {"href": url_for("pages.revision", revision=revision), "label": title}


def _offer(programme: str, address: str, crumb: dict[str, str] | None, refused: str = "") -> str:
    with transaction(sessions()) as session:
        rows = changeovers.listing(session, g.actor, programme)
        name = pick(library.name(session, programme))
        running = changeovers.running(session, programme)
    return render_template(
        "studio/changeovers/begin.html",
        name=name,
        home=url_for("pages.studio_programme", programme=programme),
        crumb=crumb,
        address=address,
        refused=refused,
        running=running,
        editing=ownership.may_edit(g.actor, programme),
        rows=[_head(row) for row in rows],
    )


def _page(changeover: UUID, refused: str = "") -> str:
    with transaction(sessions()) as session:
        found = changeovers.show(session, g.actor, changeover)
        name = pick(library.name(session, found.programme))
        title = revisions.show(session, g.actor, found.revision).title if found.revision else None
    editing = ownership.may_edit(g.actor, found.programme)
    return render_template(
        "studio/changeovers/changeover.html",
        **_shared(found, name, title),
        refused=refused,
        editing=editing,
        tiles=_tiles(found),
        groups=[_group(found, group, editing=editing) for group in found.groups],
        busy=found.busy,
        ready=editing and found.number is not None and any(_waits(one) for one in found.groups),
        undoable=editing and any(one.state == GroupState.APPLIED for one in found.groups),
        open=editing and any(one.state in IDLE and one.plan != GroupPlan.STAY for one in found.groups),
    )


def _group_page(changeover: UUID, group: UUID, refused: str = "") -> str:
    with transaction(sessions()) as session:
        found = changeovers.show(session, g.actor, changeover)
        cases = changeovers.cases(session, g.actor, changeover, group, request.args.get("from"))
        name = pick(library.name(session, found.programme))
        title = revisions.show(session, g.actor, found.revision).title if found.revision else None
    row = changeovers.group_in(found, group)
    editing = ownership.may_edit(g.actor, found.programme)
    return render_template(
        "studio/changeovers/group.html",
        **_shared(found, name, title),
        refused=refused,
        group=_group(found, row, editing=editing),
        asked=_questions(row),
        risky=row.verdict in {Verdict.DECISION, Verdict.LOSS},
        typed=request.form,
        cases=[_case(found, row, case, editing=editing) for case in cases.rows],
        next=cases.next,
        deciding=editing and row.state in IDLE and row.verdict != Verdict.BLOCKED,
    )


def _shared(found: ChangeoverView, name: str, title: str | None) -> dict[str, Any]:
    return {
        "said": str(SAID.get(request.args.get("said", ""), "")),
        "name": name,
        "home": url_for("pages.studio_programme", programme=found.programme),
        "crumb": _crumb(found.revision, title) if found.revision and title else None,
        "changeover": {
            "id": found.id,
            "href": url_for("pages.changeover", changeover=found.id),
            "number": found.number,
            "count": found.count,
            "by": found.rehearsed_by,
            "at": stamp(found.rehearsed_at),
            "newer": found.newer,
        },
    }


def _tiles(found: ChangeoverView) -> list[dict[str, Any]]:
    many = {result: sum(one.verdicts.get(result.value, 0) for one in found.groups) for result in VERDICTS}
    return [{**verdict(result), "count": many[result]} for result in VERDICTS]


def _waits(group: GroupView) -> bool:
    return group.state in IDLE and group.plan == GroupPlan.CARRY


def _group(found: ChangeoverView, group: GroupView, *, editing: bool) -> dict[str, Any]:
    label, tone = STATES[group.state]
    now = max(group.verdicts, key=changeovers.SEVERITY.__getitem__, default=group.verdict)
    return {
        "id": group.id,
        "position": group.position,
        "href": url_for("pages.changeover_group", changeover=found.id, group=group.id),
        "steps": [step(one, group.choices) for one in group.steps],
        "verdict": verdict(group.verdict),
        "now": verdict(now) if now != group.verdict else None,
        "number": group.number,
        "count": group.count,
        "apart": group.apart,
        "plan": PLANS[group.plan],
        "undecided": group.plan is None,
        "accepts": group.accepts,
        "state": {"label": label, "tone": tone},
        "refusal": pick(group.refusal) if group.refusal else "",
        "outcomes": [outcome(key, many) for key, many in group.outcomes.items()],
        "decided_by": group.decided_by,
        "asked_by": group.asked_by,
        "asked": stamp(group.asked_at),
        "apply": editing and found.number is not None and _waits(group),
        "undo": editing and group.state == GroupState.APPLIED,
    }


def _questions(group: GroupView) -> list[dict[str, Any]]:
    return [
        {
            "field": f"to {asked['key']}",
            "name": called(asked),
            "options": [
                *({"value": one["key"], "label": called(one)} for one in asked["candidates"]),
                *([{"value": "-", "label": gettext("goes nowhere; its branch ends")}] if asked["droppable"] else []),
            ],
            "chosen": (group.choices[asked["key"]] or "-") if asked["key"] in group.choices else "",
        }
        for asked in group.steps
        if asked["candidates"] or asked["droppable"]
    ]


def _case(found: ChangeoverView, group: GroupView, case: CaseView, *, editing: bool) -> dict[str, Any]:
    facts = case.facts
    became = OUTCOMES.get(case.outcome or "")
    return {
        "title": case.title,
        "unit": case.unit_name or "",
        "steps": [step(one, group.choices) for one in changeovers.steps_of(facts)],
        "verdict": verdict(case.verdict),
        "reasons": _reasons([*facts["blocked"], *facts["losses"]]),
        "armed": gettext(", ").join(facts["armed"]),
        "disarmed": gettext(", ").join(facts["disarmed"]),
        "suspended": case.suspended,
        "outcome": {"label": became[0], "tone": became[1]} if became else None,
        "undo": url_for("pages.undo_case", changeover=found.id, case=case.instance)
        if editing and case.outcome == "carried" and group.state == GroupState.APPLIED
        else None,
        "apart": url_for("pages.set_case_apart", changeover=found.id, case=case.instance)
        if editing and group.count > 1 and group.state in IDLE
        else None,
    }


def _reasons(found: list[dict[str, str]]) -> list[str]:
    """Return reasons in words, each once, with how often where it is more than once."""
    told = Counter(pick(one) for one in found)
    return [f"{text} ×{many}" if many > 1 else text for text, many in told.items()]


def _head(row: ChangeoverHead) -> dict[str, Any]:
    return {
        "href": url_for("pages.changeover", changeover=row.id),
        "at": stamp(row.rehearsed_at),
        "by": row.rehearsed_by,
        "number": row.number,
        "count": row.count,
    }
