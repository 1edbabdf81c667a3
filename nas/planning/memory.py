"""What a training step takes of the device's memory: counted, and on GPUs as measured."""

import math
from collections.abc import Sequence
from typing import cast

import coatnet
from coatnet.config import CoAtNetConfig
from nas.networks.registry import family_of
from nas.planning.seconds import Estimate
from nas.planning.shapes import Shape
from nas.planning.timing_records import Timings
from nas.spec.recipe import TrainingSpec
from nas.study.records import Trial


def counted_bytes(trial: Trial, recipe: TrainingSpec, *, gpu: bool) -> int | None:
    """Return the bytes of a step as `coatnet.cost` counts them; None of another family."""
    if not family_of(trial.config).searched:
        return None
    config = cast("CoAtNetConfig", trial.config)  # as its family says
    low = recipe.precision == "bf16" or (recipe.precision == "auto" and gpu)
    return coatnet.cost(config).training_bytes(
        math.ceil(recipe.batch_size / recipe.accumulate),
        "bfloat16" if low else "float32",
        checkpointing=recipe.checkpoint_activations,
        fused_attention=gpu,
    )


def step_memory(
    shapes: Sequence[Shape],
    measured: Sequence[Shape],
    timings: Timings,
    recipe: TrainingSpec,
    *,
    gpu: bool,
) -> Estimate:
    """Return the bytes of one trial: of the largest of `shapes`, with what is there before it.

    On GPUs the count is corrected by the peaks of steps measured: the interval is of their ratios
    to the count. On CPUs it reaches from the count alone to the most that the measuring process
    took, or what is there before and the count where that is more.
    """
    counts = [c for shape in shapes if (c := counted_bytes(shape.trial, recipe, gpu=gpu))]
    largest = max(counts, default=0)
    base = timings.base_bytes
    if not gpu:
        estimate = base + largest
        return Estimate(
            estimate=estimate, low=largest, high=max(float(estimate), timings.peak_bytes)
        )
    ratios, peaks = [], [0]
    for shape, rounds in zip(measured, timings.timed, strict=True):
        peak = max(timed.peak_bytes or 0 for timed in rounds)
        count = counted_bytes(shape.trial, recipe, gpu=True)
        peaks.append(peak)
        if count and peak:
            ratios.append(peak / count)
    ratios = sorted(ratios) or [1.0]
    ends = (ratios[len(ratios) // 2], ratios[0], ratios[-1])
    estimate, low, high = (base + max(largest * ratio, max(peaks)) for ratio in ends)
    return Estimate(estimate=estimate, low=low, high=high)
