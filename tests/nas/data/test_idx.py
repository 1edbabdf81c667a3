"""IDX files: those that are right are read, all others are refused in one line."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from nas.data.idx import find_idx, read_idx
from nas.errors import DataError, NotFoundError

PIXELS = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)


def idx_bytes(array: np.ndarray, *, magic: bytes | None = None) -> bytes:
    magic = bytes((0, 0, 8, array.ndim)) if magic is None else magic
    return magic + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_reads_what_was_written(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"train-images-idx3-ubyte{suffix}"
    path.write_bytes(gzip.compress(idx_bytes(PIXELS)) if suffix else idx_bytes(PIXELS))
    np.testing.assert_array_equal(read_idx(path, dimensions=3), PIXELS)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "begins with nothing"),
        (b"\x89PNG and more", "not an IDX file"),
        (idx_bytes(PIXELS, magic=bytes((0, 0, 13, 3))), "not an IDX file"),
        (idx_bytes(PIXELS[0]), "not an IDX file of bytes in 3 dimensions"),
        (idx_bytes(PIXELS)[:9], "ends within its header"),
        (idx_bytes(PIXELS)[:-1], "promises 24 bytes, it holds 23"),
        (idx_bytes(PIXELS) + b"x", "it holds more"),
        (bytes((0, 0, 8, 3)) + b"\xff" * 12, "claims"),
    ],
)
def test_refuses_what_is_damaged(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "images"
    path.write_bytes(content)
    with pytest.raises(DataError, match=says) as caught:
        read_idx(path, dimensions=3)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("cut", [5, 20, -5])
def test_refuses_a_truncated_gzip(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "images.gz"
    path.write_bytes(gzip.compress(idx_bytes(PIXELS))[:cut])
    with pytest.raises(DataError, match=r"cannot be read|begins with"):
        read_idx(path, dimensions=3)


def test_refuses_a_gzip_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "images.gz"
    path.write_bytes(idx_bytes(PIXELS))
    with pytest.raises(DataError, match="cannot be read"):
        read_idx(path, dimensions=3)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no such file"):
        read_idx(tmp_path / "none", dimensions=3)


def test_finds_plain_before_gzipped_and_both_spellings(tmp_path: Path) -> None:
    assert find_idx(tmp_path, "train-images", dimensions=3) is None
    (tmp_path / "train-images.idx3-ubyte").touch()
    found = find_idx(tmp_path, "train-images", dimensions=3)
    assert found is not None
    assert found.name == "train-images.idx3-ubyte"
    (tmp_path / "train-images-idx3-ubyte.gz").touch()
    (tmp_path / "train-images-idx3-ubyte").touch()
    found = find_idx(tmp_path, "train-images", dimensions=3)
    assert found is not None
    assert found.name == "train-images-idx3-ubyte"
