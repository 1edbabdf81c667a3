"""The claims: hand-computed, and their error rates over simulated studies with fixed seeds."""

import math

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from nas.ranking.paired import _holm, relate, spread_floor
from nas.ranking.result import Symbol
from nas.spec import RankingSpec

SPEC = RankingSpec()
MANY = 1_000_000  # evaluation images: the floor of the spread is out of the way
BETTER = (Symbol.BETTER, Symbol.MUCH_BETTER)


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
    assert (relation.pairs, relation.more_seeds) == (3, None)


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


@pytest.mark.parametrize("differences", [[], [0.3]])
def test_fewer_than_two_pairs_say_nothing(differences):
    relation = pair([*differences]) if differences else unpaired()
    assert relation.symbol is Symbol.UNDECIDED
    assert (relation.low, relation.high, relation.more_seeds) == (None, None, None)
    assert relation.pairs == len(differences)


def unpaired():
    """A and B without a common seed."""
    scores = {"A": {0: 0.9, 1: 0.8}, "B": {2: 0.7}}
    return relate(scores, SPEC, evaluation_images=MANY)[0]


def test_without_common_seeds_the_means_are_subtracted():
    assert unpaired().difference == pytest.approx(0.15)


def test_seeds_are_paired_by_number():
    scores = {"A": {0: 0.91, 1: 0.81, 7: 0.1}, "B": {1: 0.80, 0: 0.90, 5: 0.99}}
    relation = relate(scores, SPEC, evaluation_images=MANY)[0]
    assert relation.pairs == 2
    assert relation.difference == pytest.approx(0.01)


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


def test_more_seeds_than_quantiles_are_kept_for_still_give_an_interval():
    relation = pair([0.01, 0.02] * 600)
    assert relation.symbol is Symbol.BETTER


def test_holm_agrees_with_statsmodels():
    random = np.random.default_rng(0)
    decided = []
    for m in (1, 2, 3, 6, 10, 10, 10, 15):
        p = random.uniform(0.0, 1.0, m) ** 4
        decided += _holm(p, 0.1).tolist()
        assert _holm(p, 0.1).tolist() == multipletests(p, alpha=0.1, method="holm")[0].tolist()
    assert {True, False} == set(decided)


def test_holm_stops_at_the_first_that_fails():
    # .04 > .05 / 2 fails, so .045 <= .05 / 1 does not count either
    assert _holm(np.array([0.045, 0.001, 0.04]), 0.05).tolist() == [False, True, False]


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
    assert claim.low < 0


def studies(means, sds, *, seeds, studies, seed, size=MANY):
    """Yield the relations of simulated studies with normal scores."""
    random = np.random.default_rng(seed)
    shape = (studies, len(means), seeds)
    draws = 0.9 + np.array(means)[:, None] + np.array(sds)[:, None] * random.standard_normal(shape)
    for draw in draws:
        scores = {"ABCDE"[i]: dict(enumerate(row)) for i, row in enumerate(draw.tolist())}
        yield relate(scores, SPEC, evaluation_images=size)


def share(relations_of_studies, claim):
    """The share of studies with any relation for which `claim` holds."""
    return float(np.mean([any(map(claim, relations)) for relations in relations_of_studies]))


def bound(studies):
    """5 % and two standard errors of the simulation."""
    return 0.05 + 2 * math.sqrt(0.05 * 0.95 / studies)


EQUAL = [0.0] * 5


# sd 1 point: at smaller noise the demand |estimate| >= margin alone refuses most false claims.
@pytest.mark.parametrize(
    "sds", [[0.01] * 5, [0.001, 0.003, 0.01, 0.03, 0.09]], ids=["equal", "unequal-90x"]
)
def test_equal_layouts_are_rarely_called_better(sds):
    n = 2000
    wrong = share(studies(EQUAL, sds, seeds=6, studies=n, seed=1), lambda r: r.symbol in BETTER)
    assert wrong <= bound(n)
    # the noise is large enough that uncorrected tests would have erred in 15 to 32 % of studies
    assert wrong > 0.01


def test_layouts_a_margin_apart_are_rarely_called_equivalent():
    n, means = 1500, dict(zip("ABCDE", [0.005, 0.005, 0.0, 0.0, -0.005], strict=True))

    def wrong(relation):
        apart = abs(means[relation.a] - means[relation.b])
        return relation.symbol is Symbol.EQUIVALENT and apart >= 0.005

    found = share(studies(list(means.values()), [0.001] * 5, seeds=8, studies=n, seed=2), wrong)
    assert 0.01 < found <= bound(n)


def test_much_better_is_rarely_said_of_a_gap_of_the_large_margin():
    n = 1500
    means = [0.05, 0.0, 0.0, 0.0, 0.0]
    wrong = share(
        studies(means, [0.005] * 5, seeds=6, studies=n, seed=3),
        lambda r: r.symbol is Symbol.MUCH_BETTER,
    )
    assert wrong <= bound(n)


def test_intervals_cover_all_true_differences_together():
    n, means = 1000, dict(zip("ABCDE", [0.03, 0.02, 0.01, 0.0, 0.0], strict=True))

    def misses(relation):
        return not relation.low <= means[relation.a] - means[relation.b] <= relation.high

    assert share(studies(list(means.values()), [0.01] * 5, seeds=4, studies=n, seed=4), misses) <= (
        bound(n)
    )


def test_a_gap_of_two_points_is_seen():
    found = studies([0.02, 0.0, 0.0, 0.0, 0.0], [0.003] * 5, seeds=6, studies=100, seed=5)
    seen = share(found, lambda r: {r.a, r.b} == {"A", "B"} and r.symbol is Symbol.BETTER)
    assert seen >= 0.95


def test_equal_layouts_with_little_noise_are_called_equivalent():
    found = list(studies(EQUAL, [0.001] * 5, seeds=8, studies=100, seed=6))
    symbols = [relation.symbol for relations in found for relation in relations]
    assert symbols.count(Symbol.EQUIVALENT) / len(symbols) >= 0.95
