"""Administrative divisions: the register of Zhejiang as it stood on any day since 2012."""

from collections import Counter
from dataclasses import replace
from datetime import date

import pytest

from engine.domain.divisions import (
    BEGINNING,
    CONTINUES,
    OF_COUNTY_RANK,
    Change,
    Happening,
    Level,
    Period,
    Register,
    amended,
    read_happenings,
    read_periods,
)
from engine.settings import ROOT

TODAY = date(2026, 11, 23)
CITY = Period("C", "C", "市", Level.CITY, None, BEGINNING)


def zhejiang() -> Register:
    with (ROOT / "config" / "divisions.csv").open(encoding="utf-8") as lines:
        periods = read_periods(lines)
    with (ROOT / "config" / "division_events.csv").open(encoding="utf-8") as lines:
        return Register(periods, read_happenings(lines))


REGISTER = zhejiang()


def county(unit, since=BEGINNING, until=None, **more):
    return Period(**{"unit": unit, "code": unit, "name": unit, "level": Level.COUNTY, "parent": "C", "since": since,
                     "until": until, **more})  # fmt: skip


def rules(*periods, happenings=()):
    above = replace(CITY, parent="P")
    province = Period("P", "P", "省", Level.PROVINCE, None, BEGINNING)
    return {fault.rule for fault in Register([province, above, *periods], happenings).faults()}


# Districts, county-level cities, counties, autonomous counties: the table of programme chapter 4, whose printed
# year-ends equal the published lists, and between them what the happenings of each year make of the year before.
COUNTS = {
    date(2012, 5, 21): (32, 22, 35, 1),
    date(2012, 12, 31): (32, 22, 35, 1),
    date(2013, 12, 31): (34, 21, 34, 1),
    date(2014, 12, 31): (35, 20, 34, 1),
    date(2015, 12, 31): (36, 20, 33, 1),
    date(2016, 12, 31): (36, 19, 33, 1),
    date(2017, 12, 31): (37, 19, 32, 1),
    date(2018, 12, 31): (37, 19, 32, 1),
    date(2019, 12, 31): (37, 20, 32, 1),
    date(2020, 12, 31): (37, 20, 32, 1),
    date(2021, 12, 31): (37, 20, 32, 1),
    date(2022, 12, 31): (37, 20, 32, 1),
    date(2023, 12, 31): (37, 20, 32, 1),
    date(2024, 12, 31): (37, 20, 32, 1),
    date(2025, 12, 31): (37, 20, 32, 1),
    TODAY: (37, 20, 32, 1),
}
TOTALS = {2012: 90, 2013: 90, 2014: 90, 2015: 90, 2016: 89, 2017: 89, 2018: 89, 2019: 90, 2026: 90}


@pytest.mark.parametrize("day", COUNTS)
def test_counts_equal_the_published_ones(day):
    levels = (Level.DISTRICT, Level.COUNTY_CITY, Level.COUNTY, Level.AUTONOMOUS_COUNTY)
    counts = Counter(period.level for period in REGISTER.on(day))
    assert tuple(counts[level] for level in levels) == COUNTS[day]
    assert (counts[Level.PROVINCE], counts[Level.CITY]) == (1, 11)
    assert sum(COUNTS[day]) == TOTALS.get(day.year, 90)


def test_happenings_alone_lead_from_the_units_of_2012_to_those_of_every_day_after():
    """Replay: what ends and begins is told by the happenings, without looking at the periods between."""
    standing = {period.unit for period in REGISTER.on(BEGINNING)}
    for act in REGISTER.happenings:
        if act.kind in {Change.MERGE, Change.RECONSTITUTE}:
            standing -= set(act.from_units) - set(act.to_units)
        if act.kind not in CONTINUES:
            standing |= set(act.to_units)
        day = act.effective_on
        if act is [one for one in REGISTER.happenings if one.effective_on == day][-1]:
            assert standing == {period.unit for period in REGISTER.on(day)}
    assert standing == {period.unit for period in REGISTER.on(TODAY)}


def test_register_of_zhejiang_is_sound():
    assert REGISTER.faults() == []
    assert len({period.unit for period in REGISTER.periods}) == 1 + 11 + 90 + 6
    assert "330371" not in {period.code for period in REGISTER.periods}  # a development zone is no unit


def test_unit_keeps_its_identity_through_a_new_name_rank_and_code():
    fuyang = [(p.code, p.name, p.level.rank) for p in REGISTER.periods if p.unit == "330183"]
    assert sorted(fuyang) == [("330111", "富阳区", "district"), ("330183", "富阳市", "county")]
    assert REGISTER.find("330183", date(2014, 12, 12)).name == "富阳市"
    assert REGISTER.find("330183", date(2014, 12, 13)).name == "富阳区"
    assert REGISTER.successors("330183", TODAY) == ["330183"]


@pytest.mark.parametrize(("code", "name"), [("330102", "上城区"), ("330105", "拱墅区"), ("330110", "余杭区")])
def test_code_and_name_survive_the_unit_that_bore_them(code, name):
    eve, day = date(2021, 3, 10), date(2021, 3, 11)
    assert (REGISTER.bearer(code, eve), REGISTER.bearer(code, day)) == (code, f"{code}-2021")
    assert REGISTER.find(code, eve).name == REGISTER.find(f"{code}-2021", day).name == name
    assert REGISTER.find(code, day) is None
    assert f"{code}-2021" in REGISTER.successors(code, TODAY)


def test_splits_and_mergers_are_many_to_many():
    assert REGISTER.successors("330104", TODAY) == ["330102-2021", "330114"]
    qiantang = REGISTER.lineage("330114")
    assert [act.from_units for act in qiantang.before] == [("330104", "330109")]
    yinzhou = REGISTER.lineage("330212")
    assert [act.kind for act in (*yinzhou.before, *yinzhou.after)] == [Change.MERGE, Change.BOUNDARY_TRANSFER]
    assert REGISTER.lineage("330183").own[0].kind is Change.CITY_TO_DISTRICT
    assert REGISTER.successors("330204", TODAY) == ["330212"]
    assert REGISTER.successors("330204", BEGINNING) == ["330204"]
    assert REGISTER.successors("330114", BEGINNING) == REGISTER.successors("999999", TODAY) == []


@pytest.mark.parametrize(
    ("unit", "day", "code"),
    [
        ("331021", "2017-04-10", "331021"),
        ("331021", "2017-04-11", "331021"),  # decided, and the new code not yet in use
        ("331021", "2017-08-31", "331083"),
        ("330185", "2017-10-30", "330185"),
        ("330185", "2017-10-31", "330112"),
        ("330183", "2014-12-13", "330111"),
        ("330114", "2020-01-01", None),
    ],
)
def test_statistics_use_the_old_code_until_the_new_one_takes_effect(unit, day, code):
    assert REGISTER.code_in_use(unit, date.fromisoformat(day)) == code


def test_three_days_of_one_act_are_kept_apart():
    linan = next(act for act in REGISTER.happenings if act.to_units == ("330185",))
    assert (linan.effective_on, linan.inaugurated_on) == (date(2017, 8, 11), date(2017, 9, 15))
    longgang = next(act for act in REGISTER.happenings if act.to_units == ("330383",))
    assert (longgang.effective_on, longgang.inaugurated_on) == (date(2019, 8, 16), date(2019, 9, 25))


def test_county_that_becomes_a_district_is_routed_otherwise():
    assert [REGISTER.find("330322", date(year, 12, 31)).level.rank for year in (2014, 2015)] == ["county", "district"]
    assert {level.tier for level in OF_COUNTY_RANK} == {"county"}
    assert (Level.CITY.rank, Level.CITY.tier, Level.PROVINCE.rank) == ("city", "city", "province")


CHANGE = date(2015, 7, 1)


@pytest.mark.parametrize(
    ("periods", "rule"),
    [
        ([county("A"), county("A", CHANGE, code="B")], "one thing at a time"),
        ([county("A", until=date(2014, 1, 1)), county("A", CHANGE)], "one thing at a time"),
        ([county("A"), county("B", code="A")], "one unit at a time"),
        ([county("A", parent="nowhere")], "parent in force"),
        ([county("A"), county("B", parent="A")], "parent in force"),
        ([county("A", parent=None)], "parent in force"),
        ([county("A", CHANGE)], "by a happening"),
        ([county("A", until=CHANGE)], "by a happening"),
    ],
)
def test_unsound_register_is_told(periods, rule):
    assert rule in rules(*periods)


def test_happening_names_only_who_is_there():
    merge = Happening(CHANGE, Change.MERGE, "", ("A",), ("B",))
    assert rules(county("A", until=CHANGE), county("B"), happenings=[merge]) == set()
    assert rules(county("B"), happenings=[merge]) == {"there the day before"}
    assert rules(county("A", until=CHANGE), happenings=[merge]) == {"there that day"}


def test_unit_that_is_renamed_stays_who_it_is():
    renamed = Happening(CHANGE, Change.RENAME, "", ("A",), ("B",))
    assert rules(county("A"), county("B"), happenings=[renamed]) == {"goes on as itself"}


def test_act_is_entered_where_it_fits():
    register = Register([Period("P", "P", "省", Level.PROVINCE, None, BEGINNING), replace(CITY, parent="P"),
                         county("A"), county("B")])  # fmt: skip
    merged = amended(register, Happening(CHANGE, Change.MERGE, "", ("A",), ("B",)), [])
    assert merged.faults() == []
    assert merged.find("A", CHANGE) is None
    city = county("B", CHANGE, name="B市", level=Level.COUNTY_CITY)
    renamed = amended(merged, Happening(CHANGE, Change.COUNTY_TO_CITY, "", ("B",), ("B",)), [city])
    assert renamed.faults() == []
    assert (renamed.find("B", CHANGE), renamed.find("B", BEGINNING).name) == (city, "B")
    assert register.find("A", CHANGE).unit == "A"
