"""Draws procedural images, a batch at a time, on any device and bit by bit the same on all.

Only operations that IEEE 754 rounds exactly are used (add, multiply, divide, floor, comparisons):
no sine, no fused multiply-add. Names: b batch, h and w rows and columns, p parts of a
scene, k random numbers of an image. Lengths are in image sides, angles in turns.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice

import torch

from nas.data.decoding import LUMA
from nas.data.scenes import CLASS_NAMES, PAIRS, TEXTURES, Scenes

PIXELS_AT_ONCE = 1 << 17  # drawn at a time: what the processor's cache holds
MASK = (1 << 64) - 1
NUMBERS = 40  # random numbers of an image
ANGLES = 4096  # directions that are told apart

# Ranges that parameters are uniform in.
CENTRES, JITTER = (0.26, 0.74), 0.06  # of quadrants; of parts about them
RADIUS = (0.17, 0.21)
PART_TURN = 0.25  # rotation of a part: +- half of it
FREQUENCY = (4.5, 6.0)  # periods of a texture in an image
GROUND_CONTRAST = (0.05, 0.15)  # of 1, black to white
PART_CONTRAST = (0.0, 0.08)
PART_LIGHT = (0.2, 0.35)  # brighter than the ground by so much, each colour by its own
BASE = (0.2, 0.5)
GAIN = (0.7, 1.3)  # contrast of one colour against that of the others
NOISE = (0.03, 0.1)
BAR = (-0.04, 0.05)  # half its width; below zero there is none
EDGE = 8.0  # steepness of a texture's edges
CROSS = (1.15, 0.42)  # half length and half width of a cross's arms: the area of the disc


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class RenderedImages:
    """Images of scenes, drawn on the device when they are taken (see `DeviceImages`)."""

    scenes: Scenes
    device: torch.device

    def batches(
        self, chosen: Iterable[torch.Tensor]
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Yield batches; several small ones are drawn at once, which takes half the time."""
        together = max(1, PIXELS_AT_ONCE // self.scenes.size**2)
        remaining = iter(chosen)
        for first in remaining:
            some = [first, *islice(remaining, together // len(first))]
            images, labels = render(self.scenes, torch.cat(some).to(self.device))
            sizes = [len(batch) for batch in some]
            yield from zip(images.split(sizes), labels.split(sizes), strict=True)


def labels_of(scenes: Scenes, indices: torch.Tensor) -> torch.Tensor:
    """Return the labels int64 [b] of images int64 [b]."""
    classes = len(CLASS_NAMES)
    block = torch.div(indices, classes, rounding_mode="floor")
    turn = _shift(_mix(block * _signed(0x9E3779B97F4A7C15) + scenes.key), 40)
    return (indices - block * classes + turn) % classes


def render(scenes: Scenes, indices: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return images uint8 [b, C, S, S] and labels int64 [b] by index, on the indices' device."""
    labels = labels_of(scenes, indices)
    images = torch.empty(
        (len(indices), scenes.channels, scenes.size, scenes.size),
        dtype=torch.uint8,
        device=indices.device,
    )
    step = max(1, PIXELS_AT_ONCE // scenes.size**2)
    for start in range(0, len(indices), step):
        part = slice(start, start + step)
        _draw(scenes, indices[part], labels[part], out=images[part])
    return images, labels


def _draw(
    scenes: Scenes, indices: torch.Tensor, labels: torch.Tensor, *, out: torch.Tensor
) -> None:
    bits = _random_bits(scenes, indices)
    numbers = _Numbers(bits)
    size = scenes.size
    parts = _parts(numbers, labels, size)
    field = _texture(numbers, labels % len(TEXTURES), size)
    field *= _each(numbers.between(*GROUND_CONTRAST))
    surface = _texture(numbers, numbers.below(len(TEXTURES)), size)
    surface *= _each(numbers.between(*PART_CONTRAST))
    surface -= field
    surface *= parts
    field += surface
    visible = _beside_bar(numbers, size)
    field *= visible
    parts *= visible
    field += _noise(bits[:, -1], size).mul_(_each(numbers.between(*NOISE)))
    colours = [
        field * _each(numbers.between(*GAIN) * 255)
        + parts * _each(numbers.between(*PART_LIGHT) * 255)
        + _each(numbers.between(*BASE) * 255)
        for _ in range(3)
    ]
    for channel, colour in enumerate(colours if out.shape[1] == 3 else [_luma(colours)]):
        out[:, channel] = colour.add_(0.5).clamp_(0, 255)


class _Numbers:
    """Hands out the random numbers of a batch, one of each image at a time, in a fixed order."""

    def __init__(self, bits_bk: torch.Tensor) -> None:
        self._uniform = _shift(bits_bk, 40).float() * 2.0**-24
        self._next = 0

    def uniform(self) -> torch.Tensor:
        """Return numbers float32 [b] in [0, 1)."""
        self._next += 1
        return self._uniform[:, self._next - 1]

    def between(self, low: float, high: float) -> torch.Tensor:
        """Return numbers in [low, high)."""
        return self.uniform() * (high - low) + low

    def below(self, count: int) -> torch.Tensor:
        """Return integers in [0, count)."""
        return (self.uniform() * count).long()


def _parts(numbers: _Numbers, labels: torch.Tensor, size: int) -> torch.Tensor:
    """Return how far the parts cover each pixel, [b, h, w] in [0, 1]."""
    device = labels.device
    arrangement = torch.div(labels, len(TEXTURES) * len(PAIRS), rounding_mode="floor")
    pair = torch.div(labels, len(TEXTURES), rounding_mode="floor") % len(PAIRS)
    swapped = numbers.below(2)
    column, row = numbers.below(2), numbers.below(2)
    shapes_p = torch.tensor(PAIRS, device=device)[pair].T
    columns_p = (column, column ^ (arrangement == 0))
    rows_p = (row, row ^ (arrangement == 1))
    shapes_p = (
        torch.where(swapped == 0, shapes_p[0], shapes_p[1]),
        torch.where(swapped == 0, shapes_p[1], shapes_p[0]),
    )
    covered: torch.Tensor | None = None
    for shape, column, row in zip(shapes_p, columns_p, rows_p, strict=True):
        low, high = CENTRES
        x = column * (high - low) + low + numbers.between(-JITTER, JITTER)
        y = row * (high - low) + low + numbers.between(-JITTER, JITTER)
        radius = numbers.between(*RADIUS)
        cosine, sine = _direction(numbers.between(-PART_TURN / 2, PART_TURN / 2))
        cosine, sine = cosine / radius, sine / radius
        across = _plane(cosine, sine, -(cosine * x + sine * y), size)
        along = _plane(-sine, cosine, sine * x - cosine * y, size)
        part = _inside(shape, across, along)
        part *= _each(radius * (size * 0.5))  # half a pixel's worth to either side of the edge
        part = part.add_(0.5).clamp_(0, 1)
        covered = part if covered is None else torch.maximum(covered, part)
    assert covered is not None
    return covered


def _inside(shape: torch.Tensor, across: torch.Tensor, along: torch.Tensor) -> torch.Tensor:
    """Return [b, h, w] what is positive within the shape of each image and grows inwards by 2."""
    disc = 1 - (across * across).add_(along * along)
    length, width = CROSS
    across, along = across.abs_(), along.abs_()
    longer, shorter = torch.maximum(across, along), torch.minimum(across, along)
    cross = torch.maximum(longer.sub_(length), shorter.sub_(width)).mul_(-2)
    return torch.where(_each(shape == 0), disc, cross)


def _texture(numbers: _Numbers, kind: torch.Tensor, size: int) -> torch.Tensor:
    """Return a texture [b, h, w] in [-1, 1]: stripes, or where `kind` is 1 checks."""
    frequency = numbers.between(*FREQUENCY)
    cosine, sine = _direction(numbers.uniform())
    cosine, sine = cosine * frequency, sine * frequency
    texture = _wave(_plane(cosine, sine, numbers.uniform(), size))
    checks = kind.float()  # the second grating of stripes is constant, 1
    phase = numbers.uniform() * checks
    texture *= _wave(_plane(-sine * checks, cosine * checks, phase, size))
    return texture


def _wave(turns: torch.Tensor) -> torch.Tensor:
    """Return a square wave with soft edges, 1 about whole turns and -1 about half ones."""
    turns -= turns.floor()
    return turns.sub_(0.5).abs_().sub_(0.25).mul_(EDGE).clamp_(-1, 1)


def _beside_bar(numbers: _Numbers, size: int) -> torch.Tensor:
    """Return [b, h, w] 0 where a bar hides the scene and 1 elsewhere."""
    cosine, sine = _direction(numbers.uniform())
    x, y = numbers.between(0.2, 0.8), numbers.between(0.2, 0.8)
    distance = _plane(cosine, sine, -(cosine * x + sine * y), size).abs_()
    distance -= _each(numbers.between(*BAR))
    return distance.mul_(size).add_(0.5).clamp_(0, 1)


def _noise(bits_b: torch.Tensor, size: int) -> torch.Tensor:
    """Return noise [b, h, w], uniform in [-1, 1): a hash of 32 bits of each pixel's number.

    Constants of "lowbias32", which C. Wellons found by search (nullprogram.com/blog/2018/07/31).
    """
    pixels = torch.arange(size * size, dtype=torch.int32, device=bits_b.device) * 0x3C6EF372
    hashed = pixels.view(1, size, size) + _each((bits_b & 0x7FFFFFFF).to(torch.int32))
    for multiplier in (0x21F0AAAD, 0x735A2D97):
        hashed ^= hashed >> 15
        hashed *= multiplier
    hashed ^= hashed >> 15
    return hashed.float().mul_(2.0**-31)


def _plane(
    slope_x: torch.Tensor, slope_y: torch.Tensor, offset: torch.Tensor, size: int
) -> torch.Tensor:
    """Return slope_x x + slope_y y + offset at the pixels' centres, [b, h, w]."""
    centres = (torch.arange(size, device=offset.device) + 0.5) * (1 / size)
    columns = slope_x[:, None] * centres + offset[:, None]
    rows = slope_y[:, None] * centres
    return rows[:, :, None] + columns[:, None, :]


def _direction(turns: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return cosine and sine from a table: libraries differ in their last bit."""
    place = torch.floor(turns * ANGLES).long() % ANGLES
    return _table(math.cos, turns.device)[place], _table(math.sin, turns.device)[place]


@cache
def _table(function: Callable[[float], float], device: torch.device) -> torch.Tensor:
    values = [round(function(2 * math.pi * place / ANGLES) * 2**15) for place in range(ANGLES)]
    return torch.tensor(values, dtype=torch.float32, device=device) * 2.0**-15


def _luma(colours: list[torch.Tensor]) -> torch.Tensor:
    """Return the luma of what colour images show, rounded as they are."""
    red, green, blue = (
        colour.add_(0.5).clamp_(0, 255).floor_() * float(weight)
        for colour, weight in zip(colours, LUMA.tolist(), strict=True)
    )
    return (red + green + blue).mul_(2.0**-16)


def _each(numbers_b: torch.Tensor) -> torch.Tensor:
    return numbers_b[:, None, None]


def _random_bits(scenes: Scenes, indices: torch.Tensor) -> torch.Tensor:
    """Return 64 random bits, int64 [b, k], of each number of each image."""
    image = _mix(indices * _signed(0x9E3779B97F4A7C15) + scenes.key)
    places = torch.arange(1, NUMBERS + 1, device=indices.device) * _signed(0xD1B54A32D192ED03)
    return _mix(image[:, None] + places)


def _mix(bits: torch.Tensor) -> torch.Tensor:
    """Return the output function of splitmix64."""
    bits = (bits ^ _shift(bits, 30)) * _signed(0xBF58476D1CE4E5B9)
    bits = (bits ^ _shift(bits, 27)) * _signed(0x94D049BB133111EB)
    return bits ^ _shift(bits, 31)


def _shift(bits: torch.Tensor, places: int) -> torch.Tensor:
    """Shift to the right, zeros following: torch's own shift keeps the sign."""
    return (bits >> places) & (MASK >> places)


def _signed(value: int) -> int:
    """Return an unsigned constant of 64 bits as the signed one with the same bits."""
    return value - (1 << 64) if value >> 63 else value
