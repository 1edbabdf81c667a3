"""What MLflow's pages show of a trial: its parameters, tags, status and metrics, as plain values.

Losses are nats, accuracies fractions, times seconds; `timestamp` is Unix time in milliseconds.
"""

import getpass
from collections.abc import Container, Iterator
from dataclasses import asdict, dataclass, fields, replace

from nas.networks.registry import family_of
from nas.ranking.answer import also
from nas.ranking.curves import Convergence, convergence, gaps
from nas.ranking.result import Ranking
from nas.ranking.scope import scope
from nas.study.records import Trial, TrialHistory, TrialStatus
from nas.tracking.snapshots import StudyFacts

KIND, STUDY_ID, TRIAL_ID, PARENT = "nas.kind", "nas.study_id", "nas.trial_id", "mlflow.parentRunId"
EPOCH = "progress/epoch"  # its newest value says how many epochs MLflow has
METRICS = {  # of an epoch, with the column of the tables that each is
    EPOCH: "epoch",
    "train/loss": "train_loss",
    "train/gradient_norm": "gradient_norm",
    "train/learning_rate": "learning_rate",
    "train/probe_loss": "probe_loss",
    "train/probe_accuracy": "probe_accuracy",
    "eval/loss": "evaluation_loss",
    "eval/accuracy": "evaluation_accuracy",
    "gap/loss": "loss_gap",
    "gap/accuracy": "accuracy_gap",
    "eval/ema_accuracy": "ema_evaluation_accuracy",
    "train/ema_probe_loss": "ema_probe_loss",
    **{f"convergence/{each.name}": each.name for each in fields(Convergence)},
}

# MLflow knows five states; what waits for its next segment is scheduled. The tag nas.status has
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
_OLD_STATUS = "nas.outcome"  # what 0.1 called the tag nas.status
_LONGEST_MESSAGE, _LONGEST_NOTE = 2000, 6000  # characters; MLflow refuses tags beyond 8,000


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
        "epochs_planned": str(trial.epochs),
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


def status_tags(history: TrialHistory, *, there: Container[str] = ()) -> dict[str, str]:
    """Return the tags that say where a trial stands; MLflow shows the note as its description.

    A run that 0.1 began has its word for the status among the tags `there`: it is kept true, for
    the page that was saved with it shows it.
    """
    status = history.status.value
    return {
        "nas.status": status,
        **({_OLD_STATUS: status} if _OLD_STATUS in there else {}),
        "mlflow.note.content": history.message[:_LONGEST_MESSAGE],
    }


def ranking_tags(ranking: Ranking) -> dict[str, str]:
    """Return the tags that say a study's answer; MLflow shows the note as its description."""
    beside = [
        f"\n{words}\n" for words in (also(ranking), ranking.sentence, scope(ranking)) if words
    ]
    notes = [f"- {note}" for note in (ranking.preliminary, *ranking.notes) if note]
    note = "\n".join((f"**{ranking.answer}**", *beside, *notes))
    return {
        "nas.order": ranking.answer,
        "nas.sentence": ranking.sentence,
        "mlflow.note.content": note[:_LONGEST_NOTE],
    }


def epoch_rows(history: TrialHistory, *, after: int) -> Iterator[list[Row]]:
    """Yield one list of rows for each epoch later than `after`."""
    for epoch in history.epochs[after:]:
        so_far = convergence(replace(history, epochs=history.epochs[: epoch.epoch]))
        values = asdict(epoch) | asdict(gaps(epoch)) | asdict(so_far)
        timestamp = milliseconds(epoch.at)
        yield [
            Row(key=key, value=float(value), timestamp=timestamp, step=epoch.epoch)
            for key, name in METRICS.items()
            if (value := values[name]) is not None
        ]


def milliseconds(at: float) -> int:
    """Return Unix seconds as MLflow counts them."""
    return round(at * 1000)


def user() -> str:
    """Return who runs this process, as MLflow shows it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run as a number without a name
        return "unknown"
