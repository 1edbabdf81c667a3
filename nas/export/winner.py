"""Which trial is the winner, and its weights on the way to a folder that others load."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from nas.errors import NotFoundError
from nas.export.card import card, metadata, trained_on
from nas.networks.registry import family_of
from nas.ranking.metrics import METRICS
from nas.ranking.result import LayoutScore, Ranking
from nas.study.folder import Study
from nas.study.records import TrialHistory, TrialStatus

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, kw_only=True, slots=True)
class Exported:
    """Which trial went out, and where to."""

    trial_id: str
    folder: Path
    note: str = ""  # why it is not of the network ranked first


def winner(ranking: Ranking, histories: tuple[TrialHistory, ...]) -> TrialHistory:
    """Return, of the layout ranked first, the trial with the highest final evaluation accuracy.

    Networks of other families are passed over; a ranking names no twin. Of a study ranked by
    transfer it is a fine-tuning, of others a training.

    Raises:
        NotFoundError: no trial of a layout has finished.
    """
    tuned = METRICS[ranking.metric].fine_tuned
    for score in ranking.layouts:
        finished = [
            history
            for history in histories
            if history.trial.label == score.label
            and history.status is TrialStatus.FINISHED
            and family_of(history.trial.config).searched
            and (history.trial.parent is not None) == tuned
        ]
        if finished:
            return max(finished, key=lambda h: (h.epochs[-1].evaluation_accuracy, -h.trial.number))
    raise NotFoundError("no trial of a layout has finished, so there is no winner to export")


def export_winner(
    study: Study, ranking: Ranking, histories: tuple[TrialHistory, ...], *, to: Path
) -> Exported:
    """Write the winner to `to`: model.safetensors, config.json, README.md; `coatnet.load` reads it.

    Where a network of another family is ranked first, the best layout goes out, and `note` says so.

    Raises:
        NotFoundError: no trial of a layout has finished.
        CheckpointError: its checkpoint is gone or damaged.
    """
    import coatnet  # noqa: PLC0415 - imports torch at `save`

    history = winner(ranking, histories)
    trained = trained_on(study, history)
    model = _load(study, history)
    score = next(score for score in ranking.layouts if score.label == history.trial.label)
    note = _note(ranking, score)
    coatnet.save(
        cast("coatnet.CoAtNet", model),  # `winner` chose a layout
        to,
        metadata=metadata(study, trained, ranking, score, history),
        card=card(study, trained, ranking, score, history, note=note),
    )
    return Exported(trial_id=history.trial.id, folder=to, note=note)


def load_winner(study: Study, ranking: Ranking, histories: tuple[TrialHistory, ...]) -> "nn.Module":
    """Return the winner's network, on the CPU, in evaluation mode.

    Raises:
        NotFoundError: no trial of a layout has finished.
        CheckpointError: its checkpoint is gone or damaged.
    """
    return _load(study, winner(ranking, histories))


def _load(study: Study, history: TrialHistory) -> "nn.Module":
    from nas.training.trial_state import load_weights  # noqa: PLC0415 - imports torch

    return load_weights(
        study.checkpoints / history.trial.id,
        history.trial.config,
        ema=trained_on(study, history).recipe.ema_decay is not None,
    )


def _note(ranking: Ranking, score: LayoutScore) -> str:
    first = ranking.layouts[0]
    if not first.baseline:
        return ""
    return f"{first.label}, of another family, is ranked first; {score.label} is the best layout"
