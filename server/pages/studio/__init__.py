"""The studio: where process owners change programmes; one module a noun, imported for their addresses."""

from server.pages.studio import (
    catalogue,
    changeovers,
    compare,
    decisions,
    drafts,
    errands,
    files,
    fleet,
    forms,
    library,
    machine,
    revisions,
    scenarios,
    sets,
    timers,
)

__all__ = [
    "catalogue",
    "changeovers",
    "compare",
    "decisions",
    "drafts",
    "errands",
    "files",
    "fleet",
    "forms",
    "library",
    "machine",
    "revisions",
    "scenarios",
    "sets",
    "timers",
]
