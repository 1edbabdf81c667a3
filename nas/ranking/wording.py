"""Lists in sentences."""

from collections.abc import Sequence


def listed(labels: Sequence[str], most: int) -> str:
    """Return 'A, B and C', or with more labels than that 'A, B and 3 others'."""
    if len(labels) > most:
        left = len(labels) - most
        labels = [*labels[:most], f"{left} other{'' if left == 1 else 's'}"]
    return " and ".join(filter(None, (", ".join(labels[:-1]), labels[-1])))


def joined(parts: Sequence[str]) -> str:
    """Return parts that may hold lists themselves, so that a reader sees where each ends."""
    return ", and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))
