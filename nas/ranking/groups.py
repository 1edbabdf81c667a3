"""An open space, layout by layout: how good its candidates are, and how far they lie apart.

A search of many candidates is no comparison of pairs: which are compared is decided by
`compared`, and of all others a group says where they lie.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from nas.ranking.objective import Objective
from nas.ranking.result import WITHHELD, Group, Ranking, Symbol
from nas.ranking.scores import counted
from nas.study.records import FINAL, TrialHistory, TrialStatus, copied_label

MOST_COMPARED = 32  # labels of a ranking; of more, the best by their means


def groups(
    histories: Sequence[TrialHistory],
    objective: Objective,
    *,
    means: Mapping[str, float] | None = None,
) -> tuple[Group, ...]:
    """Return the layouts that have several candidates' worth of trials, the best first.

    Without a layout of two candidates there is no group: the ranking says it all. `means` are those
    of the candidates by the objective, where they are known.

    Raises:
        ValueError: two trials share label and seed.
    """
    own = [h for h in counted(histories, objective.metric) if not h.trial.twin]
    labels: dict[str, dict[str, list[TrialHistory]]] = {}
    for history in own:
        labels.setdefault(history.trial.layout, {}).setdefault(history.trial.label, []).append(
            history
        )
    if all(len(candidates) < 2 for candidates in labels.values()):
        return ()
    means = objective.scores(histories).means if means is None else means
    found = [_group(layout, members, means) for layout, members in labels.items()]
    return tuple(sorted((g for g in found if g), key=lambda group: (-group.score, group.layout)))


def _group(
    layout: str, members: Mapping[str, Sequence[TrialHistory]], means: Mapping[str, float]
) -> Group | None:
    scored = {label: means[label] for label in members if label in means}
    if not scored:
        return None
    best = min(scored, key=lambda label: (-scored[label], label))
    low, median, high = np.quantile(list(scored.values()), (0.25, 0.5, 0.75))
    return Group(
        layout=layout,
        candidates=len(members),
        finished=len(scored),
        stopped=sum(_is_stopped(trials) for trials in members.values()),
        best=best,
        score=scored[best],
        low=float(low),
        median=float(median),
        high=float(high),
    )


def _is_stopped(trials: Iterable[TrialHistory]) -> bool:
    statuses = {history.status for history in trials}
    return TrialStatus.STOPPED in statuses and statuses <= FINAL


def without_claims(ranking: Ranking, *, of: int) -> Ranking:
    """Return the ranking of candidates that were chosen among `of` by the scores that it shows.

    A best of many is good by luck as well: no pair of them is claimed anything of.
    """
    labels = [layout.label for layout in ranking.layouts]
    why = (
        f"the {len(labels)} best of {of:,} candidates, chosen by these very scores: nothing is "
        "claimed of them; a section search.confirm trains the best anew, with seeds of their own"
    )
    return replace(
        ranking,
        order=f" {WITHHELD} ".join(labels),
        symbols=(Symbol.UNDECIDED,) * max(len(labels) - 1, 0),
        marks=(WITHHELD,) * max(len(labels) - 1, 0),
        relations=(),
        hidden=(),
        agreement=None,
        race=None,
        preliminary="",
        notes=(why, *ranking.notes),
        sentence=f"{labels[0]} has the highest score of {of:,} candidates; nothing is claimed.",
    )


def compared(
    histories: Sequence[TrialHistory],
    objective: Objective,
    *,
    most: int = MOST_COMPARED,
    means: Mapping[str, float] | None = None,
) -> tuple[tuple[TrialHistory, ...], int]:
    """Return the trials of the `most` best candidates, and how many candidates have finished ones.

    Where there are no more than `most`, all trials are returned. Twins go with what they copy.
    `means` are those of the candidates by the objective, where they are known.

    Raises:
        ValueError: two trials share label and seed.
    """
    labels = {
        h.trial.label for h in histories if h.status is TrialStatus.FINISHED and not h.trial.twin
    }
    if len(labels) <= most:
        return tuple(histories), len(labels)
    means = objective.scores(histories).means if means is None else means
    kept = set(sorted(means, key=lambda label: (-means[label], label))[:most])
    return (
        tuple(h for h in histories if copied_label(h.trial.label) in kept),
        len(labels),
    )
