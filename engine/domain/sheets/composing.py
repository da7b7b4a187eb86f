"""A score sheet is made of raw inputs and frozen rows alone, so whoever has the sheet can make it again.

Points are carried by decimals, written as texts; nothing in a sheet is a float. What a sheet says of its inputs is
where each came from: the evidence files by digest, who entered and who confirmed it, and under which definition.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any

from engine.domain import canonical, indicators, scoring
from engine.domain.indicators import Indicator, IndicatorSet, Level
from engine.domain.scoring import IndicatorScore, Reported, Score
from engine.errors import StepFailed

FORMAT = 1
MOST_ROWS = 2_000
MOST_INPUTS = 50_000

Sheet = dict[str, Any]
Entry = Mapping[str, Any]
Experts = Mapping[str, Sequence[Any]]
Figures = dict[tuple[str, int], dict[str, Decimal | None]]

# What may be told of an input beside its unit, year, code and value; whatever is not known is written as this.
TOLD: Mapping[str, Any] = {
    "version": None,
    "origin": "given",
    "definition": "",
    "source": None,
    "entered_by": None,
    "entered_at": None,
    "confirmed_by": None,
    "confirmed_at": None,
}


@dataclass(frozen=True)
class About:
    """What a sheet is about; `round` is none for a case that no round has gathered."""

    unit: str
    year: int
    level: str
    case_id: str
    round: str | None = None
    agency: str | None = None


@dataclass(frozen=True)
class Frozen:
    """The indicator set that a sheet was scored by: its code and its rows as they stood."""

    code: str
    rows: Sequence[Mapping[str, str]]

    def plain(self) -> dict[str, Any]:
        """Return the set with its version and the digest of its rows; raise NotFound when there is no such set."""
        own = [{name: cell for name, cell in row.items() if cell} for row in indicators.of(self.rows, self.code)]
        if len(own) > MOST_ROWS:
            raise StepFailed(indicator_set=self.code, reason="the set has too many rows")
        version = next((row.get("version", "") for row in own if row.get("kind") == "set"), "")
        return {"code": self.code, "version": version, "digest": indicators.digest(own), "rows": own}


def compose(about: About, frozen: Frozen, inputs: Iterable[Entry], experts: Experts) -> Sheet:
    """Return the sheet of a unit, JSON-plain and without a float; its bytes are `canonical.encode(sheet)`.

    An input has `unit`, `year`, `code` and `value` (a number, its text, or null) and what is known of TOLD, `evidence`
    (digests of files) and `declared` (the value the applicant gave). Experts' scores are told by code in the order of
    their seats. The order of inputs does not matter. Raise StepFailed, NotFound, ModelRefused.
    """
    kept, seats = _inputs(inputs), _seats(experts)
    rows = frozen.plain()
    chosen = read_set(rows)
    return {
        "format": FORMAT,
        **asdict(about),
        "set": rows,
        "inputs": kept,
        "experts": seats,
        **_result(chosen, _score(chosen, about, kept, seats), figures(kept).get((about.unit, about.year), {})),
    }


def recompute(sheet: Entry) -> Sheet:
    """Return the sheet that the raw inputs of `sheet` give; raise StepFailed when it is no sheet of this form."""
    try:
        if sheet["format"] != FORMAT:
            raise StepFailed(reason=f"sheets of format {sheet['format']!r:.20} are not known")
        about = About(**{name: sheet[name] for name in About.__dataclass_fields__})
        frozen = Frozen(sheet["set"]["code"], [_row(row) for row in sheet["set"]["rows"]])
        return compose(about, frozen, sheet["inputs"], by_code(sheet["experts"]))
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as fault:
        raise StepFailed(reason=f"the sheet cannot be read ({type(fault).__name__})") from None


def read_set(rows: Entry) -> IndicatorSet:
    """Return the indicator set of the `set` of a sheet."""
    return indicators.parse([_row(row) for row in rows["rows"]], rows["code"])


def figures(inputs: Iterable[Entry]) -> Figures:
    """Return the values of `inputs` by unit and year, then by code."""
    found: Figures = {}
    for one in inputs:
        value = None if one["value"] is None else canonical.number(one["value"])
        found.setdefault((one["unit"], one["year"]), {})[one["code"]] = value
    return found


def by_code(seats: Iterable[Entry]) -> dict[str, list[Any]]:
    """Return the experts' scores of a sheet by code of indicator, in the order of their seats."""
    found: dict[str, list[Any]] = {}
    for one in sorted(seats, key=lambda one: (one["code"], one["seat"])):
        found.setdefault(one["code"], []).append(one["score"])
    return found


def plain(value: Any) -> Any:
    """Return a value of a score as a sheet writes it."""
    if isinstance(value, Decimal):
        return canonical.decimal(value)
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list | tuple) else value


def _row(row: Mapping[str, str]) -> dict[str, str]:
    if not all(isinstance(cell, str) for cell in row.values()):
        raise StepFailed(reason="a row of the indicator set holds what is no text")
    return {**dict.fromkeys(indicators.COLUMNS, ""), **row}


def _inputs(given: Iterable[Entry]) -> list[dict[str, Any]]:
    kept = sorted((_input(one) for one in given), key=lambda one: (one["unit"], one["year"], one["code"]))
    places = {(one["unit"], one["year"], one["code"]) for one in kept}
    if len(places) != len(kept) or len(kept) > MOST_INPUTS:
        raise StepFailed(reason="a figure is given twice, or there are too many")
    return kept


def _input(one: Entry) -> dict[str, Any]:
    value, declared = _number(one["value"]), _number(one.get("declared"))
    return {
        "unit": str(one["unit"]),
        "year": int(one["year"]),
        "code": str(one["code"]),
        "value": value,
        "declared": declared,
        "differs": declared is not None and declared != value,
        "evidence": sorted({str(digest) for digest in one.get("evidence") or ()}),
        **{name: one.get(name, empty) for name, empty in TOLD.items()},
    }


def _seats(experts: Experts) -> list[dict[str, Any]]:
    return [
        {"code": code, "seat": seat, "score": _number(score)}
        for code, scores in sorted(experts.items())
        for seat, score in enumerate(scores, 1)
    ]


def _number(value: Any) -> str | None:
    return None if value is None else canonical.decimal(canonical.number(value))


def _score(chosen: IndicatorSet, about: About, kept: list[dict[str, Any]], seats: list[dict[str, Any]]) -> Score:
    experts = {code: [canonical.number(score) for score in scores] for code, scores in by_code(seats).items()}
    level = Level(about.level)
    own = replace(_reported(kept, about.unit, about.year), expert_scores=experts)
    peers = {one["unit"] for one in kept if one["year"] == about.year} - {about.unit}
    if not peers or not any(indicator.compares for indicator in chosen.indicators):
        return scoring.assess(chosen, level, own)
    units = {unit: _reported(kept, unit, about.year) for unit in sorted(peers)}
    return scoring.assess_all(chosen, level, {**units, about.unit: own})[about.unit]


def _reported(kept: Sequence[Entry], unit: str, year: int) -> Reported:
    """Return what a unit reported for a year, and for the years before that the inputs know of."""
    known = [one for one in kept if one["unit"] == unit]
    values = figures(known)
    told = {
        when: Reported(
            values[unit, when],
            year=when,
            definitions={one["code"]: one["definition"] for one in known if one["year"] == when and one["definition"]},
        )
        for _, when in sorted(values)
    }
    now = told.pop(year, Reported({}, year=year))
    return replace(now, earlier=told)


def _result(chosen: IndicatorSet, score: Score, own: Mapping[str, Decimal | None]) -> dict[str, Any]:
    known = {one.code: one for one in chosen.indicators}
    return {
        "total": plain(score.total),
        "gates_met": score.gates_met,
        "gates": [{"code": one.code, "met": one.gate} for one in score.indicators if one.gate is not None],
        "missing": [one.code for one in score.indicators if one.missing],
        "groups": [plain(vars(group)) for group in score.groups],
        "indicators": [_indicator(known[one.code], one, own) for one in score.indicators],
        "bridged": [plain(vars(one)) for one in score.bridged],
        "foreign": list(score.foreign),
    }


def _indicator(indicator: Indicator, score: IndicatorScore, own: Mapping[str, Decimal | None]) -> dict[str, Any]:
    """Return one indicator with every step from its raw values to its points."""
    uses = sorted(indicator.formula.names) if indicator.formula else []
    return {
        **plain(vars(score)),
        "group": indicator.group,
        "kind": indicator.kind.value,
        "method": indicator.method.value,
        "direction": "-" if indicator.negative else "+",
        "cap": plain(indicator.cap),
        "formula": indicator.formula.source if indicator.formula else None,
        "gate_rule": indicator.gate.source if indicator.gate else None,
        "raw": {code: plain(own.get(code)) for code in uses},
        "missing": score.missing,
    }
