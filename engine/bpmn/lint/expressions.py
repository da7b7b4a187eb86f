"""Rules about expressions and times: FEEL that compiles, ISO 8601 that can be meant, numbers that can be counted to."""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from lxml import etree

from engine.bpmn.elements import B, I
from engine.bpmn.gate import BPMN, ICITY
from engine.bpmn.lint.drawing import File, Node, Plan, children, local, text
from engine.bpmn.lint.findings import Fault, error, fault, warning
from engine.domain import durations, feel
from engine.errors import ExpressionFailed, ExpressionRefused

RULES = {
    "feel": error(
        "8.4.6",
        "{place} 的表达式不是合格的 FEEL：{source}（{reason}）",
        "{place} is not FEEL: {source} ({reason}). Mend the expression.",
    ),
    "feel-function": error(
        "8.4.6",
        "{place} 调用了没有的函数 {function}：{source}",
        "{place} calls {function}, a function there is not: {source}",
    ),
    "empty-expression": error(
        "8.4.6", "{place} 是空的；请写上表达式或删除。", "{place} is empty; write an expression or remove it."
    ),
    "timer": error(
        "10.5.5",
        "时间写法不正确：{value}。请用 ISO 8601，如 P2Y、PT36H、2028-02-29、R3/P1M（{reason}）。",
        "Not a time of ISO 8601: {value}. Write it as P2Y, PT36H, 2028-02-29, R3/P1M ({reason}).",
    ),
    "timer-missing": error(
        "10.5.5",
        "定时器没有写明时间；请补上 timeDate、timeDuration 或 timeCycle。",
        "The timer does not say when; add timeDate, timeDuration or timeCycle.",
    ),
    "timer-several": error(
        "10.5.5",
        "定时器写了几种时间；timeDate、timeDuration、timeCycle 只能留一个。",
        "The timer says when in several ways; keep one of timeDate, timeDuration and timeCycle.",
    ),
    "timer-cycle": warning(
        "10.5.5",
        "这里只会发生一次，timeCycle 的重复不起作用；请用 timeDuration 或 timeDate。",
        "It happens once here, so the repetition of timeCycle has no effect; use timeDuration or timeDate.",
    ),
    "timer-zero": warning("10.5.5", "时长为零，立即到期。", "The duration is nothing; it falls due at once."),
    "remind": error(
        "10.5.5",
        "提醒的提前量不正确：{value}；请用 ISO 8601 时长，如 P6M。",
        "Not a duration to remind before: {value}; write it as P6M.",
    ),
    "loop-cardinality": error(
        "10.3.8",
        "实例个数 {value} 不可能；须是 0 到 {limit} 的整数。",
        "{value} is no number of instances; it must be a whole number from 0 to {limit}.",
    ),
    "constant-condition": warning(
        "8.4.6",
        "{place} 总是 {value}；请确认。",
        "{place} is always {value}; be sure that this is meant.",
    ),
    "condition-type": error(
        "8.4.6",
        "{place} 的值总是 {value}，不是真假值；请写成条件。",
        "{place} is always {value}, neither true nor false; write a condition.",
    ),
    "bad-name": error(
        "10.4.1",
        "{place}=“{value}”不能用作变量名；须以字母或下划线开头，只含字母、数字和下划线。",
        "{place}={value} cannot name a variable; begin with a letter or underscore, then letters, digits, underscores.",
    ),
    "repeated-mapping": error(
        "10.4.1",
        "icity:{tag}“{name}”写了两次；请只留一个。",
        "icity:{tag} {name!r} is there twice; keep one.",
    ),
}

MOST_INSTANCES = 1_000
_READERS: Mapping[str, Callable[[str], Any]] = {
    "timeDate": durations.parse_moment,
    "timeDuration": durations.parse,
    "timeCycle": durations.parse_cycle,
}
_FEEL = frozenset({"organisation", "assignee", "correlation", "anchor", "collection", "outputElement", "title"})
_VARIABLES = frozenset({"result", "elementVariable", "outputCollection"})
_CONDITIONS = frozenset({"conditionExpression", "condition", "completionCondition", "loopCondition"})
_OTHERS = frozenset({"loopCardinality", "from", "transformation"})
_UNREADABLE = "…"


def check(_: Plan, file: File) -> Iterator[Fault]:
    """Check every expression and every time of a file."""
    for xml, tag, space in file.everything:
        if space == BPMN:
            yield from _written(xml, tag)
        elif space == ICITY and tag in {"input", "output"}:
            yield from feel_of(xml, f"icity:{tag}", xml.get("value") or "")
    for xml, _tag in file.of("extensionElements"):
        yield from _mapped(xml)
    for node in file.all_nodes():
        yield from _timers(node)
    for xml, _tag in file.of("timerEventDefinition"):
        yield from _timer(xml)


def feel_of(xml: etree._Element, place: str, source: str) -> Iterator[Fault]:
    """Check one FEEL expression; an empty one is told where it stands."""
    if not source.strip():
        return
    reason, calls = _compiled(source)
    if reason:
        yield fault(xml, "feel", place=place, source=source, reason=reason)
    for function in calls:
        yield fault(xml, "feel-function", place=place, source=source, function=function)


@lru_cache(maxsize=8192)
def _compiled(source: str) -> tuple[str, tuple[str, ...]]:
    """Return why a source is no FEEL, and the functions it calls that nobody has."""
    try:
        return "", tuple(sorted(feel.compile(source).calls))
    except ExpressionRefused as refusal:
        facts = {key: value for key, value in refusal.facts.items() if key != "source"}
        return ", ".join(f"{key} {value}" for key, value in facts.items()) or _UNREADABLE, ()


def constant(source: str) -> tuple[bool, Any]:
    """Return whether an expression has the same value always, and that value."""
    try:
        expression = feel.compile(source)
        fixed = not expression.names and not expression.calls and "(" not in source
        return fixed, feel.to_json(expression.evaluate({})) if fixed else None
    except (ExpressionRefused, ExpressionFailed):
        return False, None


def _written(xml: etree._Element, tag: str) -> Iterator[Fault]:
    for key, value in xml.attrib.items():
        name = str(key).removeprefix(I)
        if name != str(key):
            yield from _own(xml, name, str(value))
    if tag not in _CONDITIONS | _OTHERS:
        return
    holder = xml.getparent()
    at = xml if holder is None else holder
    source = "".join(str(part) for part in xml.itertext()).strip()
    if not source and tag not in {"conditionExpression", "condition"}:
        yield fault(at, "empty-expression", place=tag)
    yield from feel_of(at, tag, source)
    if tag in _CONDITIONS:
        yield from _condition(at, tag, source)
    elif tag == "loopCardinality":
        yield from _cardinality(at, source)


def _own(xml: etree._Element, name: str, value: str) -> Iterator[Fault]:
    if name in _FEEL:
        if not value.strip():
            yield fault(xml, "empty-expression", place=f"icity:{name}")
        yield from feel_of(xml, f"icity:{name}", value)
    elif name in _VARIABLES and not value.isidentifier():
        yield fault(xml, "bad-name", place=f"icity:{name}", value=value)
    elif name == "remind":
        for part in value.split():
            if _refused(durations.parse, part):
                yield fault(xml, "remind", value=part)


def _condition(at: etree._Element, place: str, source: str) -> Iterator[Fault]:
    fixed, value = constant(source) if source else (False, None)
    bounded = place == "loopCondition" and value is True and (at.get("loopMaximum") or "").strip()
    if bounded:
        return
    if fixed and isinstance(value, bool):
        yield fault(at, "constant-condition", place=place, value=str(value).lower())
    elif fixed:
        yield fault(at, "condition-type", place=place, value=value)


def _cardinality(at: etree._Element, source: str) -> Iterator[Fault]:
    fixed, value = constant(source) if source else (False, None)
    number = -1 if isinstance(value, bool) or not isinstance(value, int) else value
    if fixed and not 0 <= number <= MOST_INSTANCES:
        yield fault(at, "loop-cardinality", value=value, limit=MOST_INSTANCES)


def _mapped(xml: etree._Element) -> Iterator[Fault]:
    for tag in ("input", "output"):
        seen: set[str] = set()
        for item in xml.iterchildren(f"{I}{tag}"):
            name = (item.get("name") or "").strip()
            if name in seen:
                yield fault(xml, "repeated-mapping", tag=tag, name=name)
            seen.add(name)


def _timers(node: Node) -> Iterator[Fault]:
    """Check that a timer stands where its kind means something."""
    for kind, xml in node.events:
        if kind != "timer" or not children(xml, "timeCycle"):
            continue
        interrupts = node.tag == "boundaryEvent" and node.xml.get("cancelActivity") != "false"
        triggers = node.tag == "startEvent" and node.scope.node is not None
        interrupts |= triggers and node.xml.get("isInterrupting") != "false"
        if interrupts or node.tag == "intermediateCatchEvent":
            yield fault(node.xml, "timer-cycle")


def _timer(xml: etree._Element) -> Iterator[Fault]:
    times = [child for child in xml.iterchildren(f"{B}*") if local(child) in _READERS]
    holder = xml.getparent()
    deadline = holder is not None and holder.get(f"{I}deadline")
    if len(times) > 1:
        yield fault(xml, "timer-several")
    if not any(text(child) for child in times) and not deadline:
        yield fault(xml, "timer-missing")
    for child in times:
        yield from _time(xml, local(child), text(child), delayed=bool(deadline))


def _time(xml: etree._Element, kind: str, source: str, *, delayed: bool) -> Iterator[Fault]:
    if source.startswith("="):
        yield from feel_of(xml, kind, source)
        fixed, value = constant(source)
        source = value if fixed and isinstance(value, str) else ""
    if not source:
        return
    reason = _refused(_READERS[kind], source)
    if reason:
        yield fault(xml, "timer", value=source, reason=reason)
    elif kind == "timeDuration" and not delayed and not any(digit in source for digit in "123456789"):
        yield fault(xml, "timer-zero")


def _refused(read: Callable[[str], Any], source: str) -> str:
    """Return why a text is no time; empty when it is one."""
    try:
        read(source)
    except ExpressionRefused as refusal:
        return str(refusal.facts.get("expected") or _UNREADABLE)
    return ""
