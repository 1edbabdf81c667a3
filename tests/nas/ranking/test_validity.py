"""Each regime: outside of it the ranking says so in words, and prints no symbol."""

from dataclasses import replace

import pytest

from nas.ranking.relations import rank
from nas.ranking.result import Symbol
from nas.ranking.validity import clopper_pearson, collapse
from nas.spec.study import Metric, RankingSpec
from nas.study.records import TrialStatus
from tests.nas.synthetic import SyntheticLayout, fine_tuned, measured, study

# Ten points apart with hardly any noise: whatever is compared comes out ≫.
BEST = SyntheticLayout(accuracy=0.95, spread=0.001, gap=0.05)
REST = {
    "B": SyntheticLayout(accuracy=0.80, spread=0.001, gap=0.05),
    "C": SyntheticLayout(accuracy=0.65, spread=0.001, gap=0.05),
}
ACCURACY = RankingSpec(metric=Metric.ACCURACY)
CAPACITY = RankingSpec(metric=Metric.CAPACITY)


def ranked(layouts, spec=ACCURACY, *, seeds=range(6), looks=(6, 6)):
    """The ranking of a made-up study."""
    histories = layouts if isinstance(layouts, (tuple, list)) else study(layouts, seeds=seeds)
    return rank(histories, spec, evaluation_images=10_000, seeds=looks)


def why(ranking, a, b):
    """The words in place of a claim about two layouts."""
    (relation,) = [r for r in ranking.relations if {r.a, r.b} == {a, b}]
    assert (relation.symbol is Symbol.UNDECIDED) or not relation.withheld
    return relation.withheld


def with_losses(histories, label, losses, *, seeds=None):
    """The histories with other probe losses, three epochs, for one layout."""
    return [
        replace(h, epochs=measured(h.trial, losses=losses, accuracies=[0.3, 0.5, 0.7]))
        if h.trial.label == label and (seeds is None or h.trial.seed in seeds)
        else h
        for h in histories
    ]


@pytest.mark.parametrize("metric", [Metric.ACCURACY, Metric.CAPACITY, Metric.GENERALIZATION])
def test_within_all_regimes_everything_is_claimed(metric):
    ranking = ranked({"A": BEST, **REST}, RankingSpec(metric=metric))
    assert ranking.order == "A ≫ B ≫ C"
    assert not any(relation.withheld for relation in ranking.relations)
    assert not any(layout.withheld for layout in ranking.layouts)


# Generalization: l* must be crossed.


def test_a_layout_that_begins_below_the_equal_loss_does_not_cross_it():
    histories = with_losses(study({"A": BEST, **REST}, seeds=range(6)), "B", [1.0, 0.9, 0.8])
    histories = with_losses(histories, "C", [0.5, 0.4, 0.3])
    ranking = ranked(histories, RankingSpec())
    assert ranking.equal_loss == 0.8
    by_name = {layout.label: layout for layout in ranking.layouts}
    words = "only 0 of 6 trials cross the equal probe loss of 0.8 nats (6 began below it)"
    assert by_name["C"].withheld == words
    assert (by_name["C"].low, by_name["C"].high) == (None, None)
    assert by_name["A"].withheld == by_name["B"].withheld == ""
    assert by_name["A"].low is not None
    assert why(ranking, "A", "C") == f"C: {words}"
    assert why(ranking, "A", "B") == ""
    assert {r.paired_seeds for r in ranking.relations if "C" in (r.a, r.b)} == {0}
    assert ranking.marks.count("|") >= 1
    assert any(note.startswith("6 of 18 trials began below the equal") for note in ranking.notes)
    assert any(note.startswith("listed by the nearest ends") for note in ranking.notes)


@pytest.mark.parametrize(("crossing", "withheld"), [(2, True), (5, True), (6, False)])
def test_every_seed_of_the_first_round_must_cross(crossing, withheld):
    histories = with_losses(study({"A": BEST, **REST}, seeds=range(6)), "B", [1.0, 0.9, 0.8])
    histories = with_losses(histories, "C", [0.5, 0.4, 0.3], seeds=range(crossing, 6))
    ranking = ranked(histories, RankingSpec())
    assert (why(ranking, "A", "C") != "") is withheld
    assert why(ranking, "A", "B") == ""
    if withheld:
        words = f"C: only {crossing} of 6 trials cross the equal probe loss of 0.8 nats"
        assert why(ranking, "A", "C") == f"{words} ({6 - crossing} began below it)"
        assert ranking.marks.count("|") == 1
        # of what is not a whole first round no interval holds
        assert all(r.low is None for r in ranking.relations if r.withheld)


@pytest.mark.parametrize(("begins", "crosses"), [(0.8, True), (0.79, False)])
def test_what_begins_a_little_below_does_not_cross(begins, crosses):
    histories = study({"A": BEST, **REST}, seeds=range(6))
    histories = with_losses(histories, "B", [1.0, 0.9, 0.8])
    near = ranked(with_losses(histories, "C", [begins, 0.4, 0.3], seeds=[3]), RankingSpec())
    assert (why(near, "A", "C") == "") is crosses


@pytest.mark.parametrize(("lowest", "read"), [(0.8, 20), (0.81, 6)])
def test_a_layout_is_read_up_to_the_added_seed_that_never_gets_so_low(lowest, read):
    # C sets l* = 0.8 in the first round, without any spread
    histories = study({"A": BEST, **REST}, seeds=range(20))
    histories = with_losses(histories, "C", [1.0, 0.9, 0.8], seeds=range(6))
    histories = with_losses(histories, "C", [1.0, 0.9, lowest], seeds=range(6, 20))
    ranking = ranked(histories, RankingSpec(), looks=(6, 20))
    assert ranking.equal_loss == 0.8
    assert why(ranking, "A", "C") == ""
    seeds = {frozenset((each.a, each.b)): each.paired_seeds for each in ranking.relations}
    assert (seeds[frozenset("AC")], seeds[frozenset("AB")]) == (read, 20)
    assert [each.seeds for each in ranking.layouts if each.label == "C"] == [read]
    # the claims are those of a study that had looked then
    then = ranked(
        [h for h in histories if h.trial.label != "C" or h.trial.seed < read],
        RankingSpec(),
        looks=(6, 20),
    )
    assert then.relations == ranking.relations
    notes = [note for note in ranking.notes if note.startswith("C is read at the seeds before 6")]
    assert len(notes) == (read == 6)


def test_a_run_that_went_astray_withholds_its_layout_and_moves_no_other():
    histories = study({"A": BEST, **REST}, seeds=range(6))
    untouched = ranked(histories, RankingSpec())
    astray = [
        replace(h, epochs=measured(h.trial, losses=[2.3, 2.3, 2.2], accuracies=[0.1, 0.1, 0.1]))
        if h.trial.label == "A" and h.trial.seed == 4
        else h
        for h in histories
    ]
    ranking = ranked(astray, RankingSpec())
    assert ranking.equal_loss == pytest.approx(untouched.equal_loss, rel=0.05)
    words = why(ranking, "A", "B")
    assert "A: 1 of 6 trials collapsed" in words
    assert "only 5 of 6 trials cross" in words
    assert "1 never got so low" in words
    assert ranking.order == "A | B ≫ C"


def test_a_run_that_ends_as_well_as_its_siblings_has_not_collapsed_on_the_way():
    histories = with_losses(study({"A": BEST, **REST}, seeds=range(6)), "B", [1.0, 0.9, 0.8])
    histories = with_losses(histories, "C", [1.0, 0.8, 0.3])
    dip = [0.3, 0.4, 0.7]  # ten points below its siblings at l*, as good at the end
    histories = [
        replace(h, epochs=measured(h.trial, losses=[1.0, 0.8, 0.3], accuracies=dip))
        if h.trial.label == "C" and h.trial.seed == 3
        else h
        for h in histories
    ]
    ranking = ranked(histories, RankingSpec())
    assert ranking.equal_loss == 0.8
    (c,) = [layout for layout in ranking.layouts if layout.label == "C"]
    assert c.score == pytest.approx((5 * 0.5 + 0.4) / 6)
    assert c.collapsed.count == 0


# Capacity: abundant data, equal optimisation steps.


def test_overfitting_withholds_capacity_and_nothing_else():
    layouts = {"A": replace(BEST, gap=0.4), **REST}
    ranking = ranked(layouts, CAPACITY)
    words = "overfits: loss gap 0.4 nats > 0.1: data is not abundant for it"
    assert ranking.layouts[0].withheld == words
    assert why(ranking, "A", "B") == f"A: {words}"
    assert why(ranking, "B", "C") == ""
    assert ranking.order == "A | B ≫ C"
    assert ranked(layouts, ACCURACY).order == "A ≫ B ≫ C"
    assert ranked(layouts, RankingSpec(metric="capacity", overfitting=0.5)).order == "A ≫ B ≫ C"


def with_gap_error(histories, error):
    """The histories of a study that recorded how far two sets of images differ by chance."""
    each = error / 2**0.5
    return [
        replace(
            h,
            epochs=tuple(
                replace(e, probe_loss_error=each, evaluation_loss_error=each) for e in h.epochs
            ),
        )
        for h in histories
    ]


@pytest.mark.parametrize("seeds", [6, 20])  # of the same images, which more seeds do not average
@pytest.mark.parametrize(("error", "withheld"), [(0.0145, True), (0.0147, False)])
def test_a_gap_within_its_error_is_no_overfitting(seeds, error, withheld):
    # 0.124 - 1.645 x 0.0146 = 0.1
    layouts = {"A": replace(BEST, gap=0.124), **REST}
    histories = with_gap_error(study(layouts, seeds=range(seeds)), error)
    ranking = ranked(histories, CAPACITY, looks=(seeds, seeds))
    words = (
        "overfits: loss gap 0.124 nats (standard error 0.015) > 0.1: data is not abundant for it"
    )
    assert ranking.layouts[0].withheld == (words if withheld else "")
    chance = "A: loss gap 0.124 nats (standard error 0.015) > 0.1 may be chance"
    assert any(note.startswith(chance) for note in ranking.notes) is not withheld
    assert not any("may be chance" in n for n in ranked(histories, ACCURACY).notes)


def test_an_error_that_one_run_lacks_is_not_made_up():
    histories = study({"A": replace(BEST, gap=0.124), **REST}, seeds=range(6))
    known = with_gap_error(histories, 0.5)
    ranking = ranked([histories[0], *known[1:]], CAPACITY)
    assert ranking.layouts[0].withheld.startswith("overfits: loss gap 0.124 nats > 0.1")


def test_endless_data_cannot_be_overfitted():
    histories = study({"A": replace(BEST, gap=0.4), **REST}, seeds=range(6))
    for known, of in ((histories, ""), (with_gap_error(histories, 0.05), " (standard error 0.05)")):
        ranking = rank(known, CAPACITY, evaluation_images=10_000, seeds=(6, 6), endless=True)
        assert ranking.order == "A ≫ B ≫ C"
        (note,) = [note for note in ranking.notes if "loss gap" in note]
        assert note.startswith(f"A: loss gap 0.4 nats{of} > 0.1 parts two sets of images")


def test_unequal_optimisation_steps_withhold_capacity():
    histories = [
        replace(h, epochs=tuple(replace(e, step=2 * e.step) for e in h.epochs))
        if h.trial.label == "A"
        else h
        for h in study({"A": BEST, **REST}, seeds=range(6))
    ]
    ranking = ranked(histories, CAPACITY)
    assert why(ranking, "A", "B") == "optimisation steps differ: 150 to 300"
    assert ranking.order == "A | B ≫ C"
    assert ranked(histories, ACCURACY).order == "A ≫ B ≫ C"


# Sizes.


@pytest.mark.parametrize("metric", [m for m in Metric if m is not Metric.ACCURACY])
def test_unmatched_sizes_withhold_the_pairs_beyond_the_tolerance(metric):
    layouts = {"A": replace(BEST, macs=2_500_000, parameters=170_000), **REST}
    histories = fine_tuned(study(layouts, seeds=range(6)))
    ranking = ranked(histories, RankingSpec(metric=metric))
    words = "sizes differ, parameters by 13.3% and MACs by 25.0%, where 10% is tolerated"
    assert why(ranking, "A", "B") == why(ranking, "A", "C") == words
    assert ranking.order == "A | B ≫ C"
    assert any("pairs beyond it are not compared" in note for note in ranking.notes)
    for tolerant in (RankingSpec(metric=metric, size_tolerance=None), ACCURACY):
        found = ranked(histories, tolerant)
        assert found.order == "A ≫ B ≫ C"
        assert any("the ranking mixes them with layout" in note for note in found.notes)


def test_sizes_are_judged_where_networks_were_trained_not_where_they_are_fine_tuned():
    spec = RankingSpec(metric=Metric.TRANSFER)
    histories = study({"A": replace(BEST, macs=2_020_000), **REST}, seeds=range(6))
    larger = {"A": 6_000_000, "B": 8_000_000, "C": 8_000_000}
    ranking = ranked(fine_tuned(histories, macs=larger), spec)
    assert ranking.order == "A ≫ B ≫ C"
    best = ranking.layouts[0]
    assert (best.macs, best.trained_macs, best.judged_macs) == (6_000_000, 2_020_000, 2_020_000)
    (note,) = [note for note in ranking.notes if note.startswith("sizes")]
    assert note.startswith("sizes are comparable")
    assert "MACs 2,000,000 to 2,020,000 (spread 1.0%) as trained" in note
    assert "fine-tuned, MACs are 6,000,000 to 8,000,000 (spread 33.3%)" in note


def test_networks_of_other_sizes_are_not_compared_though_fine_tuning_makes_them_alike():
    spec = RankingSpec(metric=Metric.TRANSFER)
    histories = study({"A": replace(BEST, macs=2_500_000), **REST}, seeds=range(6))
    ranking = ranked(fine_tuned(histories, macs={"A": 8_000_000, "B": 8_000_000}), spec)
    assert why(ranking, "A", "B") == (
        "sizes differ, MACs by 25.0% as trained (0.0% as fine-tuned), where 10% is tolerated"
    )
    assert [layout.trained_macs for layout in ranking.layouts] == [2_500_000, 2_000_000, None]
    assert ranking.order == "A | B ≫ C"


def test_the_tolerance_is_met_when_not_exceeded():
    layouts = {"A": replace(BEST, parameters=200_000), "B": replace(REST["B"], parameters=250_000)}
    assert ranked(layouts, RankingSpec(size_tolerance=0.25)).order == "A ≫ B"
    assert ranked(layouts, RankingSpec(size_tolerance=0.249)).order == "A | B"


# Lost and spoilt runs.


def test_a_diverged_trial_withholds_its_layouts_pairs_in_words():
    layouts = {**REST, "A": replace(BEST, lost={5: TrialStatus.DIVERGED})}
    ranking = ranked(layouts, looks=(5, 6))
    words = "A: 1 of 6 trials diverged (17%, 95% interval 0% to 64%)"
    assert why(ranking, "A", "B") == why(ranking, "A", "C") == words
    assert ranking.order == "A | B ≫ C"
    # of what was not a fair draw no interval holds
    assert all(r.low is None for r in ranking.relations if r.withheld)
    assert (ranking.layouts[0].diverged.count, ranking.layouts[0].seeds) == (1, 5)


def test_a_failed_trial_is_dropped_from_its_pairs():
    layouts = {"A": replace(BEST, lost={2: TrialStatus.FAILED}), **REST}
    ranking = ranked(layouts, seeds=range(7), looks=(6, 7))
    assert ranking.order == "A ≫ B ≫ C"
    assert [relation.paired_seeds for relation in ranking.relations] == [6, 6, 7]
    assert ranking.layouts[0].failed == 1


def test_what_the_search_stopped_withholds_its_layout_and_is_never_ranked_as_finished():
    """Seeds that are left after a selection by score are the best of them."""
    stopped = {0: TrialStatus.STOPPED, 3: TrialStatus.STOPPED}
    ranking = ranked({"A": replace(BEST, lost=stopped), **REST})
    (best,) = [layout for layout in ranking.layouts if layout.label == "A"]
    assert (best.seeds, best.stopped, best.failed) == (4, 2, 0)
    assert why(ranking, "A", "B") == (
        "A: 2 of 6 trials were stopped: the others are the best of them"
    )
    assert why(ranking, "B", "C") == ""
    gone = ranked({"A": replace(BEST, lost=dict.fromkeys(range(6), TrialStatus.STOPPED)), **REST})
    assert [layout.label for layout in gone.layouts] == ["B", "C"]


def test_a_paused_trial_is_never_ranked_as_finished():
    paused = dict.fromkeys(range(4, 6), TrialStatus.PAUSED)
    ranking = ranked({"A": replace(BEST, lost=paused), **REST})
    (best,) = [layout for layout in ranking.layouts if layout.label == "A"]
    assert best.seeds == 4
    assert "4 paired seeds where claims begin at 6 (2 unfinished)" in why(ranking, "A", "B")


def test_a_collapsed_run_is_counted_kept_and_withholds():
    layouts = {"A": replace(BEST, collapsed=frozenset({4})), **REST}
    ranking = ranked(layouts)
    best = ranking.layouts[0]
    assert (best.collapsed.count, best.collapsed.of, best.diverged.count) == (1, 6, 0)
    assert best.score == pytest.approx(0.95 - 0.3 / 6, abs=0.002)
    assert why(ranking, "A", "B") == "A: 1 of 6 trials collapsed (17%, 95% interval 0% to 64%)"
    assert ranking.order == "A | B ≫ C"


@pytest.mark.parametrize(
    ("values", "count"),
    [
        ([0.90, 0.91, 0.90, 0.91, 0.90, 0.80], 1),
        ([0.90, 0.91, 0.90, 0.91, 0.90, 0.90], 0),
        # less than the large margin below: no user would call it collapsed
        ([0.90, 0.90, 0.90, 0.90, 0.90, 0.86], 0),
        # a layout of which every run differs so much has not collapsed, it is noisy
        ([0.90, 0.80, 0.70, 0.60, 0.85, 0.50], 0),
        # far above is no collapse
        ([0.50, 0.51, 0.50, 0.51, 0.50, 0.90], 0),
        ([0.9, 0.1], 0),
        ([0.9], 0),
    ],
)
def test_what_counts_as_collapsed(values, count):
    rate = collapse(values, large_margin=0.05)
    assert (rate.count, rate.of) == (count, len(values))


def test_three_runs_do_not_tell_a_collapse_from_noise():
    # C-C-C-C of the quickstart at equal loss: two of its three runs happen to agree
    assert collapse([0.8316, 0.7228, 0.8269], large_margin=0.05).count == 0


def ends(label, by_seed):
    """Histories of one label that pass a loss of 0.5 at one accuracy and end at another."""
    return [
        replace(h, epochs=measured(h.trial, losses=[1.9, 0.5, 0.1], accuracies=[0.3, *by_seed[i]]))
        for i, h in enumerate(study({label: BEST}, seeds=range(len(by_seed)), epochs=3))
    ]


def with_ends(low):
    """Eight runs of A, one of them another, beside B, which gets no lower than 0.5 nats."""
    usual = [(0.80 + 0.001 * (i % 3), 0.96 + 0.001 * (i % 2)) for i in range(7)]
    slow = study({"B": BEST}, seeds=range(8), epochs=3)
    return [
        *ends("A", [*usual, low]),
        *with_losses(slow, "B", [1.0, 0.8, 0.5]),
    ]


@pytest.mark.parametrize(
    ("low", "count"),
    [
        ((0.60, 0.961), 0),  # far below where it passes l*, and no worse in the end
        ((0.801, 0.60), 1),  # the other way round
    ],
)
def test_collapsed_is_who_ends_far_below_whatever_the_metric_reads(low, count):
    ranking = ranked(with_ends(low), RankingSpec(), looks=(8, 8))
    (a,) = [layout for layout in ranking.layouts if layout.label == "A"]
    assert ranking.equal_loss == 0.5
    assert a.score == pytest.approx((7 * 0.8009 + low[0]) / 8, abs=0.001)
    assert (a.collapsed.count, a.collapsed.of) == (count, 8)


def test_few_images_make_no_certainty_of_equal_runs():
    # of 100 images two runs come out equal by rounding, and a third ten lower
    histories = [
        replace(h, epochs=measured(h.trial, losses=[0.1], accuracies=[(0.9, 0.9, 0.8)[i % 3]]))
        for i, h in enumerate(study({"A": BEST, "B": BEST}, seeds=range(3), epochs=1))
    ]
    few, many = (
        rank(histories, ACCURACY, evaluation_images=images, seeds=(3, 3)).layouts[0].collapsed
        for images in (100, 10_000)
    )
    assert (few.count, many.count) == (0, 1)


def test_rates_have_exact_intervals():
    # Clopper and Pearson 1934: 1 of 6
    rate = clopper_pearson(1, 6)
    assert (rate.low, rate.high) == pytest.approx((0.004211, 0.641235), abs=1e-6)
    assert (clopper_pearson(0, 0).low, clopper_pearson(0, 0).high) == (0.0, 1.0)


# Too few seeds.


def test_before_the_first_look_the_pair_says_how_many_seeds_it_has():
    running = {4: TrialStatus.RUNNING, 5: TrialStatus.PLANNED}
    ranking = ranked({"A": replace(BEST, lost=running), **REST})
    assert why(ranking, "A", "B") == "4 paired seeds where claims begin at 6 (2 unfinished)"
    assert why(ranking, "B", "C") == ""
    assert ranking.order == "A | B ≫ C"


def test_a_fixed_number_of_seeds_less_a_failure_is_judged_at_what_is_left():
    failed = {"A": replace(BEST, lost={1: TrialStatus.FAILED}), **REST}
    ranking = ranked(failed)
    assert ranking.order == "A ≫ B ≫ C"
    assert [relation.paired_seeds for relation in ranking.relations] == [5, 5, 6]
    # as if five seeds had been planned
    five = ranked([h for h in study(failed, seeds=range(6)) if h.trial.seed != 1], looks=(5, 5))
    assert five.relations[0].low == pytest.approx(ranking.relations[0].low, abs=1e-12)
    assert ranking.preliminary.startswith("preliminary: 5 paired seeds where 6 make")


def test_while_anything_is_to_come_a_failure_leaves_too_few():
    lost = {1: TrialStatus.FAILED, 5: TrialStatus.RUNNING}
    ranking = ranked({"A": replace(BEST, lost=lost), **REST})
    words = "4 paired seeds where claims begin at 6 (1 failed, 1 unfinished)"
    assert why(ranking, "A", "B") == words
    five = [h for h in study({"A": BEST, **REST}, seeds=range(6)) if h.trial.seed < 5]
    assert why(ranked(five), "A", "B") == "5 paired seeds where claims begin at 6"


def test_where_seeds_are_added_a_failure_leaves_too_few():
    failed = {"A": replace(BEST, lost={1: TrialStatus.FAILED}), **REST}
    ranking = ranked(failed, looks=(6, 20))
    assert why(ranking, "A", "B") == "5 paired seeds where claims begin at 6 (1 failed)"


def test_where_seeds_could_be_added_failures_leave_too_few_to_the_last():
    failed = {"A": replace(BEST, lost=dict.fromkeys((1, 2), TrialStatus.FAILED)), **REST}
    ranking = ranked(failed, seeds=range(4), looks=(3, 4))
    assert why(ranking, "A", "B") == "2 paired seeds where claims begin at 3 (2 failed)"
    assert why(ranking, "B", "C") == ""


def test_of_one_seed_nothing_is_claimed():
    ranking = ranked({"A": BEST, **REST}, seeds=[0], looks=(1, 1))
    assert ranking.order == "A | B | C"
    assert why(ranking, "A", "B") == "1 paired seed where claims begin at 2"
    assert "of one seed nothing is claimed" in ranking.preliminary


@pytest.mark.parametrize(
    ("looks", "is_preliminary"), [((3, 3), True), ((5, 20), True), ((6, 6), False)]
)
def test_fewer_than_six_seeds_make_no_certificate(looks, is_preliminary):
    found = ranked({"A": BEST, **REST}, looks=looks).preliminary
    assert bool(found) is is_preliminary
    if is_preliminary:
        assert found.startswith(f"preliminary: {looks[0]} paired seeds where 6 make a certificate")
        assert "assumes normal differences" in found


def test_several_reasons_are_all_said():
    layouts = {
        "A": replace(BEST, gap=0.4, macs=3_000_000, lost={5: TrialStatus.DIVERGED}),
        "B": replace(REST["B"], gap=0.3),
    }
    words = why(ranked(layouts, CAPACITY), "A", "B")
    assert [
        part in words for part in ("A: 1 of 6", "overfits: loss gap 0.4", "B: overfits", "MACs")
    ] == [True] * 4
