"""The rungs of a study as anyone reads them: rebuilt from its spec, and read off its journal."""

from collections.abc import Sequence

from nas.errors import NotFoundError
from nas.ranking.objective import Objective
from nas.search.allocation.choose import rung_goals
from nas.search.allocation.rung_report import RungReport, rung_report
from nas.search.build import build_search
from nas.study.folder import Study
from nas.study.records import TrialHistory


def study_objective(study: Study) -> Objective:
    """Return what a study maximises, with the seeds that its l* is read off."""
    declared = study.declared
    return Objective(
        metric=study.spec.ranking.metric, first=declared.first_round, growing=declared.growing
    )


def study_rungs(study: Study, histories: Sequence[TrialHistory]) -> RungReport | None:
    """Return what the rungs of a study did so far; None where it trains everything in full.

    Raises:
        SpecError: its space cannot be listed any more.
    """
    settings = study.spec.search
    if not settings.allocation.by_rungs:
        return None
    tuned = study.fine_tuning_data
    search = build_search(
        study.spec,
        study.data.shape,
        fine_tune_shape=None if tuned is None else tuned.shape,
        declared=study.declared,
    )
    assert search.rungs is not None
    scores = study_objective(study).scores(histories)
    values = {
        label: each.value for label in scores.by_layout for each in scores.finished(label).values()
    }
    return rung_report(
        search.rungs,
        settings.allocation,
        histories,
        scores=values,
        goals=rung_goals(settings, study.spec.space),
    )


def only_rungs(study: Study, histories: Sequence[TrialHistory]) -> RungReport:
    """Return the same of a study that must have rungs.

    Raises:
        NotFoundError: it has none.
    """
    found = study_rungs(study, histories)
    if found is None:
        raise NotFoundError(
            f"{study.place} has no rungs: it trains every trial in full (search.allocation full)"
        )
    return found
