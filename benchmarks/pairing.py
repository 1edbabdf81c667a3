"""Paired differences, or not? The shipped test beside others that suit independent runs.

    python benchmarks/pairing.py [STUDIES] [--write]

Prints the tables of docs/ranking.md, "Paired, or not"; --write puts them there. Rivals have their
own standard errors and degrees of freedom (benchmarks/pairing_rules.py); what is claimed with them,
and who gets seeds, is the shipped code's. 4,000 studies a cell, the default, take about five
minutes of two cores.
"""

import csv
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from scipy import special

from benchmarks.calibration import (
    EQUAL,
    ONE_QUIET,
    PAGE,
    PAPER,
    SPREAD,
    STEPS,
    design,
    page,
)
from benchmarks.pairing_rules import PAIRED, RULES, Rule, by_the_study, moments
from nas.ranking.forecast.scenarios import Scenario, Shape, differences, draw, pairs_of
from nas.ranking.statistics.certificate import (
    BETTER,
    EQUIVALENT,
    MUCH_BETTER,
    NOT_WORSE,
    UNDECIDED,
    Design,
    Looks,
    look,
    read,
)
from nas.ranking.statistics.replication import LEAST_CHANCE, extend
from nas.spec.study import Until

STUDIES = 4000
SEED = 20


def judged(scores: np.ndarray, rule: Rule, plan: Design) -> Looks:
    """Return the shipped looks at scores [studies, K, last] with a rule's claims in their place."""
    looks = look(differences(scores), plan)
    if rule is PAIRED:
        return looks
    m = moments(scores)
    level = plan.levels
    per_pair = rule.share * level.nominal(plan.tested / m.mean.shape[-2])
    zero, margin = np.ones(m.mean.shape), np.full(m.mean.shape, 0.5)
    half = np.full(m.mean.shape, np.inf)
    with np.errstate(divide="ignore", invalid="ignore"):
        for variance, freedom in rule.tests(m):
            error, df = np.sqrt(variance / m.n), np.maximum(freedom, 1.0)
            zero = np.fmin(zero, 2 * special.stdtr(df, -np.abs(m.mean) / error) / rule.share)
            nearer = special.stdtr(df, (np.abs(m.mean) - plan.margin) / error)
            margin = np.fmin(margin, nearer / rule.share)
            half = np.fmin(half, -special.stdtrit(df, per_pair / 2) * error)
    unseen = m.n < plan.first
    for each, neutral in ((zero, 1.0), (margin, 0.5), (half, np.inf)):
        each[..., unseen] = neutral
    running = np.minimum.accumulate
    return replace(
        looks,
        differs=level.overall(running(zero, -1)),
        equal=level.overall(np.minimum(2 * running(margin, -1), 1.0)) / 2,
        low=np.maximum.accumulate(m.mean - half, -1),
        high=running(m.mean + half, -1),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Noise:
    """How the runs of simulated layouts scatter, and go together over seeds."""

    name: str
    sds: tuple[float, ...] = (0.01,) * 5
    r: float = 0.0  # negative: every other layout goes the other way (6 of 10 pairs have it)
    shape: Shape = Shape.NORMAL
    skewness: float = 0.0
    alternating: bool = False

    def scores(self, means: Sequence[float], studies: int, last: int) -> np.ndarray:
        """Return scores [studies, K, last]; what layouts share is normal."""
        scenario = Scenario(
            means=tuple(means),
            sds=self.sds,
            shape=self.shape,
            skewness=self.skewness,
            alternating=self.alternating,
        )
        own = draw(scenario, studies=studies, seeds=last, seed=SEED)
        if not self.r:
            return own
        mean, sd = np.array(means)[:, None], np.array(self.sds)[:, None]
        sign = np.sign(self.r) ** np.arange(len(means))[:, None]
        shared = np.random.default_rng(SEED + 1).standard_normal((studies, 1, last))
        part = abs(self.r)
        return mean + np.sqrt(1 - part) * (own - mean) + np.sqrt(part) * sign * sd * shared

    def quieter(self) -> "Noise":
        """Return the same at a largest sd of 0.3 points, where equivalence is claimed."""
        scale = 0.003 / max(self.sds)
        return replace(self, sds=tuple(scale * sd for sd in self.sds))


def errors(noise: Noise, rule: Rule, plan: Design, studies: int) -> tuple[float, float]:
    """Return the shares of studies with any false `>` or `≫`, of equals, and `≈`, at a margin."""
    layouts = len(noise.sds)
    better = _claimed(noise, rule, EQUAL[:layouts], plan, studies)[0]
    equal = _claimed(noise.quieter(), rule, STEPS[:layouts], plan, studies)[1]
    return better, equal


def _claimed(
    noise: Noise, rule: Rule, means: Sequence[float], plan: Design, studies: int
) -> tuple[float, float]:
    """Return the shares of studies with any `>` or `≫`, and any `≈`, at any look."""
    looks = judged(noise.scores(means, studies, plan.last), rule, plan)
    better, equal = np.zeros(studies, dtype=bool), np.zeros(studies, dtype=bool)
    for n in range(plan.first, plan.last + 1):
        found = read(looks, np.full(looks.mean.shape[:-1], n), plan, until=Until.SHARP).symbol
        better |= np.isin(found, (BETTER, MUCH_BETTER)).any(axis=-1)
        equal |= (found == EQUIVALENT).any(axis=-1)
    return float(better.mean()), float(equal.mean())


def power(
    noise: Noise, rule: Rule, plan: Design, studies: int, *, until: Until
) -> tuple[float, float]:
    """Return the share of decided pairs and the mean runs of a study, adaptive."""
    looks = judged(noise.scores(PAPER, studies, plan.last), rule, plan)
    pairs = pairs_of(len(PAPER))
    runs = np.full((studies, len(PAPER)), plan.first)
    while True:
        found = read(looks, runs[:, pairs].min(axis=-1), plan, until=until)
        more = extend(found, runs, pairs, plan, least_chance=LEAST_CHANCE)
        if not more.any():
            break
        runs += more
    missed = (UNDECIDED, NOT_WORSE) if until is Until.SHARP else (UNDECIDED,)
    return float((~np.isin(found.symbol, missed)).mean()), float(runs.sum(axis=-1).mean())


def inflation(rule: Rule, r: float, ratio: float, *, level: float = 0.005, n: int = 6) -> float:
    """Return how many times too often one pair's test rejects equal layouts at one look.

    Exact but for the drawing of covariances: normal means are independent of them.
    """
    noise = Noise(name="", sds=(1.0, ratio))
    x, y = np.moveaxis(noise.scores((0.0, 0.0), 100_000, n), 1, 0)
    m = moments(np.stack([x, r * ratio * x + np.sqrt(1 - r * r) * y], axis=1))
    half = np.full(x.shape[:1], np.inf)
    for variance, freedom in rule.tests(m):
        quantile = -special.stdtrit(
            np.broadcast_to(freedom, variance.shape), rule.share * level / 2
        )
        half = np.fmin(half, (quantile * np.sqrt(variance))[:, 0, -1])
    deviation = np.sqrt(1 + ratio**2 - 2 * r * ratio)
    return float(np.mean(2 * special.ndtr(-half / deviation)) / level)


TWO = (0.01,) * 2
_ERRORS = (
    Noise(name="normal 1"),
    Noise(name="r = 0.5", r=0.5),
    Noise(name="r = ±0.3", r=-0.3),
    Noise(name="r = ±0.5", r=-0.5),
    Noise(name="two layouts, r = -0.3", sds=TWO, r=-0.3),
    Noise(name="two layouts, r = -0.5", sds=TWO, r=-0.5),
    Noise(name="two layouts, 0.5 and 1, r = -0.5", sds=(0.005, 0.01), r=-0.5),
    Noise(name="t3 1", shape=Shape.T3),
    Noise(
        name="skewness ±0.7, 3", sds=(0.03,) * 5, shape=Shape.GAMMA, skewness=0.7, alternating=True
    ),
    Noise(name="normal, 0.2 and 4 × 1", sds=(0.002, *(0.01,) * 4)),
    Noise(name="skewness 0.7, 0.1 and 4 × 9", sds=ONE_QUIET, shape=Shape.GAMMA, skewness=0.7),
    Noise(name="skewness 0.7, 0.1 0.3 1 3 9", sds=SPREAD, shape=Shape.GAMMA, skewness=0.7),
)
_DESIGNS = ((6, 6), (6, 20))


def _error_row(noise: Noise, seeds: tuple[int, int], studies: int) -> str:
    plan = design(first=seeds[0], last=seeds[1])
    found = (errors(noise, rule, plan, studies) for rule in RULES)
    cells = (f"{100 * better:.1f} / {100 * equal:.1f}" for better, equal in found)
    return f"| {noise.name} | {seeds[0]} to {seeds[1]} | {' | '.join(cells)} |"


def _power_row(r: float, sd: float, studies: int) -> str:
    noise = Noise(name="", r=r, sds=(sd,) * 5)
    cells = []
    for rule in RULES:
        six = power(noise, rule, design(last=6), studies, until=Until.SETTLED)[0]
        settled = power(noise, rule, design(), studies, until=Until.SETTLED)[1]
        sharp, runs = power(noise, rule, design(), studies, until=Until.SHARP)
        cells.append(f"{100 * six:.0f}, {settled:.0f}, {100 * sharp:.0f}, {runs:.0f}")
    return f"| {f'±{-r:g}' if r < 0 else f'{r:g}'} | {100 * sd:g} | {' | '.join(cells)} |"


def measured() -> str:
    """Return the correlations over seeds of all pairs in docs/results, by accuracy at the end."""
    rows = ["| study | seeds | pairs | mean r | lowest, highest r |", "|---|---|---|---|---|"]
    for path in sorted((PAGE.parent / "results").glob("*/trials.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            trials = [each for each in csv.DictReader(file) if each["status"] == "finished"]
        for kind, fine in ((path.parent.name, False), (f"{path.parent.name}, fine-tuned", True)):
            scores: dict[str, dict[int, float]] = {}
            for each in trials:
                if each["trial"].endswith("-fine") is fine:
                    by_seed = scores.setdefault(each["label"], {})
                    by_seed[int(each["seed"])] = float(each["evaluation_accuracy"])
            if scores:
                rows.append(_correlations(kind, list(scores.values())))
    return "\n".join(rows)


def _correlations(name: str, scores: list[dict[int, float]]) -> str:
    found, seeds = [], []
    for one, other in combinations(scores, 2):
        both = sorted(one.keys() & other.keys())
        found.append(np.corrcoef([one[s] for s in both], [other[s] for s in both])[0, 1])
        seeds.append(len(both))
    low, high = min(found), max(found)
    counts = f"{min(seeds)} to {max(seeds)}" if min(seeds) < max(seeds) else f"{seeds[0]}"
    return f"| {name} | {counts} | {len(found)} | {np.mean(found):+.2f} | {low:+.2f}, {high:+.2f} |"


def tables(studies: int) -> Iterator[tuple[str, str]]:
    """Yield name and text of each table; studies are simulated two rows at a time."""
    yield "pairing measured", measured()
    names = " | ".join(rule.name for rule in RULES)
    line = "|---" * (len(RULES) + 2) + "|"
    rows = [
        " | ".join(
            [f"| {r:g} | {ratio:g}", *(f"{inflation(each, r, ratio):.2f}" for each in _ALONE)]
        )
        + " |"
        for r in (-0.5, -0.3, 0.0, 0.5, 0.8)
        for ratio in (1.0, 5.0, 90.0)
    ]
    alone = f"| r | ratio of sds | {' | '.join(rule.name for rule in _ALONE)} |"
    yield "pairing one pair", "\n".join([alone, "|---" * (len(_ALONE) + 2) + "|", *rows])
    with ProcessPoolExecutor(2) as pool:
        wrong = [(noise, seeds) for seeds in _DESIGNS for noise in _ERRORS]
        found = pool.map(_error_row, *zip(*wrong, strict=True), [studies] * len(wrong))
        yield "pairing errors", "\n".join([f"| noise | seeds | {names} |", line, *found])
        cases = [(r, sd) for r in (-0.3, 0.0, 0.2, 0.5, 0.8) for sd in (0.003, 0.005, 0.01)]
        found = pool.map(_power_row, *zip(*cases, strict=True), [studies] * len(cases))
        yield "pairing power", "\n".join([f"| r | noise | {names} |", line, *found])


_ALONE = tuple(rule for rule in RULES if rule.tests is not by_the_study)  # one pair is no study


def main(arguments: Sequence[str]) -> None:
    """Print the tables, and write them where asked to."""
    studies = next((int(each) for each in arguments if each.isdigit()), STUDIES)
    found: dict[str, str] = {}
    for name, table in tables(studies):
        print(f"\n{name}\n\n{table}", flush=True)
        found[name] = table
    if "--write" in arguments:
        PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), found), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
