"""Whole studies simulated with the shipped rules: what a question costs, before the first run.

Layouts are replicated together or adaptively, looked at after every round, and every claim at every
look is held to the truth.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

import numpy as np

from nas.ranking.forecast.claimed import claimed_at
from nas.ranking.forecast.scenarios import (
    Scenario,
    Shape,
    differences,
    draw,
    pairs_of,
    paper_means,
)
from nas.ranking.result import Symbol
from nas.ranking.statistics.certificate import (
    BETTER,
    EQUIVALENT,
    MUCH_BETTER,
    NOT_WORSE,
    UNDECIDED,
    Design,
    Verdict,
    look,
    read,
)
from nas.ranking.statistics.contest import Contest, comparisons, contest
from nas.ranking.statistics.replication import LEAST_CHANCE, extend
from nas.spec.study import Question, Until


class Policy(StrEnum):
    """Who gets the next seeds, and when it ends; at the last look in any case."""

    ADAPTIVE = "adaptive"  # docs/ranking.md, "Where seeds go"
    EQUAL = "equal"  # every layout, while any pair is open
    EQUAL_FUTILE = "equal, with futility"  # every layout, while any would be named by that
    ALL = "all"  # every layout to the last look, looking at each


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Replicated:
    """How studies ended; claims of a kind: better (`>`, `≫`), equal (`≈`), not worse (`≥`)."""

    runs: np.ndarray  # [studies, K] seeds given to each layout
    symbol: np.ndarray  # [studies, m] at the end
    decided: np.ndarray  # [studies, m] ended as the stop asks: no `?`; sharp: no `≥` either
    false: np.ndarray  # [studies, 3 kinds] any false claim at the end
    false_ever: np.ndarray  # [studies, 3 kinds] ... at any look
    missed_ever: np.ndarray  # [studies] any interval at any look misses the truth
    contest: Contest | None = None  # as it ended; None where the question is the order


@dataclass(frozen=True, kw_only=True, slots=True)
class OperatingCharacteristics:
    """What many simulated studies of one scenario came to; shares are of the studies."""

    studies: int
    trials_mean: float  # that a study takes
    trials_quantiles: tuple[float, float, float]  # 10 %, 50 %, 90 %
    decided: float  # share of pairs that ended as the stop asks; winner: of those of the leader
    false_better: float  # any false `>` or `≫` at the end
    false_better_ever: float  # ... at any look
    false_equal: float  # any false `≈`
    false_equal_ever: float
    false_not_worse: float  # any false `≥`
    false_not_worse_ever: float
    false_ever: float  # any false symbol at any look
    missed_ever: float  # any interval, as printed, that misses the truth at any look


@dataclass(frozen=True, kw_only=True, slots=True)
class SeedsNeeded:
    """At how many seeds a claim about one pair is first made, at Holm's first step."""

    deviation: float  # sd of one paired difference, fraction
    symbol: Symbol  # `?` stands for "not `?`"
    true_difference: float  # fraction
    seeds_median: int | None  # of the studies; None: not by the last look
    seeds_80: int | None  # in 80 % of them


@dataclass(frozen=True, kw_only=True, slots=True)
class ScenarioRow:
    """What a study like the paper's would cost with a given noise."""

    noise: float  # sd of one run, fraction; a paired difference has sqrt(2) of it
    adaptive: OperatingCharacteristics
    equal: OperatingCharacteristics  # every layout replicated until no pair is open


@dataclass(frozen=True, kw_only=True, slots=True)
class Forecast:
    """The answer to "how many seeds does my question need?"."""

    design: Design
    layouts: int
    until: Until
    means: tuple[float, ...]  # true scores of the scenarios, below the best: fractions
    questions: tuple[SeedsNeeded, ...]
    scenarios: tuple[ScenarioRow, ...]


def replicate(
    d: np.ndarray,
    design: Design,
    *,
    until: Until,
    policy: Policy = Policy.ADAPTIVE,
    gaps: np.ndarray | None = None,
    floor: float = 0.0,
    question: Question = Question.ORDER,
) -> Replicated:
    """Replicate studies with paired differences d [studies, m, last], one round after the other.

    All layouts start with `design.first` seeds; a round adds one to those the policy names. `gaps`
    [m] are the true differences that claims are held to; without them nothing is false. Where the
    `question` is the winner, seeds go to its open pairs; claims of all pairs are counted still.
    """
    pairs = pairs_of(round((1 + np.sqrt(1 + 8 * d.shape[-2])) / 2))
    looks, found = look(d, design, floor=floor), None
    bounds = looks
    if question is Question.WINNER:
        bounds = look(d, design, floor=floor, pairs=comparisons(pairs.max() + 1))
    runs = np.full((len(d), pairs.max() + 1), design.first)
    ever = np.zeros((len(d), 3), dtype=bool)
    missed = np.zeros(len(d), dtype=bool)
    while True:
        verdict = read(looks, runs[:, pairs].min(axis=-1), design, until=until)
        false = _false(verdict, gaps, design)
        ever |= false
        if gaps is not None:
            missed |= ((verdict.low > gaps) | (verdict.high < gaps)).any(axis=-1)
        asking = verdict
        if question is Question.WINNER:
            found = contest(bounds, verdict, pairs, design, until=until)
            asking = found.asking(verdict)
        more = _more(asking, runs, design, policy)
        if not more.any():
            break
        runs += more
    wanting = (UNDECIDED, NOT_WORSE) if until is Until.SHARP else (UNDECIDED,)
    return Replicated(
        runs=runs,
        symbol=verdict.symbol,
        decided=~np.isin(verdict.symbol, wanting),
        false=false,
        false_ever=ever,
        missed_ever=missed,
        contest=found,
    )


def _more(verdict: Verdict, runs: np.ndarray, design: Design, policy: Policy) -> np.ndarray:
    """Return [studies, K] which layouts get one more seed."""
    if policy is Policy.ALL:
        return runs < design.last
    least_chance = 0.0 if policy is Policy.EQUAL else LEAST_CHANCE
    pairs = pairs_of(runs.shape[-1])
    named = extend(verdict, runs, pairs, design, least_chance=least_chance)
    if policy is Policy.ADAPTIVE:
        return named
    return np.broadcast_to(named.any(axis=-1, keepdims=True), runs.shape)


def simulate(
    scenario: Scenario,
    design: Design,
    *,
    until: Until,
    policy: Policy = Policy.ADAPTIVE,
    studies: int = 4000,
    seed: int = 0,
    question: Question = Question.ORDER,
) -> OperatingCharacteristics:
    """Simulate studies of a scenario, deterministic in `seed`; 4,000 take about a second."""
    d = differences(draw(scenario, studies=studies, seeds=design.last, seed=seed))
    found = replicate(d, design, until=until, policy=policy, gaps=scenario.gaps, question=question)
    total = found.runs.sum(axis=-1)
    low, middle, high = np.quantile(total, (0.1, 0.5, 0.9))
    return OperatingCharacteristics(
        studies=studies,
        trials_mean=float(total.mean()),
        trials_quantiles=(float(low), float(middle), float(high)),
        decided=float(found.decided.mean() if found.contest is None else found.contest.decided),
        false_better=float(found.false[:, 0].mean()),
        false_better_ever=float(found.false_ever[:, 0].mean()),
        false_equal=float(found.false[:, 1].mean()),
        false_equal_ever=float(found.false_ever[:, 1].mean()),
        false_not_worse=float(found.false[:, 2].mean()),
        false_not_worse_ever=float(found.false_ever[:, 2].mean()),
        false_ever=float(found.false_ever.any(axis=-1).mean()),
        missed_ever=float(found.missed_ever.mean()),
    )


def _false(verdict: Verdict, gaps: np.ndarray | None, design: Design) -> np.ndarray:
    """Return [studies, 3] which studies hold a false `>` or `≫`, a false `≈`, a false `≥`."""
    if gaps is None:
        return np.zeros((len(verdict.n), 3), dtype=bool)
    claimed = np.where(verdict.mean >= 0, gaps, -gaps)  # what is true of the claim's better layout
    better = (verdict.symbol == BETTER) & (claimed <= 0)
    better |= (verdict.symbol == MUCH_BETTER) & (claimed <= design.large_margin)
    # A gap at the margin is a margin, whatever its last bit.
    at_least = np.abs(gaps) >= design.margin * (1 - 1e-9)
    equal = (verdict.symbol == EQUIVALENT) & at_least
    not_worse = (verdict.symbol == NOT_WORSE) & (claimed < 0) & at_least
    return np.stack([each.any(axis=-1) for each in (better, equal, not_worse)], axis=-1)


def forecast(
    design: Design,
    layouts: int,
    *,
    until: Until,
    noise: Sequence[float],
    studies: int = 2000,
    seed: int = 0,
    question: Question = Question.ORDER,
) -> Forecast:
    """Tell what questions cost under a design, for layouts whose runs have each sd of `noise`.

    The questions ask about one pair of them: `>` at a gap of 1.5, 2.8 and 8 margins, `≈` at 0 and
    0.2, `≫` at 1.2 and 1.6 large margins, anything but `?` at 0. The scenarios replicate a whole
    study whose true scores lie as far apart as the paper's (0, 0.1, 0.5, 1.4, 5.4 points below the
    best; the pattern goes on below where there are more layouts).

    Raises:
        ValueError: fewer than two layouts.
    """
    if layouts < 2:
        raise ValueError(f"a ranking needs two layouts or more, not {layouts}")
    means = paper_means(layouts)
    asked = (
        *((Symbol.BETTER, times * design.margin) for times in (1.5, 2.8, 8.0)),
        *((Symbol.EQUIVALENT, times * design.margin) for times in (0.0, 0.2)),
        *((Symbol.MUCH_BETTER, times * design.large_margin) for times in (1.2, 1.6)),
        (Symbol.UNDECIDED, 0.0),
    )
    pairs = len(pairs_of(layouts))
    return Forecast(
        design=design,
        layouts=layouts,
        until=until,
        means=means,
        questions=tuple(
            _needed(symbol, gap, float(sd * np.sqrt(2)), design, pairs=pairs, studies=studies)
            for sd in noise
            for symbol, gap in asked
        ),
        scenarios=tuple(
            _scenario(sd, design, until, question, means=means, studies=studies, seed=seed)
            for sd in noise
        ),
    )


def _needed(
    symbol: Symbol, gap: float, sd: float, design: Design, *, pairs: int, studies: int
) -> SeedsNeeded:
    at = claimed_at(gap, sd, symbol, design, pairs=pairs, studies=studies, seed=0)
    ordered = np.sort(np.where(at == 0, design.last + 1, at))
    median, eighty = (int(ordered[int(np.ceil(share * studies)) - 1]) for share in (0.5, 0.8))
    return SeedsNeeded(
        deviation=sd,
        symbol=symbol,
        true_difference=gap,
        seeds_median=median if median <= design.last else None,
        seeds_80=eighty if eighty <= design.last else None,
    )


def _scenario(
    sd: float,
    design: Design,
    until: Until,
    question: Question,
    *,
    means: tuple[float, ...],
    studies: int,
    seed: int,
) -> ScenarioRow:
    scenario = Scenario(means=means, sds=(sd,) * len(means), shape=Shape.NORMAL)
    run = partial(
        simulate, scenario, design, until=until, studies=studies, seed=seed, question=question
    )
    adaptive, equal = (run(policy=each) for each in (Policy.ADAPTIVE, Policy.EQUAL))
    return ScenarioRow(noise=sd, adaptive=adaptive, equal=equal)
