"""From the rows of indicators.csv to indicator sets, and back.

A row is an indicator, unless its kind says otherwise: `set` tells what the set is (title, series, version, days in
force, basis), `input` tells more of a figure that indicators name (definition, bridges, relations, range).
"""

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

import orjson

from engine.domain.indicators.cells import Cells, Fault, Finding, Row
from engine.domain.indicators.model import (
    FULL_WEIGHT,
    About,
    Indicator,
    IndicatorSet,
    Kind,
    Level,
    Method,
    Missing,
    RawInput,
)
from engine.errors import ModelRefused, NotFound

NEEDED = (
    "set", "group_code", "group_name", "code", "name", "unit", "direction", "kind", "weight", "standard_city",
    "standard_county", "cap", "is_gate", "gate_rule", "raw_inputs", "raw_names", "raw_units", "formula", "owner_dept",
    "basis",
)  # fmt: skip
COLUMNS = (
    *NEEDED, "method", "low", "high", "bonus", "base_year", "missing", "definition", "bridges", "relation", "range",
    "series", "version", "valid_from", "valid_to",
)  # fmt: skip
HEAD, INPUT = "set", "input"
NATURAL = {Kind.QUANT: Method.STANDARD, Kind.QUAL: Method.EXPERTS, Kind.RANK: Method.RANK}
WIDEST_CAP = Decimal(1000)


def read_rows(content: bytes) -> list[dict[str, str]]:
    """Return the rows of an indicators.csv with every column of COLUMNS; raise ModelRefused when it is no such table.

    The columns that came later may be missing; their cells are empty then.
    """
    try:
        reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig")), strict=True)
        rows = list(reader)
    except (UnicodeDecodeError, csv.Error) as fault:
        raise _refused("unreadable", "无法读取指标表", f"cannot be read: {fault}") from None
    given = reader.fieldnames or ()
    wrong = [column for column in NEEDED if column not in given] + [name for name in given if name not in COLUMNS]
    if wrong or any(None in row or None in row.values() for row in rows):
        names = ", ".join(wrong) or "?"
        raise _refused("columns", f"列名或列数不符：{names}", f"columns differ: {names}")
    return [{column: row.get(column, "") for column in COLUMNS} for row in rows]


def write_rows(rows: Iterable[Row]) -> bytes:
    """Return `rows` as an indicators.csv; reading it gives the same rows."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue().encode()


def codes(rows: Iterable[Row]) -> list[str]:
    """Return the codes of the sets among `rows` in order."""
    return list(dict.fromkeys(row["set"] for row in rows))


def of(rows: Iterable[Row], code: str) -> list[dict[str, str]]:
    """Return the rows of the set `code`: what a round freezes; raise NotFound when there are none."""
    own = [dict(row) for row in rows if row["set"] == code]
    if not own:
        raise NotFound(indicator_set=code)
    return own


def digest(rows: Iterable[Row]) -> str:
    """Return the SHA-256 of the rows of a set, empty cells aside: the same set has the same digest for good."""
    plain = [{column: cell for column, cell in row.items() if cell} for row in rows]
    return hashlib.sha256(orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)).hexdigest()


def in_force(rows: Iterable[Row], series: str, on: date) -> str:
    """Return the code of the version of `series` that holds on the day `on`; raise NotFound when none does."""
    known = list(rows)
    for code in codes(known):
        about = parse(known, code).about
        if about.series == series and about.holds(on):
            return code
    raise NotFound(series=series, on=on.isoformat())


def parse(rows: Iterable[Row], code: str) -> IndicatorSet:
    """Return the set `code`; raise NotFound when there is none, ModelRefused naming every fault of its rows."""
    found, wrong = _read(of(rows, code), code)
    if wrong:
        raise ModelRefused(findings=[fault.finding() for fault in wrong])
    return found


def faults(rows: Iterable[Row], code: str) -> list[Fault]:
    """Return what is wrong with the set `code`, each at its row (counted from 0 within the set) and column."""
    return _read(of(rows, code), code)[1]


def check(rows: Iterable[Row]) -> list[Finding]:
    """Return the faults of every set among `rows`; empty when all may be deployed."""
    known = list(rows)
    findings = [fault.finding() for code in codes(known) for fault in faults(known, code)]
    return findings or [fault.finding() for fault in _together(known)]


def _read(own: list[dict[str, str]], code: str) -> tuple[IndicatorSet, list[Fault]]:
    cells = [Cells(row, place) for place, row in enumerate(own)]
    heads, inputs = ([one for one in cells if one.text("kind") == kind] for kind in (HEAD, INPUT))
    rest = [one for one in cells if one.text("kind") not in (HEAD, INPUT)]
    described = [(one, _input(one)) for one in inputs]
    declared = {raw.code: raw for _, raw in described}
    found = IndicatorSet(
        code,
        {one.row["group_code"]: one.row["group_name"] for one in rest},
        tuple(_indicator(one, declared) for one in rest),
        _about(heads[0]) if heads else About(),
    )
    wrong = [*_whole(found, heads, rest), *_inputs(found, described, rest)]
    return found, [fault for one in cells for fault in one.faults] + wrong


def _about(cell: Cells) -> About:
    about = About(
        title=cell.row["name"],
        series=cell.text("series"),
        version=cell.text("version"),
        valid_from=cell.day("valid_from"),
        valid_to=cell.day("valid_to"),
        basis=cell.row["basis"],
    )
    if about.valid_from and about.valid_to and about.valid_to <= about.valid_from:
        cell.fault("valid_to", "失效日期应晚于生效日期", "must be later than valid_from")
    return about


def _input(cell: Cells) -> RawInput:
    return RawInput(
        code=cell.row["code"],
        name=cell.row["name"],
        unit=cell.row["unit"],
        definition=cell.text("definition"),
        bridges=cell.bridges(),
        ties=cell.ties(),
        range=cell.expression("range"),
    )


def _indicator(cell: Cells, declared: Mapping[str, RawInput]) -> Indicator:
    row = cell.row
    kind = cell.one_of("kind", Kind, Kind.QUANT)
    method = cell.one_of("method", Method, NATURAL[kind])
    indicator = Indicator(
        code=row["code"],
        name=row["name"],
        group=row["group_code"],
        unit=row["unit"],
        negative=cell.choice("direction", ("+", "-")) == "-",
        kind=kind,
        weight=cell.number("weight"),
        standards={
            Level.CITY: _standard(cell, "standard_city", method),
            Level.COUNTY: _standard(cell, "standard_county", method),
        },
        cap=_cap(cell, method),
        gate=cell.expression("gate_rule") if row["is_gate"] == "1" else None,
        formula=cell.expression("formula"),
        raw=tuple(_merged(raw, declared) for raw in cell.raw_inputs()),
        owner=row["owner_dept"],
        basis=row["basis"],
        method=method,
        missing=cell.one_of("missing", Missing, Missing.ZERO),
        low=cell.maybe_number("low"),
        high=cell.maybe_number("high"),
        bonus=cell.maybe_number("bonus") or Decimal(),
        base_year=cell.year("base_year"),
    )
    return _checked(indicator, cell)


def _standard(cell: Cells, column: str, method: Method) -> Decimal:
    # Experts score out of a hundred, and the other methods need no standard, so theirs need not be written.
    needs = method in (Method.STANDARD, Method.TARGET)
    return cell.number(column) if needs or cell.text(column) else FULL_WEIGHT


def _cap(cell: Cells, method: Method) -> Decimal:
    if cell.text("cap"):
        return cell.number("cap")
    return WIDEST_CAP if method in (Method.TARGET, Method.BASE_INDEX, Method.CHANGE) else FULL_WEIGHT


def _merged(raw: RawInput, declared: Mapping[str, RawInput]) -> RawInput:
    more = declared.get(raw.code)
    return raw if more is None else replace(more, name=raw.name, unit=raw.unit)


def _checked(indicator: Indicator, cell: Cells) -> Indicator:
    if indicator.formula is None and indicator.kind != Kind.QUAL:
        cell.fault("formula", "缺少计算公式", "has no formula")
    if indicator.formula is not None and (strange := indicator.formula.names - {raw.code for raw in indicator.raw}):
        names = ", ".join(sorted(strange))
        cell.fault("formula", f"公式使用了未列出的数据：{names}", f"uses figures that are not listed: {names}")
    if cell.row["is_gate"] == "1" and indicator.gate is None:
        cell.fault("gate_rule", "缺少门槛规则", "has no gate rule")
    _check_method(indicator, cell)
    return indicator


def _check_method(indicator: Indicator, cell: Cells) -> None:
    low, high = indicator.low, indicator.high
    if indicator.bonus < 0:
        cell.fault("bonus", "加分上限不得为负", "must not be negative")
    if indicator.method is Method.BASE_INDEX and indicator.base_year is None:
        cell.fault("base_year", "指数法缺少基期年份", "an index number needs its base year")
    if (low is None) != (high is None):
        cell.fault(
            "high" if high is None else "low", "不允许值和满意值应同时填写", "give both low and high, or neither"
        )
    elif low is not None and high is not None and (low == high or (low > high) != indicator.negative):
        cell.fault("high", "满意值应优于不允许值", "must be better than low in the direction of the indicator")


def _whole(found: IndicatorSet, heads: list[Cells], rest: list[Cells]) -> Iterator[Fault]:
    """Tell what no row alone can tell: the sum of weights, codes that are used twice, more than one head."""
    for head in heads[1:]:
        yield Fault(head.place, "kind", found.code, "指标体系说明行重复", "a set has one row that describes it")
    total = sum((indicator.weight for indicator in found.indicators), Decimal())
    if rest and total != FULL_WEIGHT:
        zh, en = f"权重合计为{total}，应为100", f"weights add up to {total}, not 100"
        yield Fault(rest[0].place, "weight", found.code, zh, en, "weights")
    if not rest and not heads:
        yield Fault(0, "kind", found.code, "没有指标", "has no indicator")
    seen: set[str] = set()
    for indicator, cell in zip(found.indicators, rest, strict=True):
        if indicator.code in seen or not indicator.code:
            yield Fault(cell.place, "code", indicator.code, "指标代码为空或重复", "no code, or one that is used twice")
        seen.add(indicator.code)


def _inputs(found: IndicatorSet, inputs: list[tuple[Cells, RawInput]], rest: list[Cells]) -> Iterator[Fault]:
    """Tell inputs that are described twice, or differently where an indicator names them, or bound to none."""
    seen: dict[str, tuple[str, str]] = {}
    for place, raw in inputs:
        if not raw.code or raw.code in seen:
            yield Fault(place.place, "code", raw.code or found.code, "数据代码为空或重复", "no code, or one used twice")
        seen[raw.code] = (raw.name, raw.unit)
    for raw, cell in ((raw, cell) for one, cell in zip(found.indicators, rest, strict=True) for raw in one.raw):
        if seen.setdefault(raw.code, (raw.name, raw.unit)) != (raw.name, raw.unit):
            zh, en = f"{raw.code}的名称或单位前后不一致", f"{raw.code} has two names or units"
            yield Fault(cell.place, "raw_inputs", cell.row["code"], zh, en)
    for place, other in ((place, other) for place, raw in inputs for _, other in raw.ties):
        if other not in seen:
            yield Fault(
                place.place, "relation", place.row["code"], f"关系中的数据不存在：{other}", f"no figure {other}"
            )


def _together(rows: list[Row]) -> Iterator[Fault]:
    """Tell versions of one series whose days overlap."""
    known = {code: parse(rows, code).about for code in codes(rows)}
    for code, about in known.items():
        for other, them in known.items():
            if code < other and about.series and about.series == them.series and _overlap(about, them):
                zh, en = f"与{other}的有效期重叠", f"holds on days on which {other} holds"
                yield Fault(0, "valid_from", code, zh, en)


def _overlap(one: About, other: About) -> bool:
    first, second = sorted((one, other), key=lambda about: about.valid_from or date.min)
    return first.valid_to is None or first.valid_to > (second.valid_from or date.min)


def _refused(rule: str, zh: str, en: str) -> ModelRefused:
    return ModelRefused(findings=[{"element": "", "rule": rule, "text": {"zh": zh, "en": en}}])
