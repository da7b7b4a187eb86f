"""What a person may answer to one component of a form-js form: its type, its limits, and a fault in both languages."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import marshmallow as ma
from marshmallow import fields

from engine import clock
from engine.domain import feel, patterns
from engine.errors import ExpressionFailed

Component = Mapping[str, Any]
Scope = Mapping[str, Any]
Text = dict[str, str]

LONGEST_TEXT = 20_000
LARGEST_POWER = 15
MOST_PLACES = 12
MOST_CHOICES = 500

PRESENTATION = frozenset(
    {"text", "html", "image", "iframe", "separator", "spacer", "table", "button", "documentPreview", "expression"}
)
CHOICES = frozenset({"radio", "select", "checklist", "taglist"})
SOURCES = ("values", "valuesKey", "valuesExpression")
MOMENTS = ("date", "time", "datetime")

REQUIRED = {"zh": "必填项，请填写。", "en": "This field is required."}

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]{1,63}(?:\.[^@\s.]{1,63}){1,8}")
_PHONE = re.compile(r"\+?[0-9][0-9 ()./-]{4,24}[0-9]")
_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")


class Fault(Exception):
    """An answer has a fault, said in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        self.text: Text = {"zh": zh, "en": en}
        super().__init__(en)


@dataclass(frozen=True)
class Answer:
    """How one type of component is read: its field, what is said when that fails, and the checks after it."""

    field: ma.fields.Field[Any]
    fault: Text
    checks: tuple[Callable[[Component, Any, Scope], None], ...]
    empty: Any = None
    plain: Callable[[Component, Any], Any] = lambda _, value: value


def load(component: Component, value: Any, scope: Scope) -> Any:
    """Return the JSON-plain answer to `component`; raise Fault when it is missing, of another type or out of limits.

    `scope` is what FEEL expressions in the component's limits and choices may see.
    """
    answer = _answer(component)
    if _is_empty(component, value):
        if _required(component):
            raise Fault(**REQUIRED)
        return answer.empty
    try:
        read = answer.field.deserialize(value)
    except ma.ValidationError:
        raise Fault(**answer.fault) from None
    for check in answer.checks:
        check(component, read, scope)
    return answer.plain(component, read)


def setting(value: Any, scope: Scope) -> Any:
    """Return a setting of a component: itself, or the value of the FEEL expression it holds (null when it fails)."""
    if not isinstance(value, str) or not value.startswith("="):
        return value
    try:
        return feel.compile(value).evaluate(scope)
    except ExpressionFailed:
        return None


def known(kind: str) -> bool:
    """Return whether a person answers components of this type."""
    return kind in _TYPES


def _answer(component: Component) -> Answer:
    kind = component["type"]
    if kind == "datetime":
        return _MOMENTS[component.get("subtype", "date")]
    if kind == "number" and component.get("serializeToString"):
        return _WRITTEN_NUMBER
    return _TYPES[kind]


def _is_empty(component: Component, value: Any) -> bool:
    if component["type"] == "checkbox" and value is False:
        return True
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def _limits(component: Component) -> Mapping[str, Any]:
    return component.get("validate") or {}


def _required(component: Component) -> bool:
    return _limits(component).get("required") is True


def _limit(component: Component, name: str, scope: Scope) -> Decimal | None:
    return _number(setting(_limits(component).get(name), scope))


def _number(value: Any) -> Decimal | None:
    """Read a limit; one that is no number, or beyond all reason, limits nothing."""
    try:
        number = Decimal(str(value))
    except ArithmeticError:
        return None
    return (
        number if number.is_finite() and number.adjusted() <= LARGEST_POWER and _places(number) <= MOST_PLACES else None
    )


def _places(number: Decimal) -> int:
    return -int(number.as_tuple().exponent)


def _storable(_: Component, text: str, __: Scope) -> None:
    if len(text) > LONGEST_TEXT:
        raise Fault(f"不得超过{LONGEST_TEXT}个字符。", f"At most {LONGEST_TEXT} characters.")
    if _UNSTORABLE.search(text):
        raise Fault("含有不可见的控制字符。", "Holds control characters.")


def _length(component: Component, text: str, scope: Scope) -> None:
    least, most = (_limit(component, name, scope) for name in ("minLength", "maxLength"))
    if least is not None and len(text.strip()) < least:
        raise Fault(f"至少{least}个字符。", f"At least {least} characters.")
    if most is not None and len(text.strip()) > most:
        raise Fault(f"不得超过{most}个字符。", f"At most {most} characters.")


def _shape(component: Component, text: str, _: Scope) -> None:
    limits = _limits(component)
    kind, pattern = limits.get("validationType"), limits.get("pattern")
    if kind == "email" and not _EMAIL.fullmatch(text.strip()):
        raise Fault("请填写有效的电子邮箱。", "Enter a valid e-mail address.")
    if kind == "phone" and not _PHONE.fullmatch(text.strip()):
        raise Fault("请填写有效的电话号码。", "Enter a valid telephone number.")
    if pattern and kind in (None, "custom") and not patterns.matches(patterns.compiled(pattern), text):
        zh, en = limits.get("patternErrorMessage"), component.get("properties", {}).get("en_fault")
        raise Fault(zh or "格式不符合要求。", en or "The format is not as required.")


def _range(component: Component, number: Decimal, scope: Scope) -> None:
    if number.adjusted() > LARGEST_POWER or _places(number) > MOST_PLACES:
        raise Fault("数值过大或小数位过多。", "The number is too large or has too many decimal places.")
    least, most = (_limit(component, name, scope) for name in ("min", "max"))
    if least is not None and number < least:
        raise Fault(f"不得小于{least}。", f"Must be at least {least}.")
    if most is not None and number > most:
        raise Fault(f"不得大于{most}。", f"Must be at most {most}.")


def _step(component: Component, number: Decimal, scope: Scope) -> None:
    digits, increment = (_number(setting(component.get(name), scope)) for name in ("decimalDigits", "increment"))
    if digits is not None and _places(number.normalize()) > digits:
        raise Fault(f"最多{digits}位小数。", f"At most {digits} decimal places.")
    if increment and number % increment:
        raise Fault(f"须为{increment}的倍数。", f"Must be a multiple of {increment}.")


def _choice(component: Component, value: Any, scope: Scope) -> None:
    if not any(_same(value, choice) for choice in _choices(component, scope)):
        raise Fault("不在可选范围内。", "Is not one of the choices.")


def _all_choices(component: Component, values: list[Any], scope: Scope) -> None:
    for place, value in enumerate(values):
        _choice(component, value, scope)
        if any(_same(value, other) for other in values[:place]):
            raise Fault("同一选项重复。", "A choice is given twice.")


def _choices(component: Component, scope: Scope) -> list[Any]:
    if "valuesExpression" in component:
        found = setting(component["valuesExpression"], scope)
    elif "valuesKey" in component:
        found = scope.get(component["valuesKey"])
    else:
        found = component.get("values")
    choices = found[:MOST_CHOICES] if isinstance(found, list) else []
    return [choice["value"] if isinstance(choice, dict) and "value" in choice else choice for choice in choices]


def _same(a: Any, b: Any) -> bool:
    return a == b and isinstance(a, bool) == isinstance(b, bool)


def _not_past(component: Component, moment: date, _: Scope) -> None:
    day = moment.date() if isinstance(moment, datetime) else moment
    if component.get("disallowPassedDates") is True and day < clock.today():
        raise Fault("不得早于今天。", "Must not be before today.")


def _json_number(value: Any) -> Decimal:
    """Read a JSON number; a text or a truth value is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ma.ValidationError("no number")
    return Decimal(str(value))


def _plain_number(_: Component, number: Decimal) -> int | float:
    return int(number) if number == number.to_integral_value() else float(number)


def _plain_date(_: Component, moment: date) -> str:
    return moment.isoformat()


def _plain_time(_: Component, moment: time | datetime) -> str:
    return moment.isoformat(timespec="minutes")


def _said(zh: str, en: str) -> Text:
    return {"zh": zh, "en": en}


_IN_TEXT = _said("请填写文字。", "Must be text.")
_IN_NUMBERS = _said("请填写数字。", "Must be a number.")
_IN_CHOICES = _said("格式不正确。", "Must be a list of choices.")
_NUMBER_CHECKS = (_range, _step)
_WRITTEN_NUMBER = Answer(fields.Decimal(), _IN_NUMBERS, _NUMBER_CHECKS, None, lambda _, number: f"{number:f}")
_MOMENTS = {
    "date": Answer(fields.Date(), _said("请填写日期。", "Must be a date."), (_not_past,), None, _plain_date),
    "time": Answer(fields.Time(), _said("请填写时间。", "Must be a time."), (), None, _plain_time),
    "datetime": Answer(
        fields.DateTime(), _said("请填写日期和时间。", "Must be a date and time."), (_not_past,), None, _plain_time
    ),
}
_TEXT = Answer(fields.String(), _IN_TEXT, (_storable, _length, _shape))
_ONE = Answer(fields.Raw(), _IN_CHOICES, (_choice,))
_SOME = Answer(fields.List(fields.Raw()), _IN_CHOICES, (_all_choices,), [])
_TYPES = {
    "textfield": _TEXT,
    "textarea": _TEXT,
    "number": Answer(fields.Function(deserialize=_json_number), _IN_NUMBERS, _NUMBER_CHECKS, None, _plain_number),
    "checkbox": Answer(
        fields.Boolean(truthy={True}, falsy={False}),
        _said("请勾选或不勾选。", "Must be ticked or not."),
        (),
        empty=False,
    ),
    "radio": _ONE,
    "select": _ONE,
    "checklist": _SOME,
    "taglist": _SOME,
    "datetime": _MOMENTS["date"],
    "filepicker": Answer(fields.String(), _said("请选择文件。", "Choose a file."), (_storable,)),
}
