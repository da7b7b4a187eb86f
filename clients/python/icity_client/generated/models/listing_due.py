from enum import StrEnum


class ListingDue(StrEnum):
    NONE = "none"
    OVERDUE = "overdue"
    SOON = "soon"

    def __str__(self) -> str:
        return str(self.value)
