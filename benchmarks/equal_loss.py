"""Does reading at equal training loss favour anyone? Studies in which the truth is that it may not.

    python benchmarks/equal_loss.py [STUDIES] [--write]

All layouts share one line of accuracy over ln(probe loss); one of them trains less deep than the
others, and every run's lowest loss has a spread. Whatever then comes out as better is the reading's
doing. Prints the tables of docs/measures.md, "What l* was measured against"; --write puts them
there. 400 studies a cell, the default, take about six minutes of one core.

The trajectories go through the shipped scores, and those through the shipped certificate. Rules
that were not adopted are written out here.
"""

import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.calibration import design, page
from coatnet.config import BlockType, CoAtNetConfig, StageConfig, StemConfig
from nas.ranking.curves import Reach, accuracy_at_loss, deepest_loss, ln_loss, reach, record_lows
from nas.ranking.forecast.scenarios import differences, pairs_of
from nas.ranking.objective import Objective
from nas.ranking.scores import equal_loss, finished
from nas.ranking.statistics.certificate import (
    BETTER,
    MUCH_BETTER,
    NOT_WORSE,
    UNDECIDED,
    Design,
    look,
    read,
)
from nas.ranking.statistics.replication import extend
from nas.spec.choices import Metric
from nas.spec.study import Until
from nas.study.records import EpochMeasured, Trial, TrialHistory, TrialStatus

STUDIES = 400
PAGE = Path(__file__).parents[1] / "docs" / "measures.md"
LAYOUTS, SEEDS, EPOCHS = 5, 20, 8
BEGIN, DEEP, SHALLOW = 2.0, 0.03, 0.12  # nats: at the first epoch; the lowest, and the slowest's
BEST = 0.97  # accuracy on the line at `DEEP`
FIXED, GROWING = design(first=SEEDS, last=SEEDS), design(first=6, last=SEEDS)

Study = Sequence[TrialHistory]


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """Studies that differ in nothing but how deep their runs get."""

    slope: float  # points of accuracy an e-fold of the loss
    spread: float  # sd over seeds of ln(lowest probe loss)
    noise: float = 0.3  # sd of a run's distance from the line, points
    tied: float = 0.0  # correlation of a run's depth with its height above the line


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Reading:
    """What a rule makes of one study."""

    values: np.ndarray  # [layouts, seeds]
    ends: np.ndarray  # [layouts], seeds before the first that is not read
    level: float  # l*, nats


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What many studies of a cell came to under one rule; shares are of the studies."""

    bias: float  # of the slowest layout against the others, points
    false: float  # any `>` or `≫` at any look
    stopped: float  # the slowest has a run that misses l* among those it was given
    decided: float  # share of the slowest's pairs with a sharp symbol at the end
    level: float  # l*, nats, geometric mean


def studies(cell: Cell, number: int, *, seed: int = 0) -> Iterator[Study]:
    """Yield studies of `LAYOUTS` layouts, "0" the slowest, with `SEEDS` seeds each."""
    random = np.random.default_rng(seed)
    trials = [_trial(label, s) for label in range(LAYOUTS) for s in range(SEEDS)]
    middle = np.log([SHALLOW, *[DEEP] * (LAYOUTS - 1)]).repeat(SEEDS)
    way = (np.arange(EPOCHS) / (EPOCHS - 1)) ** 0.7
    for _ in range(number):
        deeper, own = random.standard_normal((2, len(trials)))
        lowest = middle + cell.spread * deeper
        height = cell.noise / 100 * (math.sqrt(1 - cell.tied**2) * own - cell.tied * deeper)
        begin = math.log(BEGIN) + 0.05 * random.standard_normal(len(trials))
        depths = begin[:, None] + (lowest - begin)[:, None] * way
        lines = BEST + height[:, None] - cell.slope / 100 * (depths - math.log(DEEP))
        yield [
            TrialHistory(
                trial=trial,
                status=TrialStatus.FINISHED,
                epochs=_epochs(trial, np.exp(losses), accuracies),
                attempts=1,
            )
            for trial, losses, accuracies in zip(trials, depths, lines, strict=True)
        ]


def _trial(label: int, seed: int) -> Trial:
    config = CoAtNetConfig(
        stem=StemConfig(width=16),
        stages=(StageConfig(block=BlockType.TRANSFORMER, depth=1, width=32),),
        image_size=28,
        in_channels=1,
        classes=10,
    )
    number = label * SEEDS + seed + 1
    return Trial(
        number=number,
        id=f"{number:04d}-{label}-s{seed}",
        label=str(label),
        layout=config.layout,
        seed=seed,
        epochs=EPOCHS,
        config=config,
        parameters=150_000,
        macs=2_000_000,
    )


def _epochs(trial: Trial, losses: np.ndarray, accuracies: np.ndarray) -> tuple[EpochMeasured, ...]:
    return tuple(
        EpochMeasured(
            at=float(epoch),
            trial_id=trial.id,
            attempt=1,
            epoch=epoch,
            step=10 * epoch,
            samples=1200 * epoch,
            seconds=float(epoch),
            learning_rate=1e-3,
            train_loss=loss,
            gradient_norm=1.0,
            probe_loss=loss,
            probe_accuracy=accuracy,
            evaluation_loss=loss,
            evaluation_accuracy=accuracy,
        )
        for epoch, (loss, accuracy) in enumerate(
            zip(losses.tolist(), accuracies.tolist(), strict=True), start=1
        )
    )


# Rules.


def shipped(study: Study, plan: Design) -> Reading:
    """Read a study as `nas rank` does."""
    growing = plan.last > plan.first
    objective = Objective(metric=Metric.GENERALIZATION, first=plan.first, growing=growing)
    scores = objective.scores(study)
    labels = [str(i) for i in range(LAYOUTS)]
    return Reading(
        values=np.array([[t.value for t in scores.finished(label).values()] for label in labels]),
        ends=np.array([len(scores.prefix(label)) for label in labels]),
        level=scores.equal_loss or math.nan,
    )


def of_0_1(study: Study, plan: Design) -> Reading:
    """Read a study as 0.1 did: at the largest median, or at a run's own lowest loss above it."""
    trials = finished(study)
    level = max(
        median(deepest_loss(history) for seed, history in seeds.items() if seed < plan.first)
        for seeds in trials.values()
    )
    return _clipped(study, level)


def own_lowest(study: Study, plan: Design) -> Reading:
    """Read at the largest over runs, a later run above it at its own lowest loss."""
    return _clipped(study, equal_loss(finished(study), first=plan.first) or math.nan)


def weighed(study: Study, plan: Design) -> dict[str, Reading]:
    """Read a study by all rules that were weighed."""
    largest = own_lowest(study, plan)
    missed = [reach(history, largest.level) is not Reach.CROSSES for history in study]
    table = np.array(missed).reshape(LAYOUTS, SEEDS)
    ended = replace(largest, ends=np.where(table.any(axis=1), table.argmax(axis=1), SEEDS))
    beyond = np.array([_beyond(history, largest.level) for history in study])
    return {
        "0.1: largest median, else own lowest": of_0_1(study, plan),
        "largest, else own lowest": largest,
        "largest, else on the last slope": replace(
            largest, values=largest.values + beyond.reshape(largest.values.shape)
        ),
        WITHHELD: ended,
        "largest, else ended": ended,
        "shipped: largest with room, else ended": shipped(study, plan),
    }


def _clipped(study: Study, level: float) -> Reading:
    values = np.array([accuracy_at_loss(history, level) for history in study])
    return Reading(values=values.reshape(LAYOUTS, SEEDS), ends=np.full(LAYOUTS, SEEDS), level=level)


def _beyond(history: TrialHistory, level: float) -> float:
    last, end = record_lows(history)[-2:]
    missing = max(ln_loss(end.probe_loss) - ln_loss(level), 0.0)
    fall = ln_loss(last.probe_loss) - ln_loss(end.probe_loss)
    return missing * (end.evaluation_accuracy - last.evaluation_accuracy) / fall


WITHHELD = "largest, else withheld"


def outcome(readings: Sequence[Reading], plan: Design, *, withhold: bool = False) -> Outcome:
    """Replicate the studies as `nas search` would, until all is sharp, and hold claims to the null.

    A layout is given no seed after one that is not read; with `withhold` its claims go too.
    """
    values = np.array([each.values for each in readings])
    ends = np.array([each.ends for each in readings])
    looks = look(differences(values), plan)
    runs, pairs = np.full(ends.shape, plan.first), pairs_of(LAYOUTS)
    false = np.zeros(len(values), dtype=bool)
    while True:
        stopped = ends < runs
        gone = stopped[:, pairs].any(axis=-1)
        verdict = read(
            looks, np.minimum(runs, ends)[:, pairs].min(axis=-1), plan, until=Until.SHARP
        )
        symbol = np.where(gone & withhold, UNDECIDED, verdict.symbol)
        false |= np.isin(symbol, (BETTER, MUCH_BETTER)).any(axis=-1)
        more = extend(verdict, runs, pairs, plan, closed=gone)
        if not more.any():
            break
        runs += more
    given = runs if withhold else np.minimum(runs, ends)
    counts = np.arange(values.shape[-1]) < given[..., None]
    means = np.where(counts, values, 0.0).sum(axis=-1) / counts.sum(axis=-1)
    own = (pairs == 0).any(axis=-1)
    return Outcome(
        bias=100 * float((means[:, 0] - means[:, 1:].mean(axis=1)).mean()),
        false=float(false.mean()),
        stopped=float(stopped[:, 0].mean()),
        decided=float(1 - np.isin(symbol, (UNDECIDED, NOT_WORSE))[:, own].mean()),
        level=math.exp(np.mean([math.log(each.level) for each in readings])),
    )


CELLS = (
    *(Cell(slope=slope, spread=spread) for slope in (2.0, 5.0) for spread in (0.1, 0.25)),
    Cell(slope=5.0, spread=0.25, tied=0.7),
    Cell(slope=5.0, spread=0.25, noise=1.0),
    Cell(slope=5.0, spread=0.25, noise=1.0, tied=0.7),
)


def fixed(cell: Cell, number: int) -> Iterator[str]:
    """Yield a cell of twenty seeds of each layout, all of them the first round."""
    pairs = [(of_0_1(each, FIXED), shipped(each, FIXED)) for each in studies(cell, number)]
    found = [outcome(readings, FIXED) for readings in zip(*pairs, strict=True)]
    texts = (text for each in found for text in (f"{each.bias:+.2f}", _percent(each.false)))
    yield _row(*_named(cell), *texts)


def growing(cell: Cell, number: int) -> Iterator[str]:
    """Yield a cell of studies that begin with six seeds and go to twenty where a pair is open."""
    read_ = [weighed(each, GROWING) for each in studies(cell, number, seed=1)]
    for rule in read_[0]:
        readings = [each[rule] for each in read_]
        found = outcome(readings, GROWING, withhold=rule == WITHHELD)
        yield _row(
            *_named(cell),
            rule,
            f"{found.bias:+.2f}",
            _percent(found.false),
            _percent(found.stopped),
            _percent(found.decided),
            f"{found.level:.3f}",
        )


def _named(cell: Cell) -> tuple[str, ...]:
    return tuple(f"{each:g}" for each in (cell.slope, cell.spread, cell.noise, cell.tied))


_CELL = ("slope", "spread", "noise", "tied")
TABLES: Mapping[str, tuple[Callable[[Cell, int], Iterator[str]], tuple[str, ...]]] = {
    "equal loss, twenty seeds": (
        fixed,
        (*_CELL, "0.1: bias", "0.1: false `>`", "shipped: bias", "shipped: false `>`"),
    ),
    "equal loss, six to twenty seeds": (
        growing,
        (
            *_CELL,
            "rule",
            "bias",
            "false `>`",
            "slowest meets a run above l*",
            "its pairs decided",
            "l*, nats",
        ),
    ),
}


def _cell(name: str, cell: Cell, number: int) -> list[str]:
    return list(TABLES[name][0](cell, number))


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def main(arguments: list[str]) -> None:
    """Print, or write, both tables; two cells at a time."""
    number = next((int(each) for each in arguments if each.isdigit()), STUDIES)
    found: dict[str, str] = {}
    with ProcessPoolExecutor(2) as pool:
        for name, (_, head) in TABLES.items():
            rows = pool.map(_cell, [name] * len(CELLS), CELLS, [number] * len(CELLS))
            lines = [
                _row(*head),
                "|---" * len(head) + "|",
                *(line for each in rows for line in each),
            ]
            found[name] = "\n".join(lines)
            print(f"\n{name}\n\n{found[name]}", flush=True)
    if "--write" in arguments:
        PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), found), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
