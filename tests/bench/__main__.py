"""Run every measurement, print the table beside the peer's figures, write var/bench.json; exit 1 if one is over."""

import json
import sys
import tempfile
from pathlib import Path

from engine.settings import ROOT
from tests.bench import changeovers, clocks, doors, feel, figures, growth, pages, rehearsal, reminding, verbs, webhooks
from tests.bench.ground import laid
from tests.bench.table import Row

MEASUREMENTS = (
    verbs.complete_verb,
    verbs.passes,
    verbs.cold_load,
    doors.complete_http,
    doors.simultaneous,
    clocks.idle_timers,
    clocks.overdue_timers,
    growth.long_loop,
    growth.hundred,
    growth.deploy_lifecycle,
    growth.lists,
    pages.cpu,
    pages.first_paint,
    growth.resident,
    rehearsal.twenty_years,
    changeovers.judging,
    changeovers.carrying,
    reminding.daily_run,
    feel.expressions,
    feel.rules,
    figures.checks,
    webhooks.backlog,
    webhooks.inbound,
)


def main() -> int:
    """Measure, print, write; return 0 when every figure is within its limit."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder, laid(Path(folder)) as ground:
        for measurement in MEASUREMENTS:
            rows += measurement(ground)
            sys.stdout.writelines(_line(row) for row in rows[-len(rows) :] if row not in _told)
            _told.extend(rows)
            sys.stdout.flush()
    target = ROOT / "var" / "bench.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps([row.plain() for row in rows], indent=2), encoding="utf-8")
    return 0 if all(row.ok for row in rows) else 1


_told: list[Row] = []


def _line(row: Row) -> str:
    sign = "≥" if row.at_least else "≤"
    limit = "" if row.limit is None else f"{sign} {row.limit:g}"
    mark = "ok  " if row.ok else "OVER"
    return f"{mark} {row.name:28} {row.value:10.2f} {row.unit:8} {limit:10} peer: {row.peer or '–'}\n"


sys.exit(main())
