"""Is equal loss a reading of the schedule too? One layout at two budgets, read in many ways.

    python benchmarks/schedule.py [SEEDS] [--write]

Trains C-C-C-T of paper_generalization by the cosine schedule over 5 and over 15 epochs, with equal
weights and images, and over 15 epochs at a constant rate, from each epoch of which a branch is
cooled down to nothing over one epoch. Prints the tables of docs/measures.md, "The schedule placebo"
and "Batch statistics"; --write puts them there. Six seeds, the default, take a quarter of an hour
of one core.
"""

import copy
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from scipy.interpolate import PchipInterpolator
from torch import nn
from torch.optim.swa_utils import AveragedModel

from benchmarks.calibration import page
from nas.data.images import ImageData
from nas.driver.images import load_images
from nas.search.allocation.planning import Planner
from nas.space.candidate import Candidate, candidates
from nas.spec.file import load_spec
from nas.spec.study import StudySpec
from nas.study.records import Segment
from nas.training import trial_state
from nas.training.batch_statistics import estimate_statistics
from nas.training.device import Device
from nas.training.loop import prepare
from nas.training.metrics import evaluate
from nas.training.optimizer import Schedule
from nas.training.steps import Run, take_steps
from nas.training.task import Task
from nas.training.trial_state import TrialState

PAGE = Path(__file__).parents[1] / "docs" / "measures.md"
LAYOUT, SHORT, LONG = "C-C-C-T", 5, 15
DECAYS = (0.9, 0.95, 0.98)
ROOMS = (0.0, 0.25, 0.5)  # l* above the deepest loss that all reach, e-folds
CPU = Device(torch_device=torch.device("cpu"))

Way = list[tuple[float, float]]  # ln(probe loss), evaluation accuracy; one for each epoch
Ways = dict[str, Way]  # by reading


@dataclass(frozen=True, kw_only=True, slots=True)
class Cooling(Schedule):
    """Down to nothing from what the rate was at a step."""

    begun: int

    def __call__(self, step: int) -> float:
        """Return the rate of the optimizer step `step`."""
        return self.peak * (1 - (step + 1 - self.begun) / self.total_steps)


class Averages:
    """Several averages of the weights of one training."""

    def __init__(self, model: nn.Module) -> None:
        """Begin all of them at the weights as they are."""
        self.kept = {decay: trial_state.make_average(model, decay) for decay in DECAYS}

    def update_parameters(self, model: nn.Module) -> None:
        """Take in the weights after a step."""
        for each in self.kept.values():
            each.update_parameters(model)


def train(spec: StudySpec, data: ImageData, *, seed: int, cool: bool) -> Ways:
    """Train, and return what every reading saw after each epoch."""
    found = {c.layout: c for c in candidates(spec, data.shape) if isinstance(c, Candidate)}
    recipe, epochs = spec.training, spec.training.epochs
    trial = Planner(epochs=epochs).new(found[LAYOUT], seed=seed, number=1)
    segment = Segment(trial=trial, attempt=1, acknowledged=0, until_epoch=epochs)
    run = prepare(segment, Task(data=data, recipe=recipe), CPU, lambda: False)
    state = trial_state.start(
        trial, recipe=recipe, data_fingerprint=data.fingerprint, device=CPU.torch_device
    )
    averages = Averages(state.model)
    state.average = averages  # pyrefly: ignore [bad-assignment] - more than one
    ways: Ways = {}
    for epoch in range(1, epochs + 1):
        take_steps(state, run, epoch)
        _read(ways, "raw", state.model, run)
        for decay, average in averages.kept.items():
            _read(ways, f"average {decay:g}", average, run)
        if cool:
            ways.setdefault("cooled branch, anew", []).append(_cooled(state, run, epoch))
    return ways


def _read(ways: Ways, name: str, model: nn.Module, run: Run) -> None:
    """Read as the running statistics are, and estimated anew; training does not notice."""
    taken = copy.deepcopy(model.module if isinstance(model, AveragedModel) else model)
    ways.setdefault(name, []).append(_point(taken, run))
    estimate_statistics(taken, run.data.probe, normalize=run.data.normalize)
    ways.setdefault(f"{name}, anew", []).append(_point(taken, run))


def _point(model: nn.Module, run: Run) -> tuple[float, float]:
    probe, evaluation = (
        evaluate(model, images, normalize=run.data.normalize)
        for images in (run.data.probe, run.data.evaluation)
    )
    return math.log(probe.loss), evaluation.accuracy


def _cooled(state: TrialState, run: Run, epoch: int) -> tuple[float, float]:
    """Return what a branch sees that is cooled down over one more epoch."""
    branch = copy.deepcopy(replace(state, average=None))
    steps = run.schedule.total_steps // LONG
    cooling = Cooling(
        kind="constant",
        peak=run.schedule(state.step),
        floor=0.0,
        warmup_steps=0,
        total_steps=steps,
        begun=state.step,
    )
    take_steps(branch, replace(run, schedule=cooling), epoch + 1)
    estimate_statistics(branch.model, run.data.probe, normalize=run.data.normalize)
    return _point(branch.model, run)


def at_loss(way: Way, level: float) -> float:
    """Return the accuracy where ln(probe loss) first passes `level`, as the ranking reads it."""
    lows: Way = []
    for loss, accuracy in way:
        if not lows or loss < lows[-1][0]:
            lows.append((loss, accuracy))
    losses, accuracies = zip(*lows[::-1], strict=True)
    if not losses[0] <= level <= losses[-1]:
        return math.nan
    return float(PchipInterpolator(losses, accuracies)(level))


def deepest(ways: Iterable[Way]) -> float:
    """Return the lowest ln(probe loss) that all reach."""
    return max(min(loss for loss, _ in way) for way in ways)


def confound(short: Sequence[Ways], long: Sequence[Ways], reading: str) -> list[str]:
    """Return the row of a reading: what the short training gains, in points, and its sd."""
    both = [each[reading] for each in (*short, *long)]
    cells = []
    for room in ROOMS:
        level = deepest(both) + room
        gains = 100 * np.array(
            [
                at_loss(a[reading], level) - at_loss(b[reading], level)
                for a, b in zip(short, long, strict=True)
            ]
        )
        error = gains.std(ddof=1) / math.sqrt(len(gains))
        cells.append(f"{gains.mean():+.2f} ± {error:.2f}")
    return [reading, *cells, f"{gains.std(ddof=1):.2f}", f"{math.exp(deepest(both)):.3f}"]


def beside(way: Mapping[str, Sequence[Ways]], level: float) -> list[str]:
    """Return a row: the mean accuracy (%) at a loss (nats), by reading."""
    read = {
        "cosine, 5 epochs, raw": (way["short"], "raw"),
        "cosine, 15 epochs, raw": (way["long"], "raw"),
        "constant, raw": (way["constant"], "raw"),
        "cosine, 5 epochs, average 0.95, anew": (way["short"], "average 0.95, anew"),
        "cosine, 15 epochs, average 0.95, anew": (way["long"], "average 0.95, anew"),
        "constant, average 0.95, anew": (way["constant"], "average 0.95, anew"),
        "constant, cooled branch, anew": (way["constant"], "cooled branch, anew"),
    }
    found = [
        np.mean([at_loss(each[name], math.log(level)) for each in ways])
        for ways, name in read.values()
    ]
    return [f"{level:g}", *(f"{100 * each:.2f}" for each in found)]


def lag(ways: Sequence[Ways]) -> list[list[str]]:
    """Return rows by epoch: mean probe loss with statistics as they run and estimated anew."""
    rows = []
    for epoch in (1, 2, 3, 5, 10, 15):
        losses = [
            np.mean([math.exp(each[name][epoch - 1][0]) for each in ways])
            for name in ("raw", "raw, anew", "average 0.95", "average 0.95, anew")
        ]
        rows.append([str(epoch), *(f"{loss:.3f}" for loss in losses)])
    return rows


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(each)} |" for each in lines)


def main(arguments: list[str]) -> None:
    """Train, print and, where asked, write."""
    torch.set_num_threads(1)
    seeds = next((int(each) for each in arguments if each.isdigit()), 6)
    kinds = {"short": (SHORT, "cosine"), "long": (LONG, "cosine"), "constant": (LONG, "constant")}
    ways: dict[str, list[Ways]] = {}
    data: ImageData | None = None
    for name, (epochs, schedule) in kinds.items():
        spec = load_spec(
            "paper_generalization",
            [
                *(f"training.epochs={epochs}", f"training.schedule={schedule}"),
                *("training.ema_decay=null", "search.schedule_placebo=null"),
            ],
        )
        data = data or load_images(spec).training
        for seed in range(seeds):
            found = train(spec, data, seed=seed, cool=name == "constant")
            ways.setdefault(name, []).append(found)
            print(f"{name}, seed {seed}", file=sys.stderr, flush=True)
    readings = ways["short"][0]
    parts = {
        "schedule": table(
            ["read", *(f"room {room:g}" for room in ROOMS), "sd, room 0.5", "deepest loss, nats"],
            [confound(ways["short"], ways["long"], reading) for reading in readings],
        ),
        "rates": table(
            [
                "probe loss, nats",
                *("cosine 5, raw", "cosine 15, raw", "constant, raw", "cosine 5, average"),
                *("cosine 15, average", "constant, average", "constant, cooled branch"),
            ],
            [beside(ways, level) for level in (0.02, 0.03, 0.05)],
        ),
        "lag": table(
            ["epoch", "raw, running", "raw, anew", "average, running", "average, anew"],
            lag(ways["long"]),
        ),
    }
    for name, part in parts.items():
        print(f"\n{name}\n\n{part}", flush=True)
    if "--write" in arguments:
        PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), parts), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
