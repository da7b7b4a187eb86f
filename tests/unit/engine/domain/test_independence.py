"""Independence: whatever chain of people acts for one another, nobody ends up on both sides of a rule."""

from itertools import combinations, product

import pytest

from engine.domain.independence import Apart, Handover, Kind, Standing, along, clashes, hand_over

PEOPLE = ("甲", "乙", "丙")
SEATS = ("enter", "verify", "sign")
RULES = (
    Apart({"zh": "填报不核数"}, frozenset({"enter"}), frozenset({"verify"})),
    Apart({"zh": "核数不签发"}, frozenset({"verify"}), frozenset({"sign"})),
)
FORBIDDEN = {frozenset({"enter", "verify"}), frozenset({"verify", "sign"})}
LONGEST = 4


def chains(first):
    """Yield every chain of up to four handovers that begins with one person, each by somebody who acts."""
    beginnings = [()]
    while beginnings:
        chain = beginnings.pop()
        yield chain
        if len(chain) < LONGEST:
            acting = along(first, chain).acting
            beginnings += [
                (*chain, Handover(kind, giver, taker))
                for kind in Kind
                for giver in sorted(acting)
                for taker in PEOPLE
                if taker != giver
            ]


def everywhere():
    """Yield everybody with every chain: the whole of a small organisation."""
    for first in PEOPLE:
        for chain in chains(first):
            yield first, chain


def subsets(people):
    return [frozenset(some) for size in range(len(people) + 1) for some in combinations(people, size)]


def admitted(held, seat, first, chain):
    """Walk a chain as the service does: whoever would hold the seat is asked for at every step."""
    standing = Standing(frozenset({first}))
    if list(clashes(RULES, held, seat, standing.holders)):
        return None
    for step in chain:
        standing = hand_over(standing, step)
        if list(clashes(RULES, held, seat, standing.holders)):
            return None
    return standing


def test_no_chain_up_to_four_lets_a_person_hold_two_forbidden_seats():
    reached = {}
    for first, chain in everywhere():
        reached.setdefault((first, along(first, chain).holders), chain)
    assert len(list(everywhere())) > 20_000
    standings = {holders for _, holders in reached}
    assert standings == set(subsets(PEOPLE)) - {frozenset()}
    for (one, other), holders in product(product(SEATS, repeat=2), subsets(PEOPLE)):
        if one == other:
            continue
        for (first, _), chain in reached.items():
            standing = admitted({one: holders}, other, first, chain)
            if standing is not None and frozenset({one, other}) in FORBIDDEN:
                assert not standing.holders & holders, (one, holders, other, first, chain)
            if frozenset({one, other}) not in FORBIDDEN:
                assert standing is not None


@pytest.mark.no_cover  # it reaches no line that no other test reaches
def test_every_chain_is_refused_as_soon_as_it_reaches_somebody_who_holds_the_other_side():
    for first, chain in everywhere():
        ever = {first} | {step.taker for step in chain if step.giver in PEOPLE}
        for person in PEOPLE:
            standing = admitted({"enter": frozenset({person})}, "verify", first, chain)
            if standing is None:
                assert person in ever
            else:
                assert person not in standing.holders


def test_whoever_hands_a_step_over_is_out_of_it_but_whoever_lets_another_act_in_his_name_is_not():
    for kind in Kind:
        standing = along("甲", [Handover(kind, "甲", "乙")])
        assert "乙" in standing.acting
        assert ("甲" in standing.holders) is (kind is not Kind.TRANSFER)
        assert ("甲" in standing.acting) is (kind is Kind.ADDED_SIGN)


def test_the_one_who_answers_for_a_step_cannot_be_washed_away_by_handing_it_further():
    chain = [Handover(Kind.DELEGATION, "甲", "乙"), Handover(Kind.TRANSFER, "乙", "丙")]
    assert along("甲", chain) == Standing(frozenset({"丙"}), frozenset({"甲"}))


def test_whoever_prepared_a_step_for_another_still_holds_it_when_it_is_back_and_given_further():
    chain = [
        Handover(Kind.DELEGATION, "甲", "乙"),
        Handover(Kind.RETURN, "乙", "甲"),
        Handover(Kind.TRANSFER, "甲", "丙"),
    ]
    assert along("甲", chain) == Standing(frozenset({"丙"}), frozenset({"甲", "乙"}))


def test_a_handover_by_somebody_who_does_not_act_changes_nothing():
    assert along("甲", [Handover(Kind.TRANSFER, "乙", "丙")]) == Standing(frozenset({"甲"}))


def test_a_seat_on_both_sides_may_be_held_once_only():
    once = Apart({"zh": "一人一份"}, frozenset({"score"}), frozenset({"score"}))
    assert list(clashes([once], {}, "score", frozenset({"甲"}))) == []
    (clash,) = clashes([once], {"score": frozenset({"甲"})}, "score", frozenset({"甲", "乙"}))
    assert (clash.person, clash.held, clash.rule) == ("甲", "score", once)
