"""What can go wrong between a system and icity."""

BUSY = 429
TOO_EARLY = 425
TIMED_OUT = 408
BROKEN = 500


class NotSigned(Exception):
    """The request carries no signature of icity that fits and is of the last five minutes."""


class Unreached(Exception):
    """There was no answer, or icity asks for patience; send the same again later, under the same id."""


class Refused(Exception):
    """The answer of icity is no, and the same again will be refused again.

    `status` is the HTTP status and `problem` the body (problem details, RFC 9457).
    """

    def __init__(self, status: int, problem: str) -> None:
        super().__init__(f"{int(status)}: {problem}")
        self.status, self.problem = int(status), problem


def is_passing(status: int) -> bool:
    """Tell whether the same request may be taken later."""
    return status in {TIMED_OUT, TOO_EARLY, BUSY} or status >= BROKEN
