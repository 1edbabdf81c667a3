"""What it costs to keep which images were right: a journal's bytes an epoch, and time to read it.

    python benchmarks/kept_images.py STUDY

1,000 epochs (50 trials of 20) with the accuracies of a real study, cycled. An image that a network
is sure of is right in nearly every epoch: how hard it is makes nine tenths of what decides.
"""

import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path

import numpy as np

from nas.study.correct import correct_images
from nas.study.correct import encode as pack
from nas.study.folder import open_study
from nas.study.journal import FILE, START, encode, read_from
from nas.study.records import EpochMeasured

EPOCHS, REPEATS = 1000, 9
SIZES = (None, 599, 10_000, 50_000)


def with_images(epochs: Sequence[EpochMeasured], images: int) -> list[EpochMeasured]:
    """Return the epochs as measured on so many images, with which of them were right."""
    random = np.random.default_rng(0)
    easy = random.standard_normal(images)
    found = []
    for epoch in epochs:
        ease = 0.9 * easy + 0.44 * random.standard_normal(images)
        right = np.argsort(np.argsort(-ease)) < round(epoch.evaluation_accuracy * images)
        accuracy = int(right.sum()) / images
        found.append(replace(epoch, evaluation_accuracy=accuracy, evaluation_correct=pack(right)))
    return found


def write(folder: Path, epochs: Sequence[EpochMeasured]) -> int:
    """Write a journal without waiting for the disk; return its bytes."""
    crc, lines = 0, []
    for epoch in epochs:
        body = encode(epoch)
        crc = zlib.crc32(body, crc)
        lines.append(b"%08x %08x %b\n" % (len(body), crc, body))
    (folder / FILE).write_bytes(b"".join(lines))
    return sum(map(len, lines))


def best(work: Callable[[], object]) -> float:
    """Return the shortest of some times, ms."""
    times = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - begun))
    return min(times)


def main(study: str) -> None:
    """Print a row a number of evaluation images."""
    measured = [e for history in open_study(Path(study)).histories() for e in history.epochs]
    plain = [
        replace(each, evaluation_correct=None, ema_evaluation_correct=None)
        for each in islice(cycle(measured), EPOCHS)
    ]
    print("images  bytes an epoch  read, ms  unpack all, ms")
    for images in SIZES:
        epochs = plain if images is None else with_images(plain, images)
        with tempfile.TemporaryDirectory() as folder:
            size = write(Path(folder), epochs)
            read = best(lambda at=Path(folder): read_from(at, START))
        unpacked = 0.0
        if images is not None:
            unpacked = best(lambda n=images, of=epochs: [correct_images(e, images=n) for e in of])
        print(f"{images or '-':>6}  {size / EPOCHS:14.0f}  {read:8.1f}  {unpacked:14.1f}")


if __name__ == "__main__":
    main(sys.argv[1])
