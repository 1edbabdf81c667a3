"""Every metric that a spec may name has its row: how it is read, and in words."""

from dataclasses import replace

import pytest

from nas.ranking.metrics import METRICS, averaged_accuracy, final_accuracy
from nas.spec.choices import Metric
from tests.nas.ranking.test_objective import A
from tests.nas.synthetic import fine_tuned, with_images


@pytest.mark.parametrize("metric", Metric)
def test_every_metric_reads_a_trial_and_says_what_it_read(metric):
    rule = METRICS[metric]
    assert 0 < rule.score(A, 0.5).value <= 1
    assert rule.lead.endswith(".")
    assert rule.words


def test_only_what_is_read_at_equal_loss_depends_on_it():
    at_loss = {metric for metric in Metric if METRICS[metric].at_equal_loss}
    assert at_loss == {Metric.GENERALIZATION}
    for metric, rule in METRICS.items():
        moved = rule.score(A, 0.5).value != rule.score(A, 1.0).value
        assert moved is (metric in at_loss)
        assert ("0.500" in rule.basis(0.5)) is (metric in at_loss)
        assert rule.basis(None) == rule.words


@pytest.mark.parametrize("metric", Metric)
@pytest.mark.parametrize("level", [None, 0.5, 0.31, 5.0])
def test_a_score_is_the_mean_of_its_images(metric, level):
    rule = METRICS[metric]
    for each in (*with_images([A], 599), *with_images(fine_tuned([A]), 599)):
        images = rule.by_image(each, level, 599)
        assert images is not None
        assert (images.shape, images.dtype) == ((599,), float)
        assert images.mean() == pytest.approx(rule.score(each, level).value, abs=1e-12)
        older = replace(each, epochs=tuple(map(without_images, each.epochs)))
        assert rule.by_image(older, level, 599) is None


def without_images(epoch):
    return replace(epoch, evaluation_correct=None, ema_evaluation_correct=None)


def test_averaged_weights_count_where_they_are_kept():
    (_, tuned) = fine_tuned([A])
    assert averaged_accuracy(tuned) == tuned.epochs[-1].ema_evaluation_accuracy
    assert averaged_accuracy(tuned) != final_accuracy(tuned)
    assert averaged_accuracy(A) == final_accuracy(A) == 0.82
