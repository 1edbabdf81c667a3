"""The order that images are trained in: of each epoch, known from the seed alone."""

import torch

from nas.seeds import derive_seed
from nas.spec.recipe import TrainingSpec


def images_of_epoch(count: int | None, recipe: TrainingSpec) -> int:
    """Return how many images an epoch draws; `count` is of the training set, None without end."""
    drawn = count if recipe.epoch_images is None else recipe.epoch_images
    assert drawn is not None, "the spec refuses data without end and without epoch_images"
    return drawn


def epoch_order(seed: int, epoch: int, *, count: int | None, drawn: int) -> torch.Tensor:
    """Return the indices int64 [drawn] of an epoch's images, counted from 1, on the CPU.

    Of `count` images every one is drawn once before any is again: pass p shuffles them by
    (seed, "order", p), and an epoch is the next `drawn` of these passes one after another. Where
    an epoch is a pass, pass and epoch are the same. Without end epoch e is the images
    [(e - 1) drawn, e drawn) for every seed, in an order of its own.
    """
    start = (epoch - 1) * drawn
    if count is None:
        return start + _shuffled(drawn, seed, epoch)
    first, last = start // count, (start + drawn - 1) // count
    passes = [_shuffled(count, seed, number + 1) for number in range(first, last + 1)]
    skipped = start - first * count
    return torch.cat(passes)[skipped : skipped + drawn]


def _shuffled(count: int, seed: int, number: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(derive_seed(seed, "order", number))
    return torch.randperm(count, generator=generator)
