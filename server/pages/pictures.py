"""The picture that an app on a phone scans to take up a second factor."""

from typing import Any

import segno

from engine import second_factor
from engine.identity import Actor

SCALE, BORDER = 5, 2


def of(actor: Actor, secret: str) -> dict[str, Any]:
    """Return the picture as SVG, and the secret in groups for whoever types it."""
    drawn = segno.make(second_factor.address(actor, secret), error="m", micro=False)
    svg = drawn.svg_inline(scale=SCALE, border=BORDER, dark="#1f2a37", light="#ffffff", svgclass="qr", lineclass=None)
    return {"svg": svg, "typed": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))}
