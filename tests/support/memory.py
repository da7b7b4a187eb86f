"""What a process holds, as Linux counts it for the program that runs: what started it is not in it."""

from pathlib import Path

STATUS = Path("/proc/self/status")


def held(what: str) -> float:
    """Return the memory that this process holds (VmRSS), or the most that it ever held (VmHWM), in MiB."""
    line = next(line for line in STATUS.read_text(encoding="ascii").splitlines() if line.startswith(what))
    return int(line.split()[1]) / 1024
