"""Two sets of answers side by side: every change has its own name, and rows of a list keep their place."""

from decimal import Decimal

from engine.domain.comparing import Change, Line, compare

ORDER = ["name", "values.gdp", "evidence", "note"]


def lines(**texts: str) -> list[Line]:
    return [Line(path.replace("__", "."), path.upper(), text) for path, text in texts.items()]


def test_every_change_is_named() -> None:
    before = lines(name="云溪", values__gdp="12.5", note="旧")
    now = lines(name="云溪", values__gdp="15", evidence__0="年鉴")
    found = {row.path: (row.change, row.before, row.now) for row in compare(before, now, ORDER)}
    assert found == {
        "name": (Change.SAME, "云溪", "云溪"),
        "values.gdp": (Change.CHANGED, "12.5", "15"),
        "evidence.0": (Change.ADDED, "", "年鉴"),
        "note": (Change.REMOVED, "旧", ""),
    }


def test_numbers_tell_by_how_much_they_differ() -> None:
    (row,) = compare(lines(values__gdp="12.50"), lines(values__gdp="15"), ORDER)
    assert row.difference == Decimal("2.50")
    (row,) = compare(lines(name="a"), lines(name="NaN"), ORDER)
    assert row.difference is None


def test_rows_follow_each_other_where_their_list_stands() -> None:
    now = [Line(f"evidence.{number}", "e", str(number)) for number in (10, 2, 1)]
    found = [row.path for row in compare([Line("note", "n", "x")], [*now, Line("strange", "s", "y")], ORDER)]
    assert found == ["evidence.1", "evidence.2", "evidence.10", "note", "strange"]
