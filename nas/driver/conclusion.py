"""What a study leaves for people: the ranking, the tables, the report and the winner."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nas.errors import SpecError
from nas.export.winner import Exported, export_winner
from nas.ranking.relations import rank
from nas.ranking.result import Ranking
from nas.report.page import write_report
from nas.space.candidate import off_words, study_space
from nas.spec.study import Metric, StudySpec
from nas.study.folder import Study
from nas.study.records import TrialHistory
from nas.tables.frames import write_tables

REPORT = "report.html"
WINNER = Path("export") / "winner"


@dataclass(frozen=True, kw_only=True, slots=True)
class Conclusion:
    """Where to look when a study has ended."""

    ranking: Ranking
    report: Path
    exported: Exported | None  # None when no trial of a layout finished
    experiment_id: str | None = None  # of MLflow; None where it was never reached
    warning: str = ""  # what MLflow did not take


def rank_study(
    study: Study, histories: Sequence[TrialHistory], *, metric: str | None = None
) -> Ranking:
    """Rank a study's trials by its own spec, or by another metric.

    Raises:
        SpecError: by transfer, though the study fine-tunes nothing.
    """
    spec, search = study.spec.ranking, study.spec.search
    if metric is not None:
        spec = spec.model_copy(update={"metric": Metric(metric)})
    data = study.data
    if spec.metric is Metric.TRANSFER:
        if study.fine_tuning_data is None:
            raise SpecError(
                f"{study.spec.name} fine-tunes nothing, so nothing can be ranked by transfer: add "
                "a section fine_tune to its spec",
                key="metric",
            )
        data = study.fine_tuning_data
    ranking = rank(
        histories,
        spec,
        evaluation_images=data.evaluation_images,
        seeds=(search.seeds, search.most_seeds),
        until=search.until,
    )
    return replace(ranking, notes=(*ranking.notes, *_sizes_asked_for(study.spec, ranking)))


def conclude(study: Study, histories: tuple[TrialHistory, ...]) -> Conclusion:
    """Write the tables, the report and the winner; each may be written again at will."""
    ranking = rank_study(study, histories)
    write_tables(study.folder / "tables", histories=histories, ranking=ranking)
    report = report_study(study, histories, ranking, to=study.folder / REPORT)
    exported = None
    if any(not layout.baseline for layout in ranking.layouts):
        exported = export_winner(study, ranking, histories, to=study.folder / WINNER)
    return Conclusion(ranking=ranking, report=report, exported=exported)


def report_study(
    study: Study, histories: Sequence[TrialHistory], ranking: Ranking, *, to: Path
) -> Path:
    """Write the HTML report of a study to `to`."""
    write_report(
        to,
        title=study.spec.name,
        histories=histories,
        ranking=ranking,
        facts=_facts(study),
    )
    return to


def _sizes_asked_for(spec: StudySpec, ranking: Ranking) -> list[str]:
    """Say how far the layouts had to stay off the sizes they were matched to."""
    match = study_space(spec).match
    if match is None or match.within is not None or not ranking.layouts:
        return []
    wanted = {"parameters": match.parameters, "MACs": match.macs}
    asked = ", ".join(f"{name} {size:,}" for name, size in wanted.items() if size is not None)
    offs = (
        f"{layout.label} ({off_words(layout.parameters, layout.macs, match)})"
        for layout in sorted(ranking.layouts, key=lambda layout: layout.label)
        if not layout.baseline
    )
    return [f"sizes are the closest to {asked}: {', '.join(offs)}"]


def _facts(study: Study) -> dict[str, str]:
    """Return what someone needs to run the study again."""
    data = study.data
    return {
        "study": f"{study.spec.name} ({study.id})",
        "begun": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(study.created)),
        "data": f"{study.spec.data.source}: {data.amount} images to train on, "
        f"{data.probe_images:,} of them the probe, {data.evaluation_images:,} to evaluate; "
        f"{data.shape.classes} classes, {data.shape.image_size} pixels; sha256 {data.fingerprint}",
        "recipe": study.spec.training.model_dump_json(),
        "search": study.spec.search.model_dump_json(),
        "versions": ", ".join(f"{name} {version}" for name, version in study.versions.items()),
        "commit": study.commit or "not in a git repository",
        "again": f"nas search {study.folder}/spec.json --study ANOTHER",
    }
