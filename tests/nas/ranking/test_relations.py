"""The ranking as a whole: order, orientation, what counts, and its JSON."""

import json
import random
from dataclasses import replace

import pytest

from nas.ranking.relations import rank, ranking_json
from nas.ranking.result import Symbol
from nas.spec.study import Metric, RankingSpec
from nas.study.records import TrialHistory, TrialStatus
from tests.nas.synthetic import DIGITS, SyntheticLayout, measured, study, trial_of

ACCURACY = RankingSpec(metric=Metric.ACCURACY)


def finals(label, accuracies, *, first=1, losses=(1.0,)):
    """Finished trials of one layout by seed; None leaves the seed out."""
    found = []
    for seed, accuracy in enumerate(accuracies):
        if accuracy is None:
            continue
        trial = trial_of(label, seed=seed, number=first + seed, epochs=1)
        epochs = measured(trial, losses=losses, accuracies=[accuracy] * len(losses))
        found.append(
            TrialHistory(trial=trial, status=TrialStatus.FINISHED, epochs=epochs, attempts=1)
        )
    return found


def test_layouts_are_ordered_by_score_and_joined_by_their_symbols():
    histories = [
        *finals("low", [0.50, 0.51, 0.52, 0.50], first=1),
        *finals("high", [0.90, 0.91, 0.92, 0.90], first=11),
        *finals("same", [0.899, 0.909, 0.919, 0.899], first=21),
    ]
    ranking = rank(histories, ACCURACY, evaluation_images=1_000_000)
    assert ranking.order == "high ≈ same ≫ low"
    assert [layout.label for layout in ranking.layouts] == ["high", "same", "low"]
    assert [(r.a, r.symbol, r.b) for r in ranking.relations] == [
        ("high", Symbol.EQUIVALENT, "same"),
        ("high", Symbol.MUCH_BETTER, "low"),
        ("same", Symbol.MUCH_BETTER, "low"),
    ]
    assert ranking.metric is Metric.ACCURACY
    assert ranking.equal_loss is None


def test_a_layout_is_scored_by_hand():
    # mean .9, sd .01, se .0057735; t(2; .975) = 4.30265
    layout = rank(finals("A", [0.89, 0.90, 0.91]), ACCURACY, evaluation_images=599).layouts[0]
    assert layout.score == pytest.approx(0.90)
    assert layout.low == pytest.approx(0.90 - 4.30265 * 0.0057735, abs=1e-6)
    assert layout.high == pytest.approx(0.90 + 4.30265 * 0.0057735, abs=1e-6)
    assert (layout.seeds, layout.parameters, layout.macs) == (3, 150_000, 2_000_000)
    assert layout.evaluation_accuracy == pytest.approx(0.90)
    assert layout.loss_gap == pytest.approx(0.22)


def test_an_interval_stays_within_what_an_accuracy_can_be():
    layout = rank(finals("A", [0.97, 0.99]), ACCURACY, evaluation_images=599).layouts[0]
    assert layout.high == 1.0


def test_one_seed_has_a_score_and_no_interval():
    layout = rank(finals("A", [0.9]), ACCURACY, evaluation_images=599).layouts[0]
    assert (layout.score, layout.low, layout.high) == (0.9, None, None)


def test_equal_scores_are_ordered_by_name():
    histories = finals("B", [0.9, 0.8]) + finals("A", [0.8, 0.9], first=11)
    assert [x.label for x in rank(histories, ACCURACY, evaluation_images=9).layouts] == ["A", "B"]


@pytest.mark.parametrize("metric", list(Metric))
def test_input_order_does_not_matter(metric):
    histories = list(study(seeds=range(6)))
    expected = rank(histories, RankingSpec(metric=metric), evaluation_images=599)
    random.Random(0).shuffle(histories)
    assert rank(histories, RankingSpec(metric=metric), evaluation_images=599) == expected
    assert rank(iter(histories), RankingSpec(metric=metric), evaluation_images=599) == expected


def test_every_pair_has_one_relation_with_the_better_first():
    ranking = rank(study(seeds=range(4)), RankingSpec(), evaluation_images=599)
    pairs = {frozenset((relation.a, relation.b)) for relation in ranking.relations}
    assert len(ranking.relations) == len(pairs) == 10
    assert all(relation.difference >= 0 for relation in ranking.relations)
    assert all(r.low <= r.difference <= r.high for r in ranking.relations)


def test_the_metric_generalization_reads_accuracy_at_equal_loss():
    # B stops at loss 1, where A stood at .7: at the end A is better, at equal loss B is.
    histories = finals("A", [0.7, 0.7, 0.7])
    histories = [
        replace(h, epochs=measured(h.trial, losses=[1.0, 0.5], accuracies=[0.7, 0.9]))
        for h in histories
    ] + finals("B", [0.8, 0.8, 0.8], first=11)
    at_loss = rank(histories, RankingSpec(), evaluation_images=100_000)
    assert (at_loss.order, at_loss.equal_loss) == ("B ≫ A", 1.0)
    assert rank(histories, ACCURACY, evaluation_images=100_000).order == "A ≫ B"


def test_a_symbol_against_the_order_is_not_printed_as_its_opposite():
    # Over the shared seeds B is better by two points; A's own third seed lifts its mean above B's.
    histories = finals("A", [0.80, 0.81, 0.82, 0.99, 0.99]) + finals(
        "B", [0.82, 0.83, 0.84], first=11
    )
    ranking = rank(histories, ACCURACY, evaluation_images=100_000, seeds=(3, 5))
    assert ranking.order == "A ? B"
    assert (ranking.relations[0].a, ranking.relations[0].symbol) == ("B", Symbol.BETTER)
    assert any(note.startswith("B > A over the 3 seeds that both") for note in ranking.notes)


def test_diverged_and_failed_trials_are_counted_apart_and_never_averaged():
    lost = {0: TrialStatus.DIVERGED, 1: TrialStatus.FAILED}
    clean = SyntheticLayout(accuracy=0.9, spread=0.0)
    histories = study({"A": clean, "B": replace(clean, lost=lost)}, seeds=range(4))
    layouts = {x.label: x for x in rank(histories, ACCURACY, evaluation_images=599).layouts}
    assert layouts["B"].seeds == 2
    assert (layouts["B"].diverged.count, layouts["B"].diverged.of, layouts["B"].failed) == (1, 4, 1)
    assert layouts["B"].score == pytest.approx(layouts["A"].score, abs=1e-3)
    assert layouts["A"].diverged.count == 0


def test_a_layout_that_always_diverged_is_named_and_not_ranked():
    lost = dict.fromkeys(range(3), TrialStatus.DIVERGED)
    ok = SyntheticLayout(accuracy=0.5, spread=0.01)
    histories = study({"A": replace(ok, accuracy=0.99, lost=lost), "B": ok})
    ranking = rank(histories, RankingSpec(), evaluation_images=599)
    assert ranking.order == "B"
    assert "not ranked, because no trial finished: A" in ranking.notes


@pytest.mark.parametrize("planned", [0, 3])
def test_no_finished_trial_is_an_empty_ranking_with_a_note(planned):
    lost = dict.fromkeys(range(3), TrialStatus.PLANNED)
    layout = SyntheticLayout(accuracy=0.5, spread=0.01, lost=lost)
    histories = study({"A": layout}) if planned else ()
    ranking = rank(histories, RankingSpec(), evaluation_images=599)
    assert (ranking.order, ranking.layouts, ranking.relations) == ("", (), ())
    assert ranking.notes[0] == "no trial has finished: there is nothing to rank yet"


def test_no_evaluation_image_is_refused():
    with pytest.raises(ValueError, match="evaluation_images must be at least 1"):
        rank(study(), RankingSpec(), evaluation_images=0)


def test_json_has_the_promised_keys_in_order():
    ranking = rank(study(), RankingSpec(), evaluation_images=599)
    found = ranking_json(ranking)
    assert list(found)[:6] == ["metric", "order", "layouts", "relations", "equal_loss", "notes"]
    assert list(found)[6:] == [
        *("preliminary", "hidden", "sentence", "collapsed", "evaluation_images"),
        *("placebo", "schedule_placebo", "noise", "agreement", "groups", "looks"),
        *("question", "winner", "contenders", "spec"),
    ]
    assert list(found["layouts"][0])[:8] == [
        *("label", "layout", "score", "low", "high", "seeds", "parameters", "macs")
    ]
    assert list(found["relations"][0]) == [
        *("a", "b", "symbol", "difference", "low", "high", "paired_seeds", "deviation", "skewness"),
        *("more_seeds", "p_adjusted", "withheld", "new_images", "seeds"),
    ]
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert type(found["relations"][0]["symbol"]) is str


def test_json_has_what_the_order_hides_and_the_answer_in_words():
    ranking = rank(study(seeds=range(6)), RankingSpec(), evaluation_images=599)
    found = ranking_json(ranking)
    assert found["hidden"][0] == {"a": "C-C-C-C", "symbol": ">", "b": "C-C-T-T"}
    assert [tuple(each.values()) for each in found["hidden"]] == [
        (each.a, each.symbol.value, each.b) for each in ranking.hidden
    ]
    assert type(found["hidden"][0]["symbol"]) is str
    assert found["sentence"] == ranking.sentence != ""
    empty = ranking_json(rank((), RankingSpec(), evaluation_images=599))
    assert json.loads(json.dumps(empty, allow_nan=False))["hidden"] == []


def test_a_study_like_the_real_one_ranks_like_the_paper():
    ranking = rank(study(seeds=range(6)), RankingSpec(), evaluation_images=599)
    assert ranking.order == "C-C-C-C ≈ C-C-C-T > C-C-T-T > C-T-T-T ≫ ViT_REL"
    assert [layout.label for layout in ranking.layouts] == list(DIGITS)
