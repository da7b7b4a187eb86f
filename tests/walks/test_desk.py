"""A model checker: after anything that people do, what is open can still be finished, and no token is lost or doubled.

Every process of one or two tasks (of one person, or of several at once) and a sample of those of three are walked
through in every way, with up to two acts beside completing: send back to each step, take back each answer, add and
remove a seat. Larger ones, of up to LARGEST tasks, are drawn by the seed and walked through at random with many acts.
After every move the engine is held against the account of `trees`, which knows no tokens; so is what it lets people go
back to; and from every state that an act led to, the case is brought to its end.

ICITY_TEST_DESK=20 looks at twenty times as many, and so at every process of three tasks, in ten minutes.
"""

import os
import random
import sys
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import pytest

from tests.walks.desk import Desk
from tests.walks.trees import LEAVES, ONE, Account, Block, Leaf, Tree, drawn, trees

SEED = 20_261_123
LARGEST = 6
DEEPER = int(os.environ.get("ICITY_TEST_DESK", "1"))
SAMPLE, DRAWN, WALKS = 180 * DEEPER, 24 * DEEPER, 2
MOVES, ACTS = 14, 2
TOGETHER = (ONE, Leaf("parallel", 2))


@dataclass(frozen=True)
class Act:
    """Something that a person does with an open task, or with one they have done."""

    kind: str
    name: str
    to: str = ""
    p: bool | None = None


class Case:
    """The engine beside the account, the same acts in both."""

    def __init__(self, desk: Desk, account: Account, acts: tuple[Act, ...] = ()) -> None:
        self.desk, self.account, self.acts = desk, account, acts
        self._compare()

    @classmethod
    def begin(cls, tree: Tree, **data: bool) -> "Case":
        diagram, names = drawn(tree, **data)
        account = Account(tree, names)
        account.data |= data
        return cls(Desk.begin(diagram), account)

    def completions(self) -> list[Act]:
        answers = (True, False) if "or'" in repr(self.account.tree) else (None,)
        return [Act("complete", name, p=p) for name in sorted(set(self.account.open)) for p in answers]

    def others(self) -> list[Act]:
        """Return every other act that the account allows."""
        names = sorted(set(self.account.open))
        found = [Act("back", name, one) for name in names for one in sorted(self.account.before(name))]
        if names:
            found += [Act("withdraw", one) for one in self.account.names.values() if self.account.free(one)]
        for name in names:
            if self.account.several(name):
                found += [Act("grow", name)]
                found += [Act("shrink", name)] if self.account.left(name) > 1 else []
        return found

    def go(self, act: Act) -> "Case":
        account = self.account.copy()
        match act.kind:
            case "complete":
                desk = self.desk.complete(act.name, act.p)
                account.complete(act.name, act.p)
            case "back":
                desk = self.desk.send_back(act.name, act.to)
                account.back(act.to)
            case "withdraw":
                taken = self.desk.withdraw(act.name)
                assert taken is not None, self._told(f"{act} was refused")
                desk = taken
                account.back(act.name)
            case "grow":
                desk = self.desk.grow(act.name)
                account.grow(act.name)
            case _:
                desk = self.desk.shrink(act.name)
                account.shrink(act.name)
        return Case(desk, account, (*self.acts, act))

    def finish(self) -> int:
        """Complete whatever is open until the case ends; return how many moves that took."""
        case, count = self, 0
        while case.account.open:
            case = case.go(Act("complete", case.account.open[count % len(case.account.open)]))
            count += 1
            assert count < 60, case._told("it never ends")
        assert case.desk.ended, case._told("nothing is open and it has not ended")
        return count

    def check_offers(self) -> None:
        """Hold what the engine lets people go back to against the account."""
        for name in sorted(set(self.account.open)):
            assert set(self.desk.steps(name)) == self.account.before(name), self._told(f"ways back from {name}")
        if self.account.open:
            for name in self.account.names.values():
                done = any(row.element == name for row in self.desk.past)
                if done and not self.account.free(name):
                    assert self.desk.withdraw(name) is None, self._told(f"{name} could be taken back")

    def _compare(self) -> None:
        account, desk = self.account, self.desk
        assert desk.open == account.open, self._told(f"open are {desk.open}, not {account.open}")
        assert desk.ended == account.ended, self._told("ended or not")
        assert desk.waiting == account.waiting, self._told(f"{desk.waiting} wait at joins, not {account.waiting}")

    def _told(self, what: str) -> str:
        lines = "".join(f"\n  {number}. {act}" for number, act in enumerate(self.acts, 1))
        diagram, _ = drawn(self.account.tree)
        return f"{what}\n{self.account.tree}{lines}\n{diagram.xml().decode()}"


def explored(tree: Tree, **data: bool) -> Counter[str]:
    """Walk through a tree in every way with up to ACTS acts; return what was done how often."""
    found: Counter[str] = Counter()
    first = Case.begin(tree, **data)
    waiting, seen = deque([(first, 0)]), {(first.account.key, 0)}
    while waiting:
        case, acts = waiting.popleft()
        found["states"] += 1
        case.check_offers()
        further = [(act, acts) for act in case.completions()]
        further += [(act, acts + 1) for act in case.others()] if acts < ACTS else []
        for act, count in further:
            following = case.go(act)
            found[act.kind] += 1
            if (key := (following.account.key, count)) not in seen:
                seen.add(key)
                waiting.append((following, count))
                found["finishing"] += following.finish() if act.kind != "complete" else 0
    return found


def walked(tree: Tree, luck: random.Random) -> Counter[str]:
    """Walk through a tree at random, with as many acts as completions."""
    found: Counter[str] = Counter()
    case = Case.begin(tree, p=luck.random() < 0.5, q=luck.random() < 0.5)
    for _ in range(MOVES):
        others = case.others()
        options = others if others and luck.random() < 0.5 else case.completions()
        if not options:
            break
        act = luck.choice(options)
        case = case.go(act)
        case.check_offers()
        found[act.kind] += 1
    found["finishing"] += case.finish()
    return found


@cache
def large(size: int) -> list[Tree]:
    """Return trees of a size drawn by the seed: a part put beside or behind another, until there are enough tasks."""
    luck = random.Random(SEED + size)
    return [_grown(size, luck) for _ in range(DRAWN)]


def _grown(size: int, luck: random.Random) -> Tree:
    if size <= 2:
        return luck.choice(_small(size))
    first = luck.randint(1, size - 1)
    left, right = _grown(first, luck), _grown(size - first, luck)
    kind = luck.choice(("seq", "seq", "and", "and", "or", "xor", "sub"))
    if kind == "sub":
        return Block("seq", (Block("sub", (left,)), right))
    return Block(kind, (left, right))


@cache
def _small(size: int) -> list[Tree]:
    return list(trees(size))


def sampled(many: Iterator[Tree], count: int) -> list[Tree]:
    found = list(many)
    return random.Random(SEED).sample(found, min(count, len(found)))


SMALL = {
    "one task": lambda: list(trees(1, LEAVES)),
    "two tasks": lambda: list(trees(2, TOGETHER)),
    "two tasks of any kind": lambda: sampled(trees(2, LEAVES), SAMPLE // 2),
    "three tasks": lambda: sampled(trees(3, (ONE,)), SAMPLE),
}


@pytest.mark.parametrize("which", SMALL)
def test_small_processes_survive_whatever_people_do(which: str, capsys: pytest.CaptureFixture[str]) -> None:
    found: Counter[str] = Counter()
    for tree in SMALL[which]():
        found["processes"] += 1
        found += explored(tree)
    with capsys.disabled():
        sys.stdout.write(f"\n{which}, seed {SEED}: {dict(found)}\n")
    assert found["states"] > 6 * found["processes"]
    assert which == "one task" or min(found["back"], found["withdraw"]) > 30


@pytest.mark.parametrize("size", range(4, LARGEST + 1))
def test_larger_processes_survive_walks_of_many_acts(size: int, capsys: pytest.CaptureFixture[str]) -> None:
    found: Counter[str] = Counter()
    luck = random.Random(SEED * size)
    for tree in large(size):
        for _ in range(WALKS):
            found += walked(tree, luck)
    with capsys.disabled():
        sys.stdout.write(f"\n{DRAWN} processes of {size} tasks, seed {SEED}: {dict(found)}\n")
    assert min(found[kind] for kind in ("back", "withdraw", "grow", "shrink")) > 5
