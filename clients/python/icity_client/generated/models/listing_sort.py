from enum import StrEnum


class ListingSort(StrEnum):
    DUE = "due"
    NAME = "name"
    PRIORITY = "priority"
    UNIT = "unit"
    WHEN = "when"

    def __str__(self) -> str:
        return str(self.value)
