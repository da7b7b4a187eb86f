"""What an instance remembers beside its tokens, carried into a new version: what can be undone, clocks that stand."""

from typing import Any

from engine.bpmn.baggage import Data
from engine.bpmn.counterparts import Home, Pair


def interruption(pair: Pair, old: str, new: str, kept: Data) -> None:
    """Rename the event sub-process that has interrupted a scope."""
    if "interrupted" in kept:
        found = pair.node((old, kept["interrupted"]), pair.new.chain[new][0])
        kept["interrupted"] = found[1] if found is not None else kept["interrupted"]


def records(pair: Pair, old: str, new: str, known: list[Data], missing: list[Home]) -> list[Data]:
    """Return the records of completed activities that can still be undone; the others are added to `missing`."""
    found = []
    for record in known:
        home = pair.node((old, record["activity"]), pair.new.chain[new][0])
        renamed = _record(pair, old, home, record, missing) if home is not None and home[0] == new else None
        if renamed is None:
            missing.append((old, record["activity"]))
        else:
            found.append(renamed)
    return found


def away(pair: Pair, kept: Data) -> None:
    """Rename the steps whose clocks stand still because they were returned; what is gone needs none."""
    if "away" not in kept:
        return
    homes = {name: (spec, name) for spec in pair.old.chain for name in pair.old.model.specs[spec].task_specs}
    found = {}
    for name, term in kept["away"].items():
        process = pair.process(pair.old.chain[homes[name][0]][0]) if name in homes else None
        home = pair.node(homes[name], process) if process is not None else None
        found[home[1] if home is not None else name] = term
    kept["away"] = found


def _record(pair: Pair, old: str, home: Home, record: Data, missing: list[Home]) -> Data | None:
    before, after = pair.old.node((old, record["activity"])), pair.new.node(home)
    if record["handler"] and not after.handler:
        return None
    renamed = {**record, "activity": home[1], "handler": after.handler if record["handler"] else None}
    if record["inner"] or record["within"]:
        inside = before.inside.name, after.inside.name
        renamed["inner"] = records(pair, *inside, record["inner"], missing)
        renamed["within"] = _within(after) if record["within"] else None
        if record["within"] and not renamed["within"]:
            return None
    return renamed


def _within(node: Any) -> str | None:
    return next((str(one.name) for one in node.inside.handlers if one.awaited.event == "compensation"), None)
