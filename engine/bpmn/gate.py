"""The gate in front of every parse: size, shape and vocabulary of an XML file, before anything else reads it."""

from lxml import etree

from engine.errors import ModelRefused

MAX_BYTES = 2_000_000
MAX_ELEMENTS = 20_000
MAX_TABLE_BYTES = 8_000_000  # of decisions, which grow by rules and are checked in a row
MAX_TABLE_ELEMENTS = 200_000
MAX_DEPTH = 60

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
ICITY = "urn:icity:bpmn:1"
NAMESPACES = frozenset(
    {
        BPMN,
        ICITY,
        "http://www.omg.org/spec/BPMN/20100524/DI",
        "http://www.omg.org/spec/DD/20100524/DC",
        "http://www.omg.org/spec/DD/20100524/DI",
        "http://www.omg.org/spec/DMN/20151101/dmn.xsd",
        "http://www.omg.org/spec/DMN/20180521/MODEL/",
        "http://www.omg.org/spec/DMN/20180521/DI/",
        "http://www.omg.org/spec/DMN/20180521/DC/",
        "http://www.omg.org/spec/DMN/20180521/FEEL/",
        "https://www.omg.org/spec/DMN/20191111/MODEL/",
        "https://www.omg.org/spec/DMN/20191111/DMNDI/",
        "https://www.omg.org/spec/DMN/20191111/DC/",
        "http://www.omg.org/spec/DMN/20180521/DMNDI/",
        "http://www.w3.org/2001/XMLSchema-instance",
        "http://bpmn.io/schema/bpmn/biocolor/1.0",
        "http://www.omg.org/spec/BPMN/non-normative/color/1.0",
        "http://bpmn.io/schema/dmn/biodi/2.0",
    }
)


def parse_xml(content: bytes, file: str) -> etree._Element:
    """Return the root of an XML file, or raise ModelRefused.

    Refuses files over 2 MB, any DOCTYPE, more than 20,000 elements, more than 60 levels and foreign namespaces; a .dmn
    file may have 8 MB and 200,000 elements.
    """
    most = (MAX_TABLE_BYTES, MAX_TABLE_ELEMENTS) if file.lower().endswith(".dmn") else (MAX_BYTES, MAX_ELEMENTS)
    if len(content) > most[0]:
        raise refused(file, "gate.size", "文件过大。", "The file is too large.")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_pis=True, collect_ids=False
    )
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as fault:
        raise refused(file, "gate.xml", f"不是合格的 XML：{fault}", f"Not well-formed XML: {fault}") from None
    if root.getroottree().docinfo.doctype:  # type: ignore[union-attr]
        raise refused(file, "gate.doctype", "不允许 DOCTYPE。", "DOCTYPE is not allowed.")
    _measure(root, file, most[1])
    return root


def refused(file: str, rule: str, zh: str, en: str, element: str = "") -> ModelRefused:
    """Return a ModelRefused with one finding."""
    return ModelRefused(
        findings=[
            {
                "file": file,
                "element": element,
                "name": element,
                "rule": rule,
                "severity": "error",
                "text": {"zh": zh, "en": en},
            }
        ]
    )


def _measure(root: etree._Element, file: str, most: int) -> None:
    depth = count = 0
    for action, node in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if action == "start" else -1
        count += action == "start"
        if count > most or depth > MAX_DEPTH:
            raise refused(file, "gate.shape", "元素过多或嵌套过深。", "Too many elements, or nested too deeply.")
        if action == "start" and isinstance(node.tag, str):
            _known(node, file)


def _known(node: etree._Element, file: str) -> None:
    space = etree.QName(node).namespace
    if space not in NAMESPACES and not _inside_extension(node):
        text = f"{etree.QName(node).localname} ({space})"
        raise refused(file, "gate.namespace", f"不认识的元素：{text}", f"Unknown element: {text}", node.get("id", ""))


def _inside_extension(node: etree._Element) -> bool:
    return any(etree.QName(above).localname == "extensionElements" for above in node.iterancestors())
