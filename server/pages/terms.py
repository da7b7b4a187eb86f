"""What the registers call things, in the words of a page: rounds, outcomes, origins, changes of divisions."""

from flask_babel import lazy_gettext as _

from engine.domain.divisions import Happening
from server.pages.moments import day
from server.pages.sentences import ROUNDS

OUTCOMES = {
    "pilot": (_("becomes a pilot"), "green"),
    "not_pilot": (_("not made a pilot"), "gray"),
    "designate": (_("to be recognised"), "green"),
    "recognised": (_("recognised"), "green"),
    "continue": (_("goes on"), "blue"),
    "warn": (_("warned"), "amber"),
    "rectify": (_("to put right in time"), "amber"),
    "revoke": (_("to be revoked"), "red"),
    "revoked": (_("revoked"), "red"),
    "deferred": (_("put off: an objection is open"), "amber"),
}
GRADES = {"优秀": _("excellent"), "良好": _("good"), "达标": _("reaches the standard"), "警告": _("warned")}
ORIGINS = {
    "declared": _("declared by the applicant"),
    "verified": _("verified by the agency"),
    "monitoring": _("statistical monitoring"),
    "given": _("given by the process"),
}
CHANGES = {
    "rename": _("renamed"),
    "abolish_create": _("abolished and established anew"),
    "city_to_district": _("a county-level city became a district"),
    "county_to_district": _("a county became a district"),
    "county_to_city": _("a county became a county-level city"),
    "merge": _("merged"),
    "split_create": _("established from parts of others"),
    "reconstitute": _("abolished and established anew under the same code"),
    "boundary_transfer": _("ground moved between them"),
}
ROUND_STATES = {
    "open": (_("going on"), "blue"),
    "closed": (_("results are in"), "amber"),
    "published": (_("published"), "green"),
    "cancelled": (_("called off"), "gray"),
}


def round_name(known: str | None) -> str:
    """Return what people call a round, which is known by its kind and year: pilot-2013."""
    kind, _dash, year = (known or "").partition("-")
    return str(ROUNDS[kind]) % {"year": year} if kind in ROUNDS else known or ""


def outcome(key: str | None) -> dict[str, str] | None:
    """Return an outcome as a mark, none where a round gave none."""
    if key is None:
        return None
    label, tone = OUTCOMES.get(key, (key, "gray"))
    return {"label": str(label), "tone": tone}


def grade(name: str | None) -> str:
    """Return what a programme calls a grade, in the language of the page where it is known."""
    return str(GRADES.get(name or "", name or ""))


def happening(act: Happening, names: dict[str, str]) -> dict[str, str]:
    """Return what became of divisions as a line: the day, what it was, from whom to whom, the document and its note."""
    before, after = ("、".join(names.get(one, one) for one in side) for side in (act.from_units, act.to_units))
    return {
        "on": day(act.effective_on),
        "what": str(CHANGES[act.kind.value]),
        "whom": before if act.from_units == act.to_units else f"{before} → {after}",
        "number": act.document_no,
        "note": act.note,
    }
