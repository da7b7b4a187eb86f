"""Archive packages: the same bytes for the same case, every change found, every hostile file refused."""

import hashlib
import io
import random
import zipfile
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from engine.bpmn.gate import parse_xml
from engine.domain import canonical, deadlines, decisions, indicators, packages, sheets
from engine.domain.deadlines import Term
from engine.domain.decisions import Decision
from engine.domain.packages import checking, replaying, sealing, telling, zipped
from engine.domain.sheets import About, Frozen
from engine.domain.workdays import Calendar
from engine.errors import DecisionFailed, PackageRefused
from engine.settings import ROOT

FOLDER = ROOT / "workflows" / "innovative-city"
ROWS = indicators.read_rows((FOLDER / "indicators.csv").read_bytes())
GRADE = (FOLDER / "grade.dmn").read_bytes()
PROOF = b"%PDF-1.7 a page of the yearbook"
CALENDAR = Calendar({date(2024, 5, 1): False, date(2024, 5, 11): True}, date(2024, 12, 31))
WORKED_ON = datetime(2024, 4, 28, 1, tzinfo=UTC)


def tables(content: bytes, name: str) -> dict[str, Decision]:
    return decisions.parse(parse_xml(content, name))


def a_sheet() -> sheets.Sheet:
    chosen = indicators.parse(ROWS, "ZJ-DEMO-2012")
    proof = [sha256(PROOF).hexdigest()]
    inputs = [
        {"unit": "339921", "year": 2023, "code": raw.code, "value": 2.5 + n, "evidence": proof}
        for n, raw in enumerate(chosen.raw_inputs())
    ]
    return sheets.compose(
        About("339921", 2023, "county", "339921-2024"), Frozen("ZJ-DEMO-2012", ROWS), inputs, {"F1": [80, 90, 70]}
    )


def version(**files: bytes) -> tuple[str, list[dict[str, str]]]:
    listed = [{"path": name, "sha256": sha256(content).hexdigest()} for name, content in sorted(files.items())]
    whole = "".join(f"{one['path']}\0{one['sha256']}\n" for one in listed)
    return sha256(whole.encode()).hexdigest(), listed


def contents() -> dict[str, bytes]:
    """Return the files of a package as a case leaves them."""
    digest, listed = version(**{"grade.dmn": GRADE, "lifecycle.bpmn": b"<bpmn/>"})
    sheet = a_sheet()
    made = tables(GRADE, "grade.dmn")["grade"].explain({"score": 84.5})
    term = Term("T12", 5, "wd", WORKED_ON)
    end = deadlines.reckon(CALENDAR, term)
    assert end is not None
    due = end.due.isoformat()
    days = [{"day": day.isoformat(), "workday": worked, "basis": "国办发明电"} for day, worked in CALENDAR.days.items()]
    proof = sha256(PROOF).hexdigest()
    index = {
        checking.SHEETS: [{"id": "s1", "digest": canonical.digest(sheet), "total": sheet["total"]}],
        checking.EVIDENCE: [{"digest": proof, "name": "年鉴.pdf", "present": True}],
        checking.DOCUMENTS: [
            {"id": "d1", "number": "浙科发〔2024〕1号", "pdf": proof, "docx": None, "present": ["pdf"]}
        ],
        checking.PROGRAMME: [{"id": "innovative-city", "number": 3, "digest": digest, "files": listed}],
        checking.DECISIONS: [{"at": "2024-05-06", "element": "grade", "programme": digest, "made": made}],
        checking.CALENDAR: {"version": CALENDAR.version, "known_until": "2024-12-31", "days": days},
        checking.DEADLINES: [{"name": "资格确认", "term": term.plain(), "reckoned": due, "due_at": due}],
    }
    return {name: canonical.encode(value) for name, value in index.items()} | {
        "sheets/s1.json": canonical.encode(sheet),
        f"evidence/{proof}": PROOF,
        "documents/d1.pdf": PROOF,
        f"{checking.folder(digest)}/grade.dmn": GRADE,
    }


ABOUT = {"case_id": "339921-2024", "unit": "339921"}
FILES = contents()
SEALED = packages.seal(ABOUT, FILES)


def faults(files: dict[str, bytes]) -> list[packages.Fault]:
    """Return the faults of a package that was sealed anew with other files, as a forger would."""
    return packages.check(packages.seal(ABOUT, files), tables).faults


def changed(name: str, change: Any) -> list[packages.Fault]:
    value = canonical.decode(FILES[name])
    return faults({**FILES, name: canonical.encode(change(value))})


def test_a_sound_package_has_no_fault_and_everything_was_looked_at() -> None:
    report = packages.check(SEALED, tables)
    assert report.faults == []
    assert report.about == ABOUT
    assert report.sha256 == sha256(SEALED).hexdigest()
    assert report.checked == {
        "files": len(FILES) + 2, "sheets": 1, "evidence": 1, "documents": 1, "programmes": 1, "decisions": 1,
        "calendars": 1, "deadlines": 1,
    }  # fmt: skip


def test_the_same_files_give_the_same_bytes_and_any_unzip_can_read_them() -> None:
    shuffled = list(FILES.items())
    random.Random(1).shuffle(shuffled)
    assert packages.seal(dict(reversed(ABOUT.items())), dict(shuffled)) == SEALED
    with zipfile.ZipFile(io.BytesIO(SEALED)) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in FILES} == FILES
        digest, name = archive.read("manifest.sha256").decode().split()
        assert sha256(archive.read(name)).hexdigest() == digest
    assert packages.unpack(SEALED).keys() == FILES.keys() | {"manifest.json", "manifest.sha256"}


def test_every_byte_that_is_flipped_is_found() -> None:
    small = packages.seal(ABOUT, {"a.json": b"{}\n", "evidence/x": PROOF})
    for at in range(len(small)):
        flipped = bytearray(small)
        flipped[at] ^= 1 << at % 8
        try:
            found = list(sealing.faults(bytes(flipped), zipped.unpack(bytes(flipped))))
        except PackageRefused:
            continue
        assert found, at


def test_a_byte_flipped_in_any_file_is_told_with_its_file() -> None:
    at = 0
    for name, piece in zipped.pieces(packages.unpack(SEALED)):
        body = piece in packages.unpack(SEALED).values() and bool(name)
        for place in random.Random(at).sample(range(len(piece)), min(3, len(piece))) if body else ():
            flipped = bytearray(SEALED)
            flipped[at + place] ^= 0x10
            found = packages.check(bytes(flipped), tables).faults
            expected = {"manifest.json"} if name.startswith("manifest") else {name}
            assert expected & {fault.file for fault in found}, name
            assert all(fault.zh and fault.en for fault in found)
        at += len(piece)


def test_what_is_cut_off_or_added_is_found() -> None:
    for end in range(0, len(SEALED), 997):
        with pytest.raises(PackageRefused):
            _sound(SEALED[:end])
    for wrong in (SEALED + b"\0", b"\0" + SEALED, SEALED + SEALED):
        with pytest.raises(PackageRefused):
            _sound(wrong)


def _sound(content: bytes) -> None:
    if packages.check(content, tables).faults:
        raise PackageRefused


# What a forger would change who makes the seal anew.
def test_a_forged_score_is_found() -> None:
    sheet = {**a_sheet(), "total": "99"}
    forged = {**FILES, "sheets/s1.json": canonical.encode(sheet)}
    rules = {fault.rule for fault in faults(forged)}
    assert rules == {"digest", "recompute", "total"}
    forged[checking.SHEETS] = canonical.encode([{"id": "s1", "digest": canonical.digest(sheet), "total": "99"}])
    assert [(fault.file, fault.rule) for fault in faults(forged)] == [("sheets/s1.json", "recompute")]


def test_a_forged_set_of_indicators_is_found() -> None:
    sheet = a_sheet()
    sheet["set"]["rows"][1]["weight"] = "12"
    forged = {**FILES, "sheets/s1.json": canonical.encode(sheet)}
    assert {"set", "unreadable"} <= {fault.rule for fault in faults(forged)}


def test_a_forged_decision_is_found() -> None:
    def better(made: list[dict[str, Any]]) -> list[dict[str, Any]]:
        made[0]["made"]["value"] = "优秀"
        return made

    def other_rule(made: list[dict[str, Any]]) -> list[dict[str, Any]]:
        made[0]["made"]["decisions"][0]["tables"][0]["rules"][0]["rule"] = 1
        return made

    for change in (better, other_rule):
        (fault,) = changed(checking.DECISIONS, change)
        assert fault.rule == "decision"
        assert "2024-05-06" in fault.zh


def test_a_decision_that_is_not_in_the_package_is_told() -> None:
    (fault,) = changed(checking.DECISIONS, lambda made: [{**made[0], "made": {**made[0]["made"], "decision": "x"}}])
    assert "x" in fault.en
    without = {name: content for name, content in FILES.items() if not name.endswith(".dmn")}
    assert {fault.file for fault in faults(without)} >= {checking.PROGRAMME, checking.DECISIONS}


def test_another_table_than_that_of_the_version_is_found() -> None:
    (name,) = (name for name in FILES if name.endswith(".dmn"))
    found = faults({**FILES, name: GRADE.replace(b"[80..90)", b"[70..90)")})
    assert {fault.rule for fault in found} == {"digest"}


def test_a_decision_whose_data_was_not_kept_is_noted_and_no_fault() -> None:
    source = GRADE.replace(b"<text>score</text>", b"<text>score + bonus</text>")
    made = tables(source, "grade.dmn")["grade"].explain({"score": 80, "bonus": 4})
    del made["data"]  # as records were in earlier days
    digest, listed = version(**{"grade.dmn": source})
    files = {name: content for name, content in FILES.items() if not name.endswith(".dmn")} | {
        f"{checking.folder(digest)}/grade.dmn": source,
        checking.PROGRAMME: canonical.encode([{"digest": digest, "files": listed}]),
        checking.DECISIONS: canonical.encode([{"at": "", "programme": digest, "made": made}]),
    }
    report = packages.check(packages.seal(ABOUT, files), tables)
    assert report.faults == []
    assert any("1 decisions" in en for _, en in report.notes)


def test_a_decision_of_earlier_days_is_made_again_from_its_columns() -> None:
    made = tables(GRADE, "grade.dmn")["grade"].explain({"score": 84.5})
    del made["data"]
    report = changed(checking.DECISIONS, lambda kept: [{**kept[0], "made": made}])
    assert report == []
    made["value"] = "优秀"
    assert [fault.rule for fault in changed(checking.DECISIONS, lambda kept: [{**kept[0], "made": made}])] == [
        "decision"
    ]


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.dmn")), ids=lambda file: file.stem)
def test_every_shipped_decision_can_be_made_again_from_its_record(file: Path) -> None:
    anything = {"titles": ["science_strong"], "level": "county", "task_key": "T12", "score": 84.5, "kind": "minutes"}
    for decision in tables(file.read_bytes(), file.name).values():
        try:
            made = decision.explain(anything)
        except DecisionFailed:
            continue
        record = canonical.decode(canonical.encode(made))
        assert record["data"].items() <= anything.items()
        assert replaying.same(decision, record) is True
        assert replaying.same(decision, {**record, "value": "forged"}) is False


def test_a_deadline_or_calendar_that_was_moved_is_found() -> None:
    def later(terms: list[dict[str, Any]]) -> list[dict[str, Any]]:
        terms[0]["reckoned"] = terms[0]["due_at"] = "2024-06-30T15:59:59+00:00"
        return terms

    (fault,) = changed(checking.DEADLINES, later)
    assert (fault.file, fault.rule) == (checking.DEADLINES, "deadline")
    found = changed(checking.CALENDAR, lambda kept: {**kept, "days": kept["days"][1:]})
    assert {fault.rule for fault in found} == {"version", "deadline"}


def test_a_deadline_of_an_earlier_calendar_is_noted() -> None:
    moved = canonical.decode(FILES[checking.DEADLINES])
    moved[0]["due_at"] = "2024-06-30T15:59:59+00:00"
    report = packages.check(packages.seal(ABOUT, {**FILES, checking.DEADLINES: canonical.encode(moved)}), tables)
    assert report.faults == []
    assert any("1 deadlines" in en for _, en in report.notes)


def test_files_that_lists_do_not_agree_with_are_found() -> None:
    proof = f"evidence/{sha256(PROOF).hexdigest()}"
    cases: list[tuple[dict[str, bytes], str]] = [
        ({**FILES, proof: b"another page"}, proof),
        ({**FILES, "sheets/s2.json": b"{}\n"}, "sheets/s2.json"),
        ({name: content for name, content in FILES.items() if name != proof}, checking.EVIDENCE),
        ({name: content for name, content in FILES.items() if name != "sheets/s1.json"}, "sheets/s1.json"),
        ({name: content for name, content in FILES.items() if name != checking.CALENDAR}, checking.CALENDAR),
        ({**FILES, checking.EVIDENCE: b"[]\n"}, "sheets/s1.json"),
    ]
    for files, name in cases:
        assert name in {fault.file for fault in faults(files)}, name


@pytest.mark.parametrize("name", checking.CHECKS)
@pytest.mark.parametrize(
    "wrong", [b"", b"{", b"null\n", b"7\n", b"[7]\n", b'{"a":7}\n', b'[{"id":{}}]\n', b"[" * 200 + b"]" * 200]
)
def test_a_list_of_another_shape_is_a_fault_and_the_rest_is_still_looked_at(name: str, wrong: bytes) -> None:
    report = packages.check(packages.seal(ABOUT, {**FILES, name: wrong}), tables)
    assert any(fault.file.startswith(name.removesuffix(".json")) for fault in report.faults)
    assert report.checked["sheets" if name != checking.SHEETS else "evidence"] == 1


def test_a_broken_chain_is_told_where_it_breaks() -> None:
    files = packages.unpack(SEALED)
    manifest = canonical.decode(files["manifest.json"])
    manifest["about"]["unit"] = "330100"
    forged = canonical.encode(manifest)
    seal = f"{sha256(forged).hexdigest()}  manifest.json\n".encode()
    found = packages.check(zipped.pack({**files, "manifest.json": forged, "manifest.sha256": seal}), tables).faults
    assert {fault.rule for fault in found} == {"chain"}
    reordered = {**canonical.decode(files["manifest.json"]), "files": manifest["files"][::-1]}
    forged = canonical.encode(reordered)
    seal = f"{sha256(forged).hexdigest()}  manifest.json\n".encode()
    found = packages.check(zipped.pack({**files, "manifest.json": forged, "manifest.sha256": seal}), tables).faults
    assert "chain" in {fault.rule for fault in found}


def test_a_file_nobody_listed_is_found() -> None:
    added = zipped.pack({**packages.unpack(SEALED), "evidence/planted": b"x"})
    assert [(fault.file, fault.rule) for fault in packages.check(added, tables).faults] == [
        ("evidence/planted", "unlisted")
    ]


def test_without_sm3_the_package_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "SM3", "sm3-unheard-of")
    sealed = packages.seal(ABOUT, FILES)
    manifest = canonical.decode(packages.unpack(sealed)["manifest.json"])
    assert manifest["sm3"].startswith("absent")
    assert {entry["sm3"] for entry in manifest["files"]} == {None}
    report = packages.check(sealed, tables)
    assert report.faults == []
    assert any("SM3" in en for _, en in report.notes)


def test_a_huge_or_hostile_sheet_is_refused_and_not_reckoned() -> None:
    sheet = a_sheet()
    sheet["set"]["rows"] = [{**sheet["set"]["rows"][1], "code": str(n)} for n in range(3_000)]
    assert "sheets/s1.json" in {fault.file for fault in faults({**FILES, "sheets/s1.json": canonical.encode(sheet)})}
    sheet = a_sheet()
    for row in sheet["set"]["rows"]:
        if row.get("formula"):
            row["formula"] = "sum(for a in 1..100000, b in 1..100000 return a * b)"
    assert "sheets/s1.json" in {fault.file for fault in faults({**FILES, "sheets/s1.json": canonical.encode(sheet)})}


def test_a_package_made_to_keep_the_checker_busy_is_not_looked_at_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    (one,) = canonical.decode(FILES[checking.DEADLINES])
    slow = {**one, "term": {**one["term"], "days": 9_999, "stops": [["2024-04-29T00:00:00+00:00"] * 2]}}
    assert (checking.DEADLINES, "unreadable") in {
        (fault.file, fault.rule) for fault in changed(checking.DEADLINES, lambda _: [slow] * 1_000)
    }
    monkeypatch.setattr(canonical, "LONGEST", len(FILES[checking.DECISIONS]) - 1)
    names = {fault.file for fault in packages.check(SEALED, tables).faults}
    assert {checking.DECISIONS, "manifest.json", "sheets/s1.json"} <= names


def test_patience_ends_and_the_package_is_refused() -> None:
    looks = iter([True, True, False])
    with pytest.raises(PackageRefused, match="longer than any case"):
        packages.check(SEALED, tables, lambda: next(looks))


def test_a_file_that_is_listed_often_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    reckon = hashlib.sha256
    monkeypatch.setattr(checking.hashlib, "sha256", lambda *content: read.append(1) or reckon(*content))
    changed(checking.EVIDENCE, lambda found: found * 500)
    changed(checking.SHEETS, lambda found: found * 500)
    assert len(read) < 500


def test_every_event_is_told_in_a_sentence() -> None:
    event = {"at": "2024-05-06T09:00:00+08:00", "kind": "task.completed", "element": "T12", "who": "沈受理", "data": {}}
    told = telling.told(event, {"T12": "资格确认"}, {"资格确认": "Qualification"})
    assert told == {"zh": "沈受理办结“资格确认”。", "en": "沈受理 completed “Qualification”."}
    made = tables(GRADE, "grade.dmn")["grade"].explain({"score": 95})
    decided = telling.told(
        {**event, "kind": "decision.made", "element": "g", "who": None, "data": made}, {"g": "评级"}, {}
    )
    assert decided["zh"] == "“评级”得出结果：优秀。"
    unheard = telling.told({**event, "kind": "thing.happened", "element": None, "data": {"name": "x"}}, {}, {})
    assert unheard["en"] == "thing.happened: x."
    text = telling.timeline([{**event, **told}], "zh").decode()
    assert text == "2024-05-06 09:00  沈受理办结“资格确认”。\n"
