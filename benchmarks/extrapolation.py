"""Which reading at a rung tells the end best: last, best, area, a power law, or a process.

    pip install botorch
    python -m benchmarks.extrapolation [STUDY ...] [--made-up 3] [--controls 0]

STUDY is a study that trained its candidates in full; without any, made-up studies alone (those of
`benchmarks/replay.py`). At 1/8, 1/4 and 1/2 of the epochs, among the candidates of one seed:
Kendall's tau-b of the reading with the final accuracy, and what the best candidate of the third
that reads best is short of the best of all, in points. `kronecker` is the latent Kronecker Gaussian
process (Lin et al. 2024, arXiv 2410.09239) of `botorch`: all curves up to the rung at once, over
what networks are made of and ln(epoch), and its mean at the last epoch; `last` where it cannot be
fitted. With --controls, so many candidates drawn at random are known to their end, and are not
judged. Prints the table of docs/search.md, "Which reading tells the end", and CPU seconds.
"""

import argparse
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

import numpy as np
import torch
from scipy.stats import kendalltau

from coatnet.config import CoAtNetConfig
from nas.search.allocation.readings import area, best, extrapolated, last
from nas.study.folder import open_study
from nas.study.records import Trial, TrialHistory, TrialStatus
from tests.nas.slow_starters import SlowStarters

ALONE = {"last": last, "best": best, "area": area, "extrapolated": extrapolated}
SHARES = (8, 4, 2)  # of the epochs, one in so many
STEPS = 60  # of the climb to the likeliest kernel


def features(trials: Sequence[Trial]) -> np.ndarray:
    """Return what networks are made of, each column from 0 to 1, [trials, columns]."""
    rows = []
    for trial in trials:
        row = [np.log(trial.parameters), np.log(trial.macs)]
        if isinstance(trial.config, CoAtNetConfig):
            for stage in trial.config.stages:
                row += [stage.block == "T", stage.depth, np.log(stage.width)]
        rows.append([*row, trial.layout.count("T")])
    wide = max(len(row) for row in rows)
    found = np.array([row + [0.0] * (wide - len(row)) for row in rows], dtype=float)
    spread = np.ptp(found, axis=0)
    return ((found - found.min(axis=0)) / np.where(spread > 0, spread, 1.0))[:, spread > 0]


def kronecker(columns: np.ndarray, curves: np.ndarray, epoch: int, whole: np.ndarray) -> np.ndarray:
    """Return every curve's expected end, from all of them up to `epoch`, and from `whole` ones."""
    # Of a package that nothing else here needs, so that no test installs it.
    from botorch.models.latent_kronecker_gp import LatentKroneckerGP  # noqa: PLC0415
    from botorch.optim.fit import fit_gpytorch_mll_scipy  # noqa: PLC0415
    from gpytorch.mlls import ExactMarginalLogLikelihood  # noqa: PLC0415
    from linear_operator.utils.errors import NotPSDError  # noqa: PLC0415

    torch.manual_seed(0)
    seen = curves.copy()
    seen[~whole, epoch:] = np.nan
    times = np.log(np.arange(1.0, curves.shape[1] + 1)) / np.log(curves.shape[1])
    inputs, steps = torch.tensor(columns), torch.tensor(times)[:, None]
    model = LatentKroneckerGP(inputs, steps, torch.tensor(seen))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        likelihood = ExactMarginalLogLikelihood(model.likelihood, model)
        likelihood.train()
        try:
            fit_gpytorch_mll_scipy(likelihood, options={"maxiter": STEPS})
        except NotPSDError:  # of too few epochs, or of none but early ones
            return curves[:, epoch - 1]
        likelihood.eval()
        with torch.no_grad():
            mean = model.posterior(inputs, steps[-1:]).mean
    return mean.reshape(len(columns)).numpy()


def curves_of(path: Path) -> list[TrialHistory]:
    """Return a study's whole trials of the first seed that all candidates have."""
    whole = [
        h
        for h in open_study(path).histories()
        if h.status is TrialStatus.FINISHED and h.trial.parent is None and not h.trial.twin
    ]
    seeds: dict[int, list[TrialHistory]] = {}
    for history in whole:
        seeds.setdefault(history.trial.seed, []).append(history)
    return max(seeds.values(), key=len)


def judged(
    histories: Sequence[TrialHistory], epoch: int, controls: int
) -> dict[str, tuple[float, float]]:
    """Return tau-b and what the best third is short of, in points, by reading."""
    curves = np.array([[e.evaluation_accuracy for e in h.epochs] for h in histories])
    end = curves.shape[1]
    whole = np.zeros(len(curves), dtype=bool)
    whole[np.random.default_rng(0).permutation(len(curves))[:controls]] = True
    columns = features([h.trial for h in histories])
    read = {name: [rule(h, epoch, end) for h in histories] for name, rule in ALONE.items()}
    read["kronecker"] = kronecker(columns, curves, epoch, whole).tolist()
    final, found = curves[~whole, -1], {}
    for name, values in read.items():
        values = np.array(values)[~whole]
        top = np.argsort(-values, kind="stable")[: -(-len(values) // 3)]
        tau = kendalltau(values, final).statistic
        found[name] = (float(tau), 100 * float(final.max() - final[top].max()))
    return found


def main() -> None:
    """Print a row a study and rung, a column a reading."""
    parser = argparse.ArgumentParser()
    parser.add_argument("studies", nargs="*", type=Path)
    parser.add_argument("--made-up", type=int, default=3)
    parser.add_argument("--controls", type=int, default=0)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    known = [(path.name, curves_of(path)) for path in chosen.studies]
    for crossing in (True, False):
        made_up = SlowStarters()
        for seed in range(chosen.made_up):
            name = f"{'crossing' if crossing else 'plain'} {seed}"
            known.append((name, list(made_up.histories(seed, crossing=crossing))))
    names = [*ALONE, "kronecker"]
    print(f"| study | candidates | epoch | {' | '.join(names)} | seconds |")
    print("|" + "---|" * (len(names) + 4))
    taus: list[list[float]] = []
    for study, histories in known:
        end = histories[0].trial.epochs
        for share in SHARES:
            epoch, start = max(end // share, 1), time.process_time()
            found = judged(histories, epoch, chosen.controls)
            seconds = time.process_time() - start
            cells = [f"{found[name][0]:.2f}, {found[name][1]:.2f}" for name in names]
            taus.append([found[name][0] for name in names])
            print(
                f"| {study} | {len(histories)} | {epoch} of {end} | {' | '.join(cells)} "
                f"| {seconds:.1f} |",
                flush=True,
            )
    means = [f"{fmean(column):.3f}" for column in zip(*taus, strict=True)]
    print(f"| mean tau-b | | | {' | '.join(means)} | |")


if __name__ == "__main__":
    main()
