"""From a point back to where it came from, one sentence a step, in Chinese and in English."""

from collections.abc import Iterator
from typing import Any

from engine.domain.sheets.composing import Entry, by_code, read_set
from engine.errors import NotFound

Line = dict[str, str]

LEVELS = {"city": ("设区市", "city"), "county": ("县（市、区）", "county")}
ORIGINS = {
    "declared": ("申报", "declared by the applicant"),
    "verified": ("测评核定", "verified by the agency"),
    "monitoring": ("统计监测", "from statistical monitoring"),
    "given": ("流程给出", "given by the process"),
}
METHODS = {
    "standard": ("数值÷标准值×100，上限{cap}", "value ÷ standard × 100, at most {cap}"),
    "target": ("数值÷目标值×100，超额加分有上限", "value ÷ target × 100, with a bonus up to a bound"),
    "base_index": ("数值÷基期数值×100，上限{cap}", "value ÷ value of the base year × 100, at most {cap}"),
    "rank": ("按名次计，第一名100", "by place, 100 for the first"),
    "min_max": ("功效系数60+40×(x−低)÷(高−低)", "60 + 40 × (x − low) ÷ (high − low)"),
    "experts": ("专家评分去掉最高最低后平均", "mean of the experts' scores without the extremes"),
    "change": ("数值÷上年数值×100，上限{cap}", "value ÷ value of the year before × 100, at most {cap}"),
}


def walk(sheet: Entry, path: str) -> list[Line]:
    """Return the steps behind one point as {zh, en}; raise NotFound for a path the sheet does not have.

    Paths: `total`, `groups/<code>`, `indicators/<code>`, `gates/<code>`, `inputs/<code>` of the unit and year itself.
    """
    kind, _, code = path.partition("/")
    if kind == "total" and not code:
        return list(_total(sheet))
    found = next((one for one in _places(sheet).get(kind, ()) if one["code"] == code), None)
    if found is None:
        raise NotFound(path=path)
    return list(WAYS[kind](sheet, found))


def _places(sheet: Entry) -> dict[str, list[Any]]:
    own = [one for one in sheet["inputs"] if (one["unit"], one["year"]) == (sheet["unit"], sheet["year"])]
    return {**{kind: sheet[kind] for kind in ("groups", "indicators", "gates")}, "inputs": own}


def _line(zh: str, en: str) -> Line:
    return {"zh": zh, "en": en}


def _total(sheet: Entry) -> Iterator[Line]:
    level_zh, level_en = LEVELS[sheet["level"]]
    rows = sheet["set"]
    unit, year, total = sheet["unit"], sheet["year"], sheet["total"]
    yield _line(
        f"{unit}以{year}年数据按{rows['code']}（{level_zh}标准）得{total}分。",
        f"{unit} scores {total} with the figures of {year} by {rows['code']} (standards of a {level_en}).",
    )
    yield _line(
        f"该指标体系{_version(rows['version'])[0]}，摘要{rows['digest'][:12]}。",
        f"The set{_version(rows['version'])[1]} has the digest {rows['digest'][:12]}.",
    )
    parts = " + ".join(f"{group['code']} {group['points']}" for group in sheet["groups"])
    yield _line(f"总分为各组得分之和：{parts}。", f"The total is the sum of the groups: {parts}.")
    if sheet["gates"]:
        unmet = "、".join(one["code"] for one in sheet["gates"] if not one["met"])
        yield _line(
            f"门槛指标未达到：{unmet}。" if unmet else "门槛指标全部达到。",
            f"Gates not met: {unmet}." if unmet else "All gates are met.",
        )


def _group(sheet: Entry, group: Entry) -> Iterator[Line]:
    members = [one for one in sheet["indicators"] if one["group"] == group["code"]]
    parts = " + ".join(f"{one['code']} {one['points']}" for one in members)
    name, points, weight = group["name"], group["points"], group["weight"]
    yield _line(
        f"{group['code']}{name}得{points}分，满分{weight}分：{parts}。",
        f"Group {group['code']} {name} earns {points} of {weight} points: {parts}.",
    )


def _indicator(sheet: Entry, one: Entry) -> Iterator[Line]:
    yield _line(
        f"{one['code']}{one['name']}得{one['points']}分，权重{one['weight']}。",
        f"{one['code']} {one['name']} earns {one['points']} points at a weight of {one['weight']}.",
    )
    yield from _value(sheet, one)
    zh, en = (text.format(cap=one["cap"]) for text in METHODS.get(one["method"], (one["method"], one["method"])))
    held_zh, held_en = _standard(one)
    yield _line(
        f"指数{one['index']}：{zh}{held_zh}；得分＝指数{one['index']}×权重{one['weight']}÷100。",
        f"Index {one['index']}: {en}{held_en}; points = index {one['index']} × weight {one['weight']} ÷ 100.",
    )
    if one["gate"] is not None:
        yield from _gate(sheet, one)
    for entry in _read(sheet, one):
        yield from _input(sheet, entry)


def _value(sheet: Entry, one: Entry) -> Iterator[Line]:
    seats = by_code(sheet["experts"]).get(one["code"])
    if seats and one["formula"] is None:
        scores = "、".join(seats)
        yield _line(f"各席位专家评分：{scores}。", f"The experts' scores by seat: {scores}.")
    elif one["formula"] is not None:
        raw = ", ".join(f"{code} = {_shown(value)}" for code, value in one["raw"].items())
        yield _line(f"公式：{one['formula']}，其中{raw}。", f"Formula: {one['formula']} where {raw}.")
    if one["missing"]:
        yield _line("没有数值，按缺失处理。", "There is no value; it is treated as missing.")
    else:
        yield _line(f"数值为{one['value']}{one['unit']}。", f"The value is {one['value']} {one['unit']}.")


def _standard(one: Entry) -> tuple[str, str]:
    if one["standard"] is None or one["method"] not in {"standard", "target"}:
        return "", ""
    return f"（标准值{one['standard']}）", f" (standard {one['standard']})"


def _gate(sheet: Entry, one: Entry) -> Iterator[Line]:
    code = one["code"]
    row = next(row for row in sheet["indicators"] if row["code"] == code)
    met = row["gate"]
    yield _line(
        f"门槛{code}（{row['gate_rule']}）{'达到' if met else '未达到'}，数值{_shown(row['value'])}。",
        f"Gate {code} ({row['gate_rule']}) is {'met' if met else 'not met'} with {_shown(row['value'])}.",
    )


def _read(sheet: Entry, one: Entry) -> list[Any]:
    return [entry for entry in _places(sheet)["inputs"] if entry["code"] in one["raw"]]


def _input(sheet: Entry, entry: Entry) -> Iterator[Line]:
    name, unit = _named(sheet, entry["code"])
    zh, en = ORIGINS.get(entry["origin"], (entry["origin"], entry["origin"]))
    version = "" if entry["version"] is None else f"第{entry['version']}版"
    version_en = "" if entry["version"] is None else f", version {entry['version']}"
    value, year = _shown(entry["value"]), entry["year"]
    yield _line(
        f"{name}（{entry['code']}）{year}年为{value}{unit}，{zh}{version}。",
        f"{name} ({entry['code']}) was {value} {unit} in {year}, {en}{version_en}.",
    )
    yield from _handled(entry)
    if entry["differs"]:
        declared = entry["declared"]
        yield _line(f"申报值为{declared}，与核定值不同。", f"The applicant declared {declared}, which differs.")


def _handled(entry: Entry) -> Iterator[Line]:
    zh, en = [], []
    for key, told_zh, told_en in (
        ("definition", "口径", "definition"),
        ("source", "来源", "source"),
        ("entered_by", "填报", "entered by"),
        ("confirmed_by", "核定", "confirmed by"),
    ):
        if entry[key]:
            zh.append(f"{told_zh}：{entry[key]}")
            en.append(f"{told_en} {entry[key]}")
    if entry["evidence"]:
        zh.append(f"佐证：{'、'.join(digest[:12] for digest in entry['evidence'])}")
        en.append(f"evidence {', '.join(digest[:12] for digest in entry['evidence'])}")
    if zh:
        yield _line(f"{'；'.join(zh)}。", f"{entry['code']}: {'; '.join(en)}.")


def _named(sheet: Entry, code: str) -> tuple[str, str]:
    found = next((raw for raw in read_set(sheet["set"]).raw_inputs() if raw.code == code), None)
    return (found.name, found.unit) if found else (code, "")


def _version(version: str) -> tuple[str, str]:
    return (f"版本{version}", f" (version {version})") if version else ("未标版本", "")


def _shown(value: Any) -> str:
    return "—" if value is None else str(value)


WAYS = {"groups": _group, "indicators": _indicator, "gates": _gate, "inputs": _input}
