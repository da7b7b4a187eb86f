"""Titles of units: their kinds, who grants and revokes them, how a unit's standing moves, what must always hold.

The kinds and organs are those of 浙政发〔2012〕17号: 科技强市、县 by 浙委办发[2004]29号 (三(一)), pilots by the
department with others and recognition by the provincial government (三(二)), national pilots named in 五(三). The
standings and their moves are programme chapter 8.1.
"""

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from itertools import pairwise

from dateutil.relativedelta import relativedelta

from engine.domain.divisions import Change
from engine.domain.numbering import DocumentNumber
from engine.errors import ExpressionRefused, TitleRefused


class Kind(StrEnum):
    """What a unit can hold."""

    SCIENCE_STRONG = "science_strong"  # 科技强市、县（市、区）: what makes it eligible
    PILOT = "pilot"  # 创新型试点城市（县、区）
    RECOGNISED = "recognised"  # 创新型城市（县、区）
    NATIONAL_PILOT = "national_pilot"  # 国家创新型城市建设试点


class Ending(StrEnum):
    """Why a title ends."""

    REVOKED = "revoked"  # the organ that granted it took it away
    MERGED = "merged"  # the unit went into another
    ABOLISHED = "abolished"  # the unit is no more
    OWN_REQUEST = "own_request"  # the unit gave it back
    SUPERSEDED = "superseded"  # a higher title took its place, or another unit took it over


class Organ(StrEnum):
    """Who can grant a title."""

    DEPARTMENT = "department"  # 省科技厅会同省级有关部门
    GOVERNMENT = "government"  # 省政府
    PARTY = "party"  # 省委
    NATIONAL = "national"  # 国家部委


class Standing(StrEnum):
    """Where a unit stands in the programme."""

    NONE = "none"  # takes the route of 科技强市、县 first
    ELIGIBLE = "eligible"  # 科技强市、县, and may apply
    APPLIED = "applied"  # has handed in an application that is not decided
    NOT_ACCEPTED = "not_accepted"  # its application was not accepted, or not chosen
    WITHDRAWN = "withdrawn"  # took its application back
    PILOT = "pilot"  # holds the pilot title, measured every two years
    RECOGNISED = "recognised"  # holds the title
    RECTIFYING = "rectifying"  # holds a title and puts right what was found
    RESTORED = "restored"  # has put it right and keeps what it held
    REVOKED = "revoked"  # lost its titles; may apply again once no bar stands
    SUSPENDED = "suspended"  # stands still for a change of boundaries or an investigation
    ENDED = "ended"  # the unit is no more


_FROM_ANY = frozenset({Standing.SUSPENDED, Standing.ENDED})
_FROM_TITLE = _FROM_ANY | {Standing.RECTIFYING, Standing.REVOKED}
# A pilot that goes on as pilot does not move. Whoever is suspended goes back to where they stood, or loses it.
MOVES: dict[Standing, frozenset[Standing]] = {
    Standing.NONE: _FROM_ANY | {Standing.ELIGIBLE},
    Standing.ELIGIBLE: _FROM_ANY | {Standing.APPLIED, Standing.NONE},
    Standing.APPLIED: _FROM_ANY | {Standing.PILOT, Standing.NOT_ACCEPTED, Standing.WITHDRAWN},
    Standing.NOT_ACCEPTED: _FROM_ANY | {Standing.APPLIED, Standing.NONE},
    Standing.WITHDRAWN: _FROM_ANY | {Standing.APPLIED, Standing.NONE},
    Standing.PILOT: _FROM_TITLE | {Standing.RECOGNISED},
    Standing.RECOGNISED: _FROM_TITLE,
    Standing.RECTIFYING: _FROM_ANY | {Standing.RESTORED, Standing.REVOKED},
    Standing.RESTORED: _FROM_TITLE | {Standing.PILOT, Standing.RECOGNISED},
    Standing.REVOKED: _FROM_ANY | {Standing.APPLIED, Standing.NONE},
    Standing.SUSPENDED: frozenset(Standing) - {Standing.SUSPENDED, Standing.RESTORED},
    Standing.ENDED: frozenset(),
}

GRANTED_BY = {
    Kind.SCIENCE_STRONG: frozenset({Organ.PARTY, Organ.GOVERNMENT}),
    Kind.PILOT: frozenset({Organ.DEPARTMENT}),
    Kind.RECOGNISED: frozenset({Organ.GOVERNMENT}),
    Kind.NATIONAL_PILOT: frozenset({Organ.NATIONAL}),
}
# A title is taken away by the organ that granted it or by the one above that (统计法第四十五条, 2009 年修订).
ABOVE = {
    Organ.DEPARTMENT: frozenset({Organ.GOVERNMENT}),
    Organ.GOVERNMENT: frozenset[Organ](),
    Organ.PARTY: frozenset[Organ](),
    Organ.NATIONAL: frozenset[Organ](),
}
# The second character of an organ's word names the organ, the first its province: 浙科发, 浙政函, 浙委办发.
_MARKS = {"科": Organ.DEPARTMENT, "政": Organ.GOVERNMENT, "委": Organ.PARTY}
_NATION = "国"

PROGRAMME = frozenset({Kind.PILOT, Kind.RECOGNISED})  # what the two-yearly measurement is about, 三(二)


@dataclass(frozen=True)
class Title:
    """A title of a unit: since when and by which document; `ended_on` is the first day without it."""

    unit: str
    kind: Kind
    granted_on: date
    document_no: str
    ended_on: date | None = None
    end_reason: Ending | None = None
    end_document_no: str | None = None

    def held(self, day: date) -> bool:
        """Return whether the title is held on `day`."""
        return self.granted_on <= day and (self.ended_on is None or day < self.ended_on)


@dataclass(frozen=True)
class Decision:
    """A decision to end a title: why, from which day on, and by which document."""

    reason: Ending
    on: date
    document_no: str | None = None


class Effect(StrEnum):
    """What a change of divisions does to the titles of a unit (decision D15)."""

    INHERIT = "inherit"  # the successor holds them from that day
    SUSPEND = "suspend"  # the successor keeps them provisionally, until its own next round decides
    END = "end"  # they end with the unit


@dataclass(frozen=True)
class Outcome:
    """What became of a unit's titles: those that ended, those that were granted in their place."""

    ended: tuple[Title, ...] = ()
    granted: tuple[Title, ...] = ()


def move(at: Standing, *way: Standing) -> Standing:
    """Return the last of `way`; raise TitleRefused when no unit goes that way from `at`."""
    for to in way:
        if to not in MOVES[at]:
            raise TitleRefused(reason=f"no unit goes from {at.value} to {to.value}")
        at = to
    return at


def standing(titles: Iterable[Title], day: date) -> Standing:
    """Return the standing that the titles of a unit give it on `day`; a case in hand or an end of it may say more."""
    known = [title for title in titles if title.granted_on <= day]
    held = {title.kind for title in known if title.held(day)}
    revoked = any(title.end_reason is Ending.REVOKED for title in known if title.kind in PROGRAMME)
    for kind, found in ((Kind.RECOGNISED, Standing.RECOGNISED), (Kind.PILOT, Standing.PILOT)):
        if kind in held:
            return found
    if revoked:
        return Standing.REVOKED
    return Standing.ELIGIBLE if Kind.SCIENCE_STRONG in held else Standing.NONE


def grant(history: Sequence[Title], wanted: Title) -> Title:
    """Return `wanted`; raise TitleRefused when a unit with the titles `history` may not be granted it.

    A unit holds one title of a kind at a time, and a title does not begin before one of its kind that ended; a pilot
    comes from 科技强市、县 (三(一)), and only who is or was a pilot is recognised (三(二)).
    """
    same = [title for title in history if title.kind is wanted.kind]
    if any(title.ended_on is None or wanted.granted_on < title.ended_on for title in same):
        raise TitleRefused(reason="the unit holds a title of this kind", kind=wanted.kind.value, unit=wanted.unit)
    if wanted.kind is Kind.PILOT:
        move(standing(history, wanted.granted_on), Standing.APPLIED, Standing.PILOT)
    if wanted.kind is Kind.RECOGNISED and not _was_pilot(history, wanted.granted_on):
        raise TitleRefused(reason="only a pilot can be recognised", kind=wanted.kind.value, unit=wanted.unit)
    return wanted


def end(title: Title, decision: Decision) -> Title:
    """Return `title` as ended; raise TitleRefused when it has ended, or may not be ended so.

    What ended never opens again. Only the granting organ, or the one above it, revokes, and by a numbered document.
    """
    facts = {"kind": title.kind.value, "unit": title.unit}
    if title.ended_on is not None:
        raise TitleRefused(reason="the title has ended", **facts)
    if decision.on < title.granted_on:
        raise TitleRefused(reason="the title was granted later", **facts)
    if decision.reason is Ending.REVOKED and organ_of(decision.document_no) not in may_revoke(title.kind):
        raise TitleRefused(reason="only the organ that granted the title revokes it, by a document", **facts)
    return replace(
        title, ended_on=decision.on, end_reason=decision.reason, end_document_no=decision.document_no or None
    )


def two_year_day(granted_on: date, year: int) -> date:
    """Return the day in `year` on which the two years since `granted_on` are over; 29 February becomes the 28th."""
    return granted_on + relativedelta(year=year)


def may_revoke(kind: Kind) -> frozenset[Organ]:
    """Return the organs that may take a title of `kind` away."""
    granting = GRANTED_BY[kind]
    return granting.union(*(ABOVE[organ] for organ in granting))


def organ_of(document_no: str | None) -> Organ | None:
    """Return the organ that the word of a document's number names, None where it names none of these."""
    if not document_no:
        return None
    try:
        word = DocumentNumber.parse(document_no).organ
    except ExpressionRefused:
        return None
    return Organ.NATIONAL if word.startswith(_NATION) else _MARKS.get(word[1:2])


def heirs(kind: Change, to_units: Sequence[str]) -> tuple[str, ...]:
    """Return the units that may inherit: one whole successor, and nobody of a split or of moved ground.

    No rule of the guidance gives a title to a part of a unit (programme 8.8 (b)); whoever is new applies anew.
    """
    whole = kind not in {Change.SPLIT_CREATE, Change.BOUNDARY_TRANSFER}
    return tuple(to_units) if whole and len(to_units) == 1 else ()


def consequence(effect: Effect, held: Sequence[Title], heir: str | None, decision: Decision) -> Outcome:
    """Return what `effect` makes of the open titles `held` by a unit and its heir, where it has one.

    The unit itself as heir keeps what it holds. An heir is granted what it does not hold yet, since the same day, so
    that the two years go on; it takes over recognition only with the pilot title that recognition rests on. What is
    suspended passes alike, and whose case it is remembers that it is provisional; without an heir it stands still.
    """
    if effect is Effect.SUSPEND and heir is None:
        return Outcome()
    own = [title for title in held if title.ended_on is None and title.unit != heir]
    ended = tuple(end(title, decision) for title in own)
    if effect is Effect.END or heir is None:
        return Outcome(ended)
    holds = {title.kind for title in held if title.unit == heir and title.ended_on is None}
    passed = [
        replace(title, unit=heir, document_no=decision.document_no or title.document_no)
        for title in own
        if title.kind not in holds
    ]
    return Outcome(ended, tuple(passed))


def faults(titles: Iterable[Title]) -> list[str]:
    """Return the rules of chapter 8.1 that `titles` break, each with unit and kind; none when they are sound."""
    by_unit: dict[str, list[Title]] = defaultdict(list)
    for title in titles:
        by_unit[title.unit].append(title)
    return [f"{unit}: {rule}" for unit, own in sorted(by_unit.items()) for rule in _broken(own)]


def read(lines: Iterable[str]) -> list[Title]:
    """Return the titles of a CSV file with a header: unit, kind, granted_on, document_no, and a basis for people."""
    return [
        Title(row["unit"], Kind(row["kind"]), date.fromisoformat(row["granted_on"]), row["document_no"])
        for row in csv.DictReader(lines)
    ]


def _broken(titles: list[Title]) -> Iterator[str]:
    for kind in Kind:
        same = sorted((title for title in titles if title.kind is kind), key=lambda one: one.granted_on)
        for one, following in pairwise(same):
            if one.ended_on is None or following.granted_on < one.ended_on:
                yield f"two {kind.value} titles at a time"
    for title in titles:
        if title.kind is Kind.RECOGNISED and not _was_pilot(titles, title.granted_on):
            yield "recognised without having been a pilot"
        if (title.ended_on is None) != (title.end_reason is None):
            yield f"a {title.kind.value} title ends on a day and for a reason, or not at all"
        if title.end_reason is Ending.REVOKED and organ_of(title.end_document_no) not in may_revoke(title.kind):
            yield f"{title.kind.value} revoked by another organ than the one that granted it"


def _was_pilot(titles: Iterable[Title], day: date) -> bool:
    """Return whether one of `titles` is a pilot title granted by `day` and not revoked before."""
    return any(title.kind is Kind.PILOT and title.granted_on <= day and not _lost(title, day) for title in titles)


def _lost(title: Title, day: date) -> bool:
    return title.end_reason is Ending.REVOKED and title.ended_on is not None and title.ended_on <= day
