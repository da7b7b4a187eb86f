"""Owners write a draft together, somebody else approves it, and it becomes a version exactly as it was approved."""

from dataclasses import replace
from uuid import uuid4

import pytest
from sqlalchemy import select

from engine import identity, library, operations, processes, revisions, runtime, tasks
from engine.db import transaction
from engine.errors import EditConflict, NotAllowed, NotFound, RevisionRefused, SeatRefused
from engine.revisions import Gate
from engine.tables import Event, Instance, Membership, Task
from tests.support import drafts
from tests.support.diagrams import drawn
from tests.support.drafts import BODY, LONGER
from tests.support.shapes import end, start, user, way


@pytest.fixture
def do(sessions):
    drafts.ground(sessions)

    def act(verb, *args):
        with transaction(sessions) as session:
            return verb(session, *args)

    return act


@pytest.fixture
def people(sessions):
    """Give two owners and two approvers."""
    return [drafts.person(sessions, login) for login in ("liuguan", "liuguan2", "liushen", "liushen2")]


def state(do, actor, revision):
    return do(revisions.show, actor, revision).state


def test_a_draft_is_written_until_nothing_keeps_it_from_being_handed_in(do, sessions, people):
    owner, *_ = people
    row = do(revisions.begin, owner, "small", "  增加  归档环节 ")
    assert (row.title, row.state, row.number, row.newest, row.old) == ("增加 归档环节", "draft", 1, 1, False)
    found = do(revisions.read, owner, row.id, "p.bpmn")
    assert (found.version, found.saved_by) == (1, None)
    with pytest.raises(RevisionRefused):  # nothing is changed yet
        do(revisions.submit, owner, row.id)
    saved = do(revisions.save, owner, row.id, "p.bpmn", drawn("p", LONGER), found.version)
    assert (saved.version, saved.saved_by) == (2, "梁流管")
    assert do(revisions.save, owner, row.id, "p.bpmn", drawn("p", LONGER), 1).version == 2  # the same again is no save
    assert [(one.path, one.state.value, one.saved_by) for one in do(revisions.overview, owner, row.id)] == [
        ("forms/any.form", "same", None),
        ("p.bpmn", "changed", "梁流管"),
        ("programme.toml", "same", None),
    ]
    assert do(revisions.track, owner, row.id).current is Gate.DRAFT  # no reason yet
    do(revisions.describe, owner, row.id, "增加归档环节", "档案要求")
    assert do(revisions.track, owner, row.id).current is Gate.APPROVE


def test_a_draft_that_was_handed_in_stands_still_until_somebody_else_approves_it(do, sessions, people):
    owner, _, approver, _ = people
    row = do(revisions.show, owner, drafts.drafted(sessions, owner))
    instance = do(revisions.submit, owner, row.id)
    for refused in ((revisions.submit, row.id), (revisions.save, row.id, "p.bpmn", b"", 2), (revisions.deploy, row.id)):
        with pytest.raises(RevisionRefused):
            do(refused[0], owner, *refused[1:])
    assert do(revisions.track, approver, row.id).current is Gate.APPROVE
    with pytest.raises(NotAllowed):  # an approver changes nothing
        do(revisions.take_back, approver, row.id, "")
    do(revisions.approve, approver, row.id, "同意")
    shown = do(revisions.show, owner, row.id)
    assert (shown.state, shown.decided_by, shown.opinion) == ("approved", "贺审定", "同意")
    with transaction(sessions) as session:
        assert session.get_one(Instance, instance).state == "finished"
    with pytest.raises(NotAllowed):
        do(revisions.deploy, approver, row.id)


def test_an_approved_draft_becomes_a_version_and_everything_is_told(do, sessions, people):
    owner, _, approver, _ = people
    row = do(revisions.show, owner, drafts.approved(sessions, owner, approver))
    made = do(revisions.deploy, owner, row.id)
    assert (made.programme, made.number, made.new) == ("small", 2, True)
    assert do(processes.latest, "small").files["p.bpmn"] == drawn("p", LONGER)
    (newest, first) = do(library.versions, owner, "small")
    assert (newest.author, newest.approver, newest.reason, newest.revision) == ("梁流管", "贺审定", "档案要求", row.id)
    assert (first.author, first.deployed_by) == (None, "a test")
    steps = do(revisions.steps, owner, row.id)
    assert [one.kind.removeprefix("revision.") for one in steps] == [
        "deployed",
        "approved",
        "submitted",
        "saved",
        "begun",
    ]
    assert all(one["path"] == "p.bpmn" and one["zh"] and one["en"] for one in steps[2].differences)
    with transaction(sessions) as session:
        told = session.scalars(select(Event).where(Event.kind == "revision.submitted")).one()
    assert (told.instance, told.data["reason"], told.actor) == (row.instance, "档案要求", owner.id)
    assert told.data["differences"]
    with pytest.raises(RevisionRefused):  # done already
        do(revisions.deploy, owner, row.id)
    assert do(revisions.listing, owner) == []


def test_two_owners_never_overwrite_each_other_silently(do, people):
    one, other, *_ = people
    revision = do(revisions.begin, one, "small", "两人同时改").id
    do(revisions.save, one, revision, "p.bpmn", b"<one/>", 1)
    with pytest.raises(EditConflict) as conflict:
        do(revisions.save, other, revision, "p.bpmn", b"<other/>", 1)
    told = conflict.value.facts["conflict"]
    assert (told["version"], told["content"], told["saved_by"]) == (2, "<one/>", "梁流管")
    assert told["saved_at"]
    do(revisions.save, other, revision, "p.bpmn", b"<other/>", 2)  # they have seen it now
    for verb in (revisions.remove, revisions.undo):
        with pytest.raises(EditConflict):
            do(verb, one, revision, "p.bpmn", 2)
    do(revisions.remove, one, revision, "p.bpmn", 3)
    with pytest.raises(NotFound):
        do(revisions.read, one, revision, "p.bpmn")
    with pytest.raises(EditConflict) as gone:
        do(revisions.save, other, revision, "p.bpmn", b"<mine/>", 3)
    assert gone.value.facts["conflict"]["content"] is None
    do(revisions.undo, one, revision, "p.bpmn", 0)
    assert do(revisions.files, one, revision)["p.bpmn"] == drawn("p", BODY)
    with pytest.raises(EditConflict) as new:  # a new file does not replace one that stands in the base
        do(revisions.save, other, revision, "p.bpmn", b"<mine/>", 0)
    assert (new.value.facts["conflict"]["saved_by"], new.value.facts["conflict"]["version"]) == (None, 1)
    with pytest.raises(NotFound):
        do(revisions.undo, one, revision, "p.bpmn", 1)
    assert do(revisions.show, one, revision).authors == ["施流管", "梁流管"]


def test_only_files_that_a_programme_has_are_saved(do, people):
    owner, *_ = people
    revision = do(revisions.begin, owner, "small", "文件").id
    for path in (
        "../p.bpmn",
        "a/b.bpmn",
        "p.exe",
        "forms/../x.form",
        "forms/.form",
        "README.md",
        "p.bpmn/",
        "x" * 90 + ".dmn",
    ):
        with pytest.raises(RevisionRefused):
            do(revisions.save, owner, revision, path, b"x", 0)
    with pytest.raises(RevisionRefused):
        do(revisions.save, owner, revision, "p.bpmn", b"x" * 8_000_001, 1)
    with pytest.raises(RevisionRefused):
        do(revisions.remove, owner, revision, "programme.toml", 1)
    with pytest.raises(NotFound):
        do(revisions.remove, owner, revision, "nowhere.bpmn", 1)
    with pytest.raises(RevisionRefused):
        do(revisions.begin, owner, "small", "  ")
    with pytest.raises(NotFound):
        do(revisions.begin, owner, "nowhere", "x")
    do(revisions.save, owner, revision, "forms/审查表.form", b"{", 0)
    (found,) = do(revisions.findings, owner, revision)
    assert (found["file"], found["severity"]) == ("forms/审查表.form", "error")
    assert do(revisions.findings, owner, revision, {"forms/审查表.form": b'{"type":"default","components":[]}'}) == []


def test_whoever_wrote_on_it_approves_it_by_no_door(do, sessions, people):
    owner, other, approver, second = people
    with transaction(sessions) as session:  # both owners are approvers as well
        for one in (owner, other):
            session.add(Membership(person=one.id, organisation="prov-science", role="PROC_APPROVER"))
    owner, other = (drafts.person(sessions, login) for login in ("liuguan", "liuguan2"))
    revision = drafts.drafted(sessions, owner)
    do(revisions.save, other, revision, "forms/new.form", b'{"type":"default","components":[]}', 0)
    do(revisions.remove, owner, revision, "forms/new.form", 3)  # what was written is gone, whose hand was in it is not
    instance = do(revisions.submit, owner, revision)
    with transaction(sessions) as session:
        task = session.scalars(select(Task.id).where(Task.instance == instance)).one()
    for author in (owner, other):
        for verb, *args in (
            (revisions.approve, revision),
            (tasks.claim, task),
            (tasks.complete, task, {"decision": "approve"}),
        ):
            with pytest.raises(SeatRefused):
                do(verb, author, *args)
    do(tasks.claim, approver, task)
    do(tasks.complete, approver, task, {"decision": "refuse", "reason": "期限不对"})  # the ordinary page of the task
    shown = do(revisions.show, owner, revision)
    assert (shown.state, shown.opinion, shown.decided_by) == ("draft", "期限不对", "贺审定")
    do(revisions.save, owner, revision, "p.bpmn", drawn("p", BODY.replace('id="a"', 'id="a" name="受理"')), 2)
    do(revisions.submit, owner, revision)
    with pytest.raises(RevisionRefused):
        do(revisions.refuse, second, revision, " ")
    do(revisions.refuse, second, revision, "再改")
    assert state(do, owner, revision) == "draft"


def test_whoever_repairs_cases_brings_no_decision_past_the_approver(do, sessions, people, actor):
    owner, _, approver, _ = people
    revision = drafts.drafted(sessions, owner)
    instance = do(revisions.submit, owner, revision)
    officer = actor("jingban")
    with transaction(sessions) as session, runtime.operated(session, officer, instance, "试试") as running:
        running.write({"decided": {"decision": "approve", "opinion": None, "reason": None}})
        running.place("record_decision")
    assert state(do, owner, revision) == "submitted"
    with pytest.raises(NotFound):  # they may not even see it
        do(revisions.show, officer, revision)
    do(revisions.approve, approver, revision)
    assert state(do, owner, revision) == "approved"


def test_a_draft_is_taken_back_given_up_and_survives_a_case_that_was_ended(do, sessions, people, actor):
    owner, other, approver, _ = people
    revision = drafts.drafted(sessions, owner)
    instance = do(revisions.submit, owner, revision)
    do(revisions.take_back, other, revision, "还要改")
    with transaction(sessions) as session:
        assert session.get_one(Instance, instance).state == "cancelled"
    do(revisions.submit, owner, revision)
    do(revisions.approve, approver, revision)
    do(revisions.take_back, owner, revision, "发现错字")
    assert state(do, owner, revision) == "draft"
    instance = do(revisions.submit, owner, revision)
    do(operations.terminate, actor("tingzhang"), instance, "误启动")
    with pytest.raises(RevisionRefused):
        do(revisions.approve, approver, revision)
    do(revisions.withdraw, owner, revision, "不改了")
    shown = do(revisions.show, owner, revision)
    assert (shown.state, shown.closed_by) == ("withdrawn", "梁流管")
    for verb, *args in ((revisions.submit,), (revisions.withdraw, "再来"), (revisions.take_back, "再来")):
        with pytest.raises(RevisionRefused):
            do(verb, owner, revision, *args)


def test_an_old_draft_is_brought_up_to_date_a_file_at_a_time(do, sessions, people):
    owner, other, approver, _ = people
    late, clash = drafts.drafted(sessions, owner), drafts.drafted(sessions, other)
    form = b'{"type":"default","components":[]}'
    do(revisions.save, owner, late, "forms/new.form", form, 0)
    quick = do(revisions.begin, other, "small", "改表单").id
    changed = do(revisions.read, other, quick, "forms/any.form")
    do(revisions.save, other, quick, "forms/any.form", changed.content.replace(b'"n"', b'"m"'), changed.version)
    do(revisions.describe, other, quick, "改表单", "字段改名")
    do(revisions.submit, other, quick)
    do(revisions.submit, owner, late)
    do(revisions.approve, approver, quick)
    do(revisions.approve, approver, late)
    do(revisions.deploy, other, quick)
    assert do(revisions.show, owner, late).old
    with pytest.raises(RevisionRefused):  # it was approved over what is no longer the newest
        do(revisions.deploy, owner, late)
    do(revisions.take_back, owner, late, "更新")
    with pytest.raises(RevisionRefused):
        do(revisions.submit, owner, late)
    done = do(revisions.update, owner, late)
    assert (done.taken, done.clashes) == (["forms/any.form"], [])
    assert do(revisions.update, owner, late) == replace(done, taken=[])
    _carried(do, people, (late, clash), changed)


def _carried(do, people, two, changed):
    """Deploy what was brought up to date, and see what both changed clash in the other draft."""
    (owner, other, approver, _), (late, clash) = people, two
    with pytest.raises(EditConflict):  # whoever has the old form open does not bring it back
        do(revisions.save, owner, late, "forms/any.form", changed.content + b" ", changed.version)
    do(revisions.submit, owner, late)
    do(revisions.approve, approver, late)
    assert do(revisions.deploy, owner, late).number == 3
    assert set(do(processes.latest, "small").files) == {"programme.toml", "p.bpmn", "forms/any.form", "forms/new.form"}
    other_body = start() + user("a", role="PRV_LEAD") + end("e") + way("s a e")
    do(revisions.save, other, clash, "p.bpmn", drawn("p", other_body), 2)
    assert do(revisions.update, other, clash).clashes == ["p.bpmn"]
    assert do(revisions.show, other, clash).number == 1  # nothing was done
    mine = do(revisions.update, other, clash, frozenset({"p.bpmn"}))
    assert mine.taken == ["forms/any.form", "forms/new.form"]
    assert do(revisions.files, other, clash)["p.bpmn"] == drawn("p", other_body)
    assert do(revisions.show, other, clash).changed == 1


def test_only_owners_and_approvers_of_a_programme_see_its_drafts(do, sessions, people, actor, monkeypatch):
    owner, _, approver, _ = people
    revision = drafts.drafted(sessions, owner)
    for stranger in (actor("jingban"), actor("shouli")):
        for verb in (revisions.show, revisions.files, revisions.steps, revisions.track, revisions.overview):
            with pytest.raises(NotFound):
                do(verb, stranger, revision)
        with pytest.raises(NotAllowed):
            do(revisions.begin, stranger, "small", "x")
        assert do(revisions.listing, stranger) == [] == do(library.listing, stranger)
        with pytest.raises(NotAllowed):
            do(library.versions, stranger, "small")
    assert [row.id for row in do(revisions.listing, approver, "small")] == [revision]
    with pytest.raises(NotFound):
        do(revisions.show, owner, uuid4())


def test_errors_keep_a_draft_from_being_handed_in(do, people):
    owner, *_ = people
    revision = do(revisions.begin, owner, "small", "有错").id
    do(revisions.describe, owner, revision, "有错", "试试")
    about = do(revisions.read, owner, revision, "programme.toml").content
    for path, content in (
        ("p.bpmn", drawn("p", BODY.replace("PRV_INTAKE", "NOBODY"))),
        ("p.bpmn", b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>"),
        ("p.bpmn", b"\xff\xfe\x00"),
        ("programme.toml", about.replace(b'"small"', b'"other"')),
        ("programme.toml", b"\xff"),
        ("forms/any.form", b"[1]"),
        ("indicators.csv", b"a,b\n\xff"),
        ("templates/x.toml", b"\xff"),
    ):
        seen = do(revisions.files, owner, revision).get(path)
        version = do(revisions.read, owner, revision, path).version if seen is not None else 0
        saved = do(revisions.save, owner, revision, path, content, version)
        assert any(
            one["severity"] == "error" and one["text"]["zh"] for one in do(revisions.findings, owner, revision)
        ), path
        assert do(revisions.track, owner, revision).current is Gate.CHECK
        with pytest.raises(RevisionRefused):
            do(revisions.submit, owner, revision)
        do(revisions.undo, owner, revision, path, saved.version)
    do(revisions.remove, owner, revision, "p.bpmn", 1)
    assert "没有流程图文件。" in [one["text"]["zh"] for one in do(revisions.findings, owner, revision)]


def test_an_approver_of_other_programmes_decides_nothing_here(do, sessions, people, monkeypatch):
    owner, _, approver, _ = people
    revision = drafts.drafted(sessions, owner)
    instance = do(revisions.submit, owner, revision)
    known = identity.roles()
    narrow = {**known, "PROC_APPROVER": replace(known["PROC_APPROVER"], approves=("other",))}
    monkeypatch.setattr(identity, "roles", lambda: narrow)
    with pytest.raises(NotFound):  # it is not on their bench
        do(revisions.approve, approver, revision)
    with transaction(sessions) as session:
        task = session.scalars(select(Task.id).where(Task.instance == instance)).one()
    do(tasks.claim, approver, task)
    do(tasks.complete, approver, task, {"decision": "approve"})  # the ordinary page asks for the role alone
    assert state(do, owner, revision) == "submitted"
    with transaction(sessions) as session:
        again = session.scalars(select(Task).where(Task.instance == instance, Task.state == "open")).one()
    assert again.element == "approve_revision"  # somebody else is asked
    monkeypatch.undo()
    do(revisions.approve, approver, revision)
    assert state(do, owner, revision) == "approved"


def test_an_owner_of_other_programmes_sees_nothing_here(do, sessions, people, monkeypatch):
    owner, *_ = people
    drafts.drafted(sessions, owner)
    known = identity.roles()
    monkeypatch.setattr(
        identity, "roles", lambda: {**known, "PROC_OWNER": replace(known["PROC_OWNER"], edits=("studio",))}
    )
    assert do(revisions.listing, owner) == []
    assert [row.programme for row in do(library.listing, owner)] == ["studio"]
    with pytest.raises(NotAllowed):
        do(revisions.begin, owner, "small", "x")
    assert do(revisions.begin, owner, "studio", "改审定表单").programme == "studio"
