"""Where a story is played: the clock goes from one thing that happens to the next, and everybody does their work."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import calendars, clock, processes, runtime
from engine.clock import CIVIL
from engine.db import Sessions, transaction
from engine.errors import IcityError
from engine.settings import Settings
from engine.tables import Instance, Membership, Organisation, Person, Reminder, Task, TaskState, Timer
from server.demo import happenings, monthly, province
from server.demo.agency import Agency
from server.demo.figures import Figures
from server.demo.story import Story, StoryStuck
from server.demo.world import Hand, Work, World, by_verb
from server.duties import sweep

OFFICE_HOUR = time(9, 30)
A_WHILE = timedelta(seconds=20)
MOST_MOMENTS = 20_000


@contextmanager
def begun(story: Story) -> Iterator[None]:
    """Let the clock stand at the first day of the story while the block begins, and come home after it."""
    clock.travel(datetime.combine(story.begins, OFFICE_HOUR, tzinfo=CIVIL))
    try:
        yield
    finally:
        clock.come_home()


def play(settings: Settings, sessions: Sessions, story: Story, hand: Hand = by_verb) -> None:
    """Play a story from where the clock stands to its last day, every task finished by `hand`. Raise StoryStuck."""
    happenings.check(story.comings())
    with transaction(sessions) as session:
        province.seed(session, story)
        programme = processes.latest(session, story.told["programme"])
        figures = Figures.of(story, programme.indicators)
        world = World(settings, sessions, story, calendars.load(session), figures, hand=hand)
    with Agency(settings, sessions, story.told["agency"]):
        _through(world)


def _through(world: World) -> None:
    month = clock.now().month
    for _ in range(MOST_MOMENTS):
        happenings.come(world)
        _work(world)
        if _next_day(world) > world.story.ends:
            return
        _next_moment(world)
        if clock.now().month != month:
            month = clock.now().month
            monthly.check(world)
    raise StoryStuck(f"{MOST_MOMENTS} moments were not enough")


def _work(world: World) -> None:
    """Let everybody finish what they have an answer for, a working day for each round, until nobody has one."""
    while True:
        _settle(world)
        with transaction(world.sessions) as session:
            waiting = [work for work in _opened(session) if world.story.answers(work.asked())]
        if not waiting:
            return
        morning = world.calendar.add_workdays(clock.now(), 1).due.astimezone(CIVIL)
        _go(world, datetime.combine(morning.date(), OFFICE_HOUR, tzinfo=CIVIL))
        for work in waiting:
            _finish(world, work)
            clock.travel(clock.now() + A_WHILE)


def _settle(world: World) -> None:
    while sweep(world.sessions, world.settings):
        pass


def _go(world: World, moment: datetime) -> None:
    """Move the clock, never back, stopping wherever something falls due."""
    while (due := _soonest(world)) is not None and due < moment:
        clock.travel(max(due, clock.now()))
        _settle(world)
        happenings.come(world)
        if _soonest(world) == due:
            break
    clock.travel(max(moment, clock.now()))
    _settle(world)


def _finish(world: World, work: Work) -> None:
    """Let the first person who may finish the task; somebody else may have been faster, or its time be over."""
    with transaction(world.sessions) as session:
        if session.scalar(select(Task.state).where(Task.id == work.task)) != TaskState.OPEN:
            return
        logins, answers = _logins(session, work), _answer(world, session, work)
    turn = world.story.visits[work.asked().seat]
    refused: list[str] = []
    for place in range(len(logins)):
        login = logins[(turn + place) % len(logins)]
        try:
            world.hand(world, login, work, answers)
        except IcityError as fault:
            refused.append(f"{login}: {fault}")
        else:
            world.story.visited(work.asked())
            return
    raise StoryStuck(f"{work.element} of {work.organisation}: {refused or 'nobody holds the role'} {answers}")


def _answer(world: World, session: Session, work: Work) -> dict[str, Any]:
    asked = work.asked()
    data = runtime.peek(session, work.instance).data(work.task)
    year = int(data.get("data_year") or asked.day.year - 1)
    facts = {"figures": world.figures.reported(data.get("unit") or work.unit, year), "data_year": year}
    return world.story.answer(asked, data, facts)


def _opened(session: Session) -> Iterator[Work]:
    rows = session.execute(
        select(
            Task.id, Task.instance, Task.element, Task.role, Task.organisation, Instance.subject, Organisation.division
        )
        .join(Instance, Instance.id == Task.instance)
        .outerjoin(Organisation, Organisation.id == Task.organisation)
        .where(Task.state == TaskState.OPEN)
        .order_by(Task.created_at, Task.id)
    )
    for row in rows.all():
        yield Work(row.id, row.instance, row.element, str(row.role), row.organisation, row.subject or row.division)


def _logins(session: Session, work: Work) -> list[str]:
    query = select(Person.login).join(Membership, Membership.person == Person.id).where(Membership.role == work.role)
    if work.organisation is not None:
        query = query.where(Membership.organisation == work.organisation)
    return list(session.scalars(query.order_by(Person.login)))


def _soonest(world: World) -> datetime | None:
    with transaction(world.sessions) as session:
        due = session.scalar(select(func.min(Timer.due_at)))
        remind = session.scalar(select(func.min(Reminder.remind_at)).where(Reminder.reminded_at.is_(None)))
        starts = happenings.next_start(session)
    moments = [one for one in (due, remind, starts, happenings.next_moment(world)) if one is not None]
    return min(moments, default=None)


def _next_day(world: World) -> date:
    """Return the civil day of the next thing that falls due."""
    soonest = _soonest(world)
    if soonest is None:
        raise StoryStuck(f"nothing falls due after {clock.now().isoformat()}")
    return soonest.astimezone(CIVIL).date()


def _next_moment(world: World) -> None:
    """Move the clock to the next thing that falls due; who is silent until a deadline lapses has had their turn."""
    soonest = _soonest(world) or clock.now()
    with transaction(world.sessions) as session:
        silent = list(_opened(session))
    clock.travel(max(soonest, clock.now()))
    _settle(world)
    with transaction(world.sessions) as session:
        still = {work.task for work in _opened(session)}
    for work in silent:
        if work.task not in still:
            world.story.visited(work.asked())
