"""Does the ranking claim what is true? Simulated studies by the thousand, rivals beside.

    python benchmarks/calibration.py [STUDIES] [--write]

Prints the tables of docs/ranking.md; --write puts them there and draws its figures. 4,000 studies a
cell, the default, take about five minutes of one core.
"""

import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks import calibration_figures, rivals
from nas.ranking.forecast.scenarios import PAPER_GAPS, Scenario, Shape, draw
from nas.ranking.forecast.simulate import (
    OperatingCharacteristics,
    Policy,
    forecast,
    simulate,
)
from nas.ranking.result import Symbol
from nas.ranking.statistics.certificate import Design
from nas.spec.study import Correction, Until

STUDIES = 4000
PAGE = Path(__file__).parents[1] / "docs" / "ranking.md"
POINT = 0.01
PAPER = tuple(-gap for gap in PAPER_GAPS)
EQUAL = (0.0,) * 5
STEPS = (0.0, 0.005, 0.01, 0.015, 0.02)  # neighbours exactly a margin apart
ONE_QUIET = (0.001, 0.09, 0.09, 0.09, 0.09)
SPREAD = (0.001, 0.003, 0.01, 0.03, 0.09)
ONE_LOUD = (0.09, 0.001, 0.001, 0.001, 0.001)
SKEWED = {"shape": Shape.GAMMA, "skewness": 0.7}
EXPONENTIAL = {"shape": Shape.GAMMA, "skewness": 2.0}


def design(
    *,
    alpha: float = 0.05,
    first: int = 6,
    last: int = 20,
    correction: Correction = Correction.HOLM,
) -> Design:
    """Return the default design of a study, changed."""
    return Design(
        first=first,
        last=last,
        alpha=alpha,
        margin=0.005,
        large_margin=0.05,
        correction=correction,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """Some studies to simulate."""

    name: str
    scenario: Scenario
    design: Design
    until: Until = Until.SHARP
    policy: Policy = Policy.ADAPTIVE
    studies: int = STUDIES

    def run(self) -> OperatingCharacteristics:
        """Simulate them."""
        return simulate(
            self.scenario,
            self.design,
            until=self.until,
            policy=self.policy,
            studies=self.studies,
            seed=_SEED,
        )


_SEED = 20
_NOISES = (
    ("normal 0.5", (0.005,) * 5, {}),
    ("normal 1", (0.01,) * 5, {}),
    ("normal 3", (0.03,) * 5, {}),
    ("t3 1", (0.01,) * 5, {"shape": Shape.T3}),
    ("t3 3", (0.03,) * 5, {"shape": Shape.T3}),
    ("skewness 0.7, 3", (0.03,) * 5, SKEWED),
    ("skewness ±0.7, 3", (0.03,) * 5, {**SKEWED, "alternating": True}),
    ("normal, 0.1 and 4 × 9", ONE_QUIET, {}),
    ("t3, 0.1 and 4 × 9", ONE_QUIET, {"shape": Shape.T3}),
    ("skewness 0.7, 0.1 and 4 × 9", ONE_QUIET, SKEWED),
    ("normal, 0.1 0.3 1 3 9", SPREAD, {}),
    ("skewness 0.7, 0.1 0.3 1 3 9", SPREAD, SKEWED),
    ("normal, 4 × 0.1 and 9", ONE_LOUD, {}),
    ("skewness -0.7, 4 × 0.1 and 9", ONE_LOUD, {**SKEWED, "skewness": -0.7}),
)


def optional_stopping(studies: int) -> Iterator[str]:
    """Yield false `>` and `≫` when all layouts are equal, ours beside the rivals."""
    yield (
        "| noise of a run, sd in points | certificate, adaptive | certificate, all looks to 20 | "
        "Bonferroni, adaptive | t test at every seed | Holm at every seed | pooled two-way |"
    )
    yield "|---|---|---|---|---|---|---|"
    for name, sds, more in _NOISES:
        scenario = Scenario(means=EQUAL, sds=sds, **more)
        cells = [
            Cell(name=name, scenario=scenario, design=design(), studies=studies),
            Cell(name=name, scenario=scenario, design=design(), policy=Policy.ALL, studies=studies),
            Cell(
                name=name,
                scenario=scenario,
                design=design(correction=Correction.BONFERRONI),
                studies=studies,
            ),
        ]
        ours = [_percent(cell.run().false_better_ever) for cell in cells]
        scores = draw(scenario, studies=studies, seeds=20, seed=_SEED)
        theirs = [_percent(each) for each in rivals.false_better(scores, design())]
        yield _row(name, *ours, *theirs)


def any_falsehood(studies: int) -> Iterator[str]:
    """Yield false `≈`, `≥` and all falsehoods together where neighbours are a margin apart."""
    yield (
        "| noise | correction | any false `>` `≫` | any false `≈` | any false `≥` | any | "
        "naive `≈` |"
    )
    yield "|---|---|---|---|---|---|---|"
    cases = (
        *((f"normal {100 * sd:g}", (sd,) * 5, {}) for sd in (0.001, 0.002, 0.003, 0.005)),
        ("t3 0.3", (0.003,) * 5, {"shape": Shape.T3}),
        ("skewness 0.7, 0.3", (0.003,) * 5, SKEWED),
        ("skewness ±0.7, 0.3", (0.003,) * 5, {**SKEWED, "alternating": True}),
        ("normal, 0.01 and 4 × 0.4", (0.0001, 0.004, 0.004, 0.004, 0.004), {}),
        ("skewness 0.7, 0.01 and 4 × 0.4", (0.0001, 0.004, 0.004, 0.004, 0.004), SKEWED),
        ("two groups, normal 0.3", (0.003,) * 5, {}),
    )
    for name, sds, more in cases:
        means = (0.0, 0.0, 0.005, 0.005, 0.005) if name.startswith("two") else STEPS
        scenario = Scenario(means=means, sds=sds, **more)
        scores = draw(scenario, studies=studies, seeds=20, seed=_SEED)
        naive = _percent(rivals.false_equal(scores, design(), scenario.gaps))
        for correction in Correction:
            found = Cell(
                name=name,
                scenario=scenario,
                design=design(correction=correction),
                studies=studies,
            ).run()
            yield _row(
                name,
                correction.value,
                _percent(found.false_better_ever),
                _percent(found.false_equal_ever),
                _percent(found.false_not_worse_ever),
                _percent(found.false_ever),
                naive,
            )


def outside(studies: int) -> Iterator[str]:
    """Yield what happens where the assumptions do not hold."""
    yield "| noise | alpha 0.05 | alpha 0.003 | alpha 0.001 |\n|---|---|---|---|"
    cases = (
        ("exponential 3, all alike", (0.03,) * 5, EXPONENTIAL),
        ("exponential 3, opposite tails", (0.03,) * 5, {**EXPONENTIAL, "alternating": True}),
        ("exponential, 0.1 and 4 × 9", ONE_QUIET, EXPONENTIAL),
        ("exponential, 0.1 0.3 1 3 9", SPREAD, EXPONENTIAL),
        ("exponential, 4 × 0.1 and 9", ONE_LOUD, EXPONENTIAL),
    )
    for name, sds, more in cases:
        scenario = Scenario(means=EQUAL, sds=sds, **more)
        yield _row(
            name,
            *(
                _percent(
                    Cell(name=name, scenario=scenario, design=design(alpha=alpha), studies=studies)
                    .run()
                    .false_better_ever
                )
                for alpha in (0.05, 0.003, 0.001)
            ),
        )
    # One layout collapses in a tenth of its runs, the others are as good as its mean.
    yield _row(
        "a tenth of one layout's runs lose 9 points",
        *(
            _percent(rivals.collapsing(design(alpha=alpha), studies))
            for alpha in (0.05, 0.003, 0.001)
        ),
    )


def runs(studies: int) -> Iterator[str]:
    """Yield the cost of studies like the paper's, adaptive against equal replication."""
    yield (
        "| noise | stop | adaptive: runs (10 %, 50 %, 90 %) | decided | equal: runs | decided | "
        "ratio | equal with futility | ratio | against 20 each |"
    )
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for until in Until:
        for sd in (0.001, 0.002, 0.003, 0.005, 0.01):
            scenario = Scenario(means=PAPER, sds=(sd,) * 5)
            ours, equal, futile = (
                Cell(
                    name="",
                    scenario=scenario,
                    design=design(),
                    until=until,
                    policy=policy,
                    studies=studies,
                ).run()
                for policy in (Policy.ADAPTIVE, Policy.EQUAL, Policy.EQUAL_FUTILE)
            )
            spread = ", ".join(f"{each:.0f}" for each in ours.trials_quantiles)
            yield _row(
                f"{100 * sd:g}",
                until.value,
                f"{ours.trials_mean:.1f} ({spread})",
                _percent(ours.decided),
                f"{equal.trials_mean:.1f}",
                _percent(equal.decided),
                f"{ours.trials_mean / equal.trials_mean:.2f}",
                f"{futile.trials_mean:.1f}",
                f"{ours.trials_mean / futile.trials_mean:.2f}",
                f"{ours.trials_mean / 100:.2f}",
            )


def firsts(studies: int) -> Iterator[str]:
    """Yield what other designs cost and risk."""
    yield (
        "| first, last | runs to settled, noise 0.1 | 0.3 | 0.5 | decided at 0.5 | "
        "false `>` `≫`, normal 1 | skewness 0.7, 0.1 and 4 × 9 |"
    )
    yield "|---|---|---|---|---|---|---|"
    for first, last in ((3, 3), (3, 10), (3, 20), (4, 20), (6, 6), (6, 10), (6, 20), (6, 30)):
        plan = design(first=first, last=last)
        paper = [
            Cell(
                name="",
                scenario=Scenario(means=PAPER, sds=(sd,) * 5),
                design=plan,
                until=Until.SETTLED,
                studies=studies,
            ).run()
            for sd in (0.001, 0.003, 0.005)
        ]
        null = [
            Cell(
                name="",
                scenario=Scenario(means=EQUAL, sds=sds, **more),
                design=plan,
                studies=studies,
            ).run()
            for sds, more in (((0.01,) * 5, {}), (ONE_QUIET, SKEWED))
        ]
        yield _row(
            f"{first}, {last}",
            *(f"{each.trials_mean:.1f}" for each in paper),
            _percent(paper[-1].decided),
            *(_percent(each.false_better_ever) for each in null),
        )


def questions(studies: int) -> Iterator[str]:
    """Yield seeds needed per question, median and 80 % of studies."""
    noises = tuple(sd * POINT / np.sqrt(2) for sd in (0.1, 0.2, 0.3, 0.5, 1.0, 2.0))
    found = forecast(design(), 5, until=Until.SETTLED, noise=noises, studies=studies).questions
    asked = dict.fromkeys((each.symbol, each.true_difference) for each in found)
    names = [
        f"{'not `?`' if symbol is Symbol.UNDECIDED else f'`{symbol}`'} gap {100 * gap:g}"
        for symbol, gap in asked
    ]
    yield _row("sd of a difference", *names)
    yield "|---" * (len(names) + 1) + "|"
    for noise in noises:
        cells = [each for each in found if np.isclose(each.deviation, noise * np.sqrt(2))]
        yield _row(
            f"{100 * noise * np.sqrt(2):.1f}",
            *(f"{each.seeds_median or '-'} / {each.seeds_80 or '-'}" for each in cells),
        )


TABLES = {
    "optional stopping": optional_stopping,
    "every symbol": any_falsehood,
    "outside": outside,
    "runs": runs,
    "designs": firsts,
    "questions": questions,
}


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _table(name: str, studies: int) -> str:
    return "\n".join(TABLES[name](studies))


def page(text: str, tables: dict[str, str]) -> str:
    """Return the page with what stands between its marks made anew.

    Raises:
        ValueError: a mark is missing.
    """
    for name, table in tables.items():
        begin, end = f"<!-- calibration: {name} -->", "<!-- end -->"
        before, found, rest = text.partition(begin)
        _, closed, after = rest.partition(end)
        if not (found and closed):
            raise ValueError(f"the page must have {begin} and {end}")
        text = f"{before}{begin}\n\n{table}\n\n{end}{after}"
    return text


def main(arguments: list[str]) -> None:
    """Print, or write, all tables; two at a time."""
    studies = next((int(each) for each in arguments if each.isdigit()), STUDIES)
    with ProcessPoolExecutor(2) as pool:
        found = dict(zip(TABLES, pool.map(_table, TABLES, [studies] * len(TABLES)), strict=True))
    for name, table in found.items():
        print(f"\n{name}\n\n{table}", flush=True)
    if "--write" in arguments:
        PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), found), encoding="utf-8")
        calibration_figures.write(design(), studies)


if __name__ == "__main__":
    main(sys.argv[1:])
