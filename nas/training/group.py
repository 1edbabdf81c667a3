"""Which of several processes of a trial this is; without torch, so that the driver can say it."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """One process of a trial, and where they all meet."""

    address: str  # HOST:PORT, of the first
    rank: int = 0
    size: int = 1


def share_of(count: int, *, rank: int, size: int) -> slice:
    """Return which rows of a batch a process takes; some take one more than others, or none."""
    each, more = divmod(count, size)
    start = rank * each + min(rank, more)
    return slice(start, start + each + (rank < more))
