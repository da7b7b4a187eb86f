"""The archive: the newest package of a case, for whoever checks it elsewhere with `icity verify`."""

import io
from typing import cast

from flask import Response, current_app, g, send_file

from engine import archive, files
from engine.settings import Settings
from server import auth
from server.api.openapi import Blueprint

api = Blueprint("archive", __name__, description="Archived cases")
MEDIA = "application/zip"
DIGEST = "X-Content-SHA256"


@api.get("/cases/<case_id>/archive")
@auth.signed_in
def package(case_id: str) -> Response:
    """Give the newest package of a case; the header X-Content-SHA256 is the digest the case remembers."""
    found = archive.package_of(g.session, g.actor, case_id)
    content = files.content(_settings().var_path, found.package)
    reply = send_file(io.BytesIO(content), MEDIA, as_attachment=True, download_name=f"{case_id}.zip")
    reply.headers[DIGEST] = found.package
    return reply


def _settings() -> Settings:
    return cast("Settings", current_app.extensions["icity"].settings)
