"""The winner as a model that others load: weights, configuration and a card."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coatnet.card import front_matter
from nas.errors import NotFoundError
from nas.ranking.result import LayoutScore, Ranking
from nas.records import TrialHistory, TrialStatus
from nas.study import Study


@dataclass(frozen=True, kw_only=True, slots=True)
class Exported:
    """Which trial went out, and where to."""

    trial_id: str
    folder: Path


def winner(ranking: Ranking, histories: tuple[TrialHistory, ...]) -> TrialHistory:
    """Return, of the layout ranked first, the trial with the highest final evaluation accuracy.

    Raises:
        NotFoundError: no trial has finished.
    """
    if not ranking.layouts:
        raise NotFoundError("no trial has finished, so there is no winner to export")
    best = ranking.layouts[0].layout
    finished = [
        history
        for history in histories
        if history.trial.label == best and history.status is TrialStatus.FINISHED
    ]
    return max(finished, key=lambda h: (h.epochs[-1].evaluation_accuracy, -h.trial.number))


def export_winner(
    study: Study, ranking: Ranking, histories: tuple[TrialHistory, ...], *, to: Path
) -> Exported:
    """Write the winner to `to`: model.safetensors, config.json, README.md; `coatnet.load` reads it.

    Raises:
        NotFoundError: no trial has finished.
        CheckpointError: its checkpoint is gone or damaged.
    """
    import coatnet  # noqa: PLC0415 - imports torch at `save`
    from nas.training.trial_state import load_weights  # noqa: PLC0415 - imports torch

    history = winner(ranking, histories)
    model = load_weights(
        study.trials / history.trial.id,
        history.trial.config,
        ema=study.spec.training.ema_decay is not None,
    )
    score = ranking.layouts[0]
    coatnet.save(
        model,
        to,
        metadata=_metadata(study, ranking, history),
        card=_card(study, ranking, score, history),
    )
    return Exported(trial_id=history.trial.id, folder=to)


def _metadata(study: Study, ranking: Ranking, history: TrialHistory) -> dict[str, Any]:
    score = ranking.layouts[0]
    return {
        "class_names": list(study.data.class_names),
        "preprocessing": {
            "image_size": study.data.shape.image_size,
            "channels": study.data.shape.channels,
            "scale": "pixels / 255",
            "mean": list(study.data.mean),
            "std": list(study.data.std),
        },
        "study": {"id": study.id, "name": study.spec.name, "data": study.data.fingerprint},
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


def _card(study: Study, ranking: Ranking, score: LayoutScore, history: TrialHistory) -> str:
    last = history.epochs[-1]
    interval = ""
    if score.low is not None and score.high is not None:
        interval = f" [{100 * score.low:.2f}, {100 * score.high:.2f}]"
    scored = f"{ranking.metric.value}, {score.seeds} seeds"
    gap = last.evaluation_loss - last.probe_loss
    recipe = json.dumps(study.spec.training.model_dump(mode="json"), indent=2)
    data = study.spec.data.model_dump_json(exclude_none=True, exclude={"path"})
    return f"""{front_matter()}
# {history.trial.layout} of study {study.spec.name}

The layout ranked first: `{ranking.order}`

| | |
|---|---|
| layout | {history.trial.layout} |
| parameters | {history.trial.parameters:,} |
| multiply-adds an image | {history.trial.macs:,} |
| score of the layout ({scored}) | {100 * score.score:.2f} %{interval} |
| this trial (`{history.trial.id}`): evaluation accuracy | {100 * last.evaluation_accuracy:.2f} % |
| this trial: evaluation loss - training (probe) loss | {gap:.4f} nats |

The score is the mean over seeds with its interval. This trial is the seed that did best on the
evaluation images, so its own accuracy is an optimistic estimate; expect the score.

## Data

`{data}`: {study.data.train_images:,} images to train on, {study.data.evaluation_images:,} to
evaluate, {study.data.shape.classes} classes, {study.data.shape.image_size} pixels.
Fingerprint `{study.data.fingerprint}`.

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
