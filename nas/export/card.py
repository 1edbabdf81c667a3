"""What is said of an exported model: its card, and what a program must know to use it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from coatnet.card import front_matter
from nas.export.preprocessing import Preprocessing
from nas.ranking.answer import also
from nas.ranking.metrics import averaged_accuracy
from nas.ranking.result import LayoutScore, Ranking
from nas.ranking.scope import scope
from nas.ranking.validity import clopper_pearson
from nas.spec.recipe import TrainingSpec, changed_recipe, scaled_recipe
from nas.spec.study import DataSpec
from nas.study.facts import DataFacts
from nas.study.folder import Study
from nas.study.records import TrialHistory

DRAWING = "layout.svg"


@dataclass(frozen=True, kw_only=True, slots=True)
class Trained:
    """What a trial was trained on, and how."""

    facts: DataFacts
    data: DataSpec
    recipe: TrainingSpec


def trained_on(study: Study, history: TrialHistory) -> Trained:
    """Return what a trial of the study was trained on, which a fine-tuning has of its own."""
    tuning, facts = study.spec.fine_tune, study.fine_tuning_data
    if history.trial.parent is None or tuning is None or facts is None:
        recipe = changed_recipe(study.spec.training, history.trial.recipe or {})
        there, data = study.data.at(history.trial.config.image_size), study.spec.data
        size = there.shape.image_size
        return Trained(
            facts=there,
            data=data.model_copy(update={"image_size": size}),
            recipe=scaled_recipe(recipe, size=size, of=data.image_size),
        )
    return Trained(facts=facts, data=tuning.data, recipe=tuning.training)


def metadata(
    study: Study, trained: Trained, ranking: Ranking, score: LayoutScore, history: TrialHistory
) -> dict[str, Any]:
    """Return what goes into `config.json` beside the network: images, trial and score."""
    facts = trained.facts
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


def searched(histories: Sequence[TrialHistory]) -> str:
    """Return how much was trained to find it, in words."""
    begun = [history for history in histories if history.epochs]
    labels = {history.trial.label for history in begun if not history.trial.twin}
    epochs = sum(len(history.epochs) for history in begun)
    seconds = sum(history.epochs[-1].seconds for history in begun)
    took = f"{seconds / 3600:,.1f} hours" if seconds >= 3600 else f"{seconds / 60:.1f} minutes"
    return (
        f"Trained to find it: {len(labels):,} networks in {len(begun):,} trials, "
        f"{epochs:,} epochs and {took} of devices."
    )


def card(
    study: Study,
    trained: Trained,
    ranking: Ranking,
    score: LayoutScore,
    history: TrialHistory,
    *,
    note: str,
    searched: str = "",
) -> str:
    """Return the README.md of the model, Markdown with the hub's front matter.

    `note` says why it is not of the network ranked first; empty: it is. `searched` is what finding
    it took, in words.
    """
    facts = trained.facts
    which = f"{note}:" if note else "The layout ranked first:"
    last = history.epochs[-1]
    interval = ""
    if score.low is not None and score.high is not None:
        interval = f" [{100 * score.low:.2f}, {100 * score.high:.2f}]"
    beside = "".join(f"; {words}" for words in [also(ranking)] if words)
    scored = f"{ranking.metric.value}, {score.seeds} seed{'s'[: score.seeds != 1]}"
    gap = last.evaluation_loss - last.probe_loss
    images = facts.evaluation_images
    right = clopper_pearson(round(averaged_accuracy(history) * images), images)
    own = f"{100 * right.count / images:.2f} % [{100 * right.low:.2f}, {100 * right.high:.2f}]"
    weights = "the averaged weights" if last.ema_evaluation_accuracy is not None else "its weights"
    recipe = json.dumps(trained.recipe.model_dump(mode="json"), indent=2)
    data = trained.data.model_dump_json(exclude_none=True, exclude={"path"})
    steps = "\n".join(f"{i}. {step}" for i, step in enumerate(Preprocessing.of(facts).steps, 1))
    return f"""{front_matter()}
# {history.trial.layout} of study {study.spec.name}

{which} `{ranking.order}`{beside}

{" ".join(filter(None, (ranking.sentence, scope(ranking))))}

| | |
|---|---|
| layout | {history.trial.layout} |
| parameters | {history.trial.parameters:,} |
| multiply-adds an image | {history.trial.macs:,} |
| score of the layout ({scored}) | {100 * score.score:.2f} %{interval} |
| this network (`{history.trial.id}`): evaluation accuracy | {own}: {right.count:,} of {images:,} |
| this network: evaluation loss - probe loss | {gap:.4f} nats |

![Its stages]({DRAWING})

The two intervals are about different things:

* that of the score is about the layout: its mean over more seeds, on these {images:,} images;
* that of this network's accuracy is about this network alone ({weights}, which were exported), on
  new images. It is exact at 95 % (Clopper and Pearson 1934).

The layout was chosen by its accuracy on these images, and of its seeds this one for doing best on
them. That flatters the accuracy, and its interval does not know of it: expect the score. On images
that come from elsewhere, other cameras or other times, expect less.
{searched and chr(10) + searched + chr(10)}
## Data

`{data}`: {facts.amount} images to train on, {facts.evaluation_images:,} to
evaluate, {facts.shape.classes} classes, {facts.shape.image_size} pixels.
Fingerprint `{facts.fingerprint}`.

## Use

From an image file to pixels, as in training:

{steps}

`nas predict . IMAGES...` does so and prints a label for each file. In Python, of images that are
pixels already:

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
