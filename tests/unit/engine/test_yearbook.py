"""What the statisticians published of a year stands in the tables of its monitoring report, with its source."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy.orm import Session

from engine import delegates, figures, units
from engine.delegates import Grounds
from engine.domain.workdays import Calendar
from engine.figures import Batch, Correction, Hands, Origin
from tests.support.papers import paper

NOW = datetime(2015, 3, 2, 1, tzinfo=UTC)
TITLE = "2014年上半年高新技术产业产值（亿元）"


@pytest.fixture
def house(session: Session) -> Session:
    """Give a database with the units and what was published of the eleven cities."""
    units.seed(session)
    figures.seed(session)
    return session


def published(session: Session | None, year: int) -> Any:
    grounds = Grounds([], Calendar({}, date.min), NOW, "innovative-city", session)
    return delegates.run("published figures", {"year": year}, grounds)["tables"]


def test_half_a_year_of_the_eleven_cities_is_one_table_with_its_source(house: Session) -> None:
    (table,) = published(house, 2014)
    rows = {row["unit_name"]: (row["value"], row["growth"]) for row in table["rows"]}
    assert (table["title"], len(rows)) == (TITLE, 12)
    assert (rows["杭州市"], rows["嘉兴市"], rows["浙江省"]) == (
        ("2155.35", "6.14"),
        ("1199.30", "7.91"),
        ("10205.20", "6.15"),
    )
    assert "数据来源：浙江省2014年上半年高新技术产业产值" in table["note"]


def test_the_report_of_that_year_prints_it(house: Session) -> None:
    report = paper("annual_report", year=2014, figures=published(house, 2014))
    (table,) = [part for part in report["body"] if part["kind"] == "table" and part["title"].startswith("表3")]
    assert table["title"] == f"表3 {TITLE}"
    assert ["宁波市", "2396.99", "4.59"] in table["rows"]
    assert any("数据来源" in part.get("text", "") for part in report["body"])


def test_a_corrected_value_is_told_and_what_a_unit_returned_itself_is_not(house: Session) -> None:
    figures.correct(house, Hands(), Correction("330100", 2014, "hightech_output_h1", 2155.4, "公布有误"))
    returned = Batch("330100", 2014, {"gdp": 9206}, Origin.MONITORING, case_id="330100-2012")
    figures.record(house, Hands(), returned)
    bare = Batch("330100", 2014, {"awards": 3}, Origin.MONITORING)
    figures.record(house, Hands(), bare)
    found = {table["title"]: table["rows"] for table in published(house, 2014)}
    assert found.keys() == {TITLE, "2014年awards"}
    assert found["2014年awards"] == [{"unit_name": "杭州市", "value": "3", "growth": None}]
    assert found[TITLE][1]["value"] == "2155.4"


def test_a_year_of_which_nothing_was_published_has_no_table(house: Session) -> None:
    assert published(house, 2013) == []
    assert published(None, 2014) == []  # a rehearsal knows no publications
