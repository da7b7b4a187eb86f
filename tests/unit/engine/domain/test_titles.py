"""Titles: who may hold what, who may take it away, and what a change of divisions does to them."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain import titles
from engine.domain.divisions import Change
from engine.domain.titles import MOVES, Decision, Effect, Ending, Kind, Organ, Outcome, Standing, Title, heirs
from engine.errors import TitleRefused

STRONG = Title("A", Kind.SCIENCE_STRONG, date(2010, 3, 1), "浙委办发〔2010〕9号")
PILOT = Title("A", Kind.PILOT, date(2013, 6, 1), "浙科发〔2013〕3号")
RECOGNISED = Title("A", Kind.RECOGNISED, date(2017, 9, 1), "浙政函〔2017〕12号")
DAY = date(2019, 7, 1)
BY_DEPARTMENT, BY_GOVERNMENT = "浙科发〔2019〕8号", "浙政函〔2019〕5号"


def ended(title, on=DAY, reason=Ending.REVOKED, by=BY_GOVERNMENT):
    return titles.end(title, Decision(reason, on, by))


def test_every_standing_has_its_moves_and_an_end():
    assert set(MOVES) == set(Standing)
    assert [standing for standing in Standing if not MOVES[standing]] == [Standing.ENDED]
    assert all(Standing.ENDED in MOVES[standing] for standing in Standing if standing is not Standing.ENDED)


def test_every_standing_is_reached_from_none():
    reached, new = set(), {Standing.NONE}
    while new:
        reached |= new
        new = {to for standing in new for to in MOVES[standing]} - reached
    assert reached == set(Standing)


@pytest.mark.parametrize(
    "way",
    [
        "none eligible applied pilot recognised rectifying restored recognised",
        "none eligible applied pilot rectifying revoked applied pilot",
        "eligible applied withdrawn applied not_accepted applied pilot suspended pilot recognised ended",
    ],
)
def test_units_go_the_ways_of_the_programme(way):
    at, *on = (Standing(word) for word in way.split())
    assert titles.move(at, *on) is on[-1]


@pytest.mark.parametrize(
    ("at", "to"),
    [
        ("none", "applied"), ("none", "pilot"), ("eligible", "pilot"), ("applied", "recognised"),
        ("recognised", "pilot"), ("revoked", "pilot"), ("ended", "eligible"), ("suspended", "restored"),
        ("rectifying", "recognised"),
    ],
)  # fmt: skip
def test_nobody_takes_a_short_cut(at, to):
    with pytest.raises(TitleRefused, match=f"no unit goes from {at} to {to}"):
        titles.move(Standing(at), Standing(to))


@pytest.mark.parametrize(
    ("held", "standing"),
    [
        ([], "none"),
        ([STRONG], "eligible"),
        ([STRONG, PILOT], "pilot"),
        ([STRONG, PILOT, RECOGNISED], "recognised"),
        ([STRONG, ended(PILOT)], "revoked"),
        ([STRONG, ended(PILOT, reason=Ending.OWN_REQUEST)], "eligible"),
        ([STRONG, ended(PILOT, on=date(2020, 1, 1))], "pilot"),
        ([replace(PILOT, granted_on=date(2020, 1, 1))], "none"),
        ([replace(STRONG, kind=Kind.NATIONAL_PILOT)], "none"),
    ],
)
def test_titles_give_a_standing(held, standing):
    assert titles.standing(held, DAY).value == standing


def test_title_is_held_from_its_first_day_to_the_day_before_its_end():
    once = ended(PILOT)
    days = [date(2013, 5, 31), date(2013, 6, 1), date(2019, 6, 30), DAY]
    assert [once.held(day) for day in days] == [False, True, True, False]


def test_unit_is_granted_its_titles_one_after_another():
    history = []
    for title in (STRONG, PILOT, RECOGNISED):
        history.append(titles.grant(history, title))
    assert titles.faults(history) == []


@pytest.mark.parametrize(
    ("history", "wanted", "reason"),
    [
        ([], PILOT, "no unit goes from none to applied"),
        ([STRONG, PILOT], replace(PILOT, granted_on=DAY), "holds a title of this kind"),
        ([STRONG, ended(PILOT)], replace(PILOT, granted_on=date(2019, 6, 30)), "holds a title of this kind"),
        ([STRONG], RECOGNISED, "only a pilot"),
        ([STRONG, ended(PILOT, on=date(2016, 1, 1))], RECOGNISED, "only a pilot"),
        ([STRONG, replace(PILOT, granted_on=date(2018, 1, 1))], RECOGNISED, "only a pilot"),
    ],
)
def test_what_may_not_be_granted_is_refused(history, wanted, reason):
    with pytest.raises(TitleRefused, match=reason):
        titles.grant(history, wanted)


def test_who_lost_the_pilot_title_may_earn_it_again():
    history = [STRONG, ended(PILOT)]
    again = titles.grant(history, replace(PILOT, granted_on=date(2024, 6, 1)))
    assert titles.faults([*history, again]) == []


@pytest.mark.parametrize(
    ("number", "organ"),
    [
        ("浙科发成〔2017〕68号", Organ.DEPARTMENT), ("浙政发〔2012〕17号", Organ.GOVERNMENT),
        ("浙政办函〔2013〕70号", Organ.GOVERNMENT), ("浙委办发〔2004〕29号", Organ.PARTY),
        ("国科发创〔2016〕370号", Organ.NATIONAL), ("浙教发〔2017〕1号", None), ("浙科发(2017)68号", None),
        ("", None), (None, None),
    ],
)  # fmt: skip
def test_number_of_a_document_tells_whose_it_is(number, organ):
    assert titles.organ_of(number) is organ


@pytest.mark.parametrize(
    ("title", "by", "may"),
    [
        (PILOT, BY_DEPARTMENT, True),
        (PILOT, BY_GOVERNMENT, True),  # the organ above the one that granted it
        (RECOGNISED, BY_GOVERNMENT, True),
        (RECOGNISED, BY_DEPARTMENT, False),
        (STRONG, BY_DEPARTMENT, False),
        (STRONG, "浙委办发〔2019〕2号", True),
        (PILOT, None, False),
    ],
)
def test_only_the_granting_organ_or_the_one_above_revokes(title, by, may):
    if may:
        assert (ended(title, by=by).ended_on, ended(title, by=by).end_document_no) == (DAY, by)
    else:
        with pytest.raises(TitleRefused, match="only the organ that granted"):
            ended(title, by=by)


def test_other_endings_need_no_document():
    assert ended(RECOGNISED, reason=Ending.MERGED, by=None).end_reason is Ending.MERGED


def test_ended_title_never_opens_again():
    with pytest.raises(TitleRefused, match="has ended"):
        ended(ended(PILOT))
    with pytest.raises(TitleRefused, match="granted later"):
        ended(PILOT, on=date(2013, 5, 31))


@pytest.mark.parametrize(
    ("broken", "rule"),
    [
        ([STRONG, PILOT, replace(PILOT, granted_on=DAY)], "A: two pilot titles at a time"),
        ([STRONG, RECOGNISED], "A: recognised without having been a pilot"),
        ([replace(PILOT, ended_on=DAY)], "A: a pilot title ends on a day and for a reason, or not at all"),
        (
            [PILOT, replace(ended(RECOGNISED), end_document_no=BY_DEPARTMENT)],
            "A: recognised revoked by another organ than the one that granted it",
        ),
    ],
)
def test_broken_register_is_told(broken, rule):
    assert titles.faults(broken) == [rule]


MERGER = Decision(Ending.MERGED, DAY, "国函〔2019〕9号")


@pytest.mark.parametrize(
    ("change", "to", "heir"),
    [
        (Change.MERGE, ("B",), ("B",)),
        (Change.COUNTY_TO_DISTRICT, ("A",), ("A",)),
        (Change.RECONSTITUTE, ("A-2021",), ("A-2021",)),
        (Change.SPLIT_CREATE, ("B",), ()),
        (Change.BOUNDARY_TRANSFER, ("B",), ()),
        (Change.MERGE, ("B", "C"), ()),
    ],
)
def test_split_gives_nobody_a_title_by_itself(change, to, heir):
    assert heirs(change, to) == heir


def test_heir_takes_over_what_it_does_not_hold_and_the_two_years_go_on():
    heir = replace(STRONG, unit="B")
    outcome = titles.consequence(Effect.INHERIT, [STRONG, PILOT, RECOGNISED, heir], "B", MERGER)
    assert {title.end_reason for title in outcome.ended} == {Ending.MERGED}
    assert [(title.unit, title.kind, title.granted_on) for title in outcome.granted] == [
        ("B", Kind.PILOT, PILOT.granted_on),
        ("B", Kind.RECOGNISED, RECOGNISED.granted_on),
    ]
    assert titles.faults([heir, *outcome.ended, *outcome.granted]) == []


def test_unit_that_goes_on_keeps_what_it_holds():
    assert titles.consequence(Effect.INHERIT, [STRONG, PILOT], "A", MERGER) == Outcome()


def test_unit_that_ends_leaves_nothing():
    outcome = titles.consequence(Effect.END, [STRONG, PILOT], "B", MERGER)
    assert (len(outcome.ended), outcome.granted) == (2, ())
    assert titles.consequence(Effect.INHERIT, [STRONG], None, MERGER).granted == ()
    assert titles.consequence(Effect.END, [ended(PILOT)], None, MERGER) == Outcome()


def test_suspended_titles_are_kept_by_the_heir_and_without_one_stand_still():
    kept = titles.consequence(Effect.SUSPEND, [STRONG, PILOT], "B", MERGER)
    assert [(title.unit, title.granted_on) for title in kept.granted] == [
        ("B", STRONG.granted_on),
        ("B", PILOT.granted_on),
    ]
    assert titles.consequence(Effect.SUSPEND, [STRONG, PILOT], None, MERGER) == Outcome()


@given(st.data())
def test_whatever_is_granted_and_ended_the_register_stays_sound(data):
    history, day = [], date(2012, 1, 1)
    for _ in range(data.draw(st.integers(1, 12))):
        day = date.fromordinal(day.toordinal() + data.draw(st.integers(1, 700)))
        unit, kind = data.draw(st.sampled_from("AB")), data.draw(st.sampled_from(Kind))
        own = [title for title in history if title.unit == unit]
        open_ = next((title for title in own if title.kind is kind and title.ended_on is None), None)
        number = data.draw(st.sampled_from([BY_DEPARTMENT, BY_GOVERNMENT, "国科发〔2019〕1号"]))
        try:
            if open_ is None:
                history.append(titles.grant(own, Title(unit, kind, day, number)))
            else:
                reason = data.draw(st.sampled_from(Ending))
                history[history.index(open_)] = titles.end(open_, Decision(reason, day, number))
        except TitleRefused:
            pass
        assert titles.faults(history) == []
