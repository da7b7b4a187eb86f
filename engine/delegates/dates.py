"""Operators that reckon dates, deadlines and numbers of documents."""

from typing import Any

from marshmallow import fields, validate

from engine.clock import CIVIL
from engine.delegates.registry import MOST_ITEMS, Delegate, Given, Grounds, maybe_text, maybe_year, schema, text, whole
from engine.domain import deadlines, durations
from engine.domain.deadlines import Stop, Term
from engine.domain.numbering import DocumentNumber
from engine.errors import StepFailed


def _document_number(given: Given, grounds: Grounds) -> str:
    year = given["year"] or grounds.now.astimezone(CIVIL).year
    return str(DocumentNumber(given["organ"], year, given["serial"]))


def _next_anniversary(given: Given, grounds: Grounds) -> dict[str, Any]:
    anchor, period = durations.parse_moment(given["anchor"]), durations.parse(given["period"])
    n, due = durations.next_after(anchor, period, grounds.now)
    return {"n": n, "date": due.astimezone(CIVIL).date().isoformat(), "at": due.isoformat()}


def _deadline(given: Given, grounds: Grounds) -> dict[str, Any]:
    start = durations.parse_moment(given["start"]) if given["start"] else grounds.now
    stops = tuple(_stop(one) for one in given["stops"])
    end = deadlines.reckon(grounds.calendar, Term("", given["days"], given["unit"], start, stops))
    if end is None:
        return {"date": None, "at": None, "provisional": False}
    date = end.due.astimezone(CIVIL).date()
    return {"date": date.isoformat(), "at": end.due.isoformat(), "provisional": end.provisional}


def _stop(given: list[str | None]) -> Stop:
    """Return a time that does not count; without an end it still lasts, and so does the deadline."""
    begun, end = given
    if begun is None:
        raise StepFailed(operator="deadline", reason="a stop has a beginning")
    return durations.parse_moment(begun), durations.parse_moment(end) if end else None


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
            stops=fields.List(
                fields.List(fields.String(allow_none=True), validate=validate.Length(equal=2)),
                load_default=list,
                validate=validate.Length(max=MOST_ITEMS),
            ),
        ),
        {"zh": "计算期限", "en": "Reckon a deadline"},
    ),
    Delegate("civil date", _civil_date, schema(), {"zh": "当日日期", "en": "Today's date in Asia/Shanghai"}),
)
