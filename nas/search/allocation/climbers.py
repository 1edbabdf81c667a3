"""The trials that climb rungs, kept up to date: where they pause, and which are still open."""

from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence

from nas.study.histories import Histories
from nas.study.records import FINAL, TrialHistory, TrialStatus


class Climbers:
    """The first seed of each candidate, in order; no fine-tunings.

    A function of the histories it was last shown: of those of a state it looks at what changed
    since, of any other sequence at all of it.
    """

    def __init__(self) -> None:
        """Know of no trial yet."""
        self._forget()

    def _forget(self) -> None:
        self.trained: list[TrialHistory] = []
        self._source: Sequence[TrialHistory] | None = None
        self._moment = 0
        self._own: list[int | None] = []  # of each of all trials, its place among `trained`
        self._paused: dict[int, list[int]] = {}  # places, in order, by epochs measured
        self._open: list[int] = []  # places of those that are not final, in order

    def update(self, histories: Sequence[TrialHistory]) -> list[TrialHistory]:
        """Return the climbing trials as `histories`, which are all of a journal, have them."""
        live = isinstance(histories, Histories)
        if not live or histories is not self._source:
            self._forget()
        changed: Sequence[int] = range(len(histories))
        if isinstance(histories, Histories):
            self._source = histories
            changed, self._moment = histories.changed_since(self._moment)
        for place in changed:
            self._take(place, histories[place])
        return self.trained

    def _take(self, place: int, history: TrialHistory) -> None:
        if place == len(self._own):
            climbs = history.trial.parent is None and history.trial.seed == 0
            self._own.append(len(self.trained) if climbs else None)
            if not climbs:
                return
            self.trained.append(history)
        elif (own := self._own[place]) is not None:
            self._file(own, self.trained[own], out=True)
            self.trained[own] = history
        if (own := self._own[place]) is not None:
            self._file(own, history)

    def _file(self, own: int, history: TrialHistory, *, out: bool = False) -> None:
        """Put a trial where it is looked for, or take it out of there."""
        where = []
        if history.status not in FINAL:
            where.append(self._open)
        if history.status is TrialStatus.PAUSED:
            where.append(self._paused.setdefault(len(history.epochs), []))
        for places in where:
            if out:
                del places[bisect_left(places, own)]
            else:
                insort(places, own)

    def paused(self, epoch: int, first: int, end: int) -> Iterator[TrialHistory]:
        """Yield those of the places `first` to `end` - 1 that pause at an epoch, in order."""
        places = self._paused.get(epoch, [])
        for at in range(bisect_left(places, first), bisect_left(places, end)):
            yield self.trained[places[at]]

    def any_open(self, first: int, end: int) -> bool:
        """Tell whether one of the places `first` to `end` - 1 is not final."""
        at = bisect_left(self._open, first)
        return at < len(self._open) and self._open[at] < end
