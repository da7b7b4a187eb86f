"""Printing: issued documents become PDF and DOCX outside of any transaction; done twice it gives the same bytes."""

from uuid import UUID

import structlog

from engine import documents
from engine.db import Sessions, transaction
from engine.documents import Press
from engine.errors import DocumentRefused
from engine.settings import Settings

BATCH = 50

_log = structlog.get_logger("icity.printing")


def print_waiting(sessions: Sessions, settings: Settings) -> int:
    """Print the documents that wait for it; return how many. One that cannot be printed says why and waits no more."""
    with transaction(sessions) as session:
        waiting = documents.unprinted(session, BATCH)
    return sum(_print(sessions, Press.of(settings), document) for document in waiting)


def _print(sessions: Sessions, press: Press, document: UUID) -> bool:
    with transaction(sessions) as session:
        drafted = documents.draft(session, document)
    try:
        printed = documents.print_(drafted, press)
    except DocumentRefused as fault:
        _log.exception("document.unprintable", document=document, number=drafted.number)
        with transaction(sessions) as session:
            documents.unprintable(session, document, str(fault.facts.get("why", fault)))
        return False
    with transaction(sessions) as session:
        return documents.keep(session, drafted, printed, press.var)
