"""What the dialogs of actions do: each reads what was chosen, asks the verb, and says in one sentence what happened."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from flask import g
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from engine import copies, handovers, inbox, instances, operations, rejections, seats, signs, urges
from engine.colleagues import Colleague
from engine.copies import Sending
from engine.errors import AnswersRefused, NotFound
from engine.handovers import Handing
from engine.inbox import TaskRow
from engine.rejections import Rejection
from engine.seats import Seating
from engine.signs import Asking, Opinion, Order
from engine.tables import SignKind, SignState
from server.pages.words import language

VERDICTS = {"agreed": SignState.AGREED, "refused": SignState.REFUSED}
MISSING = {
    "to": _("Choose somebody."),
    "people": _("Choose somebody."),
    "item": _("Choose somebody."),
    "step": _("Choose a step."),
    "state": _("Agree or refuse."),
    "reason": _("Write here why."),
    "opinion": _("Write your opinion here."),
}
Given = MultiDict[str, str]
Deed = Callable[[Session, UUID, Given], Mapping[str, Any]]


def told(text: str, *, anew: bool = False, stays: bool = False) -> dict[str, Any]:
    """Return what happened; `anew`: the page is to be shown as it is now, `stays`: the form goes on being filled in."""
    return {"text": text, "anew": anew, "stays": stays}


def needed(given: Given, *names: str) -> None:
    """Raise AnswersRefused at each of these fields that says or chooses nothing."""
    faults = {name: {language(): str(MISSING[name])} for name in names if not given.get(name, "").strip()}
    if faults:
        raise AnswersRefused(fields=faults)


def words(given: Given, name: str = "reason") -> str:
    """Return a text that must be there; raise AnswersRefused at its field."""
    needed(given, name)
    return given[name].strip()


def several(given: Given, name: str) -> list[UUID]:
    """Return who was chosen, in that order; raise NotFound for what names nobody."""
    try:
        return [UUID(one) for one in given.getlist(name)]
    except ValueError as unknown:
        raise NotFound(people=given.getlist(name)) from unknown


def fault(name: str, text: str) -> AnswersRefused:
    """Return the refusal of one field of a dialog."""
    return AnswersRefused(fields={name: {language(): str(text)}})


def seen(session: Session, task: UUID) -> TaskRow:
    """Return a task that the person may see; raise NotFound."""
    row = inbox.found(session, g.actor, task)
    if row is None:
        raise NotFound(task=task)
    return row


def _transfer(session: Session, task: UUID, given: Given) -> Mapping[str, Any]:
    row = seen(session, task)
    needed(given, "to", "reason")
    handing = Handing(several(given, "to")[0], words(given))
    name = _name(handovers.colleagues(session, g.actor, row.id), handing.to)
    handovers.transfer(session, g.actor, row.id, handing)
    return told(gettext("You gave “%(what)s” to %(who)s.", what=row.name, who=name))


def _delegate(session: Session, task: UUID, given: Given) -> Mapping[str, Any]:
    row = seen(session, task)
    needed(given, "to", "reason")
    handing = Handing(several(given, "to")[0], words(given))
    name = _name(handovers.delegates(session, g.actor, row.id), handing.to)
    handovers.delegate(session, g.actor, row.id, handing)
    text = gettext("%(who)s now prepares “%(what)s” and gives it back to you.", what=row.name, who=name)
    return told(text, anew=True)


def _hand_back(session: Session, task: UUID, given: Given) -> Mapping[str, Any]:
    row = seen(session, task)
    handovers.hand_back(session, g.actor, row.id, words(given))
    return told(gettext("You gave “%(what)s” back to its owner with your opinion.", what=row.name))


def _take_back(session: Session, task: UUID, given: Given) -> Mapping[str, Any]:
    row = seen(session, task)
    handovers.take_back(session, g.actor, row.id, words(given))
    return told(gettext("“%(what)s” is back with you.", what=row.name), anew=True)


def _return(session: Session, task: UUID, given: Given) -> Mapping[str, Any]:
    row = seen(session, task)
    needed(given, "step", "reason")
    step, reason = given.get("step", type=int), words(given)
    target = next((one for one in rejections.steps(session, g.actor, row.id) if one.step == step), None)
    if step is None or target is None:
        raise fault("step", gettext("It can no longer be sent back to that step. Open this dialog again."))
    rejections.send_back(session, g.actor, row.id, Rejection(step, reason, given.getlist("fields")))
    return told(gettext("Sent back to “%(step)s”, which %(who)s did.", step=target.name, who=target.who))


def _withdraw(session: Session, task: UUID, given: Given) -> Mapping[str, Any]:
    row = seen(session, task)
    again = rejections.withdraw(session, g.actor, row.id, words(given))
    return told(gettext("“%(what)s” is open with you again; your answers are kept as a draft.", what=row.name)) | {
        "task": again
    }


def _sign(session: Session, task: UUID, given: Given) -> Mapping[str, Any]:
    row = seen(session, task)
    needed(given, "people", "reason")
    people = several(given, "people")
    signs.ask(session, g.actor, row.id, Asking(_kind(given), people, words(given), _order(given)))
    return told(gettext("%(count)s colleagues were asked for their sign.", count=len(people)), anew=True)


def _kind(given: Given) -> SignKind:
    return SignKind.AFTER if given.get("kind") == SignKind.AFTER.value else SignKind.BEFORE


def _order(given: Given) -> Order:
    return Order.IN_TURN if given.get("order") == Order.IN_TURN.value else Order.AT_ONCE


def _give(session: Session, task: UUID, given: Given) -> Mapping[str, Any]:
    row = seen(session, task)
    needed(given, "state", "opinion")
    verdict = VERDICTS.get(given["state"], SignState.REFUSED)
    opened = signs.give(session, g.actor, _of(given), Opinion(verdict, given["opinion"]))
    if opened:
        text = gettext("You signed; the task is complete now. Next: %(next)s.", next=gettext(", ").join(opened))
        return told(text, anew=True)
    return told(gettext("Your opinion on “%(what)s” was given.", what=row.name), anew=True)


def _unsign(session: Session, _task: UUID, given: Given) -> Mapping[str, Any]:
    signs.take_back(session, g.actor, _of(given), words(given))
    return told(gettext("The sign is no longer asked for."), anew=True)


def _seat(session: Session, task: UUID, given: Given) -> Mapping[str, Any]:
    row = seen(session, task)
    needed(given, *(("item",) if row.organisation is not None else ()), "reason")
    seats.add(session, g.actor, task, Seating(words(given), organisation=given.get("item") or None))
    return told(gettext("One more takes part now."), stays=True)


def _unseat(session: Session, task: UUID, given: Given) -> Mapping[str, Any]:
    position = given.get("position", type=int)
    if position is not None:
        seats.strike(session, g.actor, task, position, words(given))
    else:
        seats.remove(session, g.actor, _of(given), words(given))
    return told(gettext("One fewer takes part now."), anew=True, stays=True)


def _urge(session: Session, task: UUID, given: Given) -> Mapping[str, Any]:
    urges.urge(session, g.actor, task, given.get("note", ""))
    return told(gettext("Whoever has the task is told that you wait for it."), stays=True)


def _copy(session: Session, task: UUID, given: Given) -> Mapping[str, Any]:
    row = seen(session, task)
    needed(given, "people")
    people = several(given, "people")
    copies.send(session, g.actor, row.instance, Sending(people, given.get("note", ""), task))
    return told(gettext("%(count)s colleagues were told of the case.", count=len(people)), stays=True)


def _cancel(session: Session, task: UUID, given: Given) -> Mapping[str, Any]:
    row = seen(session, task)
    instances.cancel(session, g.actor, row.instance, words(given))
    return told(gettext("“%(title)s” was cancelled.", title=row.title))


def _terminate(session: Session, task: UUID, given: Given) -> Mapping[str, Any]:
    row = seen(session, task)
    end = operations.terminate if g.actor.roles & operations.ENDERS else instances.terminate
    end(session, g.actor, row.instance, words(given))
    return told(gettext("“%(title)s” was ended at once.", title=row.title))


def _of(given: Given) -> UUID:
    """Return the sign or seat that a dialog is about; raise NotFound."""
    try:
        return UUID(given.get("of", ""))
    except ValueError as unknown:
        raise NotFound(of=given.get("of")) from unknown


def _name(people: list[Colleague], person: UUID) -> str:
    return next((one.name for one in people if one.id == person), "")


DEEDS: dict[str, Deed] = {
    "return": _return,
    "transfer": _transfer,
    "delegate": _delegate,
    "hand-back": _hand_back,
    "take-back": _take_back,
    "withdraw": _withdraw,
    "sign": _sign,
    "give": _give,
    "unsign": _unsign,
    "seat": _seat,
    "unseat": _unseat,
    "urge": _urge,
    "copy": _copy,
    "cancel": _cancel,
    "terminate": _terminate,
}
