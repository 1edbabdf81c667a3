"""A study as anyone reads it: where it stands, its tables, its ranking, its best network."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from nas.errors import SpecError
from nas.ranking.confirmed import confirmed, explored
from nas.ranking.groups import compared, groups, without_claims
from nas.ranking.metrics import METRICS
from nas.ranking.objective import Objective
from nas.ranking.relations import rank
from nas.ranking.result import Ranking
from nas.reading.budget import budget_ended
from nas.reading.extension import added_looks
from nas.space.candidate import off_words, study_space
from nas.spec.study import Metric, Question, StudySpec
from nas.study.facts import DataFacts
from nas.study.folder import Follower, Study
from nas.study.records import TrialHistory
from nas.tables.frames import epochs_frame, ranking_frame, trials_frame
from nas.tables.listings import status_frame, study_status

if TYPE_CHECKING:
    from collections.abc import Collection

    from torch import nn

    from nas.export.formats import Format
    from nas.export.winner import Exported

REPORT = "report.html"


class StudyReader:
    """Reads a study as its journal has it now; takes no lock and writes nothing but views.

    `ranking`, `trials` and `epochs` are pandas frames (their columns: docs/tables.md).
    """

    def __init__(self, study: Study) -> None:
        """Read `study`; each record of its journal is read once, however often one asks."""
        self._follower = Follower(study)

    @property
    def study(self) -> Study:
        """The study, with whatever it was extended by until now."""
        self._follower.refresh()
        return self._follower.study

    @property
    def folder(self) -> Path:
        """Where the study is."""
        return self._follower.study.folder

    @property
    def histories(self) -> tuple[TrialHistory, ...]:
        """All trials with their epochs, in the order planned."""
        return self._follower.refresh().histories()

    @property
    def standing(self) -> tuple[tuple[TrialHistory, ...], bool]:
        """All trials, and whether the study has ended, as of one moment."""
        state = self._follower.refresh()
        return state.histories(), state.ended

    @property
    def running(self) -> bool:
        """Whether a driver holds the study."""
        return self._follower.study.running

    @property
    def trials(self) -> pd.DataFrame:
        """One row a trial."""
        return trials_frame(self.histories)

    @property
    def epochs(self) -> pd.DataFrame:
        """One row an epoch measured, in the order of trials."""
        return epochs_frame(self.histories)

    @property
    def ranking(self) -> pd.DataFrame:
        """One row a layout, the best first; `rank` has the claims about all pairs as well."""
        return ranking_frame(self.rank())

    def rank(self, metric: Metric | None = None, question: Question | None = None) -> Ranking:
        """Rank the layouts by the study's own metric, or by another; likewise its question.

        Raises:
            SpecError: by transfer, though the study fine-tunes nothing.
        """
        return rank_study(self.study, self.histories, metric=metric, question=question)

    def best(self) -> "nn.Module":
        """Return the network that an export would write, on the CPU, in evaluation mode.

        It takes normalized images (b, c, h, w) and returns logits (b, k).

        Raises:
            NotFoundError: no trial of a layout has finished.
            CheckpointError: its checkpoint is gone or damaged.
        """
        from nas.export.winner import load_winner  # noqa: PLC0415 - `nas status` needs none

        histories = self.histories
        return load_winner(self.study, rank_study(self.study, histories), histories)

    def export(
        self,
        to: Path,
        *,
        formats: "Collection[Format]" = (),
        trial: str | None = None,
        layout: str | None = None,
    ) -> "Exported":
        """Write the best network, of a layout or of all, or a trial's, to the folder `to`.

        Raises:
            NotFoundError: no such trial of a layout has finished.
            CheckpointError: its checkpoint is gone or damaged.
            SpecError: a format cannot hold it, or what writes it is not installed.
        """
        from nas.reading.exporting import export_study  # noqa: PLC0415 - as above

        histories = self.histories
        ranking = rank_study(self.study, histories)
        return export_study(
            self.study, ranking, histories, to=to, formats=formats, trial=trial, layout=layout
        )

    def report(self, to: Path | None = None) -> Path:
        """Write the HTML report to `to`, by default into the study; return its path."""
        from nas.reading.page import report_study  # noqa: PLC0415 - imports the figures

        histories = self.histories
        ranking = rank_study(self.study, histories)
        return report_study(self.study, histories, ranking, to=to or self.folder / REPORT)

    def headline(self) -> str:
        """Return where the study stands, in a line."""
        state = self._follower.refresh()
        status = study_status(self.study, state.histories(), ended=state.ended)
        hint = f"; `nas resume {self.study.place}` goes on" if status == "interrupted" else ""
        if status == "finished" and state.ended_by is not None:
            hint = f"; {self.budget_ended}"
        return f"{self.study.spec.name}: {status}{hint}"

    @property
    def budget_ended(self) -> str:
        """By which limit of its budget the study was ended, in words; empty where none did."""
        state = self._follower.refresh()
        return budget_ended(self._follower.study, state.ended_by)

    def status(self) -> pd.DataFrame:
        """One row a trial: where it stands and what its newest epoch measured."""
        return status_frame(self.histories)

    def answer(self, metric: Metric | None = None, question: Question | None = None) -> Ranking:
        """Return what `nas rank` prints."""
        return self.rank(metric, question)

    def only_study(self, what: str) -> "StudyReader":
        """Return the study that `what` is to be done to: this one."""
        return self


def rank_study(
    study: Study,
    histories: Sequence[TrialHistory],
    *,
    metric: Metric | None = None,
    question: Question | None = None,
) -> Ranking:
    """Rank a study's trials by its own spec, or by another metric, or to answer another question.

    Raises:
        SpecError: by transfer, though the study fine-tunes nothing.
    """
    spec, declared = study.spec.ranking, study.declared
    changed = {"metric": metric or spec.metric, "question": question or spec.question}
    spec = spec.model_copy(update={"alpha": declared.alpha, **changed})
    objective = Objective(metric=spec.metric, first=declared.first_round, growing=declared.growing)
    exploring, ranked = (part(histories, study.spec.search) for part in (explored, confirmed))
    # Of a search of thousands each score is read off once.
    means = objective.scores(ranked).means if len(ranked) == len(exploring) else None
    chosen, of = compared(ranked, objective, means=means)
    ranking = rank(
        chosen,
        spec,
        evaluation_images=_scored_on(study, spec.metric).evaluation_images,
        seeds=(declared.first, declared.last),
        declared=declared,
        until=study.spec.search.until,
        endless=study.spec.data.endless,
    )
    if of > len(ranking.layouts) > 1:
        ranking = without_claims(ranking, of=of)
    notes = (*_sizes_asked_for(study.spec, ranking), *added_looks(declared))
    found = groups(exploring, objective, means=means)
    return replace(ranking, notes=(*ranking.notes, *notes), groups=found)


def _scored_on(study: Study, metric: Metric) -> DataFacts:
    """Return the facts of the images on which the metric's accuracies are measured."""
    if not METRICS[metric].fine_tuned:
        return study.data
    if study.fine_tuning_data is None:
        raise SpecError(
            f"{study.spec.name} fine-tunes nothing, so nothing can be ranked by {metric}: add "
            "a section fine_tune to its spec",
            key="metric",
        )
    return study.fine_tuning_data


def _sizes_asked_for(spec: StudySpec, ranking: Ranking) -> list[str]:
    """Say how far the layouts had to stay off the sizes they were matched to."""
    match = study_space(spec).match
    if match is None or match.within is not None or not ranking.layouts:
        return []
    wanted = {"parameters": match.parameters, "MACs": match.macs}
    asked = ", ".join(f"{name} {size:,}" for name, size in wanted.items() if size is not None)
    offs = (
        f"{layout.label} ({off_words(layout.parameters, layout.judged_macs, match)})"
        for layout in sorted(ranking.layouts, key=lambda layout: layout.label)
        if not layout.baseline
    )
    return [f"sizes are the closest to {asked}: {', '.join(offs)}"]
