"""How fast a budget's points are counted and drawn, how sure a count is, and what rivals need.

    python benchmarks/counting.py [--long]

The space: a stem of 8 widths, S1 to S4 of depth 1 to 14 and 30 widths each, at 224 pixels, priced
as CoAtNets: four layouts have 10^12 points. Times are CPU seconds of one process, without the
prices. Rivals are drawing until a point fits, and listing all points. Bars: a count of 10^12 points
with parameters within 5 % and a limit on MACs in 1 s, 10,000 points drawn in 2 s, an empty space
explained in 2 s. `--long` adds more chains; it takes a minute or two, and some GB.
"""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import TypeVar

import numpy as np

from coatnet import FAMILY
from coatnet.block_costs import block_cost, head_cost, stem_cost
from coatnet.config import BlockType
from nas.space.counting.chains import Chain, Step, budget
from nas.space.counting.distribution import distribution
from nas.space.counting.emptiness import Constraint, why_empty
from nas.space.counting.feasible import Feasible, sample
from nas.space.counting.paths import enumerate_paths
from nas.space.counting.reach import Walks

T = TypeVar("T")

CONFIG = FAMILY["coatnet-0"]
LAYOUTS = ("CCCC", "CCCT", "CCTT", "CTTT")
ALL = tuple(a + b + c + d for a in "CT" for b in "CT" for c in "CT" for d in "CT")
STEMS = tuple(range(16, 80, 8))
UNITS = (8, 16, 32, 32)  # widths of S1 to S4: 4 to 33 times these
PARAMETERS, MACS, CELLS = 0, 1, 2  # CELLS: width times map of all blocks, like activation memory
FIVE_PERCENT = (23_750_000, 26_250_000)
BUDGETS: Mapping[str, Mapping[int, tuple[int | None, int | None]]] = {
    "25 M ± 5 %": {PARAMETERS: FIVE_PERCENT},
    "25 M ± 5 %, <= 4.2 GMACs": {PARAMETERS: FIVE_PERCENT, MACS: (None, 4_200_000_000)},
    "25 M ± 5 %, 3 to 4.2 GMACs": {
        PARAMETERS: FIVE_PERCENT,
        MACS: (3_000_000_000, 4_200_000_000),
    },
    "and memory limited": {
        PARAMETERS: FIVE_PERCENT,
        MACS: (None, 4_200_000_000),
        CELLS: (None, 3_000_000),
    },
}


@cache
def stem() -> Step:
    """Return the stem's widths."""
    size = CONFIG.map_sizes[0]
    rows = []
    for width in STEMS:
        price = stem_cost(replace(CONFIG, stem=replace(CONFIG.stem, width=width)), size)
        rows.append((price.parameters, price.macs, width * size[0] * size[1]))
    return _step([0] * len(STEMS), list(range(len(STEMS))), rows)


@cache
def stage(number: int, letter: str, widths: int = 30, depths: int = 14) -> Step:
    """Return all widths and depths of a stage, after all widths before it; S4's has the head."""
    block, sizes = BlockType(letter), CONFIG.map_sizes
    before = STEMS if not number else [UNITS[number - 1] * (4 + each) for each in range(widths)]
    size = {"size": sizes[number + 1], "bias_size": sizes[number + 1]}
    rows, ends = [], []
    made_of = CONFIG.stages[number].made_of(block)
    for begin, width_before in enumerate(before):
        for end in range(widths):
            width = UNITS[number] * (4 + end)
            first = block_cost(
                CONFIG, made_of, widths=(width_before, width), in_size=sizes[number], **size
            )
            other = block_cost(
                CONFIG, made_of, widths=(width, width), in_size=sizes[number + 1], **size
            )
            head = head_cost(CONFIG, width) if number == len(UNITS) - 1 else None
            cells = width * sizes[number + 1][0] * sizes[number + 1][1]
            for more in range(depths):
                parameters = first.parameters + more * other.parameters
                macs = first.macs + more * other.macs
                if head is not None:
                    parameters, macs = parameters + head.parameters, macs + head.macs
                rows.append((parameters, macs, (more + 1) * cells))
                ends.append((begin, end))
    return _step(*zip(*ends, strict=True), rows)


def _step(before: Sequence[int], after: Sequence[int], rows: Sequence[tuple[int, ...]]) -> Step:
    return Step(
        before=np.array(before, np.int64),
        after=np.array(after, np.int64),
        prices=np.array(rows, np.int64),
    )


def chains(layouts: Sequence[str], *, widths: int = 30, depths: int = 14) -> list[Chain]:
    """Return a chain for each layout; equal stages in the same place are the same step."""
    return [
        Chain(
            steps=(
                stem(),
                *(stage(place, letter, widths, depths) for place, letter in enumerate(layout)),
            )
        )
        for layout in layouts
    ]


def priced_apart(times: int) -> list[Chain]:
    """Return the four layouts for each of several options that change every price."""
    found = []
    for option in range(times):
        steps: dict[int, Step] = {}
        for chain in chains(LAYOUTS):
            for step in chain.steps:
                dearer = step.prices * (100 + option) // 100
                steps.setdefault(id(step), replace(step, prices=dearer))
            found.append(Chain(steps=tuple(steps[id(step)] for step in chain.steps)))
    return found


def timed(task: Callable[[], T]) -> tuple[T, float]:
    """Return what a task returns, and its CPU seconds."""
    start = time.process_time()
    return task(), time.process_time() - start


def row(name: str, space: Sequence[Chain], bounds: str, *, exact: bool = True) -> None:
    """Print what a budget costs to count and to draw from."""
    limits = budget(3, BUDGETS[bounds])
    everything = Walks(space).paths()
    points, listing = timed(lambda: Feasible(space, limits))
    found, counting = timed(points.count)
    drawn, drawing = timed(lambda: points.sample(10_000, np.random.default_rng(0)))
    print(
        f"{name}, {everything:.2g} points, {bounds}: {found.value:.4g}, "
        f"off by {found.likely_error:.2%} with 99.9 % confidence, {found.error:.2%} proven, "
        f"in {listing + counting:.2f} s; 10,000 drawn in {drawing:.2f} s more, "
        f"{drawn.acceptance:.1%} accepted; without, {everything / max(1, found.value):,.0f} a point"
    )
    print(f"    resolution {', '.join(f'{each:,}' for each in found.resolution)}", end="")
    if exact:
        certain, counting = timed(lambda: points.count(exact=True))
        off = abs(found.value / certain.value - 1)
        print(
            f"; exactly {certain.value:,} in {listing + counting:.2f} s: was {off:.4%} off", end=""
        )
    print()


def small() -> None:
    """Print what listing costs where it can be done."""
    space = chains(LAYOUTS, widths=5, depths=3)
    limits = budget(3, {PARAMETERS: (5_000_000, 6_000_000), MACS: (None, 4_200_000_000)})
    paths, listing = timed(lambda: enumerate_paths(space, limits, most=10**7))
    found, counting = timed(lambda: Feasible(space, limits).count())
    print(
        f"{Walks(space).paths():,.0f} points: {found.value:,} counted in {counting:.2f} s, "
        f"{len(paths):,} listed in {listing:.2f} s"
    )


def questions() -> None:
    """Print what an empty space, a drawing of prices and a mutation cost."""
    space = chains(LAYOUTS)
    constraints = [
        Constraint(name="parameters >= 24M", quantity=PARAMETERS, low=24_000_000),
        Constraint(name="parameters <= 25M", quantity=PARAMETERS, high=25_000_000),
        Constraint(name="MACs <= 0.4G", quantity=MACS, high=400_000_000),
    ]
    for asked in (constraints, [replace(constraints[1], high=300_000)]):
        found, seconds = timed(lambda asked=asked: why_empty(space, asked))
        assert found is not None
        assert found.constraint is not None
        others = ", ".join(other.name for other in found.others) or "nothing else"
        print(
            f"empty by {found.constraint.name} beside {others}: points come to {found.nearest:,}; "
            f"in {seconds:.2f} s"
        )
    limits = budget(3, BUDGETS["25 M ± 5 %, <= 4.2 GMACs"])
    _, seconds = timed(lambda: distribution(space, limits, MACS, bins=20))
    print(f"MACs drawn in 20 bars: {seconds:.2f} s")
    rng = np.random.default_rng(0)
    parent = Feasible(space[2:3], limits).sample(1, rng).paths.edges[0]
    for free in ((3,), (4,), (1, 2), (3, 4)):
        kept = {place: int(edge) for place, edge in enumerate(parent) if place not in free}
        _, seconds = timed(
            lambda kept=kept: [sample(space[2:3], limits, 1, rng, fixed=kept) for _ in range(5)]
        )
        print(f"a mutation of the steps {free}: {seconds / 5 * 1e3:.1f} ms")


def main(*, long: bool) -> None:
    """Print a row for each space and budget."""
    four = chains(LAYOUTS)
    for bounds in BUDGETS:
        row("4 layouts", four, bounds, exact=len(BUDGETS[bounds]) < 3)
    small()
    questions()
    if long:
        row("16 layouts", chains(ALL), "25 M ± 5 %, <= 4.2 GMACs")
        for times in (4, 16, 64):
            apart = priced_apart(times)
            name = f"{len(apart)} chains of {times} prices"
            row(name, apart, "25 M ± 5 %, <= 4.2 GMACs", exact=False)


if __name__ == "__main__":
    main(long="--long" in sys.argv[1:])
