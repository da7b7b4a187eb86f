"""The joint audit (会审): what the asked departments said, weighed by a rule that was declared before they were asked.

浙政发〔2012〕17号 三（二）: 省科技厅会同省级有关部门审核. The guidance names no rule of voting and no deadline; silence
that counts as consent follows the practice of 公文办理 and is a switch, told in every later document.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from engine.errors import VotingRefused


class Rule(StrEnum):
    """By what rule the opinions are weighed."""

    UNANIMOUS = "unanimous"  # nobody objects
    RATIO = "ratio"  # of those asked, so large a share consents
    VETO = "veto"  # none of those who hold a veto objects


class Opinion(StrEnum):
    """What a department says, or that it says nothing until the period is over."""

    AGREE = "agree"
    COMMENT = "comment"  # it agrees and adds something
    OBJECT = "object"
    DEEMED = "deemed"  # silence


class Outcome(StrEnum):
    """What the opinions come to."""

    PASS = "pass"  # noqa: S105 - a word of the joint audit, no secret
    CONDITIONAL = "conditional"  # it passes with what was added, or over an objection that does not decide
    OBJECTED = "objected"


@dataclass(frozen=True)
class Declared:
    """The rule as it was declared; `ratio` is a share of those asked, above 0 and up to 1.

    `vetoers` are departments. Without `deemed_consents` a silent department has not consented.
    """

    rule: Rule
    ratio: Decimal | None = None
    vetoers: frozenset[str] = frozenset()
    deemed_consents: bool = True

    def __post_init__(self) -> None:
        """Raise VotingRefused when the rule cannot be applied."""
        if self.rule is Rule.RATIO and (self.ratio is None or not 0 < self.ratio <= 1):
            raise VotingRefused(
                why={"zh": "比例须大于零、不超过一。", "en": "The ratio must be above 0 and at most 1."}
            )
        if self.rule is Rule.VETO and not self.vetoers:
            raise VotingRefused(why={"zh": "没有写明哪些部门可以否决。", "en": "Nobody holds a veto."})


@dataclass(frozen=True)
class Said:
    """What one department said; `name` is how people call it."""

    department: str
    opinion: Opinion
    name: str = ""
    reason: str | None = None


@dataclass(frozen=True)
class Weighed:
    """What the opinions come to, and why, in both languages."""

    outcome: Outcome
    objecting: tuple[Said, ...]
    silent: tuple[Said, ...]
    reasons: tuple[dict[str, str], ...]


def weigh(declared: Declared, said: Sequence[Said]) -> Weighed:
    """Return what the opinions come to by the declared rule.

    Raise VotingRefused when nobody was asked, one was asked twice, or a holder of a veto was not asked.
    """
    _check(declared, said)
    silent = tuple(one for one in said if one.opinion is Opinion.DEEMED)
    objecting = tuple(one for one in said if one.opinion is Opinion.OBJECT)
    withheld = () if declared.deemed_consents else silent
    against = tuple(_deciding(declared, said, (*objecting, *withheld)))
    if against:
        outcome = Outcome.OBJECTED
    elif objecting or withheld or any(one.opinion is Opinion.COMMENT for one in said):
        outcome = Outcome.CONDITIONAL
    else:
        outcome = Outcome.PASS
    return Weighed(outcome, objecting, silent, tuple(_reasons(declared, said, against)))


def _check(declared: Declared, said: Sequence[Said]) -> None:
    asked = [one.department for one in said]
    if not asked:
        raise VotingRefused(why={"zh": "没有部门参加会审。", "en": "No department was asked."})
    if len(set(asked)) < len(asked):
        raise VotingRefused(why={"zh": "有部门重复提出意见。", "en": "A department was asked twice."})
    if declared.rule is Rule.VETO and not declared.vetoers <= set(asked):
        raise VotingRefused(why={"zh": "有否决权的部门没有参加会审。", "en": "A holder of a veto was not asked."})


def _deciding(declared: Declared, said: Sequence[Said], unwilling: Sequence[Said]) -> Iterable[Said]:
    """Return those without consent if they stop it, else nobody."""
    if declared.rule is Rule.RATIO:
        consents = len(said) - len(unwilling)
        # Compared without dividing, so that two thirds of three are two.
        return () if consents >= (declared.ratio or Decimal(1)) * len(said) else unwilling
    if declared.rule is Rule.VETO:
        return (one for one in unwilling if one.department in declared.vetoers)
    return unwilling


def _reasons(declared: Declared, said: Sequence[Said], against: Sequence[Said]) -> Iterable[dict[str, str]]:
    for one in against:
        name = one.name or one.department
        if one.opinion is Opinion.OBJECT:
            yield {
                "zh": f"{name}反对：{one.reason or '未写明理由'}",
                "en": f"{name} objects: {one.reason or 'no reason'}",
            }
        else:
            yield {"zh": f"{name}逾期未答复，按规则不视为同意。", "en": f"{name} was silent, which is no consent here."}
    for one in said:
        if one.opinion is Opinion.DEEMED and declared.deemed_consents:
            name = one.name or one.department
            yield {"zh": f"{name}逾期未答复，视为无异议。", "en": f"{name} was silent and is deemed not to object."}
