"""How the results of a rehearsal read: verdicts, states, plans, and where open steps go."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _

from engine.bpmn.judgements import Verdict
from engine.differences import naming
from engine.tables import GroupPlan, GroupState
from server.pages.words import pick

VERDICTS = {
    Verdict.DECISION: (_("needs a decision"), "amber", _("Say where the open steps go.")),
    Verdict.LOSS: (_("would lose work"), "red", _("Work that was begun has no place in the new version.")),
    Verdict.BLOCKED: (_("cannot be carried over"), "red", _("These end on their old version.")),
    Verdict.MAPPED: (_("finds its place by itself"), "blue", _("Every open step has its counterpart.")),
    Verdict.UNCHANGED: (_("not affected"), "green", _("What is open stands where it stood.")),
}
STATES: Mapping[str, tuple[object, str]] = {
    GroupState.OPEN: (_("not carried over"), "gray"),
    GroupState.QUEUED: (_("is being carried over"), "blue"),
    GroupState.APPLIED: (_("on the new version"), "green"),
    GroupState.UNDOING: (_("is being taken back"), "blue"),
    GroupState.UNDONE: (_("returned to the old version"), "gray"),
}
PLANS: Mapping[str | None, object] = {
    None: _("not decided yet"),
    GroupPlan.CARRY: _("goes on on the new version"),
    GroupPlan.STAY: _("ends on the old version"),
}
OUTCOMES = {
    "carried": (_("carried over"), "green"),
    "undone": (_("returned to the old version"), "gray"),
    "ended": (_("had ended by then"), "gray"),
    "elsewhere": (_("was on another version by then"), "gray"),
}
CHANGES = {
    "name": _("the name"),
    "form": _("the form"),
    "role": _("whose task it is"),
    "deadline": _("the deadline"),
    "process": _("the process around it"),
}


def verdict(value: str) -> dict[str, Any]:
    """Return how a verdict reads."""
    label, tone, hint = VERDICTS[Verdict(value)]
    return {"label": label, "tone": tone, "hint": hint}


def outcome(key: str, many: int) -> dict[str, Any]:
    """Return how what became of so many cases reads."""
    label, tone = OUTCOMES[key]
    return {"label": label, "tone": tone, "count": many}


def called(spot: Mapping[str, Any]) -> str:
    """Return what people call a flow node: its name, or where nobody gave it one what it is."""
    name: str = spot["name"]
    zh, en = naming.KINDS.get(spot.get("tag", ""), (name, name))
    return pick({"zh": zh, "en": en}) if name == spot["key"].rpartition("/")[2] else name


def step(one: Mapping[str, Any], choices: Mapping[str, str]) -> dict[str, Any]:
    """Return how an open step reads: its name, where it goes, and what is otherwise of it now."""
    names = {spot["key"]: called(spot) for spot in one["candidates"]}
    target = called(one["target"]) if one["target"] else ""
    if one["key"] in choices:
        target = names.get(choices[one["key"]]) or gettext("goes nowhere; its branch ends")
    changes = [str(CHANGES[name]) for name in one["changes"] if name in CHANGES]
    return {"name": called(one), "target": target, "changes": gettext(", ").join(changes)}
