"""The targets of the guidance: what is wanted of 11 cities and 90 counties, and what counts as reached."""

from decimal import Decimal
from fractions import Fraction

import pytest

from engine.domain.targets import Standing, reckon, share, total
from engine.domain.titles import Kind

CITIES = [Standing(f"C{n}", "city", "P", frozenset()) for n in range(11)]
COUNTIES = [Standing(f"X{n}", "county", f"C{n % 11}", frozenset()) for n in range(90)]


def with_titles(units, *kinds, count):
    given = [Standing(one.unit, one.tier, one.above, one.titles | set(kinds)) for one in units[:count]]
    return [*given, *units[count:]]


def reached(units, figures=None):
    return {target.key: (target.wanted, target.reached, target.met) for target in reckon(units, figures or {})}


@pytest.mark.parametrize(
    ("of", "part", "count"),
    [(11, Fraction(2, 3), 8), (90, Fraction(1, 3), 30), (90, Fraction(2, 3), 60), (89, Fraction(1, 3), 30),
     (8, Fraction(1, 3), 3), (11, Fraction(1, 3), 4), (0, Fraction(2, 3), 0)],
)  # fmt: skip
def test_share_is_the_least_count_that_is_enough(of, part, count):
    assert share(of, part) == count


def test_wanted_is_what_the_guidance_wants():
    assert {key: wanted for key, (wanted, _, _) in reached([*CITIES, *COUNTIES]).items()} == {
        "innovative_cities": 8,
        "national_of_innovative": 3,
        "national_of_cities": 4,
        "innovative_counties": 30,
        "science_strong_counties": 60,
        "institutes_100": 600,
        "institutes_300": 150,
        "institutes_1000": 30,
        "institutes_2000": 10,
    }


def test_recognition_counts_and_a_pilot_does_not():
    cities = with_titles(CITIES, Kind.RECOGNISED, count=8)
    found = reached([*cities, *with_titles(COUNTIES, Kind.PILOT, count=90)])
    assert found["innovative_cities"] == (8, 8, True)
    assert found["innovative_counties"] == (30, 0, False)
    assert reached(with_titles(CITIES, Kind.RECOGNISED, count=7))["innovative_cities"] == (8, 7, False)


def test_counties_are_counted_apart_from_cities():
    counties = with_titles(with_titles(COUNTIES, Kind.SCIENCE_STRONG, count=60), Kind.RECOGNISED, count=29)
    found = reached([*with_titles(CITIES, Kind.SCIENCE_STRONG, count=11), *counties])
    assert found["science_strong_counties"] == (60, 60, True)
    assert found["innovative_counties"] == (30, 29, False)


def test_both_readings_of_the_national_third_are_told():
    cities = with_titles(with_titles(CITIES, Kind.NATIONAL_PILOT, count=3), Kind.RECOGNISED, count=2)
    found = reached(cities)
    assert found["national_of_innovative"] == (3, 2, False)  # of those that are innovative already
    assert found["national_of_cities"] == (4, 3, False)
    told = {target.key: target.basis for target in reckon(cities, {})}
    assert told["national_of_innovative"] != told["national_of_cities"]


def test_institutes_are_summed_and_a_city_covers_its_counties():
    values = {"C0": Decimal(400), "X0": Decimal(90), "X11": Decimal(80), "X1": Decimal(150), "X12": Decimal(50)}
    assert total([*CITIES, *COUNTIES], values) == 400 + 150 + 50
    found = reached([*CITIES, *COUNTIES], {"institutes_100": values, "institutes_2000": {"C1": Decimal(9)}})
    assert found["institutes_100"] == (600, 600, True)
    assert found["institutes_2000"] == (10, 9, False)
    assert found["institutes_300"] == (150, 0, False)


def test_value_of_a_unit_that_is_not_in_force_counts_for_nothing():
    assert total(CITIES, {"gone": Decimal(700)}) == 0
    assert total([Standing("X", "county", None, frozenset())], {"X": Decimal(7)}) == 7
