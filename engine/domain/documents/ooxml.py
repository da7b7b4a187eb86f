"""The package of a DOCX (ECMA-376): its parts, written without a clock, so that the same paper gives the same bytes."""

import io
import zipfile
from collections.abc import Mapping
from typing import Any, Final

from lxml import etree

Element = etree._Element  # noqa: SLF001 - the library's own name of the type

W: Final = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
R: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
RELATION: Final = f"{R}/"
TYPES: Final = "http://schemas.openxmlformats.org/package/2006/content-types"
RELATIONS: Final = "http://schemas.openxmlformats.org/package/2006/relationships"
CORE: Final = "http://schemas.openxmlformats.org/package/2006/metadata/core-properties"
DC: Final = "http://purl.org/dc/elements/1.1/"
TERMS: Final = "http://purl.org/dc/terms/"
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
WORD: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml"
EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # the first moment a zip can tell

MM: Final = 1440 / 25.4  # twips in a millimetre
POINT: Final = 20  # twips in a point


def w(tag: str, *children: Element | None, **attributes: object) -> Element:
    """Return an element of WordprocessingML with its children; an attribute that is none is left out."""
    told = {f"{{{W}}}{key}": str(value) for key, value in attributes.items() if value is not None}
    element = etree.Element(f"{{{W}}}{tag}", told, nsmap={"w": W, "r": R})
    element.extend(child for child in children if child is not None)
    return element


def package(parts: Mapping[str, Element], pictures: Mapping[str, bytes], about: Mapping[str, str]) -> bytes:
    """Return the bytes of a DOCX with these parts of the folder word/ and PNG pictures of word/media/.

    `about` holds title, creator, description and created (an ISO day).
    """
    files: dict[str, bytes] = {
        "[Content_Types].xml": _bytes(_types(parts)),
        "_rels/.rels": _bytes(
            _relations(
                {"rId1": (f"{RELATION}officeDocument", "word/document.xml"), "rId2": (_CORE, "docProps/core.xml")}
            )
        ),
        "docProps/core.xml": _bytes(_core(about)),
        **{f"word/{name}.xml": _bytes(part) for name, part in parts.items()},
        "word/_rels/document.xml.rels": _bytes(_relations(_of_document(parts, pictures))),
        **{f"word/media/{name}.png": picture for name, picture in pictures.items()},
    }
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, 3, 0o644 << 16
            archive.writestr(entry, content)
    return stream.getvalue()


_CORE: Final = "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties"
_KINDS: Final = {"document": "document.main", "styles": "styles", "settings": "settings"}


def _kind(name: str) -> str:
    return _KINDS.get(name) or name.rstrip("0123456789")


def _types(parts: Mapping[str, Element]) -> Element:
    root = etree.Element(f"{{{TYPES}}}Types", nsmap=_default(TYPES))
    for extension, kind in (
        ("rels", "application/vnd.openxmlformats-package.relationships+xml"),
        ("xml", "application/xml"),
        ("png", "image/png"),
    ):
        etree.SubElement(root, f"{{{TYPES}}}Default", Extension=extension, ContentType=kind)
    core = "application/vnd.openxmlformats-package.core-properties+xml"
    etree.SubElement(root, f"{{{TYPES}}}Override", PartName="/docProps/core.xml", ContentType=core)
    for name in parts:
        kind = f"{WORD}.{_kind(name)}+xml"
        etree.SubElement(root, f"{{{TYPES}}}Override", PartName=f"/word/{name}.xml", ContentType=kind)
    return root


def _of_document(parts: Mapping[str, Element], pictures: Mapping[str, bytes]) -> dict[str, tuple[str, str]]:
    """Return the relations of the document; the id of each is its own name."""
    others = {name: (f"{RELATION}{_kind(name)}", f"{name}.xml") for name in parts if name != "document"}
    return others | {name: (f"{RELATION}image", f"media/{name}.png") for name in pictures}


def _relations(targets: Mapping[str, tuple[str, str]]) -> Element:
    root = etree.Element(f"{{{RELATIONS}}}Relationships", nsmap=_default(RELATIONS))
    for name, (kind, target) in targets.items():
        etree.SubElement(root, f"{{{RELATIONS}}}Relationship", Id=name, Type=kind, Target=target)
    return root


def _core(about: Mapping[str, str]) -> Element:
    root = etree.Element(f"{{{CORE}}}coreProperties", nsmap={"cp": CORE, "dc": DC, "dcterms": TERMS, "xsi": XSI})
    for key in ("title", "creator", "description"):
        etree.SubElement(root, f"{{{DC}}}{key}").text = about[key]
    for key in ("created", "modified"):
        moment = etree.SubElement(root, f"{{{TERMS}}}{key}", {f"{{{XSI}}}type": "dcterms:W3CDTF"})
        moment.text = f"{about['created']}T00:00:00Z"
    return root


def _default(namespace: str) -> Any:
    """Return a map that makes `namespace` the one without a prefix; the stubs of the library know no such map."""
    return {None: namespace}


def _bytes(root: Any) -> bytes:
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True))
