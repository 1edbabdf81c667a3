"""What `nas status`, `nas ls` and `nas space list` list: one row a thing, as tables."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from nas.errors import NasError
from nas.networks.registry import family_of
from nas.search.allocation.rung_report import RungReport
from nas.space.candidate import Candidate, Rejection
from nas.spec.paths import is_uri
from nas.study.copies import copies_under
from nas.study.folder import STUDY, Study, open_study
from nas.study.records import FINAL, TrialHistory, TrialStatus
from nas.study.sweep import SWEEP, open_sweep
from nas.tables.schemas import CANDIDATES, RUNGS, STATUS, STUDIES, UNREADABLE
from search_spaces.language.points import LAYOUT


def status_frame(histories: Sequence[TrialHistory]) -> pd.DataFrame:
    """One row a trial: where it stands and what its newest epoch measured."""
    rows = []
    for history in histories:
        last = history.epochs[-1] if history.epochs else None
        rows.append(
            {
                "trial": history.trial.id,
                "status": history.status.value,
                "epochs": len(history.epochs),
                "epochs_planned": history.trial.epochs,
                "probe_loss": last and last.probe_loss,
                "evaluation_loss": last and last.evaluation_loss,
                "evaluation_accuracy": last and last.evaluation_accuracy,
                "seconds": last and last.seconds,
                "attempts": history.attempts,
                "message": (history.message.splitlines() or [""])[0],
            }
        )
    return STATUS.frame(rows)


_COUNTED = (
    TrialStatus.FINISHED,
    TrialStatus.PAUSED,
    TrialStatus.STOPPED,
    TrialStatus.DIVERGED,
    TrialStatus.FAILED,
)


def trial_counts(histories: Sequence[TrialHistory]) -> dict[str, int]:
    """Return how many trials there are, and how many of each status that a listing counts."""
    statuses = [history.status for history in histories]
    return {"trials": len(statuses)} | {each.value: statuses.count(each) for each in _COUNTED}


def study_status(study: Study, histories: Sequence[TrialHistory], *, ended: bool) -> str:
    """Return running, interrupted or finished; while a trial may go on, it is not finished."""
    if study.running:
        return "running"
    final = all(history.status in FINAL for history in histories)
    return "finished" if ended and final else "interrupted"


def studies_frame(root: Path | str) -> pd.DataFrame:
    """One row a study or sweep under `root`; one that cannot be read is listed with its error.

    Raises:
        SpecError: it is a URI, but of no object store.
        MachineError: the object store does not answer, or does not let us.
    """
    if is_uri(str(root)):
        rows = [_study_row(copy.folder) for copy in copies_under(str(root), key="ROOT")]
    else:
        rows = [_study_row(folder) for folder in STUDY.listed(Path(root))]
        rows += [_sweep_row(folder) for folder in SWEEP.listed(Path(root))]
    rows.sort(key=lambda row: str(row["study"]))
    return STUDIES.frame(rows)


def _study_row(folder: Path) -> dict[str, Any]:
    try:
        study = open_study(folder)
        state = study.state()
    except NasError as error:
        return {"study": folder.name, "status": UNREADABLE, "note": str(error)}
    histories = state.histories()
    return {
        "study": folder.name,
        "status": study_status(study, histories, ended=state.ended),
        **trial_counts(histories),
        "created": pd.Timestamp(study.created, unit="s").strftime("%Y-%m-%d %H:%M"),
        "note": "",
    }


def _sweep_row(folder: Path) -> dict[str, Any]:
    """Return a sweep's row: its studies together, those that have not begun in the note."""
    try:
        sweep = open_sweep(folder)
    except NasError as error:
        return {"study": folder.name, "status": UNREADABLE, "note": str(error)}
    rows = [_study_row(member.folder) for member in sweep.members if member.begun]
    words = ", ".join(member.word for member in sweep.members)
    return {
        "study": folder.name,
        "status": sweep_status([str(row["status"]) for row in rows], len(sweep.members)),
        **{name: sum(row.get(name, 0) for row in rows) for name in trial_counts(())},
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
            rows.append({"layout": item.layout, "point": item.point, "rejected": item.reason})
            continue
        network = family_of(item.config).describe(item.config)
        rows.append(
            {
                "label": item.label,
                "layout": item.layout,
                "types": network.types,
                "depths": network.depth_words,
                "widths": network.width_words,
                "choices": _choices(item),
                "parameters": item.cost.parameters,
                "macs": item.cost.macs,
                "milliseconds": item.nanoseconds and item.nanoseconds / 1e6,
                "parameters_off": item.parameters_off,
                "macs_off": item.macs_off,
            }
        )
    return CANDIDATES.frame(rows)


def in_sets(frames: Mapping[str | None, pd.DataFrame]) -> pd.DataFrame:
    """Return the frames of a sweep's studies as one, with a column `set`; one of no sweep as it is.

    Args:
        frames: by the value of the study; None: there is no sweep.
    """
    for word, frame in frames.items():
        if word is not None:
            frame.insert(0, "set", word)
    return (
        pd.concat(frames.values(), ignore_index=True)
        if len(frames) > 1
        else next(iter(frames.values()))
    )


def _choices(item: Candidate) -> str | None:
    """Return the options and the recipe that were chosen: ``kernel=5, recipe.mixup=0.2``."""
    own = (LAYOUT, f"{item.layout}/")
    chosen = (item.point or {}).items()
    words = [f"{name}={value}" for name, value in chosen if not name.startswith(own)]
    return ", ".join(words) or None


def rungs_frame(report: RungReport) -> pd.DataFrame:
    """One row a rung: who came, who went on, and how well it told the end."""
    rows = []
    for rung in report.rungs:
        agreed, kills = rung.agreement, rung.false_kills
        rows.append(
            {
                **{name: getattr(rung, name) for name in ("epoch", "reached", "promoted")},
                **{name: getattr(rung, name) for name in ("stopped", "controls", "pooled")},
                "rung_tau": agreed and agreed.tau,
                "rung_tau_low": agreed and agreed.low,
                "rung_tau_high": agreed and agreed.high,
                "rung_tau_of": agreed and agreed.trials,
                "false_kills": kills.count,
                "false_kills_of": kills.of,
                "false_kills_low": kills.low,
                "false_kills_high": kills.high,
            }
        )
    return RUNGS.frame(rows)
