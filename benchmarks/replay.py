"""What rungs cost and lose where attention starts slowly, and where it does not. Simulated.

    python benchmarks/replay.py [STUDIES]

Each made-up study has 60 candidates of five layouts, C-C-C-C to T-T-T-T, 20 epochs each; the more
attention, the better the end. In *crossing* studies attention also starts slower, so that families
change places at epochs 4 to 12; in *plain* ones all are equally fast. Every allocation is replayed
once on each of STUDIES studies (default 100; 30 s of one core). Prints the two tables of
docs/search.md, "What was measured": share of the grid's epochs, regret in points, how often the
best candidate was stopped, and how often all of one of the two best layouts, with exact intervals
at 95 %.
"""

import sys
from statistics import fmean

from nas.ranking.objective import Objective
from nas.ranking.validity import clopper_pearson
from nas.reading.replay import Replayer
from nas.reading.replay_table import Outcomes, outcomes, recording_of, setting
from nas.spec.choices import Metric
from nas.spec.study import StudySpec
from tests.nas.slow_starters import SlowStarters

STUDIES = 100
SPACE = {"stem": {"width": 8}, "layouts": ["C"], "stages": [{"depth": 1, "width": 8}]}
SPEC = StudySpec.model_validate({"name": "a", "space": SPACE, "training": {"epochs": 20}})
SETTINGS = (
    *("halving", "halving:controls=0", "halving:first=1", "halving:first=1,keep=2"),
    *("halving:strata=none", "halving:metric=extrapolated", "halving:metric=area"),
    *("asha:controls=0", "asha:first=1,controls=0", "pasha:controls=0"),
    *(f"i-epoch:first={cut},keep=3,controls=0" for cut in (1, 2, 4, 8, 12)),
    "full:budget=0.2",
)
MADE_UP = SlowStarters()


def main(studies: int) -> None:
    """Print both tables."""
    for crossing in (True, False):
        print(f"\n{'Crossing' if crossing else 'Plain'} studies, {studies}:\n")
        print("| allocation | epochs % | regret, points | best stopped % | layout lost % |")
        print("|---|---|---|---|---|")
        known = [
            recording_of(
                MADE_UP.histories(seed, crossing=crossing), Objective(metric=Metric.ACCURACY)
            )
            for seed in range(studies)
        ]
        for name in SETTINGS:
            asked = setting(name, SPEC)
            found = [
                outcomes(
                    name,
                    [Replayer(recording, asked.allocation).replay(seed, budget=asked.budget)],
                    truth,
                    epochs=recording.epochs,
                )
                for seed, (recording, truth) in enumerate(known)
            ]
            print(row(name, found))


def row(name: str, found: list[Outcomes]) -> str:
    """Return one allocation's row over all studies."""
    share = fmean(each.epochs_share for each in found)
    regret = fmean(each.regret for each in found)
    best = _percent(sum(each.false_kill.count for each in found), len(found))
    layouts = _percent(sum(each.layout_kill.count for each in found), len(found))
    return f"| `{name}` | {100 * share:.1f} | {100 * regret:.2f} | {best} | {layouts} |"


def _percent(count: int, of: int) -> str:
    rate = clopper_pearson(count, of)
    return f"{100 * count / of:.0f} [{100 * rate.low:.0f}, {100 * rate.high:.0f}]"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else STUDIES)
