"""Notices: what people are told of what happened - at their desk always, elsewhere as they chose - each thing once."""
