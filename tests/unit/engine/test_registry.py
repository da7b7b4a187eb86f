"""The register of documents: found by words, organ, year and unit, page by page, by those who may read each."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from engine import documents, registry, units
from engine.errors import NotFound
from engine.identity import Actor
from engine.registry import Wanted
from engine.tables import DocumentState, OfficialDocument, RoundResult, RoundState
from tests.support import registers
from tests.support.registers import CASE, NOW, NOW_ROUND, OTHER, UNIT

People = Callable[[str], Actor]


@pytest.fixture
def house(session: Session) -> Session:
    units.seed(session)
    return session


@pytest.fixture
def issue(house: Session, tmp_path: Path) -> Callable[..., UUID]:
    """Give a function that issues a letter; it returns its id."""
    return lambda **order: registers.letter(house, tmp_path, **{"case_id": None} | order)


def found(session: Session, actor: Actor, **wanted: object) -> set[UUID]:
    return {row.id for row in registry.search(session, actor, Wanted(**wanted)).rows}


def test_documents_are_found_by_what_stands_in_number_and_title(
    issue: Callable[..., UUID], house: Session, actor: People
) -> None:
    first, second = issue(), issue(on=date(2027, 3, 1))
    officer = actor("jingban")
    assert found(house, officer, words="〔2027〕") == {second}
    assert found(house, officer, words="异议 2026") == {first}
    assert found(house, officer, words="100%") == set()
    assert found(house, officer, organ="浙科函", year=2026) == {first}
    assert found(house, officer, organ="浙科发") == set()
    assert registry.offered(house, officer) == (["浙科函"], [2027, 2026])


def test_void_documents_are_found_apart(issue: Callable[..., UUID], house: Session, actor: People) -> None:
    first, second = issue(), issue()
    documents.withdraw(house, actor("tingzhang"), first, "主送单位有误")
    assert found(house, actor("jingban"), state=DocumentState.VOID) == {first}
    assert found(house, actor("jingban"), state=DocumentState.ISSUED) == {second}


def test_documents_of_a_unit_are_those_of_its_cases_its_rounds_and_sent_to_it(
    issue: Callable[..., UUID], house: Session, actor: People
) -> None:
    registers.a_round(house, NOW_ROUND, RoundState.PUBLISHED)
    house.add(RoundResult(round=NOW_ROUND, unit=UNIT, outcome="continue", kept_at=NOW))
    own, of_round = issue(case_id=CASE), issue(round=NOW_ROUND)
    sent = issue(addressees=["yunxi-science"])
    others_in_round, longer = issue(case_id=f"{OTHER}-2024", round=NOW_ROUND), issue(case_id=f"{UNIT}-2021-2024")
    assert found(house, actor("jingban"), unit=UNIT) == {own, of_round, sent}
    assert found(house, actor("jingban"), unit=f"{UNIT}-2021") == {longer}
    assert found(house, actor("jingban"), unit=OTHER) == {others_in_round}


def test_pages_follow_each_other_without_a_gap(issue: Callable[..., UUID], house: Session, actor: People) -> None:
    ids = [issue(on=date(2026, 1 + place // 2, 5)) for place in range(5)]
    seen, cursor = [], None
    for _ in range(3):
        page = registry.search(house, actor("jingban"), Wanted(), cursor, 2)
        seen += [row.id for row in page.rows]
        cursor = page.next
    assert cursor is None
    assert len(seen) == 5
    assert set(seen) == set(ids)
    days = [house.get_one(OfficialDocument, one).issued_on for one in seen]
    assert days == sorted(days, reverse=True)


@pytest.mark.parametrize("cursor", ["WzFd", "eHh4", "WyJhIl0", "W10"])
def test_a_cursor_of_another_list_is_none_of_ours(house: Session, actor: People, cursor: str) -> None:
    with pytest.raises(NotFound):
        registry.search(house, actor("jingban"), Wanted(), cursor)


def test_who_may_not_read_a_document_does_not_find_it(
    issue: Callable[..., UUID], house: Session, actor: People
) -> None:
    own, foreign = issue(case_id=CASE), issue(case_id=f"{OTHER}-2024")
    assert found(house, actor("tianbao")) == {own}
    assert found(house, actor("tianbao"), unit=OTHER) == set()
    assert found(house, actor("jingban")) == {own, foreign}
    assert registry.offered(house, actor("hengce")) == ([], [])
