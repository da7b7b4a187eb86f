"""A form filled in again is held beside what it said last time: before it was sent back, or in the unit's last case."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import clock, comparison, instances, processes, tasks
from engine.comparison import Kind
from engine.errors import NotFound
from engine.identity import Actor
from engine.instances import Application
from engine.tables import Rejection, Task

ERRAND = Path(__file__).parents[2] / "support" / "programmes" / "errand"
People = Callable[[str], Actor]


@pytest.fixture
def begin(session: Session) -> Callable[[str], UUID]:
    """Give a function that starts an errand about a unit and returns its first task."""
    processes.deploy(session, ERRAND, "a test")

    def beginning(unit: str) -> UUID:
        clock.travel(clock.now() + timedelta(days=365))
        instance = instances.start(session, None, Application("errand", "errand", f"差事 {unit}", unit))
        return session.scalars(select(Task.id).where(Task.instance == instance, Task.element == "write")).one()

    return beginning


def test_the_last_case_of_the_same_unit_is_last_time(
    session: Session, begin: Callable[[str], UUID], actor: People
) -> None:
    clerk = actor("shouli")
    for unit, words in (("339921", "两年前"), ("339921", "去年"), ("339922", "别的县")):
        tasks.complete(session, clerk, begin(unit), {"words": words})
    now = begin("339921")
    found = comparison.of_task(session, clerk, now)
    assert found is not None
    assert (found.kind, found.answers, found.who) == (Kind.LAST_ROUND, {"words": "去年"}, clerk.name)
    assert found.title == "差事 339921"


def test_there_is_no_last_time_at_first_and_none_for_strangers(
    session: Session, begin: Callable[[str], UUID], actor: People
) -> None:
    first = begin("339921")
    assert comparison.of_task(session, actor("shouli"), first) is None
    with pytest.raises(NotFound):
        comparison.of_task(session, actor("caizheng"), first)


def test_what_was_sent_back_comes_before_the_last_round(
    session: Session, begin: Callable[[str], UUID], actor: People
) -> None:
    clerk, officer = actor("shouli"), actor("jingban")
    tasks.complete(session, clerk, begin("339921"), {"words": "去年"})
    now = begin("339921")
    row = session.get_one(Task, now)
    session.add(
        Rejection(
            task=now,
            instance=row.instance,
            sender=officer.id,
            source=now,
            reason="数字有误",
            fields=["words"],
            attempt=1,
            before={"words": "退回前"},
            at=clock.now(),
        )
    )
    session.flush()
    found = comparison.of_task(session, clerk, now)
    assert found is not None
    assert (found.kind, found.answers, found.who, found.fields) == (
        Kind.RETURNED,
        {"words": "退回前"},
        officer.name,
        ("words",),
    )


def test_what_departments_said_apart_is_laid_together() -> None:
    said = comparison._over({"values": {"gdp": 1, "hte": None}, "rows": [1]}, {"values": {"hte": 2}, "rows": [1, 2]})
    assert said == {"values": {"gdp": 1, "hte": 2}, "rows": [1, 2]}
