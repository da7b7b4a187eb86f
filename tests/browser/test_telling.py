"""Deadlines and happenings in words."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from engine import clock
from engine.db import Sessions
from engine.events import EventRow, Kind
from engine.settings import Settings
from server.pages import moments, sentences
from server.pages.labels import Labels
from server.pages.language import local
from server.pages.words import language, pick
from tests.support.web import opened

LABELS = Labels({"lifecycle": "全周期"}, {"check": "形式审查"}, {"pilot": {"zh": "试点", "en": "Pilot"}})
MONDAY = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
PLAIN = {"due_at": MONDAY, "workdays_left": 1, "overdue": False, "provisional": False, "stopped": False}


@pytest.fixture
def app(configuration: Settings, sessions: Sessions) -> Flask:
    return opened(configuration, sessions)


@pytest.fixture
def _in_chinese(app: Flask) -> Iterator[None]:
    with app.test_request_context():
        yield


@pytest.fixture
def _in_english(app: Flask) -> Iterator[None]:
    with app.test_request_context(headers={"Cookie": "language=en"}):
        yield


@pytest.mark.usefixtures("_in_chinese")
@pytest.mark.parametrize(
    ("days", "left", "overdue", "text", "tone"),
    [
        (9, 7, False, "剩 7 个工作日", "calm"),
        (2, 2, False, "剩 2 个工作日", "soon"),
        (0, 0, False, "今天到期", "soon"),
        (1, 0, False, "已无剩余工作日", "soon"),
        (-5, -3, True, "已逾期 3 个工作日", "late"),
        (-1, 0, True, "已逾期", "late"),
    ],
)
def test_a_deadline_is_told_in_working_days(days: int, left: int, *, overdue: bool, text: str, tone: str) -> None:
    clock.travel(MONDAY)
    row: Any = SimpleNamespace(
        due_at=MONDAY + timedelta(days=days, hours=1),
        workdays_left=left,
        overdue=overdue,
        provisional=True,
        state="open",
        stopped=False,
    )
    told = moments.due(row)
    assert told is not None
    assert (told["text"], told["tone"], told["provisional"]) == (text, tone, True)


@pytest.mark.usefixtures("_in_chinese")
def test_a_deadline_that_stands_still_says_so() -> None:
    row: Any = SimpleNamespace(due_at=None, stopped=True)
    told = moments.due(row)
    assert told is not None
    assert (told["text"], told["tone"], told["on"]) == ("期限暂停计算", "calm", "")


def test_no_deadline_is_no_words() -> None:
    row: Any = SimpleNamespace(due_at=None, stopped=False)
    assert moments.due(row) is None
    assert (moments.stamp(None), moments.day(None)) == ("", "")


@pytest.mark.usefixtures("_in_chinese")
def test_a_finished_task_keeps_the_date_only() -> None:
    row: Any = SimpleNamespace(**PLAIN, state="completed")
    assert moments.due(row) == {"text": "", "tone": "calm", "on": "2026-03-02", "provisional": False}


@pytest.mark.usefixtures("_in_english")
def test_english_counts_one_day_and_many() -> None:
    row: Any = SimpleNamespace(**PLAIN, state="open")
    assert (moments.due(row) or {})["text"] == "1 working day left"


@pytest.mark.usefixtures("_in_chinese")
def test_every_kind_that_a_case_is_told_about_is_a_full_sentence() -> None:
    told = [sentences.tell(_event(kind), LABELS) for kind in sentences.SENTENCES]
    assert all(text.endswith("。") and "%" not in text for text in told)
    assert "林县长办结了“形式审查”。" in told
    assert "进入“试点”阶段。" in told


@pytest.mark.usefixtures("_in_chinese")
def test_a_case_is_not_told_about_sign_ins() -> None:
    lines = sentences.lines([_event(Kind.INSTANCE_STARTED), _event(Kind.PERSON_SIGNED_IN)], LABELS)
    assert [line["major"] for line in lines] == [True]


@pytest.mark.usefixtures("_in_chinese")
def test_what_nobody_named_keeps_its_key() -> None:
    assert (LABELS.process("other"), LABELS.element("other"), LABELS.milestone("other")) == ("other",) * 3
    assert (LABELS.element(None), LABELS.milestone(None), pick(None)) == ("", "", "")


def test_outside_a_request_the_language_is_chinese() -> None:
    assert language() == "zh"


@pytest.mark.parametrize("address", ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example", ""])
def test_nobody_is_sent_elsewhere(address: str) -> None:
    assert local(address) == "/"


def _event(kind: Kind) -> EventRow:
    data = {"milestone": "pilot", "due_at": "2026-03-09T15:59:59+00:00"}
    return EventRow(1, MONDAY, kind.value, None, "check", "林县长", data)
