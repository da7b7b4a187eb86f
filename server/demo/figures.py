"""The figures of the demonstration's fictional units: one reported sheet, grown by unit and year, always the same."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.domain import indicators, workbook
from server.demo.story import Story

SPREAD = 0.02  # a figure differs from its trend by at most this share


@dataclass(frozen=True)
class Figures:
    """How a unit's figures follow from those of the sheet: by its size, its strength and the years between."""

    base: Mapping[str, int | float]
    year: int
    told: Mapping[str, Any]
    units: Mapping[str, Mapping[str, Any]]
    sheets: Mapping[tuple[str, int], Mapping[str, int | float]]

    @classmethod
    def of(cls, story: Story, rows: list[dict[str, str]]) -> "Figures":
        """Return the figures of a story, whose sheet is a workbook in its folder."""
        told = story.told["figures"]
        chosen = indicators.parse(rows, told["set"])

        def filled(name: str) -> dict[str, int | float]:
            return workbook.read((story.folder / name).read_bytes(), chosen)

        units = {str(one["unit"]): one for one in story.told["units"]}
        sheets = {
            (unit, int(year)): filled(name)
            for unit, one in units.items()
            for year, name in one.get("sheets", {}).items()
        }
        return cls(filled(told["workbook"]), told["year"], told, units, sheets)

    def reported(self, unit: str | None, year: int) -> dict[str, int | float]:
        """Return what a unit reports for a year: parts stay parts, and last year's figures those of the year before."""
        sheet = self.sheets.get((unit or "", year))
        if sheet is not None:
            return dict(sheet)
        told, before = self._trend(unit, year), self._trend(unit, year - 1)
        told |= {code: before[code.removesuffix("_1")] for code in told if code.endswith("_t_1")}
        for growth, code in self.told.get("growths", {}).items():
            told[growth] = round((told[code] / before[code] - 1) * 100, 2)
        return told

    def _trend(self, unit: str | None, year: int) -> dict[str, int | float]:
        about = self.units.get(unit or "", {})
        grown = about.get("size", 1.0) * (1 + self.told["growth"]) ** (year - self.year)
        strength = about.get("strength", 1.0) + about.get("gain", 0.0) * (year - self.year)
        effort = about.get("dips", {}).get(str(year), strength)
        return {code: self._one(code, grown, effort, _noise(unit, year, self._root(code))) for code in self.base}

    def _root(self, code: str) -> str:
        return str(self.told.get("follows", {}).get(code, code))

    def _one(self, code: str, grown: float, effort: float, noise: float) -> int | float:
        rate, tried = code in self.told["rates"], self._root(code) in self.told["efforts"]
        value = self.base[code] * (1.0 if rate else grown) * (effort if tried else 1.0) * (1 + noise)
        return round(value) if isinstance(self.base[code], int) else round(value, 2)


def _noise(unit: str | None, year: int, code: str) -> float:
    drawn = hashlib.sha256(f"{unit} {year} {code}".encode()).digest()
    return SPREAD * (int.from_bytes(drawn[:4], "big") / 2**31 - 1)
