"""What the question of the winner costs beside the whole order, and how often its answer is wrong.

    python benchmarks/winner.py [STUDIES] [--write]

Prints the tables of docs/ranking.md, "Only the winner"; --write puts them there. 500 studies a
cell, the default, take about two minutes of one core.
"""

import sys
from collections.abc import Iterator, Sequence

import numpy as np

from benchmarks.calibration import ONE_QUIET, PAGE, SKEWED, SPREAD, design, page
from nas.ranking.forecast.scenarios import Scenario, Shape, differences, draw, pairs_of, paper_means
from nas.ranking.forecast.simulate import Replicated, replicate
from nas.ranking.statistics.certificate import BETTER, EQUIVALENT, MUCH_BETTER
from nas.spec.study import Question, Until

STUDIES = 500
SEED = 23
COSTS = {
    "the paper's gaps": paper_means(5),
    "one winner by 2 points, four alike": (0.0, -0.02, -0.021, -0.022, -0.023),
    "one winner by 1.4 points, four alike": (0.0, -0.014, -0.015, -0.0155, -0.016),
    "two equal winners, three 2 points below": (0.0, 0.0, -0.02, -0.02, -0.02),
    "one point between neighbours": (0.0, -0.01, -0.02, -0.03, -0.04),
    "five equal": (0.0,) * 5,
    "ten, the paper's gaps twice": paper_means(10),
    "ten, one winner by 2 points": (0.0, *(-0.02 - 0.001 * i for i in range(9))),
}
ERRORS = {
    "all equal": (0.0,) * 5,
    "two equal": (0.0, 0.0),
    "three equal": (0.0, 0.0, 0.0),
    "ten equal": (0.0,) * 10,
    "two equal, three 2 points below": (0.0, 0.0, -0.02, -0.02, -0.02),
    "three equal, two 0.1 below": (0.0, 0.0, 0.0, -0.001, -0.001),
    "one 0.01 above four equal": (0.0, *(-0.0001,) * 4),
    "one a margin above four equal": (0.0, *(-0.00501,) * 4),
    "the paper's gaps": paper_means(5),
}
NOISES = {
    "normal 0.5": (0.005, {}),
    "normal 1": (0.01, {}),
    "t3 1": (0.01, {"shape": Shape.T3}),
    "skewness 0.7, 1": (0.01, SKEWED),
}


def costs(studies: int) -> Iterator[str]:
    """Yield the runs of both questions beside each other, of the same simulated runs."""
    yield (
        "| layouts | noise | stop | first look | order: runs | decided | winner: runs | decided | "
        "ratio | a winner named | contenders left |"
    )
    yield "|---|---|---|---|---|---|---|---|---|---|---|"
    for name, means in COSTS.items():
        for sd in (0.003, 0.01):
            scenario = Scenario(means=means, sds=(sd,) * len(means))
            d = differences(draw(scenario, studies=studies, seeds=20, seed=SEED))
            for until in Until:
                for first in (3, 6):
                    plan = design(first=first)
                    order = replicate(d, plan, until=until)
                    best = replicate(d, plan, until=until, question=Question.WINNER)
                    found = best.contest
                    assert found is not None
                    left = (~found.out).sum(axis=-1)
                    runs = [each.runs.sum(axis=-1).mean() for each in (order, best)]
                    cells = (
                        *(name, f"{100 * sd:g}", until.value, str(first)),
                        *(f"{runs[0]:.1f}", _percent(order.decided.mean())),
                        *(f"{runs[1]:.1f}", _percent(found.decided), f"{runs[1] / runs[0]:.2f}"),
                        *(_percent((left == 1).mean()), f"{left.mean():.1f}"),
                    )
                    yield f"| {' | '.join(cells)} |"


def errors(studies: int) -> Iterator[str]:
    """Yield how often answers are wrong, at the end of studies of the winner; the worst noise."""
    yield (
        "| truth | the best is lost | a winner that is not the one best | behind by more than said "
        "| false `>`, `≫`, `≈` of the leader | one of equal best put out |"
    )
    yield "|---|---|---|---|---|---|"
    for name, means in ERRORS.items():
        noises = {each: ((sd,) * len(means), more) for each, (sd, more) in NOISES.items()}
        if len(means) == 5:
            noises["normal, 0.1 0.3 1 3 9"] = SPREAD, {}
            skewed = {**SKEWED, "alternating": True}
            noises["skewness ±0.7, 0.1 and 4 × 9"] = ONE_QUIET, skewed
        found = np.array(
            [
                _errors(Scenario(means=means, sds=sds, **more), until, first, studies)
                for sds, more in noises.values()
                for until in Until
                for first in (3, 6)
            ]
        )
        yield f"| {name} | {' | '.join(_percent(each) for each in found.max(axis=0))} |"


def _errors(scenario: Scenario, until: Until, first: int, studies: int) -> tuple[float, ...]:
    plan = design(first=first)
    d = differences(draw(scenario, studies=studies, seeds=20, seed=SEED))
    best = replicate(d, plan, until=until, question=Question.WINNER)
    found, means = best.contest, np.array(scenario.means)
    assert found is not None
    rows = np.arange(studies)
    top = means == means.max()
    named = (~found.out).sum(axis=-1) == 1
    alone = top[found.leader] & (top.sum() == 1)
    within = means[found.leader, None] >= means - plan.margin * (1 + 1e-9)
    wrong = (found.close & ~found.out & ~within).any(axis=-1)
    return (
        float(found.out[:, top].all(axis=-1).mean()),
        float((named & ~alone).mean()),
        float(wrong.mean()),
        float(_false_symbols(best, found.leader[rows], scenario, d).mean()),
        float(found.out[:, top].any(axis=-1).mean()) if top.sum() > 1 else float("nan"),
    )


def _false_symbols(
    best: Replicated, leader: np.ndarray, scenario: Scenario, d: np.ndarray
) -> np.ndarray:
    """Return [studies] whether a symbol beside the leader is false."""
    pairs, gaps = pairs_of(len(scenario.means)), scenario.gaps
    n = best.runs[:, pairs].min(axis=-1)
    seen = np.arange(d.shape[-1]) < n[..., None]
    mean = np.where(seen, d, 0.0).sum(axis=-1) / n
    truth = np.where(mean >= 0, gaps, -gaps)
    false = (best.symbol == BETTER) & (truth <= 0)
    false |= (best.symbol == MUCH_BETTER) & (truth <= 0.05)
    false |= (best.symbol == EQUIVALENT) & (np.abs(gaps) >= 0.005 * (1 - 1e-9))
    return (false & (pairs == leader[:, None, None]).any(axis=-1)).any(axis=-1)


def _percent(share: float) -> str:
    return "" if np.isnan(share) else f"{100 * share:.1f} %"


def main(arguments: Sequence[str]) -> None:
    """Print both tables, and write them where asked to."""
    studies = next((int(each) for each in arguments if each.isdigit()), STUDIES)
    tables = {
        "winner costs": "\n".join(costs(studies)),
        "winner errors": "\n".join(errors(studies)),
    }
    for table in tables.values():
        print(f"{table}\n")
    if "--write" in arguments:
        PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), tables), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
