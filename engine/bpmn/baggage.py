"""An envelope taken apart for a change-over: its scopes and tokens as rows that can be renamed and moved."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from SpiffWorkflow.util.task import TaskState

from engine.bpmn.judgements import Loss

Data = dict[str, Any]
Origins = list[list[str]] | None
SEVERAL = frozenset({"index", "round"})
UNDOING = frozenset({"for", "todo"})
WAITS = {
    "due": ("timer", "正在计时的定时器", "the running timer"),
    "term": ("timer", "停表中的时限", "the deadline that stands still"),
    "message": ("message", "正在等待的消息", "the message that is waited for"),
    "signal": ("signal", "正在等待的信号", "the signal that is waited for"),
    "condition": ("condition", "正在等待的条件", "the condition that is waited for"),
}


@dataclass(eq=False)
class Bag:
    """One token: its row in the envelope, the scope it is in, the token it hangs below, what it has inside.

    `node` is renamed on the way, `scope` and `origin` tell where it stood in the old version.
    """

    id: str
    node: str
    state: int
    parent: str | None
    data: Data
    internal: Data
    scope: "Room"
    children: list["Bag"] = field(default_factory=list)
    inner: "Room | None" = None
    origin: str = ""

    def __post_init__(self) -> None:
        self.origin = self.node

    @property
    def task(self) -> UUID:
        """Return the id of the token."""
        return UUID(hex=self.id)

    @property
    def kind(self) -> str:
        """Return what it stands there for, as `survey.Standing` has it."""
        for key, kind in {"wait": "wait", "incident": "incident", "flow": "join"}.items():
            if key in self.internal:
                return kind
        return "task" if self.state == TaskState.READY else "inside"

    @property
    def entered(self) -> bool:
        """Tell whether its node has begun with it, so that its boundary events watch."""
        return self.state != TaskState.FUTURE and self.internal.get("phase") != "enter"

    def some(self, mark: str) -> list["Bag"]:
        """Return what hangs below it with a mark: those that "watch", that are a "choice", one "index" of several."""
        return [child for child in self.children if mark in child.internal]

    @property
    def seats(self) -> list["Bag"]:
        """Return those that do the activity of a loop."""
        return [child for child in self.children if child.internal.keys() & SEVERAL]

    def everything(self) -> Iterator["Bag"]:
        """Yield the token and all that lies below and inside it."""
        yield self
        for child in self.children:
            yield from child.everything()
        for token in self.inner.tokens if self.inner else ():
            yield from token.everything()


@dataclass(eq=False)
class Room:
    """One scope: the token that opened it, what it runs, its variables and its tokens, triggers among them.

    `opened` are the rooms that a change-over adds in it, by sub-process; `several` whether its token is one of several;
    `origin` is what it ran in the old version, nothing when it is opened.
    """

    owner: Bag | None
    spec: str
    closed: bool
    data: Data
    kept: Data
    done: bool
    tokens: list[Bag] = field(default_factory=list)
    opened: dict[str, "Room"] = field(default_factory=dict)
    several: bool = False
    origin: str = ""

    @property
    def standing(self) -> list[Bag]:
        """Return its tokens without what only watches it."""
        return [token for token in self.tokens if "trigger" not in token.internal]

    def like(self, spec: str, owner: Bag | None, *, closed: bool) -> "Room":
        """Return a room with the same memory and no tokens."""
        several = owner is not None and bool(owner.internal.keys() & SEVERAL)
        room = Room(owner, spec, closed, self.data, self.kept, self.done, several=several)
        if owner is not None:
            owner.inner = room
        return room


def unpack(state: Data) -> Room:
    """Return the outermost scope of an envelope's body, with all that lies in it."""
    bags: dict[str, Bag] = {}
    root: Room | None = None
    for owner, spec, closed, row in state["scopes"]:
        above = bags[owner] if owner else None
        room = Room(above, spec, closed, row["data"], row["kept"] or {}, row["done"])
        if above is not None:
            above.inner = room
        root = root or room
        for key, node, status, parent, data, internal in row["tokens"]:
            bag = Bag(key, node, status, parent, data or {}, internal or {}, room)
            bags[key] = bag
            (bags[parent].children if parent else room.tokens).append(bag)
    if root is None:
        raise KeyError("scopes")
    return root


def pack(process: str, root: Room) -> Data:
    """Return the body of an envelope."""
    return {"process": process, "scopes": [_scope(room) for room in _rooms(root)]}


def opened(room: Room, spec: str) -> Room:
    """Return the room of a sub-process that nobody is in yet, which is opened around what comes to stand there."""
    if spec not in room.opened:
        owner = Bag(uuid4().hex, spec, TaskState.STARTED, None, {}, {}, room)
        room.tokens.append(owner)
        room.opened[spec] = Room(owner, spec, closed=False, data={}, kept={}, done=False)
        owner.inner = room.opened[spec]
    return room.opened[spec]


def losses(bag: Bag, name: Callable[[Bag], str]) -> Iterator[Loss]:
    """Yield what is lost with a token and all inside it; `name` tells what the diagram calls the node of each."""
    for one in bag.everything():
        yield from _lost(one, name(one))


def seat(bag: Bag, name: Callable[[Bag], str]) -> Iterator[Loss]:
    """Yield what is lost when one of several must wait for their turn again."""
    told = name(bag)
    yield Loss(
        "seat", bag.task, bag.origin, told, f"“{told}”中一位的办理须重新轮到", f"a turn at {told!r} must come again"
    )
    yield from losses(bag, name)


def _lost(bag: Bag, name: str) -> Iterator[Loss]:
    def loss(kind: str, zh: str, en: str) -> Loss:
        return Loss(kind, bag.task, bag.origin, name, f"“{name}”：{zh}", f"{name!r}: {en}")

    if bag.kind == "task":
        yield loss("task", "正在办理的任务及其草稿", "the open task with its draft")
    wait = bag.internal.get("wait")
    if wait is not None:
        yield loss(*next(WAITS[key] for key in WAITS if key in wait))
    loop = bag.internal.get("loop")
    if loop is not None and loop["done"]:
        yield loss("answers", f"已办结的 {loop['done']} 份意见", f"the answers of {loop['done']} who are done")
    if bag.inner is not None and bag.inner.data:
        names = "、".join(sorted(bag.inner.data))
        yield loss("variables", f"其内部数据（{names}）", f"the data inside ({', '.join(sorted(bag.inner.data))})")
    if bag.inner is not None and bag.inner.kept.get("completed"):
        yield loss("compensation", "其中已完成环节的撤销记录", "what could undo the steps done inside")


def _rooms(room: Room) -> Iterator[Room]:
    """Yield a room and those inside it, each after the one that its owner is in."""
    waiting = [room]
    while waiting:
        now = waiting.pop(0)
        yield now
        for token in now.tokens:
            waiting += [one.inner for one in (token, *token.children) if one.inner is not None]


def _scope(room: Room) -> list[Any]:
    rows = [_row(one, None) for one in room.tokens]
    rows += [_row(child, bag.id) for bag in room.tokens for child in bag.children]
    rows += [_row(leaf, child.id) for bag in room.tokens for child in bag.children for leaf in child.children]
    kept = {"data": room.data, "kept": room.kept or None, "done": room.done, "tokens": rows}
    return [room.owner.id if room.owner else None, room.spec, room.closed, kept]


def _row(bag: Bag, parent: str | None) -> list[Any]:
    return [bag.id, bag.node, bag.state, parent, bag.data or None, bag.internal or None]
