"""What a page makes a browser load stays small: scripts by kilobytes, packed as they are sent."""

import gzip
import json
import re

import pytest

from server.pages.shell import MANIFEST

KILO = 1000
MOST = {"modeler": 478, "formeditor": 400, "decision": 360, "form": 190, "chart": 240, "diagram": 75}
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
    assert size <= most * KILO, f"{size / KILO:.0f} KB"
