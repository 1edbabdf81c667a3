"""One budget for a whole study: what begins has to be paid (docs/search.md, "One budget").

Everything is a function of the spec and the journal. Trials and epochs count when they are given
out. Hours are looked at when a segment ends, in the order of the journal, so that it does not
matter when anyone asks; what they closed stays closed until the study is extended.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from nas.errors import SpecError
from nas.search.allocation.allocation import Workload
from nas.search.allocation.planning import Planner
from nas.search.outlook import Cost, Outlook, make_outlook, plus
from nas.search.samplers.sampler import Sampler
from nas.space.candidate import Candidate
from nas.spec.budget import SPENT, BudgetSpec, budget_key
from nas.spec.study import StudySpec
from nas.study.records import FINAL, Pause, Segment, TrialHistory, TrialStatus
from nas.study.spending import Spending, Tick
from nas.study.state import StudyState

HOUR = 3600.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Budget:
    """What a study may spend, and what of it is not for exploring."""

    limits: BudgetSpec
    sure: Workload  # of the confirmation, which an exploration leaves
    cost: Cost  # of a training
    explored: int  # seeds of a candidate that explore; those after them confirm or were added
    devices: float  # that a trial takes: GPUs, or CPU cores where it takes none
    by_rungs: bool = False

    def spent(self, spending: Spending | Tick, *, trials: int = 0) -> Workload:
        """Return what was given out, with the fine-tunings that are to follow."""
        return self.cost.of(trials=trials, epochs=spending.given, whole=spending.followed)

    def hours(self, spending: Spending | Tick) -> dict[str, float]:
        """Return the hours that passed, by the key of their limit."""
        return {
            "device_hours": spending.segment_seconds * self.devices / HOUR,
            "wall_hours": spending.wall_seconds / HOUR,
        }

    def exceeded(self, need: Workload) -> str | None:
        """Return the limit that so many trials and epochs do not keep to."""
        limits = self.limits
        if limits.trials is not None and need.trials > limits.trials:
            return "trials"
        if limits.epochs is not None and need.epochs > limits.epochs:
            return "epochs"
        return None

    def late(self, tick: Tick, *, epochs: int) -> str | None:
        """Return the limit that is reached by the time `epochs` are done, at the pace so far."""
        for key, passed in self.hours(tick).items():
            most = getattr(self.limits, key)
            times = max(epochs / tick.measured, 1.0) if tick.measured else 1.0
            if most is not None and passed * times >= most:
                return key
        return None


class Allowance:
    """Lets begin what is paid; a sampler that it guards proposes nothing that is not."""

    def __init__(self, budget: Budget, outlook: Callable[[], Outlook]) -> None:
        """Keep to `budget`; an `outlook` adds up what an exploration comes to."""
        self.budget = budget
        self._make = outlook
        self._spending: Spending | None = None
        self._reset()

    @property
    def most(self) -> Workload:
        """What the budget allows; a limit that it has not is out of reach."""
        limits = self.budget.limits
        return Workload(trials=limits.trials or sys.maxsize, epochs=limits.epochs or sys.maxsize)

    @property
    def words(self) -> str:
        """The limits, as one says them."""
        return self.budget.limits.words

    def share(self, state: StudyState) -> float:
        """Return which share is used, of the limit that is nearest."""
        budget, spending = self.budget, state.spending
        spent = budget.spent(spending, trials=spending.trials)
        used = {"trials": spent.trials, "epochs": spending.measured, **budget.hours(spending)}
        return max(used[key] / most for key, most in budget.limits.limits())

    def _reset(self) -> None:
        self._outlook = self._make()
        self._seen = 0  # trials
        self._other = Workload()  # of those that do not explore
        self._ticks = 0
        self._closed: str | None = None  # the limit that lets no candidate begin any more ...
        self._explored: str | None = None  # ... nothing that explores, a confirmation to come
        self._over: str | None = None  # ... nothing at all
        self._kept_back: str | None = None  # the limit for which a candidate did not begin
        self._refused: str | None = None  # the same of a segment, since the search was last asked

    def follow(self, state: StudyState, histories: Sequence[TrialHistory]) -> None:
        """Take in what the journal has since the last call; `histories` are those of `state`."""
        if state.spending is not self._spending:
            self._spending = state.spending
            self._reset()
        self._refused = None
        for tick in state.spending.ticks[self._ticks :]:
            self._look(tick, histories)
        self._ticks = len(state.spending.ticks)
        self._read(histories, len(histories))

    def _look(self, tick: Tick, histories: Sequence[TrialHistory]) -> None:
        if tick.extended:
            self._closed = self._explored = self._over = self._kept_back = None
            return
        self._read(histories, tick.planned)
        budget, sure = self.budget, self.budget.sure
        need = self._outlook.exploring(budget.spent(tick), other=self._other, more="")
        self._closed = self._closed or budget.late(tick, epochs=plus(need, sure).epochs)
        left = tick.measured + sure.epochs
        self._explored = self._explored or budget.late(tick, epochs=left)
        self._over = self._over or budget.late(tick, epochs=0)

    def _read(self, histories: Sequence[TrialHistory], until: int) -> None:
        for place in range(self._seen, until):
            trial = histories[place].trial
            if trial.parent is not None:
                continue
            if trial.seed >= self.budget.explored:
                self._other = plus(self._other, self.budget.cost.whole())
            elif trial.seed == 0 and not trial.twin:
                self._outlook.add(trial, histories)
        self._seen = max(self._seen, until)

    def guard(self, sampler: Sampler) -> Sampler:
        """Return a sampler that is done when no more candidates are paid."""
        return _Paid(sampler, self)

    def admits(self, candidate: Candidate, histories: Sequence[TrialHistory]) -> bool:
        """Tell whether one more candidate may begin, with everything that may follow from it."""
        if self._spending is None:  # someone reads, and hours are not at hand
            self._read(histories, len(histories))
            found = "hours" if self._was_closed(histories) else None
            spent = Workload()
        else:
            found = self._closed
            spent = self.budget.spent(self._spending, trials=self._spending.trials)
        need = self._outlook.exploring(spent, other=self._other, more=self._outlook.name(candidate))
        found = self.budget.exceeded(plus(need, self.budget.sure)) or found
        self._kept_back = self._kept_back or found
        return found is None

    def _was_closed(self, histories: Sequence[TrialHistory]) -> bool:
        """Tell from its trials whether a study that has ended was kept from more candidates."""
        limits = self.budget.limits
        by_hours = limits.device_hours is not None or limits.wall_hours is not None
        return by_hours and all(history.status in FINAL for history in histories)

    def passes(self, segment: Segment, state: StudyState) -> Segment | None:
        """Return the segment if it is paid; None if not.

        What follows a whole training was paid with it. Where trials are compared at rungs and none
        was trained to its end, the one that would go on is: a study has to have an answer.
        """
        trial = segment.trial
        if trial.parent is not None:
            return segment
        whole = segment.until_epoch >= trial.epochs
        found = self._reached(segment) or self._unpaid(segment, state, whole=whole)
        if found is None:
            return segment
        first = self.budget.by_rungs and not state.spending.followed
        if first and segment.acknowledged and self._unpaid(segment, state, whole=True) is None:
            return replace(segment, until_epoch=trial.epochs)
        self._refused = found
        return None

    def _reached(self, segment: Segment) -> str | None:
        exploring = segment.trial.seed < self.budget.explored
        return self._over or (self._explored if exploring else None)

    def _unpaid(self, segment: Segment, state: StudyState, *, whole: bool) -> str | None:
        spending, budget, trial = state.spending, self.budget, segment.trial
        until = trial.epochs if whole else segment.until_epoch
        more = budget.cost.of(
            trials=trial.id not in state,
            epochs=until - segment.acknowledged,
            whole=whole and not trial.brief,
        )
        kept = [budget.sure] if trial.seed < budget.explored else []
        if budget.by_rungs and not whole and not spending.followed:
            left = budget.cost.epochs - segment.until_epoch
            kept.append(budget.cost.of(trials=0, epochs=left, whole=1))
        spent = budget.spent(spending, trials=spending.trials)
        return budget.exceeded(plus(spent, more, *kept))

    def reason(self) -> str | None:
        """Return why a paused trial is stopped that nothing goes on with; None: no budget is."""
        found = self._refused or self._kept_back
        return None if found is None else f"{SPENT}: {budget_key(found)} is spent"

    def ended_by(self, histories: Sequence[TrialHistory]) -> str | None:
        """Return the limit that ended a study in which nothing is left to do."""
        found = self._refused or self._kept_back
        for history in histories:
            if history.status is TrialStatus.STOPPED and history.message.startswith(SPENT):
                found = found or history.message.rpartition(".")[2].split()[0]
        return found


class _Paid:
    """A sampler for which a space is used up when its candidates are not paid any more."""

    def __init__(self, sampler: Sampler, allowance: Allowance) -> None:
        self._sampler, self._allowance = sampler, allowance

    def propose(self, histories: Sequence[TrialHistory]) -> Candidate | Pause:
        """Return what the sampler proposes, DONE where it is not paid."""
        proposal = self._sampler.propose(histories)
        if isinstance(proposal, Candidate) and not self._allowance.admits(proposal, histories):
            return Pause.DONE
        return proposal


def make_allowance(
    spec: StudySpec, planner: Planner, *, total: int | None, adaptive: bool, tuned: bool
) -> Allowance | None:
    """Return what keeps to the budget of `spec`; None where it has none.

    Args:
        spec: the study.
        planner: how long its trials are.
        total: candidates at most, where that is known.
        adaptive: whether the sampler learns from results.
        tuned: whether a fine-tuning follows each training.

    Raises:
        SpecError: the budget cannot pay for what is sure to be needed.
    """
    search, tuning = spec.search, spec.fine_tune
    if not any(search.budget.limits()):
        return None
    cost = Cost(
        epochs=planner.epochs, tuning=tuning.training.epochs if tuning is not None and tuned else 0
    )
    fewest = min(2 if search.confirm is None else search.confirm.candidates, total or 2)
    sure, words = Workload(), f"training {_several(fewest, 'candidate')}"
    words += f" with {_several(search.seeds, 'seed')}"
    if search.confirm is not None:
        sure = cost.whole(fewest * search.confirm.seeds)
        words += f" and as many anew with {_several(search.confirm.seeds, 'seed')}"
    budget = Budget(
        limits=search.budget,
        sure=sure,
        cost=cost,
        explored=search.seeds,
        devices=spec.resources.gpus or spec.resources.cpus,
        by_rungs=search.allocation.by_rungs,
    )

    def outlook() -> Outlook:
        return make_outlook(search, planner, cost, total=total or 0, adaptive=adaptive)

    least = plus(outlook().least(fewest), sure)
    key = budget.exceeded(least)
    if key is not None:
        has, takes = getattr(search.budget, key), getattr(least, key)
        raise SpecError(f"{has} is too few: {words} takes {takes} {key}", key=budget_key(key))
    return Allowance(budget, outlook)


def _several(count: int, what: str) -> str:
    return f"{count} {what}{'s'[: count != 1]}"
