"""The layouts of a ranking as rows, with what is not yet ranked below."""

from dataclasses import dataclass

from markupsafe import Markup

from dashboards.band import Scale, band
from dashboards.live import Snapshot
from nas.ranking.curves import Reach
from nas.ranking.metrics import METRICS
from nas.ranking.scores import counted, finished
from nas.report import words
from nas.report.style import styles
from nas.study.records import TrialStatus


@dataclass(frozen=True, kw_only=True, slots=True)
class Leader:
    """A row; `mark` stands between it and the next."""

    label: str
    color: str
    cells: dict[str, str | int]
    band: Markup
    mark: str
    trials: str  # finished, of how many


def leaders(snapshot: Snapshot) -> list[Leader]:
    """Return a row for each layout, the best first."""
    ranking, trials = snapshot.ranking, snapshot.trials
    looks = styles(history.trial.label for history in snapshot.shown)
    ranked = {each.label for each in ranking.layouts}
    own = trials[trials["role"] == "trained"]
    done = own[own["status"] == TrialStatus.FINISHED.value]
    shown = {label: seeds for label, seeds in _by_seed(snapshot).items() if label in ranked}
    ends = [
        end
        for each in ranking.layouts
        for end in (each.low, each.high, each.score)
        if end is not None
    ]
    scale = Scale.over(
        [*ends, *(seed for each in ranking.layouts for seed in shown.get(each.label, ()))]
    )
    finished, planned = (each.groupby("label").size().to_dict() for each in (done, own))
    rows = []
    for i, layout in enumerate(ranking.layouts):
        interval = None if layout.low is None or layout.high is None else (layout.low, layout.high)
        color = looks[layout.label].color
        rows.append(
            Leader(
                label=layout.label,
                color=color,
                cells=words.layout_cells(layout),
                band=band(
                    scale,
                    color=color,
                    score=layout.score,
                    ends=interval,
                    seeds=shown.get(layout.label, ()),
                ),
                mark=ranking.marks[i] if i < len(ranking.marks) else "",
                trials=f"{finished.get(layout.label, 0)} of {planned.get(layout.label, 0)}",
            )
        )
    return rows


def _by_seed(snapshot: Snapshot) -> dict[str, list[float]]:
    """Return what each trial that the ranking reads is scored by, by label."""
    ranking = snapshot.ranking
    rule, metric = METRICS[ranking.metric], ranking.metric
    found = {}
    for label, seeds in finished(counted(snapshot.shown, metric)).items():
        scores = [rule.score(history, ranking.equal_loss) for history in seeds.values()]
        crossing = [each for each in scores if each.reach is Reach.CROSSES]
        found[label] = [each.value for each in crossing or scores]
    return found
