"""Checkpoints under kills, damage, a full disk and two workers at once."""

import errno
import hashlib
import json
import logging
import os
import pickle
import signal
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from nas.errors import CheckpointError
from nas.study.records import EpochMeasured
from nas.training import checkpoint
from nas.training.checkpoint import MANIFEST, Checkpoint, newest, save


def measured(epoch: int) -> EpochMeasured:
    return EpochMeasured(
        at=1e9 + epoch / 3,
        trial_id="t",
        attempt=1,
        epoch=epoch,
        step=epoch * 10,
        samples=epoch * 100,
        seconds=epoch / 7,
        learning_rate=1e-3,
        train_loss=1 / 3,
        gradient_norm=0.1,
        probe_loss=0.2,
        probe_accuracy=0.5,
        evaluation_loss=0.3,
        evaluation_accuracy=0.4,
        ema_evaluation_accuracy=None if epoch % 2 else 0.25,
    )


def make(epoch: int) -> Checkpoint:
    tensors = {"model.w": torch.full((50, 4), float(epoch)), "model.n": torch.tensor(epoch)}
    history = tuple(measured(number) for number in range(1, epoch + 1))
    return Checkpoint(identity="me", history=history, tensors=tensors)


def fill(folder: Path, *epochs: int, attempt: int = 1) -> None:
    for epoch in epochs:
        save(folder, make(epoch), attempt=attempt)


def epoch_of(folder: Path) -> int:
    found = newest(folder)
    return 0 if found is None else found.epoch


@pytest.fixture
def quiet(caplog: pytest.LogCaptureFixture) -> Callable[[], bool]:
    """Tell whether nothing was warned of."""
    caplog.set_level(logging.WARNING)
    return lambda: not caplog.records


def test_an_empty_or_missing_folder_has_none(tmp_path: Path, quiet: Callable[[], bool]) -> None:
    assert newest(tmp_path) is None
    assert newest(tmp_path / "none") is None
    assert quiet()


def test_what_is_read_is_what_was_saved(tmp_path: Path, quiet: Callable[[], bool]) -> None:
    fill(tmp_path / "new" / "folder", 1, 2)
    found = newest(tmp_path / "new" / "folder")
    assert found is not None
    assert found.history == make(2).history
    assert (found.epoch, found.identity) == (2, "me")
    for name, tensor in make(2).tensors.items():
        assert torch.equal(found.tensors[name], tensor)
    assert quiet()


def test_the_newest_two_are_kept(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not ours")
    fill(tmp_path, 1, 2, 3, 4)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "epoch-0003-a1.json",
        "epoch-0003-a1.safetensors",
        "epoch-0004-a1.json",
        "epoch-0004-a1.safetensors",
        "manifest.json",
        "notes.txt",
    ]


def test_manifest_names_sha256(tmp_path: Path) -> None:
    fill(tmp_path, 1, 2)
    manifest = json.loads((tmp_path / MANIFEST).read_bytes())
    assert manifest["format"] == 1
    assert list(manifest["checkpoints"][0]) == ["epoch-0002-a1.safetensors", "epoch-0002-a1.json"]
    for entry in manifest["checkpoints"]:
        for name, digest in entry.items():
            assert hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() == digest


@pytest.mark.parametrize("suffix", ["safetensors", "json"])
@pytest.mark.parametrize("damage", ["flip", "half", "empty", "missing", "longer"])
def test_damage_falls_back_to_the_one_before_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, suffix: str, damage: str
) -> None:
    fill(tmp_path, 1, 2)
    path = tmp_path / f"epoch-0002-a1.{suffix}"
    content = bytearray(path.read_bytes())
    if damage == "missing":
        path.unlink()
    elif damage == "flip":
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    else:
        broken = {"half": content[: len(content) // 2], "empty": b"", "longer": content + b" "}
        path.write_bytes(broken[damage])
    assert epoch_of(tmp_path) == 1
    assert "epoch-0002-a1" in caplog.text
    assert "damaged" in caplog.text
    fill(tmp_path, 2)
    assert epoch_of(tmp_path) == 2


def test_every_flipped_bit_is_found(tmp_path: Path) -> None:
    fill(tmp_path, 1, 2)
    intact = {2: make(2).history, 1: make(1).history}
    rng = np.random.default_rng(0)
    for path in sorted(tmp_path.iterdir()):
        content = path.read_bytes()
        for bit in rng.integers(0, 8 * len(content), 40):
            flipped = bytearray(content)
            flipped[bit // 8] ^= 1 << (bit % 8)
            path.write_bytes(flipped)
            found = newest(tmp_path)
            if found is not None:
                assert found.history == intact[found.epoch]
                assert torch.equal(found.tensors["model.w"], make(found.epoch).tensors["model.w"])
        path.write_bytes(content)
    assert epoch_of(tmp_path) == 2


def test_all_damaged_starts_over(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    fill(tmp_path, 1, 2)
    for path in tmp_path.glob("*.safetensors"):
        path.write_bytes(b"x")
    assert newest(tmp_path) is None
    assert "training starts over" in caplog.text
    fill(tmp_path, 1)
    assert epoch_of(tmp_path) == 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"format": 99, "checkpoints": []}',
        b'{"format": 1, "checkpoints": [{"../../etc/passwd": "0"}]}',
        b'{"format": 1, "checkpoints": [{"/etc/a.json": "0", "/etc/a.safetensors": "0"}]}',
        b'{"format": 1, "checkpoints": [3]}',
    ],
)
def test_a_damaged_manifest_starts_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    fill(tmp_path, 1)
    (tmp_path / MANIFEST).write_bytes(content)
    assert newest(tmp_path) is None
    assert "damaged" in caplog.text
    fill(tmp_path, 1)
    assert epoch_of(tmp_path) == 1


class _Sentinel:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("executed",)


def test_a_planted_pickle_is_not_executed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "trial"
    fill(folder, 1)
    name = "epoch-0001-a1.safetensors"
    planted = pickle.dumps(_Sentinel())
    (folder / name).write_bytes(planted)
    manifest = json.loads((folder / MANIFEST).read_bytes())
    manifest["checkpoints"][0][name] = hashlib.sha256(planted).hexdigest()
    (folder / MANIFEST).write_text(json.dumps(manifest))
    assert newest(folder) is None
    assert "damaged" in caplog.text
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize("step", range(6))
def test_killed_at_any_step_of_a_save(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quiet: Callable[[], bool], step: int
) -> None:
    """Three files are each written, then renamed; a kill is anything that is no OSError."""
    fill(tmp_path, 1, 2)
    calls = {"fsync": 0, "rename": 0}
    rename, fsync = Path.rename, os.fsync

    def counted(name: str, at: int, real: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object) -> object:
            calls[name] += 1
            if calls[name] == at:
                raise KeyboardInterrupt
            return real(*arguments)

        return call

    with monkeypatch.context() as patch:
        kind = "fsync" if step % 2 == 0 else "rename"
        target = (os, "fsync", fsync) if kind == "fsync" else (Path, "rename", rename)
        patch.setattr(target[0], target[1], counted(kind, step // 2 + 1, target[2]))
        with pytest.raises(KeyboardInterrupt):
            fill(tmp_path, 3)
    assert epoch_of(tmp_path) == 2
    assert quiet()
    fill(tmp_path, 3, attempt=2)
    assert epoch_of(tmp_path) == 3
    assert not list(tmp_path.glob("*.partial"))


@pytest.mark.slow
def test_killed_at_random_while_saving(tmp_path: Path, quiet: Callable[[], bool]) -> None:
    """The process really dies; what it leaves must be whole, and never older than before."""
    rng = np.random.default_rng(0)
    fill(tmp_path, 1)
    last = 1
    for attempt in range(2, 500):
        if attempt > 41 and last > 10:  # a busy machine writes less between two kills
            break
        child = os.fork()
        if child == 0:
            try:
                for epoch in range(last + 1, last + 1000):
                    fill(tmp_path, epoch, attempt=attempt)
            finally:
                os._exit(1)
        time.sleep(rng.uniform(0.0, 0.02))
        os.kill(child, signal.SIGKILL)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
        assert epoch_of(tmp_path) >= last
        last = epoch_of(tmp_path)
    assert last > 10
    assert quiet()


@pytest.mark.parametrize("failing", [1, 2, 3])
def test_a_full_disk_leaves_the_last_one_readable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quiet: Callable[[], bool], failing: int
) -> None:
    fill(tmp_path, 1, 2)
    fsync, count = os.fsync, 0

    def full(descriptor: int) -> None:
        nonlocal count
        count += 1
        if count == failing:
            raise OSError(errno.ENOSPC, "No space left on device")
        fsync(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(CheckpointError, match=r"epoch-0003-a1.*No space left.*bytes free"):
            fill(tmp_path, 3)
    assert epoch_of(tmp_path) == 2
    assert not list(tmp_path.glob("*.partial"))
    fill(tmp_path, 3)
    assert epoch_of(tmp_path) == 3
    assert quiet()


@pytest.mark.parametrize("name", ["EMFILE", "ENFILE", "ESTALE", "ENOTCONN"])
def test_what_cannot_be_read_just_now_is_not_taken_for_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Handles may run out between the manifest and a file that it names."""
    fill(tmp_path, 1, 2)
    read_bytes = Path.read_bytes

    def refused(path: Path) -> bytes:
        if path.name != MANIFEST:
            raise OSError(getattr(errno, name), "not just now", str(path))
        return read_bytes(path)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", refused)
        with pytest.raises(OSError, match="not just now"):
            newest(tmp_path)
    assert epoch_of(tmp_path) == 2


def test_a_worker_given_up_for_lost_cannot_overwrite(tmp_path: Path) -> None:
    fill(tmp_path, 1)
    fill(tmp_path, 2, attempt=2)
    with pytest.raises(CheckpointError, match="attempt 1 was superseded"):
        fill(tmp_path, 2)
    found = newest(tmp_path)
    assert found is not None
    assert found.epoch == 2
    assert (tmp_path / "epoch-0002-a2.json").exists()
    assert not (tmp_path / "epoch-0002-a1.json").exists()


def test_nothing_of_a_later_attempt_is_removed(tmp_path: Path) -> None:
    fill(tmp_path, 1)
    (tmp_path / "epoch-0002-a2.safetensors.partial").write_bytes(b"being written")
    fill(tmp_path, 2, 3)
    assert (tmp_path / "epoch-0002-a2.safetensors.partial").exists()
    fill(tmp_path, 4, attempt=2)
    assert not (tmp_path / "epoch-0002-a2.safetensors.partial").exists()


def test_epochs_beyond_9999_keep_their_names(tmp_path: Path) -> None:
    assert checkpoint.FILE_PATTERN.fullmatch("epoch-10000-a12.json")
    assert checkpoint.FILE_PATTERN.fullmatch("epoch-0001-a1.json.partial") is None


@pytest.mark.parametrize("name", ["{}.partial", ".{}.0f3a9c21.partial"])
def test_what_a_kill_left_half_written_is_removed(tmp_path: Path, name: str) -> None:
    fill(tmp_path, 1)
    own = tmp_path / name.format("epoch-0002-a1.safetensors")
    later = tmp_path / name.format("epoch-0002-a2.safetensors")
    for path in (own, later):
        path.write_bytes(b"half")
    fill(tmp_path, 2)
    assert not own.exists()
    assert later.exists()
