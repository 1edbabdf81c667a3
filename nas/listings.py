"""What `nas status`, `nas ls` and `nas space list` list: one row a thing, as tables."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from nas.candidate import Candidate, Rejection
from nas.errors import NasError
from nas.records import FINAL, TrialHistory, TrialStatus
from nas.study import Study, list_studies, open_study


def status_frame(histories: Sequence[TrialHistory]) -> pd.DataFrame:
    """One row a trial: where it stands and what its newest epoch measured."""
    rows = []
    for history in histories:
        last = history.epochs[-1] if history.epochs else None
        rows.append(
            {
                "trial": history.trial.id,
                "status": history.status.value,
                "epoch": len(history.epochs),
                "epochs": history.trial.epochs,
                "train_loss": last and last.probe_loss,
                "evaluation_loss": last and last.evaluation_loss,
                "evaluation_accuracy": last and last.evaluation_accuracy,
                "seconds": last and last.seconds,
                "attempts": history.attempts,
                "message": (history.message.splitlines() or [""])[0],
            }
        )
    columns = ["trial", "status", "epoch", "epochs", "train_loss", "evaluation_loss"]
    columns += ["evaluation_accuracy", "seconds", "attempts", "message"]
    return pd.DataFrame(rows, columns=columns)


def study_status(study: Study, histories: Sequence[TrialHistory], *, ended: bool) -> str:
    """Return running, interrupted or finished."""
    if study.running:
        return "running"
    final = all(history.status in FINAL for history in histories)
    return "finished" if ended and final else "interrupted"


def studies_frame(root: Path) -> pd.DataFrame:
    """One row a study under `root`; one that cannot be read is listed with its error."""
    rows = [_study_row(folder) for folder in list_studies(root)]
    columns = ["study", "status", "trials", "finished", "diverged", "failed", "created", "note"]
    return pd.DataFrame(rows, columns=columns)


def _study_row(folder: Path) -> dict[str, object]:
    try:
        study = open_study(folder)
        state = study.state()
    except NasError as error:
        return {"study": folder.name, "status": "unreadable", "note": str(error)}
    histories = state.histories()
    counts = {status: sum(h.status is status for h in histories) for status in TrialStatus}
    return {
        "study": folder.name,
        "status": study_status(study, histories, ended=state.ended),
        "trials": len(histories),
        "finished": counts[TrialStatus.FINISHED],
        "diverged": counts[TrialStatus.DIVERGED],
        "failed": counts[TrialStatus.FAILED],
        "created": pd.Timestamp(study.created, unit="s").strftime("%Y-%m-%d %H:%M"),
        "note": "",
    }


def candidates_frame(items: Iterable[Candidate | Rejection]) -> pd.DataFrame:
    """One row a point of the space: its size, or why it is rejected."""
    rows: list[dict[str, object]] = []
    for item in items:
        if isinstance(item, Rejection):
            rows.append({"candidate": item.layout, "point": item.point, "rejected": item.reason})
            continue
        stages = item.config.stages
        rows.append(
            {
                "candidate": item.label,
                "types": item.config.layout,
                "depths": "-".join(str(stage.depth) for stage in stages),
                "widths": "-".join(str(stage.width) for stage in stages),
                "parameters": item.cost.parameters,
                "macs": item.cost.macs,
                "parameters_off": item.parameters_off,
                "macs_off": item.macs_off,
            }
        )
    columns = ["candidate", "types", "depths", "widths", "parameters", "macs"]
    columns += ["parameters_off", "macs_off", "point", "rejected"]
    frame = pd.DataFrame(rows, columns=columns)
    types = {"parameters": "Int64", "macs": "Int64", "parameters_off": float, "macs_off": float}
    return frame.astype(types)
