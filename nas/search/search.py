"""Decides what runs next, from the spec and the journal alone."""

from collections.abc import Sequence

from nas.search.allocation.allocation import Allocation, go_on
from nas.search.allocation.ladder import RungAllocation
from nas.study.records import Pause, Segment, Stop, TrialStatus
from nas.study.state import StudyState


class Search:
    """Passive: an executor asks it, the driver tells the state; nothing here runs or waits."""

    def __init__(
        self,
        allocations: Sequence[Allocation],
        *,
        notes: tuple[str, ...] = (),
        rungs: RungAllocation | None = None,
    ) -> None:
        """Ask `allocations` in this order; `rungs` is the one of them that compares at rungs.

        `notes` say, a sentence each, what is to be known before anything runs: which layouts have
        no candidate or are far from the size asked for.
        """
        self.notes, self.rungs = notes, rungs
        self._allocations = allocations

    @property
    def expected(self) -> int:
        """Trials, if results ask for no more."""
        return sum(allocation.workload.trials for allocation in self._allocations)

    @property
    def expected_epochs(self) -> int:
        """Epochs of all of them."""
        return sum(allocation.workload.epochs for allocation in self._allocations)

    def decide(self, state: StudyState) -> Segment | Stop | Pause:
        """Return what to do next: go on with what was interrupted, else what an allocation asks.

        When nothing runs and no allocation has anything left, trials that are still paused are
        stopped one by one, and then all is done.
        """
        histories = state.present
        begun = histories.first(TrialStatus.PLANNED, TrialStatus.INTERRUPTED)
        if begun is not None:
            return go_on(begun, until_epoch=begun.until_epoch or begun.trial.epochs)
        for allocation in self._allocations:
            decision = allocation.decide(histories)
            if decision is not None:
                return decision
        if histories.first(TrialStatus.RUNNING) is not None:
            return Pause.WAIT
        paused = histories.first(TrialStatus.PAUSED)
        if paused is not None:
            return Stop(trial_id=paused.trial.id, reason="nothing is left that continues it")
        return Pause.DONE
