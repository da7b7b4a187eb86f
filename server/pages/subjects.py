"""What help is written about, and which of it belongs to a page: known by the noun of its address."""

from flask_babel import lazy_gettext as _

SUBJECTS = {
    "inbox": _("My work"),
    "task": _("A task and what may be done with it"),
    "start": _("Start a case"),
    "case": _("A case"),
    "unit": _("Units and their scores"),
    "documents": _("Official documents"),
    "board": _("Board, rankings, bottlenecks"),
    "calendar": _("Calendar"),
    "studio": _("Studio: change programmes"),
    "systems": _("Other systems"),
    "notices": _("Notices"),
    "settings": _("Settings"),
    "sign-in": _("Signing in"),
    "public": _("Public pages"),
    "glossary": _("States and marks"),
}
NOUNS = {
    "tasks": "inbox",
    "start": "start",
    "instances": "case",
    "units": "unit",
    "scores": "unit",
    "figures": "unit",
    "documents": "documents",
    "board": "board",
    "plan": "board",
    "rankings": "board",
    "bottlenecks": "board",
    "calendar": "calendar",
    "studio": "studio",
    "endpoints": "systems",
    "deliveries": "systems",
    "sources": "systems",
    "notices": "notices",
    "settings": "settings",
    "sign-in": "sign-in",
    "public": "public",
}
LISTS = {"", "tasks", "batch", "counts", "filters"}


def of(path: str) -> str | None:
    """Return the subject of the page at `path`; None where help has no page of its own for it."""
    first, _slash, rest = path.strip("/").partition("/")
    if first == "tasks" and rest and rest.split("/")[0] not in LISTS:
        return "task"
    return NOUNS.get(first or "tasks")
