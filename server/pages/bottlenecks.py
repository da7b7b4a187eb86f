"""Bottlenecks: working days a step and what waits at it, as heat on the diagram and as a table; for who leads."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any

from dateutil.relativedelta import relativedelta
from flask import g, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response

from engine import bottlenecks as found_in
from engine import clock
from engine.bottlenecks import LOOKERS, Drawn, Step
from engine.db import transaction
from server.auth import needs
from server.pages import labels, tables
from server.pages.labels import Labels
from server.pages.moments import day
from server.pages.shell import pages, sessions
from server.pages.tables import Table

PERIODS = {
    "3": lazy_gettext("The last 3 months"),
    "12": lazy_gettext("The last 12 months"),
    "36": lazy_gettext("The last 3 years"),
    "120": lazy_gettext("The last 10 years"),
}
USUAL = "12"
SHADES = 5  # of heat, from none to the slowest step of the process
SLOWEST = 12


@pages.get("/bottlenecks")
@needs(*sorted(LOOKERS))
def bottlenecks() -> str:
    """Show where work waits: the processes, and the steps of the chosen one as heat on its diagram and as a table."""
    period, since, until = _period()
    with transaction(sessions()) as session:
        steps = found_in.measure(session, g.actor, since, until)
        drawn = found_in.drawn(session, steps)
        names = labels.read(session)
    processes = _processes(steps, drawn, names)
    wanted = request.args.get("process")
    chosen = next((one for one in drawn if one.process == wanted), None) or _slowest(processes, drawn)
    own = [step for step in steps if chosen and (step.programme, step.process) == (chosen.programme, chosen.process)]
    return render_template(
        "board/bottlenecks.html",
        period=period,
        periods=[{"key": key, "label": label} for key, label in PERIODS.items()],
        since=day(since),
        until=day(until),
        sums=_sums(steps),
        processes=processes,
        slowest=[_line(step, names) for step in steps if step.median is not None][:SLOWEST],
        chosen={"process": chosen.process, "name": names.process(chosen.process)} if chosen else None,
        rows=[_line(step, names) for step in own],
        heat=_heat(chosen, own) if chosen else None,
    )


@pages.get("/bottlenecks/steps.<form>")
@needs(*sorted(LOOKERS))
def bottleneck_table(form: str) -> Response:
    """Give every step with its figures as a table to keep."""
    _chosen, since, until = _period()
    with transaction(sessions()) as session:
        steps = found_in.measure(session, g.actor, since, until)
        names = labels.read(session)
    head = [
        _("Process"), _("Step"), _("Open now"), _("Late"), _("Oldest, working days"), _("Tasks done"),
        _("Median, working days"), _("Nine in ten within, working days"), _("Done after the deadline"),
    ]  # fmt: skip
    rows = [
        [
            names.process(one.process), names.element(one.element), one.open, one.late, one.oldest, one.done,
            one.median, one.most, one.missed,
        ]
        for one in steps
    ]  # fmt: skip
    name = _("Working days %(since)s to %(until)s", since=day(since), until=day(until))
    return tables.answer(Table(name, head, rows), tables.chosen(form))


def _period() -> tuple[str, date, date]:
    months = request.args.get("months", USUAL)
    months = months if months in PERIODS else USUAL
    return months, clock.today() - relativedelta(months=int(months)), clock.today()


def _sums(steps: Sequence[Step]) -> dict[str, int]:
    return {name: sum(getattr(step, name) for step in steps) for name in ("open", "late", "done", "missed")}


def _processes(steps: Sequence[Step], drawn: Sequence[Drawn], names: Labels) -> list[dict[str, Any]]:
    """Return each process with the sums of its steps, the one whose steps take longest together first."""
    own: dict[str, list[Step]] = defaultdict(list)
    for step in steps:
        own[step.process].append(step)
    rows = [_process(one, own[one.process], names) for one in drawn]
    return sorted(rows, key=lambda row: (-row["days"], -row["open"], row["name"]))


def _process(one: Drawn, steps: Sequence[Step], names: Labels) -> dict[str, Any]:
    slow = max(steps, key=lambda step: (step.median or 0, step.open))
    return {
        "key": one.process,
        "name": names.process(one.process),
        "days": sum(step.median or 0 for step in steps),
        "slow": names.element(slow.element),
        **_sums(steps),
    }


def _slowest(processes: Sequence[dict[str, Any]], drawn: Sequence[Drawn]) -> Drawn | None:
    first = processes[0]["key"] if processes else None
    return next((one for one in drawn if one.process == first), None)


def _line(step: Step, names: Labels) -> dict[str, Any]:
    return {
        **vars(step),
        "name": names.element(step.element),
        "process_name": names.process(step.process),
        "href": url_for("pages.bottlenecks", process=step.process, months=request.args.get("months", USUAL)),
    }


def _heat(chosen: Drawn, steps: Sequence[Step]) -> dict[str, Any]:
    """Return what the diagram is painted with: a shade for each step by its median, and what its badges say."""
    most = max((step.median or 0 for step in steps), default=0)
    most = max(most, SHADES)  # a day is not hot, be it the longest
    return {
        "xml": chosen.xml,
        "steps": [
            {
                "id": step.element,
                "shade": _shade(step.median, most),
                "days": None
                if step.median is None
                else _("%(median)s / %(most)s d", median=step.median, most=step.most),
                "open": step.open,
                "late": step.late,
                "told": _told(step),
            }
            for step in steps
        ],
    }


def _shade(median: int | None, most: int) -> int:
    if median is None or not most:
        return 0
    return max(1, round(SHADES * median / most))


def _told(step: Step) -> str:
    parts = [_("%(num)s open", num=step.open)] if step.open else []
    if step.median is not None:
        parts.append(
            _("median %(median)s, nine in ten within %(most)s working days", median=step.median, most=step.most)
        )
    return str(_(", ")).join(parts)
