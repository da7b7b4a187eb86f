"""Operators that diagrams may already name while their registers are being built; each fails until it is there."""

from typing import Any

import marshmallow as ma
from sqlalchemy.orm import Session

from engine.delegates.registry import Given, Grounds, Ledger
from engine.errors import StepFailed

NAMES = (
    "unit record", "grant title", "end title", "bar unit", "division event", "targets", "open round", "mark round",
    "record figures", "check figures", "lock figures", "correct figure", "declared figures", "score case",
    "monitoring results", "rescore round", "weigh opinions", "issue document", "void document", "notice period",
    "agencies for", "find conflicts", "archive case",
)  # fmt: skip


def _missing(_session: Session, _given: Given, _grounds: Grounds) -> Any:
    raise StepFailed(reason="not there yet")


def _unanswered(_memory: dict[str, Any], _given: Given, _grounds: Grounds) -> Any:
    return {}


OPERATORS = tuple(
    Ledger(name, _missing, _unanswered, ma.Schema(unknown=ma.INCLUDE), {"zh": name, "en": name}) for name in NAMES
)
