"""Many at once: like tasks claimed or answered together, with what became of each."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from flask import g, render_template, request, url_for
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _

from engine import batches
from engine.batches import Decision, Likes, Outcome, State
from engine.db import transaction
from server import problems
from server.auth import signed_in
from server.pages import answers
from server.pages.inbox import line
from server.pages.shell import pages, sessions
from server.pages.words import language, pick

STATES = {
    State.DONE: (_("Done"), "green"),
    State.HELD: (_("Waits for a sign"), "blue"),
    State.REFUSED: (_("Not done"), "red"),
    State.UNSURE: (_("Not certain"), "amber"),
}


@pages.post("/tasks/batch/claim")
@signed_in
def claim_batch() -> str:
    """Claim the chosen tasks and show what became of each."""
    outcomes = batches.claim(sessions(), g.actor, _chosen(request.form.getlist("task")))
    return _results(outcomes, "claimable", _("Claimed at once"))


@pages.get("/tasks/batch")
@signed_in
def batch() -> str:
    """Show the chosen tasks, like with like, each group with the form that answers it."""
    with transaction(sessions()) as session:
        groups = batches.alike(session, g.actor, _chosen(request.args.getlist("task")))
    return render_template("inbox/batch.html", groups=[_group(one) for one in groups])


@pages.post("/tasks/batch/complete")
@signed_in
def complete_batch() -> str:
    """Answer the chosen tasks alike and show what became of each."""
    given = {key.removeprefix("answer."): value for key, value in request.form.items() if key.startswith("answer.")}
    said = {key: value for key, value in given.items() if value.strip()}
    outcomes = batches.complete(sessions(), g.actor, _chosen(request.form.getlist("task")), said)
    return _results(outcomes, "mine", _("Answered at once"))


def _chosen(given: Iterable[str]) -> list[UUID]:
    """Return the ids in an address or a form; what is no id names no task."""
    found = []
    for one in given:
        try:
            found.append(UUID(one))
        except ValueError:
            continue
    return found


def _results(outcomes: list[Outcome], back: str, title: object) -> str:
    good = sum(one.state in {State.DONE, State.HELD} for one in outcomes)
    told = ngettext("%(num)d done", "%(num)d done", good)
    return render_template(
        "inbox/results.html",
        title=title,
        told=told if good == len(outcomes) else gettext("%(done)s, %(rest)d not", done=told, rest=len(outcomes) - good),
        good=good == len(outcomes),
        rows=[_outcome(one) for one in outcomes],
        back=url_for("pages.inbox", list=back),
        mine=url_for("pages.inbox") if back != "mine" else None,
    )


def _outcome(one: Outcome) -> dict[str, Any]:
    label, tone = STATES[one.state]
    return {
        "row": line(one.row) if one.row else None,
        "state": {"label": label, "tone": tone},
        "told": _said(one),
    }


def _said(one: Outcome) -> str:
    if one.state is State.UNSURE:
        return str(gettext("The database did not confirm it. Open the task and look before you do it again."))
    if one.fault is not None:
        return problems.sentence(one.fault, language())
    if one.state is State.HELD:
        return str(gettext("It takes effect when these have signed: %(who)s", who=_joined(one.next)))
    return str(gettext("Next: %(steps)s", steps=_joined(one.next))) if one.next else ""


def _joined(names: Iterable[str]) -> str:
    return str(gettext(", ")).join(dict.fromkeys(names))


def _group(one: Likes) -> dict[str, Any]:
    return {
        "name": one.name,
        "rows": [line(row) for row in one.rows],
        "why": pick(one.why) if one.why else "",
        "form": _form(one.decision) if one.decision else None,
    }


def _form(decision: Decision) -> dict[str, Any]:
    english = language() == "en"
    choice, opinion = decision.choice, decision.opinion
    return {
        "key": choice["key"],
        "label": answers.label(choice),
        "options": [
            {"value": one["value"], "label": (english and one.get("en")) or one.get("label") or one["value"]}
            for one in choice["values"]
        ],
        "opinion": opinion
        and {
            "key": opinion["key"],
            "label": answers.label(opinion),
            "must": bool((opinion.get("validate") or {}).get("required")) and not opinion.get("conditional"),
            "sometimes": bool(opinion.get("conditional")),
            "most": (opinion.get("validate") or {}).get("maxLength"),
        },
    }
