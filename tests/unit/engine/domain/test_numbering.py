"""Numbers of official documents are written by GB/T 9704-2012."""

import pytest

from engine.domain.numbering import DocumentNumber
from engine.errors import ExpressionRefused


def test_number_is_written_with_the_brackets_of_the_standard():
    assert str(DocumentNumber("浙科发", 2026, 3)) == "浙科发\u30142026\u30153号"


def test_number_reads_back():
    number = DocumentNumber.parse("浙政办发〔2012〕56号")
    assert (number.organ, number.year, number.serial) == ("浙政办发", 2012, 56)
    assert DocumentNumber.parse(str(number)) == number


@pytest.mark.parametrize(
    "text",
    ["", "浙科发[2026]3号", "浙科发（2026）3号", "浙科发〔2026〕03号", "浙科发〔2026〕0号", "浙科发〔26〕3号",
     "〔2026〕3号", "浙科发〔2026〕3", "浙科发〔2026〕第3号", "ZKF〔2026〕3号", "浙科发〔2026〕3号\n",
     "浙科发〔２０２６〕3号"],
)  # fmt: skip
def test_number_written_otherwise_is_refused(text):
    with pytest.raises(ExpressionRefused):
        DocumentNumber.parse(text)


@pytest.mark.parametrize("parts", [("浙科发", 26, 3), ("浙科发", 2026, 0), ("", 2026, 1), ("浙〔科〕", 2026, 1)])
def test_number_of_impossible_parts_is_refused(parts):
    with pytest.raises(ExpressionRefused):
        DocumentNumber(*parts)
