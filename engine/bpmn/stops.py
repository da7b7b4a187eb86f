"""Clocks that stand still: while an activity is open, the deadlines that its `icity:stops` names do not pass.

A timer that stands still is not waited for: its wait keeps the term and has no due instant until the clock goes on.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from engine.bpmn.elements import Element
from engine.domain import deadlines
from engine.domain.deadlines import Span, Term
from engine.domain.workdays import Calendar

Wait = dict[str, Any]


def wait_of(calendar: Calendar, term: Term) -> Wait:
    """Return what a deadline timer waits for: {"due", "term"}, without "due" while its clock stands still."""
    end = deadlines.reckon(calendar, term)
    return {"term": term.plain()} if end is None else {"due": end.due.isoformat(), "term": term.plain()}


def standing(instance: Any) -> dict[UUID, Element]:
    """Return the open activities that stop clocks, by token."""
    if not instance.stopping:
        return {}
    return {
        token.id: token.task_spec.element
        for scope in instance.scopes()
        for token in scope.tasks.values()
        if token is not scope.task_tree and token.task_spec.element.stops and not _is_no_token(token)
    }


def keep(game: Any) -> None:
    """Stop the timers of every deadline that an open activity names, and let the others go on."""
    if not game.instance.stopping:
        return
    still = {key for element in standing(game.instance).values() for key in element.stops}
    around = game.around
    for token in game.waiting():
        wait = token.internal_data["wait"]
        if "term" not in wait or (wait["term"]["key"] in still) is ("due" not in wait):
            continue
        term = deadlines.read(wait["term"])
        change = deadlines.stopped if "due" in wait else deadlines.resumed
        token.internal_data["wait"] = wait_of(around.calendar, change(term, around.now))


def recount(game: Any, touched: Span) -> list[tuple[UUID, datetime, datetime]]:
    """Reckon anew every running deadline timer whose term crosses a span of days.

    Return (token, before, after) of those that moved.
    """
    found = []
    for token in game.waiting():
        wait = token.internal_data["wait"]
        if "term" not in wait or "due" not in wait:
            continue
        term, due = deadlines.read(wait["term"]), datetime.fromisoformat(wait["due"])
        if not deadlines.crosses(term, due, touched):
            continue
        end = deadlines.moved(game.around.calendar, term, due, game.around.now)
        if end is not None and end.due != due:
            token.internal_data["wait"] = {**wait, "due": end.due.isoformat()}
            found.append((token.id, due, end.due))
    return found


def _is_no_token(token: Any) -> bool:
    """Tell whether it only watches or waits to be chosen, or is one of several under the token of their activity."""
    return bool(token.internal_data.keys() & {"watch", "trigger", "choice", "index", "round"})
