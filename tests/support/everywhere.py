"""Every page there is: an address of each in a house where all that a page can show is there, and who opens it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from flask import Flask
from sqlalchemy import select, update

from engine import (
    attachments,
    changeovers,
    clock,
    copies,
    errands,
    events,
    evidence,
    identity,
    instances,
    openings,
    processes,
    publications,
    revisions,
    tasks,
)
from engine.attachments import Adding
from engine.copies import Sending
from engine.db import Sessions, transaction
from engine.domain.channels import Channel
from engine.errands.choosing import Choice
from engine.evidence import File, Store
from engine.instances import Application
from engine.notices import contacts, making, trial
from engine.publications import Objection
from engine.settings import Settings
from engine.tables import ErrandKind, Figure, OfficialDocument, Round, RoundState, SendingState, Task, TaskState
from engine.tables import Sending as Way
from tests.support import files, registers
from tests.support.registers import SET, UNIT
from webhooks import endpoints
from webhooks.outbound import Wish
from webhooks.posting import Fence

OFFICER, CLERK, ADMIN, NOBODY = "jingban", "tianbao", "admin", ""
OWNER = "liuguan"
STAFF = (OFFICER, CLERK)
RECEIPT = "0123456789abcdef"
TEAM = {"leader": "林县长", "contact": "邵文书", "phone": "+8657000000001", "departments": ["science"]}
NOTICE = {
    "title": "关于2026年度拟列入创新型试点名单的公示",
    "subject": "2026年度拟列入创新型试点名单",
    "decided_by": "省科技厅",
    "receiver": "省科技厅机关纪委",
    "phone": "0571-85058001",
}
CHANGED = {  # the files that a draft changes, one for each editor
    "city_forwarding.bpmn": ("P0D", "P1D"),
    "reviewers.dmn": ('"prov-economy"', '"prov-health"'),
    "forms/T01_team.form": ('"maxLength": 30', '"maxLength": 40'),
    "indicators.csv": ("quant,11,2.5", "quant,12,2.5"),
    "programme.toml": ("\n", "\n\n"),
}
PANELS = ("comparison", "diagram", "documents", "facts", "history", "opinions", "seats", "signs", "upcoming")
ACTIONS = ("return", "transfer", "delegate", "sign", "copy")


@dataclass(frozen=True)
class Place:
    """An address with {places}, and who opens it; a part stands inside another page and has no frame of its own."""

    address: str
    people: tuple[str, ...] = STAFF
    part: bool = False


def _part(address: str, *people: str) -> Place:
    return Place(address, people or STAFF, part=True)


def _alike(address: str) -> Place:
    """Say that a page is the same for all staff, so that one of them looks at it."""
    return Place(address, (OFFICER,))


def _public(address: str) -> Place:
    return Place(address, (NOBODY,))


# Every endpoint of the pages that answers a GET with HTML, with what is looked at of it.
PLACES: dict[str, tuple[Place, ...]] = {
    "sign_in": (_public("/sign-in"),),
    "inbox": (Place("/"), *(Place(f"/tasks?list={name}") for name in ("claimable", "done", "started", "copies"))),
    "task": (Place("/tasks/{task}"),),
    "task_panel": tuple(_part(f"/tasks/{{task}}/panels/{name}") for name in PANELS),
    "action_dialog": tuple(_part(f"/tasks/{{task}}/actions/{name}") for name in ACTIONS),
    "task_attachments": (_part("/tasks/{task}/attachments"),),
    "preview_attachment": (Place("/attachments/{attachment}/preview"),),
    "preview_evidence": (Place("/evidence/{digest}/preview"),),
    "batch": (_part("/tasks/batch?task={task}"),),
    "instances": (Place("/instances"),),
    "instance": (Place("/instances/{case}"),),
    "instance_timeline": (_part("/instances/{case}/timeline"),),
    "instance_record": (_part("/instances/{case}/record"),),
    "copies_of_case": (_part("/instances/{case}/copies"),),
    "documents": (_alike("/documents"),),
    "document": (_alike("/documents/{document}"),),
    "document_preview": (_part("/documents/{document}/preview"),),
    "units": (_alike("/units"),),
    "life": (Place("/units/{unit}"),),
    "record": (_part("/units/{unit}/record"),),
    "figures": (Place("/units/{unit}/figures"),),
    "figure": (_alike("/units/{unit}/figures/2025/gdp"),),
    "score": (_alike("/scores/{sheet}"),),
    "score_again": (_part("/scores/{sheet}/again"),),
    "board": (_alike("/board"), _alike("/board?view=table")),
    "boundary_maps": (Place("/board/maps", (ADMIN,)),),
    "operations": (Place("/operations", (ADMIN,)),),
    "plan_of_year": (_alike("/plan"), _alike("/plan/2026")),
    "rankings": (_alike("/rankings"),),
    "bottlenecks": (Place("/bottlenecks", (OFFICER,)),),
    "calendar": (_alike("/calendar"), _alike("/calendar?view=list")),
    "start": (Place("/start"),),
    "opening": (Place("{opening}"),),
    "fleet_overview": (Place("/studio/fleet", (OWNER,)),),
    "fleet_process": (Place("/studio/fleet/innovative-city/public_notice", (OWNER,)),),
    "fleet_step": (Place("/studio/fleet/innovative-city/public_notice/{step}", (OWNER,)),),
    "errand": (Place("/studio/fleet/errands/{errand}", (OWNER,)),),
    "endpoints": (Place("/endpoints", (ADMIN,)),),
    "endpoint": (Place("/endpoints/{endpoint}", (ADMIN,)),),
    "delivery": (Place("/deliveries/{delivery}", (ADMIN,)),),
    "changeover": (Place("/studio/changeovers/{changeover}", (OWNER,)),),
    "changeover_group": (Place("/studio/changeovers/{changeover}/groups/{group}", (OWNER,)),),
    "programme_changeovers": (Place("/studio/programmes/innovative-city/changeovers", (OWNER,)),),
    "rehearse_revision": (Place("/studio/revisions/{draft}/changeover", (OWNER,)),),
    "revision_machine": (Place("/studio/revisions/{draft}/machine", (OWNER,)),),
    "version_machine": (Place("/studio/versions/innovative-city/1/machine", (OWNER,)),),
    "revision_scenarios": (Place("/studio/revisions/{draft}/scenarios", (OWNER,)),),
    "version_scenarios": (Place("/studio/versions/innovative-city/1/scenarios", (OWNER,)),),
    "compare_versions": (Place("/studio/compare/innovative-city/1/1", (OWNER,)),),
    "compare_draft": tuple(Place(f"/studio/revisions/{{draft}}/compare?path={path}", (OWNER,)) for path in CHANGED),
    "studio": (Place("/studio", (OWNER,)),),
    "studio_programme": (Place("/studio/programmes/innovative-city", (OWNER,)),),
    "revision": (Place("/studio/revisions/{draft}", (OWNER,)),),
    "version_file": (Place("/studio/versions/innovative-city/1/files/programme.toml", (OWNER,)),),
    "revision_file": tuple(Place(f"/studio/revisions/{{draft}}/files/{path}", (OWNER,)) for path in CHANGED),
    "notices": (Place("/notices", (OFFICER, ADMIN)), _alike("/notices?only=unread")),
    "notice_settings": (Place("/settings/notices", (OFFICER, ADMIN)),),
    "sendings": (Place("/notices/deliveries", (ADMIN,)),),
    "sources": (Place("/sources", (ADMIN,)),),
    "new_source": (Place("/sources/new", (ADMIN,)),),
    "source": (Place("/sources/agency", (ADMIN,)),),
    "arrivals": (Place("/sources/agency/arrivals", (ADMIN,)),),
    "kinds_of_event": (Place("/endpoints/events", (ADMIN,)),),
    "settings": (Place("/settings"),),
    "my_sign_ins": (Place("/settings/sign-ins"),),
    "security": (Place("/settings/security"),),
    "substitutes": (Place("/settings/substitutes"),),
    "help_index": (_alike("/help"), _alike("/help?q=task")),
    "help_page": (_alike("/help/task"), _alike("/help/glossary")),
    "public_home": (_public("/public"),),
    "publications_of": tuple(_public(f"/public/{name}") for name in ("notices", "circulars", "reports")),
    "title_holders": (_public("/public/titles"),),
    "publication": (_public("/public/documents/{notice}"),),
    "objection": (_public("/public/documents/{notice}/objection"),),
    "objection_progress": (_public("/public/objections/" + RECEIPT),),
    "verify": (_public("/verify/{notice}"),),
}
NOT_SHOWN = {
    "download_attachment": "a file",
    "attachment_page": "a picture",
    "download_evidence": "a file",
    "evidence_page": "a picture",
    "save_documents": "a table to be kept",
    "document_picture": "a picture",
    "document_file": "a file",
    "instance_archive": "a package",
    "open_copy": "leads on to its case",
    "open_notice": "leads on to what it tells of",
    "unread_notices": "a number for a script",
    "notice_stream": "numbers for a script",
    "inbox_counts": "numbers that the lists show, swapped in out of order",
    "board_table": "a table to be kept",
    "target_table": "a table to be kept",
    "bottleneck_table": "a table to be kept",
    "export_inbox": "a table to be kept",
    "feed": "a calendar",
    "save_figures": "a table to be kept",
    "public_language": "leads back",
    "unit_scores": "a table to be kept",
    "publication_file": "a file",
    "plan_table": "a table to be kept",
    "ranking_table": "a table to be kept",
    "save_score": "a table to be kept",
    "ask_code": "shown after a password only: tests/browser/test_settings.py",
    "task_figures": "data for a script",
    "catalogue": "data for a script",
    "raw_file": "data for a script",
    "raw_version_file": "data for a script",
    "export_revision": "a package",
    "export_version": "a package",
    "download_version_file": "a file",
    "version_catalogue": "data for a script",
    "timer_dates": "data for a script",
}


@dataclass
class Furnished:
    """A house with something on every page: what the addresses name, for each person their own."""

    shared: dict[str, object] = field(default_factory=dict)
    own: dict[str, dict[str, object]] = field(default_factory=dict)

    def addresses(self, login: str) -> Iterator[tuple[str, Place]]:
        """Yield every address that a person opens."""
        names = self.shared | self.own.get(login, {})
        for place in (one for group in PLACES.values() for one in group):
            if login in place.people:
                yield place.address.format(**names), place


def unlisted(app: Flask) -> set[str]:
    """Return the pages that nobody has listed here, and those listed that are not there."""
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("pages.")]
    there = {rule.endpoint.removeprefix("pages.") for rule in rules if "GET" in (rule.methods or ())}
    return there ^ (PLACES.keys() | NOT_SHOWN.keys())


def furnish(sessions: Sessions, settings: Settings, case: UUID, folder: Path) -> Furnished:
    """Give every page something to show; `case` is the county's, at its first task.

    Afterwards the officer drafts a notice while another is open to objections, and the clerk drafts the county's plan.
    """
    with transaction(sessions) as session:
        lived = registers.lived(session, folder)
        frozen = {"indicator_set": SET, "set_digest": "x", "set_rows": [], "state": RoundState.OPEN}
        about = {"programme": "innovative-city", "kind": "pilot", "year": 2026, "opened_on": clock.today()}
        session.add(Round(id="pilot-2026", **about, **frozen))
    found = Furnished({"unit": UNIT, "sheet": lived.sheets[1], "document": lived.document, "case": case})
    _do(sessions, "xianzhang", "T01_team", TEAM)
    _give_notice(sessions)
    _do(sessions, OFFICER, "T28_notice", NOTICE)
    with transaction(sessions) as session:
        published = select(OfficialDocument.id).where(OfficialDocument.published_at.is_not(None))
        found.shared["notice"] = notice = session.scalars(published).one()
        said = Objection(UNIT, "individual", "甲某某", "13800000000", "专利数与公报不符", "公报第三页")
        publications.object_to(session, notice, RECEIPT, said)
    _give_notice(sessions)
    with transaction(sessions) as session:
        wish = Wish("https://oa.example/in", ["round.opened"], name="公文系统")
        admin = identity.load(session, ADMIN)
        found.shared["endpoint"] = endpoint = endpoints.make(session, admin, Fence.of(settings), wish).id
        found.shared["delivery"] = endpoints.test(session, admin, endpoint)
    store = Store.of(settings)
    found.shared |= {
        "step": "T28_notice",
        "errand": _ask(sessions),
        "draft": _drafted(sessions),
        **_rehearsed(sessions),
    }
    _tell(sessions)
    for login, element in ((OFFICER, "T28_notice"), (CLERK, "T02_plan")):
        found.own[login] = _desk(sessions, store, login, element)
    return found


def _drafted(sessions: Sessions) -> UUID:
    """Let an owner draft a change of a file for every editor."""
    with transaction(sessions) as session:
        owner = identity.load(session, OWNER)
        draft = revisions.begin(session, owner, "innovative-city", "改进会审").id
        for path, (old, new) in CHANGED.items():
            found = revisions.read(session, owner, draft, path)
            revisions.save(
                session, owner, draft, path, found.content.replace(old.encode(), new.encode(), 1), found.version
            )
    return draft


def _rehearsed(sessions: Sessions) -> dict[str, object]:
    """Let an owner try another version on what runs; return the rehearsal and its first group."""
    with transaction(sessions) as session:
        owner = identity.load(session, OWNER)
        files = dict(processes.latest(session, "innovative-city").files)
        files["programme.toml"] += b"\n"
        made = changeovers.rehearse(session, owner, "innovative-city", files)
        return {"changeover": made, "group": changeovers.show(session, owner, made).groups[0].id}


def _tell(sessions: Sessions) -> None:
    """Let people be told of all that has happened, and of a silent clock by mail that was given up."""
    with transaction(sessions) as session:
        admin = identity.load(session, ADMIN)
        contacts.keep(session, admin, Channel.MAIL, "admin@example.test", b"k" * 32)
        events.append(session, events.Kind.CLOCK_SILENT, data={})
        making.make(session, events.unpublished(session, 500), [Channel.MAIL])
        trial.begin(session, identity.load(session, OFFICER), ())
        session.execute(update(Way).values(state=SendingState.FAILED, error="451 later", attempts=6))


def _ask(sessions: Sessions) -> UUID:
    """Let an owner ask for something that waits for a second person."""
    with transaction(sessions) as session:
        wish = errands.Wish("innovative-city", ErrandKind.END, "试点结束", Choice(elements=("T28_notice",)))
        return errands.ask(session, identity.load(session, OWNER), wish)


def _give_notice(sessions: Sessions) -> None:
    cases = [{"case_id": f"{UNIT}-2026", "unit": UNIT, "unit_name": "云溪县", "score": 83.2}]
    data = {"round_id": "pilot-2026", "subject": "2026年度试点名单", "cases": cases}
    with transaction(sessions) as session:
        officer = identity.load(session, OFFICER)
        instances.start(session, officer, Application("innovative-city", "public_notice", "拟入选名单", data=data))


def _do(sessions: Sessions, login: str, element: str, answers: dict[str, object]) -> None:
    with transaction(sessions) as session:
        tasks.complete(session, identity.load(session, login), _open(session, element), answers)


def _desk(sessions: Sessions, store: Store, login: str, element: str) -> dict[str, object]:
    """Let a person hold a task with a file, and be told of its case; return what is theirs."""
    received = evidence.receive(store, File(f"{login}.png", "image/png", files.png(300, 200)))
    with transaction(sessions) as session:
        actor, task = identity.load(session, login), _open(session, element)
        tasks.claim(session, actor, task)
        row = attachments.add(session, store, actor, task, Adding(received, None, 9))
        offered = openings.listing(session, actor)[0]
        case = session.get_one(Task, task).instance
        copies.send(session, identity.load(session, f"{login}2"), case, Sending([actor.id], "请知悉", task))
        behind = select(Figure).where(Figure.unit == UNIT, Figure.year == 2025, Figure.code == "gdp")
        last = session.scalars(behind.order_by(Figure.version.desc())).first()
        people = {name: getattr(last, name) for name in ("entered_by", "entered_at", "confirmed_by", "confirmed_at")}
        more = {"version": last.version + 1, "evidence": [received.digest], "reason": registers.WHY}
        registers.a_figure(session, 2025, "gdp", registers.VALUES["gdp"], **people | more)
    opening = f"/start/{offered.programme}/{offered.process}/{offered.element}"
    return {"task": task, "digest": received.digest, "attachment": row.id, "opening": opening, "case": case}


def _open(session: object, element: str) -> UUID:
    query = select(Task.id).where(Task.element == element, Task.state == TaskState.OPEN).order_by(Task.created_at)
    return session.scalars(query).first()  # type: ignore[attr-defined]
