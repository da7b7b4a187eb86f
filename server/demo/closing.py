"""The closing table of a story: every unit with its titles, the scores of its rounds and its documents."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.tables import Event, OfficialDocument, Round, ScoreSheet, Task, Title
from server.demo.story import Story

HEADS = {
    "zh": ("单位", "称号", "历次得分", "文件"),
    "en": ("unit", "titles", "scores", "documents"),
}
FIRST_WIDE = "\u2e80"
TITLES = {
    "pilot": {"zh": "试点", "en": "pilot"},
    "recognised": {"zh": "认定", "en": "recognised"},
    "science_strong": {"zh": "科技强", "en": "science-strong"},
}
TOTALS = {
    "zh": "共 {tasks} 项任务、{events} 条事件、{rounds} 轮、{documents} 份文件。",
    "en": "{tasks} tasks, {events} events, {rounds} rounds, {documents} documents.",
}


def table(session: Session, story: Story, lang: str) -> list[str]:
    """Return the table as lines."""
    titles, scores, documents = _titles(session, lang), _scores(session), _documents(session)
    rows: list[tuple[str, ...]] = [HEADS[lang]]
    for one in story.told["units"]:
        unit = str(one["unit"])
        rows.append((one["name"], titles.get(unit, "–"), scores.get(unit, "–"), str(documents.get(unit, 0))))
    return [*_columns(rows), "", TOTALS[lang].format(**_totals(session))]


def _titles(session: Session, lang: str) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    query = select(Title).where(Title.kind.in_(TITLES)).order_by(Title.granted_on, Title.kind)
    for title in session.scalars(query):
        years = f"{title.granted_on.year}–{title.ended_on.year if title.ended_on else ''}"
        found.setdefault(title.unit, []).append(f"{TITLES[title.kind][lang]} {years}")
    return {unit: " / ".join(told) for unit, told in found.items()}


def _scores(session: Session) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    superseded = select(ScoreSheet.supersedes).where(ScoreSheet.supersedes.is_not(None))
    query = (
        select(ScoreSheet.unit, Round.year, ScoreSheet.total)
        .join(Round, Round.id == ScoreSheet.round)
        .where(ScoreSheet.id.not_in(superseded), Round.kind != "annual")
        .order_by(Round.year)
    )
    for unit, year, total in session.execute(query):
        found.setdefault(unit, []).append(f"{year}:{total}")
    return {unit: " ".join(told) for unit, told in found.items()}


def _documents(session: Session) -> dict[str, int]:
    unit = func.split_part(OfficialDocument.case_id, "-", 1)
    query = select(unit, func.count()).where(OfficialDocument.case_id.is_not(None)).group_by(unit)
    return {row[0]: row[1] for row in session.execute(query)}


def _totals(session: Session) -> dict[str, Any]:
    counted = {"tasks": Task, "events": Event, "rounds": Round, "documents": OfficialDocument}
    return {name: session.scalar(select(func.count()).select_from(one)) for name, one in counted.items()}


def _columns(rows: list[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(_width(row[place]) for row in rows) for place in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()


def _width(text: str) -> int:
    """Return how many columns a text takes in a terminal: Chinese signs take two."""
    return sum(2 if sign >= FIRST_WIDE else 1 for sign in text)
