"""A synthetic province: eleven cities and ninety counties that report 28 figures for some years, with planted errors.

Nothing in it is real. Levels are lognormal by head, growth differs by series and unit, counts scatter as counts do.
"""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from engine.domain.indicators import IndicatorSet, Level, RawInput, Tie
from engine.domain.plausibility import Background, Submission, Use, check
from engine.domain.plausibility.spread import COUNTED

Key = tuple[str, int, str]
Figures = dict[str, Decimal]

CITIES, COUNTIES = 11, 90
FIRST, LAST = 2012, 2016
# By head (10,000 people), in the unit of the figure: the middle of the counties, and how far units differ.
LEVELS = {
    "population": (45, 0.45), "gdp": (6.5, 0.35), "rd_expenditure": (0.13, 0.35), "fiscal_expenditure": (0.75, 0.25),
    "fiscal_sci_tech": (0.03, 0.3), "enterprise_rd": (0.09, 0.35), "main_business_revenue": (9, 0.5),
    "hte_count": (1.1, 0.4), "innovative_count": (0.35, 0.4), "above_scale_count": (8, 0.4), "rd_org_count": (0.7, 0.4),
    "new_product_output": (2.2, 0.5), "industrial_output": (10, 0.45), "rd_fte": (55, 0.4),
    "employed_persons": (0.62, 0.1), "professionals": (330, 0.3), "valid_invention_patents": (4, 0.5),
    "patents_granted_t": (18, 0.5),
    "tech_contract_value": (95, 0.6), "awards": (0.12, 0.4), "hightech_value_added": (0.6, 0.5),
    "industrial_value_added": (2.4, 0.4), "strategic_va_t": (0.5, 0.5), "energy_tce": (3.6, 0.4),
}  # fmt: skip
DRIFT, WOBBLE = 0.08, 0.05


@dataclass
class Province:
    """What every unit reported in every year, and what was planted: by key, the kind of error."""

    truth: dict[tuple[str, int], Figures] = field(default_factory=dict)
    reported: dict[tuple[str, int], Figures] = field(default_factory=dict)
    evidence: dict[tuple[str, int], dict[str, list[str]]] = field(default_factory=dict)
    planted: dict[Key, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """How the checks did: shares of the planted errors found and of the clean values asked about, both 0 to 1."""

    found: float
    false_alarms: float
    planted: int
    clean: int
    missed: list[tuple[Key, str]]
    alarms: list[tuple[Key, str]]


def province(known: IndicatorSet, seed: int, share: float = 0.03) -> Province:
    """Return a province in which about `share` of the figures are wrong from the second year on."""
    draw = random.Random(seed)
    made = Province()
    for unit in [f"city{n:02}" for n in range(CITIES)] + [f"county{n:02}" for n in range(COUNTIES)]:
        _live(made, unit, draw)
    for (unit, year), figures in made.truth.items():
        made.reported[unit, year] = dict(figures)
        made.evidence[unit, year] = {code: [f"{unit}-{year}-{code}"] for code in figures}
    inputs = {raw.code: raw for raw in known.raw_inputs()}
    for unit, year in [key for key in made.truth if key[1] > FIRST]:
        for code in inputs:
            if draw.random() < share:
                _plant(made, (unit, year, code), inputs, draw)
    return made


def judged(known: IndicatorSet, made: Province) -> Outcome:
    """Put every submission to the checks, against what was true the year before and what the peers say now."""
    asked: dict[Key, str] = {}
    for unit, year in [key for key in made.reported if key[1] > FIRST]:
        tier = unit[:4]
        peers = [other for other, when in made.reported if when == year and other[:4] == tier and other != unit]
        pairs = [(made.reported[other, year], made.truth[other, year - 1]) for other in peers]
        evidence = made.evidence[unit, year]
        uses = {digest: _uses(made, digest, (unit, year)) for digests in evidence.values() for digest in digests}
        background = Background(made.truth[unit, year - 1], pairs, {key: found for key, found in uses.items() if found})
        submission = Submission(unit, year, made.reported[unit, year], evidence)
        level = Level.CITY if tier == "city" else Level.COUNTY
        for question in check([known], level, submission, background):
            asked.setdefault((unit, year, question.code), question.rule)
    everything = [
        (unit, year, code) for unit, year in made.reported if year > FIRST for code in made.reported[unit, year]
    ]
    clean = [key for key in everything if key not in made.planted]
    missed = [(key, kind) for key, kind in made.planted.items() if key not in asked]
    alarms = [(key, asked[key]) for key in clean if key in asked]
    return Outcome(
        1 - len(missed) / len(made.planted), len(alarms) / len(clean), len(made.planted), len(clean), missed, alarms
    )


def _uses(made: Province, digest: str, own: tuple[str, int]) -> list[Use]:
    unit, year, code = digest.split("-")
    places = [(unit, int(year))]
    return [Use(*place, code) for place in places if place != own and digest in made.evidence[place].get(code, [])]


def _live(made: Province, unit: str, draw: random.Random) -> None:
    """Let a unit live: every series starts by head of its people and grows by itself."""
    wealth = draw.gauss(0, 0.2)
    size = LEVELS["population"][0] * math.exp(draw.gauss(0, 0.45)) * (7 if unit.startswith("city") else 1)
    levels = {code: middle * math.exp(draw.gauss(wealth, width)) for code, (middle, width) in LEVELS.items()}
    levels["employed_persons"] = min(levels["employed_persons"] / math.exp(wealth), 0.8)
    _fit(levels)
    pace = draw.gauss(DRIFT, 0.03)
    for year in range(FIRST - 1, LAST + 1):
        people = size * 1.005 ** (year - FIRST)
        figures = {"population": Decimal(f"{people:.2f}")}
        for code in LEVELS:
            if code != "population":
                slow = code in ("employed_persons", "above_scale_count", "professionals")
                levels[code] *= math.exp(draw.gauss(0.01 if slow else pace, 0.02 if slow else WOBBLE))
        _fit(levels)
        figures |= {code: _written(code, levels[code] * people, draw) for code in LEVELS if code != "population"}
        before = made.truth.get((unit, year - 1))
        made.truth[unit, year] = _with_past(figures, before or figures, draw)
    del made.truth[unit, FIRST - 1]


def _fit(levels: dict[str, float]) -> None:
    """Keep parts below their wholes."""
    for part, whole, most in (
        ("rd_expenditure", "gdp", 0.06), ("enterprise_rd", "rd_expenditure", 0.9),
        ("industrial_value_added", "gdp", 0.7),
        ("fiscal_sci_tech", "fiscal_expenditure", 0.2), ("new_product_output", "industrial_output", 0.8),
        ("hightech_value_added", "industrial_value_added", 0.8), ("strategic_va_t", "industrial_value_added", 0.8),
        ("rd_org_count", "above_scale_count", 0.6), ("hte_count", "above_scale_count", 0.5),
        ("innovative_count", "above_scale_count", 0.2),
    ):  # fmt: skip
        levels[part] = min(levels[part], levels[whole] * most)


def _written(code: str, value: float, draw: random.Random) -> Decimal:
    if code in WHOLE:
        return Decimal(max(0, round(draw.gauss(value, math.sqrt(value) * 0.7))) if code in SCATTERED else round(value))
    return Decimal(f"{value:.2f}")


SCATTERED = frozenset({"awards", "patents_granted_t"})
WHOLE = SCATTERED | {
    "hte_count", "innovative_count", "above_scale_count", "rd_org_count", "professionals", "valid_invention_patents",
    "rd_fte",
}  # fmt: skip


def _with_past(figures: Figures, before: Figures, draw: random.Random) -> Figures:
    spent = (figures["fiscal_sci_tech"] - before["fiscal_sci_tech"]) / before["fiscal_sci_tech"] * 100
    return figures | {
        "patents_granted_t_1": before["patents_granted_t"],
        "strategic_va_t_1": before["strategic_va_t"],
        "fiscal_sci_tech_growth": Decimal(f"{spent:.1f}"),
        "recurrent_revenue_growth": Decimal(f"{draw.gauss(8, 4):.1f}"),
    }


def _plant(made: Province, key: Key, inputs: dict[str, RawInput], draw: random.Random) -> None:
    unit, year, code = key
    figures, raw = made.reported[unit, year], inputs[code]
    kind = draw.choice(_fitting(raw))
    value, before = figures[code], made.truth[unit, year - 1]
    if kind == "evidence":
        other = draw.choice([one for one in figures if one != code])
        when = draw.randrange(FIRST, year)
        made.evidence[unit, year][code] = [f"{unit}-{when}-{other}"]
        made.planted[key] = kind
        return
    bound = figures[raw.ties[0][1]] if raw.ties else value
    wrong = WRONG[kind](_Place(raw, value, before[code], bound, figures["gdp"]), draw)
    if wrong != value:
        figures[code] = wrong
        made.planted[key] = kind


def _fitting(raw: RawInput) -> list[str]:
    ties = {tie for tie, _ in raw.ties}
    kinds = ["slip", "jump", "negative", "evidence"]
    if raw.unit == "%":
        kinds = ["far", "evidence"]
    elif raw.code not in ("awards", "innovative_count"):
        kinds += ["copied", "repeated"]
    if raw.code == "rd_expenditure":
        kinds.append("threshold")
    named = {Tie.PART: "part", Tie.LAST_YEAR: "last_year", Tie.GROWTH: "growth"}
    return kinds + [named[tie] for tie in ties if tie in named]


@dataclass(frozen=True)
class _Place:
    """A figure on its way to becoming wrong: what it was, what the year before, and what it is bound to."""

    raw: RawInput
    value: Decimal
    before: Decimal
    bound: Decimal
    gdp: Decimal


def _jumped(place: _Place, draw: random.Random) -> Decimal:
    factor = Decimal(f"{draw.uniform(1.7, 4):.2f}")
    grown = place.before * (factor if draw.random() < 0.5 else 1 / factor)
    return Decimal(round(grown)) if place.raw.unit in COUNTED else Decimal(f"{grown:.2f}")


def _more(base: Decimal, most: float, draw: random.Random) -> Decimal:
    return (base * Decimal(f"{draw.uniform(1.05, most):.2f}")).quantize(Decimal("0.01"))


WRONG: dict[str, Callable[[_Place, random.Random], Decimal]] = {
    "slip": lambda place, draw: place.value * Decimal(10) ** draw.choice([-4, -3, -2, -1, 1, 2, 3, 4]),
    "jump": _jumped,
    "far": lambda place, draw: place.value + draw.choice([-1, 1]) * Decimal(draw.randint(45, 90)),
    "negative": lambda place, _: -place.value,
    "copied": lambda place, _: place.before,
    "repeated": lambda _, draw: Decimal(str(draw.randint(1, 9)) * draw.randint(4, 6)),
    "part": lambda place, draw: _more(place.bound, 1.4, draw),
    "last_year": lambda place, draw: _more(place.value, 1.3, draw),
    "growth": lambda place, draw: place.value + draw.choice([-1, 1]) * Decimal(draw.randint(3, 20)),
    "threshold": lambda place, _: (place.gdp * Decimal("0.02")).quantize(Decimal("0.01")),
}
