"""Filters that people keep: for themselves, for their organisation, and gone when they say so."""

from datetime import date

import pytest

from engine import filters
from engine.errors import AnswersRefused, NotAllowed, NotFound
from engine.filters import MOST_KEPT, Due, Keeping, Sort, Wanted

EVERYTHING_ASKED = Wanted(
    "云溪", "pile", "weigh", "check", "yunxi-science", Due.SOON, 5, date(2026, 3, 6), Sort.UNIT, descending=True
)


def test_what_is_asked_survives_an_address():
    for wanted in (Wanted(), EVERYTHING_ASKED, Wanted(due=Due.NONE), Wanted(text=" 县 ".strip())):
        assert filters.read(filters.plain(wanted)) == wanted
    assert filters.plain(Wanted()) == {}
    assert filters.read({"text": "  县 ", "cursor": "x", "list": "mine"}) == Wanted(text="县")


@pytest.mark.parametrize(
    "given",
    [
        {"due": "tomorrow"},
        {"days": "many"},
        {"days": "-1"},
        {"days": "251"},
        {"since": "2026-02-30"},
        {"sort": "colour"},
        {"text": "县" * 101},
        {"text": "a\x00b"},
        {"process": "x" * 101},
    ],
)
def test_what_is_no_filter_is_refused_by_name(given):
    with pytest.raises(AnswersRefused) as refused:
        filters.read(given)
    assert list(refused.value.facts["fields"]) == list(given)


def test_only_what_leaves_something_out_narrows():
    assert EVERYTHING_ASKED.narrows
    assert not Wanted(sort=Sort.NAME, descending=True, days=9).narrows


def test_a_kept_filter_is_ones_own_until_it_is_shared(session, actor):
    mine, colleague, stranger = actor("tianbao"), actor("tianbao2"), actor("jingban")
    filters.keep(session, mine, Keeping("超期的", "mine", Wanted(due=Due.OVERDUE)))
    shared = filters.keep(session, mine, Keeping("云溪", "claimable", EVERYTHING_ASKED, "yunxi-science"))
    assert [(one.name, one.own) for one in filters.listing(session, mine)] == [("云溪", True), ("超期的", True)]
    [seen] = filters.listing(session, colleague)
    assert (seen.id, seen.own, seen.keeper, seen.list) == (shared, False, "何填报", "claimable")
    assert filters.read(seen.query) == EVERYTHING_ASKED
    assert filters.listing(session, stranger) == []


def test_only_whoever_keeps_a_filter_removes_it(session, actor):
    mine, colleague = actor("tianbao"), actor("tianbao2")
    kept = filters.keep(session, mine, Keeping("云溪", "mine", Wanted(text="云溪"), "yunxi-science"))
    with pytest.raises(NotFound):
        filters.remove(session, colleague, kept)
    filters.remove(session, mine, kept)
    assert filters.listing(session, mine) == filters.listing(session, colleague) == []
    with pytest.raises(NotFound):
        filters.remove(session, mine, kept)


@pytest.mark.parametrize(
    ("name", "which"), [("", "mine"), ("  ", "mine"), ("长" * 41, "mine"), ("甲\n乙", "mine"), ("甲", "all")]
)
def test_a_filter_needs_a_name_and_a_list(session, actor, name, which):
    with pytest.raises(AnswersRefused):
        filters.keep(session, actor("tianbao"), Keeping(name, which, Wanted()))


def test_a_name_is_used_once_and_not_without_end(session, actor):
    mine = actor("tianbao")
    for number in range(MOST_KEPT):
        filters.keep(session, mine, Keeping(f"第{number}个", "mine", Wanted()))
    for name in ("第0个", "再来一个"):
        with pytest.raises(AnswersRefused):
            filters.keep(session, mine, Keeping(name, "mine", Wanted()))
    filters.keep(session, actor("tianbao2"), Keeping("第0个", "mine", Wanted()))


def test_filters_are_shared_with_ones_own_organisation_alone(session, actor):
    with pytest.raises(NotAllowed):
        filters.keep(session, actor("tianbao"), Keeping("甲", "mine", Wanted(), "prv-science"))
    assert list(filters.organisations(session, actor("tianbao"))) == ["yunxi-science"]
