"""The documents of a story, printed and laid into one folder under the names that an official would look for."""

from pathlib import Path

from sqlalchemy import select

from engine import files
from engine.db import Sessions, transaction
from engine.settings import Settings
from engine.tables import OfficialDocument
from server.printing import print_waiting


def lay_out(settings: Settings, sessions: Sessions, folder: Path) -> int:
    """Print what was issued and write every document into `folder` as PDF and DOCX; return how many documents."""
    while print_waiting(sessions, settings):
        pass
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    with transaction(sessions) as session:
        printed = session.scalars(select(OfficialDocument).where(OfficialDocument.pdf.is_not(None))).all()
        for one in printed:
            for digest, ending in ((one.pdf, "pdf"), (one.docx, "docx")):
                content = files.content(settings.var_path, str(digest))
                (folder / f"{one.number} {one.title}.{ending}").write_bytes(content)
    return len(printed)
