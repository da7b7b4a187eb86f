"""A row of the table: a name, what was measured, what it must be, and what the peer needs."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One figure; `limit` is the most it may be, or with `at_least` the least; none when it is told for information."""

    name: str
    value: float
    unit: str
    limit: float | None
    peer: str = ""
    at_least: bool = False

    @property
    def ok(self) -> bool:
        if self.limit is None:
            return True
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def plain(self) -> dict[str, object]:
        return {"name": self.name, "value": round(self.value, 3), "unit": self.unit, "limit": self.limit, "ok": self.ok}
