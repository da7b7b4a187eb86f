"""Making notices: the rules are asked of every fresh event once, in the transaction in which it leaves the outbox."""

import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine import bundle, clock, processes
from engine.domain import wording
from engine.domain.channels import Channel
from engine.domain.workdays import civil_day
from engine.errors import IcityError
from engine.events import Recorded
from engine.notices import audience, choices, ringing, rules
from engine.notices.audience import Reader
from engine.notices.choices import Choice
from engine.notices.rules import Book, Purpose, Told
from engine.tables import Contact, Notice, Sending, SendingState

OLDEST = timedelta(days=7)  # what happened longer ago is told at the desk alone
DUE = {"zh": "期限：{day}。", "en": "Due {day}."}


def make(session: Session, fresh: Sequence[Recorded], channels: Collection[Channel]) -> int:
    """Make the notices of events that nobody has made any of, and put them on their ways; return how many.

    `channels` are those that this installation has.
    """
    book = rules.load()
    happened = [
        (event, index, rule)
        for event in fresh
        for index, rule in enumerate(book.rules.get(event.kind, ()))
        if rule.fits(event.data)
    ]
    if not happened:
        return 0
    told = audience.gather(session, happened)
    chosen = choices.of(session, {one.id for some in told.readers.values() for one in some})
    rows: dict[tuple[int, Any], dict[str, Any]] = {}
    for event, index, rule in happened:
        texts = _texts(session, book, told.places[event.id])
        for reader in told.readers[event.id, index]:
            row = _row(event, rule, reader, _facts(session, event, told.places[event.id], reader), texts)
            if chosen[reader.id].wants(rule.purpose):
                rows.setdefault((event.id, reader.id), row | {"urgent": book.purposes[rule.purpose].urgent})
    if not rows:
        return 0
    made = insert(Notice).on_conflict_do_nothing().returning(Notice.id, Notice.person, Notice.purpose, Notice.event)
    kept = session.execute(made, list(rows.values())).all()
    reach = {person: some & set(channels) for person, some in reachable(session, {row.person for row in kept}).items()}
    old = {event.id for event in fresh if clock.now() - event.at >= OLDEST}
    ways = [
        way
        for row in kept
        if row.event not in old
        for way in _ways(row, book.purposes[row.purpose], chosen[row.person], reach.get(row.person, set()))
    ]
    if ways:
        session.execute(insert(Sending).on_conflict_do_nothing(), ways)
    ringing.ring(session, [row.person for row in kept])
    return len(kept)


def _row(event: Recorded, rule: Told, reader: Reader, facts: dict[str, str], texts: rules.Texts) -> dict[str, Any]:
    said = texts[rule.text][reader.language]
    return {
        "person": reader.id,
        "event": event.id,
        "purpose": rule.purpose,
        "subject": wording.filled(said["subject"], facts)[:200],
        "body": wording.filled(said["body"], facts),
        "link": _link(event, rule),
        "at": clock.now(),
    }


def _link(event: Recorded, rule: Told) -> str:
    if rule.purpose == "operations":
        return "/operations"
    if event.task is not None and event.kind.startswith(("task.", "deadline.", "reminder.")) and rule.text != "coming":
        return f"/tasks/{event.task}"
    return f"/instances/{event.instance}" if event.instance else "/"


def _facts(session: Session, event: Recorded, place: Any, reader: Reader) -> dict[str, str]:
    due = event.data.get("due_at") or place.due_at
    facts = {
        "person": reader.name,
        "who": place.who,
        "task": place.task_name or event.data.get("name"),
        "case": place.case_title,
        "unit": place.unit_name,
        "due": _due(due, reader.language),
        "reason": _spoken(event.data, reader.language),
        "needs": (event.data.get("needs") or {}).get(reader.language),
        "what": _step(session, place.deployment, event.element),
    }
    return {name: str(value) for name, value in facts.items() if value}


def _spoken(data: Mapping[str, Any], language: str) -> Any:
    texts = data.get("text")
    if isinstance(texts, dict):
        return texts.get(language)
    return next((data[key] for key in ("note", "reason", "why", "opinion", "document_no") if data.get(key)), None)


def _due(due: Any, language: str) -> str | None:
    if not due:
        return None
    moment = due if isinstance(due, datetime) else datetime.fromisoformat(str(due))
    return DUE[language].format(day=civil_day(moment).isoformat())


def _step(session: Session, deployment: str | None, element: str | None) -> str | None:
    if deployment is None or element is None:
        return None
    try:
        model = processes.load(session, deployment).model
    except IcityError:
        return None
    return next((some[element].name for some in model.elements.values() if element in some), None)


def _texts(session: Session, book: Book, place: Any) -> rules.Texts:
    """Return the texts, those that the programme of a case says in its own words in place of ours."""
    if place.deployment is None:
        return book.texts
    try:
        content = processes.load(session, place.deployment).files.get(bundle.NOTICES)
    except IcityError:
        return book.texts
    return {**book.texts, **tomllib.loads(content.decode()).get("texts", {})} if content else book.texts


def reachable(session: Session, people: set[Any]) -> dict[Any, set[str]]:
    """Return by person the channels over which they can be reached: they gave an address, and it did not bounce."""
    query = select(Contact.person, Contact.channel).where(Contact.person.in_(people), Contact.bounced_at.is_(None))
    found: dict[Any, set[str]] = {}
    for row in session.execute(query):
        found.setdefault(row.person, set()).add(row.channel)
    return found


def _ways(row: Any, purpose: Purpose, choice: Choice, reach: set[str]) -> Iterator[dict[str, Any]]:
    wanted = choice.channels(purpose)
    for channel in wanted:
        if channel in reach:
            moment, digest = choice.moment(clock.now(), purpose, channel)
            way = {"notice": row.id, "person": row.person, "channel": channel, "digest": digest}
            yield {**way, "state": SendingState.QUEUED, "next_at": moment}
