"""Independence, enforced: whoever did one step of a case is refused its counterpart, and sealed steps stay sealed.

What excludes what stands in config/independence.toml; the reckoning is `engine.domain.independence`.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.domain.independence import Apart, Handover, along, clashes
from engine.errors import SeatRefused, SettingsRefused
from engine.settings import ROOT

RULES = ROOT / "config" / "independence.toml"
ROLE = "role:"
YOURS = {
    "zh": "您办过本案的“{step}”，按“{zh}”的规定不能再办这一环节，请转由他人办理。",
    "en": "You did “{step}” of this case; {en}. Let somebody else do this step.",
}
THEIRS = {
    "zh": "参与这一环节的人办过本案的“{step}”，按“{zh}”的规定不能再参与，请另选他人。",
    "en": "Somebody who takes part in this step did “{step}” of this case; {en}. Choose somebody else.",
}
WROTE = {
    "zh": "您参与过这份修改稿的编写，按“{zh}”的规定不能审定，请转由他人办理。",
    "en": "Your hand is in this draft; {en}. Let somebody else do this step.",
}
WROTE_THEIRS = {
    "zh": "参与这一环节的人编写过这份修改稿，按“{zh}”的规定不能审定，请另选他人。",
    "en": "Somebody who takes part in this step wrote on the draft; {en}. Choose somebody else.",
}
AUTHORS = text(
    """SELECT author.person, revision.instance FROM revision_author AS author
  JOIN revision ON revision.id = author.revision
  WHERE revision.instance = ANY(CAST(:instances AS uuid[])) AND author.person = ANY(CAST(:people AS uuid[]))"""
)
# Wide: everything about the unit of a case - what else it is the subject of, and the rounds that measured it, whose
# steps are done for a whole list; for a round, everything about the units that it measured.
# A seat is held by whoever answered, in their own place or another's, whoever prepared it or let it be prepared, and
# whoever gave a sign on it: the latter and answers that wait for signs count while the task is still open.
_DONE = """SELECT DISTINCT ON (one.person) one.person, done.name, done.element, done.role
  FROM task AS done CROSS JOIN unnest(CAST(:people AS uuid[])) AS one(person)
  WHERE done.instance = ANY(ARRAY(SELECT CAST(:instance AS uuid)
    UNION SELECT there.id FROM instance AS here
      JOIN instance AS there ON there.subject = here.subject AND there.programme = here.programme
      WHERE CAST(:wide AS boolean) AND here.id = CAST(:instance AS uuid)
    UNION SELECT taken.instance FROM instance AS here
      JOIN score_sheet AS sheet ON sheet.unit = here.subject
      JOIN round AS taken ON taken.id = sheet.round AND taken.programme = here.programme
      WHERE CAST(:wide AS boolean) AND here.id = CAST(:instance AS uuid)
    UNION SELECT there.id FROM round AS taken
      JOIN score_sheet AS sheet ON sheet.round = taken.id
      JOIN instance AS there ON there.subject = sheet.unit AND there.programme = taken.programme
      WHERE CAST(:wide AS boolean) AND taken.instance = CAST(:instance AS uuid)))
  AND done.id != CAST(:task AS uuid) AND done.state IN ('completed', 'open')
  AND (done.element = ANY(CAST(:elements AS text[])) OR done.role = ANY(CAST(:roles AS text[])))
  AND (done.state = 'completed' AND one.person IN (done.ended_by, done.acted_for)
    OR done.bindings <> '{}' AND (
      'countersigning' = ANY(done.bindings) AND one.person IN (done.answered_by, done.acted_for)
      OR EXISTS (SELECT 1 FROM delegation AS lent WHERE lent.task = done.id AND lent.state = 'returned'
        AND one.person IN (lent.owner, lent.delegate, lent.returned_by))
      OR EXISTS (SELECT 1 FROM sign AS given WHERE given.task = done.id AND given.given_by IS NOT NULL
        AND one.person IN (given.person, given.given_by))))
  AND coalesce(done.ended_at, 'infinity') > coalesce((SELECT max(last.ended_at) FROM task AS last
    WHERE last.instance = CAST(:instance AS uuid) AND last.element = ANY(CAST(:since AS text[]))
    AND last.state = 'completed'), '-infinity')
  ORDER BY one.person, done.ended_at DESC"""
DONE = text(_DONE)
_ASKED = {"people": "uuid[]", "task": "uuid", "instance": "uuid", "elements": "text[]", "roles": "text[]"}
_ASKED |= {"wide": "boolean", "since": "text[]"}


def _of_each(statement: str) -> str:
    """Return the statement that asks for many steps at once what `statement` asks for one."""
    for name, kind in _ASKED.items():
        statement = statement.replace(f"CAST(:{name} AS {kind})", f"asked.{name}")
    columns = ", ".join(f"{name} {kind}" for name, kind in {**_ASKED, "rule": "int"}.items())
    return (
        "SELECT asked.task, asked.rule, held.* FROM"  # noqa: S608 - the words are ours
        f" jsonb_to_recordset(CAST(:asked AS jsonb)) AS asked({columns}) CROSS JOIN LATERAL ({statement}) AS held"
        " ORDER BY asked.rule"
    )


DONE_OF_EACH = text(_of_each(_DONE))


@dataclass(frozen=True)
class Place:
    """A step of an instance that somebody is about to take."""

    task: UUID
    instance: UUID
    element: str
    role: str | None

    @property
    def seats(self) -> frozenset[str]:
        """Return the names of the seat: the step, and the role."""
        return frozenset({self.element, *([ROLE + self.role] if self.role else [])})


@dataclass(frozen=True)
class Statutes:
    """What stands in config/independence.toml, with the rules that concern each seat."""

    rules: tuple[Apart, ...]
    sealed: frozenset[str]
    readers: frozenset[str]
    alone: frozenset[str]
    drafts: frozenset[str]
    unwritten: Mapping[str, str]
    by_seat: Mapping[str, tuple[Apart, ...]]


def admit(session: Session, person: UUID, place: Place) -> None:
    """Let a person take a step, unless an earlier one excludes it; raise SeatRefused, which names that one.

    Asks the database only about steps that a rule names.
    """
    for rule in _concerning(place):
        for found in _held(session, [person], place, rule):
            raise SeatRefused(why=_why(rule, found.name, YOURS), task=place.task, person=person)
    if _wrote(session, [person], [place]):
        raise SeatRefused(why=_told_author(WROTE), task=place.task, person=person)


def admit_all(session: Session, people: Iterable[UUID], place: Place) -> None:
    """Let several people come to hold a step together; raise SeatRefused for the first whom an earlier one excludes."""
    for person, why in barred(session, people, place).items():
        raise SeatRefused(why=why, task=place.task, person=person)


def barred(session: Session, people: Iterable[UUID], place: Place) -> dict[UUID, dict[str, str]]:
    """Return whom of `people` an earlier step excludes from a step, and why; one query for each rule that names it."""
    asked = sorted(set(people))
    found: dict[UUID, dict[str, str]] = {}
    for rule in _concerning(place) if asked else ():
        for one in _held(session, asked, place, rule):
            found.setdefault(one.person, _why(rule, one.name, THEIRS))
    for person, _ in _wrote(session, asked, [place]):
        found.setdefault(person, _told_author(WROTE_THEIRS))
    return found


def closed(session: Session, seats: Mapping[Place, tuple[UUID, ...]]) -> dict[UUID, dict[str, str]]:
    """Return which steps an earlier one closes to those who would come to hold them together, and why, by task.

    One query, however many steps; none where no rule names any of them, one more where drafts are among them.
    """
    asked = [
        (rule, place, _asked(rule, people, place)) for place, people in seats.items() for rule in _concerning(place)
    ]
    wrote = _wrote(session, [person for some in seats.values() for person in some], seats)
    found: dict[UUID, dict[str, str]] = {
        place.task: _told_author(WROTE if (people[0], place.instance) in wrote else WROTE_THEIRS)
        for place, people in seats.items()
        if any((person, place.instance) in wrote for person in people)
    }
    if not asked:
        return found
    given = orjson.dumps([{**one, "rule": number} for number, (_, _, one) in enumerate(asked)], default=str)
    for row in session.connection().execute(DONE_OF_EACH, {"asked": given.decode()}):
        rule, place, _ = asked[row.rule]
        if _clashes(rule, place, row):
            told = YOURS if row.person == seats[place][0] else THEIRS
            found.setdefault(row.task, _why(rule, row.name, told))
    return found


def pass_on(session: Session, place: Place, step: Handover) -> None:
    """Let a step be handed on, unless an earlier one excludes somebody who would come to hold it; raise SeatRefused."""
    admit_all(session, [UUID(person) for person in along(step.giver, [step]).holders], place)


def sealed(element: str, roles: Iterable[str]) -> bool:
    """Tell whether the data of a step stay hidden in the history of its case from whoever holds `roles`."""
    statutes = _statutes()
    return element in statutes.sealed and statutes.readers.isdisjoint(roles)


def hidden(roles: Iterable[str]) -> frozenset[str]:
    """Return the steps whose data stay hidden from whoever holds `roles`."""
    statutes = _statutes()
    return statutes.sealed if statutes.readers.isdisjoint(roles) else frozenset()


def alone() -> frozenset[str]:
    """Return the steps that several do, each by themselves: nobody sees what a colleague of the same role took."""
    return _statutes().alone


@cache
def _statutes() -> Statutes:
    raw = tomllib.loads(RULES.read_text(encoding="utf-8"))
    try:
        rules = tuple(_apart(one) for one in raw["apart"])
        steps, readers, lonely = (frozenset(raw["sealed"][name]) for name in ("steps", "readers", "alone"))
        drafts, unwritten = frozenset(raw["drafts"]["steps"]), dict(raw["drafts"]["name"])
    except (KeyError, TypeError) as fault:
        raise SettingsRefused(faults=[f"{RULES.name}: {fault!r}"]) from fault
    seats = {seat for rule in rules for seat in rule.first | rule.second}
    by_seat = {seat: tuple(rule for rule in rules if seat in rule.first | rule.second) for seat in seats}
    return Statutes(rules, steps, readers, lonely, drafts, unwritten, by_seat)


def _apart(raw: dict[str, Any]) -> Apart:
    sides = frozenset(raw["first"]), frozenset(raw["second"])
    return Apart(raw["name"], *sides, since=frozenset(raw.get("since", ())), wide=raw.get("wide", False))


def _concerning(place: Place) -> tuple[Apart, ...]:
    by_seat = _statutes().by_seat
    found = by_seat.get(place.element, ())
    return found + by_seat.get(f"{ROLE}{place.role}", ())


def _wrote(session: Session, people: Iterable[UUID], places: Iterable[Place]) -> set[tuple[UUID, UUID]]:
    """Return who of `people` has a hand in a draft that one of the places looks at, each with the place's instance."""
    instances = {place.instance for place in places if place.element in _statutes().drafts}
    if not instances:
        return set()
    given = {"instances": list(instances), "people": sorted(set(people))}
    return {(row.person, row.instance) for row in session.connection().execute(AUTHORS, given)}


def _told_author(told: Mapping[str, str]) -> dict[str, str]:
    rule = _statutes().unwritten
    return {language: sentence.format(zh=rule["zh"], en=rule["en"].lower()) for language, sentence in told.items()}


def _held(session: Session, people: list[UUID], place: Place, rule: Apart) -> Iterator[Any]:
    """Yield what each of `people` holds that a rule keeps apart from a step, the latest of each."""
    for found in session.connection().execute(DONE, _asked(rule, people, place)):
        if _clashes(rule, place, found):
            yield found


def _asked(rule: Apart, people: Iterable[UUID], place: Place) -> dict[str, Any]:
    """Return what the query of what people hold is given."""
    opposite = rule.opposite(place.seats)
    return {
        "people": list(people),
        "task": place.task,
        "instance": place.instance,
        "elements": sorted(seat for seat in opposite if not seat.startswith(ROLE)),
        "roles": sorted(seat.removeprefix(ROLE) for seat in opposite if seat.startswith(ROLE)),
        "wide": rule.wide,
        "since": sorted(rule.since),
    }


def _clashes(rule: Apart, place: Place, found: Any) -> bool:
    """Tell whether a rule keeps apart what somebody holds from a step."""
    holder = frozenset({str(found.person)})
    held = {found.element: holder, f"{ROLE}{found.role}": holder}
    return any(True for seat in sorted(place.seats) for _ in clashes([rule], held, seat, holder))


def _why(rule: Apart, step: str, told: Mapping[str, str]) -> dict[str, str]:
    facts = {"step": step, "zh": rule.name["zh"], "en": rule.name["en"].lower()}
    return {language: sentence.format(**facts) for language, sentence in told.items()}
