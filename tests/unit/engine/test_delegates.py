"""Service tasks reckon with named functions, and with nothing else."""

from datetime import UTC, date, datetime
from pathlib import Path

import orjson
import pytest

from engine import delegates
from engine.delegates import Grounds
from engine.domain import indicators
from engine.domain.workdays import Calendar
from engine.errors import StepFailed

FILE = Path(__file__).parents[3] / "workflows" / "innovative-city" / "indicators.csv"
GROUNDS = Grounds(
    indicators.read_rows(FILE.read_bytes()),
    Calendar({date(2026, 10, 1): False, date(2026, 10, 2): False}, date(2026, 12, 31)),
    datetime(2026, 3, 2, 1, tzinfo=UTC),
)


def run(name, **parameters):
    result = delegates.run(name, parameters, GROUNDS)
    assert orjson.loads(orjson.dumps(result)) == result
    return result


def test_every_operator_has_a_title_in_both_languages():
    assert delegates.names() == [
        "agencies for",
        "archive case",
        "assign task",
        "bar unit",
        "check figures",
        "civil date",
        "correct figure",
        "count opinions",
        "deadline",
        "decide revision",
        "declared figures",
        "division event",
        "document number",
        "end title",
        "evaluate agency",
        "find conflicts",
        "find round",
        "grant title",
        "issue document",
        "lock figures",
        "mark round",
        "monitoring results",
        "next anniversary",
        "notice period",
        "open round",
        "published figures",
        "rank units",
        "record figures",
        "rescore case",
        "rescore round",
        "score case",
        "score indicators",
        "settle result",
        "settle titles",
        "targets",
        "unit record",
        "void document",
        "weigh opinions",
    ]
    for name, delegate in delegates.REGISTRY.items():
        assert delegate.name == name
        assert set(delegate.title) == {"zh", "en"}


def test_indicators_are_scored_by_the_set_of_the_programme():
    score = run(
        "score indicators",
        set_code="ZJ-DEMO-2012",
        level="county",
        values={"awards": 2, "gdp": None},
        expert_scores={"F1": [100, 100, 0, 100, 100]},
    )
    assert score["total"] == 7
    assert score["gates_met"] is False


@pytest.mark.parametrize("experts", [{}, None])
def test_indicators_are_scored_without_experts(experts):
    score = run("score indicators", set_code="ZJ-DEMO-2012", level="city", values={"awards": 2}, expert_scores=experts)
    assert score["missing"][-3:] == ["F1", "F2", "F3"]


def test_units_are_ranked_by_the_set_of_the_programme():
    units = {"339921": {"hightech_value_added": 14}, "339902": {"hightech_value_added": 20}, "330127": {}}
    scores = run(
        "rank units", set_code="ZJ-CZ-2012", level="county", units=units, expert_scores={"339921": {"S9": [90]}}
    )
    assert {unit: score["indicators"][0]["points"] for unit, score in scores.items()} == {
        "339921": 6.67, "339902": 10, "330127": 0,
    }  # fmt: skip
    assert scores["339921"]["groups"][-1]["points"] == 9


def test_opinions_are_counted_and_silence_is_deemed():
    opinions = [
        {"opinion": "agree"}, {"opinion": "agree", "department": "财政厅"}, {"opinion": "comment", "reason": "附意见"},
        {"opinion": "object", "reason": "理由"}, {"opinion": "deemed"}, {"deemed": True}, {"opinion": None}, None,
    ]  # fmt: skip
    assert run("count opinions", opinions=opinions) == {"agree": 2, "comment": 1, "object": 1, "deemed": 4}
    assert run("count opinions", opinions=[]) == {"agree": 0, "comment": 0, "object": 0, "deemed": 0}


def test_document_number_takes_the_year_of_the_civil_day():
    assert run("document number", organ="浙科发", serial=3) == "浙科发〔2026〕3号"
    assert run("document number", organ="浙政发", serial=17, year=2012) == "浙政发〔2012〕17号"


def test_next_anniversary_is_reckoned_from_the_anchor():
    assert run("next anniversary", anchor="2024-02-29", period="P2Y") == {
        "n": 2,
        "date": "2028-02-29",
        "at": "2028-02-28T16:00:00+00:00",
    }


def test_deadline_counts_by_the_calendar():
    assert run("deadline", days=5)["date"] == "2026-03-09"
    assert run("deadline", days=1, start="2026-09-30") == {
        "date": "2026-10-05",
        "at": "2026-10-05T15:59:59+00:00",
        "provisional": False,
    }
    assert run("deadline", days=7, unit="cal", start="2026-12-25")["provisional"] is True


def test_a_deadline_leaves_out_the_times_that_do_not_count():
    start = "2026-03-02T10:00:00+08:00"
    assert run("deadline", days=5, start=start, stops=[["2026-03-04", "2026-03-06"]])["date"] == "2026-03-11"
    lasting = run("deadline", days=5, start=start, stops=[["2026-03-04", None]])
    assert lasting == {"date": None, "at": None, "provisional": False}


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("eval", {}),
        ("score indicators", {}),
        ("score indicators", {"set_code": "none", "level": "county", "values": {}}),
        ("score indicators", {"set_code": "ZJ-DEMO-2012", "level": "town", "values": {}}),
        ("score indicators", {"set_code": "ZJ-DEMO-2012", "level": "county", "values": []}),
        ("score indicators", {"set_code": "ZJ-DEMO-2012", "level": "county", "values": {"gdp": "much"}}),
        ("score indicators", {"set_code": "ZJ-DEMO-2012", "level": "county", "values": {"gdp": float("nan")}}),
        (
            "score indicators",
            {"set_code": "ZJ-DEMO-2012", "level": "county", "values": {}, "expert_scores": {"F1": [101]}},
        ),
        ("score indicators", {"set_code": "ZJ-DEMO-2012", "level": "county", "values": {}, "figures": {}}),
        ("score indicators", {"set_code": "ZJ-CZ-2012", "level": "county", "values": {}}),
        ("count opinions", {"opinions": None}),
        ("count opinions", {"opinions": ["agree"]}),
        ("count opinions", {"opinions": [{"opinion": "maybe"}]}),
        ("count opinions", {"opinions": [{"opinion": ["agree"]}]}),
        ("document number", {"organ": "ZKF", "serial": 3}),
        ("document number", {"organ": "浙科发", "serial": 0}),
        ("next anniversary", {"anchor": "soon", "period": "P2Y"}),
        ("next anniversary", {"anchor": "2024-02-29", "period": "P0D"}),
        ("deadline", {"days": -1}),
        ("deadline", {"days": 1, "unit": "weeks"}),
        ("deadline", {"days": 1, "stops": [[None, "2026-03-04"]]}),
        ("deadline", {"days": 1, "stops": [["2026-03-04"]]}),
        ("deadline", {"days": 1, "stops": [["2026-03-04", "soon"]]}),
        ("deadline", {"days": 10000, "start": "9999-12-01"}),
    ],
)
def test_what_cannot_be_reckoned_fails_the_step(name, parameters):
    with pytest.raises(StepFailed):
        delegates.run(name, parameters, GROUNDS)
