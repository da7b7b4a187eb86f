"""Operators on official documents: issued under the next number of a series, void with a reason; 公示 periods."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields, validate
from sqlalchemy.orm import Session

from engine import documents
from engine.clock import CIVIL
from engine.delegates.registry import (
    Delegate,
    Given,
    Grounds,
    Ledger,
    facts,
    maybe_date,
    maybe_text,
    schema,
    text,
    texts,
    whole,
)
from engine.documents import House, Order
from engine.domain import deadlines
from engine.domain import documents as papers
from engine.domain.documents import Issue, Template
from engine.domain.documents.wording import long_date
from engine.domain.numbering import DocumentNumber
from engine.errors import DecisionFailed, StepFailed

LONGEST_NOTICE = 365
PAPERS = "papers"  # what a rehearsal composed, in the order of its numbers
JOINED = "、"


def _issue(session: Session, given: Given, grounds: Grounds) -> dict[str, Any]:
    order = Order(
        programme=grounds.programme,
        kind=given["kind"],
        facts=given["facts"],
        on=grounds.day,
        title=given["title"] or "",
        case_id=given["case_id"],
        round=given["round"],
        addressees=given["addressees"],
        signed_by=given["signed_by"],
        instance=grounds.instance,
        actor=grounds.actor,
    )
    issued = documents.issue(session, order, _house(given, grounds), _template(given, grounds))
    return {"id": str(issued.id), "number": issued.number, "issued_on": issued.issued_on.isoformat()}


def _issue_rehearsed(memory: dict[str, Any], given: Given, grounds: Grounds) -> dict[str, Any]:
    """Give a document a number in memory and compose it, so that a rehearsal finds the facts a diagram forgets."""
    house, day = _house(given, grounds), grounds.day
    series: dict[str, int] = memory.setdefault("numbers", {})
    key = f"{house.word} {day.year}"
    number = str(DocumentNumber(house.word, day.year, series.get(key, 0) + 1))
    issue = Issue(number, day, house.organs, house.mark, given["signed_by"] or house.signatory, house.printer)
    paper = papers.compose(_template(given, grounds), given["facts"], issue)
    series[key] = series.get(key, 0) + 1
    memory.setdefault(PAPERS, []).append({"kind": given["kind"], "round": given["round"], "paper": paper})
    memory.setdefault("documents", {})[number] = "issued"
    return {"id": number, "number": number, "issued_on": day.isoformat()}


def _void(session: Session, given: Given, grounds: Grounds) -> dict[str, Any]:
    documents.void(session, grounds.actor, given["number"], given["reason"])
    return {"number": given["number"], "state": "void"}


def _void_rehearsed(memory: dict[str, Any], given: Given, _: Grounds) -> dict[str, Any]:
    if memory.get("documents", {}).get(given["number"]) != "issued":
        raise StepFailed(operator="void document", reason=f"no document {given['number']} is in force")
    memory["documents"][given["number"]] = "void"
    return {"number": given["number"], "state": "void"}


def _notice_period(given: Given, grounds: Grounds) -> dict[str, Any]:
    """Reckon a 公示, which begins on `start`, or on the next day that is worked."""
    posted = grounds.calendar.add_workdays(given["start"] or grounds.day, 0).due
    period = deadlines.notice_period(grounds.calendar, posted, given["days"], given["workdays"])
    return {
        "from": period.first.isoformat(),
        "to": period.last.isoformat(),
        "to_at": period.ends.astimezone(CIVIL).isoformat(),
        "text": f"{long_date(period.first)}至{long_date(period.last)}",
    }


def _template(given: Given, grounds: Grounds) -> Template:
    template = grounds.templates.get(given["kind"])
    if template is None:
        raise StepFailed(operator="issue document", reason=f"there is no template {given['kind']!r:.40}")
    return template


def _house(given: Given, grounds: Grounds) -> House:
    """Return in whose name the document goes out, as the decisions `document` and `retention` of the programme say."""
    asked = {"kind": given["kind"], "organ": given["organ"] or ""}
    row = _decided(grounds, "document", asked)
    return House(
        word=str(row["word"]),
        organs=tuple(str(row["organs"]).split(JOINED)),
        mark=str(row.get("mark") or ""),
        retention=str(_decided(grounds, "retention", asked)["retention"]),
        signatory=str(row.get("signatory") or ""),
        printer=str(row.get("printer") or ""),
        public=row.get("public") is True,
    )


def _decided(grounds: Grounds, name: str, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the row of a decision as a context, whether it has one output or several."""
    try:
        found = grounds.decisions[name].evaluate(asked)
    except (KeyError, DecisionFailed) as fault:
        reason = f"the decision {name} does not tell of {asked}"
        raise StepFailed(operator="issue document", reason=reason) from fault
    if found is None:
        raise StepFailed(operator="issue document", reason=f"the decision {name} does not tell of {asked}")
    return found if isinstance(found, Mapping) else {name: found}


OPERATORS = (
    Ledger(
        "issue document",
        _issue,
        _issue_rehearsed,
        schema(
            kind=text(),
            organ=maybe_text(64),
            title=maybe_text(200),
            facts=facts(),
            case_id=maybe_text(64),
            round=maybe_text(64),
            addressees=texts(),
            signed_by=maybe_text(64),
        ),
        {"zh": "编号印发公文", "en": "Issue a document under the next number"},
    ),
    Ledger(
        "void document",
        _void,
        _void_rehearsed,
        schema(number=text(), reason=text(1000)),
        {"zh": "作废公文，保留文号", "en": "Declare a document void; its number is kept"},
    ),
    Delegate(
        "notice period",
        _notice_period,
        schema(
            start=maybe_date(),
            days=whole(1, LONGEST_NOTICE),
            workdays=fields.Integer(load_default=0, strict=True, validate=validate.Range(0, LONGEST_NOTICE)),
        ),
        {"zh": "推算公示起止日期", "en": "Reckon the days of a public notice"},
    ),
)
