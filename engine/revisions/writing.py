"""Writing a draft: several owners on one, each save counted, so that nobody overwrites what they have not seen."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine import clock, ownership, processes, reviewing
from engine.domain import drafting
from engine.domain.drafting import State
from engine.errors import EditConflict, NotFound, RevisionRefused
from engine.identity import Actor
from engine.reviewing import Step
from engine.revisions.finding import RevisionRow, expect, locked, seen, show
from engine.tables import Deployment, DeploymentFile, Person, Resource, Revision, RevisionFile, RevisionState

LONGEST_TITLE = 120
LONGEST_REASON = 2000


@dataclass(frozen=True)
class DraftFile:
    """A file of a draft as it stands, with how often it was saved and by whom; nobody where the base still stands."""

    path: str
    content: bytes
    version: int
    saved_by: str | None
    saved_at: datetime | None


@dataclass(frozen=True)
class FileRow:
    """A file in the list of a draft: what the draft does to it, and who saved it when."""

    path: str
    state: State
    size: int
    version: int
    saved_by: str | None
    saved_at: datetime | None


@dataclass(frozen=True)
class Update:
    """What bringing a draft up to date did: files taken from the newest version, and those that both had changed."""

    taken: list[str]
    clashes: list[str]


def begin(session: Session, actor: Actor, programme: str, title: str) -> RevisionRow:
    """Begin a draft of a programme, drawn from its newest version; raise NotAllowed, NotFound, RevisionRefused."""
    ownership.must_edit(actor, programme)
    newest = processes.latest(session, programme)
    return show(session, actor, opened(session, actor, (programme, newest.digest), title))


def opened(session: Session, actor: Actor, drawn: tuple[str, str | None], title: str) -> UUID:
    """Open a draft of a (programme, version) and return its id; the caller has checked that the actor may."""
    row = Revision(
        id=uuid4(),
        programme=drawn[0],
        base=drawn[1],
        title=_title(title),
        reason="",
        state=RevisionState.DRAFT,
        saves=1,
        based=1,  # 0 is what somebody has seen of a file that is not there
        opened_by=actor.id,
        opened_at=clock.now(),
    )
    session.add(row)
    session.flush()
    _sign(session, actor, row)
    reviewing.remember(session, row, Step("revision.begun", actor.id, behalf=_behalf(actor, row)))
    return row.id


def describe(session: Session, actor: Actor, revision: UUID, title: str, reason: str) -> None:
    """Say what a draft is called and why it is made; raise NotFound, NotAllowed, RevisionRefused."""
    row = locked(session, actor, revision)
    expect(row, RevisionState.DRAFT)
    row.title, row.reason = _title(title), reason.strip()[:LONGEST_REASON]
    session.flush()


def files(session: Session, actor: Actor, revision: UUID) -> dict[str, bytes]:
    """Return every file of a draft by its path, as it stands: what was saved over the base. Raise NotFound."""
    return drawn(session, seen(session, actor, revision))


def base(session: Session, actor: Actor, revision: UUID) -> dict[str, bytes]:
    """Return the files of the version that a draft was drawn from, none of a new programme; raise NotFound."""
    return under(session, seen(session, actor, revision))


def overview(session: Session, actor: Actor, revision: UUID) -> list[FileRow]:
    """List the files of a draft and of its base, each with what the draft does to it; raise NotFound."""
    row = seen(session, actor, revision)
    before, after = under(session, row), drawn(session, row)
    query = select(RevisionFile.path, RevisionFile.version, Person.name, RevisionFile.saved_at)
    query = query.join(Person, Person.id == RevisionFile.saved_by).where(RevisionFile.revision == row.id)
    saved = {path: rest for path, *rest in session.execute(query)}
    return [
        FileRow(path, state, len(after.get(path, b"")), *saved.get(path, (row.based, None, None)))
        for path, state in drafting.states(before, after).items()
    ]


def read(session: Session, actor: Actor, revision: UUID, path: str) -> DraftFile:
    """Return a file of a draft as it stands; raise NotFound."""
    found = _file(session, seen(session, actor, revision), path)
    if found is None:
        raise NotFound(revision=revision, path=path)
    return found


def save(  # noqa: PLR0913, PLR0917 - what an editor knows: where, what, and the version it began from
    session: Session, actor: Actor, revision: UUID, path: str, content: bytes, seen: int
) -> DraftFile:
    """Save a file of a draft over the version that the writer has seen, 0 for one that is new.

    Raise NotFound, NotAllowed, RevisionRefused, or EditConflict when somebody saved it meanwhile, with what they saved.
    """
    row = locked(session, actor, revision)
    expect(row, RevisionState.DRAFT)
    _refuse_unfit(session, row, path, content)
    found = _file(session, row, path)
    if found is not None and found.content == content:
        return found
    _refuse_unseen(session, row, path, seen)
    return put(session, actor, row, {path: content})[path]


def remove(session: Session, actor: Actor, revision: UUID, path: str, seen: int) -> None:
    """Take a file away from a draft, as it was seen; raise as `save` does."""
    row = locked(session, actor, revision)
    expect(row, RevisionState.DRAFT)
    if path == drafting.ABOUT:
        zh, en = "programme.toml 说明这是哪个流程，不能删除。", "programme.toml says which programme this is; it stays."
        raise RevisionRefused(why={"zh": zh, "en": en}, path=path)
    if _file(session, row, path) is None:
        raise NotFound(revision=revision, path=path)
    _refuse_unseen(session, row, path, seen)
    put(session, actor, row, {path: None})


def undo(session: Session, actor: Actor, revision: UUID, path: str, seen: int) -> None:
    """Let a file be again what it is in the base; raise as `save` does."""
    row = locked(session, actor, revision)
    expect(row, RevisionState.DRAFT)
    _refuse_unseen(session, row, path, seen)
    gone = delete(RevisionFile).where(RevisionFile.revision == row.id, RevisionFile.path == path)
    if session.execute(gone.returning(RevisionFile.path)).scalar() is None:
        raise NotFound(revision=revision, path=path)
    row.saves += 1
    reviewing.remember(session, row, Step("revision.saved", actor.id, path, behalf=_behalf(actor, row)))
    session.flush()


def update(session: Session, actor: Actor, revision: UUID, mine: frozenset[str] = frozenset()) -> Update:
    """Bring a draft up to the newest version of its programme, a file at a time.

    What only one side changed is taken. Where both changed a file, `mine` names those that stay as the draft has them;
    while others clash nothing is done, and they are returned. Raise NotFound, NotAllowed, RevisionRefused.
    """
    row = locked(session, actor, revision)
    expect(row, RevisionState.DRAFT)
    newest = processes.latest(session, row.programme)
    if newest.digest == row.base:
        return Update([], [])
    merged = drafting.merge(under(session, row), drawn(session, row), newest.files)
    clashes = [path for path in merged.clashes if path not in mine]
    if clashes:
        return Update([], clashes)
    row.base, row.saves = newest.digest, row.saves + 1
    row.based = row.saves
    _keep_apart(session, actor, row, merged.files)
    _sign(session, actor, row)
    told = Step("revision.updated", actor.id, ", ".join(merged.taken), behalf=_behalf(actor, row))
    reviewing.remember(session, row, told)
    session.flush()
    return Update(merged.taken, [])


def drawn(session: Session, row: Revision) -> dict[str, bytes]:
    """Return the files of a draft: those of its base, with those that were saved over them."""
    files = under(session, row)
    query = select(RevisionFile.path, Resource.content).outerjoin(Resource, Resource.digest == RevisionFile.resource)
    for path, content in session.execute(query.where(RevisionFile.revision == row.id)):
        files.pop(path, None)
        if content is not None:
            files[path] = bytes(content)
    return files


def under(session: Session, row: Revision) -> dict[str, bytes]:
    """Return the files of the version that a draft was drawn from."""
    return dict(processes.load(session, row.base).files) if row.base is not None else {}


def put(session: Session, actor: Actor, row: Revision, changes: Mapping[str, bytes | None]) -> dict[str, DraftFile]:
    """Write files of a locked draft, none taking one away; return those that were written."""
    row.saves += 1
    before = _savers(session, row)
    _write(session, actor, row, changes)
    _sign(session, actor, row)
    told = sorted(path for path in changes if before.get(path) != actor.id)
    if told:
        step = Step("revision.saved", actor.id, ", ".join(told), behalf=_behalf(actor, row))
        reviewing.remember(session, row, step)
    session.flush()
    now = clock.now()
    return {
        path: DraftFile(path, content, row.saves, actor.name, now)
        for path, content in changes.items()
        if content is not None
    }


def newest(session: Session, programme: str) -> str | None:
    """Return the digest of the newest version of a programme, none when it has no version."""
    query = select(Deployment.digest).where(Deployment.programme == programme)
    return session.scalar(query.order_by(Deployment.number.desc()).limit(1))


def _write(session: Session, actor: Actor, row: Revision, changes: Mapping[str, bytes | None]) -> None:
    blobs = {path: hashlib.sha256(content).hexdigest() for path, content in changes.items() if content is not None}
    contents = {blobs[path]: content for path, content in changes.items() if content is not None}
    if contents:
        rows = [{"digest": digest, "content": content} for digest, content in sorted(contents.items())]
        session.execute(insert(Resource).on_conflict_do_nothing(), rows)
    about = {"revision": row.id, "version": row.saves, "saved_by": actor.id, "saved_at": clock.now()}
    written = insert(RevisionFile)
    fresh = {name: written.excluded[name] for name in ("resource", "version", "saved_by", "saved_at")}
    session.execute(
        written.on_conflict_do_update(index_elements=["revision", "path"], set_=fresh),
        [{**about, "path": path, "resource": blobs.get(path)} for path in sorted(changes)],
    )


def _keep_apart(session: Session, actor: Actor, row: Revision, whole: Mapping[str, bytes]) -> None:
    """Let only those rows stand whose files differ from the base; who saved what last is kept."""
    apart = drafting.states(under(session, row), whole)
    changed = {path: whole.get(path) for path, state in apart.items() if state is not State.SAME}
    gone = delete(RevisionFile).where(RevisionFile.revision == row.id, RevisionFile.path.not_in(list(changed)))
    session.execute(gone)
    kept = set(_savers(session, row))
    missing = {path: content for path, content in changed.items() if path not in kept}
    if missing:
        _write(session, actor, row, missing)


def _file(session: Session, row: Revision, path: str) -> DraftFile | None:
    saved = _saved(session, row, path)
    if saved is not None:
        content, version, name, at = saved
        return None if content is None else DraftFile(path, bytes(content), version, name, at)
    if row.base is None:
        return None
    query = select(Resource.content).join(DeploymentFile, DeploymentFile.resource == Resource.digest)
    content = session.scalar(query.where(DeploymentFile.deployment == row.base, DeploymentFile.path == path))
    return None if content is None else DraftFile(path, bytes(content), row.based, None, None)


def _saved(session: Session, row: Revision, path: str) -> tuple[bytes | None, int, str, datetime] | None:
    query = (
        select(Resource.content, RevisionFile.version, Person.name, RevisionFile.saved_at)
        .outerjoin(Resource, Resource.digest == RevisionFile.resource)
        .join(Person, Person.id == RevisionFile.saved_by)
        .where(RevisionFile.revision == row.id, RevisionFile.path == path)
    )
    found = session.execute(query).one_or_none()
    return tuple(found) if found is not None else None  # type: ignore[return-value]


def _savers(session: Session, row: Revision) -> dict[str, UUID]:
    query = select(RevisionFile.path, RevisionFile.saved_by).where(RevisionFile.revision == row.id)
    return {path: person for path, person in session.execute(query)}  # noqa: C416 - a row is no pair to mypy


def _refuse_unseen(session: Session, row: Revision, path: str, seen: int) -> None:
    """Raise EditConflict when a file is no longer as the writer saw it."""
    saved = _saved(session, row, path)
    there = _file(session, row, path)
    version = there.version if there is not None else 0
    if version == seen:
        return
    content = there.content.decode(errors="replace") if there is not None else None
    who, at = (saved[2], saved[3].isoformat()) if saved is not None else (None, None)
    facts = {"path": path, "version": version, "content": content, "saved_by": who, "saved_at": at}
    raise EditConflict(revision=row.id, conflict=facts)


def _refuse_unfit(session: Session, row: Revision, path: str, content: bytes) -> None:
    if not drafting.fits(path):
        zh = "文件名不合规：流程图和决策表放在最外层，表单在 forms/，模板在 templates/，情景在 scenarios/<流程>/。"
        en = "No such file belongs to a programme: diagrams and decisions on top, then forms/, templates/, scenarios/."
        raise RevisionRefused(why={"zh": zh, "en": en}, path=path[:200])
    whole = {**drawn(session, row), path: content}
    if len(content) > drafting.LARGEST_FILE or sum(map(len, whole.values())) > drafting.LARGEST:
        zh, en = "文件过大，不能保存。", "The file is too large to be saved."
        raise RevisionRefused(why={"zh": zh, "en": en}, path=path)
    if len(whole) > drafting.MOST_FILES:
        raise RevisionRefused(why={"zh": "流程中的文件过多。", "en": "The programme has too many files."}, path=path)


def _sign(session: Session, actor: Actor, row: Revision) -> None:
    behalf = _behalf(actor, row).get("for")
    reviewing.sign(session, row.id, [actor.id, *([UUID(behalf["person"])] if behalf else [])])


def _behalf(actor: Actor, row: Revision) -> Mapping[str, dict[str, str]]:
    """Return in whose place somebody writes, none in their own."""
    return actor.told(ownership.editors(row.programme))


def _title(title: str) -> str:
    clean = " ".join(title.split())[:LONGEST_TITLE]
    if not clean:
        raise RevisionRefused(why={"zh": "请写明修改稿的标题。", "en": "Give the draft a title."})
    return clean
