"""What the editors of the studio ask their doors, as plain JSON."""

from typing import Any

from flask import request
from werkzeug.exceptions import BadRequest


def wanted() -> dict[str, Any]:
    """Return the JSON object of the request; raise BadRequest for anything else."""
    told = request.get_json()
    if not isinstance(told, dict):
        raise BadRequest
    return told


def text(told: dict[str, Any], name: str) -> str:
    """Return a text that was asked with; raise BadRequest where it is missing."""
    found = told.get(name)
    if not isinstance(found, str):
        raise BadRequest
    return found


def texts(found: Any) -> dict[str, str]:
    """Return what was typed by name; raise BadRequest for anything but texts."""
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise BadRequest
    return found
