"""How fast images come, against torch's DataLoader with Pillow, and what trials share of them.

    python -m benchmarks.data [speed|large|memory ...]

The same procedural images are written as PNG files in class folders, as Parquet shards and as
CIFAR's binary. An epoch of ours is one of what a trial reads: shuffled batches of bytes from
memory. An epoch of a DataLoader decodes every file, as its tutorials have it. Both give batches
uint8 [b, 3, S, S] with labels and nothing is augmented; of each the best of `REPEATS` is taken.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from PIL import Image
from pyarrow import parquet

import coatnet
from nas.data.images import ImageData
from nas.data.load import load
from nas.data.on_device import to_device
from nas.data.sources import open_source
from nas.spec.data import DataSpec

BATCH, REPEATS, EPOCHS = 128, 3, 15
STEP, STEPS = 8, 3  # images of a step of CoAtNet-0, and steps
SMALL, LARGE = 10_000, 600  # images at 32 and at 224 pixels
SHARED = 50_000  # images at 32 pixels of which trials share the memory: 154 MB
TRIALS = 8
CPU = torch.device("cpu")


class PillowFiles(torch.utils.data.Dataset[tuple[torch.Tensor, int]]):
    """Files in class folders, each decoded when it is asked for."""

    def __init__(self, root: Path, size: int) -> None:
        """List the files."""
        self.paths = sorted(root.glob("*/*.*"))
        names = sorted({path.parent.name for path in self.paths})
        self.labels = [names.index(path.parent.name) for path in self.paths]
        self.size = size

    def __len__(self) -> int:
        """Return the number of files."""
        return len(self.paths)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        """Return an image uint8 [3, S, S] and its label."""
        with Image.open(self.paths[index]) as image:
            rgb = image.convert("RGB")
        if rgb.size != (self.size, self.size):
            rgb = rgb.resize((self.size, self.size), Image.Resampling.BILINEAR)
        return torch.from_numpy(np.array(rgb).transpose(2, 0, 1)), self.labels[index]


def drawn(count: int, side: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return procedural images [N, 3, S, S] and labels, class by class."""
    pool = open_source(
        DataSpec(source="procedural", image_size=side, train=count, probe=1, evaluation=1)
    ).train
    order = np.argsort(pool.labels, kind="stable")
    parts = [pool.decode(part).images for part in np.array_split(order, max(1, count // 500))]
    return np.concatenate(parts), pool.labels[order]


def write_files(root: Path, images: NDArray[np.uint8], labels: Iterable[int], suffix: str) -> None:
    """Write class folders of image files."""
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        path = root / f"{label:02}" / f"{number:06}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image.transpose(1, 2, 0)).save(path)


def write_parquet(root: Path, files: Path) -> None:
    """Write the files as shards of 2,000 rows in row groups of 500."""
    paths = sorted(files.glob("*/*.*"))
    root.mkdir()
    starts = range(0, len(paths), 2000)
    for number, start in enumerate(starts):
        part = paths[start : start + 2000]
        cells = [{"bytes": path.read_bytes(), "path": path.name} for path in part]
        table = pa.table({"image": cells, "label": [path.parent.name for path in part]})
        name = f"train-{number:05}-of-{len(starts):05}.parquet"
        parquet.write_table(table, root / name, row_group_size=500)


def write_cifar(root: Path, images: NDArray[np.uint8], labels: NDArray[np.int64]) -> None:
    """Write CIFAR-10's binary of 32 pixels; it has ten classes, so there are ten."""
    rows = np.concatenate(
        [labels[:, None].astype(np.uint8) % 10, images.reshape(len(images), -1)], 1
    )
    root.mkdir()
    (root / "data_batch_1.bin").write_bytes(rows.tobytes())


def seconds(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """Return the shortest of some times."""
    times = []
    for _ in range(repeats):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return min(times)


def epoch(data: ImageData) -> None:
    """Take every training image once, in shuffled batches, as a trial does."""
    images = to_device(data, CPU)
    order = torch.randperm(images.count or 0)
    for batch, labels in images.train.batches(order.split(BATCH)):
        assert len(batch) == len(labels)


def loader_epoch(files: PillowFiles, workers: int) -> Callable[[], None]:
    """Return one of a DataLoader with so many processes."""
    loader = torch.utils.data.DataLoader(
        files, BATCH, shuffle=True, num_workers=workers, persistent_workers=workers > 0
    )

    def run() -> None:
        for batch, labels in loader:
            assert len(batch) == len(labels)

    return run


def best_loader(root: Path, size: int) -> float:
    """Return images/s of the best number of workers."""
    files, rates = PillowFiles(root, size), {}
    for workers in (0, 1, 2):
        rates[workers] = len(files) / seconds(loader_epoch(files, workers))
        print(f"| DataLoader + PIL, {workers} workers | {rates[workers]:,.0f} |")
    return max(rates.values())


def speed(folder: Path) -> None:
    """Print images/s of small sets."""
    images, labels = drawn(SMALL, 32)
    write_files(folder / "files", images, labels, ".png")
    write_parquet(folder / "shards", folder / "files")
    write_cifar(folder / "cifar", images, labels)
    print(f"| {SMALL:,} images of 32 px | images/s |\n|---|---|")
    rival = best_loader(folder / "files", 32)
    for source, path in (("folder", "files"), ("parquet", "shards"), ("cifar", "cifar")):
        spec = DataSpec(source=source, path=str(folder / path), image_size=32, evaluation=100)
        data = load(spec, apart=False)
        decoding = seconds(lambda spec=spec: load(spec, apart=False))
        taking = seconds(lambda data=data: epoch(data))
        count = data.train.count or 0
        study = EPOCHS * count / (decoding + EPOCHS * taking)
        print(f"| {source}: decoded once, with the split | {(count + 100) / decoding:,.0f} |")
        print(f"| {source}: an epoch | {count / taking:,.0f}, {count / taking / rival:.1f}x |")
        print(f"| {source}: {EPOCHS} epochs, decoding too | {study:,.0f}, {study / rival:.1f}x |")


def large(folder: Path) -> None:
    """Print images/s of JPEGs decoded as they are needed, and what a step waits for them."""
    images, labels = drawn(LARGE, 256)
    write_files(folder / "jpeg", images, labels, ".jpg")
    print(f"| {LARGE:,} JPEG files of 256 px at 224 px | images/s |\n|---|---|")
    rival = best_loader(folder / "jpeg", 224)
    spec = DataSpec(source="folder", path=str(folder / "jpeg"), image_size=224, evaluation=20)
    write_parquet(folder / "shards", folder / "jpeg")
    for source, path in (("folder", "jpeg"), ("parquet", "shards")):
        spec = DataSpec(source=source, path=str(folder / path), image_size=224, evaluation=20)
        os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
        begun = time.perf_counter()
        data = load(spec, apart=False, limit=0)
        began = time.perf_counter() - begun
        rate = (data.train.count or 0) / seconds(lambda data=data: epoch(data))
        print(f"| {source}, as they are needed | {rate:,.0f}, {rate / rival:.1f}x |")
        print(f"| {source}: begun after, seconds | {began:.1f} |")
    kept = load(spec, apart=False)
    network = coatnet.create("coatnet-0").train()
    times: dict[str, list[float]] = {"memory": [], "parquet": []}
    for _ in range(REPEATS):
        for word, found in (("memory", kept), ("parquet", data)):
            begun = time.perf_counter()
            train(network, found)
            times[word].append(time.perf_counter() - begun)
    rate, threads = STEPS * STEP / min(times["memory"]), torch.get_num_threads()
    print(f"| training steps of CoAtNet-0, {threads} threads | {rate:,.2f} |")
    ratio = min(times["parquet"]) / min(times["memory"])
    print(f"| the same steps, from shards | {ratio:.3f} times as long (goal: 1.03) |")


def train(network: torch.nn.Module, data: ImageData) -> None:
    """Take a few training steps."""
    images = to_device(data, CPU)
    order = torch.randperm(images.count or 0)[: STEPS * STEP]
    for batch, _ in images.train.batches(order.split(STEP)):
        network(batch / 255).sum().backward()


def private_bytes() -> int:
    """Return what this process alone keeps in memory."""
    with Path("/proc/self/smaps_rollup").open() as lines:
        return 1024 * sum(int(line.split()[1]) for line in lines if line.startswith("Private_"))


def memory(folder: Path) -> None:
    """Print what each of eight trials at once adds to the memory, of data in Ray's store."""
    import ray  # noqa: PLC0415 - of this part alone

    @ray.remote(num_cpus=0)
    class Trial:
        def empty(self) -> int:
            epoch(load(DataSpec(train=300, evaluation=20, probe=1)))  # what an epoch imports
            return private_bytes()

        def reads(self, data: Any) -> int:
            self.data = data
            epoch(data)
            return private_bytes()

    random = np.random.default_rng(0)
    images = random.integers(0, 255, (SHARED, 3, 32, 32), dtype=np.uint8)
    write_cifar(folder / "shared", images, np.arange(SHARED))
    spec = DataSpec(source="cifar", path=str(folder / "shared"), image_size=32, evaluation=100)
    data = load(spec, apart=False)
    size = (data.train.count or 0) * 3 * 32 * 32
    os.environ.setdefault("PYTHONPATH", str(Path(__file__).parents[1]))
    ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False)
    try:
        shared = ray.put(data)
        trials = [Trial.remote() for _ in range(TRIALS)]
        before = ray.get([trial.empty.remote() for trial in trials])
        after = ray.get([trial.reads.remote(shared) for trial in trials])
    finally:
        ray.shutdown()
    added = [(late - early) / size for early, late in zip(before, after, strict=True)]
    print(f"{size / 1e6:,.0f} MB of images, {TRIALS} trials at once; each adds of its own")
    print(" ".join(f"{share:.1%}" for share in added))


PARTS = {"speed": speed, "large": large, "memory": memory}

if __name__ == "__main__":
    for name in sys.argv[1:] or PARTS:
        with tempfile.TemporaryDirectory() as scratch:
            PARTS[name](Path(scratch))
