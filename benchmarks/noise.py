"""How much of a difference's noise is evaluation images, and does the first seed foretell it?

    python benchmarks/noise.py [STUDY] [--write]

STUDY is a finished study with its checkpoints, three seeds of each layout or more; without one,
three of the quickstart's layouts are trained with ten seeds each on digits (some four minutes of
two cores). Prints the tables of docs/ranking.md, "Where the noise comes from"; --write puts them
there.
"""

import math
import sys
import tempfile
from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import Path

import numpy as np
import torch

import nas
from benchmarks.calibration import PAGE, POINT, page
from benchmarks.new_images import Cell, drawn
from nas.data.on_device import to_device
from nas.driver.images import load_again
from nas.ranking.noise_words import find_noise
from nas.ranking.statistics.noise import Noise, noise, pooled, predicted_image_variance
from nas.spec.file import load_spec, resolved
from nas.study.folder import Study, open_study
from nas.study.places import find_study
from nas.study.records import TrialStatus
from nas.training.metrics import evaluation_mode
from nas.training.trial_state import load_weights

LAYOUTS = ("C-C-C-C", "C-C-C-T", "C-T-T-T")
SEEDS = 10
SUBSETS = (100, 200, 350, 599)
DRAWS = 200  # subsets of each size
GOAL = 0.25
SIMULATED = 400

Correct = Mapping[str, np.ndarray]  # by label: [seeds, N]


def trained(folder: Path) -> Study:
    """Train the study that is looked at."""
    values = resolved(load_spec("quickstart"))
    layouts = values["space"]["layouts"]
    values["space"]["layouts"] = {label: layouts[label] for label in LAYOUTS}
    nas.run(values, f"search.seeds={SEEDS}", "tracking.uri=null", study=folder)
    return open_study(folder)


def correctness(study: Study) -> Correct:
    """Return what the trained networks of a study are right on, by its checkpoints."""
    data = to_device(load_again(study).training, torch.device("cpu"))
    found: dict[str, dict[int, np.ndarray]] = {}
    for history in study.histories():
        trial = history.trial
        if history.status is not TrialStatus.FINISHED or trial.parent is not None or trial.twin:
            continue
        model = load_weights(study.trials / trial.id, trial.config, ema=False)
        right = []
        with evaluation_mode(model):
            parts = torch.arange(len(data.evaluation)).split(256)
            for images, labels in data.evaluation.batches(parts):
                right.append(model(data.normalize(images)).argmax(dim=1) == labels)
        found.setdefault(trial.label, {})[trial.seed] = torch.cat(right).numpy()
    return {
        label: np.stack([runs[seed] for seed in sorted(runs)]).astype(float)
        for label, runs in found.items()
    }


def _row(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def _compared(found: Noise, predicted: float) -> tuple[str, ...]:
    """Return the cells that hold a prediction (a variance) to what was measured."""
    off = math.sqrt(predicted) / found.image_sd - 1
    return (
        *(f"{each / POINT:.2f}" for each in (found.sd, found.seed_sd, found.image_sd)),
        f"{math.sqrt(predicted) / POINT:.2f}",
        f"{off:+.0%}".replace("%", " %"),
        f"{found.share:.0%}".replace("%", " %"),
        f"{found.seeds_worth(4):.1f}",
    )


_HEADER = "sd of a difference | of seeds | of images | predicted | off | share | 4 × images, seeds"


def by_pair(correct: Correct) -> Iterator[str]:
    """Yield for each pair, and for all, what was predicted of the first seeds and measured."""
    yield f"| pair | seeds | {_HEADER} |"
    yield "|---" * 9 + "|"
    measured, predicted = [], []
    for a, b in combinations(sorted(correct), 2):
        seeds = min(len(correct[a]), len(correct[b]))
        differences = correct[a][:seeds] - correct[b][:seeds]
        measured.append(noise(differences))
        predicted.append(predicted_image_variance(differences[0]))
        yield _row(f"{a}, {b}", seeds, *_compared(measured[-1], predicted[-1]))
    yield _row("all", seeds, *_compared(pooled(measured), float(np.mean(predicted))))
    # Any seed of a layout might have been its first.
    offs = np.array([_off(correct, seed) for seed in range(seeds)])
    within = f"{np.mean(np.abs(offs) <= GOAL):.0%}".replace("%", " %")
    span = f"{offs.min():+.0%} to {offs.max():+.0%}".replace("%", " %")
    yield _row(
        "all, by any seed as the first", seeds, *"   ", "", span, f"{within} within 25 %", ""
    )


def _off(correct: Correct, seed: int) -> float:
    """Return by how much the prediction from one seed misses, over all pairs."""
    pairs = list(combinations(sorted(correct), 2))
    found = pooled([noise(correct[a] - correct[b]) for a, b in pairs])
    first = np.mean(
        [predicted_image_variance(correct[a][seed] - correct[b][seed]) for a, b in pairs]
    )
    return math.sqrt(float(first)) / found.image_sd - 1


def by_images(correct: Correct) -> Iterator[str]:
    """Yield sds on subsets of the images, beside what all images say that they are."""
    yield (
        "| images | sd of a difference | by seed² + rest / N | of images | predicted | "
        "within 25 % |"
    )
    yield "|---" * 6 + "|"
    random = np.random.default_rng(0)
    pairs = list(combinations(sorted(correct), 2))
    images = next(iter(correct.values())).shape[1]
    whole = pooled([noise(correct[a] - correct[b]) for a, b in pairs])
    for count in (each for each in SUBSETS if each <= images):
        sds, own, first, near = [], [], [], []
        for _ in range(DRAWS if count < images else 1):
            chosen = random.choice(images, count, replace=False)
            tables = [(correct[a] - correct[b])[:, chosen] for a, b in pairs]
            found = pooled([noise(each) for each in tables])
            guess = float(np.mean([predicted_image_variance(each[0]) for each in tables]))
            sds.append(found.variance)
            own.append(found.image_variance)
            first.append(guess)
            near.append(abs(math.sqrt(guess / found.image_variance) - 1) <= GOAL)
        yield _row(
            count,
            *(
                f"{math.sqrt(each) / POINT:.2f}"
                for each in (
                    np.mean(sds),
                    whole.sd_with(count / images) ** 2,
                    np.mean(own),
                    np.mean(first),
                )
            ),
            f"{np.mean(near):.0%}".replace("%", " %"),
        )


def simulated() -> Iterator[str]:
    """Yield shares of simulated studies whose truth is known, five layouts and ten seeds each."""
    yield (
        "| images | image error | run | true: share | sd of images | "
        "measured: share, 10 % to 90 % | sd of images | predicted | within 25 % |"
    )
    yield "|---" * 9 + "|"
    for images, accuracy, error, run in (
        (599, 0.97, 0.001, 0.003),
        (599, 0.97, 0.003, 0.003),
        (599, 0.97, 0.003, 0.01),
        (599, 0.97, 0.006, 0.003),
        (2000, 0.9, 0.003, 0.003),
    ):
        cell = Cell(images=images, accuracy=accuracy, image_error=error, run=run, last=SEEDS)
        suits, random = cell.suits, np.random.default_rng(images)
        truth, found = _truth(cell, suits), []
        for _ in range(SIMULATED):
            right = drawn(cell, suits, random).astype(float)
            pairs = list(combinations(right, 2))
            measured = pooled([noise(a - b) for a, b in pairs])
            guess = float(np.mean([predicted_image_variance(a[0] - b[0]) for a, b in pairs]))
            found.append((measured.share, measured.image_sd, math.sqrt(guess)))
        share, sd, guess = np.array(found).T
        low, high = np.quantile(share, (0.1, 0.9))
        yield (
            _row(
                f"{images:,}",
                *(f"{each / POINT:.1f}" for each in (error, run)),
                f"{truth.share:.0%}",
                f"{truth.image_sd / POINT:.2f}",
                f"{share.mean():.0%}, {low:.0%} to {high:.0%}",
                f"{sd.mean() / POINT:.2f}",
                f"{guess.mean() / POINT:.2f}",
                f"{np.mean(np.abs(guess / sd - 1) <= GOAL):.0%}",
            )
            .replace("%", " %")
            .replace("within 25  %", "within 25 %")
        )


def _truth(cell: Cell, suits: float) -> Noise:
    """Return the noise of a cell's pairs: of very many images, so that none is special."""
    many = Cell(images=200_000, accuracy=cell.accuracy, image_error=1e-6, run=cell.run, last=2)
    right = drawn(many, suits, np.random.default_rng(7)).astype(float)
    rest = float(np.mean([np.square(one[0] - one[1]).mean() for one in right]))  # 2 p (1 - p)
    image = rest / cell.images
    return Noise(variance=2 * cell.run**2 + image, image_variance=image, freedom=1)


def main(arguments: list[str]) -> None:
    """Print the tables, and write them where asked to."""
    named = [each for each in arguments if not each.startswith("--")]
    with tempfile.TemporaryDirectory() as folder:
        study = open_study(find_study(named[0])) if named else trained(Path(folder) / "noise")
        correct = correctness(study)
    tables = {
        "noise by pair": "\n".join(by_pair(correct)),
        "noise by images": "\n".join(by_images(correct)),
        "noise simulated": "\n".join(simulated()),
    }
    for name, each in tables.items():
        print(f"\n{name}\n\n{each}", flush=True)
    runs = {label: dict(enumerate(each)) for label, each in correct.items()}
    for seeds in (2, 3, 6, SEEDS):
        few = {label: {s: r for s, r in each.items() if s < seeds} for label, each in runs.items()}
        said = find_noise(few)
        if said is not None and said.share is not None:
            print(f"\n{seeds} seeds, share {said.share:.0%}: {said.sentence}")
    if "--write" in arguments:
        PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), tables), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
