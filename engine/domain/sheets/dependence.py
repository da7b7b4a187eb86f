"""What hangs on what in a score sheet, and what another value or another indicator set would make of it."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from engine.domain import canonical
from engine.domain.indicators import Indicator, Method, Missing
from engine.domain.sheets.composing import About, Entry, Frozen, Sheet, by_code, compose, read_set

Key = tuple[str, int, str]


def depends(sheet: Entry, key: Key) -> list[str]:
    """Return the paths in a sheet that hang on the input `key` (unit, year, code): indicators, groups, the total.

    Empty when the input is not among those of the sheet or nothing is reckoned from it. A path that is told may still
    stand when the input moves: a cap, rounding or a bound of the method can hide it; one that is not told never moves.
    """
    unit, year, code = key
    if all((one["unit"], one["year"], one["code"]) != key for one in sheet["inputs"]):
        return []
    indicators = read_set(sheet["set"]).indicators
    hit = [one for one in indicators if one.formula and code in one.formula.names and _reads(one, sheet, unit, year)]
    if any(one.missing is Missing.EXCLUDE for one in hit):
        hit = list(indicators)  # what is left out gives its weight to the others, and takes it back
    if not hit:
        return []
    groups = dict.fromkeys(one.group for one in hit)
    gates = [f"gates/{one.code}" for one in hit if one.gate]
    return [*(f"indicators/{one.code}" for one in hit), *gates, *(f"groups/{group}" for group in groups), "total"]


def with_value(sheet: Entry, key: Key, value: Decimal | float | str | None) -> Sheet:
    """Return the sheet as it would be were the value of one input another; raise StepFailed as `compose` does."""
    inputs = [
        {**one, "value": value} if (one["unit"], one["year"], one["code"]) == key else one for one in sheet["inputs"]
    ]
    return compose(_about(sheet), Frozen(sheet["set"]["code"], sheet["set"]["rows"]), inputs, by_code(sheet["experts"]))


def rescored(sheet: Entry, frozen: Frozen, more: Iterable[Entry] = ()) -> Sheet:
    """Return the sheet as it would be under another indicator set; `more` are inputs that the sheet itself lacks."""
    known = {(one["unit"], one["year"], one["code"]) for one in sheet["inputs"]}
    added = [one for one in more if (one["unit"], one["year"], one["code"]) not in known]
    return compose(_about(sheet), frozen, [*sheet["inputs"], *added], by_code(sheet["experts"]))


def moved(before: Entry, after: Entry) -> list[dict[str, Any]]:
    """Return the indicators whose points differ, the widest first: code, name, before, after, by, and why (zh, en).

    `before` is null for an indicator that is new, `after` for one that is gone; the numbers are texts of decimals.
    """
    old, new = ({one["code"]: one for one in sheet["indicators"]} for sheet in (before, after))
    told = [_change(old.get(code), new.get(code)) for code in dict.fromkeys([*old, *new])]
    return sorted((one for one in told if one), key=lambda one: (-abs(Decimal(one["by"])), one["code"]))


def _reads(indicator: Indicator, sheet: Entry, unit: str, year: int) -> bool:
    """Tell whether an indicator of a sheet looks at the figures of `unit` in `year`."""
    if unit != sheet["unit"]:
        return indicator.compares and year == sheet["year"]
    past = {sheet["year"]}
    if indicator.method is Method.BASE_INDEX and indicator.base_year is not None:
        past.add(indicator.base_year)
    if indicator.method is Method.CHANGE or indicator.missing is Missing.LAST_YEAR:
        past.add(sheet["year"] - 1)
    return year in past


def _about(sheet: Entry) -> About:
    return About(**{name: sheet[name] for name in About.__dataclass_fields__})


def _change(old: Entry | None, new: Entry | None) -> dict[str, Any] | None:
    before, after = (Decimal(one["points"]) if one else None for one in (old, new))
    by = (after or Decimal()) - (before or Decimal())
    one = new or old
    if one is None or (by == 0 and before is not None and after is not None):
        return None
    zh, en = _why(old, new, canonical.decimal(by))
    told = {"code": one["code"], "name": one["name"], "before": _text(before), "after": _text(after), "by": _text(by)}
    return {**told, "zh": zh, "en": en}


def _text(value: Decimal | None) -> str | None:
    return None if value is None else canonical.decimal(value)


def _why(old: Entry | None, new: Entry | None, by: str) -> tuple[str, str]:
    if old is None or new is None:
        one: Any = new or old
        zh = "新增指标" if old is None else "指标已取消"
        en = "is a new indicator" if old is None else "is no longer an indicator"
        return f"{one['code']}{one['name']}：{zh}，影响{by}分", f"{one['code']} {en}: {by} points"
    causes = _causes(old, new)
    zh = "，".join(zh for zh, _ in causes) or "计分方法不同"
    en = ", ".join(en for _, en in causes) or "another method"
    head = f"{new['code']}{new['name']}由{old['points']}分变为{new['points']}分（{by}）：{zh}"
    return head, f"{new['code']} moves from {old['points']} to {new['points']} ({by}): {en}"


CAUSES: Sequence[tuple[str, str, str]] = (
    ("value", "数值", "value"),
    ("standard", "标准值", "standard"),
    ("weight", "权重", "weight"),
    ("method", "方法", "method"),
    ("formula", "公式", "formula"),
    ("cap", "上限", "cap"),
    ("kind", "类型", "kind"),
)


def _causes(old: Entry, new: Entry) -> list[tuple[str, str]]:
    return [
        (f"{zh}由{_shown(old[name])}改为{_shown(new[name])}", f"{en} {_shown(old[name])} → {_shown(new[name])}")
        for name, zh, en in CAUSES
        if old.get(name) != new.get(name)
    ]


def _shown(value: Any) -> str:
    return "—" if value is None else str(value)
