"""What a study maximises: one reading of its trials, for the ranking and for samplers alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from nas.ranking.metrics import METRICS
from nas.ranking.scores import Scores, counted, score
from nas.spec.choices import Metric
from nas.study.records import TrialHistory, TrialStatus


@dataclass(frozen=True, kw_only=True, slots=True)
class Objective:
    """A metric, and the seeds that its l* is read off (`first`; None: all of them)."""

    metric: Metric
    first: int | None = None
    growing: bool = False  # seeds may be added to the first round: l* leaves them room

    @property
    def at_equal_loss(self) -> bool:
        """Whether trials are read where they cross l*."""
        return METRICS[self.metric].at_equal_loss

    def scores(self, histories: Sequence[TrialHistory], *, alone: bool = False) -> Scores:
        """Score every finished trial; `alone` are a brief twin and what it copies.

        Raises:
            ValueError: two trials share label and seed.
        """
        return score(
            histories, metric=self.metric, first=self.first, growing=self.growing, alone=alone
        )

    def means(self, histories: Sequence[TrialHistory]) -> dict[str, float | None]:
        """Return each candidate's mean over its seeds that ended, by label, twins left out.

        None where none has ended yet. A trial that diverged or failed counts as 0: it is a result,
        and a bad one. One that was stopped is read where it stands, and one that does not cross l*
        at its nearest end: a sampler needs a number of everything, and claims nothing.

        Raises:
            ValueError: two trials share label and seed.
        """
        scores = self.scores(histories)
        ended: dict[str, list[float]] = {h.trial.label: [] for h in histories if not h.trial.twin}
        for label, statuses in scores.statuses.items():
            for seed, status in statuses.items():
                lost = status in (TrialStatus.DIVERGED, TrialStatus.FAILED)
                if label in ended and lost:
                    ended[label].append(0.0)
                elif label in ended and status is TrialStatus.FINISHED:
                    ended[label].append(scores.finished(label)[seed].value)
        for history in counted(histories, self.metric):
            if history.status is TrialStatus.STOPPED and not history.trial.twin:
                ended[history.trial.label].append(self._stands(history, scores.equal_loss))
        return {label: fmean(values) if values else None for label, values in ended.items()}

    def _stands(self, history: TrialHistory, level: float | None) -> float:
        return METRICS[self.metric].score(history, level).value if history.epochs else 0.0
