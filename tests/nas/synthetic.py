"""A study that never ran, so that rankings and reports can be tried without training anything."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from coatnet.config import BlockType, CoAtNetConfig, StageConfig, StemConfig, StemType
from nas.study.correct import encode
from nas.study.records import EpochMeasured, Trial, TrialHistory, TrialStatus, twin_label


@dataclass(frozen=True, kw_only=True, slots=True)
class SyntheticLayout:
    """Where a layout's made-up curves end, over its seeds."""

    accuracy: float  # mean final evaluation accuracy, fraction
    spread: float  # its sd over seeds
    loss: float = 0.02  # final probe loss, nats
    parameters: int = 150_000
    macs: int = 2_000_000
    lost: Mapping[int, TrialStatus] = field(default_factory=dict)  # by seed; default is finished
    collapsed: frozenset[int] = frozenset()  # seeds that end `COLLAPSE` lower than they would
    gap: float | None = None  # final evaluation loss - probe loss, nats; None: by the accuracy


COLLAPSE = 0.3  # accuracy that a collapsed run lacks
TUNED = 0.05  # what fine-tuning adds to an accuracy

DIGITS = {
    "C-C-C-C": SyntheticLayout(accuracy=0.991, spread=0.001, loss=0.010, parameters=148_210),
    "C-C-C-T": SyntheticLayout(accuracy=0.986, spread=0.002, loss=0.012, parameters=150_346),
    "C-C-T-T": SyntheticLayout(accuracy=0.92, spread=0.02, loss=0.015, parameters=151_930),
    "C-T-T-T": SyntheticLayout(accuracy=0.85, spread=0.03, loss=0.020, parameters=149_554),
    "ViT_REL": SyntheticLayout(accuracy=0.75, spread=0.04, loss=0.030, macs=2_090_000),
}


def study(
    layouts: Mapping[str, SyntheticLayout] = DIGITS,
    *,
    seeds: Sequence[int] = (0, 1, 2),
    epochs: int = 15,
    seed: int = 0,
) -> tuple[TrialHistory, ...]:
    """Return the histories of every layout with every seed, deterministic in `seed`."""
    random = np.random.default_rng(seed)
    found: list[TrialHistory] = []
    for label, layout in layouts.items():
        for trial_seed in seeds:
            number = len(found) + 1
            trial = trial_of(label, seed=trial_seed, number=number, epochs=epochs, size=layout)
            status = layout.lost.get(trial_seed, TrialStatus.FINISHED)
            curve = _curve(trial, layout, random)
            done = epochs if status is TrialStatus.FINISHED else epochs // 2
            found.append(
                TrialHistory(
                    trial=trial,
                    status=status,
                    epochs=curve[: 0 if status is TrialStatus.PLANNED else done],
                    attempts=0 if status is TrialStatus.PLANNED else 1,
                    message="probe loss is nan" if status is TrialStatus.DIVERGED else "",
                )
            )
    return tuple(found)


def with_twin(
    histories: Sequence[TrialHistory], original: str, *, shift: float = 0.0, seed: int = 1
) -> tuple[TrialHistory, ...]:
    """Return the histories and those of the original's twin, whose accuracies differ by `shift`.

    Beside it they differ by noise of 0.1 points.
    """
    random = np.random.default_rng(seed)
    twins: list[TrialHistory] = []
    for each in histories:
        if each.trial.label != original or each.trial.parent is not None:
            continue
        number = len(histories) + len(twins) + 1
        label = twin_label(original)
        id_ = f"{number:04d}-{original}.twin-s{each.trial.seed}"
        trial = replace(each.trial, number=number, id=id_, label=label, twin=True)
        by = shift + 0.001 * float(random.standard_normal())
        twins.append(replace(each, trial=trial, epochs=_shifted(each, trial, by)))
    return (*histories, *twins)


def fine_tuned(
    histories: Sequence[TrialHistory],
    *,
    ema: bool = True,
    seeds: Sequence[int] | None = None,
    macs: Mapping[str, int] | None = None,
) -> tuple[TrialHistory, ...]:
    """Return the histories and the fine-tunings of those that finished, `TUNED` more accurate.

    With `ema` the averaged weights are another point better than the raw ones; `macs` are those of
    fine-tunings by label, where images of another size change them.
    """
    tuned: list[TrialHistory] = []
    for each in histories:
        chosen = seeds is None or each.trial.seed in seeds
        if each.status is not TrialStatus.FINISHED or each.trial.twin or not chosen:
            continue
        number = len(histories) + len(tuned) + 1
        id_ = f"{number:04d}-{each.trial.label}-s{each.trial.seed}-fine"
        trial = replace(
            each.trial,
            number=number,
            id=id_,
            parent=each.trial.id,
            macs=(macs or {}).get(each.trial.label, each.trial.macs),
        )
        epochs = _shifted(each, trial, TUNED)
        if ema:
            epochs = tuple(
                replace(epoch, ema_evaluation_accuracy=min(epoch.evaluation_accuracy + 0.01, 1.0))
                for epoch in epochs
            )
        tuned.append(replace(each, trial=trial, epochs=epochs))
    return (*histories, *tuned)


def with_images(
    histories: Sequence[TrialHistory], images: int, *, shared: float = 1.0, seed: int = 0
) -> tuple[TrialHistory, ...]:
    """Return the histories with which of so many images every epoch was right about.

    Accuracies are rounded to what so many images can show. How hard an image is, is the same for
    all; `shared` is how much of it that is, 0 to 1, beside what is each epoch's own.
    """
    random = np.random.default_rng(seed)
    easy = random.standard_normal(images)
    found: list[TrialHistory] = []
    for each in histories:
        epochs = []
        for epoch in each.epochs:
            ease = shared * easy + math.sqrt(1 - shared**2) * random.standard_normal(images)
            values: dict[str, float | str] = {}
            for name in ("evaluation", "ema_evaluation"):
                accuracy = getattr(epoch, f"{name}_accuracy")
                if accuracy is not None:
                    right = np.argsort(np.argsort(-ease)) < round(accuracy * images)
                    values[f"{name}_accuracy"] = int(right.sum()) / images
                    values[f"{name}_correct"] = encode(right)
            epochs.append(replace(epoch, **values))
        found.append(replace(each, epochs=tuple(epochs)))
    return tuple(found)


def _shifted(history: TrialHistory, trial: Trial, by: float) -> tuple[EpochMeasured, ...]:
    return tuple(
        replace(
            epoch,
            trial_id=trial.id,
            evaluation_accuracy=min(max(epoch.evaluation_accuracy + by, 0.0), 1.0),
        )
        for epoch in history.epochs
    )


def trial_of(
    label: str, *, seed: int, number: int, epochs: int, size: SyntheticLayout | None = None
) -> Trial:
    """Return a made-up trial; a label that is no layout stands on C-C-T-T."""
    size = size or SyntheticLayout(accuracy=0.9, spread=0.0)
    layout = label.split("#")[0]
    blocks = [block for block in layout.split("-") if block in ("C", "T")]
    patch = layout == "ViT_REL"
    stages = ["T"] if patch else blocks or ["C", "C", "T", "T"]
    config = CoAtNetConfig(
        stem=StemConfig(type=StemType.PATCH, width=32, depth=1, stride=4)
        if patch
        else StemConfig(width=16),
        stages=tuple(StageConfig(block=BlockType(b), depth=1, width=32) for b in stages),
        image_size=28,
        in_channels=1,
        classes=10,
    )
    return Trial(
        number=number,
        id=f"{number:04d}-{label}-s{seed}",
        label=label,
        layout=config.layout,
        seed=seed,
        epochs=epochs,
        config=config,
        parameters=size.parameters,
        macs=size.macs,
    )


def _curve(
    trial: Trial, layout: SyntheticLayout, random: np.random.Generator
) -> tuple[EpochMeasured, ...]:
    """Let the loss fall to its end, and the accuracy rise as a function of the loss, with noise."""
    epochs = np.arange(1, trial.epochs + 1)
    way = ((epochs - 1) / max(trial.epochs - 1, 1)) ** 0.7
    chance = 1 / trial.config.classes
    mean = layout.accuracy - COLLAPSE * (trial.seed in layout.collapsed)
    final = float(np.clip(mean + layout.spread * random.standard_normal(), chance, 1.0))
    losses = 1.9 * (layout.loss / 1.9) ** way * np.exp(0.05 * random.standard_normal(len(way)))
    left = np.clip(np.log(losses / layout.loss) / np.log(1.9 / layout.loss), 0.0, 1.0)
    wobble = layout.spread * random.standard_normal(len(way)) * left
    accuracies = np.clip(final - (final - 0.35) * left**2.5 + wobble, chance, 1.0)
    return measured(trial, losses=losses.tolist(), accuracies=accuracies.tolist(), gap=layout.gap)


def measured(
    trial: Trial,
    *,
    losses: Sequence[float],
    accuracies: Sequence[float],
    gap: float | None = None,
) -> tuple[EpochMeasured, ...]:
    """Return epochs with these probe losses (nats) and evaluation accuracies (fractions)."""
    return tuple(
        EpochMeasured(
            at=1.7e9 + 60.0 * epoch,
            trial_id=trial.id,
            attempt=1,
            epoch=epoch,
            step=epoch * 10,
            samples=epoch * 1200,
            seconds=2.5 * epoch,
            learning_rate=1e-3,
            train_loss=loss * 1.1,
            gradient_norm=1.0,
            probe_loss=loss,
            probe_accuracy=max(math.exp(-loss), accuracy),
            evaluation_loss=loss + (2.2 * (1 - accuracy) if gap is None else gap),
            evaluation_accuracy=accuracy,
        )
        for epoch, (loss, accuracy) in enumerate(zip(losses, accuracies, strict=True), start=1)
    )
