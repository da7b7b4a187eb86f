"""Operators that reckon dates, deadlines and numbers of documents."""

from typing import Any

from marshmallow import fields, validate

from engine.clock import CIVIL
from engine.delegates.registry import Delegate, Given, Grounds, maybe_text, maybe_year, schema, text, whole
from engine.domain import durations
from engine.domain.numbering import DocumentNumber


def _document_number(given: Given, grounds: Grounds) -> str:
    year = given["year"] or grounds.now.astimezone(CIVIL).year
    return str(DocumentNumber(given["organ"], year, given["serial"]))


def _next_anniversary(given: Given, grounds: Grounds) -> dict[str, Any]:
    anchor, period = durations.parse_moment(given["anchor"]), durations.parse(given["period"])
    n, due = durations.next_after(anchor, period, grounds.now)
    return {"n": n, "date": due.astimezone(CIVIL).date().isoformat(), "at": due.isoformat()}


def _deadline(given: Given, grounds: Grounds) -> dict[str, Any]:
    start = durations.parse_moment(given["start"]) if given["start"] else grounds.now
    count = grounds.calendar.add_workdays if given["unit"] == "wd" else grounds.calendar.add_days
    end = count(start, given["days"])
    date = end.due.astimezone(CIVIL).date()
    return {"date": date.isoformat(), "at": end.due.isoformat(), "provisional": end.provisional}


def _civil_date(_: Given, grounds: Grounds) -> str:
    return grounds.today


OPERATORS = (
    Delegate(
        "document number",
        _document_number,
        schema(organ=text(12), serial=whole(1, 999_999), year=maybe_year()),
        {"zh": "编排发文字号", "en": "Write the number of a document"},
    ),
    Delegate(
        "next anniversary",
        _next_anniversary,
        schema(anchor=text(), period=text()),
        {"zh": "推算下一周期", "en": "Find the next anniversary"},
    ),
    Delegate(
        "deadline",
        _deadline,
        schema(
            days=whole(0, 10_000),
            unit=fields.String(load_default="wd", validate=validate.OneOf(["wd", "cal"])),
            start=maybe_text(),
        ),
        {"zh": "计算期限", "en": "Reckon a deadline"},
    ),
    Delegate("civil date", _civil_date, schema(), {"zh": "当日日期", "en": "Today's date in Asia/Shanghai"}),
)
