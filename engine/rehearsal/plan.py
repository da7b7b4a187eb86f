"""The plan of a rehearsal: what people, other systems and services will do, and when; read once, every fault named."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from engine import clock
from engine.domain import durations
from engine.domain.durations import Duration
from engine.errors import ExpressionRefused

Finding = dict[str, Any]

MOST = 10_000
LONGEST_NAME = 500
TO_ZH = {
    "Unknown field.": "没有这一项。",
    "Missing data for required field.": "缺少此项。",
    "Field may not be null.": "不能为空。",
    "Invalid input type.": "应为一个对象。",
    "Not a valid mapping type.": "应为一个对象。",
    "Not a valid list.": "应为一个列表。",
    "Not a valid string.": "应为一段文字。",
    "Not a valid boolean.": "应为 true 或 false。",
}
WANTS_DURATION = "应为 ISO 8601 时长，如 P3D。|Must be an ISO 8601 duration such as P3D."
WANTS_INSTANT = "应为 ISO 8601 时刻，如 2024-02-29T09:00:00+08:00。|Must be an ISO 8601 date or date-time."
WANTS_MOMENT = (
    "应为距开始的 ISO 8601 时长或一个时刻。|Must be an ISO 8601 duration counted from the start, or a date-time."
)
TOO_EARLY = "早于演练的开始。|It lies before the start of the rehearsal."
ALONE = "never 为 true 时不能再有 after 或 data。|An item that is never done has neither after nor data."
EITHER = "data 和 error 不能并用。|It cannot have both data and error."


@dataclass(frozen=True)
class Turn:
    """How one task is done: how long after it began, with which answers; or never."""

    after: Duration | None = None
    data: dict[str, Any] = field(default_factory=dict)
    never: bool = False


@dataclass(frozen=True)
class Answer:
    """What one call of a service gives: data, or the code of a BPMN error."""

    data: dict[str, Any] = field(default_factory=dict)
    error: str | None = None


@dataclass(frozen=True)
class Arrival:
    """A message or a signal that comes from outside; `keys` are the texts that a waiting correlation may equal."""

    at: datetime
    name: str
    payload: dict[str, Any]
    keys: frozenset[str] = frozenset({""})


@dataclass(frozen=True)
class Plan:
    """When the rehearsal begins and ends, and what is planned in between."""

    start: datetime
    until: datetime
    tasks: Mapping[str, list[Turn]] = field(default_factory=dict)
    messages: list[Arrival] = field(default_factory=list)
    signals: list[Arrival] = field(default_factory=list)
    services: Mapping[str, list[Answer]] = field(default_factory=dict)


def read(source: Any, until: str) -> tuple[Plan | None, list[Finding]]:
    """Return the plan that a JSON value writes down and its findings; without a plan when it has faults.

    `until` is a duration from the start, or a moment.
    """
    try:
        given = _SCHEMA.load(source)
    except ma.ValidationError as faults:
        return None, [_finding(place, text) for place, text in _flat(faults.messages, ())]
    start = given["start"] or clock.now().replace(microsecond=0)
    found: list[Finding] = []
    plan = Plan(
        start=start,
        until=_moment(until, start, ("--until",), found),
        tasks={name: [Turn(**turn) for turn in turns] for name, turns in given["tasks"].items()},
        messages=[_arrival(one, start, ("messages", str(n)), found) for n, one in enumerate(given["messages"])],
        signals=[_arrival(one, start, ("signals", str(n)), found) for n, one in enumerate(given["signals"])],
        services={name: [Answer(**answer) for answer in answers] for name, answers in given["services"].items()},
    )
    return (None, found) if found else (plan, [])


def _arrival(given: Mapping[str, Any], start: datetime, place: tuple[str, ...], found: list[Finding]) -> Arrival:
    key = given.get("key")
    keys = frozenset() if key is None else frozenset({*map(str, key.values()), "/".join(map(str, key.values()))})
    at = _moment(given["at"], start, (*place, "at"), found)
    return Arrival(at, given["name"], given["payload"], keys | {""})


def _moment(text: str, start: datetime, place: tuple[str, ...], found: list[Finding]) -> datetime:
    try:
        at = durations.after(start, durations.parse(text)) if text.startswith("P") else durations.parse_moment(text)
    except ExpressionRefused:
        found.append(_finding(place, WANTS_MOMENT))
        return start
    if at < start:
        found.append(_finding(place, TOO_EARLY))
    return at


class _Duration(fields.String):
    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return durations.parse(super()._deserialize(value, *args, **kwargs))
        except ExpressionRefused:
            raise ma.ValidationError(WANTS_DURATION) from None


class _Instant(fields.String):
    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return durations.parse_moment(super()._deserialize(value, *args, **kwargs))
        except ExpressionRefused:
            raise ma.ValidationError(WANTS_INSTANT) from None


class _TurnSchema(ma.Schema):
    after = _Duration()
    data = fields.Dict(keys=fields.String())
    never = fields.Boolean(truthy={True}, falsy={False})


class _AnswerSchema(ma.Schema):
    data = fields.Dict(keys=fields.String())
    error = fields.String(validate=validate.Length(1, LONGEST_NAME))


class _SignalSchema(ma.Schema):
    at = fields.String(required=True)
    name = fields.String(required=True, validate=validate.Length(1, LONGEST_NAME))
    payload = fields.Dict(keys=fields.String(), load_default=dict)


class _MessageSchema(_SignalSchema):
    key = fields.Dict(keys=fields.String(), load_default=None, allow_none=True)


def _never_is_all(turn: Mapping[str, Any]) -> None:
    if turn.get("never") and turn.keys() & {"after", "data"}:
        raise ma.ValidationError(ALONE)


def _says_one_thing(answer: Mapping[str, Any]) -> None:
    if len(answer) > 1:
        raise ma.ValidationError(EITHER)


def _listed(schema: type[ma.Schema], check: Callable[[Mapping[str, Any]], None] | None = None) -> Any:
    return fields.List(fields.Nested(schema, validate=check), load_default=list, validate=validate.Length(max=MOST))


def _by_element(schema: type[ma.Schema], check: Callable[[Mapping[str, Any]], None]) -> Any:
    return fields.Dict(keys=fields.String(), values=_listed(schema, check), load_default=dict)


_SCHEMA = ma.Schema.from_dict(
    {
        "start": _Instant(load_default=None),
        "tasks": _by_element(_TurnSchema, _never_is_all),
        "messages": _listed(_MessageSchema),
        "signals": _listed(_SignalSchema),
        "services": _by_element(_AnswerSchema, _says_one_thing),
    },
    name="PlanSchema",
)(unknown=ma.RAISE)


def _flat(messages: Any, place: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield (place, text) of every fault; `value` and `_schema` are marshmallow's own steps, not the plan's."""
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            yield from _flat(inner, place if key in {"value", "_schema"} else (*place, str(key)))
        return
    for text in messages:
        yield place, str(text)


def _finding(place: tuple[str, ...], text: str) -> Finding:
    zh, _, en = text.rpartition("|")
    where = ".".join(place)
    told = {"zh": zh or TO_ZH.get(en, f"不正确（{en}）"), "en": en}
    named = place[1] if len(place) > 1 and place[0] in {"tasks", "services"} else ""
    return {
        "file": "plan",
        "element": named,
        "name": where,
        "rule": "plan",
        "severity": "error",
        "text": {language: f"{where}: {said}" if where else said for language, said in told.items()},
    }
