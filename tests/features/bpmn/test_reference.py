"""The page of what a diagram may contain says what these tests tell."""

from tests.features import reference


def test_the_page_says_what_the_tests_tell():
    assert reference.PAGE.read_text(encoding="utf-8") == reference.page(), "run `make docs`"


def test_every_element_stands_in_one_table():
    told = [line.element for line in reference.lines()]
    shown = reference.page().split(reference.BEGINS)[1].split(reference.ENDS)[0]
    assert len(told) == len(set(told))
    assert [shown.count(f"| {element} | §") for element in told] == [1] * len(told)
