"""The claims: hand-computed, through the certificate; its error rates are tested with it."""

import math

import numpy as np
import pytest

from nas.ranking import paired
from nas.ranking.paired import difference_floor, judge, pair_up, spread_floor
from nas.ranking.result import Symbol
from nas.ranking.statistics.certificate import Design
from nas.spec.study import RankingSpec, Until
from nas.study.records import TrialStatus

SPEC = RankingSpec()
MANY = 1_000_000  # evaluation images: the floor of the spread is out of the way


def relate(scores, spec, *, evaluation_images, seeds=None):
    """All relations of layouts given as score by seed; one look at all seeds there are."""
    statuses = {name: dict.fromkeys(found, TrialStatus.FINISHED) for name, found in scores.items()}
    design = Design.of(spec, seeds=seeds or (max(2, *map(len, scores.values())),) * 2)
    pairs = pair_up(scores, statuses, last=design.last)
    floor = difference_floor(evaluation_images)
    verdict = judge(pairs, design, floor=floor, until=Until.SETTLED)
    return paired.relate(pairs, verdict, design, until=Until.SETTLED, withheld={})


def pair(differences, *, images=MANY, spec=SPEC):
    """The relation of A to B, whose scores differ so by seed."""
    scores = {
        "A": {seed: 0.9 + d for seed, d in enumerate(differences)},
        "B": dict.fromkeys(range(len(differences)), 0.9),
    }
    return relate(scores, spec, evaluation_images=images)[0]


def test_better_by_hand():
    # mean 1.2 points, sd 0.2, se 0.11547; t(2; .975) = 4.30265
    relation = pair([0.010, 0.012, 0.014])
    assert (relation.a, relation.symbol, relation.b) == ("A", Symbol.BETTER, "B")
    assert relation.difference == pytest.approx(0.012)
    assert relation.low == pytest.approx(0.012 - 4.30265 * 0.0011547, abs=1e-7)
    assert relation.high == pytest.approx(0.012 + 4.30265 * 0.0011547, abs=1e-7)
    assert (relation.paired_seeds, relation.more_seeds) == (3, None)


def test_the_better_estimate_comes_first():
    relation = pair([-0.010, -0.012, -0.014])
    assert (relation.a, relation.symbol, relation.b) == ("B", Symbol.BETTER, "A")
    assert relation.difference == pytest.approx(0.012)
    assert relation.low == pytest.approx(0.012 - 4.30265 * 0.0011547, abs=1e-7)


def test_much_better_needs_the_whole_interval_above_the_large_margin():
    assert pair([0.060, 0.062, 0.064]).symbol is Symbol.MUCH_BETTER
    assert pair([0.052, 0.054, 0.056]).symbol is Symbol.BETTER


def test_a_certain_difference_below_the_margin_is_not_better():
    # significantly above 0, but the user would not care
    relation = pair([0.0030, 0.0031, 0.0032])
    assert relation.low is not None
    assert relation.low > 0
    assert relation.symbol is Symbol.EQUIVALENT


def test_equivalent_by_hand():
    # mean 0, se 0.0408 points: t = 0.5 / 0.0408 = 12.2 on 3 degrees of freedom
    assert pair([0.0, 0.001, -0.001, 0.0]).symbol is Symbol.EQUIVALENT
    assert pair([0.0, 0.008, -0.008, 0.0]).symbol is Symbol.UNDECIDED


def test_not_worse_by_hand():
    # mean 0.3, half-width 0.497: from -0.197 to 0.797 points; t = 0.2 / 0.1155 does not make ≈
    assert pair([0.001, 0.003, 0.005]).symbol is Symbol.NOT_WORSE


def test_one_seed_says_nothing():
    relation = pair([0.3])
    assert (relation.symbol, relation.paired_seeds) == (Symbol.UNDECIDED, 1)
    assert (relation.low, relation.high, relation.more_seeds) == (None, None, None)
    assert (relation.deviation, relation.skewness) == (None, None)


def test_before_the_first_look_nothing_is_said():
    scores = {"A": dict(enumerate([0.9, 0.91, 0.92])), "B": dict(enumerate([0.5, 0.51, 0.52]))}
    (relation,) = relate(scores, SPEC, evaluation_images=MANY, seeds=(4, 9))
    assert (relation.symbol, relation.paired_seeds) == (Symbol.UNDECIDED, 3)
    assert (relation.low, relation.high) == (None, None)


FINISHED, LOST, FAILED = TrialStatus.FINISHED, TrialStatus.DIVERGED, TrialStatus.FAILED
PLANNED, RUNNING = TrialStatus.PLANNED, TrialStatus.RUNNING


@pytest.mark.parametrize(
    ("a", "b", "paired_seeds"),
    [
        ([FINISHED] * 4, [FINISHED] * 4, [0, 1, 2, 3]),
        ([FINISHED] * 4, [FINISHED] * 3, [0, 1, 2]),
        # the seeds behind one that is still out might be there because they were the fast ones
        ([FINISHED] * 4, [FINISHED, RUNNING, FINISHED, FINISHED], [0]),
        ([PLANNED, *[FINISHED] * 3], [FINISHED] * 4, []),
        # what is over and has no score does not hold the others up
        ([FINISHED] * 4, [FINISHED, FAILED, FINISHED, FINISHED], [0, 2, 3]),
        ([FINISHED, LOST, FINISHED, FINISHED], [FINISHED] * 4, [0, 2, 3]),
    ],
)
def test_the_seeds_of_a_pair_are_a_prefix_of_one_order(a, b, paired_seeds):
    statuses = {"A": dict(enumerate(a)), "B": dict(enumerate(b))}
    step = {0: 0.01, 1: 0.02, 2: 0.04, 3: 0.08}
    scores = {
        name: {s: 0.5 + (step[s] if name == "A" else 0) for s in seeds if seeds[s] is FINISHED}
        for name, seeds in statuses.items()
    }
    pairs = pair_up(scores, statuses, last=4)
    assert pairs.n.tolist() == [len(paired_seeds)]
    found = pairs.differences[0, : len(paired_seeds)].tolist()
    assert found == pytest.approx([step[seed] for seed in paired_seeds])
    assert np.isnan(pairs.differences[0, len(paired_seeds) :]).all()


def test_a_seed_that_only_one_layout_has_ends_the_prefix():
    statuses = {"A": {0: FINISHED, 2: FINISHED}, "B": {0: FINISHED, 1: FINISHED, 2: FINISHED}}
    scores = {name: dict.fromkeys(seeds, 0.5) for name, seeds in statuses.items()}
    assert pair_up(scores, statuses, last=4).n.tolist() == [1]


def test_seeds_beyond_the_last_look_are_left_alone():
    scores = {"A": dict(enumerate([0.9, 0.9, 0.1])), "B": dict(enumerate([0.8, 0.8, 0.8]))}
    (relation,) = relate(scores, SPEC, evaluation_images=MANY, seeds=(2, 2))
    assert (relation.paired_seeds, relation.difference) == (2, pytest.approx(0.1))


def test_without_common_seeds_the_means_are_subtracted():
    scores = {"A": {0: 0.9, 1: 0.8}, "B": {2: 0.7}}
    (relation,) = relate(scores, SPEC, evaluation_images=MANY)
    assert relation.difference == pytest.approx(0.15)
    assert (relation.paired_seeds, relation.low) == (0, None)


def test_a_pair_left_out_claims_nothing_and_helps_no_other():
    # A against B is claimed only because Holm has done with the two certain pairs before it.
    scores = {
        "A": dict(enumerate([0.9000, 0.9001, 0.9002, 0.9003])),
        "B": dict(enumerate([0.8830, 0.8965, 0.8905, 0.8905])),
        "C": dict(enumerate([0.5000, 0.5004, 0.5001, 0.5003])),
    }
    statuses = {name: dict.fromkeys(found, FINISHED) for name, found in scores.items()}
    design = Design.of(SPEC, seeds=(4, 4))
    pairs = pair_up(scores, statuses, last=4)
    found = {}
    for excluded in ([], [1, 2]):
        verdict = judge(pairs, design, floor=1e-9, until=Until.SETTLED, excluded=excluded)
        found[len(excluded)] = paired.relate(
            pairs,
            verdict,
            design,
            until=Until.SETTLED,
            withheld=dict.fromkeys(excluded, "a reason"),
            excluded=excluded,
        )
    assert [r.symbol for r in found[0]] == [Symbol.BETTER, *[Symbol.MUCH_BETTER] * 2]
    assert [r.symbol for r in found[2]] == [Symbol.NOT_WORSE, *[Symbol.UNDECIDED] * 2] or [
        r.symbol for r in found[2]
    ] == [Symbol.UNDECIDED] * 3
    for relation in found[2][1:]:
        assert (relation.withheld, relation.low, relation.high) == ("a reason", None, None)
        assert relation.difference > 0.3


def test_deviation_and_skewness_are_of_the_differences_as_oriented():
    up, down = pair([0.0, 0.0, 0.0, 0.04]), pair([0.0, 0.0, 0.0, -0.04])
    assert up.deviation == down.deviation == pytest.approx(0.02)
    # g1 of three zeros and a one: 2 / sqrt(3)
    assert up.skewness == down.skewness == pytest.approx(2 / math.sqrt(3))
    assert pair([0.01, 0.01, 0.01]).skewness == 0.0
    assert pair([0.01, 0.02]).skewness is None


def test_one_layout_has_no_relation():
    assert relate({"A": {0: 0.9}}, SPEC, evaluation_images=10) == ()


def test_equal_counts_are_not_certainty():
    # Three differences of 0 over 100 images: se = sqrt(2) / 100 / sqrt(12) / sqrt(3) = 0.236 points
    relation = pair([0.0, 0.0, 0.0], images=100)
    assert relation.symbol is Symbol.UNDECIDED
    assert relation.high == pytest.approx(4.30265 * 0.0023570, abs=1e-6)
    assert relation.low == pytest.approx(-4.30265 * 0.0023570, abs=1e-6)


def test_equal_differences_are_not_certainty():
    relation = pair([0.01, 0.01, 0.01], images=100)
    assert relation.low is not None
    assert relation.low < 0
    assert relation.symbol is Symbol.NOT_WORSE


def test_the_floor_is_the_rounding_of_a_count():
    # one uniform on a width of 1/N
    assert spread_floor(599) == pytest.approx(math.sqrt((1 / 599) ** 2 / 12))
    with pytest.raises(ValueError, match="at least 1, not 0"):
        spread_floor(0)


def test_intervals_are_simultaneous_over_all_pairs():
    # Three layouts: t(3; 1 - .05 / 3 / 2) = 4.8567 instead of t(3; .975) = 3.1824
    scores = {
        "A": dict(enumerate([0.900, 0.902, 0.904, 0.906])),
        "B": dict.fromkeys(range(4), 0.9),
        "C": dict.fromkeys(range(4), 0.5),
    }
    relation = relate(scores, SPEC, evaluation_images=MANY)[0]
    se = np.std([0.0, 0.002, 0.004, 0.006], ddof=1) / 2
    assert relation.high == pytest.approx(0.003 + 4.8567 * se, rel=1e-4)


def test_more_seeds_is_the_least_that_lifts_the_interval_above_minus_the_margin():
    relation = pair([0.0, 0.02, -0.02, 0.0])
    assert relation.symbol is Symbol.UNDECIDED
    sd = np.std([0.0, 0.02, -0.02, 0.0], ddof=1)
    n = 4 + relation.more_seeds

    def half(n):
        from scipy.stats import t

        return t.ppf(0.975, n - 1) * sd / math.sqrt(n)

    assert half(n) < 0.005 <= half(n - 1)


def test_an_interval_stays_within_what_a_difference_can_be():
    wide = pair([0.1, -0.3])
    assert (wide.low, wide.high) == (-1.0, 1.0)


def test_hopeless_pairs_promise_no_seeds():
    assert pair([0.5, -0.5, 0.5, -0.5]).more_seeds is None


def test_holm_decides_what_bonferroni_does_not():
    # Of three pairs two are certain; the third has p = 0.038 <= alpha / 1, but not <= alpha / 3.
    scores = {
        "A": dict(enumerate([0.9000, 0.9001, 0.9002, 0.9003])),
        "B": dict(enumerate([0.8830, 0.8965, 0.8905, 0.8905])),
        "C": dict(enumerate([0.5000, 0.5004, 0.5001, 0.5003])),
    }
    relations = {(r.a, r.b): r for r in relate(scores, SPEC, evaluation_images=MANY)}
    claim = relations["A", "B"]
    assert claim.symbol is Symbol.BETTER
    assert claim.low is not None
    assert 0 < claim.low < 1e-9  # cut where the step-down was: Bonferroni's interval holds 0
    assert claim.interval == "(0.00, 2.33]"
    assert 0.03 < claim.p_adjusted <= SPEC.alpha
    alone = relate(scores, RankingSpec(correction="bonferroni"), evaluation_images=MANY)[0]
    assert (alone.symbol, alone.high) == (Symbol.NOT_WORSE, claim.high) or alone.low < -0.001
    assert alone.p_adjusted > SPEC.alpha
