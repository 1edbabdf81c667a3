"""Optuna's Gaussian process: for few candidates, since a question takes it a third of a second."""

from dataclasses import dataclass

from optuna.samplers import GPSampler
from threadpoolctl import threadpool_limits

from nas.search.samplers.asking import ask, quietly, shown
from nas.search.samplers.distributions import Axes
from nas.search.samplers.learning import Seen
from nas.search.samplers.sampler import Assignment
from nas.search.samplers.tpe import STARTUP, told, visible
from nas.seeds import derive_seed

NEWEST = 60  # its time grows with the cube of what it is shown
BEST = 40  # of those that are older


@dataclass(frozen=True, kw_only=True, slots=True)
class Gp:
    """Expected improvement under a Gaussian process; what is pending is integrated over.

    It knows no conditions: what a layout lacks stands in the middle.
    """

    axes: Axes
    seed: int
    startup: int = STARTUP

    def learned(self, seen: Seen) -> None:
        """Nothing is noted."""

    def choose(self, seen: Seen) -> Assignment:
        """Return the point of the largest expected improvement that the search for it found."""
        seed = derive_seed(self.seed, "gp", seen.number) % 2**32
        sampler = quietly(
            lambda: GPSampler(seed=seed, n_startup_trials=0, warn_independent_sampling=False)
        )
        places = visible(seen, newest=NEWEST, best=BEST)
        worths = told(seen, places)
        trials = [
            shown(
                place,
                self.axes.filled(seen.points[place]),
                self.axes,
                worth=worths.get(place),
            )
            for place in (*places, *seen.pending)
        ]
        # Its matrices are small: a second thread makes a question 20 times as dear.
        with threadpool_limits(limits=1):
            return ask(trials, sampler, self.axes, goals=len(seen.goals))
