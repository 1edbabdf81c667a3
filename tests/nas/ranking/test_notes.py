"""The sentences beside a ranking: each appears when, and only when, its condition holds."""

from dataclasses import replace

import pytest

from nas.ranking.relations import rank
from nas.spec.study import Metric, RankingSpec
from nas.study.records import TrialStatus
from tests.nas.synthetic import SyntheticLayout, measured, study, with_twin

OK = SyntheticLayout(accuracy=0.9, spread=0.01)
ACCURACY = RankingSpec(metric=Metric.ACCURACY)


def notes(layouts, *, seeds=range(6), spec=ACCURACY, images=599):
    """The notes of a made-up study."""
    return rank(study(layouts, seeds=seeds), spec, evaluation_images=images).notes


def said(found, part):
    """The one note with these words."""
    matching = [note for note in found if part in note]
    assert len(matching) == 1, found
    return matching[0]


def test_six_comparable_seeds_need_only_the_sizes():
    sizes = "parameters 150,000 to 150,000 (spread 0.0%), MACs 2,000,000 to 2,000,000 (spread 0.0%)"
    assert notes({"A": OK, "B": OK}) == (f"sizes are comparable: {sizes}",)


def test_one_layout_alone_needs_no_note():
    assert notes({"A": OK}, seeds=[0]) == ()


def test_sizes_beyond_ten_percent_are_a_warning():
    found = notes({"A": OK, "B": replace(OK, macs=2_200_001)})
    assert said(found, "sizes differ by more than 10%").endswith("2,200,001 (spread 10.0%)")
    said(notes({"A": OK, "B": replace(OK, macs=2_199_999)}), "sizes are comparable")


def test_a_layout_without_macs_does_not_divide_by_zero():
    said(notes({"A": OK, "B": replace(OK, macs=0)}), "sizes differ")


def test_divergence_is_a_rate_with_its_exact_interval():
    lost = {0: TrialStatus.DIVERGED}
    note = said(notes({"A": OK, "B": replace(OK, lost=lost)}), "B: 1 of 6 trials diverged")
    # Clopper and Pearson 1934: 1 of 6 is .42 % to 64.1 %
    assert note.endswith("(17%, 95% interval 0% to 64%); its score is that of the others")


def test_a_layout_without_a_finished_trial_has_no_score_to_speak_of():
    lost = dict.fromkeys(range(6), TrialStatus.DIVERGED)
    note = said(notes({"A": OK, "B": replace(OK, lost=lost)}), "B: 6 of 6 trials diverged")
    assert note.endswith("(100%, 95% interval 54% to 100%)")


def test_failed_trials_are_not_called_diverged():
    found = notes({"A": OK, "B": replace(OK, lost={0: TrialStatus.FAILED})})
    said(found, "B: 1 of 6 trials failed")
    assert not any("diverged" in note for note in found)


def test_stopped_trials_are_said_and_paused_ones_are_unfinished():
    lost = {0: TrialStatus.STOPPED, 1: TrialStatus.STOPPED, 2: TrialStatus.PAUSED}
    found = notes({"A": OK, "B": replace(OK, lost=lost)})
    said(found, "B: 2 of 5 trials stopped; its score is that of the others")
    said(found, "1 of 12 trials unfinished")
    nothing = notes({"A": replace(OK, lost=dict.fromkeys(range(6), TrialStatus.STOPPED))})
    said(nothing, "no trial has finished")
    assert "A: 6 of 6 trials stopped" in nothing


def test_unfinished_trials_are_counted():
    lost = {0: TrialStatus.RUNNING, 1: TrialStatus.PLANNED, 2: TrialStatus.INTERRUPTED}
    found = notes({"A": OK, "B": replace(OK, lost=lost)})
    said(found, "3 of 12 trials unfinished: the ranking may change")


def test_trials_short_of_the_equal_loss_are_counted_by_layout():
    histories = list(study({"A": OK, "B": OK}, seeds=range(3)))
    for i, losses in ((3, [2.0, 1.5]), (4, [2.0, 1.5]), (5, [2.0, 1.7])):
        epochs = measured(histories[i].trial, losses=losses, accuracies=[0.4, 0.5])
        histories[i] = replace(histories[i], epochs=epochs)
    found = rank(histories, RankingSpec(), evaluation_images=599, seeds=(2, 3)).notes
    note = said(found, "1 of 6 trials never reached")
    assert "the equal probe loss of 1.5 nats and were not read there" in note
    assert note.endswith(": B 1")
    said(found, "B is read at the seeds before 2, the first that never reached the equal probe")
    everything = rank(histories, RankingSpec(), evaluation_images=599, seeds=(3, 3))
    assert everything.equal_loss == 1.7
    assert not any("never reached" in note for note in everything.notes)


def test_a_margin_finer_than_one_image_is_said():
    note = said(notes({"A": OK, "B": OK}, images=199), "less than one of the 199")
    assert note.startswith("the margin of 0.5 points")
    assert not any("less than one" in note for note in notes({"A": OK, "B": OK}, images=200))


def test_skewed_differences_are_said_with_the_remedy():
    clean = SyntheticLayout(accuracy=0.9, spread=0.0)
    histories = list(study({"A": clean, "B": clean}, seeds=range(12)))
    for i, dip in enumerate([0, 1, 2, 1, 0, 2, 1, 0, 2, 1, 0, 45]):
        last = histories[i].epochs[-1]
        low = replace(last, evaluation_accuracy=0.9 - dip / 1000)
        histories[i] = replace(histories[i], epochs=(*histories[i].epochs[:-1], low))
    found = rank(histories, ACCURACY, evaluation_images=599)
    note = said(found.notes, "skewed beyond what normal noise shows")
    assert "B and A (+" in note
    assert note.endswith("ask for ranking.alpha=0.003")
    strict = rank(histories, RankingSpec(metric="accuracy", alpha=0.003), evaluation_images=599)
    assert "ask for" not in said(strict.notes, "skewed beyond")


def test_every_equivalence_says_how_rare_a_mishap_it_may_have_missed():
    quiet = SyntheticLayout(accuracy=0.9, spread=0.0005)
    layouts = {"A": quiet, "B": quiet, "C": replace(quiet, accuracy=0.7)}
    ranking = rank(study(layouts, seeds=range(8)), ACCURACY, evaluation_images=10_000)
    (equal,) = [each for each in ranking.relations if each.symbol == "≈"]
    note = said(ranking.notes, "mishap")
    assert note.startswith(f"{equal.a} ≈ {equal.b}: no difference of the 8 paired seeds lies more")
    assert "larger mishaps strike 31.2% of seeds or more" in note  # 1 - 0.05^(1/8)
    named = float(note.split("more than ")[1].split(" points")[0])
    values = {
        label: [h.epochs[-1].evaluation_accuracy for h in study(layouts, seeds=range(8))[i : i + 8]]
        for label, i in (("A", 0), ("B", 8))
    }
    d = [100 * (a - b) for a, b in zip(values["A"], values["B"], strict=True)]
    furthest = max(abs(each - sum(d) / 8) for each in d)
    assert furthest <= named <= 7 / 8**0.5 * furthest
    assert "mishap" not in " ".join(notes({"A": OK, "B": replace(OK, accuracy=0.5)}))


def test_few_runs_say_that_one_may_have_collapsed():
    histories = list(study({"A": OK, "B": OK}, seeds=range(3), epochs=1))
    for i, end in enumerate([0.90, 0.93, 0.86, 0.90, 0.93, 0.84]):
        epochs = measured(histories[i].trial, losses=[0.1], accuracies=[end])
        histories[i] = replace(histories[i], epochs=epochs)
    found = rank(histories, ACCURACY, evaluation_images=599).notes
    note = said(found, "do not tell a collapse from noise, 8 mostly would")
    assert note.startswith("B: a run ended 6 points below the median of 3")
    # from eight runs on, who has collapsed is called so, and with fewer where it is plain
    wide = {"A": OK, "B": replace(OK, accuracy=0.7, spread=0.1)}
    said(notes(wide, seeds=range(7)), "B: a run ended")
    plain = {"A": OK, "B": replace(OK, spread=0.002, collapsed=frozenset({4}))}
    for found in (notes(wide, seeds=range(8)), notes(plain)):
        assert not any("tell a collapse" in note for note in found)


def test_noise_is_rarely_called_skewed():
    layouts = {"A": OK, "B": OK}
    called = sum(
        any("skewed" in note for note in rank(h, ACCURACY, evaluation_images=599).notes)
        for h in (study(layouts, seeds=range(8), epochs=1, seed=s) for s in range(60))
    )
    assert called <= 3


def test_the_placebo_gives_the_noise_floor():
    histories = with_twin(study({"A": OK, "B": OK}, seeds=range(6)), "A")
    ranking = rank(histories, ACCURACY, evaluation_images=599)
    note = said(ranking.notes, "noise floor")
    assert ranking.notes[0] == note
    assert "A" in note
    assert "A~twin" in note
    assert "the same network entered twice" in note
    assert "sd 0." in note
    assert [layout.label for layout in ranking.layouts if "twin" in layout.label] == []
    assert not any("twin" in relation.a + relation.b for relation in ranking.relations)


@pytest.mark.parametrize(("shift", "symbol"), [(0.02, ">"), (0.2, "≫"), (-0.02, ">")])
def test_a_failed_placebo_is_loud(shift, symbol):
    histories = with_twin(study({"A": OK, "B": OK}, seeds=range(6)), "A", shift=shift)
    ranking = rank(histories, ACCURACY, evaluation_images=10_000)
    assert ranking.placebo is not None
    assert ranking.placebo.symbol == symbol
    assert ranking.notes[0].startswith("PLACEBO FAILED: A")
    assert "not to be trusted" in ranking.notes[0]


def test_the_placebo_is_judged_alone_at_alpha():
    # the level of the pair does not depend on how many layouts the study compares
    found = {}
    for layouts in ({"A": OK, "B": OK}, dict.fromkeys("ABCDE", OK)):
        histories = with_twin(study(layouts, seeds=range(6), epochs=2), "A")
        placebo = rank(histories, ACCURACY, evaluation_images=599).placebo
        assert placebo is not None
        found[len(layouts)] = placebo.high - placebo.low
    assert found[2] == pytest.approx(found[5], rel=1e-9)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (TrialStatus.DIVERGED, "A~twin: 1 of 6 trials diverged"),
        (TrialStatus.RUNNING, "5 paired seeds where claims begin at 6 (1 unfinished)"),
    ],
)
def test_a_spoilt_or_unfinished_placebo_is_not_judged(status, words):
    histories = list(with_twin(study({"A": OK, "B": OK}, seeds=range(6)), "A", shift=0.2))
    histories[-1] = replace(histories[-1], status=status)
    ranking = rank(histories, ACCURACY, evaluation_images=599)
    assert words in said(ranking.notes, "not judged")
    assert "twin" not in ranking.order
    assert ranking.placebo is not None
    assert ranking.placebo.symbol == "?"


def test_noise_can_be_told_where_the_metric_cannot():
    overfit = replace(OK, gap=0.9)
    histories = with_twin(study({"A": overfit, "B": overfit}, seeds=range(6)), "A")
    ranking = rank(histories, RankingSpec(metric=Metric.CAPACITY), evaluation_images=599)
    assert ranking.order.count("|") == 1
    assert ranking.placebo is not None
    assert ranking.placebo.withheld == ""
    said(ranking.notes, "noise floor")


def test_without_a_twin_there_is_no_placebo():
    assert rank(study({"A": OK, "B": OK}), ACCURACY, evaluation_images=599).placebo is None
