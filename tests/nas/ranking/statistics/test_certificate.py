"""One study at a time: what is claimed of given differences, and on what grounds."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from nas.ranking.result import Symbol
from nas.ranking.statistics.certificate import (
    KEPT,
    SYMBOLS,
    Design,
    look,
    read,
)
from nas.ranking.statistics.levels import levels
from nas.ranking.statistics.stepdown import LARGE_SHARE, holm
from nas.spec.study import Correction, RankingSpec, Until


def design(first=6, last=20, **changes):
    values = {
        "alpha": 0.05,
        "margin": 0.005,
        "large_margin": 0.05,
        "correction": Correction.HOLM,
    } | changes
    return Design(first=first, last=last, **values)


def noisy(means, sd=0.003, *, last=20, seed=0):
    noise = np.random.default_rng(seed).standard_normal((len(means), last))
    return np.array(means)[:, None] + sd * noise


def symbols(d, n, plan, until=Until.SETTLED, **options):
    verdict = read(look(d, plan, **options), np.asarray(n), plan, until=until)
    return [SYMBOLS[code] for code in verdict.symbol]


def test_a_design_of_a_spec():
    spec = RankingSpec(alpha=0.01, margin=0.01, correction=Correction.BONFERRONI)
    assert Design.of(spec, seeds=(3, 9)) == design(
        3, 9, alpha=0.01, margin=0.01, correction=Correction.BONFERRONI
    )


@pytest.mark.parametrize(
    "changes", [{"first": 1}, {"last": 5}, {"alpha": 0.5}, {"margin": 0.0}, {"margin": 0.06}]
)
def test_designs_without_sense_are_refused(changes):
    with pytest.raises(ValueError, match=r"needs|must be|need"):
        design(**changes)


def test_one_look_is_the_paired_t_test_with_shaffers_divisors():
    """Scipy's test, and a step-down written out, over studies in which some layouts differ."""
    plan = design(8, 8, margin=1e-9, large_margin=1e6)  # only the test decides, and never `≫`
    random = np.random.default_rng(1)
    found, holms = 0, 0
    for _ in range(60):
        scores = random.standard_normal((4, 8)) + random.choice([0.0, 1.5], (4, 1))
        a, b = scores[[0, 0, 0, 1, 1, 2]], scores[[1, 2, 3, 2, 3, 3]]
        p = stats.ttest_rel(a, b, axis=1).pvalue
        assert look(a - b, plan).differs[:, -1] == pytest.approx(p)
        rejected = np.zeros(6, dtype=bool)
        for pair, equal in zip(np.argsort(p), (6, 3, 3, 3, 2, 1), strict=True):
            if p[pair] > 0.05 / (equal + LARGE_SHARE * (6 - equal)):
                break
            rejected[pair] = True
        claimed = [each is Symbol.BETTER for each in symbols(a - b, [8] * 6, plan)]
        assert claimed == rejected.tolist()
        found, holms = found + rejected.sum(), holms + (holm(p) <= 0.05).sum()
    assert found > holms


def test_one_look_at_equivalence_has_the_step_down_of_statsmodels():
    plan = design(10, 10, margin=0.5, large_margin=5.0)
    random = np.random.default_rng(5)
    for _ in range(8):  # statsmodels is slow
        d = random.standard_normal((5, 10)) * 0.4 + random.choice([0.0, 0.3], (5, 1))
        above = stats.ttest_1samp(d, -0.5, axis=1, alternative="greater").pvalue
        below = stats.ttest_1samp(d, 0.5, axis=1, alternative="less").pvalue
        rejected = multipletests(np.maximum(above, below), alpha=0.05, method="holm")[0]
        found = symbols(d, [10] * 5, plan)
        strong = (Symbol.BETTER, Symbol.MUCH_BETTER)
        for symbol, each in zip(found, rejected, strict=True):
            assert symbol in strong or (symbol is Symbol.EQUIVALENT) == each


def test_one_look_at_equivalence_is_two_one_sided_tests():
    plan = design(10, 10, margin=0.5, large_margin=5.0)
    d = np.random.default_rng(2).standard_normal((5, 10)) * 0.4
    above = stats.ttest_1samp(d, -0.5, axis=1, alternative="greater").pvalue
    below = stats.ttest_1samp(d, 0.5, axis=1, alternative="less").pvalue
    assert look(d, plan).equal[:, -1] == pytest.approx(np.minimum(np.maximum(above, below), 0.5))


def test_one_look_has_the_t_interval_at_bonferroni():
    plan = design(7, 7)
    d = noisy([0.0, 0.01, 0.02], last=7)
    looks = look(d, plan)
    for pair, each in enumerate(d):
        interval = stats.ttest_1samp(each, 0.0).confidence_interval(1 - 0.05 / 3)
        assert (looks.low[pair, -1], looks.high[pair, -1]) == pytest.approx(tuple(interval))


def test_many_looks_intersect_wider_intervals():
    plan = design()
    d = noisy([0.01, 0.0])
    level = levels(6, 20).nominal(KEPT * 0.05 / 2)
    low = -np.inf
    for n in range(6, 21):
        each = d[0, :n]
        half = stats.t.isf(level / 2, n - 1) * each.std(ddof=1) / np.sqrt(n)
        low = max(low, each.mean() - half)
        assert look(d, plan).low[0, n - 1] == pytest.approx(low)


def test_running_p_values_are_corrected_for_all_looks():
    plan = design()
    d = noisy([0.002])
    p = min(stats.ttest_1samp(d[0, :n], 0.0).pvalue for n in range(6, 21))
    found = look(d, plan).differs[0, -1]
    assert found == pytest.approx(float(levels(6, 20).overall(np.array(p))))
    assert found > p


@pytest.mark.parametrize("correction", Correction)
def test_each_symbol_is_found_where_it_is_true(correction):
    d = noisy([0.08, 0.01, 0.0, -0.03, -0.09], sd=0.002)
    found = symbols(d, [20] * 5, design(correction=correction))
    assert found == [
        Symbol.MUCH_BETTER,
        Symbol.BETTER,
        Symbol.EQUIVALENT,
        Symbol.BETTER,
        Symbol.MUCH_BETTER,
    ]


def test_not_worse_and_undecided():
    d = noisy([0.004, 0.0], sd=0.004)
    d[1] *= 5
    plan = design()
    verdict = read(look(d, plan), np.array([20, 20]), plan, until=Until.SETTLED)
    assert [SYMBOLS[code] for code in verdict.symbol] == [Symbol.NOT_WORSE, Symbol.UNDECIDED]
    assert verdict.low[0] > -plan.margin
    assert verdict.low[1] < -plan.margin


def test_a_small_difference_that_is_surely_there_is_not_better():
    """`>` asks for an estimate of at least the margin."""
    d = noisy([0.003], sd=0.0005)
    assert look(d, design()).differs[0, -1] < 1e-6
    assert symbols(d, [20], design()) == [Symbol.EQUIVALENT]


@pytest.mark.parametrize("n", [0, 1, 5])
def test_before_the_first_look_nothing_is_said(n):
    plan = design()
    verdict = read(look(noisy([0.2]), plan), np.array([n]), plan, until=Until.SETTLED)
    assert SYMBOLS[verdict.symbol[0]] is Symbol.UNDECIDED
    assert (verdict.low[0], verdict.high[0]) == (-np.inf, np.inf)
    assert verdict.open[0]
    assert verdict.chance[0] == 1.0
    assert np.isnan(verdict.mean[0]) == (n == 0)
    assert np.isnan(verdict.sd[0]) == (n < 2)


def test_what_is_claimed_rests_on_the_prefix_alone():
    """Runs that are not there yet change nothing, whether missing or of any value."""
    plan = design()
    d = noisy([0.006, 0.0, 0.02], sd=0.006)
    n = np.array([9, 12, 7])
    cut = np.where(np.arange(20) < n[:, None], d, np.nan)
    wild = np.where(np.arange(20) < n[:, None], d, 7.0)
    verdicts = [read(look(each, plan), n, plan, until=Until.SHARP) for each in (d, cut, wild)]
    for field in ("mean", "sd", "low", "high", "symbol", "chance", "open"):
        first, *others = (getattr(each, field) for each in verdicts)
        for other in others:
            np.testing.assert_array_equal(first, other)


def test_leading_axes_are_studies():
    plan = design()
    d = np.stack([noisy([0.006, 0.0, 0.02], seed=seed) for seed in range(4)])
    n = np.full((4, 3), 11)
    together = read(look(d, plan), n, plan, until=Until.SHARP)
    for study in range(4):
        alone = read(look(d[study], plan), n[study], plan, until=Until.SHARP)
        np.testing.assert_array_equal(together.symbol[study], alone.symbol)
        np.testing.assert_array_equal(together.chance[study], alone.chance)


def test_the_floor_keeps_equal_counts_from_being_certainty():
    plan = design()
    d = np.full((1, 20), 0.006)
    assert symbols(d, [20], plan) == [Symbol.BETTER]  # no spread at all
    assert symbols(d, [20], plan, floor=0.01) != [Symbol.BETTER]
    assert look(d, plan, floor=0.01).sd[0, -1] == 0.01
    assert symbols(np.zeros((1, 20)), [20], plan) == [Symbol.EQUIVALENT]


def test_looks_that_contradict_each_other_claim_nothing():
    """Ten tight runs at 20 points, then ten around zero: no intersection is left."""
    d = np.concatenate([noisy([0.2], sd=1e-4)[:, :10], noisy([0.0], sd=1e-4)[:, :10]], axis=1)
    d[0, 10:] -= 0.2
    plan = design()
    looks = look(d, plan)
    looks.low[0, -1] = looks.high[0, -1] + 0.01  # t intervals that wide rarely come apart
    verdict = read(looks, np.array([20]), plan, until=Until.SETTLED)
    assert SYMBOLS[verdict.symbol[0]] is Symbol.UNDECIDED
    assert verdict.low[0] < verdict.high[0]
    assert not verdict.open[0]  # there is no look after the last


def test_pairs_can_be_corrected_for_when_they_are_not_there():
    plan = design()
    d = noisy([0.01])
    both = look(np.concatenate([d, d]), plan)
    assert look(d, plan, pairs=2).low[0] == pytest.approx(both.low[0])
    assert look(d, plan).low[0, -1] > both.low[0, -1]


def test_differences_must_have_a_place_for_every_look():
    with pytest.raises(ValueError, match="20 seeds"):
        look(np.zeros((3, 19)), design())


def test_holm_is_that_of_statsmodels():
    p = np.random.default_rng(0).random((12, 25)) ** 8
    p[0] = 0.05
    expected = [multipletests(each, alpha=0.05, method="holm")[0] for each in p]
    np.testing.assert_array_equal(holm(p) <= 0.05, expected)


def test_holm_decides_more_than_bonferroni():
    random = np.random.default_rng(3)
    counts = dict.fromkeys(Correction, 0)
    for seed in random.integers(0, 2**32, 40):
        d = noisy([0.006] * 10, sd=0.008, seed=seed)
        for correction in Correction:
            found = symbols(d, [20] * 10, design(correction=correction))
            counts[correction] += found.count(Symbol.BETTER)
    assert counts[Correction.HOLM] > 1.2 * counts[Correction.BONFERRONI]


def test_chance_is_what_simulation_finds():
    """Of pairs that showed 0.6 % +- 0.5 % after eight seeds, how many end sharp or settled."""
    plan = design(8, 20, correction=Correction.BONFERRONI)
    mean, sd, n = 0.006, 0.005, 8
    random = np.random.default_rng(0)
    so_far = stats.zscore(random.standard_normal(n), ddof=1) * sd + mean
    looks = look(np.concatenate([so_far, np.full(12, np.nan)])[None], plan)
    later = mean + sd / np.sqrt(n) * random.standard_normal((20_000, 1))  # the true mean
    rest = later + sd * random.standard_normal((20_000, 12))
    final = (so_far.sum() + rest.sum(axis=1)) / 20
    half = stats.t.isf(levels(8, 20).nominal(KEPT * 0.05) / 2, 19) * sd / np.sqrt(20)
    ends = {
        Until.SHARP: (np.abs(final) > max(half, 0.005)) | (np.abs(final) < 0.005 - half),
        Until.SETTLED: np.abs(final) > half - 0.005,
    }
    for until, ended in ends.items():
        chance = read(looks, np.array([n]), plan, until=until).chance[0]
        assert chance == pytest.approx(ended.mean(), abs=0.01)


def test_open_is_what_the_stop_asks_for():
    plan = design()
    d = noisy([0.004, 0.0], sd=0.004)
    d[1] *= 5
    looks = look(d, plan)
    at = np.array([19, 19])
    assert read(looks, at, plan, until=Until.SETTLED).open.tolist() == [False, True]
    assert read(looks, at, plan, until=Until.SHARP).open.tolist() == [True, True]
    assert not read(looks, at + 1, plan, until=Until.SHARP).open.any()  # no look is left
