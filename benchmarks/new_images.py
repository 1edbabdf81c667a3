"""Of how many studies is a claim false for images that nobody has looked at? Simulated networks.

    python benchmarks/new_images.py [STUDIES] [--write]

Prints the table of docs/ranking.md, "Claims about new images"; --write puts it there. 2,000 studies
a cell, the default, take about seven minutes of two cores.

A network is right on an image where q + a + difficulty + layout x image + seed x image > 0, all of
them normal (a probit item response): the difficulty is shared by all layouts, the second is how an
image suits a layout, `a` how a run went. q gives a layout its accuracy in the population of images.
"""

import math
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np
from scipy import optimize, special, stats

from benchmarks.calibration import PAGE, POINT, design, page
from nas.ranking.forecast.scenarios import differences, pairs_of
from nas.ranking.forecast.simulate import replicate
from nas.ranking.paired import difference_floor
from nas.ranking.statistics.certificate import BETTER, MUCH_BETTER, Design, look, read
from nas.ranking.statistics.images import critical, new_images
from nas.spec.study import Until

STUDIES = 2000
LAYOUTS = 5
SHARED = 0.3  # of the variance that makes an image easy or hard: difficulty
STEPS = (0.0, 0.005, 0.01, 0.015, 0.02)  # below the best, where layouts differ


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """Some studies to simulate; accuracies are fractions."""

    images: int  # N
    accuracy: float  # of the best layout, in the population of images and seeds
    image_error: float  # standard error of a difference that is due to images, for many seeds
    run: float  # sd of a run's accuracy that is not due to images
    last: int  # seeds: six, or six to so many
    gaps: tuple[float, ...] = (0.0,) * LAYOUTS

    @property
    def suits(self) -> float:
        """The variance of layout x image that gives the error: of one normal in all images."""
        wanted = self.images * self.image_error**2 / 2
        both = _both_right(self.accuracy, SHARED)
        most = _both_right(self.accuracy, 1.0) - both
        if wanted >= most:
            raise ValueError(f"no network has an image error of {self.image_error} here")
        return optimize.brentq(
            lambda r: _both_right(self.accuracy, SHARED + r) - both - wanted, 0, 1 - SHARED
        )


def _both_right(accuracy: float, correlation: float) -> float:
    """Return the chance that two networks are right on an image, their latents so correlated."""
    q = special.ndtri(accuracy)
    if correlation >= 1:
        return accuracy
    return float(stats.multivariate_normal.cdf([q, q], cov=[[1, correlation], [correlation, 1]]))


def drawn(cell: Cell, suits: float, random: np.random.Generator) -> np.ndarray:
    """Return who is right on what: bool [layouts, seeds, images]."""
    # A run's part of the latent: its accuracy moves by the density at q.
    run = cell.run / stats.norm.pdf(special.ndtri(cell.accuracy))
    accuracy = cell.accuracy - np.array(cell.gaps)
    level = special.ndtri(accuracy) * math.sqrt(1 + run**2)
    images = math.sqrt(SHARED) * random.standard_normal(cell.images)
    images = images + math.sqrt(suits) * random.standard_normal((LAYOUTS, cell.images))
    runs = level[:, None] + run * random.standard_normal((LAYOUTS, cell.last))
    own = random.standard_normal((LAYOUTS, cell.last, cell.images), dtype=np.float32)
    own *= np.float32(math.sqrt(1 - SHARED - suits))
    own += images.astype(np.float32)[:, None]
    return own > -runs.astype(np.float32)[..., None]


def study(cell: Cell, made: Design, suits: float, random: np.random.Generator) -> np.ndarray:
    """Return of one study: any false `>`, any interval that misses the truth, for both intervals.

    And the mean half width of the new over that of the old one.
    """
    right = drawn(cell, suits, random)
    d = differences(right.mean(axis=-1))[None]
    floor = difference_floor(cell.images)
    pairs = pairs_of(LAYOUTS)
    runs = replicate(d, made, until=Until.SHARP, floor=floor).runs
    n = runs[:, pairs].min(axis=-1)
    found = read(look(d, made, floor=floor), n, made, until=Until.SHARP)
    truth = np.array(cell.gaps)[pairs[:, 1]] - np.array(cell.gaps)[pairs[:, 0]]
    claimed = np.where(found.mean[0] >= 0, truth, -truth)
    read_as_new = np.isin(found.symbol[0], (BETTER, MUCH_BETTER)) & (claimed <= 0)
    ends = np.array(
        [
            new_images(
                right[a, :seeds].astype(np.int8) - right[b, :seeds],
                low=float(found.low[0, i]),
                high=float(found.high[0, i]),
                critical=critical(made, pairs=len(pairs), seeds=int(seeds)),
            )
            for i, ((a, b), seeds) in enumerate(zip(pairs, n[0], strict=True))
        ]
    )
    old = np.stack([found.low[0], found.high[0]], axis=-1)
    false = ((ends[:, 0] > 0) & (truth <= 0)) | ((ends[:, 1] < 0) & (truth >= 0))
    return np.array(
        [
            read_as_new.any(),
            false.any(),
            *(((each[:, 0] > truth) | (each[:, 1] < truth)).any() for each in (old, ends)),
            np.ptp(ends, axis=1).mean() / np.ptp(old, axis=1).mean(),
        ],
        dtype=float,
    )


def _cells() -> Iterator[Cell]:
    for last in (6, 20):
        for images, accuracy, error in (
            *((599, 0.97, each * POINT) for each in (0.1, 0.3, 0.6)),
            *((10_000, 0.9, each * POINT) for each in (0.1, 0.3)),
            (10_000, 0.6, 0.6 * POINT),
        ):
            for run in (0.3, 1.0):
                yield Cell(
                    images=images, accuracy=accuracy, image_error=error, run=run * POINT, last=last
                )
        yield Cell(images=599, accuracy=0.97, image_error=0.003, run=0.003, last=last, gaps=STEPS)


def _row(cell: Cell, studies: int) -> str:
    suits, made = cell.suits, design(last=cell.last)
    random = np.random.default_rng([20, cell.images, cell.last])
    found = np.array([study(cell, made, suits, random) for _ in range(studies)])
    false, new_false, old_missed, missed, width = found.mean(axis=0)
    cells = (
        *("0.5 apart" if any(cell.gaps) else "equal", f"{cell.images:,}", f"{cell.accuracy:.0%}"),
        *(f"{100 * each:.1f}" for each in (cell.image_error, cell.run)),
        "6" if cell.last == 6 else f"6 to {cell.last}",
        *(f"{each:.1%}" for each in (false, new_false, 1 - old_missed, 1 - missed)),
        f"{width:.2f}",
    )
    return f"| {' | '.join(cells)} |".replace("%", " %")


def table(studies: int) -> Iterator[str]:
    """Yield the table."""
    yield (
        "| layouts | images | accuracy | image error | run | seeds | false `>`, read as new | "
        "false by the new interval | these intervals hold | new intervals hold | wider |"
    )
    yield "|---|---|---|---|---|---|---|---|---|---|---|"
    cells = list(_cells())
    with ProcessPoolExecutor(2) as pool:
        yield from pool.map(_row, cells, [studies] * len(cells))


def main(arguments: list[str]) -> None:
    """Print the table, and write it where asked to."""
    studies = next((int(each) for each in arguments if each.isdigit()), STUDIES)
    rows = []
    for row in table(studies):
        print(row, flush=True)
        rows.append(row)
    if "--write" in arguments:
        found = {"new images": "\n".join(rows)}
        PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), found), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
