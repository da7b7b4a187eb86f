"""My work: what I must do, may take, did, started and was sent copies of; searched, filtered, sorted, counted."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import g, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from engine import clock, copies, filters, preferences, reminders, urges
from engine import inbox as lists
from engine.db import transaction
from engine.filters import Sort, Wanted
from engine.pages import Page
from engine.preferences import Notice
from engine.urges import UrgeRow
from server.auth import signed_in
from server.pages import labels
from server.pages import searches as search
from server.pages.instances import STATES
from server.pages.moments import day, due, stamp
from server.pages.shell import pages, sessions
from server.pages.words import pick

URGENCY = {
    "urged": (_("urged"), "red"),
    "overdue": (_("overdue"), "red"),
    "soon": (_("due soon"), "amber"),
    "normal": (_("normal"), ""),
}
OF_TASKS = (Sort.PRIORITY, Sort.NAME, Sort.UNIT, Sort.DUE, Sort.WHEN)
OF_CASES = (Sort.NAME, Sort.UNIT, Sort.WHEN)
SORTS = {
    Sort.NAME: _("Task"),
    Sort.UNIT: _("City or county"),
    Sort.DUE: _("Due"),
    Sort.PRIORITY: _("Priority"),
}
REMINDERS = {
    "before": _("the deadline is near"),
    "eve": _("the deadline is near"),
    "due": _("the deadline has come"),
    "overdue": _("the deadline has passed"),
    "escalated": _("the deadline has passed by days"),
    "moved": _("the deadline was moved"),
}
LATE = frozenset({"overdue", "escalated"})
NOTICES = {**dict.fromkeys(LATE, Notice.OVERDUE), "moved": Notice.MOVED}  # what else is reminded of is near


@dataclass(frozen=True)
class Shown:
    """A list as its page shows it: its words, the columns it may be sorted by, and how its rows are told."""

    find: Any
    title: object
    empty: object
    hint: object
    sorts: tuple[Sort, ...]
    when: object
    rows: str = "tasks"
    newest: bool = False

    @property
    def words(self) -> dict[Sort, object]:
        """Return what its columns are called other than elsewhere."""
        return {} if self.rows == "tasks" else {Sort.NAME: _("Case")}


LISTS = {
    "mine": Shown(
        lists.mine,
        _("To do"),
        _("Nothing to do"),
        _("What you claim, what is given to you and what you are asked to sign appears here."),
        OF_TASKS,
        _("Arrived"),
    ),
    "claimable": Shown(
        lists.claimable,
        _("To claim"),
        _("Nothing to claim"),
        _("Work for your roles that nobody has taken yet appears here."),
        OF_TASKS,
        _("Arrived"),
    ),
    "done": Shown(
        lists.done,
        _("Done"),
        _("Nothing done yet"),
        _("What you complete stays here for reference."),
        OF_CASES,
        _("Completed at"),
        newest=True,
    ),
    "started": Shown(
        lists.started,
        _("Started by me"),
        _("You have started no case"),
        _("Cases that you start appear here: where each stands, who has it, and since when."),
        OF_CASES,
        _("Started"),
        "cases",
        newest=True,
    ),
    "copies": Shown(
        lists.copies,
        _("Copied to me"),
        _("No copies"),
        _("Cases that somebody tells you of for information appear here."),
        OF_CASES,
        _("Sent"),
        "copies",
        newest=True,
    ),
}


@pages.get("/")
@pages.get("/tasks")
@signed_in
def inbox() -> str:
    """Show one of the lists as it was searched, filtered and sorted, with the counts of all and the reminders."""
    chosen = named()
    shown, wanted = LISTS[chosen], filters.read(request.args)
    with transaction(sessions()) as session:
        liked = preferences.read(session, g.actor)
        page = shown.find(session, g.actor, request.args.get("cursor"), liked.rows, wanted)
        counted = lists.counts(session, g.actor)
        told = [row for row in reminders.shown(session, g.actor) if liked.wants(NOTICES.get(row.step, Notice.NEAR))]
        names = labels.read(session)
        told_by_page = rows(session, shown, page, names)
        asked = search.furnish(session, chosen, wanted, names)
    plain = filters.plain(wanted)
    query: dict[str, Any] = {"list": chosen, **plain}
    return render_template(
        "tasks/inbox.html",
        chosen=chosen,
        title=shown.title,
        shown=shown,
        empty={"title": shown.empty, "hint": shown.hint},
        tabs=_tabs(chosen, counted),
        counted=counted,
        rows=told_by_page,
        heads=_heads(chosen, wanted),
        asked=asked,
        first=search.address(chosen, plain) if request.args.get("cursor") else None,
        more=_more(chosen, wanted, page.next),
        export=url_for("pages.export_inbox", **query),
        reminders=[_reminder(row, names) for row in told],
        late=sum(row.step in LATE for row in told),
    )


@pages.get("/tasks/copies/<uuid:copy>")
@signed_in
def open_copy(copy: UUID) -> Response:
    """Open the case that a copy tells me of; it is read with that."""
    with transaction(sessions()) as session:
        copies.read(session, g.actor, copy)
        case = lists.copy(session, g.actor, copy)
    return redirect(url_for("pages.instance", case=case.instance), 303)


@pages.post("/tasks/urges/<uuid:task_id>")
@signed_in
def urge_task(task_id: UUID) -> str:
    """Ask whoever has the task to hurry, and show that it was asked."""
    with transaction(sessions()) as session:
        urges.urge(session, g.actor, task_id, request.form.get("note", ""))
        asked = urges.of_tasks(session, [task_id])
    return render_template("inbox/urged.html", urged=_urged(asked[task_id]))


@pages.get("/tasks/counts")
@signed_in
def inbox_counts() -> str:
    """Show the names of the lists with their counts; the page asks for it again and again."""
    chosen = named()
    with transaction(sessions()) as session:
        counted = lists.counts(session, g.actor)
    return render_template("inbox/tabs.html", chosen=chosen, tabs=_tabs(chosen, counted))


def named() -> str:
    """Return which list the address names, else what is to do."""
    given = request.args.get("list", "mine")
    return given if given in LISTS else "mine"


def rows(session: Session, shown: Shown, page: Page[Any], names: labels.Labels) -> list[dict[str, Any]]:
    """Return the rows of a page in words."""
    if shown.rows == "tasks":
        return [line(row) for row in page.rows]
    if shown.rows == "copies":
        return [_copy(row, names) for row in page.rows]
    asked = urges.of_tasks(session, [one.id for row in page.rows for one in row.waiting])
    return [_case(row, names, asked) for row in page.rows]


def line(row: lists.TaskRow) -> dict[str, Any]:
    """Return a task row as the list shows it."""
    label, tone = URGENCY[row.priority]
    behalf = row.assignee is not None and row.assignee != g.actor.id and row.kind == "task" and row.state == "open"
    return {
        "id": row.id,
        "href": url_for("pages.task", task_id=row.id),
        "name": row.name,
        "title": row.title,
        "unit": row.unit or "",
        "whom": whom(row),
        "since": stamp(row.asked_at or row.created_at),
        "ended": stamp(row.ended_at),
        "due": due(row),
        "urgency": {"label": label, "tone": tone},
        "asked_by": row.asked_by,
        "closed": pick(row.closed),
        "behalf": row.assignee_name if behalf else None,
    }


def whom(row: lists.TaskRow) -> str:
    """Return for whom a task is: an organisation, or a role anywhere."""
    return pick(row.organisation_name) or labels.role(row.role)


def _case(row: lists.CaseRow, names: labels.Labels, asked: Mapping[UUID, list[UrgeRow]]) -> dict[str, Any]:
    label, tone = STATES[row.state]
    return {
        "id": row.id,
        "href": url_for("pages.instance", case=row.id),
        "title": row.title,
        "process": names.process(row.process),
        "unit": row.unit or "",
        "milestone": names.milestone(row.milestone),
        "state": {"label": label, "tone": tone},
        "since": stamp(row.started_at),
        "waiting": [_waiting(one, asked.get(one.id, []), row.state == "running") for one in row.waiting],
        "further": row.further,
    }


def _waiting(row: lists.TaskRow, asked: list[UrgeRow], running: bool) -> dict[str, Any]:  # noqa: FBT001 - a fact
    today = bool(asked) and day(asked[0].at) == day(clock.now())
    may = running and not today and row.assignee != g.actor.id
    return {
        "name": row.name,
        "with": row.assignee_name or gettext("%(whom)s, nobody yet", whom=whom(row)),
        "since": day(row.created_at),
        "due": due(row),
        "urged": _urged(asked) if asked else None,
        "urge": url_for("pages.urge_task", task_id=row.id) if may else None,
    }


def _urged(asked: list[UrgeRow]) -> dict[str, Any]:
    last = asked[0]
    return {"on": stamp(last.at), "seen": last.seen_at is not None}


def _copy(row: lists.CopyRow, names: labels.Labels) -> dict[str, Any]:
    return {
        "id": row.id,
        "href": url_for("pages.open_copy", copy=row.id),
        "title": row.title,
        "process": names.process(row.process),
        "unit": row.unit or "",
        "task": row.task_name,
        "sender": row.sender,
        "note": row.note,
        "since": stamp(row.at),
        "unread": row.read_at is None,
    }


def _tabs(chosen: str, counted: dict[str, int]) -> list[dict[str, Any]]:
    return [
        {
            "key": key,
            "href": url_for("pages.inbox", list=key),
            "label": shown.title,
            "current": key == chosen,
            "count": _told(counted[key]),
            "means": gettext("not read") if key == "copies" else "",
        }
        for key, shown in LISTS.items()
    ]


def _told(count: int) -> str:
    """Return a count as a tab shows it; long lists are not counted to their end."""
    return f"{count - 1}+" if count >= lists.MOST else str(count)


def _heads(chosen: str, wanted: Wanted) -> dict[str, dict[str, Any]]:
    """Return the head of each column that sorts: where it leads, and how the list is sorted by it now."""
    shown = LISTS[chosen]
    usual = (Sort.WHEN, True) if shown.newest else (Sort.DUE, False)
    sort, descending = (wanted.sort, wanted.descending) if wanted.sort else usual
    return {one.value: _head(chosen, wanted, one, (sort, descending)) for one in shown.sorts}


def _head(chosen: str, wanted: Wanted, one: Sort, now: tuple[Sort, bool]) -> dict[str, Any]:
    sort, descending = now
    plain = {name: value for name, value in filters.plain(wanted).items() if name not in {"sort", "descending"}}
    down = not descending if one is sort else (one is Sort.WHEN and LISTS[chosen].newest)
    query = {**plain, "sort": one.value, **({"descending": "1"} if down else {})}
    sorted_by = ("descending" if descending else "ascending") if one is sort else None
    label = LISTS[chosen].when if one is Sort.WHEN else LISTS[chosen].words.get(one, SORTS.get(one))
    return {"href": search.address(chosen, query), "sorted": sorted_by, "label": label}


def _more(chosen: str, wanted: Wanted, cursor: str | None) -> str | None:
    return search.address(chosen, {**filters.plain(wanted), "cursor": cursor}) if cursor else None


def _reminder(row: reminders.ReminderRow, names: labels.Labels) -> dict[str, Any]:
    of_task = row.step in REMINDERS
    return {
        "href": url_for("pages.task", task_id=row.task) if of_task else url_for("pages.instance", case=row.instance),
        "name": names.element(row.element),
        "title": row.title,
        "due": day(row.due_at),
        "why": REMINDERS.get(row.step, _("a date is coming up")),
        "late": row.step in LATE,
        "needs": pick(row.needs) if row.needs else None,
    }
