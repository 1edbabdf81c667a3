"""What a fault may cost a study, read from journals and checkpoints alone: nothing acknowledged.

Every function here compares records; nothing runs. Faults are struck by benchmarks/fault_study.py.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import pyarrow.parquet as parquet

from nas.errors import CheckpointError
from nas.study.journal import decode
from nas.study.records import EpochMeasured, Outcome, Record, SegmentEnded, SegmentStarted
from nas.training import checkpoint

Key = tuple[str, int]  # trial, epoch
Numbers = dict[Key, tuple[object, ...]]
Times = Mapping[Key, float]  # when each epoch was measured: another time, and it was trained again

TABLES = ("trials", "epochs", "ranking", "relations")
# How long a thing took, and how often it was tried: what a fault may change.
ELSEWHERE = frozenset({"at", "seconds", "attempt", "attempts"})
_HEADER = len("00000000 00000000 ")
_MEASURED = tuple(each.name for each in fields(EpochMeasured) if each.name not in ELSEWHERE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Before:
    """A study at the moment of a fault."""

    journal: bytes  # whole lines
    saved: Times  # epochs that checkpoints hold
    hit: frozenset[str]  # trials whose attempt the fault ended


def records_of(journal: bytes) -> list[Record]:
    """Return the records of whole lines."""
    return [decode(line[_HEADER:]) for line in journal.splitlines()]


def whole_lines(content: bytes) -> bytes:
    """Return a journal without what is being written."""
    return content[: content.rfind(b"\n") + 1]


def epochs_of(records: Iterable[Record]) -> list[EpochMeasured]:
    """Return the epochs, in the order of the journal."""
    return [each for each in records if isinstance(each, EpochMeasured)]


def running(records: Iterable[Record]) -> frozenset[str]:
    """Return the trials whose segment has not ended."""
    found: set[str] = set()
    for each in records:
        if isinstance(each, SegmentStarted):
            found.add(each.trial_id)
        elif isinstance(each, SegmentEnded):
            found.discard(each.trial_id)
    return frozenset(found)


def vanished(records: Iterable[Record]) -> frozenset[str]:
    """Return the trials that lost a worker."""
    ends = (each for each in records if isinstance(each, SegmentEnded))
    return frozenset(each.trial_id for each in ends if each.outcome is Outcome.LOST)


def numbers_of(records: Iterable[Record]) -> Numbers:
    """Return all that was measured and does not depend on when; of a double the last."""
    return {
        (each.trial_id, each.epoch): tuple(getattr(each, name) for name in _MEASURED)
        for each in epochs_of(records)
    }


def lost(before: bytes, after: bytes) -> int:
    """Count the acknowledged epochs that are gone or have other numbers."""
    had, has = numbers_of(records_of(before)), numbers_of(records_of(after))
    gone = sum(has.get(key) != numbers for key, numbers in had.items())
    # A record that is not an epoch must stay as well; one at least is then missing.
    return gone or int(not after.startswith(before))


def doubled(after: bytes) -> int:
    """Count the epochs that are there again."""
    counts = Counter((each.trial_id, each.epoch) for each in epochs_of(records_of(after)))
    return sum(count - 1 for count in counts.values())


def redone(before: Before, after: bytes, finally_saved: Times) -> int:
    """Return the most epochs that a trial which the fault hit trained again.

    The epoch that was under way is one. A whole epoch is trained again if a checkpoint or the
    journal held it, and the journal or the last checkpoint has it with another time.
    """
    records = records_of(after)
    told: Times = {(each.trial_id, each.epoch): each.at for each in epochs_of(records)}
    had = {(each.trial_id, each.epoch): each.at for each in epochs_of(records_of(before.journal))}
    again = Counter[str]()
    for key, at in ({**before.saved, **had}).items():
        again[key[0]] += {told.get(key, at), finally_saved.get(key, at)} != {at}
    tried_again = running_again(before, records)
    return max((again[trial] + (trial in tried_again) for trial in before.hit), default=0)


def running_again(before: Before, records: Sequence[Record]) -> frozenset[str]:
    """Return the trials that got another attempt later."""
    later = records[len(records_of(before.journal)) :]
    return frozenset(each.trial_id for each in later if isinstance(each, SegmentStarted))


def unlike(calm: bytes, hit: bytes) -> list[str]:
    """Return how the epochs of a study differ from those of an undisturbed one."""
    wanted, found = numbers_of(records_of(calm)), numbers_of(records_of(hit))
    words = [
        f"{trial} epoch {epoch}: {'other numbers' if (trial, epoch) in found else 'missing'}"
        for (trial, epoch), numbers in wanted.items()
        if found.get((trial, epoch)) != numbers
    ]
    return words + [
        f"{trial} epoch {epoch}: never asked for" for trial, epoch in found.keys() - wanted.keys()
    ]


def unlike_tables(calm: Path, hit: Path) -> list[str]:
    """Return which tables of two folders differ in more than times and attempts."""
    return [
        name for name in TABLES if _rows(calm / f"{name}.parquet") != _rows(hit / f"{name}.parquet")
    ]


def _rows(path: Path) -> list[dict[str, object]] | None:
    if not path.is_file():
        return None
    table = parquet.read_table(path)
    kept = [name for name in table.column_names if name not in ELSEWHERE]
    rows = table.select(kept).to_pylist()
    # Epochs stand in the order in which they were told; NaN is unlike itself.
    return sorted(({key: repr(value) for key, value in row.items()} for row in rows), key=repr)


def saved(trials: Path) -> Times:
    """Return the epochs that the newest intact checkpoint of each trial holds.

    Raises:
        CheckpointError: a trial has a manifest and nothing intact.
    """
    found: dict[Key, float] = {}
    for folder in sorted(trials.iterdir()) if trials.is_dir() else ():
        # A living worker may have removed what the manifest named when it was read.
        for _ in range(5):
            newest = checkpoint.newest(folder)
            if newest is not None or not (folder / checkpoint.MANIFEST).is_file():
                break
        else:
            raise CheckpointError(f"{folder}: no intact checkpoint")
        for epoch in () if newest is None else newest.history:
            found[epoch.trial_id, epoch.epoch] = epoch.at
    return found
