"""The layouts of a ranking as rows, with what is not yet ranked below."""

from dataclasses import dataclass

from markupsafe import Markup

from dashboards.band import Scale, band
from dashboards.live import Snapshot
from nas.report import words
from nas.report.style import styles
from nas.spec.choices import Metric
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
    looks = styles(trials["label"])
    own = trials[trials["role"] == "trained"]
    done = own[own["status"] == TrialStatus.FINISHED.value]
    by_accuracy = ranking.metric is Metric.ACCURACY
    scores = done.groupby("label")["evaluation_accuracy"].apply(list).to_dict()
    shown = {
        each.label: scores.get(each.label, []) if by_accuracy else [] for each in ranking.layouts
    }
    ends = [
        end
        for each in ranking.layouts
        for end in (each.low, each.high, each.score)
        if end is not None
    ]
    scale = Scale.over([*ends, *(seed for seeds in shown.values() for seed in seeds)])
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
                    scale, color=color, score=layout.score, ends=interval, seeds=shown[layout.label]
                ),
                mark=ranking.marks[i] if i < len(ranking.marks) else "",
                trials=f"{finished.get(layout.label, 0)} of {planned.get(layout.label, 0)}",
            )
        )
    return rows
