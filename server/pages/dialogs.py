"""The dialogs of actions: what each says, asks and offers to choose from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import g
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from engine import copies, handovers, opinions, rejections, seats, signs
from engine.colleagues import Colleague
from engine.inbox import TaskRow
from server.pages import answers, labels
from server.pages.moments import stamp
from server.pages.words import pick


def _takers(session: Session, row: TaskRow) -> dict[str, Any]:
    return {"people": [person(one) for one in handovers.colleagues(session, g.actor, row.id)]}


def _delegates(session: Session, row: TaskRow) -> dict[str, Any]:
    return {"people": [person(one) for one in handovers.delegates(session, g.actor, row.id)]}


def _signers(session: Session, row: TaskRow) -> dict[str, Any]:
    return {"people": [person(one) for one in signs.candidates(session, g.actor, row.id)]}


def _readers(session: Session, _row: TaskRow) -> dict[str, Any]:
    return {"people": [person(one) for one in copies.candidates(session, g.actor)]}


def _organisations(session: Session, row: TaskRow) -> dict[str, Any]:
    found = seats.candidates(session, g.actor, row.id)
    people = [{"id": one, "name": pick(name), "place": "", "barred": ""} for one, name in found.items()]
    return {"people": people, "by_organisation": row.organisation is not None}


def _steps(session: Session, row: TaskRow) -> dict[str, Any]:
    found = rejections.steps(session, g.actor, row.id)
    forms = opinions.forms(session, row.instance)
    given = {(one.element, one.at): one.answers for one in opinions.given(session, g.actor, row.instance)}
    return {
        "steps": [
            {
                "step": one.step,
                "name": one.name,
                "who": one.who,
                "at": stamp(one.at),
                "questions": answers.questions(forms.get(one.element), given.get((one.element, one.at))),
            }
            for one in found
        ]
    }


@dataclass(frozen=True)
class Dialog:
    """The words of one dialog; `asked` names its text, which may stay empty unless `must`; `read` finds its choices."""

    title: object
    lead: object
    submit: object
    asked: object = _("Reason")
    hint: object = ""
    must: bool = True
    grave: bool = False
    template: str = "dialog"
    read: Callable[[Session, TaskRow], Mapping[str, Any]] | None = None


def person(one: Colleague) -> dict[str, Any]:
    """Return somebody to choose: with organisation and roles in words, and why not where that is barred."""
    held = gettext(", ").join(labels.role(role) for role in sorted(one.roles))
    place = gettext(" · ").join(part for part in (pick(one.organisation_name), held) if part)
    return {"id": one.id, "name": one.name, "place": place, "barred": pick(one.barred)}


DIALOGS = {
    "return": Dialog(
        _("Send back"),
        _("The case goes back to an earlier step; what that step answered stays as it was until it is changed."),
        _("Send back"),
        hint=_("Whoever has to change it reads this first."),
        grave=True,
        template="return",
        read=_steps,
    ),
    "transfer": Dialog(
        _("Transfer"),
        _("Somebody else does the task from now on; it leaves your list."),
        _("Transfer"),
        template="hand",
        read=_takers,
    ),
    "delegate": Dialog(
        _("Delegate"),
        _("Somebody else prepares the task and gives it back to you with an opinion; you complete it."),
        _("Delegate"),
        template="hand",
        read=_delegates,
    ),
    "hand-back": Dialog(
        _("Hand back"), _("The task goes back to whoever delegated it to you."), _("Hand back"), asked=_("Your opinion")
    ),
    "take-back": Dialog(_("Take back"), _("The task comes back to you before it is prepared."), _("Take back")),
    "sign": Dialog(
        _("Add signs"),
        _("Others give their opinion on this task; you stay the one who completes it."),
        _("Ask for signs"),
        template="sign",
        read=_signers,
    ),
    "unsign": Dialog(
        _("Take an added sign back"),
        _("The person is no longer asked; what they said stays in the history."),
        _("Take back"),
    ),
    "withdraw": Dialog(
        _("Withdraw"),
        _("What you completed is undone and the task is open with you again, as long as nobody has gone on from it."),
        _("Withdraw"),
    ),
    "urge": Dialog(
        _("Urge"),
        _("Whoever has the task is told that you wait for it; once a working day."),
        _("Urge"),
        asked=_("A few words"),
        must=False,
        template="urge",
    ),
    "copy": Dialog(
        _("Send a copy"),
        _("Others are told of the case for information; they have nothing to do."),
        _("Send"),
        asked=_("A few words"),
        must=False,
        template="copy",
        read=_readers,
    ),
    "seat": Dialog(
        _("Add a seat"),
        _("One more takes part in this joint step, by the same rule."),
        _("Add"),
        template="seat",
        read=_organisations,
    ),
    "unseat": Dialog(
        _("Take a seat away"),
        _("One fewer takes part in this joint step; the rule counts those who remain."),
        _("Take away"),
    ),
    "cancel": Dialog(
        _("Cancel the case"),
        _("The case ends; every open task in it is taken back. This cannot be undone."),
        _("Cancel the case"),
        grave=True,
    ),
    "terminate": Dialog(
        _("End the case at once"),
        _("The case ends on the spot, even where it is damaged. This cannot be undone."),
        _("End at once"),
        grave=True,
    ),
}
