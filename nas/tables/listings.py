"""What `nas status`, `nas ls` and `nas space list` list: one row a thing, as tables."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from nas.errors import NasError
from nas.networks.registry import family_of
from nas.space.candidate import Candidate, Rejection
from nas.study.folder import STUDY, Study, open_study
from nas.study.records import FINAL, TrialHistory, TrialStatus
from nas.study.sweep import SWEEP, open_sweep


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
    """One row a study or sweep under `root`; one that cannot be read is listed with its error."""
    rows = [_study_row(folder) for folder in STUDY.listed(root)]
    rows += [_sweep_row(folder) for folder in SWEEP.listed(root)]
    rows.sort(key=lambda row: str(row["study"]))
    columns = ["study", "status", "trials", "finished", "diverged", "failed", "created", "note"]
    return pd.DataFrame(rows, columns=columns)


def _study_row(folder: Path) -> dict[str, Any]:
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


def _sweep_row(folder: Path) -> dict[str, Any]:
    """Return a sweep's row: its studies together, those that have not begun in the note."""
    try:
        sweep = open_sweep(folder)
    except NasError as error:
        return {"study": folder.name, "status": "unreadable", "note": str(error)}
    rows = [_study_row(member.folder) for member in sweep.members if member.begun]
    words = ", ".join(member.word for member in sweep.members)
    return {
        "study": folder.name,
        "status": sweep_status([str(row["status"]) for row in rows], len(sweep.members)),
        **{
            name: sum(row.get(name, 0) for row in rows)
            for name in ("trials", "finished", "diverged", "failed")
        },
        "created": pd.Timestamp(sweep.created, unit="s").strftime("%Y-%m-%d %H:%M"),
        "note": f"sweep of {sweep.key}: {words}; {len(rows)} of {len(sweep.members)} begun",
    }


def sweep_status(statuses: Sequence[str], studies: int) -> str:
    """Return running, interrupted or finished, of the statuses of those studies that have begun."""
    if "running" in statuses:
        return "running"
    return "finished" if list(statuses) == ["finished"] * studies else "interrupted"


def candidates_frame(items: Iterable[Candidate | Rejection]) -> pd.DataFrame:
    """One row a point of the space: its size, or why it is rejected."""
    rows: list[dict[str, object]] = []
    for item in items:
        if isinstance(item, Rejection):
            rows.append({"candidate": item.layout, "point": item.point, "rejected": item.reason})
            continue
        network = family_of(item.config).describe(item.config)
        rows.append(
            {
                "candidate": item.label,
                "types": network.types,
                "depths": network.depth_words,
                "widths": network.width_words,
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
