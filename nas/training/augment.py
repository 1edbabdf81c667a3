"""Augmentation of whole batches; every draw comes from the seed of its step.

So all layouts of one seed see the same images, and a resumed trial sees what it would have seen.
Pixels are of 0..255 throughout. Names: b batch, c channels, h and w rows and columns, k classes.
"""

import random
from collections.abc import Callable

import torch
from torch.nn import functional

from nas.seeds import derive_seed
from nas.spec.recipe import RandAugmentSpec, TrainingSpec

Transform = Callable[[torch.Tensor], torch.Tensor]


class Augment:
    """Crop, flip, RandAugment and mixup, as the recipe has them (paper, Table 10)."""

    def __init__(self, recipe: TrainingSpec, *, classes: int) -> None:
        """Prepare; imports kornia only where the recipe asks for RandAugment."""
        self._crop_padding = recipe.crop_padding
        self._flip = recipe.flip
        self._mixup = recipe.mixup
        self._classes = classes
        layered = recipe.rand_augment.layers > 0
        self._rand_augment = make_rand_augment(recipe.rand_augment) if layered else None

    @torch.no_grad()
    def __call__(
        self, images_bchw: torch.Tensor, labels_b: torch.Tensor, *, seed: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return images of 0..255, bytes or floats, and their targets.

        Targets are the labels (int64, b), or with mixup their mixed probabilities (float, b k).
        """
        generator = torch.Generator().manual_seed(derive_seed(seed, "geometry"))
        if self._crop_padding:
            images_bchw = crop(images_bchw, self._crop_padding, generator)
        if self._flip:
            images_bchw = flip(images_bchw, generator)
        if self._rand_augment is not None:
            images_bchw = _seeded(self._rand_augment, images_bchw, derive_seed(seed, "policy"))
        if not self._mixup:
            return images_bchw, labels_b
        share = random.Random(derive_seed(seed, "mixup")).betavariate(self._mixup, self._mixup)
        return mix(images_bchw, functional.one_hot(labels_b, self._classes), share)


def crop(images_bchw: torch.Tensor, padding: int, generator: torch.Generator) -> torch.Tensor:
    """Pad with black and cut a window of the old size at a random place, one for each image."""
    batch, _, height, width = images_bchw.shape
    device = images_bchw.device
    offsets = torch.randint(2 * padding + 1, (2, batch, 1), generator=generator).to(device)
    rows_bh = offsets[0] + torch.arange(height, device=device)
    columns_bw = offsets[1] + torch.arange(width, device=device)
    padded = functional.pad(images_bchw, (padding,) * 4)
    each = torch.arange(batch, device=device)[:, None, None]
    cut_bhwc = padded[each, :, rows_bh[:, :, None], columns_bw[:, None, :]]
    return cut_bhwc.permute(0, 3, 1, 2)


def flip(images_bchw: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Mirror each image left to right with probability a half."""
    mirrored = torch.rand(len(images_bchw), 1, 1, 1, generator=generator) < 0.5
    return torch.where(mirrored.to(images_bchw.device), images_bchw.flip(3), images_bchw)


def mix(
    images_bchw: torch.Tensor, targets_bk: torch.Tensor, share: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return `share` of each image and its target with the rest from its partner.

    The partner of image i is image b - 1 - i: batches are in random order already.
    """
    images, targets = images_bchw.float(), targets_bk.float()
    return images.flip(0).lerp(images, share), targets.flip(0).lerp(targets, share)


def make_rand_augment(spec: RandAugmentSpec) -> Transform:
    """Return kornia's RandAugment over images of 0..255; it draws from torch's global stream.

    An operation is drawn for a batch, its strength and sign for each image.
    """
    from kornia.augmentation.auto import RandAugment  # noqa: PLC0415 - a second that few need

    # kornia refuses the ends of 0..30
    augment = RandAugment(n=spec.layers, m=min(max(spec.magnitude, 1), 29))

    def transform(images_bchw: torch.Tensor) -> torch.Tensor:
        unit = images_bchw.to(torch.float32, memory_format=torch.contiguous_format) / 255
        if unit.shape[1] == 3:
            return augment(unit) * 255
        gray = augment(unit.expand(-1, 3, -1, -1).contiguous())  # it knows colour images only
        return gray.mean(dim=1, keepdim=True) * 255

    return transform


def _seeded(transform: Transform, images: torch.Tensor, seed: int) -> torch.Tensor:
    """Run `transform` on a stream of its own, leaving the global one (drop path's) untouched."""
    devices = [images.device] if images.device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        return transform(images)
