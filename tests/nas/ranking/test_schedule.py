"""The schedule placebo, and what a reading of raw weights is told to do."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from nas.ranking.curves import accuracy_at_loss, correct_at_loss
from nas.ranking.relations import rank, ranking_json
from nas.ranking.result import Ranking, Symbol
from nas.spec.study import Metric, RankingSpec
from nas.study.correct import encode
from nas.study.records import TrialHistory, TrialStatus, brief_label
from tests.nas.synthetic import SyntheticLayout, study

SPEC = RankingSpec(size_tolerance=None)
LAYOUTS = {
    "A": SyntheticLayout(accuracy=0.95, spread=0.001),
    "B": SyntheticLayout(accuracy=0.94, spread=0.001, loss=0.03),
}


def averaged(histories: Sequence[TrialHistory], *, better: float = 0.0) -> list[TrialHistory]:
    """The same with averaged weights, at the same losses and more accurate by `better`."""
    return [
        replace(
            each,
            epochs=tuple(
                replace(
                    epoch,
                    ema_probe_loss=epoch.probe_loss,
                    ema_evaluation_accuracy=epoch.evaluation_accuracy + better,
                )
                for epoch in each.epochs
            ),
        )
        for each in histories
    ]


def with_brief(
    histories: Sequence[TrialHistory], *, shift: float, epochs: int = 5
) -> list[TrialHistory]:
    """And a brief twin of A that jumps along A's curve, more accurate by `shift`."""
    made = list(histories)
    for each in histories:
        if each.trial.label == "A":
            trial = replace(
                each.trial,
                number=len(made) + 1,
                id=f"{len(made) + 1:04d}-A.brief-s{each.trial.seed}",
                label=brief_label("A"),
                twin=True,
                epochs=epochs,
            )
            measured = tuple(
                replace(
                    epoch,
                    trial_id=trial.id,
                    epoch=i + 1,
                    evaluation_accuracy=epoch.evaluation_accuracy + shift,
                )
                for i, epoch in enumerate(each.epochs[:: len(each.epochs) // epochs][:epochs])
            )
            made.append(replace(each, trial=trial, epochs=measured))
    return made


def ranked(histories: Sequence[TrialHistory], spec: RankingSpec = SPEC) -> Ranking:
    return rank(histories, spec, evaluation_images=10_000)


BOTH = study(LAYOUTS, seeds=range(6))


def noted(ranking: Ranking, words: str) -> list[str]:
    return [note for note in ranking.notes if words in note]


@pytest.mark.parametrize("shift", [0.01, -0.01])
def test_a_reading_that_depends_on_the_schedule_is_loud(shift: float) -> None:
    ranking = ranked(with_brief(BOTH, shift=shift))
    assert ranking.schedule_placebo is not None
    assert ranking.schedule_placebo.symbol is Symbol.BETTER
    (note,) = noted(ranking, "SCHEDULE PLACEBO FAILED")
    assert "A over 5 epochs in place of 15" in note
    assert ("in place of 15: +" if shift > 0 else "in place of 15: -") in note
    assert ranking_json(ranking)["schedule_placebo"]["b" if shift > 0 else "a"] == "A"


def test_a_reading_that_does_not_is_within_the_margin() -> None:
    ranking = ranked(with_brief(BOTH, shift=0.0))
    assert ranking.schedule_placebo is not None
    assert ranking.schedule_placebo.symbol is Symbol.EQUIVALENT
    assert noted(ranking, "within the margin of 0.5")


def test_the_brief_one_moves_no_score_and_is_no_layout() -> None:
    without, ranking = ranked(BOTH), ranked(with_brief(BOTH, shift=0.01))
    assert ranking.equal_loss == without.equal_loss
    assert ranking.layouts == without.layouts
    assert ranking.relations == without.relations


def test_the_two_are_read_where_both_get() -> None:
    """The brief one ends above the l* of the study."""
    ranking = ranked(with_brief(BOTH, shift=0.0, epochs=3))
    assert ranking.schedule_placebo is not None
    assert ranking.schedule_placebo.paired_seeds == 6


def test_it_says_nothing_of_other_metrics_nor_of_what_is_not_over() -> None:
    accuracy = RankingSpec(size_tolerance=None, metric=Metric.ACCURACY)
    assert ranked(with_brief(BOTH, shift=0.01), accuracy).schedule_placebo is None
    waiting = [
        replace(each, status=TrialStatus.RUNNING) if each.trial.brief else each
        for each in with_brief(BOTH, shift=0.01)
    ]
    ranking = ranked(waiting)
    assert ranking.schedule_placebo is None
    assert not noted(ranking, "schedule placebo")


def test_equal_loss_is_read_off_the_averaged_weights_where_all_epochs_have_them() -> None:
    plain, better = ranked(averaged(BOTH)), ranked(averaged(BOTH, better=0.01))
    for one, other in zip(plain.layouts, better.layouts, strict=True):
        assert other.score == pytest.approx(one.score + 0.01, abs=1e-9)
    assert noted(ranked(BOTH), "training.ema_decay")
    assert not noted(better, "training.ema_decay")
    old = [
        replace(each, epochs=(replace(each.epochs[0], ema_probe_loss=None), *each.epochs[1:]))
        for each in averaged(BOTH, better=0.01)
    ]
    assert ranked(old).layouts[0].score == ranked(BOTH).layouts[0].score
    accuracy = RankingSpec(size_tolerance=None, metric=Metric.ACCURACY)
    assert not noted(ranked(BOTH, accuracy), "training.ema_decay")


def test_image_by_image_it_is_the_averaged_weights_too() -> None:
    images = 200
    raw, better = np.arange(images) < 120, np.arange(images) < 150
    (trial, *_) = BOTH
    epochs = [
        replace(
            trial.epochs[i],
            probe_loss=loss,
            ema_probe_loss=loss,
            evaluation_accuracy=0.6,
            ema_evaluation_accuracy=0.75,
            evaluation_correct=encode(raw),
            ema_evaluation_correct=encode(better),
        )
        for i, loss in enumerate((1.0, 0.5))
    ]
    history = replace(trial, epochs=tuple(epochs))
    found = correct_at_loss(history, 0.7, images=images)
    assert found is not None
    assert found.tolist() == better.tolist()
    assert accuracy_at_loss(history, 0.7) == 0.75


def test_where_the_noise_comes_from_is_noted_and_in_json() -> None:
    random = np.random.default_rng(0)
    known = []
    for each in BOTH:
        bits = random.random(500) < 0.9
        last = replace(
            each.epochs[-1],
            evaluation_accuracy=int(bits.sum()) / 500,
            evaluation_correct=encode(bits),
        )
        known.append(replace(each, epochs=(*each.epochs[:-1], last)))
    accuracy = RankingSpec(size_tolerance=None, metric=Metric.ACCURACY)
    ranking = rank(known, accuracy, evaluation_images=500)
    assert ranking.noise is not None
    assert ranking.noise.sentence in ranking.notes
    found = ranking_json(ranking)["noise"]
    # nothing but the draw of each image tells these runs apart: sd √(2 · 0.9 · 0.1 / 500)
    assert found["image_sd"] == pytest.approx((2 * 0.09 / 500) ** 0.5, rel=0.15)
    assert rank(BOTH, accuracy, evaluation_images=500).noise is None


def test_averages_are_not_read_at_their_very_end() -> None:
    plain, better = ranked(BOTH), ranked(averaged(BOTH))
    assert plain.equal_loss is not None
    assert better.equal_loss == pytest.approx(plain.equal_loss * math.exp(0.5))
    late = [
        replace(each, epochs=each.epochs[-1:]) if each.trial.label == "A" else each
        for each in averaged(BOTH)
    ]
    # what begins below it is not left out for that
    begins = max(
        min(each.epochs[0].probe_loss for each in late), max(e.epochs[-1].probe_loss for e in BOTH)
    )
    assert ranked(late).equal_loss == pytest.approx(begins)
