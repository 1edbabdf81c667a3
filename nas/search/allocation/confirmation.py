"""The best of what was explored, trained anew with paired seeds of their own."""

from collections.abc import Callable, Sequence

from nas.search.allocation.allocation import Workload, begin
from nas.search.allocation.planning import Planner, trained_only
from nas.spec.confirm import ConfirmSpec
from nas.study.records import FINAL, Segment, TrialHistory

Shortlist = Callable[[Sequence[TrialHistory]], Sequence[str]]
"""Returns the labels to confirm, the best first, of the trials of the exploration."""


class Confirmation:
    """Seeds beyond those of the exploration, for the candidates that a shortlist names.

    It begins when everything that was begun has ended: an allocation that explores comes before it
    and is asked first, so that it has nothing more to begin by then either.
    """

    def __init__(
        self, confirm: ConfirmSpec, planner: Planner, *, explored_seeds: int, shortlist: Shortlist
    ) -> None:
        """Train `confirm.seeds` seeds after the `explored_seeds` of each candidate it names."""
        self._confirm, self._planner, self._explored = confirm, planner, explored_seeds
        self._shortlist = shortlist
        self._named: tuple[str, ...] = ()  # of so many trials
        self._named_at = 0

    @property
    def workload(self) -> Workload:
        """Every candidate of the shortlist with all its seeds."""
        trials = self._confirm.candidates * self._confirm.seeds
        return Workload(trials=trials, epochs=trials * self._planner.epochs)

    def decide(self, histories: Sequence[TrialHistory]) -> Segment | None:
        """Return the next seed of a candidate that is to be confirmed, seed by seed."""
        trained = trained_only(histories)
        exploring = [h for h in trained if h.trial.seed < self._explored]
        if not exploring or any(h.status not in FINAL for h in exploring):
            return None
        if len(exploring) != self._named_at:
            self._named, self._named_at = tuple(self._shortlist(exploring)), len(exploring)
        planned = {(h.trial.label, h.trial.seed) for h in trained}
        for seed in range(self._explored, self._explored + self._confirm.seeds):
            for label in self._named:
                if (label, seed) not in planned:
                    number = len(histories) + 1
                    return begin(
                        self._planner.replicate(label, seed=seed, trained=trained, number=number)
                    )
        return None
