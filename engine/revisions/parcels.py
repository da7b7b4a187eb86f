"""Files that come in from outside and go out again: single ones and whole programmes, also of other modellers."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import ownership, reviewing
from engine.domain import drafting, starters
from engine.domain.drafting import Parcel
from engine.errors import ImportRefused, NotFound, RevisionRefused
from engine.identity import Actor
from engine.reviewing import Step
from engine.revisions.finding import expect, locked, seen
from engine.revisions.writing import drawn, newest, opened, put, under
from engine.tables import Person, Revision, RevisionFile, RevisionState

ID = re.compile(r"[a-z][a-z0-9-]{1,39}")
SAID = re.compile(rb'^id\s*=\s*"[^"\n]*"', re.MULTILINE)
NAMED = re.compile(rb"^name\s*=\s*(\{[^\n]*\}|\"[^\"\n]*\")", re.MULTILINE)
LONGEST_NAME = 60


@dataclass(frozen=True)
class Received:
    """What came in: the draft, the files that it changed, and the names of files that a programme has no use for."""

    revision: UUID
    changed: list[str]
    strangers: list[str]


def take_in(session: Session, actor: Actor, revision: UUID, name: str, content: bytes) -> Received:
    """Take a file or a ZIP into a draft; a whole programme replaces all its files, others are added or replaced.

    Raise NotFound, NotAllowed, ImportRefused, or RevisionRefused where it would overwrite what somebody else saved.
    """
    row = locked(session, actor, revision)
    expect(row, RevisionState.DRAFT)
    return _taken(session, actor, row, drafting.receive(name, content))


def begin_from(session: Session, actor: Actor, name: str, content: bytes, title: str) -> Received:
    """Begin a draft from the ZIP of a whole programme, be it known here or new.

    Raise NotAllowed, ImportRefused; a single file is taken into a draft that exists.
    """
    parcel = drafting.receive(name, content)
    programme = _said(parcel)
    ownership.must_edit(actor, programme)
    revision = opened(session, actor, (programme, newest(session, programme)), title)
    return _taken(session, actor, locked(session, actor, revision), parcel)


def begin_copy(session: Session, actor: Actor, source: str, copy: str, names: tuple[str, str]) -> UUID:
    """Begin a draft of a new programme with the files of another's newest version; `names` are Chinese and English.

    Raise NotAllowed, NotFound, RevisionRefused.
    """
    ownership.must_see(actor, source)
    ownership.must_edit(actor, copy)
    if not ID.fullmatch(copy):
        zh, en = "标识由小写字母、数字和连字符组成。", "An id is made of small letters, digits and hyphens."
        raise RevisionRefused(why={"zh": zh, "en": en})
    digest = newest(session, source)
    if digest is None:
        raise NotFound(programme=source)
    if newest(session, copy) is not None:
        raise RevisionRefused(why={"zh": f"流程“{copy}”已经存在。", "en": f"There is a programme {copy!r} already."})
    chinese, english = (_named(name) for name in names)
    revision = opened(session, actor, (copy, None), chinese)
    row = locked(session, actor, revision)
    files = under(session, Revision(base=digest))
    files[drafting.ABOUT] = _renamed(files[drafting.ABOUT], copy, (chinese, english))
    put(session, actor, row, files)
    return revision


def fresh(session: Session, actor: Actor, revision: UUID, kind: str, name: str) -> str:
    """Add a new, nearly empty diagram, decision, form or indicator set to a draft; return its path.

    Raise NotFound, NotAllowed, RevisionRefused where there is such a file already or it cannot be called so.
    """
    row = locked(session, actor, revision)
    expect(row, RevisionState.DRAFT)
    if kind not in starters.KINDS:
        raise NotFound(kind=kind)
    path, content = starters.begin(kind, name.strip(), row.programme)
    if not drafting.fits(path):
        zh, en = (
            "文件名只能用字母、数字、汉字、下划线和连字符。",
            "Use letters, digits, underscores and hyphens for its name.",
        )
        raise RevisionRefused(why={"zh": zh, "en": en}, path=path[:200])
    if path in drawn(session, row):
        raise RevisionRefused(why={"zh": f"已有文件 {path}。", "en": f"There is a file {path} already."})
    put(session, actor, row, {path: content})
    return path


def export(session: Session, actor: Actor, revision: UUID) -> tuple[str, bytes]:
    """Return the name and the content of a ZIP of a draft; raise NotFound."""
    row = seen(session, actor, revision)
    return f"{row.programme}-draft.zip", drafting.pack(drawn(session, row))


def _taken(session: Session, actor: Actor, row: Revision, parcel: Parcel) -> Received:
    if parcel.whole and _said(parcel) != row.programme:
        said = _said(parcel)
        zh = f"这是流程“{said}”的文件，不能导入“{row.programme}”的修改稿。"
        raise ImportRefused(why={"zh": zh, "en": f"It is the programme {said!r}, not {row.programme!r}."})
    before = drawn(session, row)
    changes: dict[str, bytes | None] = {p: c for p, c in parcel.files.items() if before.get(p) != c}
    if parcel.whole:
        changes |= dict.fromkeys(before.keys() - parcel.files.keys())
    whole = {path: content for path, content in {**before, **changes}.items() if content is not None}
    if sum(map(len, whole.values())) > drafting.LARGEST or len(whole) > drafting.MOST_FILES:
        raise ImportRefused(why={"zh": "导入后文件过多或过大。", "en": "The programme would become too large."})
    _refuse_theirs(session, actor, row, changes)
    if changes:
        put(session, actor, row, changes)
        told = ", ".join(sorted(changes))
        reviewing.remember(session, row, Step("revision.imported", actor.id, told))
    return Received(row.id, sorted(changes), parcel.strangers)


def _refuse_theirs(session: Session, actor: Actor, row: Revision, changes: Mapping[str, bytes | None]) -> None:
    """Raise RevisionRefused where files would go that somebody else saved in this draft."""
    query = select(RevisionFile.path, Person.name).join(Person, Person.id == RevisionFile.saved_by)
    query = query.where(RevisionFile.revision == row.id, RevisionFile.saved_by != actor.id)
    theirs = [f"{path}（{name}）" for path, name in session.execute(query) if path in changes]
    if theirs:
        told = "、".join(sorted(theirs)[:10])
        zh = f"以下文件已由他人在本修改稿中改过，导入会覆盖：{told}。请先撤销这些文件的修改，或者另建修改稿。"
        en = f"Somebody else changed these files in this draft: {told}. Undo that first, or begin another draft."
        raise RevisionRefused(why={"zh": zh, "en": en}, revision=row.id)


def _said(parcel: Parcel) -> str:
    """Return which programme a parcel says it is; raise ImportRefused."""
    try:
        said = tomllib.loads(parcel.files[drafting.ABOUT].decode())["id"]
    except (KeyError, ValueError):
        said = None
    if not isinstance(said, str) or not ID.fullmatch(said):
        zh = "缺少可用的 programme.toml，看不出是哪个流程；单个文件请在修改稿里导入。"
        raise ImportRefused(why={"zh": zh, "en": "There is no programme.toml; take single files into a draft."})
    return said


def _named(name: str) -> str:
    clean = " ".join(name.replace("\\", "").replace('"', "").split())[:LONGEST_NAME]
    if not clean:
        raise RevisionRefused(why={"zh": "请写明中文和英文名称。", "en": "Give it a Chinese and an English name."})
    return clean


def _renamed(about: bytes, copy: str, names: tuple[str, str]) -> bytes:
    chinese, english = names
    named = f'name = {{ zh = "{chinese}", en = "{english}" }}'.encode()
    renamed = SAID.sub(f'id = "{copy}"'.encode(), about, count=1)
    return NAMED.sub(lambda _: named, renamed, count=1)
