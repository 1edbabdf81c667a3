"""Whom does the ranking call collapsed? Simulated labels by the thousand, the rule of 0.1 beside.

    python benchmarks/collapse.py [LABELS] [--write]
    python benchmarks/collapse.py --critical

Prints three tables of docs/ranking.md, with --write puts them there; 100,000 labels a cell, the
default, take some 20 seconds of one core. Bars: at most 1 % of labels with normal noise are called
so; of runs that lose 9 points at an sd of 1 at least 95 % are, from eight runs on. --critical
computes the shipped critical values, nas/ranking/statistics/mishaps.json, anew (three minutes).
"""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from scipy import stats

from benchmarks.calibration import PAGE, page
from nas.ranking.forecast.scenarios import Scenario, differences, draw
from nas.ranking.forecast.simulate import replicate
from nas.ranking.paired import spread_floor
from nas.ranking.statistics import mishaps
from nas.ranking.statistics.certificate import Design
from nas.spec.study import Correction, Until

LABELS = 100_000
SIMULATED = 4_000_000  # labels behind a critical value
RUNS = (3, 4, 5, 6, 7, 8, 10, 12, 20)
SDS = (0.001, 0.003, 0.01, 0.03, 0.1)
IMAGES = 599
FAR = 0.05
LOSSES = ((0.09, 0.003), (0.09, 0.01), (0.05, 0.003), (0.05, 0.01))  # accuracy lost, sd
MISHAPS = 0.1  # share of runs
QUIET, LOUD = 0.001, 0.09

Rule = Callable[[np.ndarray], np.ndarray]  # runs [labels, n] -> which are called collapsed


def ours(runs: np.ndarray) -> np.ndarray:
    """Apply the shipped rule."""
    return mishaps.lost(runs, far=FAR)


def rounded(runs: np.ndarray) -> np.ndarray:
    """Apply the shipped rule to what a small evaluation set tells."""
    seen = np.rint(runs * IMAGES) / IMAGES
    return mishaps.lost(seen, far=FAR, floor=spread_floor(IMAGES))


def of_0_1(runs: np.ndarray) -> np.ndarray:
    """Apply the rule of release 0.1: six standard deviations by the median absolute deviation."""
    below = np.median(runs, axis=-1, keepdims=True) - runs
    spread = np.median(np.abs(below), axis=-1, keepdims=True)
    return below > np.maximum(FAR, 6 * 1.4826 * spread)


def borrowed(runs: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Apply the t test with a spread shared with four quiet labels, wrong if theirs is not this."""
    labels, n = runs.shape
    others = QUIET * random.standard_normal((labels, 4, n))
    ordered = np.sort(runs, axis=-1)
    rest = ordered[:, 1:]
    freedom = n - 2 + 4 * (n - 1)
    squares = (n - 2) * rest.var(axis=-1, ddof=1)
    squares += (n - 1) * others.var(axis=-1, ddof=1).sum(axis=-1)
    error = np.sqrt(squares / freedom * n / (n - 1))
    far = (rest.mean(axis=-1) - ordered[:, 0]) > stats.t.isf(mishaps.ERROR / n, freedom) * error
    far &= np.median(runs, axis=-1) - ordered[:, 0] > FAR
    return (runs <= ordered[:, :1]) & far[:, None]


def called(rule: Rule, n: int, sd: float, *, labels: int) -> float:
    """Return the share of labels with normal noise of which a run is called collapsed."""
    runs = 0.5 + sd * np.random.default_rng(n).standard_normal((labels, n))
    return float(rule(runs).any(axis=-1).mean())


def found(rule: Rule, n: int, loss: float, sd: float, *, alone: bool, labels: int) -> float:
    """Return the share of lost runs that are called so, alone or at a rate of `MISHAPS`."""
    random = np.random.default_rng(n)
    runs = 0.8 + sd * random.standard_normal((labels, n))
    hit = np.zeros((labels, n), dtype=bool) if alone else random.random((labels, n)) < MISHAPS
    hit[:, 0] = True
    return float(rule(runs - loss * hit)[:, 0].mean())


def claimed(n: int, sd: float, *, studies: int) -> float:
    """Return the share of false `>` between equal layouts, one run lost and nothing withheld."""
    scenario = Scenario(means=(0.0, 0.0), sds=(sd, sd))
    scores = draw(scenario, studies=studies, seeds=n, seed=n)
    scores[:, 0, 0] -= 0.09
    end = replicate(differences(scores), _design(n, n), until=Until.SHARP, gaps=scenario.gaps)
    return float(end.false_ever[:, 0].mean())


def false_alarms(labels: int) -> Iterator[str]:
    """Yield how many labels with nothing but noise have a run called collapsed."""
    sds = [f"sd {100 * sd:g}" for sd in SDS]
    yield _row("runs", *sds, f"sd 10, {IMAGES} images", "sd 9, spread of four at 0.1 borrowed")
    yield "|---" * (len(SDS) + 3) + "|"
    for n in RUNS:
        both = [
            " → ".join(_percent(called(rule, n, sd, labels=labels)) for rule in (of_0_1, ours))
            for sd in SDS
        ]
        few = _percent(called(rounded, n, SDS[-1], labels=labels))
        random = np.random.default_rng(n)
        shared = called(lambda runs, it=random: borrowed(runs, it), n, LOUD, labels=labels)
        yield _row(n, *both, few, _percent(shared))


def found_out(labels: int) -> Iterator[str]:
    """Yield how many of the runs that were lost are called collapsed, and what is claimed else."""
    kinds = [(loss, sd, True) for loss, sd in LOSSES] + [(0.09, 0.01, False)]
    names = [
        f"{100 * loss:g} at sd {100 * sd:g}{'' if alone else ', a tenth of runs'}"
        for loss, sd, alone in kinds
    ]
    yield _row("runs", *names, "false `>` at sd 0.3", "false `>` at sd 1")
    yield "|---" * (len(names) + 3) + "|"
    for n in RUNS:
        cells = [
            " → ".join(
                _percent(found(rule, n, loss, sd, alone=alone, labels=labels))
                for rule in (of_0_1, ours)
            )
            for loss, sd, alone in kinds
        ]
        claims = (_percent(claimed(n, sd, studies=labels // 10)) for sd in (0.003, 0.01))
        yield _row(n, *cells, *claims)


def missed(labels: int) -> Iterator[str]:
    """Yield false `≈` where mishaps of one of five layouts are all that parts it from the others.

    A tenth of its runs lose 5 points, ten margins: its mean lies one margin lower.
    """
    yield "| sd of a run | 6 seeds | 6 to 20 seeds |\n|---|---|---|"
    for sd in (0.001, 0.002, 0.003):
        scenario = Scenario(means=(-0.005, *(0.0,) * 4), sds=(sd,) * 5)
        scores = draw(scenario, studies=labels // 25, seeds=20, seed=5)
        hit = np.random.default_rng(6).random(scores[:, 0].shape) < MISHAPS
        scores[:, 0] += 0.005 - 0.05 * hit
        cells = []
        for last in (6, 20):
            end = replicate(
                differences(scores)[..., :last],
                _design(6, last),
                until=Until.SHARP,
                gaps=scenario.gaps,
            )
            cells.append(_percent(end.false_ever[:, 1].mean()))
        yield _row(f"{100 * sd:g}", *cells)


TABLES = {
    "falsely collapsed": false_alarms,
    "collapses found": found_out,
    "mishaps missed": missed,
}


def _design(first: int, last: int) -> Design:
    return Design(
        first=first,
        last=last,
        alpha=0.05,
        margin=0.005,
        large_margin=FAR,
        correction=Correction.HOLM,
    )


def write_critical() -> None:
    """Compute the critical values and write them into the package, a line a number of runs."""
    lines = []
    for n in mishaps.SIZES:
        values = [round(each, 3) for each in mishaps.compute(n, labels=SIMULATED)]
        lines.append(f'"{n}": {json.dumps(values)}')
    path = Path(mishaps.__file__).with_name(mishaps.TABLE)
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def _row(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %" if share < 0.02 else f"{100 * share:.1f} %"


def main(arguments: list[str]) -> None:
    """Print, or write, all tables, or write the critical values."""
    if "--critical" in arguments:
        write_critical()
        return
    labels = next((int(each) for each in arguments if each.isdigit()), LABELS)
    tables = {name: "\n".join(rows(labels)) for name, rows in TABLES.items()}
    for name, table in tables.items():
        print(f"\n{name}\n\n{table}", flush=True)
    if "--write" in arguments:
        PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), tables), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
