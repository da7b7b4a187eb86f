"""Long lists, page by page: the query they take and the reply they give."""

from typing import Any

import marshmallow as ma

LARGEST = 100


class PageQuery(ma.Schema):
    """Which page of a list."""

    cursor = ma.fields.String(
        load_default=None,
        validate=ma.validate.Length(max=500),
        metadata={"description": "`next` of the page before"},
    )
    limit = ma.fields.Integer(strict=False, load_default=50, validate=ma.validate.Range(1, LARGEST))


def page_of(row: type[ma.Schema]) -> type[ma.Schema]:
    """Return the schema of one page of `row`: its rows, and the cursor of the next page or null."""
    parts: dict[str, ma.fields.Field[Any]] = {
        "rows": ma.fields.List(ma.fields.Nested(row)),
        "next": ma.fields.String(allow_none=True),
    }
    return ma.Schema.from_dict(parts, name=f"{row.__name__}Page")
