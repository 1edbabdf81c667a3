"""Which seeds of which candidates are planned, kept up to date with a journal that only grows."""

from collections import deque
from collections.abc import Iterable, Sequence

from nas.study.records import Trial, TrialHistory


class Planned:
    """Candidates in the order planned, and the seeds that they lack; each trial is read once.

    Fine-tunings are left out, and a twin is no candidate.
    """

    def __init__(self, *, seeds: int) -> None:
        """Know of no trial yet; every candidate is to have the seeds 0 to `seeds` - 1."""
        self.firsts: dict[str, Trial] = {}  # the first trial of each candidate, by label
        self._seeds = seeds
        self._pairs: set[tuple[str, int]] = set()
        self._lacking = [deque[str]() for _ in range(seeds)]  # by seed; some may have come since
        self._incomplete: deque[str] = deque()  # the same over all seeds
        self._read = 0
        self._last: Trial | None = None

    def follows(self, histories: Sequence[TrialHistory]) -> bool:
        """Tell whether `histories` begin with what was read before."""
        if not self._read:
            return True
        return len(histories) >= self._read and histories[self._read - 1].trial == self._last

    def update(self, histories: Sequence[TrialHistory]) -> None:
        """Read the trials that were planned since; `histories` are all of the journal, in order."""
        for place in range(self._read, len(histories)):
            self._last = trial = histories[place].trial
            if trial.parent is not None:
                continue
            self._pairs.add((trial.label, trial.seed))
            if not trial.twin and trial.label not in self.firsts:
                self.firsts[trial.label] = trial
                self._incomplete.append(trial.label)
                for lacking in self._lacking:
                    lacking.append(trial.label)
        self._read = len(histories)

    def first_missing(self, twins: Iterable[str]) -> tuple[str, int] | None:
        """Return the first label that lacks a seed, with the lowest; `twins` come last."""
        while self._incomplete:
            if missing := self._of(self._incomplete[0]):
                return missing
            self._incomplete.popleft()
        return next((missing for label in twins if (missing := self._of(label))), None)

    def lowest_missing(self, twins: Sequence[str]) -> tuple[str, int] | None:
        """Return the lowest seed that is missing, of the first label that lacks it."""
        for seed, lacking in enumerate(self._lacking):
            while lacking and (lacking[0], seed) in self._pairs:
                lacking.popleft()
            for label in (*([lacking[0]] if lacking else ()), *twins):
                if (label, seed) not in self._pairs:
                    return label, seed
        return None

    def _of(self, label: str) -> tuple[str, int] | None:
        missing = (seed for seed in range(self._seeds) if (label, seed) not in self._pairs)
        return next(((label, seed) for seed in missing), None)


def planned_of(planned: Planned, histories: Sequence[TrialHistory], *, seeds: int) -> Planned:
    """Return what is planned now, or a new one if `histories` are another journal's."""
    if not planned.follows(histories):
        planned = Planned(seeds=seeds)
    planned.update(histories)
    return planned
