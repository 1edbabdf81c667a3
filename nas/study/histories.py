"""All trials as they stand now: a sequence that follows its state and knows what changed when."""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import overload

from nas.study.records import TrialHistory, TrialStatus


class Histories(Sequence[TrialHistory]):
    """Every trial's history, by number, each made when it is asked for and kept until it changes.

    What is asked at every decision costs no more with 10,000 trials than with ten: which trial of a
    status comes first, and which trials have changed since one last looked. Only the state that
    made it writes to it.
    """

    def __init__(self, make: Callable[[int], TrialHistory]) -> None:
        """Have no trial yet; `make` returns the history of the trial at a place, from 0."""
        self._make = make
        self._made: list[TrialHistory | None] = []
        self._statuses: list[TrialStatus] = []
        self._places: dict[TrialStatus, list[int]] = {status: [] for status in TrialStatus}
        self._changes: dict[int, int] = {}  # when each place last changed, the newest at the end
        self._moment = 0
        self._whole: tuple[TrialHistory, ...] | None = None

    def __len__(self) -> int:
        """How many trials there are."""
        return len(self._made)

    @overload
    def __getitem__(self, place: int) -> TrialHistory: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[TrialHistory, ...]: ...

    def __getitem__(self, place: int | slice) -> TrialHistory | tuple[TrialHistory, ...]:
        """Return the history at a place, or those of a slice."""
        if isinstance(place, slice):
            return tuple(self._at(each) for each in range(*place.indices(len(self._made))))
        return self._at(range(len(self._made))[place])

    def __iter__(self) -> Iterator[TrialHistory]:
        """Yield the trials that there are now."""
        return iter(self.whole())

    def _at(self, place: int) -> TrialHistory:
        made = self._made[place]
        if made is None:
            made = self._made[place] = self._make(place)
        return made

    def whole(self) -> tuple[TrialHistory, ...]:
        """Return all of them as a tuple that stays what it is."""
        if self._whole is None:
            self._whole = self[:]
        return self._whole

    def first(self, *statuses: TrialStatus) -> TrialHistory | None:
        """Return the trial of the lowest number that has one of these statuses."""
        places = [self._places[status][0] for status in statuses if self._places[status]]
        return self._at(min(places)) if places else None

    def having(self, *statuses: TrialStatus) -> tuple[TrialHistory, ...]:
        """Return the trials that have one of these statuses, by number."""
        places = sorted(place for status in statuses for place in self._places[status])
        return tuple(self._at(place) for place in places)

    def amount(self, statuses: Iterable[TrialStatus]) -> int:
        """Return how many trials have one of these statuses."""
        return sum(len(self._places[status]) for status in statuses)

    def changed_since(self, moment: int) -> tuple[list[int], int]:
        """Return the places that are new or different, in order, and the present moment.

        Moment 0 was before the first trial.
        """
        places = []
        for place in reversed(self._changes):
            if self._changes[place] <= moment:
                break
            places.append(place)
        return sorted(places), self._moment

    def add(self, status: TrialStatus) -> None:
        """Have one more trial."""
        place = len(self._made)
        self._made.append(None)
        self._statuses.append(status)
        self._places[status].append(place)
        self.change(place, status)

    def change(self, place: int, status: TrialStatus) -> None:
        """Forget what was made of a trial that changed, and note the status that it has now."""
        self._made[place], self._whole = None, None
        self._moment += 1
        self._changes.pop(place, None)
        self._changes[place] = self._moment
        before = self._statuses[place]
        if status is not before:
            places = self._places[before]
            del places[bisect_left(places, place)]
            insort(self._places[status], place)
            self._statuses[place] = status
