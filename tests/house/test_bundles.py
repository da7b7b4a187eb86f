"""What a page makes a browser load stays small: scripts by KiB, packed as they are sent."""

import gzip
import json
import re

import pytest

from server.pages.shell import MANIFEST

KILO = 1024
MOST = {"modeler": 478, "formeditor": 379, "decision": 333, "form": 182, "chart": 229, "diagram": 67}
STATIC = re.compile(r"""(?:from|import)\s*["']\./([\w-]+\.js)["']""")


def loaded(name: str) -> set[str]:
    """Return the files that come with a script, those it imports among them."""
    found, ahead = set(), [name]
    while ahead:
        file = ahead.pop()
        if file not in found:
            found.add(file)
            ahead += STATIC.findall((MANIFEST.parent / file).read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize(("bundle", "most"), MOST.items())
def test_a_bundle_stays_small(bundle: str, most: int) -> None:
    script = json.loads(MANIFEST.read_text(encoding="utf-8"))[bundle]["js"]
    size = sum(len(gzip.compress((MANIFEST.parent / file).read_bytes())) for file in loaded(script))
    assert round(size / KILO) <= most, f"{size / KILO:.1f} KiB"
