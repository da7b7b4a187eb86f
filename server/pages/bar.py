"""The bar under a task: what may be done now, and why not what may not."""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol
from uuid import UUID

from flask import url_for
from flask_babel import lazy_gettext as _

from server.pages.words import pick

DIRECT = 4  # actions beside the first button; the rest opens with a menu
LABELS = {
    "return": _("Send back"),
    "transfer": _("Transfer"),
    "delegate": _("Delegate"),
    "hand-back": _("Hand back"),
    "take-back": _("Take back"),
    "sign": _("Add signs"),
    "withdraw": _("Withdraw"),
    "urge": _("Urge"),
    "copy": _("Send a copy"),
    "seat": _("Add a seat"),
    "cancel": _("Cancel the case"),
    "terminate": _("End the case at once"),
}
GRAVE = frozenset({"cancel", "terminate"})


class Offered(Protocol):
    """An action that the diagram allows; `why` says why not now."""

    @property
    def key(self) -> str:
        """Return which action it is."""

    @property
    def why(self) -> dict[str, str] | None:
        """Return why it cannot be done now, in zh and en."""


def bar(task: UUID, act: str | None, offered: Sequence[Offered]) -> dict[str, Any] | None:
    """Return {first, direct, more, release, held}, none when nothing at all can be done."""
    shown = [_button(task, one) for one in offered if one.key in LABELS]
    direct = [one for one in shown if not one["grave"] and (act is not None or not one["why"])][:DIRECT]
    more = sorted((one for one in shown if one not in direct), key=lambda one: (one["grave"], bool(one["why"])))
    if act is None and not shown:
        return None
    return {
        "direct": direct,
        "more": more,
        "release": act == "complete",
        "held": pick(_why(offered, "complete")),
        "hand_back": url_for("pages.action_dialog", task_id=task, key="hand-back") if act == "prepare" else None,
    }


def _button(task: UUID, one: Offered) -> dict[str, Any]:
    return {
        "label": LABELS[one.key],
        "url": url_for("pages.action_dialog", task_id=task, key=one.key),
        "why": pick(one.why),
        "grave": one.key in GRAVE,
    }


def _why(offered: Iterable[Offered], key: str) -> dict[str, str] | None:
    return next((one.why for one in offered if one.key == key), None)
