"""The seal of a package: every file by SHA-256 and SM3 (GB/T 32905-2016), chained so that none can be slipped in.

`manifest.json` says what the package is and lists its files in order; each entry carries a link, the SHA-256 of the
link before it and of the entry itself, the first link being that of what the package is. `manifest.sha256` holds the
digest of the manifest in the form that `sha256sum --check` reads.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.domain import canonical
from engine.domain.packages import zipped

FORMAT = "icity-archive/1"
MANIFEST, SEAL = "manifest.json", "manifest.sha256"
SM3 = "sm3"
WITH_SM3 = "GB/T 32905-2016"
WITHOUT_SM3 = "absent: the OpenSSL that made this package knows no SM3"

Files = Mapping[str, bytes]


@dataclass(frozen=True)
class Fault:
    """What is wrong with a package: the file (empty: the package as a whole), the rule, and the sentence."""

    file: str
    rule: str
    zh: str
    en: str


def seal(about: Mapping[str, Any], files: Files) -> bytes:
    """Return the package of `files`, a ZIP whose bytes follow from its content alone; raise PackageRefused."""
    manifest = canonical.encode(_manifest(about, files))
    digest = f"{hashlib.sha256(manifest).hexdigest()}  {MANIFEST}\n".encode()
    return zipped.pack({**files, MANIFEST: manifest, SEAL: digest})


def faults(content: bytes, files: Files) -> Iterator[Fault]:
    """Yield what is wrong with the seal of a package that was unpacked: manifest, files, digests, chain, bytes."""
    told = [*_sealed(files)]
    manifest = read_manifest(files)
    if manifest is None:
        told.append(Fault(MANIFEST, "manifest", "清单缺失或无法读取", "The manifest is missing or cannot be read"))
    else:
        told += _listed(manifest, files)
    yield from told
    place = zipped.differs(content, files)
    if place is not None and not told:
        at, name = place
        zh, en = f"第{at}字节与规定格式不符", f"Byte {at} is not as the form of the package has it"
        yield Fault(name, "form", zh, en)


def read_manifest(files: Files) -> dict[str, Any] | None:
    """Return the manifest, none when it is missing or no manifest of this format."""
    try:
        manifest = canonical.decode(files[MANIFEST])
        entries = manifest["files"]
        fits = manifest["format"] == FORMAT and isinstance(manifest["about"], dict) and isinstance(entries, list)
        whole = all({"path", "size", "sha256", "sm3", "link"} == entry.keys() for entry in entries)
    except (AttributeError, LookupError, TypeError, ValueError):
        return None
    return manifest if fits and whole else None


def knows_sm3() -> bool:
    """Tell whether this machine can reckon SM3."""
    return SM3 in hashlib.algorithms_available


def sm3(content: bytes) -> str | None:
    """Return the SM3 digest, none where this machine knows no SM3."""
    return hashlib.new(SM3, content).hexdigest() if knows_sm3() else None


def _manifest(about: Mapping[str, Any], files: Files) -> dict[str, Any]:
    entries = [_entry(path, files[path]) for path in sorted(files)]
    links = list(_links(about, entries))
    listed = [{**entry, "link": link} for entry, link in zip(entries, links[1:], strict=True)]
    made = WITH_SM3 if knows_sm3() else WITHOUT_SM3
    return {"format": FORMAT, "about": about, "sm3": made, "files": listed, "chain": links[-1]}


def _entry(path: str, content: bytes) -> dict[str, Any]:
    digest = hashlib.sha256(content).hexdigest()
    return {"path": path, "size": len(content), "sha256": digest, "sm3": sm3(content)}


def _links(about: Any, entries: list[dict[str, Any]]) -> Iterator[str]:
    link = canonical.digest(about)
    yield link
    for entry in entries:
        link = hashlib.sha256(link.encode() + canonical.encode(entry)).hexdigest()
        yield link


def _sealed(files: Files) -> Iterator[Fault]:
    if SEAL not in files or MANIFEST not in files:
        yield Fault(SEAL, "seal", "清单或清单校验文件缺失", "The manifest or its digest is missing")
        return
    digest = hashlib.sha256(files[MANIFEST]).hexdigest()
    if files[SEAL] != f"{digest}  {MANIFEST}\n".encode():
        yield Fault(MANIFEST, "seal", "清单与其校验值不符", "The manifest does not match its digest")


def _listed(manifest: Mapping[str, Any], files: Files) -> Iterator[Fault]:
    entries = {str(entry["path"]): entry for entry in manifest["files"]}
    for name in sorted(set(files) - set(entries) - {MANIFEST, SEAL}):
        yield Fault(name, "unlisted", "清单中没有这个文件", "The manifest does not list this file")
    for name, entry in entries.items():
        yield from _unlike(name, entry, files.get(name))
    bare = [{key: value for key, value in entry.items() if key != "link"} for entry in manifest["files"]]
    links = list(_links(manifest["about"], bare))
    chained = [*(entry["link"] for entry in manifest["files"]), manifest.get("chain")]
    for place, link in enumerate(links[1:]):
        if chained[place] != link:
            name = str(manifest["files"][place]["path"])
            yield Fault(name, "chain", "校验链从这个文件起断开", "The chain of digests breaks at this file")
            return
    if len(entries) != len(bare) or list(entries) != sorted(entries) or chained[-1] != links[-1]:
        yield Fault(MANIFEST, "chain", "校验链或文件顺序有误", "The chain of digests or the order of files is wrong")


def _unlike(name: str, entry: Mapping[str, Any], content: bytes | None) -> Iterator[Fault]:
    if content is None:
        yield Fault(name, "missing", "清单中的文件不在包内", "A file of the manifest is not in the package")
        return
    found = _entry(name, content)
    if found["size"] != entry["size"]:
        zh, en = f"应为{entry['size']}字节，实为{found['size']}字节", f"has {found['size']} bytes, not {entry['size']}"
        yield Fault(name, "size", f"文件长度有误：{zh}", f"The file {en}")
    if found["sha256"] != entry["sha256"]:
        yield Fault(name, "sha256", "内容被改动：SHA-256不符", "The content was changed: SHA-256 differs")
    if None not in {found["sm3"], entry["sm3"]} and found["sm3"] != entry["sm3"]:
        yield Fault(name, "sm3", "内容被改动：SM3不符", "The content was changed: SM3 differs")
