"""Seeds beyond the first round, where the relations between layouts ask for them."""

from collections.abc import Callable, Iterable, Sequence

from nas.search.allocation.allocation import Workload, begin
from nas.search.allocation.planning import Planner, trained_only
from nas.spec.study import SearchSpec
from nas.study.records import FINAL, Segment, TrialHistory

OpenLayouts = Callable[[Sequence[TrialHistory]], Iterable[str]]
"""Returns the labels whose relations are open and can still close: one more seed for each."""


class AddedSeeds:
    """One more seed at a time for the layouts that `open_layouts` names.

    Each candidate's runs stay a prefix of one seed order, whatever results say, which the
    certificate rests on (docs/ranking.md, "Why looking is allowed").
    """

    def __init__(
        self, settings: SearchSpec, planner: Planner, *, open_layouts: OpenLayouts
    ) -> None:
        """Add up to `settings.max_seeds` seeds of a layout, `settings.trials` trials in all."""
        self._settings, self._planner, self._open_layouts = settings, planner, open_layouts
        self._asked: tuple[str, ...] = ()  # the answer when so many trials had ended
        self._asked_at = -1

    @property
    def workload(self) -> Workload:
        """Nothing for sure."""
        return Workload()

    def decide(self, histories: Sequence[TrialHistory]) -> Segment | None:
        """Return the next seed of a layout whose relations are open."""
        settings, trained = self._settings, trained_only(histories)
        if settings.trials is not None and len(trained) >= settings.trials:
            return None
        if any(h.status not in FINAL and h.trial.seed < settings.seeds for h in histories):
            return None  # the first look is at the whole first round
        waiting = {h.trial.label for h in histories if h.status not in FINAL}
        for label in self._named(histories):
            seed = sum(h.trial.label == label for h in trained)
            if label not in waiting and seed < settings.most_seeds:
                number = len(histories) + 1
                return begin(
                    self._planner.replicate(label, seed=seed, trained=trained, number=number)
                )
        return None

    def _named(self, histories: Sequence[TrialHistory]) -> tuple[str, ...]:
        """Ask again only when a trial has ended: an executor asks many times a second."""
        ended = sum(history.status in FINAL for history in histories)
        if ended != self._asked_at:
            self._asked_at, self._asked = ended, tuple(self._open_layouts(histories))
        return self._asked
