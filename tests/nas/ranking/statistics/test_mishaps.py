"""Who is called lost: by how much noise, and by which losses."""

import numpy as np
import pytest

from nas.ranking.statistics import mishaps as module
from nas.ranking.statistics.mishaps import SIZES, compute, excluded_rate, lost

LABELS = 20_000
BAR = 0.01 + 2.33 * (0.01 * 0.99 / LABELS) ** 0.5  # passed by 1 % in 99 of 100 drawings


def noise(n: int, *, sd: float = 0.01, labels: int = LABELS) -> np.ndarray:
    return 0.5 + sd * np.random.default_rng(n).standard_normal((labels, n))


@pytest.mark.parametrize("n", [*range(3, 11), 20, 30, 40])
def test_of_labels_with_noise_of_any_size_one_in_a_hundred_is_called_so(n: int) -> None:
    shares = [
        float(lost(noise(n, sd=sd), far=0.05).any(axis=-1).mean())
        for sd in (0.001, 0.003, 0.01, 0.03, 0.1)
    ]
    assert max(shares) <= BAR
    assert shares[0] == 0.0
    assert float(lost(noise(n), far=0.0).any(axis=-1).mean()) > (0.005 if n in SIZES else 0.0)


@pytest.mark.parametrize("n", range(8, 21))
def test_from_eight_runs_on_a_loss_of_nine_sd_is_seen(n: int) -> None:
    runs = noise(n)
    runs[:, 0] -= 0.09
    assert float(lost(runs, far=0.05)[:, 0].mean()) >= 0.95


@pytest.mark.parametrize(("n", "several"), [(10, 2), (10, 3), (12, 3), (20, 5)])
def test_losses_do_not_hide_one_another(n: int, several: int) -> None:
    runs = noise(n, labels=2_000)
    runs[:, :several] -= 0.09
    found = lost(runs, far=0.05)
    assert float(found[:, :several].all(axis=-1).mean()) >= 0.8
    assert float(found[:, several:].any(axis=-1).mean()) <= 0.01


def test_half_of_the_runs_are_not_lost_and_those_that_win_never() -> None:
    runs = noise(10, labels=200)
    runs[:, :5] -= 0.3
    assert not lost(runs, far=0.05).any()
    runs[:, 5] += 0.9
    assert not lost(runs, far=0.05).any()


def test_a_lost_run_lies_far_below_too() -> None:
    runs = np.array([0.900, 0.901, 0.900, 0.901, 0.900, 0.853])
    assert lost(runs, far=0.05).tolist() == [False] * 6
    assert lost(runs, far=0.04).tolist() == [False] * 5 + [True]


def test_of_one_or_two_runs_none_is_known_to_be_lost() -> None:
    assert lost(np.array([0.9]), far=0.05).tolist() == [False]
    assert lost(np.array([0.9, 0.1]), far=0.05).tolist() == [False, False]


def test_equal_runs_are_as_certain_as_their_images() -> None:
    runs = np.array([0.9, 0.9, 0.9, 0.8])
    assert lost(runs, far=0.05).tolist() == [False] * 3 + [True]
    assert not lost(runs, far=0.05, floor=0.02).any()
    assert not lost(np.full(5, 0.9), far=0.0).any()


@pytest.mark.parametrize("n", [3, 6, 10])
def test_the_shipped_values_are_those_of_simulated_labels(n: int) -> None:
    found = compute(n, labels=400_000, seed=1)
    shipped = module._shipped()[str(n)]
    assert len(shipped) == (n - 1) // 2
    assert found == pytest.approx(shipped, rel=0.05)


def test_every_size_promised_is_shipped() -> None:
    assert [int(n) for n in module._shipped()] == list(SIZES)


def test_what_n_seeds_without_a_mishap_exclude() -> None:
    assert [excluded_rate(n) for n in (1, 6, 20)] == pytest.approx([0.95, 0.3930, 0.1391], abs=1e-4)
    assert all((1 - excluded_rate(n)) ** n == pytest.approx(0.05) for n in range(1, 30))
    with pytest.raises(ValueError, match="one seed or more"):
        excluded_rate(0)
