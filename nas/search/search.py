"""Decides which segment runs next, from the spec and the journal alone."""

from nas.candidate import Candidate
from nas.records import Pause, Segment, Trial, TrialHistory, TrialStatus
from nas.search.sampler import Sampler, proposed
from nas.spec import StudySpec
from nas.state import StudyState


class Search:
    """Passive: an executor asks it, the driver tells the state; nothing here runs or waits.

    Seeds come in rounds: every candidate is trained with seed 0 before any is with seed 1, so that
    an early look compares all of them, and each layout's runs are a prefix of one seed order. A
    sampler that learns from results needs all seeds of a candidate at once instead.
    """

    def __init__(
        self,
        spec: StudySpec,
        *,
        sampler: Sampler,
        adaptive: bool,
        points: int | None = None,
        notes: tuple[str, ...] = (),
    ) -> None:
        """Search with `sampler`; `adaptive` says that it learns from results.

        `points` is how many candidates the sampler has at most, where that is known; `notes` say,
        a sentence each, which layouts have none or are far from the size asked for.
        """
        self.notes = notes
        self._spec, self._sampler, self._adaptive = spec, sampler, adaptive
        limits = [limit for limit in (points, spec.search.candidates) if limit is not None]
        self.expected = min(limits, default=0) * spec.search.seeds  # trials, if none is added

    def next_segment(self, state: StudyState) -> Segment | Pause:
        """Return what to run next: an interrupted trial first, else a new one."""
        histories = state.histories()
        for history in histories:
            if history.status in (TrialStatus.PLANNED, TrialStatus.INTERRUPTED):
                return _continue(history)
        trial = self._next_trial(histories)
        if trial is not None:
            return Segment(trial=trial, attempt=1, acknowledged=0, until_epoch=trial.epochs)
        running = any(history.status is TrialStatus.RUNNING for history in histories)
        return Pause.WAIT if running else Pause.DONE

    def _next_trial(self, histories: tuple[TrialHistory, ...]) -> Trial | None:
        limit = self._spec.search.candidates
        labels = list(proposed(histories))
        seeds = self._spec.search.seeds
        planned = {(h.trial.seed, h.trial.label) for h in histories}
        missing = [
            (seed, label)
            for label in labels
            for seed in range(seeds)
            if (seed, label) not in planned
        ]
        if missing and self._adaptive:
            return self._replicate(*missing[0], histories)
        if limit is None or len(labels) < limit:
            candidate = self._sampler.propose(histories)
            if candidate is not None:
                return self._new(candidate, 0, len(histories) + 1)
        return self._replicate(*min(missing, key=lambda m: m[0]), histories) if missing else None

    def _replicate(self, seed: int, label: str, histories: tuple[TrialHistory, ...]) -> Trial:
        first = next(h.trial for h in histories if h.trial.label == label)
        candidate = Candidate.of(first)
        return self._new(candidate, seed, len(histories) + 1)

    def _new(self, candidate: Candidate, seed: int, number: int) -> Trial:
        return Trial(
            number=number,
            id=f"{number:04d}-{candidate.label.replace('#', '.')}-s{seed}",
            label=candidate.label,
            layout=candidate.layout,
            seed=seed,
            epochs=self._spec.training.epochs,
            config=candidate.config,
            parameters=candidate.cost.parameters,
            macs=candidate.cost.macs,
        )


def _continue(history: TrialHistory) -> Segment:
    return Segment(
        trial=history.trial,
        attempt=history.attempts + 1,
        acknowledged=len(history.epochs),
        until_epoch=history.trial.epochs,
    )
