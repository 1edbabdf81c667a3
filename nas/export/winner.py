"""The winner as a model that others load: weights, configuration and a card."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coatnet.card import front_matter
from coatnet.config import CoAtNetConfig
from nas.errors import NotFoundError
from nas.ranking.result import LayoutScore, Ranking
from nas.spec.study import DataSpec, Metric, TrainingSpec
from nas.study.folder import DataFacts, Study
from nas.study.records import TrialHistory, TrialStatus


@dataclass(frozen=True, kw_only=True, slots=True)
class Exported:
    """Which trial went out, and where to."""

    trial_id: str
    folder: Path
    note: str = ""  # why it is not of the network ranked first


def winner(ranking: Ranking, histories: tuple[TrialHistory, ...]) -> TrialHistory:
    """Return, of the layout ranked first, the trial with the highest final evaluation accuracy.

    Networks of other families and twins are passed over. Of a study ranked by transfer it is a
    fine-tuning, of others a training.

    Raises:
        NotFoundError: no trial of a layout has finished.
    """
    tuned = ranking.metric is Metric.TRANSFER
    for score in ranking.layouts:
        finished = [
            history
            for history in histories
            if history.trial.label == score.label
            and history.status is TrialStatus.FINISHED
            and isinstance(history.trial.config, CoAtNetConfig)
            and not history.trial.twin
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
    from nas.training.trial_state import load_weights  # noqa: PLC0415 - imports torch

    history = winner(ranking, histories)
    task = _task(study, history)
    model = load_weights(
        study.trials / history.trial.id,
        history.trial.config,
        ema=task.recipe.ema_decay is not None,
    )
    assert isinstance(model, coatnet.CoAtNet)
    score = next(score for score in ranking.layouts if score.label == history.trial.label)
    note = _note(ranking, score)
    coatnet.save(
        model,
        to,
        metadata=_metadata(study, task, ranking, score, history),
        card=_card(study, task, ranking, score, history, note=note),
    )
    return Exported(trial_id=history.trial.id, folder=to, note=note)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Task:
    """What a trial was trained on, and how."""

    facts: DataFacts
    data: DataSpec
    recipe: TrainingSpec


def _task(study: Study, history: TrialHistory) -> _Task:
    tuning, facts = study.spec.fine_tune, study.fine_tuning_data
    if history.trial.parent is None or tuning is None or facts is None:
        return _Task(facts=study.data, data=study.spec.data, recipe=study.spec.training)
    return _Task(facts=facts, data=tuning.data, recipe=tuning.training)


def _note(ranking: Ranking, score: LayoutScore) -> str:
    first = ranking.layouts[0]
    if not first.baseline:
        return ""
    return f"{first.label}, of another family, is ranked first; {score.label} is the best layout"


def _metadata(
    study: Study, task: _Task, ranking: Ranking, score: LayoutScore, history: TrialHistory
) -> dict[str, Any]:
    facts = task.facts
    return {
        "class_names": list(facts.class_names),
        "preprocessing": {
            "image_size": facts.shape.image_size,
            "channels": facts.shape.channels,
            "scale": "pixels / 255",
            "mean": list(facts.mean),
            "std": list(facts.std),
        },
        "study": {"id": study.id, "name": study.spec.name, "data": facts.fingerprint},
        "trial": {
            "id": history.trial.id,
            "layout": history.trial.layout,
            "seed": history.trial.seed,
            "evaluation_accuracy": history.epochs[-1].evaluation_accuracy,
        },
        "score": {
            "metric": ranking.metric.value,
            "value": score.score,
            "low": score.low,
            "high": score.high,
            "seeds": score.seeds,
        },
    }


def _card(
    study: Study,
    task: _Task,
    ranking: Ranking,
    score: LayoutScore,
    history: TrialHistory,
    *,
    note: str,
) -> str:
    facts = task.facts
    which = f"{note}:" if note else "The layout ranked first:"
    last = history.epochs[-1]
    interval = ""
    if score.low is not None and score.high is not None:
        interval = f" [{100 * score.low:.2f}, {100 * score.high:.2f}]"
    scored = f"{ranking.metric.value}, {score.seeds} seeds"
    gap = last.evaluation_loss - last.probe_loss
    recipe = json.dumps(task.recipe.model_dump(mode="json"), indent=2)
    data = task.data.model_dump_json(exclude_none=True, exclude={"path"})
    return f"""{front_matter()}
# {history.trial.layout} of study {study.spec.name}

{which} `{ranking.order}`

| | |
|---|---|
| layout | {history.trial.layout} |
| parameters | {history.trial.parameters:,} |
| multiply-adds an image | {history.trial.macs:,} |
| score of the layout ({scored}) | {100 * score.score:.2f} %{interval} |
| this trial (`{history.trial.id}`): evaluation accuracy | {100 * last.evaluation_accuracy:.2f} % |
| this trial: evaluation loss - probe loss | {gap:.4f} nats |

The score is the mean over seeds with its interval. This trial is the seed that did best on the
evaluation images, so its own accuracy is an optimistic estimate; expect the score.

## Data

`{data}`: {facts.amount} images to train on, {facts.evaluation_images:,} to
evaluate, {facts.shape.classes} classes, {facts.shape.image_size} pixels.
Fingerprint `{facts.fingerprint}`.

## Use

```python
import coatnet, torch

model = coatnet.load(".")
meta = coatnet.load_metadata(".")
pre = meta["preprocessing"]
mean, std = (torch.tensor(pre[k]).view(1, -1, 1, 1) for k in ("mean", "std"))
with torch.inference_mode():  # images_bchw: uint8
    logits_bk = model((images_bchw / 255 - mean) / std)
```

## Recipe

```json
{recipe}
```
"""
