"""How well the checks of submitted figures do on a synthetic province with planted errors, seed by seed the same."""

from pathlib import Path

from engine.domain import indicators
from tests.bench.ground import Ground
from tests.bench.table import Row
from tests.support import statistics

SETS = Path(__file__).parents[2] / "workflows" / "innovative-city" / "indicators.csv"
SEEDS = (20120521, 20140701, 20181231)


def checks(_ground: Ground) -> list[Row]:
    """Put four years of 101 units with 28 figures each to the checks, for three seeds; tell the worst of each share."""
    known = indicators.parse(indicators.read_rows(SETS.read_bytes()), "ZJ-DEMO-2012")
    outcomes = [statistics.judged(known, statistics.province(known, seed)) for seed in SEEDS]
    found = min(outcome.found for outcome in outcomes) * 100
    alarms = max(outcome.false_alarms for outcome in outcomes) * 100
    return [
        Row("figures_errors_found", found, "%", 95, at_least=True),
        Row("figures_false_alarms", alarms, "%", 5),
    ]
