"""Augmentation: what it does to pixels, and that only the seed decides it."""

import pytest
import torch

from nas.spec.recipe import RandAugmentSpec, TrainingSpec
from nas.training.augment import Augment, crop, flip, make_rand_augment, mix

IMAGES = torch.arange(6 * 3 * 8 * 8).remainder(251).to(torch.uint8).view(6, 3, 8, 8)
LABELS = torch.tensor([0, 1, 2, 0, 1, 2])
ALL = TrainingSpec(flip=True, crop_padding=2, mixup=0.8, rand_augment=RandAugmentSpec(layers=2))


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_nothing_asked_nothing_done() -> None:
    images, targets = Augment(TrainingSpec(), classes=3)(IMAGES, LABELS, seed=1)
    assert images is IMAGES
    assert targets is LABELS


@pytest.mark.slow
def test_equal_seeds_equal_streams_whatever_the_global_state() -> None:
    augment = Augment(ALL, classes=3)
    torch.manual_seed(1)
    first = augment(IMAGES, LABELS, seed=5)
    torch.manual_seed(2)
    torch.rand(7)
    again = Augment(ALL, classes=3)(IMAGES, LABELS, seed=5)
    assert torch.equal(first[0], again[0])
    assert torch.equal(first[1], again[1])
    other = augment(IMAGES, LABELS, seed=6)
    assert not torch.equal(first[0], other[0])
    assert not torch.equal(first[1], other[1])


def test_global_stream_is_left_alone() -> None:
    torch.manual_seed(3)
    before = torch.random.get_rng_state()
    Augment(ALL, classes=3)(IMAGES, LABELS, seed=5)
    assert torch.equal(before, torch.random.get_rng_state())


def test_crop_cuts_windows_of_the_padded_image() -> None:
    cut = crop(IMAGES, 2, generator())
    assert cut.shape == IMAGES.shape
    padded = torch.nn.functional.pad(IMAGES, (2, 2, 2, 2))
    places = set()
    for old, new in zip(padded, cut, strict=True):
        windows = {(y, x): old[:, y : y + 8, x : x + 8] for y in range(5) for x in range(5)}
        found = [place for place, window in windows.items() if torch.equal(window, new)]
        assert len(found) == 1
        places.add(found[0])
    assert len(places) > 1  # each image at a place of its own
    assert any(y != x for y, x in places)


def test_flip_mirrors_some_images() -> None:
    many = IMAGES[:1].expand(200, -1, -1, -1)
    flipped = flip(many, generator())
    mirrored = (flipped == many.flip(3)).flatten(1).all(1)
    same = (flipped == many).flatten(1).all(1)
    assert bool((mirrored ^ same).all())
    assert 70 < int(mirrored.sum()) < 130


def test_mix_of_images_and_targets() -> None:
    targets = torch.nn.functional.one_hot(LABELS, 3)
    mixed, soft = mix(IMAGES, targets, 0.75)
    torch.testing.assert_close(mixed[0], 0.75 * IMAGES[0].float() + 0.25 * IMAGES[5].float())
    torch.testing.assert_close(soft[0], torch.tensor([0.75, 0.0, 0.25]))
    torch.testing.assert_close(soft.sum(1), torch.ones(6))


def test_mixup_share_follows_alpha() -> None:
    augment = Augment(TrainingSpec(mixup=0.8), classes=3)
    shares = [float(augment(IMAGES, LABELS, seed=seed)[1][0, 0]) for seed in range(400)]
    assert abs(sum(shares) / 400 - 0.5) < 0.06
    variance = sum((share - 0.5) ** 2 for share in shares) / 400
    assert abs(variance - 1 / (4 * (2 * 0.8 + 1))) < 0.015  # of Beta(alpha, alpha)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("magnitude", [0, 15, 30])
def test_rand_augment_runs_within_the_range_of_pixels(channels: int, magnitude: int) -> None:
    transform = make_rand_augment(RandAugmentSpec(layers=2, magnitude=magnitude))
    changed = 0
    for seed in range(12):
        torch.manual_seed(seed)
        images = transform(IMAGES[:, :channels])
        assert images.shape == (6, channels, 8, 8)
        assert images.dtype == torch.float32
        assert bool(images.isfinite().all())
        assert float(images.min()) >= -1e-3
        assert float(images.max()) <= 255.01
        changed += not torch.allclose(images, IMAGES[:, :channels].float(), atol=1.0)
    assert changed > 6
