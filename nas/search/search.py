"""Decides what runs next, from the spec and the journal alone."""

from collections.abc import Sequence

from nas.search.allocation.allocation import Allocation, go_on
from nas.search.allocation.ladder import RungAllocation
from nas.search.budget import Allowance
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
        allowance: Allowance | None = None,
    ) -> None:
        """Ask `allocations` in this order; `rungs` is the one of them that compares at rungs.

        What they ask for has to pass an `allowance`, where the study has a budget.

        `notes` say, a sentence each, what is to be known before anything runs: which layouts have
        no candidate or are far from the size asked for.
        """
        self.notes, self.rungs, self.allowance = notes, rungs, allowance
        self.ended_by: str | None = None  # the limit of the budget that did, once all is done
        self._allocations = allocations

    @property
    def expected(self) -> int:
        """Trials, if results ask for no more."""
        asked = sum(allocation.workload.trials for allocation in self._allocations)
        return asked if self.allowance is None else min(asked, self.allowance.most.trials)

    @property
    def expected_epochs(self) -> int:
        """Epochs of all of them."""
        asked = sum(allocation.workload.epochs for allocation in self._allocations)
        return asked if self.allowance is None else min(asked, self.allowance.most.epochs)

    def decide(self, state: StudyState) -> Segment | Stop | Pause:
        """Return what to do next: go on with what was interrupted, else what an allocation asks.

        When nothing runs and no allocation has anything left, trials that are still paused are
        stopped one by one, and then all is done.
        """
        histories = state.present
        if self.allowance is not None:
            self.allowance.follow(state, histories)
        begun = histories.first(TrialStatus.PLANNED, TrialStatus.INTERRUPTED)
        if begun is not None:
            return go_on(begun, until_epoch=begun.until_epoch or begun.trial.epochs)
        for allocation in self._allocations:
            decision = allocation.decide(histories)
            if self.allowance is not None and isinstance(decision, Segment):
                decision = self.allowance.passes(decision, state)
            if decision is not None:
                return decision
        if histories.first(TrialStatus.RUNNING) is not None:
            return Pause.WAIT
        allowance = self.allowance
        paused = histories.first(TrialStatus.PAUSED)
        if paused is not None:
            spent = None if allowance is None else allowance.reason()
            reason = spent or "nothing is left that continues it"
            return Stop(trial_id=paused.trial.id, reason=reason)
        self.ended_by = None if allowance is None else allowance.ended_by(histories)
        return Pause.DONE
