"""Does `>` point the right way, also where gaps are next to nothing? Simulated studies.

    python benchmarks/direction.py [STUDIES] [--write]

A step-down by Shaffer's divisors is proved for equalities; `>` claims a direction besides. Prints
the tables of docs/ranking.md, "One family for `>` and `≫`"; --write puts them there. 4,000 studies
a cell, the default, take about three minutes of two cores.
"""

import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

from benchmarks.calibration import (
    EQUAL,
    ONE_LOUD,
    ONE_QUIET,
    PAGE,
    PAPER,
    SKEWED,
    SPREAD,
    STUDIES,
    design,
    page,
)
from nas.ranking.forecast.scenarios import Scenario, Shape
from nas.ranking.forecast.simulate import OperatingCharacteristics, simulate
from nas.spec.study import Until

SEED = 31
DELTA = 0.05
OPPOSITE = {**SKEWED, "alternating": True}
NOISES = {
    "normal 0.5": ((0.005,) * 5, {}),
    "normal 3": ((0.03,) * 5, {}),
    "t3 3": ((0.03,) * 5, {"shape": Shape.T3}),
    "normal, 0.1 and 4 × 9": (ONE_QUIET, {}),
    "normal, 0.1 0.3 1 3 9": (SPREAD, {}),
    "normal, 4 × 0.1 and 9": (ONE_LOUD, {}),
    "0.7, 3": ((0.03,) * 5, SKEWED),
    "±0.7, 3": ((0.03,) * 5, OPPOSITE),
    "0.7, 0.1 and 4 × 9": (ONE_QUIET, SKEWED),
    "±0.7, 0.1 and 4 × 9": (ONE_QUIET, OPPOSITE),
    "0.7, 0.1 0.3 1 3 9": (SPREAD, SKEWED),
    "-0.7, 4 × 0.1 and 9": (ONE_LOUD, {**SKEWED, "skewness": -0.7}),
}
TRUTHS = {
    "all equal": EQUAL,
    **{
        f"neighbours {100 * gap:g} apart": tuple(-gap * place for place in range(5))
        for gap in (0.0001, 0.0003, 0.001, 0.003)
    },
    "the same, 0.1, the other way round": tuple(0.001 * place for place in range(5)),
    "three equal, two 0.01 below": (0.0, 0.0, 0.0, -0.0001, -0.0001),
    "two equal, three 0.3 apart": (0.0, 0.0, -0.003, -0.006, -0.009),
    "four equal, one far": (0.0, 0.0, 0.0, 0.0, -0.9),
    "two and three, far apart": (0.0, 0.0, -0.9, -0.9, -0.9),
    "four 0.01 apart, one far": (0.0, -0.0001, -0.0002, -0.0003, -0.9),
    "the paper's gaps": PAPER,
    "four equal, one Delta below": (0.0, 0.0, 0.0, 0.0, -DELTA),
    "four equal, one Delta above": (0.0, 0.0, 0.0, 0.0, DELTA),
    "two and three, Delta apart": (0.0, 0.0, -DELTA, -DELTA, -DELTA),
    "neighbours Delta apart": tuple(-DELTA * place for place in range(5)),
}


def run(cell: tuple[str, str, int, int]) -> OperatingCharacteristics:
    """Simulate one truth under one noise, from six seeds to `last`."""
    truth, noise, last, studies = cell
    sds, more = NOISES[noise]
    return simulate(
        Scenario(means=TRUTHS[truth], sds=sds, **more),
        design(last=last),
        until=Until.SHARP,
        studies=studies,
        seed=SEED,
    )


def table(studies: int) -> Iterator[str]:
    """Yield the worst of the noises for each truth."""
    yield (
        "| truth | 6 to 20 seeds: false `>` `≫` | where | intervals that miss | "
        "6 seeds: false, no skewness | where | skewness 0.7 | intervals that miss |"
    )
    yield "|---|---|---|---|---|---|---|---|"
    cells = [(t, n, last, studies) for t in TRUTHS for last in (20, 6) for n in NOISES]
    with ProcessPoolExecutor(2) as pool:
        found = dict(zip(cells, pool.map(run, cells, chunksize=4), strict=True))
    plain = [name for name in NOISES if "0.7" not in name]
    for truth in TRUTHS:
        many = {n: found[truth, n, 20, studies] for n in NOISES}
        once = {n: found[truth, n, 6, studies] for n in NOISES}
        worst = max(many, key=lambda n: many[n].false_better_ever)
        worst_once = max(plain, key=lambda n: once[n].false_better_ever)
        cells_ = (
            truth,
            _percent(many[worst].false_better_ever),
            worst,
            _percent(max(each.missed_ever for each in many.values())),
            _percent(once[worst_once].false_better_ever),
            worst_once,
            _percent(max(once[n].false_better_ever for n in NOISES if n not in plain)),
            _percent(max(once[n].missed_ever for n in plain)),
        )
        yield f"| {' | '.join(cells_)} |"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def main(arguments: list[str]) -> None:
    """Print, or write, the table."""
    studies = next((int(each) for each in arguments if each.isdigit()), STUDIES)
    found = {"direction": "\n".join(table(studies))}
    print(found["direction"])
    if "--write" in arguments:
        PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), found), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
