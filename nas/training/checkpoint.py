"""Checkpoints that survive a kill at any instant and a damaged disk, and that execute nothing.

A folder holds, for each of the newest two checkpoints, tensors (safetensors) and scalars (JSON),
and a manifest with their sha256, always renamed last: what it names was complete before. If both
checkpoints are damaged there is nothing to resume from and training starts over, with a warning:
it gives the same numbers again, so only time is lost.
"""

import errno
import hashlib
import json
import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.numpy import save as serialize_arrays  # a third of the torch one's time
from safetensors.torch import load as parse_tensors

from nas.errors import CheckpointError
from nas.study.faults import free_bytes
from nas.study.records import EpochMeasured
from nas.study.storage import meant_for, replacing, sync_folder

FORMAT = 1
KEPT = 2
MANIFEST = "manifest.json"
FILE_PATTERN = re.compile(r"epoch-\d{4,}-a(\d+)\.(safetensors|json)")
_PASSING = frozenset({errno.EMFILE, errno.ENFILE, errno.ESTALE, errno.ENOTCONN})
_EPOCH_FIELDS = tuple(field.name for field in fields(EpochMeasured))
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Checkpoint:
    """A trial after an epoch: all that training on needs."""

    identity: str  # of network, seed, recipe and data: what it may be resumed as
    history: tuple[EpochMeasured, ...]  # epochs 1, 2, ... up to this checkpoint
    tensors: dict[str, torch.Tensor]  # on the CPU, contiguous

    @property
    def epoch(self) -> int:
        """The last epoch trained."""
        return self.history[-1].epoch


@dataclass(frozen=True, kw_only=True, slots=True)
class _Entry:
    """One checkpoint of the manifest: the name of each file with its sha256."""

    files: dict[str, str]

    @property
    def attempt(self) -> int:
        return max(_attempt_of(name) for name in self.files)


def save(folder: Path, checkpoint: Checkpoint, *, attempt: int) -> None:
    """Write a checkpoint, then make it the newest, then remove all but the newest two.

    Raises:
        CheckpointError: it cannot be written (what was there stays readable), or a later attempt
            has written here, so that this worker was given up for lost.
    """
    stem = f"epoch-{checkpoint.epoch:04d}-a{attempt}"
    scalars = {
        "format": FORMAT,
        "identity": checkpoint.identity,
        "history": [
            {name: getattr(epoch, name) for name in _EPOCH_FIELDS} for epoch in checkpoint.history
        ],
    }
    arrays = {name: tensor.numpy() for name, tensor in checkpoint.tensors.items()}
    try:
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            sync_folder(folder.parent)
        previous = _read_manifest(folder)
        if any(entry.attempt > attempt for entry in previous):
            raise CheckpointError(f"{folder}: attempt {attempt} was superseded by a later one")
        contents = {
            f"{stem}.safetensors": serialize_arrays(arrays),
            f"{stem}.json": json.dumps(scalars, allow_nan=False).encode(),
        }
        for name, content in contents.items():
            _write(folder / name, content)
        digests = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
        older = [entry for entry in previous if entry.files.keys() != digests.keys()]
        entries = [_Entry(files=digests), *older][:KEPT]
        manifest = {"format": FORMAT, "checkpoints": [entry.files for entry in entries]}
        _write(folder / MANIFEST, json.dumps(manifest).encode())
        sync_folder(folder)  # before the epoch is reported: a power cut may take an unsynced name
        _remove_others(folder, entries, attempt=attempt)
    except CheckpointError:
        raise
    except OSError as error:
        free = free_bytes(folder)
        room = "" if free is None else f" ({free:,} bytes free)"
        raise CheckpointError(
            f"{folder / stem}: cannot be written: {error.strerror or error}{room}"
        ) from error


def newest(folder: Path) -> Checkpoint | None:
    """Return the newest intact checkpoint; None, to start from nothing, if there is none.

    Warns when the newest is damaged and an older one or none takes its place.

    Raises:
        OSError: nothing can be read here just now, damaged or not.
    """
    for entry in _read_manifest(folder):
        try:
            return _read(folder, entry)
        except (OSError, SafetensorError, ValueError, TypeError, LookupError) as error:
            if isinstance(error, OSError) and error.errno in _PASSING:
                raise
            names = " and ".join(entry.files)
            _log.warning("%s: checkpoint %s is damaged and left out: %s", folder, names, error)
    if (folder / MANIFEST).exists():
        _log.warning("%s: no intact checkpoint; training starts over", folder)
    return None


def _read(folder: Path, entry: _Entry) -> Checkpoint:
    contents: dict[str, bytes] = {}
    for name, digest in entry.files.items():
        content = (folder / name).read_bytes()
        if hashlib.sha256(content).hexdigest() != digest:
            raise ValueError(f"{name} does not match its sha256")
        contents[Path(name).suffix] = content
    scalars = json.loads(contents[".json"])
    if scalars["format"] != FORMAT:
        raise ValueError(f"format {scalars['format']} is not {FORMAT}")
    history = tuple(EpochMeasured(**epoch) for epoch in scalars["history"])
    if not history or [epoch.epoch for epoch in history] != list(range(1, len(history) + 1)):
        raise ValueError("its history has gaps")
    return Checkpoint(
        identity=scalars["identity"],
        history=history,
        tensors=parse_tensors(contents[".safetensors"]),
    )


def _read_manifest(folder: Path) -> list[_Entry]:
    """Return the manifest's entries, newest first; none if it is missing or damaged."""
    try:
        manifest: Mapping[str, Any] = json.loads((folder / MANIFEST).read_bytes())
        if manifest["format"] != FORMAT:
            raise ValueError(f"format {manifest['format']} is not {FORMAT}")
        entries = [_Entry(files=dict(files)) for files in manifest["checkpoints"]]
        for entry in entries:
            if sorted(Path(name).suffix for name in entry.files) != [".json", ".safetensors"]:
                raise ValueError(f"not the files of a checkpoint: {', '.join(entry.files)}")
            _ = entry.attempt  # refuses names that are not ours
    except FileNotFoundError:
        return []
    except (ValueError, TypeError, LookupError) as error:
        _log.warning("%s: damaged: %s", folder / MANIFEST, error)
        return []
    return entries


def _attempt_of(name: str) -> int:
    match = FILE_PATTERN.fullmatch(name)
    if match is None:
        raise ValueError(f"not the name of a checkpoint file: {name!r}")
    return int(match[1])


def _write(path: Path, content: bytes) -> None:
    with replacing(path, durable=True) as beside:
        beside.write_bytes(content)


def _remove_others(folder: Path, entries: Iterable[_Entry], *, attempt: int) -> None:
    """Remove what the manifest no longer names, but nothing that a later attempt may be writing."""
    named = {name for entry in entries for name in entry.files}
    for path in folder.iterdir():
        match = FILE_PATTERN.fullmatch(meant_for(path.name) or path.name)
        if match is not None and int(match[1]) <= attempt and path.name not in named:
            path.unlink(missing_ok=True)
