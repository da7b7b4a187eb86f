"""The studio: where process owners change programmes; one module a noun, imported for their addresses."""

from server.pages.studio import compare, decisions, drafts, files, forms, library, revisions, sets

__all__ = ["compare", "decisions", "drafts", "files", "forms", "library", "revisions", "sets"]
