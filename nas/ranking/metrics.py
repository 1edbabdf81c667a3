"""What each metric is: which trials it scores, how it is read, and where it means something.

A new metric is a word in `nas.spec.choices.Metric` and a row here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from nas.ranking.curves import Reach, accuracy_at_loss, correct_at_loss, reach
from nas.spec.choices import Metric
from nas.study.correct import correct_images
from nas.study.records import TrialHistory


@dataclass(frozen=True, kw_only=True, slots=True)
class TrialScore:
    """One trial's score, a fraction of the evaluation images; of l* only where it is crossed."""

    history: TrialHistory
    value: float  # where l* is not crossed that of the nearest end, which no ranking uses
    reach: Reach = Reach.CROSSES  # of l*; metrics without one have nothing to cross


@dataclass(frozen=True, kw_only=True, slots=True)
class MetricRule:
    """How one metric is read, and what withholds its claims."""

    words: str  # what a score is
    lead: str  # the same as a sentence that opens a report
    read: Callable[[TrialHistory], float]  # off a trial with an epoch, where there is no l*
    # The same by evaluation image, of so many; its mean is what `read` returns.
    read_images: Callable[[TrialHistory, int], np.ndarray | None]
    fine_tuned: bool = False  # scores fine-tunings in place of the trials they follow
    at_equal_loss: bool = False  # read where the trajectory crosses l*
    equal_sizes: bool = True  # layouts of other sizes may not be compared
    abundant_data: bool = False  # withheld of layouts that overfit, or took unequal steps

    def basis(self, level: float | None) -> str:
        """Return what a score is, in words; `level` is l* in nats."""
        if not self.at_equal_loss or level is None:
            return self.words
        return f"evaluation accuracy at probe loss {level:.3f}"

    def score(self, history: TrialHistory, level: float | None) -> TrialScore:
        """Read the metric off a trial that has an epoch; `level` is l* in nats."""
        if not self.at_equal_loss or level is None:
            return TrialScore(history=history, value=self.read(history))
        return TrialScore(
            history=history,
            value=accuracy_at_loss(history, level),
            reach=reach(history, level),
        )

    def by_image(
        self, history: TrialHistory, level: float | None, images: int
    ) -> np.ndarray | None:
        """Return the score of a trial image by image, [images], in [0, 1]: its mean is the score.

        None where no one kept which images were right.

        Raises:
            JournalCorruptError: a record contradicts its accuracy.
        """
        if not self.at_equal_loss or level is None:
            return self.read_images(history, images)
        return correct_at_loss(history, level, images=images)


def final_accuracy(history: TrialHistory) -> float:
    """Return the evaluation accuracy of the raw weights after the last epoch."""
    return history.epochs[-1].evaluation_accuracy


def averaged_accuracy(history: TrialHistory) -> float:
    """Return the final evaluation accuracy of the averaged weights, where the recipe keeps them.

    The paper evaluates fine-tuned networks by an exponential moving average of their weights
    (Table 10).
    """
    averaged = history.epochs[-1].ema_evaluation_accuracy
    return final_accuracy(history) if averaged is None else averaged


def final_images(history: TrialHistory, images: int) -> np.ndarray | None:
    """Return which evaluation images the raw weights are right about after the last epoch."""
    found = correct_images(history.epochs[-1], images=images)
    return None if found is None else found.astype(float)


def averaged_images(history: TrialHistory, images: int) -> np.ndarray | None:
    """Return the same of the averaged weights, where the recipe keeps them."""
    last = history.epochs[-1]
    if last.ema_evaluation_accuracy is None:
        return final_images(history, images)
    found = correct_images(last, images=images, averaged=True)
    return None if found is None else found.astype(float)


METRICS: Mapping[Metric, MetricRule] = {
    Metric.GENERALIZATION: MetricRule(
        words="evaluation accuracy at the end",  # until a trial has finished: there is no l* yet
        lead="To be ranked by evaluation accuracy at equal probe loss.",
        read=final_accuracy,
        read_images=final_images,
        at_equal_loss=True,
    ),
    Metric.ACCURACY: MetricRule(
        words="evaluation accuracy at the end",
        lead="Ranked by evaluation accuracy after the last epoch.",
        read=final_accuracy,
        read_images=final_images,
        equal_sizes=False,
    ),
    Metric.CAPACITY: MetricRule(
        words="evaluation accuracy at the end",
        lead="Ranked by capacity: evaluation accuracy after the same optimisation steps, on data "
        "too abundant to overfit.",
        read=final_accuracy,
        read_images=final_images,
        abundant_data=True,
    ),
    Metric.TRANSFER: MetricRule(
        words="evaluation accuracy after fine-tuning",
        lead="Ranked by transferability: evaluation accuracy after fine-tuning.",
        read=averaged_accuracy,
        read_images=averaged_images,
        fine_tuned=True,
    ),
}
