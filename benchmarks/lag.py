"""What a lag costs: how good the best network is that a sampler finds, by lag.

    python -m benchmarks.lag [--studies 20] [--candidates 60] [--samplers tpe evolution ...]

The space is that of `benchmarks.samplers`. What a network is worth is made up: it has an optimum
within the space, sizes act together, and layouts differ; results carry noise of 0.3 points. A line
is the mean over studies of the true worth (in points below the best of 20,000 random networks) of
the candidate whose result was best, with its standard error.
"""

import argparse
import random
from dataclasses import replace
from statistics import fmean, stdev

from benchmarks.samplers import SPACE, ended, make
from coatnet.config import BlockType, CoAtNetConfig
from nas.ranking.objective import Objective
from nas.search.samplers.choose import LEARNS, learning_sampler
from nas.search.samplers.sampler import RandomSampler, Sampler
from nas.seeds import derive_seed
from nas.space.candidate import Candidate
from nas.spec.choices import Metric, Sampling
from nas.spec.study import SearchSpec
from nas.study.records import TrialHistory

NOISE = 0.003
LAGS = (1, 2, 4, 8, 16, 32)


def worth(config: CoAtNetConfig, landscape: int) -> float:
    """Return the true accuracy of a network in one of many made-up worlds."""
    rng = random.Random(derive_seed("landscape", landscape))
    off = 0.0
    for stage, (most_deep, most_wide) in zip(
        config.stages, ((3, 128), (6, 192), (14, 384), (3, 768)), strict=True
    ):
        deep, wide, tilt = rng.uniform(0.2, 1), rng.uniform(0.4, 1), rng.uniform(-0.5, 0.5)
        a, b = stage.depth / most_deep - deep, stage.width / most_wide - wide
        off += a * a + b * b + tilt * a * b
        off += rng.uniform(0, 0.2) * (stage.block is BlockType.CONVOLUTION)
        off += rng.uniform(0, 0.2) * (stage.block is BlockType.TRANSFORMER)
    return 0.8 - 0.05 * off


def found(sampler: Sampler, candidates: int, landscape: int) -> float:
    """Return the true worth of the candidate that looked best."""
    histories: list[TrialHistory] = []
    best = (-1.0, 0.0)
    for number in range(1, candidates + 1):
        candidate = sampler.propose(histories)
        assert isinstance(candidate, Candidate)
        assert isinstance(candidate.config, CoAtNetConfig)
        true = worth(candidate.config, landscape)
        noise = random.Random(derive_seed("noise", landscape, str(candidate.config)))
        seen = true + noise.gauss(0, NOISE)
        best = max(best, (seen, true))
        history = ended(candidate, number)
        last = replace(history.epochs[-1], evaluation_accuracy=seen)
        histories.append(replace(history, epochs=(*history.epochs[:-1], last)))
    return best[1]


def reference(landscape: int, known: list[CoAtNetConfig]) -> float:
    """Return the best true worth among random networks."""
    return max(worth(config, landscape) for config in known)


def main() -> None:
    """Print a line for each sampler and lag."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--studies", type=int, default=20)
    parser.add_argument("--candidates", type=int, default=60)
    parser.add_argument("--reference", type=int, default=20_000)
    parser.add_argument("--samplers", nargs="+", default=["random", *LEARNS])
    parser.add_argument("--lags", nargs="+", type=int, default=LAGS)
    chosen = parser.parse_args()
    rng, known = random.Random(0), []
    while len(known) < chosen.reference:
        made = make(SPACE.sample(rng))
        if isinstance(made, Candidate):
            known.append(made.config)
    tops = [reference(landscape, known) for landscape in range(chosen.studies)]
    print("sampler     lag  points below the best")
    for name in chosen.samplers:
        for lag in chosen.lags if name != "random" else (1,):
            offs = [
                100 * (top - found(sampler(name, lag, landscape), chosen.candidates, landscape))
                for landscape, top in enumerate(tops)
            ]
            error = stdev(offs) / len(offs) ** 0.5
            print(f"{name:10} {lag:4}  {fmean(offs):6.3f} +- {error:.3f}", flush=True)


def sampler(name: str, lag: int, seed: int) -> Sampler:
    """Return a sampler that has seen nothing."""
    if name == Sampling.RANDOM:
        return RandomSampler(SPACE, make, seed=seed)
    settings = SearchSpec(sampler=Sampling(name), candidates=1, seeds=1, lag=lag, seed=seed)
    return learning_sampler(SPACE, make, settings, objective=Objective(metric=Metric.ACCURACY))


if __name__ == "__main__":
    main()
