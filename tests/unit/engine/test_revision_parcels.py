"""Files from outside: of other modellers, hostile, too large; drafts under races; copies of programmes."""

import io
import threading
import zipfile

import pytest
from sqlalchemy import select

from engine import clock, processes, revisions, substitutions
from engine.db import transaction
from engine.domain import drafting
from engine.errors import EditConflict, ImportRefused, NotAllowed, NotFound, RevisionRefused, SeatRefused
from engine.substitutions import Appointment
from engine.tables import Deployment, Instance, Person
from tests.support import drafts, programme
from tests.support.diagrams import drawn
from tests.support.drafts import BODY, LONGER

FORM = b'{"type": "default", "components": []}'
BOMB = 40_000_000


def zipped(files, **options):
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in files.items():
            package.writestr(name, content, **options)
    return whole.getvalue()


@pytest.fixture
def do(sessions):
    drafts.ground(sessions)

    def act(verb, *args):
        with transaction(sessions) as session:
            return verb(session, *args)

    return act


@pytest.fixture
def people(sessions):
    return [drafts.person(sessions, login) for login in ("liuguan", "liuguan2", "liushen", "liushen2")]


def test_files_of_other_modellers_find_their_place():
    bpmn, dmn = drawn("p", BODY), b'<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/"/>'
    for name, content, path in (
        ("p.bpmn", bpmn, "p.bpmn"),
        ("order.bpmn20.xml", bpmn, "order.bpmn"),
        ("C:\\work\\our order (1).xml", bpmn, "our_order_1.bpmn"),
        ("rules.dmn.xml", dmn, "rules.dmn"),
        ("page.json", FORM, "forms/page.form"),
        ("page.form", FORM, "forms/page.form"),
        ("审查.bpmn", bpmn, "审查.bpmn"),
    ):
        assert list(drafting.receive(name, content).files) == [path]
    whole = {"x/y/forms/a.form": FORM, "x/y/p.bpmn": bpmn, "x/y/programme.toml": b"", "x/y/note.txt": b"x"}
    assert drafting.receive("z.zip", zipped({f"top/{path}": one for path, one in whole.items()})).strangers
    once = drafting.receive("z.zip", zipped({f"top/{path[4:]}": one for path, one in whole.items()}))
    assert (sorted(once.files), once.strangers, once.whole) == (
        ["forms/a.form", "p.bpmn", "programme.toml"],
        ["note.txt"],
        True,
    )


def test_files_in_other_letters_come_in_as_utf8():
    said = '<?xml version="1.0" encoding="{}"?>' + drawn("p", BODY).decode().replace("<process", '<process name="受理"')
    for encoding, name in (("gb18030", "GB18030"), ("utf-16", "UTF-16"), ("utf-8-sig", "UTF-8")):
        (content,) = drafting.receive("p.bpmn", said.format(name).encode(encoding)).files.values()
        assert content.decode() == said.format("UTF-8")
    table = "set,code\n甲,乙\n"
    assert drafting.receive("indicators.csv", table.encode("gbk")).files == {"indicators.csv": table.encode()}
    for broken in (b'<?xml version="1.0" encoding="no-such"?>\xff', b"\xff\xfe\xff"):
        assert drafting.receive("p.bpmn", broken).files == {"p.bpmn": broken}


def test_what_goes_out_comes_in_again_byte_for_byte():
    files = drafts.files()
    assert drafting.pack(files) == drafting.pack(dict(reversed(files.items())))
    assert drafting.receive("a.zip", drafting.pack(files)).files == files


def test_hostile_files_are_refused_or_passed_over():
    good = {"p.bpmn": drawn("p", BODY)}
    for path in ("../p.bpmn", "/etc/p.dmn", "forms/../../x.form", "a\\..\\..\\q.bpmn", "forms/.form", "con\x00.bpmn"):
        found = drafting.receive("z.zip", zipped({**good, path: b"x"}))
        assert list(found.files) == ["p.bpmn"], path
    link = zipfile.ZipInfo("forms/a.form")
    link.external_attr = 0o120777 << 16
    assert list(drafting.receive("z.zip", zipped({**good, link: b"/etc/passwd"})).files) == ["p.bpmn"]
    many = {f"f{number}.bpmn": b"" for number in range(1001)}
    for content in (
        zipped({"bomb.bpmn": b"\0" * BOMB}),
        zipped({f"b{number}.bpmn": b"\0" * 7_000_000 for number in range(6)}),
        zipped(many),
        zipped(good)[:60],
        zipped(good)[:-30] + b"x" * 30,
        b"PK\x03\x04" + b"\0" * 100,
        b"x" * (drafting.LARGEST + 1),
        zipped({"a.txt": b"x"}),
        b"",
    ):
        with pytest.raises(ImportRefused):
            drafting.receive("z.zip", content)
    locked = bytearray(zipped(good))
    locked[6] |= 1  # says that it is encrypted
    locked[locked.rindex(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(ImportRefused):
        drafting.receive("z.zip", bytes(locked))
    lying = bytearray(zipped({"p.bpmn": b"\0" * 9_000_000}))  # says that it is small
    place = lying.rindex(b"PK\x01\x02")
    lying[place + 24 : place + 28] = (10).to_bytes(4, "little")
    with pytest.raises(ImportRefused):
        drafting.receive("z.zip", bytes(lying))


def test_an_import_overwrites_nothing_that_somebody_else_wrote(do, people):
    one, other, *_ = people
    revision = do(revisions.begin, one, "small", "导入").id
    do(revisions.save, other, revision, "p.bpmn", drawn("p", LONGER), 1)
    with pytest.raises(RevisionRefused) as refused:
        do(revisions.take_in, one, revision, "p.bpmn", drawn("p", BODY))
    assert "施流管" in refused.value.facts["why"]["zh"]
    taken = do(revisions.take_in, one, revision, "new.bpmn", drawn("new", BODY))
    assert (taken.changed, taken.strangers) == (["new.bpmn"], [])
    whole = {**drafts.files(LONGER), "new.bpmn": drawn("new", BODY)}
    assert do(revisions.take_in, one, revision, "a.zip", drafting.pack(whole)).changed == []
    about = whole["programme.toml"].replace(b'"small"', b'"other"')
    for strange in (
        {**whole, "programme.toml": about},
        {**whole, "programme.toml": b"\xff"},
        {"programme.toml": b"id = 1"},
    ):
        with pytest.raises(ImportRefused):
            do(revisions.take_in, one, revision, "a.zip", drafting.pack(strange))
    del whole["forms/any.form"]
    assert do(revisions.take_in, one, revision, "a.zip", drafting.pack(whole)).changed == ["forms/any.form"]
    assert "forms/any.form" not in do(revisions.files, one, revision)
    with pytest.raises(ImportRefused):
        do(revisions.begin_from, one, "p.bpmn", drawn("p", BODY), "x")
    large = {f"f{number}.dmn": b"\0" * 7_900_000 for number in range(4)}
    with pytest.raises(ImportRefused):
        do(revisions.take_in, one, revision, "a.zip", drafting.pack({**large, "g.dmn": b"\0" * 399_500}))


def test_a_programme_that_is_new_here_comes_in_as_a_zip_and_is_deployed(do, people):
    owner, _, approver, _ = people
    files = drafts.files()
    files["programme.toml"] = files["programme.toml"].replace(b'"small"', b'"brand-new"')
    taken = do(revisions.begin_from, owner, "a.zip", drafting.pack(files), "新流程")
    shown = do(revisions.show, owner, taken.revision)
    assert (shown.programme, shown.number, shown.newest, shown.old) == ("brand-new", None, None, False)
    do(revisions.describe, owner, taken.revision, "新流程", "新设")
    do(revisions.submit, owner, taken.revision)
    do(revisions.approve, approver, taken.revision)
    assert do(revisions.deploy, owner, taken.revision).number == 1
    assert do(processes.latest, "brand-new").files == files
    again = do(revisions.begin_copy, owner, "brand-new", "copy-of-it", ("副本", "Copy"))
    assert b'id = "copy-of-it"' in do(revisions.files, owner, again)["programme.toml"]
    assert [one for one in do(revisions.findings, owner, again) if one["severity"] == "error"] == []
    with pytest.raises(NotFound):
        do(revisions.begin_copy, owner, "nowhere", "x-y", ("甲", "A"))


def test_cases_that_run_are_tried_on_a_draft_before_it_is_deployed(do, sessions, people):
    owner, _, approver, _ = people
    programme.start(sessions, "p")
    revision = drafts.approved(sessions, owner, approver)
    with pytest.raises(RevisionRefused) as refused:
        do(revisions.deploy, owner, revision)
    assert "1 件在办事项" in refused.value.facts["why"]["zh"]
    assert do(revisions.track, owner, revision).running == 1


def test_somebody_who_stands_in_for_an_author_does_not_approve_for_them(do, sessions, people):
    owner, other, approver, _ = people
    today = clock.today()
    with transaction(sessions) as session:
        wanted = Appointment(other.id, today, today, "出差", [])
        substitutions.appoint(session, approver, wanted)
    other = drafts.person(sessions, "liuguan2")  # an owner who stands in for the approver
    revision = drafts.drafted(sessions, other)
    do(revisions.submit, other, revision)
    with pytest.raises(SeatRefused):
        do(revisions.approve, other, revision)
    with pytest.raises(
        SeatRefused
    ):  # their hand counts as that of whom they stood in for, when they wrote in that place
        do(revisions.approve, drafts.person(sessions, "liuguan2"), revision)
    mine = drafts.drafted(sessions, owner)
    do(revisions.submit, owner, mine)
    do(revisions.approve, other, mine)
    assert do(revisions.show, owner, mine).decided_by == "施流管"


def test_of_two_at_once_one_wins_and_the_other_is_told(do, sessions, people):
    one, other, approver, second = people
    revision = drafts.drafted(sessions, one)
    assert _race(sessions, (revisions.submit, one, revision), (revisions.submit, other, revision)) == [RevisionRefused]
    with transaction(sessions) as session:
        assert len(session.scalars(select(Instance.id).where(Instance.programme == "studio")).all()) == 1
    lost = _race(sessions, (revisions.approve, approver, revision), (revisions.refuse, second, revision, "不行"))
    assert set(lost) <= {RevisionRefused}
    assert len(lost) == 1
    if do(revisions.show, one, revision).state == "draft":
        do(revisions.submit, one, revision)
        do(revisions.approve, approver, revision)
    assert _race(sessions, (revisions.deploy, one, revision), (revisions.deploy, other, revision)) == [RevisionRefused]
    with transaction(sessions) as session:
        numbers = session.scalars(select(Deployment.number).where(Deployment.programme == "small")).all()
    assert sorted(numbers) == [1, 2]


def test_a_save_and_a_submission_at_once_never_lose_what_was_approved(sessions, do, people):
    one, other, *_ = people
    revision = drafts.drafted(sessions, one)
    version = do(revisions.read, one, revision, "p.bpmn").version
    saving = (revisions.save, other, revision, "p.bpmn", drawn("p", BODY.replace('"a"', '"aa"')), version)
    lost = _race(sessions, saving, (revisions.submit, one, revision))
    assert lost in ([], [RevisionRefused])
    shown = do(revisions.show, one, revision)
    assert shown.digest == processes.digest_of(do(revisions.files, one, revision))
    with pytest.raises((EditConflict, RevisionRefused)):
        do(*saving)


def test_an_account_that_was_closed_decides_nothing(do, sessions, people):
    owner, _, approver, second = people
    revision = drafts.drafted(sessions, owner)
    do(revisions.submit, owner, revision)
    with transaction(sessions) as session:
        session.get_one(Person, approver.id).active = False
    with pytest.raises(NotAllowed):
        do(revisions.approve, approver, revision)
    do(revisions.approve, second, revision)


def _race(sessions, *acts):
    """Do acts at the same time; return the kinds of errors of those that were refused."""
    ready, lost = threading.Barrier(len(acts)), []

    def run(verb, *args):
        ready.wait()
        try:
            with transaction(sessions) as session:
                verb(session, *args)
        except Exception as fault:  # noqa: BLE001 - what came is what the test looks at
            lost.append(type(fault))

    threads = [threading.Thread(target=run, args=act) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return lost
