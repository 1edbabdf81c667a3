"""What MLflow's pages show of a trial: its parameters, tags, status and metrics, as plain values.

Losses are nats, accuracies fractions, times seconds; `timestamp` is Unix time in milliseconds.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

from nas.networks.registry import family_of
from nas.ranking.curves import convergence
from nas.study.records import EpochMeasured, Trial, TrialHistory, TrialStatus
from nas.tracking.snapshots import StudyFacts

KIND, STUDY_ID, TRIAL_ID, PARENT = "nas.kind", "nas.study_id", "nas.trial_id", "mlflow.parentRunId"
EPOCH = "progress/epoch"  # its newest value says how many epochs MLflow has

# MLflow knows five states; what waits for its next segment is scheduled. The tag nas.outcome has
# the trial's own.
RUN_STATUS = {
    TrialStatus.PLANNED: "SCHEDULED",  # its worker was lost or raised: tried again
    TrialStatus.RUNNING: "RUNNING",
    TrialStatus.INTERRUPTED: "KILLED",
    TrialStatus.PAUSED: "SCHEDULED",
    TrialStatus.STOPPED: "KILLED",  # by decision, so not finished
    TrialStatus.FINISHED: "FINISHED",
    TrialStatus.DIVERGED: "FAILED",
    TrialStatus.FAILED: "FAILED",
}
_LONGEST_MESSAGE = 2000  # characters; MLflow refuses tags beyond 8,000


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One value of one metric."""

    key: str
    value: float
    timestamp: int
    step: int  # the epoch


def trial_params(trial: Trial) -> dict[str, str]:
    """Return what tells a trial from its siblings."""
    config = trial.config
    common = {
        "layout": trial.layout,
        "seed": str(trial.seed),
        "parameters": str(trial.parameters),
        "macs": str(trial.macs),
        "image_size": str(config.image_size),
        "epochs": str(trial.epochs),
    }
    return common | family_of(config).describe(config).params


def trial_tags(trial: Trial, facts: StudyFacts) -> dict[str, str]:
    """Return the tags a trial's run is found and filtered by."""
    return {
        KIND: "trial",
        STUDY_ID: facts.study_id,
        TRIAL_ID: trial.id,
        "nas.study": facts.name,
        "nas.layout": trial.layout,
        "nas.label": trial.label,
        "nas.role": trial.role.value,
        **({} if trial.parent is None else {"nas.fine_tunes": trial.parent}),
        "nas.seed": str(trial.seed),
    }


def outcome_tags(history: TrialHistory) -> dict[str, str]:
    """Return the tags that say where a trial stands; MLflow shows the note as its description."""
    return {
        "nas.outcome": history.status.value,
        "mlflow.note.content": history.message[:_LONGEST_MESSAGE],
    }


def epoch_rows(history: TrialHistory, *, after: int) -> Iterator[list[Row]]:
    """Yield one list of rows for each epoch later than `after`."""
    for epoch in history.epochs[after:]:
        values = _measured(epoch) | _convergence(history, epoch.epoch)
        timestamp = milliseconds(epoch.at)
        yield [
            Row(key=key, value=float(value), timestamp=timestamp, step=epoch.epoch)
            for key, value in values.items()
        ]


def _measured(epoch: EpochMeasured) -> dict[str, float]:
    values = {
        EPOCH: epoch.epoch,
        "train/loss": epoch.train_loss,
        "train/gradient_norm": epoch.gradient_norm,
        "train/learning_rate": epoch.learning_rate,
        "train/probe_loss": epoch.probe_loss,
        "train/probe_accuracy": epoch.probe_accuracy,
        "eval/loss": epoch.evaluation_loss,
        "eval/accuracy": epoch.evaluation_accuracy,
        "gap/loss": epoch.evaluation_loss - epoch.probe_loss,
        "gap/accuracy": epoch.probe_accuracy - epoch.evaluation_accuracy,
    }
    if epoch.ema_evaluation_accuracy is not None:
        values["eval/ema_accuracy"] = epoch.ema_evaluation_accuracy
    return values


def _convergence(history: TrialHistory, epoch: int) -> dict[str, float]:
    so_far = convergence(replace(history, epochs=history.epochs[:epoch]))
    return {f"convergence/{key}": value for key, value in asdict(so_far).items()}


def milliseconds(at: float) -> int:
    """Return Unix seconds as MLflow counts them."""
    return round(at * 1000)
