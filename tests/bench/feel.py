"""What expressions and decisions cost: one condition as owners write it, and a table of ten thousand rules."""

import statistics
import time
from collections.abc import Callable
from typing import Any

from lxml import etree

from engine.domain import decisions, feel
from tests.bench.ground import Ground
from tests.bench.table import Row

CONDITION = 'score >= 60 and level in ("A","B")'
DATA = ({"score": 75, "level": "B"}, {"score": 59.5, "level": "A"}, {"score": 90, "level": "C"})
TIMES, ROUNDS = 10_000, 9
RULES = 10_000
DMN = "https://www.omg.org/spec/DMN/20191111/MODEL/"


def expressions(_ground: Ground) -> list[Row]:
    """Evaluate one compiled condition over three sets of data, again and again."""
    condition = feel.compile(CONDITION)

    def evaluate() -> None:
        for _ in range(TIMES // len(DATA)):
            for data in DATA:
                condition.evaluate(data)

    return [Row("feel_eval_us", _median(evaluate) / TIMES * 1e6, "µs", 5)]


def rules(_ground: Ground) -> list[Row]:
    """Let a table of ten thousand rules, by a name, a band of numbers and a condition, decide; and tell it is sound."""
    decision = decisions.parse(_table())["many"]
    cases = [({"place": f"p{number // 100}", "score": number % 100 + 0.5}, number) for number in range(0, RULES, 997)]

    def decide() -> None:
        for data, number in cases:
            if decision.evaluate(data) != number:
                raise AssertionError(number)

    each = _median(decide) / len(cases) * 1e3
    checking = _once(lambda: decisions.check(decision))
    return [
        Row("decision_10000_rules_ms", each, "ms", 5),
        Row("decision_10000_check_ms", checking * 1e3, "ms", 2_000),
    ]


def _table() -> Any:
    rows = "".join(
        f"<rule><inputEntry><text>{cell}</text></inputEntry><inputEntry><text>{band}</text></inputEntry>"
        f"<inputEntry><text>{asked}</text></inputEntry><outputEntry><text>{number}</text></outputEntry></rule>"
        for number in range(RULES)
        for cell, band, asked in [(f'"p{number // 100}"', f"[{number % 100}..{number % 100 + 1})", "? != -1")]
    )
    columns = "".join(
        f'<input><inputExpression typeRef="{type_}"><text>{name}</text></inputExpression></input>'
        for name, type_ in (("place", "string"), ("score", "number"), ("score", "number"))
    )
    return etree.fromstring(
        f'<definitions xmlns="{DMN}"><decision id="many"><decisionTable>{columns}<output/>{rows}</decisionTable>'
        "</decision></definitions>"
    )


def _median(work: Callable[[], Any]) -> float:
    work()
    return statistics.median(_once(work) for _ in range(ROUNDS))


def _once(work: Callable[[], Any]) -> float:
    begun = time.thread_time()
    work()
    return time.thread_time() - begun
