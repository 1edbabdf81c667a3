"""A view of a long journal that is read in its place: where its records left every trial.

It holds for the very bytes that it was made of: their number and their checksum are compared at
each reading, and whatever the journal has beyond them is read from the journal. If anything
differs, or another version wrote it, it counts as not there.
"""

import gc
import json
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
from pydantic import TypeAdapter, ValidationError

from nas.study.journal import FILE, Position
from nas.study.packed import NUMBERS, TEXTS, PackedEpochs, packed
from nas.study.records import StudyExtended, Trial, TrialStatus
from nas.study.standing import Standing
from nas.study.state import StudyState
from nas.study.storage import replacing

KEPT = "journal.folded"
FROM = 20_000  # records since the last one from which on it is written: a fifth of a second
_CHUNK = 1 << 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Folded:
    """A journal up to a position."""

    position: Position
    extensions: tuple[StudyExtended, ...]
    attempts_allowed: int
    ended: bool
    ended_by: str | None  # the limit of the budget that did
    standings: tuple[Standing, ...]

    def state(self) -> StudyState:
        """Return the state, one that nobody else changes."""
        return StudyState.restored(
            self.standings,
            attempts_allowed=self.attempts_allowed,
            ended=self.ended,
            ended_by=self.ended_by,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Kept:
    trial: Trial
    status: TrialStatus
    epochs: int
    texts: tuple[tuple[str | None, ...], ...]
    attempts: int
    faults: int
    epochs_at_start: int
    until_epoch: int
    message: str


_CODEC = TypeAdapter(list[_Kept])
_EXTENSIONS = TypeAdapter(tuple[StudyExtended, ...])


def keep(
    folder: Path,
    journal: Path,
    state: StudyState,
    position: Position,
    *,
    extensions: tuple[StudyExtended, ...],
) -> None:
    """Write the view of a journal up to `position`, where `state` stands, to `folder`.

    A folder that cannot be written is left as it is: a view may be missing.
    """
    epochs = [
        each.epochs if isinstance(each.epochs, PackedEpochs) else packed(each.trial.id, each.epochs)
        for each in state.standings
    ]
    kept = [
        _Kept(
            trial=each.trial,
            status=each.status,
            epochs=len(own),
            texts=own.texts,
            attempts=each.attempts,
            faults=each.faults,
            epochs_at_start=each.epochs_at_start,
            until_epoch=each.until_epoch,
            message=each.message,
        )
        for each, own in zip(state.standings, epochs, strict=True)
    ]
    trials = _CODEC.dump_json(kept)
    numbers = np.concatenate([own.numbers for own in epochs], axis=1).tobytes() if epochs else b""
    with suppress(OSError):
        head = {
            **_written_by(),
            **asdict(position),
            "prefix": _checksum(journal / FILE, position.size),
            "extensions": _EXTENSIONS.dump_python(extensions, mode="json"),
            "attempts_allowed": state.attempts_allowed,
            "ended": state.ended,
            "ended_by": state.ended_by,
            "trials": len(trials),
            "checksum": zlib.crc32(numbers, zlib.crc32(trials)),
        }
        folder.mkdir(parents=True, exist_ok=True)
        with replacing(folder / KEPT) as beside, beside.open("wb") as file:
            file.write(json.dumps(head).encode() + b"\n")
            file.write(trials)
            file.write(numbers)


def kept(folder: Path, journal: Path) -> Folded | None:
    """Return the view, None where there is none of the journal as it is now."""
    try:
        with (folder / KEPT).open("rb") as file:
            head = json.loads(file.readline())
            if {name: head[name] for name in _written_by()} != _written_by():
                return None
            if head["prefix"] != _checksum(journal / FILE, head["size"]):
                return None
            trials, numbers = file.read(head["trials"]), file.read()
        if head["checksum"] != zlib.crc32(numbers, zlib.crc32(trials)):
            return None
        return Folded(
            position=Position(size=head["size"], crc=head["crc"], records=head["records"]),
            extensions=_EXTENSIONS.validate_python(head["extensions"]),
            attempts_allowed=head["attempts_allowed"],
            ended=head["ended"],
            ended_by=head["ended_by"],
            standings=_standings(trials, numbers),
        )
    except (OSError, ValueError, KeyError, TypeError, ValidationError):
        return None  # a view may be damaged: the journal is there


def _standings(trials: bytes, numbers: bytes) -> tuple[Standing, ...]:
    # Of so many objects made at once none is garbage: looking for it takes a tenth of the time.
    collecting = gc.isenabled()
    gc.disable()
    try:
        return tuple(_each(_CODEC.validate_json(trials), numbers))
    finally:
        if collecting:
            gc.enable()


def _each(trials: list[_Kept], numbers: bytes) -> Iterator[Standing]:
    columns = np.frombuffer(numbers, dtype=np.float64).reshape(len(NUMBERS), -1)
    start = 0
    for each in trials:
        end = start + each.epochs
        yield Standing(
            trial=each.trial,
            status=each.status,
            epochs=PackedEpochs(
                trial_id=each.trial.id, numbers=columns[:, start:end], texts=each.texts
            ),
            attempts=each.attempts,
            faults=each.faults,
            epochs_at_start=each.epochs_at_start,
            until_epoch=each.until_epoch,
            message=each.message,
        )
        start = end


def _written_by() -> dict[str, object]:
    try:
        ours = version("coatnet-nas")
    except PackageNotFoundError:
        ours = ""
    return {"format": 2, "version": ours, "columns": [*NUMBERS, *TEXTS]}


def _checksum(path: Path, size: int) -> int | None:
    """Return that of the first `size` bytes; None of a file that has fewer."""
    found, left = 0, size
    with path.open("rb") as file:
        while left and (chunk := file.read(min(_CHUNK, left))):
            found, left = zlib.crc32(chunk, found), left - len(chunk)
    return None if left else found
