"""The epochs of a trial as columns of numbers: a quarter of what as many records take.

A record of an epoch takes about 600 bytes of memory; here an epoch takes eight for each number.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, get_type_hints, overload

import numpy as np

from nas.study.records import EpochMeasured

_OWN = {"kind", "trial_id"}  # of the trial, not of its epochs
_HINTS = {
    each.name: get_type_hints(EpochMeasured)[each.name]
    for each in fields(EpochMeasured)
    if each.name not in _OWN
}
COUNTS = tuple(name for name, hint in _HINTS.items() if hint is int)
TEXTS = tuple(name for name, hint in _HINTS.items() if hint == str | None)
NUMBERS = tuple(name for name, hint in _HINTS.items() if hint in (int, float, float | None))
_ROWS = {name: row for row, name in enumerate(NUMBERS)}
_OPTIONAL = frozenset(name for name, hint in _HINTS.items() if hint == float | None)
assert len(NUMBERS) + len(TEXTS) == len(_HINTS), "every field of an epoch is kept"


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class PackedEpochs(Sequence[EpochMeasured]):
    """Epoch 1, 2, ... of one trial; each is made a record again whenever it is asked for."""

    trial_id: str
    numbers: np.ndarray  # [NUMBERS, epochs], float64; NaN: None
    texts: tuple[tuple[str | None, ...], ...]  # a tuple for each of TEXTS; empty: all are None

    def __len__(self) -> int:
        """How many epochs there are."""
        return self.numbers.shape[1]

    @overload
    def __getitem__(self, place: int) -> EpochMeasured: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[EpochMeasured, ...]: ...

    def __getitem__(self, place: int | slice) -> EpochMeasured | tuple[EpochMeasured, ...]:
        """Return the record of an epoch, from place 0, or those of a slice."""
        if isinstance(place, slice):
            return tuple(self._made(each) for each in range(*place.indices(len(self))))
        return self._made(range(len(self))[place])

    def __iter__(self) -> Iterator[EpochMeasured]:
        """Yield the records in order."""
        return (self._made(place) for place in range(len(self)))

    def __eq__(self, other: object) -> bool:
        """Tell whether the other has the same records in the same order."""
        if not isinstance(other, PackedEpochs | tuple):
            return NotImplemented
        return len(self) == len(other) and tuple(self) == tuple(other)

    def _made(self, place: int) -> EpochMeasured:
        values: dict[str, Any] = dict(zip(NUMBERS, self.numbers[:, place].tolist(), strict=True))
        for name in COUNTS:
            values[name] = int(values[name])
        for name in _OPTIONAL:
            if values[name] != values[name]:  # NaN
                values[name] = None
        for name, texts in zip(TEXTS, self.texts, strict=True):
            values[name] = texts[place] if texts else None
        return EpochMeasured(trial_id=self.trial_id, **values)

    def column(self, name: str) -> list[Any]:
        """Return one field of all epochs."""
        if name in TEXTS:
            texts = self.texts[TEXTS.index(name)]
            return list(texts) if texts else [None] * len(self)
        values = self.numbers[_ROWS[name]]
        if name in COUNTS:
            return values.astype(np.int64).tolist()
        found = values.tolist()
        if name in _OPTIONAL:
            return [None if each != each else each for each in found]
        return found


def packed(trial_id: str, epochs: Sequence[EpochMeasured]) -> PackedEpochs:
    """Return the epochs of a trial as columns."""
    columns = [[getattr(each, name) for each in epochs] for name in NUMBERS]
    texts = (tuple(getattr(each, name) for each in epochs) for name in TEXTS)
    return PackedEpochs(
        trial_id=trial_id,
        numbers=np.array(columns, dtype=np.float64),
        texts=tuple(found if any(each is not None for each in found) else () for found in texts),
    )


def column(epochs: Sequence[EpochMeasured], name: str) -> list[Any]:
    """Return one field of all epochs, packed or not."""
    if isinstance(epochs, PackedEpochs):
        return epochs.column(name)
    return [getattr(each, name) for each in epochs]
