from enum import StrEnum


class ListingList(StrEnum):
    CLAIMABLE = "claimable"
    DONE = "done"
    MINE = "mine"

    def __str__(self) -> str:
        return str(self.value)
