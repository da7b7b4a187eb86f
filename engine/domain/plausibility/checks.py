"""The checks, one a function: each looks at one figure, or at figures that are bound to each other, and may ask."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from engine.domain import feel
from engine.domain.indicators import IndicatorSet, Level, RawInput, Tie
from engine.domain.plausibility import spread
from engine.domain.plausibility.asking import Background, Number, Question, Submission, Use, shown
from engine.domain.scoring import half_up
from engine.errors import ExpressionFailed

JUMP = Decimal(30)  # per cent on the year before, which programme and spreadsheet ask to explain
ROBUST = 3.0  # deviations beyond which a value is asked about; 3.5 is usual (Iglewicz and Hoaglin, 1993)
FAR = 5  # the same for rates, whose tails are heavier
RATE_GAP = 30  # points of a rate
SLIPS = 4  # up to ×10,000: 亿元 and 万元
SLIP_ROOM = 0.45  # how far from a power of ten, as a logarithm
REVISED = Decimal("0.005")  # last year's figure may have been revised by so much
GROWTH_ROOM = Decimal(1)  # points
RUN = 4
KEYBOARD = "1234567890"
TEN = math.log(10)
PER_CENT = "%"
CHANCE = 0.08  # that a figure meets last year's by itself, among those it might well have been
HABIT = 2.5  # widths around the middle among which it might
WHOLE = frozenset({"家", "件", "项", "人", "个"})


@dataclass(frozen=True)
class Sight:
    """Everything a check may look at: the inputs by code, what was submitted, and what it is compared with."""

    inputs: dict[str, RawInput]
    submission: Submission
    background: Background

    def now(self, code: str) -> Decimal | None:
        """Return the figure submitted."""
        return _exact(self.submission.values.get(code))

    def before(self, code: str) -> Decimal | None:
        """Return the figure of the year before."""
        return _exact(self.background.before.get(code))

    @cached_property
    def known(self) -> list[RawInput]:
        """Return the inputs that were submitted with a value."""
        return [raw for raw in self.inputs.values() if self.now(raw.code) is not None]


def check(
    known: Iterable[IndicatorSet], level: Level, submission: Submission, background: Background
) -> list[Question]:
    """Return what must be asked about a submission under the sets it serves, in the order of their inputs.

    A figure about which something is asked already is not asked about once more because of what is bound to it.
    """
    sets = list(known)
    inputs = {raw.code: raw for one in sets for raw in one.raw_inputs()}
    sight = Sight(inputs, submission, background)
    found = [question for raw in sight.known for question in _first(raw, sight)]
    asked = {question.code for question in found}
    found += [question for question in _ties(sight, asked) if question.code not in asked]
    asked |= {question.code for question in found}
    found += [one for some in sets for one in _thresholds(some, level, sight) if one.code not in asked]
    found += _evidence(sight)
    order = list(inputs)
    return sorted(found, key=lambda question: order.index(question.code) if question.code in order else len(order))


def _first(raw: RawInput, sight: Sight) -> list[Question]:
    """Return the first question that a figure raises by itself: the more telling checks come first."""
    checks: Sequence[Callable[[RawInput, Decimal, Sight], Question | None]] = (
        _impossible, _repeated, _rate if raw.unit == PER_CENT else _change, _copied,
    )  # fmt: skip
    value = sight.now(raw.code) or Decimal()
    return next(([question] for one in checks if (question := one(raw, value, sight))), [])


def _impossible(raw: RawInput, value: Decimal, _: Sight) -> Question | None:
    whole = raw.unit not in WHOLE or value == value.to_integral_value()
    possible = value >= 0 or raw.unit == PER_CENT if raw.range is None else _passes(raw.range, value)
    if possible and whole:
        return None
    zh = f"{raw.name}填为{shown(value)}{raw.unit}，不在可能的范围内，请核对。"
    en = f"{raw.code} is given as {shown(value)} {raw.unit}, which is not possible. Is it right?"
    return Question(raw.code, "impossible", zh, en)


def _repeated(raw: RawInput, value: Decimal, _: Sight) -> Question | None:
    """Ask about 8888 and 12345: figures that people write where they have none."""
    digits = spread.significant(value)
    same = len(digits) >= RUN and len(set(digits)) == 1
    if not same and not (len(digits) > RUN and digits in KEYBOARD):
        return None
    zh = f"{raw.name}填为{shown(value)}{raw.unit}，数字有规律，请确认不是占位数。"
    en = f"{raw.code} is given as {shown(value)} {raw.unit}. Is that the figure, or does it hold a place?"
    return Question(raw.code, "repeated", zh, en)


def _change(raw: RawInput, value: Decimal, sight: Sight) -> Question | None:
    """Ask about a slip of the unit or a jump: against the year before, or by head against the peers."""
    before = sight.before(raw.code)
    if value <= 0:
        return _vanished(raw, value, before)
    if before is None or before <= 0:
        return _size(raw, value, sight)
    moves = spread.growth(sight.background, raw.code)
    off = math.log(value / before) - moves.middle
    width = math.hypot(moves.width, math.sqrt(spread.noise(raw.unit, float(value), float(before))))
    rate = half_up((value - before) / before * 100)
    if abs(off) <= ROBUST * width or abs(rate) <= JUMP:
        return None
    if power := _slip(off, width):
        return _ask_slip((raw, value, before), power, ("上年", "last year"))
    zh = f"{raw.name}本年{shown(value)}{raw.unit}，上年{shown(before)}{raw.unit}，变动{shown(rate)}%，请说明原因。"
    en = f"{raw.code} is {shown(value)} {raw.unit} after {shown(before)}: {shown(rate)} %. Please explain."
    return Question(raw.code, "jump", zh, en)


def _vanished(raw: RawInput, value: Decimal, before: Decimal | None) -> Question | None:
    # A handful may well become none by chance.
    handful = ROBUST**2 if raw.unit in spread.COUNTED else 0
    if before is None or before <= handful:
        return None
    zh = f"{raw.name}填为{shown(value)}{raw.unit}，上年为{shown(before)}{raw.unit}，请确认本年确为零。"
    en = f"{raw.code} is {shown(value)} {raw.unit} after {shown(before)}. Is there really none?"
    return Question(raw.code, "jump", zh, en)


def _size(raw: RawInput, value: Decimal, sight: Sight) -> Question | None:
    peers, heads = spread.size(sight.background, raw.code), sight.now(spread.SCALE)
    if peers is None or raw.code == spread.SCALE or heads is None or heads <= 0:
        return None
    off = math.log(value / heads) - peers.middle
    width = math.hypot(peers.width, math.sqrt(spread.noise(raw.unit, float(value))))
    if abs(off) <= ROBUST * width:
        return None
    usual = Decimal(str(math.exp(peers.middle))) * heads
    if power := _slip(off, width):
        return _ask_slip((raw, value, usual), power, ("按同类地区人均推算", "by head of the peers"))
    zh = f"{raw.name}填为{shown(value)}{raw.unit}，按同类地区人均推算约为{_rough(usual)}{raw.unit}，请核对。"
    en = f"{raw.code} is {shown(value)} {raw.unit}; by head of the peers one expects {_rough(usual)}. Is it right?"
    return Question(raw.code, "outlier", zh, en)


def _slip(off: float, width: float) -> int:
    """Return by which power of ten a figure is off, 0 when by none."""
    power = round(off / TEN)
    near = abs(off - power * TEN) <= max(SLIP_ROOM, ROBUST * min(width, SLIP_ROOM / 2))
    return power if near and abs(power) <= SLIPS else 0


def _ask_slip(told: tuple[RawInput, Decimal, Decimal], power: int, against: tuple[str, str]) -> Question:
    raw, value, other = told
    times = 10 ** abs(power)
    zh_side, en_side = (f"{times}倍", "larger") if power > 0 else (f"{times}分之一", "smaller")
    zh = f"{raw.name}填为{shown(value)}，{against[0]}为{_rough(other)}，约为其{zh_side}，计量单位是否为{raw.unit}？"
    en = f"{raw.code} is {shown(value)}, {against[1]} {_rough(other)}: {times} times {en_side}. Is it in {raw.unit}?"
    return Question(raw.code, "unit_slip", zh, en)


def _rate(raw: RawInput, value: Decimal, sight: Sight) -> Question | None:
    """Ask about a rate that lies far from the peers', or that was written as a fraction instead of per cent."""
    peers = spread.rates(sight.background, raw.code)
    if peers is None:
        return None
    among = f"{raw.name}填为{shown(value)}%，同类地区中位数为{_rough(peers.middle)}%"
    peers_en = f"{raw.code} is {shown(value)} %; the median of the peers is {_rough(peers.middle)} %."
    if value and abs(value) < 1 < abs(peers.middle) / ROBUST and _near(value * 100, peers, ROBUST):
        zh, en = f"{among}，是否应为{shown(value * 100)}%？", f"{peers_en} Is it {shown(value * 100)} %?"
        return Question(raw.code, "unit_slip", zh, en)
    if _near(value, peers, FAR) or abs(float(value) - peers.middle) <= RATE_GAP:
        return None
    return Question(raw.code, "outlier", f"{among}，请说明原因。", f"{peers_en} Please explain.")


def _near(value: Decimal, peers: spread.Spread, widths: float) -> bool:
    return abs(float(value) - peers.middle) <= widths * peers.width


def _copied(raw: RawInput, value: Decimal, sight: Sight) -> Question | None:
    """Ask about a figure equal to last year's, where that is hardly chance."""
    if value != sight.before(raw.code) or value <= 0:
        return None
    step = Decimal(1).scaleb(int(value.as_tuple().exponent))
    choices = float(value / step) * HABIT * spread.growth(sight.background, raw.code).width
    if choices * CHANCE < 1:
        return None
    zh = f"{raw.name}本年与上年同为{shown(value)}{raw.unit}，请确认不是照抄上年数。"
    en = f"{raw.code} is {shown(value)} {raw.unit} as it was last year. Was last year's figure copied?"
    return Question(raw.code, "copied", zh, en)


def _ties(sight: Sight, asked: set[str]) -> Iterator[Question]:
    kinds = {Tie.PART: _part, Tie.LAST_YEAR: _last_year, Tie.GROWTH: _growth}
    bound = [(raw, tie, other) for raw in sight.known for tie, other in raw.ties]
    for raw, tie, other in bound:
        if tie in kinds and not {raw.code, other} & asked and (question := kinds[tie](raw, other, sight)):
            yield question
    for whole in dict.fromkeys(other for _, tie, other in bound if tie is Tie.SHARE):
        shares = [raw for raw, tie, other in bound if tie is Tie.SHARE and other == whole]
        if not {whole, *(raw.code for raw in shares)} & asked and (question := _shares(shares, whole, sight)):
            yield question


def _part(raw: RawInput, other: str, sight: Sight) -> Question | None:
    part, whole = sight.now(raw.code), sight.now(other)
    if part is None or whole is None or part <= whole:
        return None
    about = sight.inputs[other]
    zh = f"{raw.name}为{shown(part)}{raw.unit}，大于{about.name}{shown(whole)}{about.unit}，部分不应大于总体，请核对。"
    en = f"{raw.code} is {shown(part)} {raw.unit}, more than {other}, {shown(whole)}, of which it is a part."
    return Question(raw.code, "parts", zh, en)


def _shares(shares: Sequence[RawInput], whole: str, sight: Sight) -> Question | None:
    total = sum((sight.now(raw.code) or Decimal() for raw in shares), Decimal())
    limit = sight.now(whole)
    if limit is None or total <= limit:
        return None
    names, about = "、".join(raw.name for raw in shares), sight.inputs[whole]
    zh = f"{names}合计{shown(total)}{about.unit}，大于{about.name}{shown(limit)}{about.unit}，请核对。"
    en = f"{' + '.join(raw.code for raw in shares)} is {shown(total)}, more than {whole}, {shown(limit)}."
    return Question(shares[0].code, "parts", zh, en)


def _last_year(raw: RawInput, other: str, sight: Sight) -> Question | None:
    given, reported = sight.now(raw.code), sight.before(other)
    if given is None or reported is None or abs(given - reported) <= REVISED * abs(reported):
        return None
    zh = f"{raw.name}填为{shown(given)}{raw.unit}，上年申报为{shown(reported)}{raw.unit}，请说明为何不同。"
    en = f"{raw.code} is {shown(given)} {raw.unit}; last year {shown(reported)} was reported. Why do they differ?"
    return Question(raw.code, "last_year", zh, en)


def _growth(raw: RawInput, other: str, sight: Sight) -> Question | None:
    given, now, before = sight.now(raw.code), sight.now(other), sight.before(other)
    if given is None or now is None or before is None or before <= 0:
        return None
    reckoned = (now - before) / before * 100
    if abs(given - reckoned) <= GROWTH_ROOM:
        return None
    zh = f"{raw.name}填为{shown(given)}%，按{sight.inputs[other].name}两年数推算为{shown(half_up(reckoned))}%，请核对。"
    en = f"{raw.code} is {shown(given)} %; from {other} of both years it would be {shown(half_up(reckoned))} %."
    return Question(raw.code, "growth", zh, en)


def _thresholds(known: IndicatorSet, level: Level, sight: Sight) -> Iterator[Question]:
    """Ask about ratios that meet their standard to the last digit; a count may well be as large as its standard."""
    for one in known.indicators:
        if one.formula is None or len(one.raw) < 2 or any(sight.now(raw.code) is None for raw in one.raw):  # noqa: PLR2004 - a ratio has two
            continue
        value = one.formula.evaluate({raw.code: sight.now(raw.code) for raw in one.raw})
        if isinstance(value, int | Decimal) and half_up(Decimal(value)) == one.standards[level]:
            standard = shown(one.standards[level])
            zh = f"{one.name}按所填数据恰为标准值{standard}{one.unit}，请确认数据未作调整。"
            en = f"{one.code} comes to its standard {standard} exactly. Are the figures as they were recorded?"
            yield Question(one.raw[0].code, "threshold", zh, en)


def _evidence(sight: Sight) -> Iterator[Question]:
    submission = sight.submission
    uses: dict[str, list[Use]] = {digest: list(known) for digest, known in sight.background.uses.items()}
    for code, digests in submission.evidence.items():
        for digest in dict.fromkeys(digests):
            uses.setdefault(digest, []).append(Use(submission.unit, submission.year, code))
    for digest, known in uses.items():
        places = list(dict.fromkeys(known))
        own = [one for one in places if (one.unit, one.year) == (submission.unit, submission.year)]
        if own and len(places) > 1:
            others = [f"{one.unit} {one.year} {one.code}" for one in places if one != own[0]]
            zh = (
                f"同一证明材料（{digest[:12]}）还用于{len(others)}项数据：{'；'.join(others[:5])}，请确认各项均有依据。"
            )
            en = f"Evidence {digest[:12]} also supports {len(others)} figures: {'; '.join(others[:5])}. Is it right?"
            yield Question(own[0].code, "evidence", zh, en)


def _passes(allowed: feel.Expression, value: Decimal) -> bool:
    try:
        return allowed.evaluate({"?": value}) is True
    except ExpressionFailed:
        return False


def _rough(number: float | Decimal) -> str:
    """Return a number to three digits, for what is only expected."""
    return shown(Decimal(f"{number:.3g}"))


def _exact(value: Number | None) -> Decimal | None:
    return None if value is None else value if isinstance(value, Decimal) else Decimal(str(value))
