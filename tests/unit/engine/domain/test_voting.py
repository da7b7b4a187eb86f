"""The joint audit: every small case is weighed, and the declared rule is kept whatever the departments say."""

from decimal import Decimal
from itertools import product

import pytest

from engine.domain.voting import Declared, Opinion, Outcome, Rule, Said, weigh
from engine.errors import VotingRefused

ALL = list(Opinion)
CASES = [said for size in range(1, 5) for said in product(ALL, repeat=size)]


def asked(opinions):
    return [Said(f"d{n}", opinion, f"部门{n}", "理由") for n, opinion in enumerate(opinions)]


def unwilling(opinions, *, deemed):
    return [one for one in opinions if one is Opinion.OBJECT or (one is Opinion.DEEMED and not deemed)]


@pytest.mark.parametrize("deemed", [True, False])
def test_unanimity_is_broken_by_any_objection_and_by_silence_where_silence_is_no_consent(deemed):
    for opinions in CASES:
        outcome = weigh(Declared(Rule.UNANIMOUS, deemed_consents=deemed), asked(opinions)).outcome
        assert (outcome is Outcome.OBJECTED) is bool(unwilling(opinions, deemed=deemed)), opinions
        if outcome is not Outcome.OBJECTED:
            assert (outcome is Outcome.CONDITIONAL) is (Opinion.COMMENT in opinions), opinions


@pytest.mark.parametrize("deemed", [True, False])
@pytest.mark.parametrize(("share", "of"), [(1, 2), (2, 3), (3, 4), (1, 1)])
def test_a_ratio_is_reached_by_counting_without_rounding(deemed, share, of):
    for opinions in CASES:
        against = len(unwilling(opinions, deemed=deemed))
        declared = Declared(Rule.RATIO, ratio=Decimal(share) / Decimal(of), deemed_consents=deemed)
        reached = (len(opinions) - against) * of >= share * len(opinions)
        if share == 2 and not len(opinions) % 3 and (len(opinions) - against) * of == share * len(opinions):
            continue  # two thirds cannot be written as a decimal; said so below
        assert (weigh(declared, asked(opinions)).outcome is not Outcome.OBJECTED) is reached, opinions


def test_two_thirds_written_with_four_places_are_reached_by_two_of_three():
    said = asked([Opinion.AGREE, Opinion.AGREE, Opinion.OBJECT])
    assert weigh(Declared(Rule.RATIO, ratio=Decimal("0.6666")), said).outcome is Outcome.CONDITIONAL
    assert weigh(Declared(Rule.RATIO, ratio=Decimal("0.67")), said).outcome is Outcome.OBJECTED


@pytest.mark.parametrize("deemed", [True, False])
@pytest.mark.parametrize("holders", [{"d0"}, {"d0", "d1"}])
def test_only_those_who_hold_a_veto_stop_it(deemed, holders):
    for opinions in CASES:
        if len(opinions) < len(holders):
            continue
        declared = Declared(Rule.VETO, vetoers=frozenset(holders), deemed_consents=deemed)
        result = weigh(declared, asked(opinions))
        stopped = any(unwilling([opinions[int(one[1])]], deemed=deemed) for one in holders)
        assert (result.outcome is Outcome.OBJECTED) is stopped, opinions
        if not stopped:
            plain = all(one in {Opinion.AGREE, Opinion.DEEMED} for one in opinions)
            plain = plain and (deemed or Opinion.DEEMED not in opinions)
            assert (result.outcome is Outcome.PASS) is plain, opinions


def test_who_objected_and_who_was_silent_is_told_in_every_case():
    for opinions in CASES:
        result = weigh(Declared(Rule.UNANIMOUS), asked(opinions))
        assert [one.opinion for one in result.objecting] == [one for one in opinions if one is Opinion.OBJECT]
        assert [one.opinion for one in result.silent] == [one for one in opinions if one is Opinion.DEEMED]
        assert len(result.reasons) == len(result.objecting) + len(result.silent)


def test_silence_is_disclosed_with_the_name_of_the_department():
    (reason,) = weigh(Declared(Rule.UNANIMOUS), [Said("prov-finance", Opinion.DEEMED, "省财政厅")]).reasons
    assert reason["zh"] == "省财政厅逾期未答复，视为无异议。"


def test_silence_that_is_no_consent_is_told_as_such():
    declared = Declared(Rule.UNANIMOUS, deemed_consents=False)
    result = weigh(declared, [Said("prov-finance", Opinion.DEEMED, "省财政厅")])
    assert result.outcome is Outcome.OBJECTED
    assert "不视为同意" in result.reasons[0]["zh"]


@pytest.mark.parametrize("ratio", [None, Decimal(0), Decimal("1.01"), Decimal(-1)])
def test_a_ratio_that_is_none_is_refused(ratio):
    with pytest.raises(VotingRefused):
        Declared(Rule.RATIO, ratio=ratio)


def test_a_veto_that_nobody_holds_is_refused():
    with pytest.raises(VotingRefused):
        Declared(Rule.VETO)


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        (Declared(Rule.UNANIMOUS), []),
        (Declared(Rule.UNANIMOUS), [Said("a", Opinion.AGREE), Said("a", Opinion.OBJECT)]),
        (Declared(Rule.VETO, vetoers=frozenset({"b"})), [Said("a", Opinion.AGREE)]),
    ],
    ids=["nobody was asked", "one was asked twice", "the holder of the veto was not asked"],
)
def test_opinions_that_cannot_be_weighed_are_refused(declared, said):
    with pytest.raises(VotingRefused):
        weigh(declared, said)
