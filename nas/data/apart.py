"""Finds training images that the study evaluates on: equal pixels, or equal files unread.

Two images are one if a network could not tell them: their pixels are equal as they are decoded to
train on, whatever their files, sources and indices. Of files that are only decoded as training
needs them the bytes are compared instead.
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from nas.data.dataset import Dataset, Pool
from nas.data.decoding import to_channels
from nas.data.images import Indices, Pixels
from nas.data.regular import open_regular
from nas.data.sources import SOURCES, open_source
from nas.data.split import Split, evaluated_on, evaluation_pool
from nas.data.unpacked import DIGEST
from nas.spec.study import DataSpec

_EMPTY = hashlib.blake2b(b"", digest_size=DIGEST).digest()  # of what is no image
TAIL = 1024  # bytes at the end of a file, which tell most files of one size apart
THREADS = 16  # reading waits for the disk
CHUNK = 1024  # images decoded, or files looked at, at a time


def digests(images_nchw: Pixels) -> list[bytes]:
    """Return a digest of each image's pixels."""
    return [
        hashlib.blake2b(np.ascontiguousarray(image).data, digest_size=DIGEST).digest()
        for image in images_nchw
    ]


def digests_of(pool: Pool, indices: Indices, *, channels: int) -> set[bytes]:
    """Return the digests of images of a pool, those that cannot be read left out."""
    found: set[bytes] = set()
    for start in range(0, len(indices), CHUNK):
        decoded = pool.decode(indices[start : start + CHUNK])
        readable = np.delete(decoded.images, list(decoded.bad), axis=0)
        found.update(digests(to_channels(readable, channels)))
    return found


def evaluated_beside(dataset: Dataset, spec: DataSpec, beside: DataSpec | None) -> set[bytes]:
    """Return digests of what the other task evaluates on, decoded as images are trained on here.

    Drawn images equal no others: training and evaluation are streams of their own.
    """
    if beside is None or SOURCES[spec.source].drawn or SOURCES[beside.source].drawn:
        return set()
    same = {"image_size": spec.image_size, "channels": dataset.channels}
    other = open_source(beside.model_copy(update=same))
    return digests_of(
        evaluation_pool(other), evaluated_on(other, beside), channels=dataset.channels
    )


def equal_files(pool: Pool, indices: Indices, others: Sequence[tuple[Pool, Indices]]) -> list[int]:
    """Return the places in `indices` of files whose bytes are those of one of the `others`.

    Sizes are compared first, then the ends of those that agree, and all bytes of few. Pools whose
    images are no files have nothing to compare; files that cannot be read equal none.
    """
    path = pool.path
    pools = [pool, *(other for other, _ in others)]
    if any(each.digests is not None for each in pools):
        ours = _digests(pool, indices)
        seen = {digest for other, chosen in others for digest in _digests(other, chosen).values()}
        return sorted(place for place, digest in ours.items() if digest in seen)
    if path is None:
        return []
    here = dict(enumerate(path(index) for index in indices.tolist()))
    there = dict(
        enumerate(
            other.path(index)
            for other, chosen in others
            if other.path is not None
            for index in chosen.tolist()
        )
    )
    for measure in (_size, _end, _bytes):
        if not here or not there:
            return []
        ours, theirs = _measured(here, measure), _measured(there, measure)
        common = set(ours.values()) & set(theirs.values())
        here = {place: here[place] for place, found in ours.items() if found in common}
        there = {place: there[place] for place, found in theirs.items() if found in common}
    return sorted(here)


def _digests(pool: Pool, indices: Indices) -> dict[int, bytes]:
    """Return by place digests of encoded images, all of their bytes read."""
    if pool.digests is not None:
        found = enumerate(pool.digests(indices))
        return {place: digest for place, digest in found if digest != _EMPTY}
    path = pool.path
    if path is None:
        return {}
    return _measured(dict(enumerate(path(index) for index in indices.tolist())), _content)


def copied_files(dataset: Dataset, parts: Split, beside: DataSpec | None) -> list[int]:
    """Return the places of training images whose files are those of evaluation images."""
    others = [(evaluation_pool(dataset), parts.evaluation)]
    if beside is not None:
        other = open_source(beside)
        others.append((evaluation_pool(other), evaluated_on(other, beside)))
    return equal_files(dataset.train, parts.train, others)


Measure = Callable[[Path], bytes]


def _measured(files: dict[int, Path], measure: Measure) -> dict[int, bytes]:
    def read(path: Path) -> bytes | None:
        try:
            return measure(path)
        except OSError:
            return None

    with ThreadPoolExecutor(THREADS) as threads:
        found = [
            (place, value)
            for part in _parts(files)
            for place, value in zip(part, threads.map(read, (files[p] for p in part)), strict=True)
        ]
    return {place: value for place, value in found if value is not None}


def _parts(places: Iterable[int]) -> Iterator[list[int]]:
    listed = list(places)
    return (listed[start : start + CHUNK] for start in range(0, len(listed), CHUNK))


def _size(path: Path) -> bytes:
    return path.stat().st_size.to_bytes(8, "big")


def _end(path: Path) -> bytes:
    with open_regular(path) as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(size - TAIL, 0))
        return hashlib.blake2b(b"%d " % size + file.read(TAIL), digest_size=DIGEST).digest()


def _content(path: Path) -> bytes:
    with open_regular(path) as file:
        return hashlib.blake2b(file.read(), digest_size=DIGEST).digest()


def _bytes(path: Path) -> bytes:
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").digest()
