"""The targets of the guidance for 2015, reckoned as of any day from titles and monitoring values.

三(三) of 浙政发〔2012〕17号: two thirds of the cities innovative, a third "其中" of them national, a third of the
counties innovative, two thirds of the counties strong in science and technology. 四(二): enterprise institutes of 100,
300, 1,000 and 2,000 researchers and more: 600, 150, 30, 10. An innovative unit is one that the government recognised
(三(二)); a pilot is not one yet. 其中 can mean a third of the cities that are to be innovative, or of all cities: both
are reckoned. What 三(三) wants to grow faster than the five-year plan asks is left out: the guidance gives no figure.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from engine.domain.titles import Kind

INSTITUTES = {"institutes_100": 600, "institutes_300": 150, "institutes_1000": 30, "institutes_2000": 10}
TWO_THIRDS, A_THIRD = Fraction(2, 3), Fraction(1, 3)
ONE_READING = "三(三)，“其中”按应建成的创新型城市计；国家试点计入"
OTHER_READING = "三(三)，“其中”按全部设区市计；国家试点计入"
CITY, COUNTY = "city", "county"


@dataclass(frozen=True)
class Standing:
    """A unit as targets count it: its tier (`city` or `county`), the city above it, the kinds of title it holds."""

    unit: str
    tier: str
    above: str | None
    titles: frozenset[Kind]


@dataclass(frozen=True)
class Target:
    """What is wanted and what is reached, a count each; `basis` names the paragraph and the reading."""

    key: str
    name: str
    english: str
    wanted: int
    reached: int
    basis: str

    @property
    def met(self) -> bool:
        """Return whether as much is reached as is wanted."""
        return self.reached >= self.wanted


def reckon(units: Sequence[Standing], figures: Mapping[str, Mapping[str, Decimal]]) -> list[Target]:
    """Return every target in the order of the guidance; `figures` are values by code and unit."""
    return [*_by_titles(units), *_institutes(units, figures)]


def share(of: int, part: Fraction) -> int:
    """Return the least count that is `part` of `of` or more: 三分之二以上 of 11 is 8."""
    return -(-of * part.numerator // part.denominator)


def total(units: Iterable[Standing], values: Mapping[str, Decimal]) -> int:
    """Return the sum over the province; the value of a city covers its counties, which count where it has none."""
    by_city = defaultdict(list)
    for one in units:
        by_city[one.unit if one.tier == CITY else one.above or one.unit].append(one.unit)
    found = Decimal(0)
    for city, members in by_city.items():
        covered = [city] if city in values else members
        found += sum((values[unit] for unit in covered if unit in values), Decimal(0))
    return int(found)


def _by_titles(units: Sequence[Standing]) -> list[Target]:
    cities = [one.titles for one in units if one.tier == CITY]
    counties = [one.titles for one in units if one.tier == COUNTY]
    innovative = [held for held in cities if Kind.RECOGNISED in held]
    wanted = share(len(cities), TWO_THIRDS)
    return [
        Target(
            "innovative_cities", "创新型城市（设区市三分之二以上）", "Innovative cities, two thirds of the cities",
            wanted, len(innovative), "三(三)",
        ),
        Target(
            "national_of_innovative", "进入国家创新型城市行列（按应建成的创新型城市的三分之一计）",
            "National innovative cities, a third of the cities that are to be innovative",
            share(wanted, A_THIRD), _holding(innovative, Kind.NATIONAL_PILOT), ONE_READING,
        ),
        Target(
            "national_of_cities", "进入国家创新型城市行列（按全部设区市的三分之一计）",
            "National innovative cities, a third of all cities",
            share(len(cities), A_THIRD), _holding(cities, Kind.NATIONAL_PILOT), OTHER_READING,
        ),
        Target(
            "innovative_counties", "创新型县（市、区）（三分之一以上）", "Innovative counties, a third of the counties",
            share(len(counties), A_THIRD), _holding(counties, Kind.RECOGNISED), "三(三)",
        ),
        Target(
            "science_strong_counties", "科技强县（市、区）（三分之二以上）",
            "Counties strong in science and technology, two thirds of the counties",
            share(len(counties), TWO_THIRDS), _holding(counties, Kind.SCIENCE_STRONG), "三(三)",
        ),
    ]  # fmt: skip


def _institutes(units: Sequence[Standing], figures: Mapping[str, Mapping[str, Decimal]]) -> list[Target]:
    return [
        Target(
            code,
            f"研发人员{code.partition('_')[2]}人以上的企业研究院",
            f"Enterprise institutes of {code.partition('_')[2]} researchers and more",
            wanted,
            total(units, figures.get(code, {})),
            "四(二)",
        )
        for code, wanted in INSTITUTES.items()
    ]


def _holding(held: Iterable[frozenset[Kind]], kind: Kind) -> int:
    return sum(kind in titles for titles in held)
