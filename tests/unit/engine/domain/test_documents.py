"""Official documents by GB/T 9704-2012: every kind is printed, read back and found right; planted faults are found."""

import zipfile
from io import BytesIO

import pypdfium2 as pdfium
import pytest
import segno
from lxml import etree

from engine.domain.documents import faces, reading, selfcheck, typesetting, word
from engine.domain.documents.faces import SUBSTITUTE
from engine.errors import DocumentRefused
from tests.support.papers import FACTS, KINDS, TEMPLATES, paper, typefaces

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
LAYOUT = typesetting.LAYOUT.read_text(encoding="utf-8")


def errors(content: bytes, composed: dict) -> list[str]:
    return [one.rule for one in selfcheck.check(content, composed, typefaces()) if one.severity == "error"]


def set_otherwise(monkeypatch, tmp_path, **replaced: str) -> None:
    """Let the typesetter work by a layout in which texts are replaced: {what: (standard, wrong)}."""
    spoilt = LAYOUT
    for standard, wrong in replaced.values():
        assert standard in spoilt
        spoilt = spoilt.replace(standard, wrong)
    (tmp_path / "spoilt.typ").write_text(spoilt, encoding="utf-8")
    monkeypatch.setattr(typesetting, "LAYOUT", tmp_path / "spoilt.typ")


def text_of(content: bytes) -> str:
    return "".join(row.text for page in reading.read(content).pages for row in page.rows)


def test_every_shipped_template_is_tried_here():
    assert sorted(path.stem for path in TEMPLATES.glob("*.toml")) == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_laid_out_by_the_standard(kind):
    composed = paper(kind)
    assert errors(typesetting.pdf(composed, typefaces()), composed) == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_paper_gives_the_same_bytes(kind):
    one, other = paper(kind), paper(kind)
    assert typesetting.pdf(one, typefaces()) == typesetting.pdf(other, typefaces())
    assert word.docx(one, typefaces()) == word.docx(other, typefaces())


@pytest.mark.parametrize("kind", KINDS)
def test_a_docx_says_what_the_pdf_says(kind):
    composed = paper(kind)
    with zipfile.ZipFile(BytesIO(word.docx(composed, typefaces()))) as archive:
        assert archive.testzip() is None
        parts = {
            name: etree.fromstring(archive.read(name))
            for name in archive.namelist()
            if name.startswith("word/") and name.endswith(".xml")
        }
    said = "".join(node.text or "" for part in parts.values() for node in part.iter(f"{W}t"))
    for told in (composed["number"], *composed["title"], *composed["mark"], composed["addressees"], composed["note"]):
        assert told in said
    for block in composed["body"]:
        assert block["kind"] == "chart" or block.get("text", "") in said
    margins = parts["word/document.xml"].find(f".//{W}pgMar")
    assert (margins.get(f"{W}top"), margins.get(f"{W}left")) == ("2098", "1587")  # 37 mm and 28 mm in twips
    assert parts["word/settings.xml"].find(f"{W}mirrorMargins") is not None


def test_charts_stand_in_a_docx_as_pictures():
    with zipfile.ZipFile(BytesIO(word.docx(paper("annual_report"), typefaces()))) as archive:
        pictures = [archive.read(name) for name in archive.namelist() if name.startswith("word/media/")]
    assert len(pictures) == 2
    assert all(picture.startswith(b"\x89PNG") for picture in pictures)


def test_a_docx_names_the_typefaces_of_the_standard():
    with zipfile.ZipFile(BytesIO(word.docx(paper("notice"), typefaces()))) as archive:
        document = archive.read("word/document.xml").decode()
    assert "方正小标宋简体" in document
    assert "仿宋_GB2312" in document


PLANTED = {
    "binding": ("inside: 28mm, outside: 26mm", "inside: 22mm, outside: 32mm"),
    "top": ("top: 37mm", "top: 30mm"),
    "width": ("inside: 28mm, outside: 26mm", "inside: 28mm, outside: 16mm"),
    "bottom": ("bottom: 297mm - 37mm - area.height", "bottom: 18mm"),
    "lines": ("#let lines-a-page = 22", "#let lines-a-page = 23"),
    "columns": ("#let columns-a-line = 28", "#let columns-a-line = 27"),
    "page-number": ("[— #n —]", "[]"),
    "mark": ("fill: red, tracking: spread", "fill: black, tracking: spread"),
    "red-rule": ("rule(100%, 0.9mm, colour: red)", "rule(80%, 0.9mm, colour: red)"),
    "title": ("#let large = 22pt", "#let large = 18pt"),
    "sheet": ("width: 210mm, height: 297mm", "width: 216mm, height: 279mm"),
    "number": ("plain(paper.number))", "plain[无号])"),
}


@pytest.mark.parametrize("rule", PLANTED)
def test_a_planted_fault_is_found(rule, monkeypatch, tmp_path):
    set_otherwise(monkeypatch, tmp_path, fault=PLANTED[rule])
    composed = paper("public_notice")
    assert rule in errors(typesetting.pdf(composed, typefaces()), composed)


@pytest.mark.parametrize(
    ("standard", "wrong", "told"),
    [("— #n —", "— #(n + 1) —", "It says 2, not 1."), ("font: faces.song, size: small", "font: faces.song", "14 pt")],
)
def test_a_wrong_page_number_is_found(standard, wrong, told, monkeypatch, tmp_path):
    set_otherwise(monkeypatch, tmp_path, fault=(standard, wrong))
    composed = paper("public_notice")
    found = selfcheck.check(typesetting.pdf(composed, typefaces()), composed, typefaces())
    assert any(one.rule == "page-number" and told in one.en for one in found)


@pytest.mark.parametrize(
    ("rule", "standard", "wrong"),
    [
        ("mark", "dy: 30mm, block", "dy: 35mm, block"),
        ("red-rule", "297mm - 20mm - 1.8mm", "297mm - 30mm"),
        ("red-rule", "rule(170mm,", "rule(156mm,"),
    ],
)
def test_a_planted_fault_of_a_letter_is_found(rule, standard, wrong, monkeypatch, tmp_path):
    set_otherwise(monkeypatch, tmp_path, fault=(standard, wrong))
    composed = paper("letter")
    assert rule in errors(typesetting.pdf(composed, typefaces()), composed)


def test_page_numbers_on_the_inner_side_are_found(monkeypatch, tmp_path):
    set_otherwise(monkeypatch, tmp_path, fault=("if calc.odd(n) { right } else { left }", "left"))
    composed = paper("public_notice")
    assert errors(typesetting.pdf(composed, typefaces()), composed) == ["page-number", "page-number"]


@pytest.mark.parametrize("number", ["浙科发[2026]3号", "浙科发（2026）3号", "浙科发【2026】3号"])
def test_other_brackets_than_those_of_the_standard_are_found(number):
    composed = paper("notice", number)
    assert errors(typesetting.pdf(composed, typefaces()), composed) == ["brackets"]


def test_a_substituted_typeface_is_named_and_is_no_error():
    composed = paper("notice")
    content = typesetting.pdf(composed, typefaces())
    notes = [one for one in selfcheck.check(content, composed, typefaces()) if one.severity == "note"]
    assert len(notes) == len(typefaces().substitutes)
    assert all(SUBSTITUTE in note.en for note in notes)
    assert "仿宋_GB2312→Noto Serif SC" in "".join(typefaces().notes)


def test_without_any_font_nothing_is_printed(tmp_path):
    with pytest.raises(DocumentRefused):
        faces.found((tmp_path,))


def test_what_is_no_pdf_is_refused():
    with pytest.raises(DocumentRefused):
        selfcheck.check(b"%PDF-1.7 not at all", paper("notice"), typefaces())


@pytest.mark.parametrize("hostile", ["#panic[]", '#read("/etc/passwd")', "$x$ *b* _i_ @ref <label>", "\\u{41}", "[[["])
def test_a_persons_words_are_never_markup(hostile):
    content = typesetting.pdf(paper("notice", contact=hostile), typefaces())
    assert hostile.replace(" ", "") in text_of(content).replace(" ", "")


def test_several_organs_stand_in_one_mark_and_sign_side_by_side():
    content = typesetting.pdf(paper("annual_report"), typefaces())
    red = "".join(letter.text for row in reading.read(content).pages[0].rows for letter in row.letters if letter.red)
    assert "浙江省统计局" in red.replace(" ", "")
    assert "浙江省科学技术厅" in red
    assert "文件" in red


def test_the_foot_stands_on_an_even_page():
    content = typesetting.pdf(paper("recognition"), typefaces())
    pages = reading.read(content).pages
    assert len(pages) % 2 == 0
    assert any("印发" in row.text for row in pages[-1].rows)


def test_a_long_list_goes_on_over_pages_under_its_head():
    units = [{"unit_name": f"第{n}县", "level_name": "县"} for n in range(1, 102)]
    composed = paper("pilot_list", units=units)
    content = typesetting.pdf(composed, typefaces())
    assert errors(content, composed) == []
    heads = [page for page in reading.read(content).pages if any(row.text == "序号单位类别" for row in page.rows)]
    assert len(heads) > 2


def test_facts_of_the_test_are_those_the_templates_ask_for():
    assert {kind for kind in KINDS if not FACTS[kind]} == set()


def test_the_last_page_carries_the_code_by_which_the_document_is_checked():
    composed = {**paper("recognition"), "check_at": "https://example.gov.cn/verify/0f3c"}
    content = typesetting.pdf(composed, typefaces())
    assert errors(content, composed) == []
    assert _drawn_code(content) == [list(row) for row in segno.make(composed["check_at"], error="m").matrix]


def _drawn_code(content):
    """Return the modules of the code as somebody's camera sees them: 16 mm wide, 6 mm under the text area."""
    book = pdfium.PdfDocument(content)
    page = book[len(book) - 1].render(scale=300 / 72, grayscale=True)
    dots = 300 / 25.4
    left, top = (210 - 28 - 16) * dots, (37 + 225 + 6) * dots  # an even page is bound at its right
    modules = len(segno.make("https://example.gov.cn/verify/0f3c", error="m").matrix)
    step = 16 * dots / modules

    def dark(row, column):
        x, y = int(left + (column + 0.5) * step), int(top + (row + 0.5) * step)
        return int(page.buffer[y * page.stride + x] < 128)

    return [[dark(row, column) for column in range(modules)] for row in range(modules)]
