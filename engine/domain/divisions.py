"""Administrative divisions as of any day: what a unit was called, where it stood, and what became of it.

A unit keeps its identity through changes of name, rank and code; a unit that was abolished and established anew is
another unit, though it may bear the old code and name. Days are civil days; a period includes its first day and not
its last. The register of Zhejiang equals the published lists at every year-end from 2012 (programme, chapter 4).
"""

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property
from itertools import pairwise

BEGINNING = date(2012, 1, 1)  # what is in force from then on was in force before
DAY = timedelta(days=1)


class Level(StrEnum):
    """What rank a division has."""

    PROVINCE = "province"  # 省
    CITY = "prefecture_city"  # 设区市
    DISTRICT = "district"  # 市辖区
    COUNTY_CITY = "county_city"  # 县级市
    COUNTY = "county"  # 县
    AUTONOMOUS_COUNTY = "autonomous_county"  # 自治县

    @property
    def rank(self) -> str:
        """Return `city`, `county` or `district`: how the programme addresses the unit and routes its files."""
        return {Level.PROVINCE: "province", Level.CITY: "city", Level.DISTRICT: "district"}.get(self, "county")

    @property
    def tier(self) -> str:
        """Return `city` or `county`: whose standards the unit is held to; a district is of county rank (县、市、区)."""
        return "city" if self is Level.CITY else "county"


OF_COUNTY_RANK = frozenset({Level.DISTRICT, Level.COUNTY_CITY, Level.COUNTY, Level.AUTONOMOUS_COUNTY})
ABOVE = {Level.PROVINCE: None, Level.CITY: Level.PROVINCE} | dict.fromkeys(OF_COUNTY_RANK, Level.CITY)


class Change(StrEnum):
    """What can become of divisions."""

    RENAME = "rename"  # another name, nothing else
    ABOLISH_CREATE = "abolish_create"  # abolished and established under another name and code, on much the same ground
    CITY_TO_DISTRICT = "city_to_district"  # a county-level city becomes a district
    COUNTY_TO_DISTRICT = "county_to_district"  # a county becomes a district
    COUNTY_TO_CITY = "county_to_city"  # a county becomes a county-level city
    MERGE = "merge"  # one or more go into another, or into a new one
    SPLIT_CREATE = "split_create"  # a new one is made of parts of others
    RECONSTITUTE = "reconstitute"  # abolished and established anew under the same code
    BOUNDARY_TRANSFER = "boundary_transfer"  # ground moves between two that stay


# The unit goes on as itself: the act moves its name, rank or code, and the whole of it (programme 8.2, P15).
CONTINUES = frozenset(
    {
        Change.RENAME,
        Change.ABOLISH_CREATE,
        Change.CITY_TO_DISTRICT,
        Change.COUNTY_TO_DISTRICT,
        Change.COUNTY_TO_CITY,
    }
)
# Those it comes from are no more, unless they are among those it leads to.
ENDS = frozenset({Change.MERGE, Change.RECONSTITUTE})


@dataclass(frozen=True)
class Period:
    """A unit while one name and code were in force: from `since`, before `until` (None: still)."""

    unit: str
    code: str
    name: str
    level: Level
    parent: str | None
    since: date
    until: date | None = None

    def covers(self, day: date) -> bool:
        """Return whether it is in force on `day`."""
        return self.since <= day and (self.until is None or day < self.until)


@dataclass(frozen=True)
class Happening:
    """What became of divisions by one act: whom it concerned, and who came of it.

    `effective_on` is the day of the act. The new code may be used later (`code_effective_on`), and the new government
    take office later still (`inaugurated_on`); None where that is the same day or not known. `basis` tells which day
    of the act was taken.
    """

    effective_on: date
    kind: Change
    document_no: str
    from_units: tuple[str, ...]
    to_units: tuple[str, ...]
    note: str = ""
    basis: str = ""
    code_effective_on: date | None = None
    inaugurated_on: date | None = None


@dataclass(frozen=True)
class Lineage:
    """Where a unit comes from and what became of it, each a happening, oldest first."""

    before: tuple[Happening, ...]
    own: tuple[Happening, ...]
    after: tuple[Happening, ...]


@dataclass(frozen=True)
class Fault:
    """What breaks a rule of the register, and at which unit."""

    rule: str
    unit: str
    on: date


class Register:
    """The divisions of a province through time, with what became of them."""

    def __init__(self, periods: Iterable[Period], happenings: Iterable[Happening] = ()) -> None:
        self.periods = sorted(periods, key=lambda one: (one.code, one.since))
        self.happenings = sorted(happenings, key=lambda one: one.effective_on)

    def until(self, day: date) -> "Register":
        """Return the register as it could be known on `day`: without the happenings after it."""
        return Register(self.periods, [act for act in self.happenings if act.effective_on <= day])

    def on(self, day: date) -> list[Period]:
        """Return everything in force on `day`, by code."""
        return [period for period in self.periods if period.covers(day)]

    def find(self, unit: str, day: date) -> Period | None:
        """Return what `unit` was on `day`; None before it was established and after it ended."""
        return next((period for period in self._of_unit.get(unit, ()) if period.covers(day)), None)

    def bearer(self, code: str, day: date) -> str | None:
        """Return the unit that bears `code` on `day`: the same code may mean another unit on another day."""
        return next((period.unit for period in self.periods if period.code == code and period.covers(day)), None)

    def code_in_use(self, unit: str, day: date) -> str | None:
        """Return the code that statistics use for `unit` on `day`: the old one until the new one takes effect."""
        waiting = (
            act.effective_on - DAY
            for act in self.happenings
            if unit in act.to_units and act.code_effective_on and act.effective_on <= day < act.code_effective_on
        )
        period = self.find(unit, next(waiting, day))
        return period.code if period else None

    def lineage(self, unit: str) -> Lineage:
        """Return the happenings that brought `unit` forth, those it lived through, and those others came of."""
        own = [act for act in self.happenings if unit in act.from_units and unit in act.to_units]
        before = [act for act in self.happenings if unit in act.to_units and act not in own]
        after = [act for act in self.happenings if unit in act.from_units and act not in own]
        return Lineage(tuple(before), tuple(own), tuple(after))

    def successors(self, unit: str, day: date) -> list[str]:
        """Return the units that stand on `day` where `unit` stood: itself while it lives, else what came of it."""
        periods = self._of_unit.get(unit)
        ended = periods[-1].until if periods else None
        if ended is None or day < ended:
            return [unit] if self.find(unit, day) else []
        heirs = [heir for act in self.lineage(unit).after if act.effective_on == ended for heir in act.to_units]
        return list(dict.fromkeys(one for heir in heirs for one in self.successors(heir, day)))

    def faults(self) -> list[Fault]:
        """Return what breaks the register's rules, none when it is sound.

        A unit is one thing at a time and does not come back; a code means one unit at a time; who stands above is in
        force as long and of the right level; whoever a happening names was there the day before, or is there that day;
        who only changes name, rank or code stays who it is; who merges goes into another; nothing is told twice; and
        nobody appears or ends without a happening.
        """
        return [*self._overlaps(), *self._orphans(), *self._repeated(), *self._strangers(), *self._unexplained()]

    @cached_property
    def _of_unit(self) -> dict[str, list[Period]]:
        found = defaultdict(list)
        for period in sorted(self.periods, key=lambda one: one.since):
            found[period.unit].append(period)
        return found

    def _overlaps(self) -> Iterator[Fault]:
        for unit, periods in self._of_unit.items():
            for one, following in pairwise(periods):
                if one.until != following.since:
                    yield Fault("one thing at a time", unit, following.since)
        by_code = defaultdict(list)
        for period in self.periods:
            by_code[period.code].append(period)
        for periods in by_code.values():
            for one, following in pairwise(periods):
                if one.until is None or one.until > following.since:
                    yield Fault("one unit at a time", following.unit, following.since)

    def _orphans(self) -> Iterator[Fault]:
        for period in self.periods:
            if period.parent is None:
                if ABOVE[period.level] is not None:
                    yield Fault("parent in force", period.unit, period.since)
                continue
            for day in (period.since, (period.until or date.max) - DAY):
                above = self.bearer(period.parent, day)
                found = self.find(above, day) if above else None
                if found is None or found.level is not ABOVE[period.level]:
                    yield Fault("parent in force", period.unit, day)

    def _repeated(self) -> Iterator[Fault]:
        told = set()
        for act in self.happenings:
            sides = (act.from_units, act.to_units)
            if act.kind is Change.MERGE and set(act.from_units) <= set(act.to_units):
                yield Fault("goes into another", ";".join(act.from_units), act.effective_on)
            if (act.effective_on, act.kind, sides) in told or any(len(side) != len(set(side)) for side in sides):
                yield Fault("told once", ";".join(act.from_units), act.effective_on)
            told.add((act.effective_on, act.kind, sides))

    def _strangers(self) -> Iterator[Fault]:
        for act in self.happenings:
            if act.kind in CONTINUES and act.from_units != act.to_units:
                yield Fault("goes on as itself", ";".join(act.from_units), act.effective_on)
            for unit in act.from_units:
                if self.find(unit, act.effective_on - DAY) is None:
                    yield Fault("there the day before", unit, act.effective_on)
            for unit in act.to_units:
                if self.find(unit, act.effective_on) is None:
                    yield Fault("there that day", unit, act.effective_on)

    def _unexplained(self) -> Iterator[Fault]:
        begun = {(unit, act.effective_on) for act in self.happenings for unit in act.to_units}
        left = {(unit, act.effective_on) for act in self.happenings for unit in act.from_units}
        for unit, periods in self._of_unit.items():
            for period in periods:
                if period.since != BEGINNING and (unit, period.since) not in begun:
                    yield Fault("by a happening", unit, period.since)
            if periods[-1].until is not None and (unit, periods[-1].until) not in left:
                yield Fault("by a happening", unit, periods[-1].until)


def amended(register: Register, act: Happening, begun: Sequence[Period]) -> Register:
    """Return `register` with `act` and the periods `begun` by it; what the act replaces ends on its day.

    Of a merger or a reconstitution those end that are not among whom it leads to. The caller asks the answer for its
    faults.
    """
    day = act.effective_on
    over = {period.unit for period in begun}
    if act.kind in ENDS:
        over |= set(act.from_units) - set(act.to_units)
    kept = [replace(one, until=day) if one.unit in over and one.until is None else one for one in register.periods]
    return Register([*kept, *begun], [*register.happenings, act])


def read_periods(lines: Iterable[str]) -> list[Period]:
    """Return the periods of a CSV file with a header: code, unit, name, level, parent_code, valid_from, valid_to."""
    return [
        Period(
            unit=row["unit"],
            code=row["code"],
            name=row["name"],
            level=Level(row["level"]),
            parent=row["parent_code"] or None,
            since=date.fromisoformat(row["valid_from"]),
            until=_day(row["valid_to"]),
        )
        for row in csv.DictReader(lines)
    ]


def read_happenings(lines: Iterable[str]) -> list[Happening]:
    """Return the happenings of a CSV file with a header named like the fields; units are separated by semicolons."""
    return [
        Happening(
            effective_on=date.fromisoformat(row["effective_on"]),
            kind=Change(row["kind"]),
            document_no=row["document_no"],
            from_units=_units(row["from_units"]),
            to_units=_units(row["to_units"]),
            note=row["note"],
            basis=row["basis"],
            code_effective_on=_day(row["code_effective_on"]),
            inaugurated_on=_day(row["inaugurated_on"]),
        )
        for row in csv.DictReader(lines)
    ]


def _units(text: str) -> tuple[str, ...]:
    return tuple(text.split(";")) if text else ()


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
