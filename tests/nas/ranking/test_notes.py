"""The sentences beside a ranking: each appears when, and only when, its condition holds."""

from dataclasses import replace

from nas.ranking.relations import rank
from nas.ranking.synthetic import SyntheticLayout, measured, study
from nas.records import TrialStatus
from nas.spec import Metric, RankingSpec

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


def test_fewer_than_six_paired_seeds_are_preliminary():
    note = said(notes({"A": OK, "B": OK}, seeds=range(3)), "preliminary: 3 paired seeds")
    assert "assumes normal differences" in note


def test_one_layout_alone_needs_no_note():
    assert notes({"A": OK}, seeds=[0]) == ()


def test_layouts_without_shared_seeds_are_named():
    found = rank(
        [h for h in study({"A": OK, "B": OK}) if (h.trial.label == "A") == (h.trial.seed == 0)],
        ACCURACY,
        evaluation_images=599,
    ).notes
    said(found, "share 0 seeds: they cannot be compared")


def test_one_seed_for_all_is_one_note():
    found = notes({"A": OK, "B": OK, "C": OK}, seeds=[0])
    said(found, "no two layouts share two seeds")
    assert sum("share" in note for note in found) == 1


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


def test_unfinished_trials_are_counted():
    lost = {0: TrialStatus.RUNNING, 1: TrialStatus.PLANNED, 2: TrialStatus.INTERRUPTED}
    found = notes({"A": OK, "B": replace(OK, lost=lost)})
    said(found, "3 of 12 trials unfinished: the ranking may change")


def test_trials_short_of_the_equal_loss_are_counted_by_layout():
    histories = list(study({"A": OK, "B": OK}, seeds=range(3)))
    for i, losses in ((3, [2.0, 1.0]), (4, [2.0, 1.5]), (5, [2.0, 1.7])):
        epochs = measured(histories[i].trial, losses=losses, accuracies=[0.4, 0.5])
        histories[i] = replace(histories[i], epochs=epochs)
    found = rank(histories, RankingSpec(), evaluation_images=599).notes
    note = said(found, "never reached")
    assert note.startswith("1 of 6 trials never reached the equal training loss of 1.5 nats")
    assert note.endswith(": B 1")


def test_a_margin_finer_than_one_image_is_said():
    note = said(notes({"A": OK, "B": OK}, images=199), "less than one of the 199")
    assert note.startswith("the margin of 0.5 points")
    assert not any("less than one" in note for note in notes({"A": OK, "B": OK}, images=200))
