"""What a finding is: a rule with its paragraph of BPMN 2.0.2, the element at fault, and both languages."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any, NamedTuple, TypeAlias

from lxml import etree

LONGEST_FACT = 120

Finding: TypeAlias = dict[str, Any]


class Severity(StrEnum):
    """How bad it is: an error keeps a deployment out, a warning is only told."""

    ERROR = "error"
    WARNING = "warning"


class Strictness(Enum):
    """How much must be named: all of it in a programme; loose files may leave roles and the like to later."""

    PROGRAMME = "programme"
    FILES = "files"


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: `zh` and `en` say what is wrong and what to do, with the facts of the fault in braces.

    `loose` is the severity in loose files, where it differs.
    """

    severity: Severity
    paragraph: str
    zh: str
    en: str
    loose: Severity | None = None

    def judged(self, strictness: Strictness) -> Severity:
        """Return the severity under `strictness`."""
        return self.loose if strictness is Strictness.FILES and self.loose else self.severity


class Fault(NamedTuple):
    """An element that breaks a rule, and the facts that the text names."""

    xml: etree._Element
    rule: str
    facts: Mapping[str, str]


def error(paragraph: str, zh: str, en: str) -> Rule:
    """Return a rule that refuses."""
    return Rule(Severity.ERROR, paragraph, zh, en)


def warning(paragraph: str, zh: str, en: str) -> Rule:
    """Return a rule that only tells."""
    return Rule(Severity.WARNING, paragraph, zh, en)


def lenient(paragraph: str, zh: str, en: str) -> Rule:
    """Return a rule that refuses in a programme and only tells in loose files."""
    return Rule(Severity.ERROR, paragraph, zh, en, Severity.WARNING)


def fault(xml: etree._Element, rule: str, **facts: object) -> Fault:
    """Return the fault of an element; long facts are cut."""
    return Fault(xml, rule, {name: _cut(value) for name, value in facts.items()})


def told(file: str, found: Fault, rule: Rule, strictness: Strictness) -> Finding:
    """Return a fault as the finding that everybody outside sees; it names the nearest element with an id."""
    named = next((one for one in _upwards(found.xml) if one.get("id")), found.xml)
    return {
        "file": file,
        "element": named.get("id") or "",
        "name": named.get("name") or str(etree.QName(named).localname),
        "rule": found.rule,
        "severity": str(rule.judged(strictness)),
        "text": {"zh": rule.zh.format(**found.facts), "en": rule.en.format(**found.facts)},
    }


def _upwards(xml: etree._Element) -> Iterable[etree._Element]:
    yield xml
    yield from xml.iterancestors()


def _cut(value: object) -> str:
    text = " ".join(str(value).encode("utf-8", "backslashreplace").decode("utf-8").split())
    return text if len(text) <= LONGEST_FACT else text[: LONGEST_FACT - 1] + "…"
