"""What a rehearsal costs: the county's lifecycle over twenty years, read, checked and played through."""

import statistics
import time

from engine.rehearsal import Wish, rehearse
from tests.bench.ground import Ground
from tests.bench.table import Row
from tests.support import county

ROUNDS = 5
DECISIONS = 10


def twenty_years(_: Ground) -> list[Row]:
    """Rehearse the shipped programme from a leap day on; the median of some rounds."""
    wish = Wish(data=county.data(), plan=county.plan(), until="P20Y")
    taken = []
    for _round in range(ROUNDS):
        begun = time.perf_counter()
        report = rehearse(county.files(), wish)
        taken.append((time.perf_counter() - begun) * 1000)
        done = [line for line in report.trace if (line["element"], line["event"]) == ("case_decided", "completed")]
        if len(done) != DECISIONS or report.incidents:
            raise RuntimeError(f"the county did not live its life: {report.state} {report.incidents}")
    return [Row("simulate_20y_ms", statistics.median(taken), "ms", 3_000)]
