"""Forms with many figures are told as a table, with last year's, and asked about without anything being saved."""

from collections.abc import Callable
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import calendars, figures, instances, processes, tasks, units, worksheets
from engine.errors import NotFound, TaskClosed
from engine.figures import Batch, Hands, Origin
from engine.identity import Actor
from engine.instances import Application
from engine.settings import ROOT
from engine.tables import Figure, Task

UNIT, YEAR = "339921", 2013
FACTS = {
    "unit": UNIT,
    "unit_name": "云溪县",
    "case_id": "c",
    "data_year": YEAR,
    "set": "ZJ-DEMO-2012",
    "applicant": "yunxi-science",
    "statistics": "yunxi-statistics",
    "departments": ["science"],
}
People = Callable[[str], Actor]


@pytest.fixture
def task(session: Session) -> UUID:
    """Give the task in which a county's data clerk fills in its figures; two of last year's are on record."""
    calendars.seed(session)
    units.seed(session)
    processes.deploy(session, ROOT / "workflows" / "innovative-city", "a test")
    for origin, value in ((Origin.DECLARED, 230), (Origin.VERIFIED, 234.69)):
        figures.record(session, Hands(), Batch(UNIT, YEAR - 1, {"gdp": value}, origin))
    figures.record(session, Hands(), Batch(UNIT, YEAR - 1, {"rd_expenditure": 3.7}, Origin.DECLARED))
    wanted = Application("innovative-city", "figure_collection", "填报", UNIT, "yunxi-science", FACTS)
    instance = instances.start(session, None, wanted)
    return session.scalars(select(Task.id).where(Task.instance == instance)).one()


def test_every_figure_has_its_name_measure_and_last_year(session: Session, task: UUID, actor: People) -> None:
    sheet = worksheets.of_task(session, actor("shuju"), task)
    assert sheet is not None
    assert (sheet.unit, sheet.year, len(sheet.cells)) == (UNIT, YEAR, 28)
    assert sheet.groups[0] == {"zh": "A　创新投入", "en": "Input"}
    cells = {cell.code: cell for cell in sheet.cells}
    gdp = cells["gdp"]
    assert (gdp.path, gdp.measure, gdp.places) == ("values.gdp", "亿元", 4)
    assert gdp.name == {"zh": "地区生产总值", "en": "GDP"}
    assert gdp.before == Decimal("234.69")
    assert cells["hte_count"].before is None
    assert cells["hte_count"].group == 1


def test_questions_and_faults_are_told_at_their_answers(session: Session, task: UUID, actor: People) -> None:
    count = session.scalar(select(func.count()).select_from(Figure))
    typed = {"values": {"rd_expenditure": 370, "gdp": 251.2, "hte_count": 2.5, "population": None, "patents": "x"}}
    remarks = worksheets.check(session, actor("shuju"), task, typed)
    assert "计量单位" in remarks.questions["values.rd_expenditure"][0]["zh"]
    assert "values.gdp" not in remarks.questions
    assert list(remarks.faults) == ["values.hte_count"]
    assert session.scalar(select(func.count()).select_from(Figure)) == count


def test_parts_are_held_against_their_whole(session: Session, task: UUID, actor: People) -> None:
    remarks = worksheets.check(session, actor("shuju"), task, {"values": {"rd_expenditure": 3.9, "enterprise_rd": 5.1}})
    assert "部分不应大于总体" in remarks.questions["values.enterprise_rd"][0]["zh"]


def test_only_who_sees_the_open_task_asks(session: Session, task: UUID, actor: People) -> None:
    with pytest.raises(NotFound):
        worksheets.of_task(session, actor("caizheng"), task)
    tasks.complete(session, actor("shuju"), task, {"values": {"gdp": 251.2}})
    with pytest.raises(TaskClosed):
        worksheets.check(session, actor("shuju"), task, {})


def test_a_form_with_few_figures_is_no_table(session: Session, task: UUID, actor: People) -> None:
    tasks.complete(session, actor("shuju"), task, {"values": {"gdp": 251.2}})
    following = session.scalars(select(Task).where(Task.state == "open")).one()
    person = {"APP_STAT": "heshu", "APP_DATA": "shuju"}[str(following.role)]
    assert worksheets.of_task(session, actor(person), following.id) is None
