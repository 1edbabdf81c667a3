"""New trials: of a candidate that a sampler chose, and of one more seed of a known candidate."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from nas.space.candidate import Candidate
from nas.study.records import BRIEF, Trial, TrialHistory, copied_label, twin_label


@dataclass(frozen=True, kw_only=True, slots=True)
class Planner:
    """Makes trials of the study's length; numbers count all trials, fine-tunings included."""

    epochs: int
    brief_epochs: int | None = None  # of the schedule placebo

    def new(self, candidate: Candidate, *, seed: int, number: int, twin: bool = False) -> Trial:
        """Return the candidate's trial with this seed; as `twin` under the placebo's label."""
        label = twin_label(candidate.label) if twin else candidate.label
        return Trial(
            number=number,
            id=trial_id(number, label, seed),
            label=label,
            layout=candidate.layout,
            seed=seed,
            epochs=self.epochs,
            config=candidate.config,
            parameters=candidate.cost.parameters,
            macs=candidate.cost.macs,
            twin=twin,
            point=candidate.point,
            recipe=candidate.recipe,
        )

    def replicate(
        self, label: str, *, seed: int, trained: Sequence[TrialHistory], number: int
    ) -> Trial:
        """Return another seed of the candidate, or of the candidate's twin, with that label.

        `trained` has a trial of the candidate, whose network and point are taken over.
        """
        original = copied_label(label)
        known = next(h.trial for h in trained if h.trial.label == original)
        return self.again(known, label, seed=seed, number=number)

    def again(self, known: Trial, label: str, *, seed: int, number: int) -> Trial:
        """Return another seed of the candidate of which `known` is a trial, or of its twin."""
        original = copied_label(label)
        planned = replace(
            known,
            number=number,
            id=trial_id(number, label, seed),
            label=label,
            seed=seed,
            twin=label != original,
        )
        if label.endswith(BRIEF) and self.brief_epochs is not None:
            return replace(planned, epochs=self.brief_epochs)
        return planned


def trained_only(histories: Sequence[TrialHistory]) -> tuple[TrialHistory, ...]:
    """Return the trials that are no fine-tunings, in order."""
    return tuple(history for history in histories if history.trial.parent is None)


def climbing_only(histories: Sequence[TrialHistory]) -> tuple[TrialHistory, ...]:
    """Return the trials that are compared at rungs, in order: the first seed of each candidate.

    Seeds beyond it confirm what was explored, and come when no rung is left to decide.
    """
    return tuple(history for history in trained_only(histories) if history.trial.seed == 0)


def trial_id(number: int, label: str, seed: int) -> str:
    """Return an id that sorts by number and is safe as a file name."""
    return f"{number:04d}-{label.replace('#', '.').replace('~', '.')}-s{seed}"
