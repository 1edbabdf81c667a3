"""Procedural images a second on one core, against what images otherwise cost.

    python benchmarks/procedural.py [--sheet docs/figures/procedural.png]

Rivals: Pillow decoding JPEGs of the same size from memory (quality 90, of these very images), and
scenes of the same parts drawn one after another with numpy, as toy data sets usually are. Times are
of the processor, the best of several, one thread. Bar: 10,000 images/s of 28 pixels on one core.
"""

import argparse
import io
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from nas.data.rendering import render
from nas.data.scenes import CLASS_NAMES, Scenes

REPEATS = 7
SHEET = (3, 28, 2, 1)  # examples of a class, pixels, enlarged by, pixels between


def rate(make: Callable[[], object], count: int) -> float:
    """Return images per second of processor time."""
    seconds = []
    for _ in range(REPEATS):
        start = time.process_time()
        make()
        seconds.append(time.process_time() - start)
    return count / min(seconds)


def with_numpy(index: int, size: int) -> np.ndarray:
    """Draw one scene the usual way: a generator of its own, sines, masks."""
    rng = np.random.default_rng(index)
    y, x = (np.mgrid[:size, :size] + 0.5) / size

    def texture() -> np.ndarray:
        angle, frequency = rng.uniform(0, 2 * np.pi), 2 * np.pi * rng.uniform(4.5, 6)
        one = np.cos(frequency * (x * np.cos(angle) + y * np.sin(angle)) + rng.uniform(0, 6))
        other = np.cos(frequency * (y * np.cos(angle) - x * np.sin(angle)) + rng.uniform(0, 6))
        return np.clip(4 * one, -1, 1) * (np.clip(4 * other, -1, 1) if rng.random() < 0.5 else 1)

    field = rng.uniform(0.05, 0.15) * texture()
    mask = np.zeros((size, size))
    for place in (0.26, 0.74):
        u, v = (x - place) / rng.uniform(0.17, 0.21), (y - 0.26) / rng.uniform(0.17, 0.21)
        mask = np.maximum(mask, np.clip((1 - u * u - v * v) * 0.2 * size / 2 + 0.5, 0, 1))
    field = np.where(mask > 0, rng.uniform(0, 0.08) * texture(), field)
    field += rng.uniform(0.03, 0.1) * rng.uniform(-1, 1, (size, size))
    colours = [
        rng.uniform(0.2, 0.5) + rng.uniform(0.7, 1.3) * field + rng.uniform(0.2, 0.35) * mask
        for _ in range(3)
    ]
    return np.clip(np.stack(colours) * 255 + 0.5, 0, 255).astype(np.uint8)


def measure(size: int) -> None:
    """Print one row."""
    scenes = Scenes(name="train", seed=0, size=size, channels=3)
    count = 2048 if size <= 32 else 512
    images, _ = render(scenes, torch.arange(count))
    files = []
    for image in images[:256]:
        file = io.BytesIO()
        Image.fromarray(image.permute(1, 2, 0).numpy()).save(file, "JPEG", quality=90)
        files.append(file.getvalue())
    rates = {
        "rendered": rate(lambda: render(scenes, torch.arange(count)), count),
        "batch of 64": rate(lambda: render(scenes, torch.arange(64)), 64),
        "Pillow, JPEG": rate(
            lambda: [np.asarray(Image.open(io.BytesIO(file))) for file in files], len(files)
        ),
        "numpy, one by one": rate(lambda: [with_numpy(i, size) for i in range(100)], 100),
    }
    cells = ", ".join(f"{name} {value:,.0f}" for name, value in rates.items())
    print(f"{size} px, images/s on one core: {cells}")


def draw_sheet(path: Path) -> None:
    """Write examples of every class, two classes a row."""
    examples, size, zoom, gap = SHEET
    scenes = Scenes(name="train", seed=0, size=size, channels=3)
    images, labels = render(scenes, torch.arange(examples * len(CLASS_NAMES)))
    step, columns = size + gap, 2 * examples
    sheet = np.full((len(CLASS_NAMES) // 2 * step + gap, columns * step + gap, 3), 255, np.uint8)
    for place, image in enumerate(images[labels.argsort(stable=True)]):
        top, left = (place // columns) * step + gap, (place % columns) * step + gap
        sheet[top : top + size, left : left + size] = image.permute(1, 2, 0).numpy()
    large = Image.fromarray(sheet).resize((sheet.shape[1] * zoom, sheet.shape[0] * zoom), 0)
    large.save(path, optimize=True)
    print(path)


def main() -> None:
    """Measure, and draw the sheet if asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sheet", type=Path)
    sheet = parser.parse_args().sheet
    torch.set_num_threads(1)
    if sheet is not None:
        draw_sheet(sheet)
    for size in (28, 64):
        measure(size)


if __name__ == "__main__":
    main()
