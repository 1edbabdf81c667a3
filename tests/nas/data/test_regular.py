"""Files are opened, and nothing else is: no pipe is waited for, whenever it became one."""

import os
import socket
from pathlib import Path

import numpy as np
import pytest

from nas.data import regular
from nas.data.apart import equal_files
from nas.data.dataset import Decoded, Pool
from nas.data.regular import open_regular


def test_a_file_is_opened(tmp_path):
    (tmp_path / "a").write_bytes(b"content")
    (tmp_path / "link").symlink_to("a")
    for name in ("a", "link"):
        with open_regular(tmp_path / name) as file:
            assert file.read() == b"content"


def test_whatever_else_there_is_is_refused_by_its_kind(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    found = [(tmp_path, "a folder"), (tmp_path / "pipe", "a named pipe"), ("/dev/null", "a device")]
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s"))
        for path, word in [*found, (tmp_path / "s", "a socket")]:
            with pytest.raises(OSError, match=f"^is {word}, not a regular file$"):
                open_regular(Path(path))


def test_what_becomes_a_pipe_meanwhile_is_not_waited_for(tmp_path, monkeypatch):
    path, check, seen = tmp_path / "a", regular._check, []

    def swapped(mode):
        check(mode)
        if not seen:
            path.unlink()
            os.mkfifo(path)
        seen.append(mode)

    path.touch()
    monkeypatch.setattr(regular, "_check", swapped)
    with pytest.raises(OSError, match="a named pipe"):
        open_regular(path)
    assert len(seen) == 1


def test_pipes_equal_no_file(tmp_path):
    """They would all be of no bytes, and be read to compare them."""
    for name in ("a", "b"):
        os.mkfifo(tmp_path / name)
    (tmp_path / "c").touch()
    (tmp_path / "d").touch()

    def pool(*names):
        return Pool(
            labels=np.zeros(len(names), dtype=np.int64),
            decode=lambda indices: Decoded(images=np.zeros((0, 1, 1, 1), np.uint8), bad={}),
            path=lambda index: tmp_path / names[index],
        )

    both = np.arange(2)
    assert equal_files(pool("a", "c"), both, [(pool("b", "d"), both)]) == [1]
