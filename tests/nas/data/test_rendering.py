"""Images by index: the same whatever the batch, with classes that no histogram gives away."""

import hashlib
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from torch.nn import functional

from nas.data import rendering
from nas.data.decoding import to_channels
from nas.data.rendering import RenderedImages, labels_of, render
from nas.data.scenes import PAIRS, TEXTURES, Scenes

SCENES = Scenes(name="train", seed=0, size=28, channels=3)
CHANCE = 1 / 12


def digest(images: torch.Tensor) -> str:
    return hashlib.sha256(images.contiguous().numpy().tobytes()).hexdigest()[:16]


@cache
def many() -> tuple[torch.Tensor, torch.Tensor]:
    return render(SCENES, torch.arange(2400))


def luma(images: torch.Tensor) -> torch.Tensor:
    return torch.from_numpy(to_channels(images.numpy(), 1))[:, 0].float()


def test_golden_images() -> None:
    """Bits of a few images; where they change, raise `scenes.VERSION`."""
    images, labels = render(SCENES, torch.tensor([0, 1, 11, 12, 10**12]))
    assert images.shape == (5, 3, 28, 28)
    assert images.dtype == torch.uint8
    assert labels.tolist() == [4, 5, 3, 11, 11]
    assert [digest(image) for image in images] == [
        "846ed6f3d1ec2412",
        "38a925801b7b6874",
        "48c13d947ab4ffde",
        "be56c15e642e0e9a",
        "20a52ff3dedb4af0",
    ]
    assert images[0, :, 14, 14].tolist() == [101, 151, 158]
    assert (
        digest(render(replace(SCENES, size=16, channels=1), torch.arange(9))[0])
        == "483755fee91a662c"
    )


def test_an_image_does_not_depend_on_its_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    indices = torch.arange(100, 160)
    whole, labels = render(SCENES, indices)
    order = torch.randperm(60, generator=torch.Generator().manual_seed(0))
    shuffled, shuffled_labels = render(SCENES, indices[order])
    assert torch.equal(shuffled, whole[order])
    assert torch.equal(shuffled_labels, labels[order])
    alone = torch.cat([render(SCENES, indices[i : i + 1])[0] for i in range(60)])
    assert torch.equal(alone, whole)
    monkeypatch.setattr(rendering, "PIXELS_AT_ONCE", 7 * 28 * 28)
    assert torch.equal(render(SCENES, indices)[0], whole)


def test_threads_and_global_randomness_change_nothing() -> None:
    whole = render(SCENES, torch.arange(300))[0]
    torch.manual_seed(5)
    torch.set_num_threads(2)
    assert torch.equal(render(SCENES, torch.arange(300))[0], whole)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_gpu_draws_the_same_bits() -> None:
    indices = torch.arange(2000)
    for size in (28, 64):
        scenes = replace(SCENES, size=size)
        images, labels = render(scenes, indices.cuda())
        expected, expected_labels = render(scenes, indices)
        assert torch.equal(images.cpu(), expected)
        assert torch.equal(labels.cpu(), expected_labels)


def test_no_image_comes_twice_in_or_across_names() -> None:
    named = [SCENES, replace(SCENES, name="evaluation"), replace(SCENES, seed=1)]
    images = torch.cat([render(scenes, torch.arange(2000))[0] for scenes in named])
    assert len({image.numpy().tobytes() for image in images}) == 6000


def test_every_twelve_images_hold_each_class_once_in_changing_order() -> None:
    labels = labels_of(SCENES, torch.arange(1200)).view(100, 12)
    assert torch.equal(labels.sort(1).values, torch.arange(12).expand(100, 12))
    assert len(labels[:, 0].unique()) == 12
    assert not torch.equal(
        labels, labels_of(replace(SCENES, seed=1), torch.arange(1200)).view(100, 12)
    )


def test_gray_images_are_the_luma_of_colour_ones() -> None:
    colour = render(SCENES, torch.arange(200))[0]
    gray = render(replace(SCENES, channels=1), torch.arange(200))[0]
    np.testing.assert_array_equal(gray.numpy(), to_channels(colour.numpy(), 1))


def test_sizes_show_the_same_scenes() -> None:
    small = luma(render(SCENES, torch.arange(50))[0])
    large = luma(render(replace(SCENES, size=112), torch.arange(50))[0])
    shrunk = functional.avg_pool2d(large[:, None], 4)[:, 0]
    scenes = torch.stack([small.flatten(1), shrunk.flatten(1)])
    same = [torch.corrcoef(scenes[:, image])[0, 1].item() for image in range(50)]
    assert min(same) > 0.8


def accuracy(features: np.ndarray, labels: np.ndarray) -> float:
    """Return how well a linear classifier does on images it was not fitted to."""
    half = len(features) // 2
    scaler = StandardScaler().fit(features[:half])
    fitted = LogisticRegression(max_iter=100).fit(scaler.transform(features[:half]), labels[:half])
    return fitted.score(scaler.transform(features[half:]), labels[half:])


@pytest.mark.slow
def test_colours_and_histograms_do_not_give_the_class_away() -> None:
    images, labels = many()
    histograms = [
        np.stack([np.bincount(pixels // 16, minlength=16) for pixels in channel.numpy()])
        for channel in images.flatten(2).unbind(1)
    ]
    means = images.float().mean((2, 3)).numpy()
    deviations = images.float().std((2, 3)).numpy()
    features = np.concatenate([*histograms, means, deviations], axis=1)
    assert accuracy(features, labels.numpy()) < 1.7 * CHANCE


def test_the_texture_shows_in_how_much_gradients_agree() -> None:
    images, labels = many()
    gray = luma(images)
    down, right = gray.diff(dim=1)[:, :, 1:], gray.diff(dim=2)[:, 1:]
    xx, yy, xy = ((a * b).sum((1, 2)) for a, b in ((right, right), (down, down), (right, down)))
    agreement = ((xx - yy).square() + 4 * xy.square()).sqrt() / (xx + yy)
    checks = labels % len(TEXTURES) == 1
    assert accuracy(agreement[:, None].numpy(), checks.numpy()) > 0.75


def test_the_arrangement_shows_in_where_it_is_light() -> None:
    images, labels = many()
    quarters = functional.avg_pool2d(luma(images)[:, None], 14)[:, 0]
    upright = (quarters[:, 0] - quarters[:, 1]).sum(1).abs()
    across = (quarters[:, :, 0] - quarters[:, :, 1]).sum(1).abs()
    stacked = labels >= len(TEXTURES) * len(PAIRS)
    assert ((across > upright) == stacked).float().mean() > 0.8
    # one quarter says nothing: the parts are wherever they are in both arrangements alike
    features = quarters[:, 0, 0, None].numpy()
    assert abs(accuracy(features, stacked.numpy()) - 0.5) < 0.03


def test_the_shapes_show_against_templates() -> None:
    images, labels = many()
    gray = luma(images)
    place = (torch.arange(13) - 6) / 5.3
    x, y = place[None, :], place[:, None]
    disc = (x.square() + y.square() < 1).float()
    longer, shorter = torch.maximum(x.abs(), y.abs()), torch.minimum(x.abs(), y.abs())
    cross = ((longer < 1.15) & (shorter < 0.42)).float()
    templates = torch.stack([each - each.mean() for each in (disc, cross)])[:, None]
    found = functional.conv2d(gray[:, None], templates, padding=6).flatten(2).amax(2)
    pair = torch.div(labels, len(TEXTURES), rounding_mode="floor") % len(PAIRS)
    alike = pair < 2
    assert accuracy(found[alike].numpy(), pair[alike].numpy()) > 0.65


@pytest.mark.parametrize("sizes", [[1], [7, 3, 200, 1, 500, 64, 64], [400, 400, 400]])
def test_rendered_batches_are_those_asked_for(sizes: list[int]) -> None:
    scenes = Scenes(name="train", seed=0, size=16, channels=3)
    order = torch.randperm(sum(sizes), generator=torch.Generator().manual_seed(0)).split(sizes)
    found = list(RenderedImages(scenes=scenes, device=torch.device("cpu")).batches(order))
    assert [len(labels) for _, labels in found] == sizes
    for chosen, (images, labels) in zip(order, found, strict=True):
        expected, expected_labels = render(scenes, chosen)
        assert torch.equal(images, expected)
        assert torch.equal(labels, expected_labels)


def test_small_batches_are_rendered_together(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []

    def note(scenes: Scenes, indices: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        drawn.append(len(indices))
        return render(scenes, indices)

    monkeypatch.setattr(rendering, "render", note)
    monkeypatch.setattr(rendering, "PIXELS_AT_ONCE", 100 * 256)
    scenes = Scenes(name="train", seed=0, size=16, channels=1)
    batches = RenderedImages(scenes=scenes, device=torch.device("cpu")).batches(
        torch.arange(1000).split(30)
    )
    next(batches)
    assert drawn == [120]  # not the whole epoch
    assert len(list(batches)) == 33
