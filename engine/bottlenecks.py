"""Bottlenecks: how long each step takes in working days, and what waits at it; from the rows of tasks alone.

A step is counted from the day after a task arrived to the day it was finished, by the civil calendar; days on which a
deadline stood still count too, because somebody waited.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine import clock, processes
from engine.errors import NotAllowed
from engine.identity import Actor
from engine.processes import Programme

LOOKERS = frozenset({"PRV_LEAD", "PRV_OFFICER", "GOV_LEAD", "SYS_ADMIN"})

# The number of a day counts the working days up to it: what the calendar does not name follows the week.
_MEASURE = text(
    """
WITH chosen AS (
  SELECT i.programme, t.element, t.state, t.due_at, t.ended_at,
    CASE WHEN t.element = ANY(:shared) THEN i.process ELSE '' END AS root,
    (t.created_at AT TIME ZONE :zone)::date AS arrived,
    (coalesce(t.ended_at, :now) AT TIME ZONE :zone)::date AS ended
  FROM task t JOIN instance i ON i.id = t.instance
  WHERE t.state = 'open' OR (t.state = 'completed' AND t.ended_at >= :since AND t.ended_at < :until)
), span AS (
  SELECT least(min(arrived), min(ended)) AS first, greatest(max(arrived), max(ended)) AS last FROM chosen
), numbered AS (
  SELECT d.day::date AS day,
    sum(CASE WHEN coalesce(c.workday, extract(isodow FROM d.day) < 6) THEN 1 ELSE 0 END) OVER (ORDER BY d.day) AS number
  FROM span, generate_series(span.first, span.last, interval '1 day') AS d (day)
  LEFT JOIN calendar_day c ON c.day = d.day::date
), took AS (
  SELECT chosen.*, b.number - a.number AS days
  FROM chosen JOIN numbered a ON a.day = chosen.arrived JOIN numbered b ON b.day = chosen.ended
)
SELECT programme, element, root,
  count(*) FILTER (WHERE state = 'open') AS open,
  count(*) FILTER (WHERE state = 'open' AND due_at < :now) AS late,
  count(*) FILTER (WHERE state = 'completed') AS done,
  percentile_disc(0.5) WITHIN GROUP (ORDER BY days) FILTER (WHERE state = 'completed') AS median,
  percentile_disc(0.9) WITHIN GROUP (ORDER BY days) FILTER (WHERE state = 'completed') AS most,
  max(days) FILTER (WHERE state = 'open') AS oldest,
  count(*) FILTER (WHERE state = 'completed' AND ended_at > due_at) AS missed
FROM took GROUP BY programme, element, root
"""
)


@dataclass(frozen=True)
class Step:
    """A step of a process: tasks open and late now, tasks done in the period, and working days from arrival to end.

    `median` and `most` (nine of ten are faster) are None when nothing was done, `oldest` when nothing is open;
    `missed` of the tasks done were finished after their deadline.
    """

    programme: str
    process: str
    element: str
    open: int
    late: int
    done: int
    median: int | None
    most: int | None
    oldest: int | None
    missed: int


@dataclass(frozen=True)
class Drawn:
    """A process with steps that people do: its name, and the diagram that draws it."""

    programme: str
    process: str
    name: str
    drawing: str
    xml: str


def measure(session: Session, actor: Actor, since: date, until: date) -> list[Step]:
    """Return every step with something open, or done from the day `since` to the day `until`; the slowest first.

    One grouped query, besides the programmes. Raise NotAllowed for who neither leads nor keeps the service.
    """
    if not actor.roles & LOOKERS:
        raise NotAllowed
    deployed = sorted({row.programme for row in processes.versions(session)})
    known = {name: processes.latest(session, name) for name in deployed}
    drawn = {name: homes(programme) for name, programme in known.items()}
    given = {
        "zone": str(clock.CIVIL),
        "now": clock.now(),
        "since": _midnight(since),
        "until": _midnight(until + timedelta(days=1)),
        "shared": sorted({element for own in drawn.values() for element, places in own.items() if len(places) > 1}),
    }
    steps = [
        Step(programme, home(known[programme], drawn[programme].get(row["element"], ()), root), **row)
        for programme, root, row in _rows(session, given)
    ]
    return sorted(steps, key=lambda one: (-(one.median or 0), -one.open, one.element))


def drawn(session: Session, steps: Sequence[Step]) -> list[Drawn]:
    """Return the processes of `steps` as their newest versions draw them; steps that are no longer drawn have none."""
    known = {name: processes.latest(session, name) for name in {step.programme for step in steps}}
    wanted = sorted({(step.programme, step.process) for step in steps if step.process})
    return [diagram(known[programme], process) for programme, process in wanted]


def _rows(session: Session, given: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for row in session.execute(_MEASURE, given).mappings():
        figures = dict(row)
        yield figures.pop("programme"), figures.pop("root"), figures


def homes(programme: Programme) -> dict[str, list[str]]:
    """Return the processes in whose diagrams each element is drawn; one in a sub-process is drawn where that is."""
    inside = {element: process for process, elements in programme.model.elements.items() for element in elements}
    found: dict[str, list[str]] = defaultdict(list)
    for process, elements in programme.model.elements.items():
        home = process
        while home not in programme.diagrams and home in inside:
            home = inside[home]
        for element in elements:
            found[element].append(home)
    return found


def home(programme: Programme, drawn: Sequence[str], root: str) -> str:
    """Return where a step is drawn: of several processes the one that the instance's own process leads to."""
    if len(drawn) <= 1 or not root:
        return drawn[0] if drawn else ""
    reached, ahead = {root}, [root]
    while ahead:
        elements = programme.model.elements.get(ahead.pop(), {}).values()
        new = {one.called or one.id for one in elements} - reached
        reached |= new
        ahead += new
    return next((home for home in drawn if home in reached), drawn[0])


def diagram(programme: Programme, process: str) -> Drawn:
    """Return a process as a version draws it; without a drawing where it has none of its own."""
    drawing = programme.diagrams.get(process, "")
    xml = programme.files[drawing].decode() if drawing else ""
    return Drawn(programme.id, process, programme.model.names.get(process, process), drawing, xml)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=clock.CIVIL)
