"""Decides which segment runs next, from the spec and the journal alone."""

from collections.abc import Callable, Collection, Iterable, Sequence

from nas.search.allocation.fine_tuning import FineTuning
from nas.search.samplers.sampler import Sampler, proposed
from nas.space.candidate import Candidate
from nas.spec.study import StudySpec
from nas.study.records import (
    FINAL,
    Pause,
    Segment,
    Trial,
    TrialHistory,
    TrialStatus,
    copied_label,
    twin_label,
)
from nas.study.state import StudyState

Extend = Callable[[Sequence[TrialHistory]], Iterable[str]]
"""Returns the labels whose relations are open and can still close: one more seed for each."""


class Search:
    """Passive: an executor asks it, the driver tells the state; nothing here runs or waits.

    Seeds come in rounds: every candidate is trained with seed 0 before any is with seed 1, so that
    an early look compares all of them. A sampler that learns from results needs all seeds of a
    candidate at once instead. After these, `extend` says where another seed may still decide
    something. Each candidate's runs are a prefix of one seed order, whatever results say, which the
    certificate rests on (CERTIFICATE, step 5).
    """

    def __init__(
        self,
        spec: StudySpec,
        *,
        sampler: Sampler,
        adaptive: bool,
        points: int | None = None,
        notes: tuple[str, ...] = (),
        extend: Extend | None = None,
        fine_tuning: FineTuning | None = None,
    ) -> None:
        """Search with `sampler`; `adaptive` says that it learns from results.

        `points` is how many candidates the sampler has at most, where that is known, baselines
        among them; `notes` say,
        a sentence each, which layouts have none or are far from the size asked for. With
        `fine_tuning` every trained trial is fine-tuned, as a trial of its own.
        """
        self.notes = notes
        self._spec, self._sampler, self._adaptive = spec, sampler, adaptive
        self._extend, self._fine_tuning = extend, fine_tuning
        self._asked: tuple[str, ...] = ()  # what `extend` said when so many trials had ended
        self._asked_at = -1
        asked = spec.search.candidates
        self._most = None if asked is None else asked + len(spec.baselines)
        limits = [limit for limit in (points, self._most) if limit is not None]
        twins = 1 if spec.search.placebo is not None else 0
        self._trained = (min(limits, default=0) + twins) * spec.search.seeds

    @property
    def expected(self) -> int:
        """Trials, if no seed is added."""
        return self._trained * (1 if self._fine_tuning is None else 2)

    @property
    def expected_epochs(self) -> int:
        """Epochs of all of them."""
        epochs = self._spec.training.epochs
        if self._fine_tuning is not None:
            epochs += self._fine_tuning.epochs
        return self._trained * epochs

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
        number = len(histories) + 1
        if self._fine_tuning is not None:
            follower = self._fine_tuning.next_trial(histories, number=number)
            if follower is not None:
                return follower
        trained = tuple(history for history in histories if history.trial.parent is None)
        return self._first_round(trained, number) or self._added(trained, histories, number)

    def _first_round(self, trained: tuple[TrialHistory, ...], number: int) -> Trial | None:
        """Return the next of the trials that the spec asks for whatever they bring."""
        limit = self._most
        candidates = proposed(trained)
        planned = {(h.trial.label, h.trial.seed) for h in trained}
        missing = [
            (label, seed)
            for label in (*candidates, *self._twin_of(candidates))
            for seed in range(self._spec.search.seeds)
            if (label, seed) not in planned
        ]
        if missing and self._adaptive:
            return self._replicate(*missing[0], trained, number)
        if limit is None or len(candidates) < limit:
            # the sampler knows nothing of twins
            candidate = self._sampler.propose([h for h in trained if not h.trial.twin])
            if candidate is not None:
                return self._new(candidate, 0, number)
        if not missing:
            return None
        return self._replicate(*min(missing, key=lambda each: each[1]), trained, number)

    def _added(
        self,
        trained: tuple[TrialHistory, ...],
        histories: tuple[TrialHistory, ...],
        number: int,
    ) -> Trial | None:
        """Return a seed beyond the first round, where the relations ask for one."""
        settings = self._spec.search
        if self._extend is None or settings.most_seeds == settings.seeds:
            return None
        if settings.trials is not None and len(trained) >= settings.trials:
            return None
        if any(h.status not in FINAL and h.trial.seed < settings.seeds for h in histories):
            return None  # the first look is at the whole first round
        waiting = {h.trial.label for h in histories if h.status not in FINAL}
        ended = sum(history.status in FINAL for history in histories)
        if ended != self._asked_at:  # an executor asks many times a second, trials end now and then
            self._asked_at, self._asked = ended, tuple(self._extend(histories))
        for label in self._asked:
            seed = sum(h.trial.label == label for h in trained)
            if label not in waiting and seed < settings.most_seeds:
                return self._replicate(label, seed, trained, number)
        return None

    def _twin_of(self, candidates: Collection[str]) -> tuple[str, ...]:
        original = self._spec.search.placebo
        return (twin_label(original),) if original is not None and original in candidates else ()

    def _replicate(
        self, label: str, seed: int, trained: Sequence[TrialHistory], number: int
    ) -> Trial:
        original = copied_label(label)
        first = next(h.trial for h in trained if h.trial.label == original)
        return self._new(Candidate.of(first), seed, number, twin=label != original)

    def _new(self, candidate: Candidate, seed: int, number: int, *, twin: bool = False) -> Trial:
        label = twin_label(candidate.label) if twin else candidate.label
        return Trial(
            number=number,
            id=trial_id(number, label, seed),
            label=label,
            layout=candidate.layout,
            seed=seed,
            epochs=self._spec.training.epochs,
            config=candidate.config,
            parameters=candidate.cost.parameters,
            macs=candidate.cost.macs,
            twin=twin,
        )


def trial_id(number: int, label: str, seed: int) -> str:
    """Return an id that sorts by number and is safe as a file name."""
    return f"{number:04d}-{label.replace('#', '.').replace('~', '.')}-s{seed}"


def _continue(history: TrialHistory) -> Segment:
    return Segment(
        trial=history.trial,
        attempt=history.attempts + 1,
        acknowledged=len(history.epochs),
        until_epoch=history.trial.epochs,
    )
