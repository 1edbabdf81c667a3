"""What a study leaves for people: the ranking, the tables, the report and the winner."""

from dataclasses import dataclass
from pathlib import Path

from nas.errors import CheckpointError
from nas.export.card import DRAWING
from nas.export.preprocessing import PREPROCESSING
from nas.export.winner import Exported, export_winner
from nas.ranking.result import Ranking
from nas.reading.page import report_study
from nas.reading.study import REPORT, rank_study
from nas.study.folder import SPEC, Study, has_secret
from nas.study.records import TrialHistory
from nas.tables.frames import write_tables

WINNER = Path("export") / "winner"


@dataclass(frozen=True, kw_only=True, slots=True)
class Conclusion:
    """Where to look when a study has ended."""

    ranking: Ranking
    report: Path
    exported: Exported | None  # None when no trial of a layout finished, or it is `unexported`
    unexported: str = ""  # why there is a winner that could not be exported
    experiment_id: str | None = None  # of MLflow; None where it was never reached
    warning: str = ""  # what MLflow did not take


def conclude(study: Study, histories: tuple[TrialHistory, ...]) -> Conclusion:
    """Write the tables, the report and the winner; each may be written again at will."""
    ranking = rank_study(study, histories)
    write_tables(study.tables, histories=histories, ranking=ranking)
    report = report_study(study, histories, ranking, to=study.folder / REPORT)
    exported, unexported = None, ""
    if any(not layout.baseline for layout in ranking.layouts):
        try:
            exported = export_winner(study, ranking, histories, to=study.folder / WINNER)
        except CheckpointError as error:  # removed to save space: all else can be had without
            unexported = f"the winner cannot be exported{_as_before(study)}: {error}"
    return Conclusion(ranking=ranking, report=report, exported=exported, unexported=unexported)


def _as_before(study: Study) -> str:
    folder = study.folder / WINNER
    return f" again ({folder} stays as it was)" if folder.exists() else ""


def artifacts(study: Study, conclusion: Conclusion) -> list[Path]:
    """Return the files that MLflow shows with a study: report, spec, and the winner's card.

    A spec that may hold a password stays where it is.
    """
    files = [conclusion.report]
    if not has_secret(study.spec):
        files.append(study.folder / SPEC)
    if conclusion.exported is not None:
        folder = conclusion.exported.folder
        files += [folder / name for name in ("README.md", DRAWING, PREPROCESSING)]
    return [file for file in files if file.is_file()]
