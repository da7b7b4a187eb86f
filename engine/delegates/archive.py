"""The operator that hands a case to the archive (T50)."""

from hashlib import sha256
from typing import Any

from sqlalchemy.orm import Session

from engine import archive, settings
from engine.delegates.registry import Given, Grounds, Ledger, schema, text


def _archive_case(session: Session, given: Given, grounds: Grounds) -> dict[str, Any]:
    var = session.info.get("var") or settings.load().var_path  # a demonstration keeps its files apart
    wanted = archive.Transfer(grounds.programme, given["case_id"], given["retention"], var, grounds.actor)
    return archive.archive_case(session, wanted)


def _rehearsed(_memory: dict[str, Any], given: Given, _grounds: Grounds) -> dict[str, Any]:
    return {"package": sha256(str(given["case_id"]).encode()).hexdigest(), "files": 0}


OPERATORS = (
    Ledger(
        "archive case",
        _archive_case,
        _rehearsed,
        schema(case_id=text(), retention=text()),
        {"zh": "归档案件", "en": "Archive a case"},
    ),
)
