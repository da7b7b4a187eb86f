"""What a form says now beside what it said last time; every change has a word and a sign."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import g, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session
from werkzeug.exceptions import BadRequest

from engine import comparison, tasks
from engine.comparison import Earlier, Kind
from engine.db import transaction
from engine.domain.comparing import Change, Compared, Line, compare
from engine.identity import Actor
from engine.tasks import TaskView
from server.auth import signed_in
from server.pages import answers
from server.pages.moments import stamp
from server.pages.shell import pages, sessions

MARKS = {
    Change.ADDED: ("＋", _("new")),
    Change.REMOVED: ("－", _("left out")),
    Change.CHANGED: ("≠", _("changed")),
    Change.SAME: ("＝", _("as before")),
}


def furnish(session: Session, actor: Actor, view: TaskView, now: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what the form of a task said last time beside `now`, what it says; None when there is no last time."""
    if view.form is None:
        return None
    earlier = comparison.of_task(session, actor, view.row.id)
    if earlier is None:
        return None
    rows = _rows(view.form, earlier, now)
    return {
        "url": url_for("pages.compare_task", task_id=view.row.id),
        "returned": earlier.kind is Kind.RETURNED,
        "source": _source(earlier),
        "rows": rows,
        "changed": sum(row["change"] != Change.SAME for row in rows),
    }


@pages.post("/tasks/<uuid:task_id>/comparison")
@signed_in
def compare_task(task_id: UUID) -> str:
    """Show the comparison with what was typed meanwhile."""
    typed = request.get_json()
    if not isinstance(typed, dict):
        raise BadRequest
    with transaction(sessions()) as session:
        told = furnish(session, g.actor, tasks.show(session, g.actor, task_id), typed)
    return render_template("tasks/comparison_rows.html", comparison=told)


def _rows(schema: Mapping[str, Any], earlier: Earlier, now: Mapping[str, Any]) -> list[dict[str, Any]]:
    order = [one["path"] for one in answers.questions(schema)]
    before, after = ([Line(**line) for line in answers.told(schema, said)] for said in (earlier.answers, now))
    return [_row(one, earlier) for one in compare(before, after, order)]


def _row(one: Compared, earlier: Earlier) -> dict[str, Any]:
    sign, word = MARKS[one.change]
    asked = any(one.path == path or one.path.startswith(f"{path}.") for path in earlier.fields)
    return {
        "path": one.path,
        "label": one.label,
        "before": one.before,
        "now": one.now,
        "change": one.change.value,
        "sign": sign,
        "word": str(word),
        "difference": f"{one.difference:+f}" if one.difference is not None else "",
        "asked": asked,
    }


def _source(earlier: Earlier) -> str:
    when = stamp(earlier.at)
    if earlier.kind is Kind.RETURNED:
        return str(gettext("Before %(who)s sent it back on %(when)s", who=earlier.who, when=when))
    return str(gettext("“%(title)s”, %(who)s, %(when)s", title=earlier.title, who=earlier.who, when=when))
