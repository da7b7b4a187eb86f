"""Titles of official documents: broken into lines of like length, by meaning, never inside a word.

GB/T 9704-2012 §7.3.1: 回行时，要做到词意完整，排列对称，长短适宜，间距恰当.
"""

import unicodedata
from itertools import pairwise

LONGEST_LINE = 19.0  # characters of 2号; the 156 mm of the text area hold 20
_NARROW = 0.55  # how wide a character is that is no Chinese one
_MOST_ON_LINE = int(LONGEST_LINE / _NARROW)
_AFTER = "的、，：；）》”"  # a line may well end here
_BEFORE = "（《“"  # a line may well begin here
_TOGETHER = (
    "创新型", "试点", "试点县", "试点市", "试点区", "城市", "工作", "通知", "申报", "认定", "公示", "名单", "决定",
    "报告", "年度", "情况", "关于", "单位", "材料", "异议", "处理", "统计", "监测", "测评", "结果", "限期", "整改",
    "称号", "复函",
)  # fmt: skip
_CLINGING = "、，：；）》”的及和与"  # never begins a line
_GOOD, _BAD = 1.5, 6.0


def title_lines(title: str) -> list[str]:
    """Return the lines of a title: as few as possible, then of like length, ending where the meaning ends."""
    need = _width(title)
    count = max(1, -int(-need // LONGEST_LINE))
    lines = _best(title, count) if count > 1 else [title]
    return lines or _best(title, count + 1) or [title]


def _best(title: str, count: int) -> list[str]:
    """Return the cheapest way to break `title` into `count` lines; empty when none fits."""
    target = _width(title) / count
    costs: dict[tuple[int, int], tuple[float, int]] = {(0, 0): (0.0, 0)}
    for line in range(1, count + 1):
        for end in range(1, len(title) + 1):
            ways = [
                (costs[line - 1, start][0] + _cost(title, start, end, target), start)
                for start in range(max(0, end - _MOST_ON_LINE), end)
                if (line - 1, start) in costs and _width(title[start:end]) <= LONGEST_LINE
            ]
            if ways:
                costs[line, end] = min(ways)
    if (count, len(title)) not in costs:
        return []
    ends = [len(title)]
    for line in range(count, 0, -1):
        ends.append(costs[line, ends[-1]][1])
    return [title[start:end] for start, end in pairwise(reversed(ends))]


def _cost(title: str, start: int, end: int, target: float) -> float:
    uneven = abs(_width(title[start:end]) - target)
    return uneven + (_break_cost(title, end) if end < len(title) else 0.0)


def _break_cost(title: str, at: int) -> float:
    left, right = title[at - 1], title[at]
    if right in _CLINGING or left in _BEFORE or (left.isascii() and right.isascii()):
        return _BAD * 4
    if title.count("（", 0, at) > title.count("）", 0, at):
        return _BAD
    if any(word in title[max(0, at - len(word) + 1) : at + len(word) - 1] for word in _TOGETHER):
        return _BAD
    if left in _AFTER or right in _BEFORE:
        return -_GOOD
    return _GOOD


def _width(text: str) -> float:
    return sum(1.0 if unicodedata.east_asian_width(one) in "WFA" else _NARROW for one in text)
