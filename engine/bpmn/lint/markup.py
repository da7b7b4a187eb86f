"""Rules about the writing itself: every element, attribute and value is known, in its place, and run - or refused."""

import re
from collections import Counter
from collections.abc import Iterator

from lxml import etree

from engine.bpmn.gate import BPMN, ICITY
from engine.bpmn.lint.drawing import CALLABLES, NODES, File, Plan, local
from engine.bpmn.lint.findings import Fault, error, fault, warning
from engine.bpmn.lint.refusals import MAPPED, OWN, OWN_ELEMENTS, OWN_NAMES, REFUSED, REFUSED_VALUES
from engine.bpmn.lint.vocabulary import EXPRESSION, EXPRESSIONS, REFERENCE, SHAPES, Shape

RULES = {
    "wrong-root": error(
        "8.2.1",
        "文件的根元素是 {tag}，应为 bpmn:definitions；请用 BPMN 建模工具重新导出。",
        "The root is {tag}, not bpmn:definitions; export the file from a BPMN modeller again.",
    ),
    "unsupported": error("2", "引擎不支持 {what}。{zh}", "The engine does not run {what}. {en}"),
    "script": error(
        "10.3.3", "不允许脚本任务；请改用服务任务。", "Script tasks are refused; use a service task with an operator."
    ),
    "unknown-element": error(
        "15.3", "BPMN 没有元素 {tag}；请检查拼写。", "BPMN has no element {tag}; check how it is spelt."
    ),
    "misplaced-element": error(
        "15.3", "{tag} 不能放在 {parent} 里；请移到正确的位置。", "{tag} cannot stand inside {parent}; move it."
    ),
    "repeated-element": error(
        "15.3", "{tag} 在此只能出现一次；请只留一个。", "{tag} may stand here only once; keep one of them."
    ),
    "unknown-attribute": error(
        "15.3",
        "{tag} 没有属性 {name}；请检查拼写或删除。",
        "{tag} has no attribute {name}; check how it is spelt, or remove it.",
    ),
    "missing-attribute": error("15.3", "{tag} 缺少属性 {name}；请补上。", "{tag} lacks the attribute {name}; add it."),
    "bad-value": error(
        "15.3", "{name}=“{value}”不是允许的值；应为 {wanted}。", "{name}={value} is not allowed; write {wanted}."
    ),
    "stray-text": warning(
        "15.3", "此处的文字不会被读取：{value}；请删除。", "This text is read by nobody: {value}; remove it."
    ),
    "foreign-attribute": warning(
        "8.3.3",
        "其他工具的属性 {name} 不起作用。",
        "The attribute {name} of another tool has no effect here.",
    ),
    "foreign-extension": warning(
        "8.3.3", "其他工具的扩展 {name} 不起作用。", "The extension {name} of another tool has no effect here."
    ),
    "unknown-icity": error(
        "8.3.3",
        "引擎没有 icity:{name}；请检查拼写。",
        "The engine has no icity:{name}; check how it is spelt.",
    ),
    "idle-icity": warning(
        "8.3.3",
        "icity:{name} 在 {tag} 上不起作用；请删除或移到正确的元素。",
        "icity:{name} has no effect on {tag}; remove it or move it.",
    ),
    "idle-attribute": warning(
        "8.3.1",
        "{name} 在此不起作用；请删除，或用引擎自己的属性写明。",
        "{name} has no effect here; remove it, or say it with an attribute of the engine.",
    ),
    "missing-target-namespace": warning(
        "8.2.1", "definitions 缺少 targetNamespace；请补上。", "definitions lacks a targetNamespace; add one."
    ),
    "expression-language": warning(
        "8.2.1",
        "声明的表达式语言是 {language}，但这里一律按 FEEL 读取。",
        "The file declares {language} as its expression language, but every expression is read as FEEL.",
    ),
    "missing-id": error(
        "8.3.1", "{tag}（第 {line} 行）没有标识；请补上 id。", "{tag} (line {line}) has no id; add one."
    ),
    "unnamed-part": warning(
        "8.3.1",
        "{tag}（第 {line} 行）没有标识，无法被引用；请补上 id。",
        "{tag} (line {line}) has no id, so nothing can refer to it; add one.",
    ),
    "bad-id": error(
        "8.3.1",
        "标识“{id}”不是合格的 XML 名称；须以字母或下划线开头，只含字母、数字、点、横线和下划线。",
        "The id {id!r} is no XML name; begin with a letter or underscore, then letters, digits, dots, dashes.",
    ),
    "duplicate-id": error(
        "8.3.1", "标识“{id}”重复；每个元素须有自己的标识。", "The id {id!r} is used twice; give each element its own."
    ),
    "duplicate-diagram-id": warning(
        "12.2",
        "图形或文件自身的标识“{id}”与别的相同；请换一个。",
        "The id {id!r} of a shape, an edge or the file itself is used twice; choose another.",
    ),
    "reserved-id": error(
        "8.3.1", "标识“{id}”是引擎的保留字；请换一个。", "The id {id!r} is reserved by the engine; choose another."
    ),
    "text-too-long": error(
        "8.3.1",
        "{name} 过长（{length} 个字符，最多 {limit} 个）；请缩短。",
        "{name} is too long ({length} characters, at most {limit}); shorten it.",
    ),
}

RESERVED = frozenset({"Start", "End", "Root"})
NAME = re.compile(r"[^\W\d][\w.\-]*")
WHOLE = re.compile(r"[+-]?[0-9]{1,9}")
LIMITS = {"id": 200, "name": 500}
LONGEST_TEXT = 20_000
XSI = "http://www.w3.org/2001/XMLSchema-instance"
NEED_ID = NODES | CALLABLES
LIKE_ID = frozenset(
    {
        "sequenceFlow",
        "message",
        "signal",
        "error",
        "escalation",
        "dataObject",
        "dataObjectReference",
        "dataInput",
        "dataOutput",
        "participant",
    }
)
WORDS = frozenset({"documentation", "text", "script"})
KNOWN = frozenset(SHAPES) | EXPRESSIONS | frozenset(child for shape in SHAPES.values() for child in shape.children)


def check(_: Plan, file: File) -> Iterator[Fault]:
    """Check the writing of a file."""
    if not file.readable:
        yield fault(file.root, "wrong-root", tag=local(file.root))
        return
    yield from _root(file.root)
    yield from _ids(file)
    for xml, tag, space in file.everything:
        if space == BPMN:
            yield from _element(xml, tag)
        elif space == ICITY:
            yield from _own(xml, tag)


def _root(root: etree._Element) -> Iterator[Fault]:
    if not root.get("targetNamespace"):
        yield fault(root, "missing-target-namespace")
    language = root.get("expressionLanguage") or ""
    if language and not spoken(language):
        yield fault(root, "expression-language", language=language)


def spoken(language: str) -> bool:
    """Tell whether an expression language is FEEL."""
    return "feel" in language.lower() or "/spec/DMN/" in language


def _element(xml: etree._Element, tag: str) -> Iterator[Fault]:
    above = xml.getparent()
    parent = "" if above is None else local(above)
    if tag == "scriptTask":
        yield fault(xml, "script")
    elif tag in REFUSED:
        zh, en = REFUSED[tag]
        yield fault(xml, "unsupported", what=tag, zh=zh, en=en)
    elif parent in REFUSED or parent == "scriptTask":
        return
    elif parent == "extensionElements":
        yield fault(xml, "foreign-extension", name=tag)
    elif tag not in KNOWN:
        yield fault(xml, "unknown-element", tag=tag)
    else:
        yield from _placed(xml, tag, parent)
        yield from _attributes(xml, tag, _shape(tag))
        yield from _held(xml, tag, _shape(tag))


def _shape(tag: str) -> Shape:
    return SHAPES.get(tag) or (EXPRESSION if tag in EXPRESSIONS else REFERENCE)


def _placed(xml: etree._Element, tag: str, parent: str) -> Iterator[Fault]:
    if parent and tag not in _shape(parent).children:
        yield fault(xml, "misplaced-element", tag=tag, parent=parent)


def _held(xml: etree._Element, tag: str, shape: Shape) -> Iterator[Fault]:
    seen = Counter(str(child.tag) for child in xml.iterchildren("*"))
    for name, count in seen.items():
        space, _, child = name.rpartition("}")
        if count > 1 and space == "{" + BPMN and not shape.children.get(child, True):
            yield fault(xml, "repeated-element", tag=child)
    if tag == "extensionElements":
        foreign = sorted(name for name in seen if not name.startswith((f"{{{ICITY}}}", f"{{{BPMN}}}")))
        if foreign:
            yield fault(xml, "foreign-extension", name=foreign[0].rpartition("}")[2])
    elif tag in SHAPES and tag not in WORDS:
        loose = next((text for text in _texts(xml) if text), "")
        if loose:
            yield fault(xml, "stray-text", value=loose)
    if len(xml.text or "") > LONGEST_TEXT:
        yield fault(xml, "text-too-long", name=tag, length=len(xml.text or ""), limit=LONGEST_TEXT)


def _texts(xml: etree._Element) -> Iterator[str]:
    yield (xml.text or "").strip()
    for child in xml:
        yield (child.tail or "").strip()


def _attributes(xml: etree._Element, tag: str, shape: Shape) -> Iterator[Fault]:
    for name in sorted(shape.needed - {str(key) for key in xml.attrib}):
        yield fault(xml, "missing-attribute", tag=tag, name=name)
    for key, value in xml.attrib.items():
        space, _, name = str(key).rpartition("}")
        if space:
            yield from _spaced(xml, tag, space.removeprefix("{"), name)
        elif name in shape.attributes:
            yield from _value(xml, name, str(value), shape.attributes[name])
        else:
            yield fault(xml, "unknown-attribute", tag=tag, name=name)


def _spaced(xml: etree._Element, tag: str, space: str, name: str) -> Iterator[Fault]:
    if space == BPMN:
        yield fault(xml, "unknown-attribute", tag=tag, name=f"bpmn:{name}")
    elif space == ICITY and name not in OWN_NAMES:
        yield fault(xml, "unknown-icity", name=name)
    elif space == ICITY and name not in OWN.get(tag, ()):
        yield fault(xml, "idle-icity", name=name, tag=tag)
    elif space == XSI and name == "type" and tag in EXPRESSIONS:
        kind = str(xml.get(f"{{{XSI}}}type")).rpartition(":")[2]
        if kind != "tFormalExpression":
            yield fault(xml, "bad-value", name="xsi:type", value=kind, wanted="bpmn:tFormalExpression")
    elif space not in {ICITY, XSI, "http://www.w3.org/XML/1998/namespace"}:
        yield fault(xml, "foreign-attribute", name=name)


def _value(xml: etree._Element, name: str, value: str, kind: str) -> Iterator[Fault]:
    limit = LIMITS.get(name, LONGEST_TEXT)
    if len(value) > limit:
        yield fault(xml, "text-too-long", name=name, length=len(value), limit=limit)
    elif kind == "int" and not WHOLE.fullmatch(value):
        yield fault(xml, "bad-value", name=name, value=value, wanted="1, 2, 3 …")
    elif "|" in kind and value not in kind.split("|"):
        yield fault(xml, "bad-value", name=name, value=value, wanted=kind.replace("|", " / "))
    elif name in REFUSED_VALUES and value not in REFUSED_VALUES[name][0]:
        _, zh, en = REFUSED_VALUES[name]
        yield fault(xml, "unsupported", what=f"{name}={value}", zh=zh, en=en)
    elif name == "language" and not spoken(value):
        yield fault(xml, "bad-value", name=name, value=value, wanted="FEEL")
    elif name == "implementation" and not value.startswith("##"):
        yield fault(xml, "idle-attribute", name=name)
    elif kind == "ref" and not value.strip():
        yield fault(xml, "bad-value", name=name, value=value, wanted="id")


def _own(xml: etree._Element, tag: str) -> Iterator[Fault]:
    """Check an element of the engine's own vocabulary."""
    if tag not in OWN_ELEMENTS:
        yield fault(xml, "unknown-icity", name=tag)
        return
    for name in ("name", "value"):
        if not (xml.get(name) or "").strip():
            yield fault(xml, "missing-attribute", tag=f"icity:{tag}", name=name)
    for name in sorted({str(key) for key in xml.attrib} - {"name", "value"}):
        yield fault(xml, "unknown-attribute", tag=f"icity:{tag}", name=name)
    holder = xml.getparent()
    owner = holder.getparent() if holder is not None and local(holder) == "extensionElements" else None
    if owner is None or local(owner) not in MAPPED:
        yield fault(xml, "idle-icity", name=tag, tag="" if holder is None else local(holder))


def _ids(file: File) -> Iterator[Fault]:
    seen: dict[str, str] = {}
    for xml, tag, space in file.everything:
        own = xml.get("id")
        if own is None:
            yield from _unnamed(xml, tag, space)
            continue
        if own in seen:
            both = space == seen[own] == BPMN
            yield fault(xml, "duplicate-id" if both else "duplicate-diagram-id", id=own)
        seen.setdefault(own, space if xml is not file.root else "")
        if space == BPMN and not NAME.fullmatch(own):
            yield fault(xml, "bad-id", id=own)
        if space == BPMN and own in RESERVED:
            yield fault(xml, "reserved-id", id=own)


def _unnamed(xml: etree._Element, tag: str, space: str) -> Iterator[Fault]:
    if space == BPMN and tag in NEED_ID:
        yield fault(xml, "missing-id", tag=tag, line=xml.sourceline)
    elif space == BPMN and tag in LIKE_ID:
        yield fault(xml, "unnamed-part", tag=tag, line=xml.sourceline)
