"""Operators on units: what a unit is today, the titles it is granted and loses, what changed divisions mean for it."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

from marshmallow import fields, validate
from sqlalchemy.orm import Session

from engine import divisions, rounds, targets, titles
from engine.delegates.registry import Given, Grounds, Ledger, maybe_date, maybe_text, one_of, schema, text, whole
from engine.domain import titles as rules
from engine.domain.divisions import Happening
from engine.domain.targets import Target
from engine.domain.titles import Decision, Effect, Ending, Kind, Title
from engine.errors import StepFailed
from engine.tables import Bar

DAY = timedelta(days=1)
MOST_ROUNDS = 20
ASSUMED = (Kind.SCIENCE_STRONG,)  # what a unit holds in a rehearsal before it says otherwise


def _unit_record(session: Session, given: Given, grounds: Grounds) -> dict[str, Any]:
    unit, on = given["unit"], grounds.day
    (found,) = _records(session, [unit], on) or (None,)
    if found is None:
        heirs = divisions.register(session).successors(unit, on)
        raise StepFailed(reason="there is no such unit today", unit=unit, successors=heirs)
    return found


def _grant_title(session: Session, given: Given, grounds: Grounds) -> dict[str, Any]:
    kind, on = Kind(given["kind"]), given["on"] or grounds.day
    titles.grant(session, _ground(grounds), Title(given["unit"], kind, on, given["document_no"]), given["case_id"])
    return {"kind": kind.value, "granted_on": on.isoformat()}


def _end_title(session: Session, given: Given, grounds: Grounds) -> list[str]:
    return [kind.value for kind in titles.end(session, _ground(grounds), *_ending(given, grounds))]


def _settle_titles(session: Session, given: Given, grounds: Grounds) -> dict[str, list[str]]:
    effect, unit, heir, decision = _settling(given, grounds)
    outcome = titles.settle(session, _ground(grounds), (unit, heir), (effect, decision))
    return _settled(outcome)


def _bar_unit(session: Session, given: Given, grounds: Grounds) -> dict[str, Any]:
    about = {name: given[name] for name in ("unit", "rounds", "reason", "document_no")}
    titles.bar(session, _ground(grounds), Bar(programme=grounds.programme, since=grounds.day, **about))
    return {"unit": given["unit"], "rounds": given["rounds"]}


def _division_event(session: Session, given: Given, grounds: Grounds) -> dict[str, Any]:
    act = divisions.happening(session, given["id"])
    concerned = list(dict.fromkeys([*act.from_units, *act.to_units]))
    return {
        **_happened(given["id"], act),
        "from": _records(session, act.from_units, act.effective_on - DAY),
        "to": _records(session, act.to_units, act.effective_on),
        "lives": [asdict(life) for life in divisions.lives(session, grounds.programme, concerned)],
    }


def _happened(number: int, act: Happening) -> dict[str, Any]:
    return {
        "id": number,
        "kind": act.kind.value,
        "effective_on": act.effective_on.isoformat(),
        "document_no": act.document_no,
        "note": act.note,
        "heirs": list(rules.heirs(act.kind, act.to_units)),
    }


def _targets(session: Session, given: Given, grounds: Grounds) -> list[dict[str, Any]]:
    return [_plain(target) for target in targets.progress(session, given["on"] or grounds.day)]


def _records(session: Session, units: Sequence[str], on: date) -> list[dict[str, Any]]:
    """Return the records of `units` in their order, each with the titles it holds and the rounds it is barred."""
    found = divisions.records(session, units, on)
    held, barred = titles.of(session, units, on), rounds.barred(session, units)
    return [
        {**asdict(found[unit]), "titles": held.get(unit, []), "barred": barred.get(unit, 0)}
        for unit in units
        if unit in found
    ]


def _rehearsed_record(memory: dict[str, Any], given: Given, grounds: Grounds) -> dict[str, Any]:
    return rehearsed(memory, given["unit"], grounds.day)


def _rehearsed_grant(memory: dict[str, Any], given: Given, grounds: Grounds) -> dict[str, Any]:
    unit, kind, on = given["unit"], Kind(given["kind"]), given["on"] or grounds.day
    known = _known(memory, unit)
    known.append(rules.grant(known, Title(unit, kind, on, given["document_no"])))
    if given["case_id"]:
        memory.setdefault("cases", {})[unit] = given["case_id"]
    return {"kind": kind.value, "granted_on": on.isoformat()}


def _rehearsed_end(memory: dict[str, Any], given: Given, grounds: Grounds) -> list[str]:
    unit, kinds, decision = _ending(given, grounds)
    known = _known(memory, unit)
    over = [title for title in known if title.ended_on is None and title.kind in kinds]
    known[:] = [rules.end(title, decision) if title in over else title for title in known]
    return [title.kind.value for title in over]


def _rehearsed_settling(memory: dict[str, Any], given: Given, grounds: Grounds) -> dict[str, list[str]]:
    effect, unit, heir, decision = _settling(given, grounds)
    own, others = _known(memory, unit), _known(memory, heir) if heir and heir != unit else []
    outcome = rules.consequence(effect, [*own, *others], heir, decision)
    over = {(title.kind, title.granted_on): title for title in outcome.ended}
    own[:] = [over.get((title.kind, title.granted_on), title) for title in own]
    others.extend(outcome.granted)
    return _settled(outcome)


def _rehearsed_bar(memory: dict[str, Any], given: Given, _: Grounds) -> dict[str, Any]:
    memory.setdefault("bars", {})[given["unit"]] = given["rounds"]
    return {"unit": given["unit"], "rounds": given["rounds"]}


def _rehearsed_event(memory: dict[str, Any], given: Given, grounds: Grounds) -> dict[str, Any]:
    """Return the happening of that number, from 1 in the order of the file, with the lives the rehearsal knows of."""
    acts = divisions.published().happenings
    if not 0 < given["id"] <= len(acts):
        raise StepFailed(reason="there is no such happening", id=given["id"])
    act = acts[given["id"] - 1]
    lives = [unit for unit in dict.fromkeys([*act.from_units, *act.to_units]) if unit in memory.get("cases", {})]
    return {
        **_happened(given["id"], act),
        "from": [rehearsed(memory, unit, act.effective_on - DAY) for unit in act.from_units],
        "to": [rehearsed(memory, unit, act.effective_on) for unit in act.to_units],
        "lives": [_rehearsed_life(memory, unit, grounds.day) for unit in lives],
    }


def _rehearsed_life(memory: dict[str, Any], unit: str, on: date) -> dict[str, Any]:
    known = rehearsed(memory, unit, on)
    return {"unit": unit, "unit_name": known["unit_name"], "case_id": memory["cases"][unit], "titles": known["titles"]}


def _rehearsed_targets(_memory: dict[str, Any], _given: Given, _grounds: Grounds) -> list[dict[str, Any]]:
    return []


def rehearsed(memory: dict[str, Any], unit: str, on: date) -> dict[str, Any]:
    """Return the record of a unit in a rehearsal: named as the files name it, served by organisations called after it.

    A unit that no file knows is a county of its own name.
    """
    period = divisions.published().find(unit, on)
    above = divisions.published().find(period.parent, on) if period and period.parent else None
    return {
        "unit": unit,
        "unit_code": period.code if period else unit,
        "unit_name": period.name if period else unit,
        "level": period.level.rank if period else "county",
        "tier": period.level.tier if period else "county",
        "parent": period.parent if period else None,
        "parent_name": above.name if above else None,
        "government": f"{unit}-government",
        "applicant": f"{unit}-science",
        "statistics": f"{unit}-statistics",
        "forwarder": f"{period.parent}-science" if period and period.level.rank == "district" else None,
        "titles": sorted(title.kind.value for title in _known(memory, unit) if title.held(on)),
        "barred": memory.get("bars", {}).get(unit, 0),
    }


def _known(memory: dict[str, Any], unit: str) -> list[Title]:
    """Return the titles of a unit in a rehearsal; one it has not heard of is taken to be 科技强市、县（市、区）."""
    assumed = [Title(unit, kind, date.min, "") for kind in ASSUMED]
    known: list[Title] = memory.setdefault("titles", {}).setdefault(unit, assumed)
    return known


def _ending(given: Given, grounds: Grounds) -> tuple[str, Collection[Kind], Decision]:
    """Read whose titles end and why; without a kind all of them where the unit itself ends, else the programme's."""
    reason = Ending(given["reason"])
    unnamed = Kind if reason in {Ending.MERGED, Ending.ABOLISHED} else rules.PROGRAMME
    kinds = [Kind(given["kind"])] if given["kind"] else list(unnamed)
    return given["unit"], kinds, Decision(reason, given["on"] or grounds.day, given["document_no"])


def _settling(given: Given, grounds: Grounds) -> tuple[Effect, str, str | None, Decision]:
    decision = Decision(Ending(given["reason"]), given["on"] or grounds.day, given["document_no"])
    return Effect(given["effect"]), given["unit"], given["heir"], decision


def _settled(outcome: rules.Outcome) -> dict[str, list[str]]:
    return {
        "ended": [title.kind.value for title in outcome.ended],
        "granted": [title.kind.value for title in outcome.granted],
    }


def _ground(grounds: Grounds) -> titles.Ground:
    return titles.Ground(grounds.programme, grounds.instance, grounds.actor)


def _plain(target: Target) -> dict[str, Any]:
    return {**asdict(target), "met": target.met}


OPERATORS = (
    Ledger(
        "unit record",
        _unit_record,
        _rehearsed_record,
        schema(unit=text()),
        {"zh": "读取单位登记", "en": "Read the register of units"},
    ),
    Ledger(
        "grant title",
        _grant_title,
        _rehearsed_grant,
        schema(unit=text(), kind=one_of(*Kind), document_no=text(200), on=maybe_date(), case_id=maybe_text(64)),
        {"zh": "登记授予称号", "en": "Enter a title that was granted"},
    ),
    Ledger(
        "end title",
        _end_title,
        _rehearsed_end,
        schema(
            unit=text(),
            kind=fields.String(load_default=None, allow_none=True, validate=validate.OneOf([*Kind])),
            reason=one_of(*Ending),
            document_no=maybe_text(200),
            on=maybe_date(),
        ),
        {"zh": "登记终止称号", "en": "Enter the end of titles"},
    ),
    Ledger(
        "settle titles",
        _settle_titles,
        _rehearsed_settling,
        schema(
            unit=text(),
            heir=maybe_text(64),
            effect=one_of(*Effect),
            reason=fields.String(load_default=Ending.MERGED.value, validate=validate.OneOf([*Ending])),
            document_no=maybe_text(200),
            on=maybe_date(),
        ),
        {"zh": "区划变更后处置称号", "en": "Settle titles after a change of divisions"},
    ),
    Ledger(
        "bar unit",
        _bar_unit,
        _rehearsed_bar,
        schema(unit=text(), rounds=whole(1, MOST_ROUNDS), reason=text(4000), document_no=maybe_text(200)),
        {"zh": "限制再次申报", "en": "Bar a unit from applying"},
    ),
    Ledger(
        "division event",
        _division_event,
        _rehearsed_event,
        schema(id=whole(1, 10**15)),
        {"zh": "读取区划变更", "en": "Read what became of divisions"},
    ),
    Ledger(
        "targets",
        _targets,
        _rehearsed_targets,
        schema(on=maybe_date()),
        {"zh": "计算发展目标完成情况", "en": "Reckon the targets of the guidance"},
    ),
)
