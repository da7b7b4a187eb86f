"""Independence: which steps of a case no one person may do both of, whoever acts for whom (回避、四眼).

浙政发〔2012〕17号 三（二） lets a third party measure and departments review; that whoever enters does not verify,
whoever handles is not objected to, and whoever drafts does not sign, are rules of ours that make this mean something.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

People = frozenset[str]


class Kind(StrEnum):
    """How somebody comes to act in another's place."""

    TRANSFER = "transfer"  # 转办: the giver is out of it
    DELEGATION = "delegation"  # 委派: the taker prepares, the giver answers for it
    RETURN = "return"  # 交回: the giver has prepared it and answers for that, the taker acts again
    SUBSTITUTION = "substitution"  # 代理: the taker acts while the giver is away, who answers for it
    ADDED_SIGN = "added sign"  # 加签: the taker acts beside the giver


@dataclass(frozen=True)
class Handover:
    """Somebody takes a step over, or joins it."""

    kind: Kind
    giver: str
    taker: str


@dataclass(frozen=True)
class Standing:
    """Who acts in a step, and who answers for it without acting any more; both hold its seat."""

    acting: People
    answering: People = frozenset()

    @property
    def holders(self) -> People:
        """Return everybody who holds the seat."""
        return self.acting | self.answering


@dataclass(frozen=True)
class Apart:
    """Seats that no one person may hold on both sides; a seat that is on both may be held once only.

    A seat is the id of a step, or `role:` and a role. What was done before the last of `since` belongs to an earlier
    occasion. `wide`: the seats are looked for in everything about the unit, not in one instance alone.
    """

    name: Mapping[str, str]
    first: frozenset[str]
    second: frozenset[str]
    since: frozenset[str] = frozenset()
    wide: bool = False

    def opposite(self, seats: frozenset[str]) -> frozenset[str]:
        """Return the seats that whoever takes one of `seats` may not hold."""
        found = self.second if seats & self.first else frozenset()
        return found | (self.first if seats & self.second else frozenset())


@dataclass(frozen=True)
class Clash:
    """Somebody who would hold two seats that exclude each other."""

    person: str
    seat: str
    held: str
    rule: Apart


def hand_over(standing: Standing, step: Handover) -> Standing:
    """Return who stands in a step after one handover; one by somebody who does not act in it changes nothing."""
    if step.giver not in standing.acting:
        return standing
    if step.kind is Kind.ADDED_SIGN:
        return Standing(standing.acting | {step.taker}, standing.answering)
    acting = standing.acting - {step.giver} | {step.taker}
    answering = standing.answering
    if step.kind is not Kind.TRANSFER:
        answering = answering | {step.giver}
    return Standing(acting, answering)


def along(first: str, chain: Iterable[Handover]) -> Standing:
    """Return who stands in a step at the end of a chain that begins with one person."""
    standing = Standing(frozenset({first}))
    for step in chain:
        standing = hand_over(standing, step)
    return standing


def clashes(rules: Iterable[Apart], held: Mapping[str, People], seat: str, people: People) -> Iterator[Clash]:
    """Yield everybody of `people` who may not hold `seat` besides what is `held`, by seat."""
    for rule in rules:
        for other in sorted(rule.opposite(frozenset({seat}))):
            for person in sorted(people & held.get(other, frozenset())):
                yield Clash(person, seat, other, rule)
