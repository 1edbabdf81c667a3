"""The second interval of a ranking: from the trials' own images, and only where it can be had."""

from dataclasses import replace

import numpy as np
import pytest

from nas.errors import JournalCorruptError
from nas.ranking.relations import rank, ranking_json
from nas.ranking.statistics.certificate import Design
from nas.ranking.statistics.images import critical, new_images
from nas.spec.study import Metric, RankingSpec
from nas.study.correct import correct_images
from nas.study.records import TrialStatus
from tests.nas.synthetic import DIGITS, SyntheticLayout, fine_tuned, study, with_images, with_twin

ACCURACY = RankingSpec(metric=Metric.ACCURACY)
CLOSE = {
    "A": SyntheticLayout(accuracy=0.93, spread=0.002),
    "B": SyntheticLayout(accuracy=0.9, spread=0.002),
}


def finals(histories, label, images):
    return np.array(
        [
            correct_images(each.epochs[-1], images=images).astype(float)
            for each in histories
            if each.trial.label == label
        ]
    )


def test_it_is_that_of_the_pair_s_seeds_and_images():
    histories = with_images(study(CLOSE, seeds=range(6)), 599)
    (found,) = rank(histories, ACCURACY, evaluation_images=599).relations
    design = Design.of(ACCURACY, seeds=(6, 6))
    low, high = new_images(
        finals(histories, "A", 599) - finals(histories, "B", 599),
        low=found.low,
        high=found.high,
        critical=critical(design, pairs=1, seeds=6),
    )
    assert found.new_images is not None
    assert (found.new_images.low, found.new_images.high) == (low, high)
    assert low < found.low < found.high < high


def test_the_better_one_comes_first_here_too():
    histories = with_images(study({"A": CLOSE["B"], "B": CLOSE["A"]}, seeds=range(6)), 599)
    (found,) = rank(histories, ACCURACY, evaluation_images=599).relations
    assert (found.a, found.b) == ("B", "A")
    assert found.new_images.low < found.difference < found.new_images.high


@pytest.mark.parametrize("metric", Metric)
def test_every_metric_has_one(metric):
    histories = with_images(fine_tuned(study(seeds=range(6))), 599)
    spec = RankingSpec(metric=metric, size_tolerance=None)
    found = rank(histories, spec, evaluation_images=599)
    assert len(found.relations) == 10
    for each in found.relations:
        if each.low is not None:
            assert each.new_images.low <= each.low < each.high <= each.new_images.high
    assert any(each.new_images for each in found.relations)


def test_seeds_that_failed_are_in_neither_interval():
    """What is left of a study of fixed seeds is looked at once, at the seeds it has."""
    lost = replace(CLOSE["B"], lost={2: TrialStatus.FAILED})
    histories = with_images(study({**CLOSE, "B": lost}, seeds=range(6)), 599)
    (found,) = rank(histories, ACCURACY, evaluation_images=599).relations
    assert found.paired_seeds == 5
    kept = [each for each in histories if each.trial.seed != 2]
    low, high = new_images(
        finals(kept, "A", 599) - finals(kept, "B", 599),
        low=found.low,
        high=found.high,
        critical=critical(Design.of(ACCURACY, seeds=(5, 5)), pairs=1, seeds=5),
    )
    assert (found.new_images.low, found.new_images.high) == (low, high)


def test_before_the_first_look_there_is_none():
    histories = with_images(study(CLOSE, seeds=range(3)), 599)
    (found,) = rank(histories, ACCURACY, evaluation_images=599, seeds=(6, 10)).relations
    assert (found.low, found.new_images) == (None, None)


def test_a_trial_that_did_not_keep_its_images_has_none_and_neither_do_its_pairs():
    histories = with_images(study(seeds=range(6)), 599)
    old = replace(histories[0].epochs[-1], evaluation_correct=None)
    some = (replace(histories[0], epochs=(*histories[0].epochs[:-1], old)), *histories[1:])
    spec = RankingSpec(metric=Metric.ACCURACY)
    found = rank(some, spec, evaluation_images=599)
    assert {"C-C-C-C" in (each.a, each.b) for each in found.relations if not each.new_images} == {
        True
    }
    assert sum(each.new_images is None for each in found.relations) == 4
    none = rank(study(seeds=range(6)), spec, evaluation_images=599)
    assert [each.new_images for each in none.relations] == [None] * 10
    assert none.order == rank(study(seeds=range(6)), spec, evaluation_images=599).order


def test_the_placebo_has_one():
    histories = with_images(with_twin(study(seeds=range(6)), "C-C-C-C"), 599)
    found = rank(histories, ACCURACY, evaluation_images=599).placebo
    assert found is not None
    assert found.new_images.low < 0 < found.new_images.high


def test_it_moves_no_claim_and_no_score():
    histories = with_images(study(seeds=range(6)), 599)
    plain = tuple(
        replace(each, epochs=tuple(replace(e, evaluation_correct=None) for e in each.epochs))
        for each in histories
    )
    for metric in (Metric.ACCURACY, Metric.GENERALIZATION):
        spec = RankingSpec(metric=metric)
        one, two = (rank(each, spec, evaluation_images=599) for each in (histories, plain))
        assert one.layouts == two.layouts
        assert tuple(replace(each, new_images=None) for each in one.relations) == two.relations


def test_a_record_that_contradicts_itself_stops_the_ranking_in_a_line():
    histories = with_images(study(CLOSE, seeds=range(6)), 599)
    with pytest.raises(JournalCorruptError, match=r"^0001-A-s0: epoch 15: evaluation_correct has"):
        rank(histories, ACCURACY, evaluation_images=600)


def test_json_has_both_ends_or_null():
    histories = with_images(study(seeds=range(6)), 599)
    for each in ranking_json(rank(histories, ACCURACY, evaluation_images=599))["relations"]:
        assert list(each["new_images"]) == ["low", "high"]
        assert each["seeds"] == each["paired_seeds"] == 6
    none = ranking_json(rank(study(seeds=range(6)), ACCURACY, evaluation_images=599))
    assert none["relations"][0]["new_images"] is None


def test_json_says_who_has_collapsed():
    layouts = {**DIGITS, "C-C-C-C": replace(DIGITS["C-C-C-C"], collapsed=frozenset([2]))}
    found = ranking_json(rank(study(layouts, seeds=range(6)), ACCURACY, evaluation_images=599))
    (one,) = found["collapsed"]
    assert (one["label"], one["count"], one["of"]) == ("C-C-C-C", 1, 6)
    assert 0 < one["low"] < 1 / 6 < one["high"] < 1
    none = ranking_json(rank(study(seeds=range(6)), ACCURACY, evaluation_images=599))
    assert (none["collapsed"], none["evaluation_images"]) == ([], 599)
