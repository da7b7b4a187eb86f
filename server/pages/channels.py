"""How I am told: for what, over which channels, when not; where I am reached; and a notice to try it."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from flask import g, render_template, request
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from engine import preferences
from engine.db import transaction
from engine.domain import sealing
from engine.domain.channels import Channel
from engine.errors import AnswersRefused
from engine.notices import contacts, reach, rules, trial
from engine.notices.contacts import ContactRow
from engine.notices.rules import Purpose
from engine.preferences import Preferences
from server import secrets
from server.auth import signed_in
from server.pages.moments import stamp
from server.pages.settings import done, frame
from server.pages.shell import pages, sessions, settings
from server.pages.words import pick

REFUSED = 422
HERE = "pages.notice_settings"
OPERATIONS, OPERATOR = "operations", "SYS_ADMIN"
CHANNELS = {
    Channel.MAIL: (_("Mail"), _("Your mail address")),
    Channel.SMS: (_("Short message"), _("Your mobile number")),
    Channel.DINGTALK: (_("DingTalk"), _("The access token of your group's robot")),
    Channel.WECOM: (_("WeCom"), _("The key of your group's robot")),
    Channel.FEISHU: (_("Feishu"), _("The token of your group's robot")),
}


@pages.get("/settings/notices")
@signed_in
def notice_settings() -> str:
    """Show how I am told."""
    return _page({})


@pages.post("/settings/notices")
@signed_in
def keep_notices() -> Response | tuple[str, int]:
    """Keep for what I am told, over which channels, and when not."""
    hours = [request.form.get(key, "").strip() for key in ("from", "until")]
    with transaction(sessions()) as session:
        known = preferences.read(session, g.actor)
    digest = "digest" in request.form if Channel.MAIL in _open() else known.digest
    changes = {**_ticked(known), "quiet": hours if any(hours) else None, "digest": digest}
    return _kept(lambda session: preferences.choose(session, g.actor, changes), "kept")


@pages.post("/settings/notices/addresses")
@signed_in
def keep_addresses() -> Response | tuple[str, int]:
    """Keep where I am reached; an address that stayed is left as it was, unless I say that it works again."""

    def keep(session: Session) -> None:
        before = {row.channel: row.address for row in contacts.listing(session, g.actor, _key())}
        for channel in _open():
            given = request.form.get(channel.value, "").strip()
            if given != before.get(channel, "") or request.form.get("again") == channel.value:
                contacts.keep(session, g.actor, channel, given, _key())

    return _kept(keep, "kept")


@pages.post("/settings/notices/try")
@signed_in
def try_notices() -> Response:
    """Tell myself something, over every channel that reaches me."""
    with transaction(sessions()) as session:
        reached = trial.begin(session, g.actor, reach.channels(settings()))
    return done(HERE, "tried" if reached else "tried-here")


def _kept(keep: Any, said: str) -> Response | tuple[str, int]:
    try:
        with transaction(sessions()) as session:
            keep(session)
    except AnswersRefused as refused:
        return _page(refused.facts["fields"]), REFUSED
    return done(HERE, said)


def _page(faults: Mapping[str, Mapping[str, str]]) -> str:
    with transaction(sessions()) as session:
        chosen = preferences.read(session, g.actor)
        kept = {row.channel: row for row in contacts.listing(session, g.actor, _key())}
    quiet = chosen.quiet or ("", "")
    return render_template(
        "settings/notices.html",
        **frame(HERE),
        purposes=[_purpose(one, chosen) for one in _purposes()],
        channels=[{"key": one.value, "label": CHANNELS[one][0]} for one in _open()],
        addresses=[_address(one, kept.get(one), faults) for one in _open()],
        quiet={"from": quiet[0], "until": quiet[1]},
        mail=Channel.MAIL in _open(),
        digest=chosen.digest,
        refused=[_refusal(key, text) for key, text in faults.items()],
    )


def _ticked(known: Preferences) -> dict[str, Any]:
    """Return what the table of the form says; what it does not show - other purposes and channels - stays."""
    shown, usable = {one.key: one for one in _purposes()}, {one.value for one in _open()}
    wanted = set(request.form.getlist("desk"))
    unwanted = set(known.unwanted) - shown.keys() | shown.keys() - wanted
    ways = dict(known.channels)
    for key, one in shown.items():
        before = ways.get(key, [channel.value for channel in one.channels])
        ticked = {channel for channel in usable if key in request.form.getlist(channel)}
        ways[key] = tuple(channel.value for channel in Channel if channel in ticked | (set(before) - usable))
    return {"unwanted": sorted(unwanted), "channels": ways}


def _purposes() -> Iterator[Purpose]:
    """Yield what the person may be told of; of the service itself only whoever runs it."""
    every = rules.load().purposes.values()
    return (one for one in every if one.key != OPERATIONS or OPERATOR in g.actor.roles)


def _open() -> list[Channel]:
    there: Collection[Channel] = reach.channels(settings())
    return [channel for channel in Channel if channel in there]


def _purpose(one: Purpose, chosen: Preferences) -> dict[str, Any]:
    ways = chosen.channels.get(one.key, one.channels)
    return {
        "key": one.key,
        "name": pick(one.name),
        "urgent": one.urgent,
        "desk": one.key not in chosen.unwanted,
        "ways": {channel.value for channel in Channel if channel.value in ways},
    }


def _address(channel: Channel, row: ContactRow | None, faults: Mapping[str, Any]) -> dict[str, Any]:
    label, hint = CHANNELS[channel]
    typed = request.form.get(channel.value) if channel.value in faults else None
    return {
        "key": channel.value,
        "label": label,
        "hint": hint,
        "value": typed if typed is not None else row.address if row else "",
        "bounced": stamp(row.bounced_at) if row else "",
        "why": (row.bounce or "") if row else "",
        "fault": pick(faults.get(channel.value)),
    }


def _refusal(key: str, text: Mapping[str, str]) -> str:
    known = next((label for channel, (label, _hint) in CHANNELS.items() if channel.value == key), None)
    return str(gettext("%(what)s: %(why)s", what=known, why=pick(text))) if known else pick(text)


def _key() -> bytes:
    return sealing.key_of(secrets.load(settings().var_path).contact_key)
