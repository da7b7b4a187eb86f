"""Numbers of official documents, as GB/T 9704-2012 writes them: 浙科发〔2026〕3号."""

import re
from dataclasses import dataclass
from typing import Self

from engine.errors import ExpressionRefused

EXAMPLE = "浙科发〔2026〕3号"
_NUMBER = re.compile(r"(?P<organ>[\u4e00-\u9fff]{1,12})\u3014(?P<year>[0-9]{4})\u3015(?P<serial>[1-9][0-9]{0,5})号")


@dataclass(frozen=True, order=True)
class DocumentNumber:
    """The word of the issuing organ, the year and the serial number within that year."""

    organ: str
    year: int
    serial: int

    def __post_init__(self) -> None:
        if not _NUMBER.fullmatch(str(self)):
            raise ExpressionRefused(source=str(self)[:64], expected=EXAMPLE)

    def __str__(self) -> str:
        return f"{self.organ}\u3014{self.year}\u3015{self.serial}号"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the number written in `text`; raise ExpressionRefused when it is not written by the standard."""
        match = _NUMBER.fullmatch(text)
        if match is None:
            raise ExpressionRefused(source=text[:64], expected=EXAMPLE)
        return cls(match["organ"], int(match["year"]), int(match["serial"]))
