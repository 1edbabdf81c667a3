"""Adaptive against equal replication on real finished studies: runs and hours to one certificate.

    python benchmarks/replication.py STUDY...

Studies must have at least ten seeds of each layout. Their scores are replayed: the seeds are
shuffled (the same way for all layouts, so that pairs stay pairs), all layouts start with six, and
seeds are added as the policy says, up to those there are. Hours are the trials' own, on the machine
that trained them.
"""

import sys

import numpy as np

from nas.ranking.forecast.scenarios import differences
from nas.ranking.forecast.simulate import Policy, Replicated, replicate
from nas.ranking.paired import difference_floor
from nas.ranking.scores import score
from nas.ranking.statistics.certificate import Design
from nas.spec.study import Until
from nas.study.folder import open_study
from nas.study.places import find_study

FIRST = 6
ORDERS = 2000


def main(names: list[str]) -> None:
    """Print a table for each study."""
    for name in names:
        study = open_study(find_study(name))
        histories = study.histories()
        found = score(histories, metric=study.spec.ranking.metric, first=FIRST).by_layout
        seeds = sorted(set.intersection(*(set(runs) for runs in found.values())))
        if len(seeds) < 10:
            sys.exit(f"{name}: {len(seeds)} seeds of each layout, at least 10 are needed")
        scores = np.array([[runs[s].value for s in seeds] for runs in found.values()])
        hours = np.array(
            [[runs[s].history.epochs[-1].seconds / 3600 for s in seeds] for runs in found.values()]
        )
        random = np.random.default_rng(0)
        orders = np.array([random.permutation(len(seeds)) for _ in range(ORDERS)])
        shuffled = scores[:, orders].transpose(1, 0, 2)
        design = Design.of(study.spec.ranking, seeds=(FIRST, len(seeds)))
        floor = difference_floor(study.data.evaluation_images)
        print(f"\n{name}: {len(found)} layouts, {len(seeds)} seeds, {ORDERS} orders of them\n")
        print("| stop | policy | runs | hours | pairs decided |\n|---|---|---|---|---|")
        for until in Until:
            for policy in (Policy.ALL, Policy.EQUAL, Policy.EQUAL_FUTILE, Policy.ADAPTIVE):
                done = replicate(
                    differences(shuffled), design, until=until, policy=policy, floor=floor
                )
                print(
                    f"| {until} | {policy} | {done.runs.sum(axis=-1).mean():.1f} | "
                    f"{_hours(done, hours, orders):.2f} | {done.decided.mean():.1%} |"
                )


def _hours(done: Replicated, hours: np.ndarray, orders: np.ndarray) -> float:
    """Return the mean hours of a study: of each layout the first runs of its order."""
    spent = np.cumsum(hours[:, orders].transpose(1, 0, 2), axis=-1)
    return float(np.take_along_axis(spent, done.runs[..., None] - 1, -1).sum(axis=(1, 2)).mean())


if __name__ == "__main__":
    main(sys.argv[1:])
