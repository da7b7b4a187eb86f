"""Deliveries of notices: to whom, over which channel, how each try went; for whoever runs the installation."""

from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from engine.db import transaction
from engine.domain.channels import Channel
from engine.notices import desk, sending
from engine.notices.desk import SendingRow
from engine.tables import SendingState
from server.auth import needs
from server.pages.channels import CHANNELS
from server.pages.moments import stamp
from server.pages.notices import purpose
from server.pages.shell import pages, sessions

STATES = {
    SendingState.QUEUED: (_("waits to go out"), "blue"),
    SendingState.SENT: (_("gone out"), "green"),
    SendingState.FAILED: (_("given up"), "red"),
    SendingState.BOUNCED: (_("nobody reached there"), "amber"),
    SendingState.SKIPPED: (_("read before"), "gray"),
}
SAID = {"again": _("It goes out once more."), "none": _("It is on its way already, or went out.")}
ENDED = frozenset({SendingState.FAILED, SendingState.BOUNCED})


@pages.get("/notices/deliveries")
@needs("SYS_ADMIN")
def sendings() -> str:
    """List what went out or should have, of one state or of all."""
    asked = request.args.get("state", "")
    state = SendingState(asked) if asked in set(SendingState) else None
    with transaction(sessions()) as session:
        found = desk.sendings(session, state, request.args.get("cursor"))
    return render_template(
        "notices/sendings.html",
        rows=[_row(one) for one in found.rows],
        more=url_for("pages.sendings", state=state, cursor=found.next) if found.next else "",
        states=[{"key": one.value, "label": label, "chosen": one is state} for one, (label, _tone) in STATES.items()],
        said=SAID.get(request.args.get("said", "")),
    )


@pages.post("/notices/deliveries/<int:sent>/again")
@needs("SYS_ADMIN")
def send_again(sent: int) -> Response:
    """Try a delivery that was given up or reached nobody once more."""
    with transaction(sessions()) as session:
        done = sending.again(session, sent)
    return redirect(url_for("pages.sendings", said="again" if done else "none"), 303)


def _row(one: SendingRow) -> dict[str, Any]:
    label, tone = STATES[one.state]
    return {
        "id": one.id,
        "person": one.person_name,
        "purpose": purpose(one.purpose),
        "channel": CHANNELS[Channel(one.channel)][0],
        "state": {"label": label, "tone": tone},
        "tries": one.attempts,
        "at": stamp(one.at),
        "next": stamp(one.next_at) if one.state is SendingState.QUEUED else "",
        "sent": stamp(one.sent_at),
        "error": one.error or "",
        "ended": one.state in ENDED,
    }
