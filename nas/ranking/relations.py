"""The ranking of layouts, `C-C-C-C ≈ C-C-C-T > C-C-T-T`, with what stands behind each symbol."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from itertools import pairwise, zip_longest
from typing import Any

import numpy as np
from scipy import stats

from nas.ranking import notes
from nas.ranking.curves import area_log_loss, end_gaps
from nas.ranking.paired import relate, spread_floor
from nas.ranking.result import LayoutScore, Ranking, Relation, Symbol
from nas.ranking.scores import TrialScore, score
from nas.ranking.validity import clopper_pearson
from nas.records import FINAL, BaselineConfig, TrialHistory, TrialStatus
from nas.spec import RankingSpec

_SYMMETRIC = (Symbol.EQUIVALENT, Symbol.UNDECIDED)


def rank(
    histories: Iterable[TrialHistory], spec: RankingSpec, *, evaluation_images: int
) -> Ranking:
    """Rank the layouts (trial labels) of a study by their finished trials, given in any order.

    Scores and differences are fractions of the `evaluation_images`. Layouts are sorted by mean
    score, ties by name; the symbols between neighbours come from paired seeds (DESIGN section 4).

    Raises:
        ValueError: two trials share label and seed, or there is no evaluation image.
    """
    histories = sorted(histories, key=lambda history: history.trial.number)
    scores = score(histories, metric=spec.metric)
    floor = spread_floor(evaluation_images)
    layouts = sorted(
        (
            _layout(label, seeds, histories=histories, alpha=spec.alpha, floor=floor)
            for label, seeds in scores.by_layout.items()
        ),
        key=lambda layout: (-layout.score, layout.layout),
    )
    place = {layout.layout: i for i, layout in enumerate(layouts)}
    relations = sorted(
        relate(scores.values, spec, evaluation_images=evaluation_images),
        key=lambda relation: sorted((place[relation.a], place[relation.b])),
    )
    names = [layout.layout for layout in layouts]
    symbols, disputes = _neighbours(names, relations)
    return Ranking(
        spec=spec,
        order="".join(
            name + (f" {symbol.value} " if symbol else "")
            for name, symbol in zip_longest(names, symbols)
        ),
        symbols=symbols,
        equal_loss=scores.equal_loss,
        layouts=tuple(layouts),
        relations=tuple(relations),
        notes=(
            *notes.assumptions(relations, spec, evaluation_images=evaluation_images),
            *disputes,
            *notes.trials(histories, scores),
            *notes.sizes(layouts),
        ),
    )


def ranking_json(ranking: Ranking) -> dict[str, Any]:
    """Return the ranking as plain JSON values; accuracies are fractions, losses nats."""
    return {
        "metric": ranking.metric.value,
        "order": ranking.order,
        "layouts": [asdict(layout) for layout in ranking.layouts],
        "relations": [
            {**asdict(relation), "symbol": relation.symbol.value} for relation in ranking.relations
        ],
        "equal_loss": ranking.equal_loss,
        "notes": list(ranking.notes),
    }


def _layout(
    label: str,
    seeds: Mapping[int, TrialScore],
    *,
    histories: Sequence[TrialHistory],
    alpha: float,
    floor: float,
) -> LayoutScore:
    values = np.array([trial.value for trial in seeds.values()])
    low, high = _interval(values, alpha=alpha, floor=floor)
    measured = [trial.history for trial in seeds.values()]
    gaps = [end_gaps(history) for history in measured]
    own = [each for each in histories if each.trial.label == label]
    ended = [each.status for each in own if each.status in FINAL]
    return LayoutScore(
        layout=label,
        score=float(values.mean()),
        low=low,
        high=high,
        seeds=len(values),
        parameters=measured[0].trial.parameters,
        macs=measured[0].trial.macs,
        diverged=clopper_pearson(ended.count(TrialStatus.DIVERGED), len(ended)),
        collapsed=clopper_pearson(0, len(measured)),
        failed=ended.count(TrialStatus.FAILED),
        accuracy=float(np.mean([history.epochs[-1].evaluation_accuracy for history in measured])),
        train_loss=float(np.mean([history.epochs[-1].probe_loss for history in measured])),
        evaluation_gap=float(np.mean([gap.loss for gap in gaps])),
        accuracy_gap=float(np.mean([gap.accuracy for gap in gaps])),
        area_log_loss=float(np.mean([area_log_loss(history) for history in measured])),
        baseline=isinstance(measured[0].trial.config, BaselineConfig),
    )


def _interval(
    values: np.ndarray, *, alpha: float, floor: float
) -> tuple[float, float] | tuple[None, None]:
    """Return the t interval of the mean, cut to what an accuracy can be."""
    if len(values) < 2:
        return None, None
    error = max(float(values.std(ddof=1)), floor) / math.sqrt(len(values))
    half = float(stats.t.isf(alpha / 2, len(values) - 1)) * error
    return max(float(values.mean()) - half, 0.0), min(float(values.mean()) + half, 1.0)


def _neighbours(
    names: Sequence[str], relations: Iterable[Relation]
) -> tuple[tuple[Symbol, ...], list[str]]:
    """Return the symbols of the order line, and a note wherever paired seeds point against it.

    Layouts with unequal seeds can be ordered one way by their means and the other way by the seeds
    they share. A directed symbol would then be read as its own opposite.
    """
    between = {frozenset((relation.a, relation.b)): relation for relation in relations}
    symbols, disputes = [], []
    for better, worse in pairwise(names):
        relation = between[frozenset((better, worse))]
        if relation.a == better or relation.symbol in _SYMMETRIC:
            symbols.append(relation.symbol)
        else:
            symbols.append(Symbol.UNDECIDED)
            disputes.append(notes.against_order(relation))
    return tuple(symbols), disputes
