"""The operator that tells which figures of a year were published, for the tables of the monitoring report (T39)."""

from dataclasses import asdict
from typing import Any

from sqlalchemy.orm import Session

from engine import yearbook
from engine.delegates.registry import Given, Grounds, Ledger, schema, whole

FIRST_YEAR, LAST_YEAR = 1949, 2999


def _published(session: Session, given: Given, _: Grounds) -> dict[str, Any]:
    return {"tables": [asdict(table) for table in yearbook.tables(session, given["year"])]}


def _rehearsed(_memory: dict[str, Any], _given: Given, _grounds: Grounds) -> dict[str, Any]:
    return {"tables": []}


OPERATORS = (
    Ledger(
        "published figures",
        _published,
        _rehearsed,
        schema(year=whole(FIRST_YEAR, LAST_YEAR)),
        {"zh": "查询已公布的数据", "en": "Look up the published figures"},
    ),
)
