"""Checkpoints that survive a kill at any instant and a damaged disk, and that execute nothing.

A folder holds, for each of two checkpoints, tensors (safetensors) and scalars (JSON), and a
manifest with their sha256, always renamed last: what it names was complete before. These are the
newest two of whole epochs, or one from the midst of an epoch and the newest of a whole one. If both
are damaged there is nothing to resume from and training starts over, with a warning:
it gives the same numbers again, so only time is lost.
"""

import errno
import hashlib
import json
import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.numpy import save as serialize_arrays  # a third of the torch one's time
from safetensors.torch import load as parse_tensors

from nas.errors import CheckpointError
from nas.objects.folder import StoreError
from nas.study.faults import free_bytes
from nas.study.records import EpochMeasured
from nas.study.storage import meant_for
from nas.training.checkpoint_files import Files, Place, files_at
from nas.training.under_way import Sums, UnderWay

FORMAT = 1
KEPT = 2
MANIFEST = "manifest.json"
_NOISE = "noise"  # among the tensors
FILE_PATTERN = re.compile(
    r"epoch-\d{4,}(?P<midst>-step-\d+)?-a(?P<attempt>\d+)\.(safetensors|json)"
)
_PASSING = frozenset({errno.EMFILE, errno.ENFILE, errno.ESTALE, errno.ENOTCONN})
_EPOCH_FIELDS = tuple(field.name for field in fields(EpochMeasured))
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Checkpoint:
    """A trial after an epoch, or in the midst of one: all that training on needs."""

    identity: str  # of network, seed, recipe and data: what it may be resumed as
    history: tuple[EpochMeasured, ...]  # epochs 1, 2, ... up to this checkpoint
    tensors: dict[str, torch.Tensor]  # on the CPU, contiguous
    under_way: UnderWay | None = None  # the epoch after those, where it is begun

    @property
    def epoch(self) -> int:
        """The last epoch trained and measured; 0 before the first."""
        return self.history[-1].epoch if self.history else 0

    @property
    def stem(self) -> str:
        """What its files are called, but for the attempt."""
        midst = "" if self.under_way is None else f"-step-{self.under_way.sums.steps:06d}"
        return f"epoch-{self.epoch:04d}{midst}"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Entry:
    """One checkpoint of the manifest: the name of each file with its sha256."""

    files: dict[str, str]

    @property
    def attempt(self) -> int:
        return max(int(_parts_of(name)["attempt"]) for name in self.files)

    @property
    def whole(self) -> bool:
        """Whether it is of an epoch that was measured."""
        return not any(_parts_of(name)["midst"] for name in self.files)


def save(folder: Place, checkpoint: Checkpoint, *, attempt: int) -> None:
    """Write a checkpoint, then make it the newest, then remove all but it and one before it.

    Raises:
        CheckpointError: it cannot be written (what was there stays readable), or a later attempt
            has written here, so that this worker was given up for lost.
    """
    stem = f"{checkpoint.stem}-a{attempt}"
    scalars: dict[str, Any] = {
        "format": FORMAT,
        "identity": checkpoint.identity,
        "history": [
            {name: getattr(epoch, name) for name in _EPOCH_FIELDS} for epoch in checkpoint.history
        ],
    }
    arrays = {name: tensor.numpy() for name, tensor in checkpoint.tensors.items()}
    if checkpoint.under_way is not None:
        scalars["under_way"] = asdict(checkpoint.under_way.sums)
        arrays[_NOISE] = checkpoint.under_way.noise.cpu().numpy()
    try:
        files = files_at(folder)
        previous = _read_manifest(files, folder)
        if any(entry.attempt > attempt for entry in previous):
            raise CheckpointError(f"{folder}: attempt {attempt} was superseded by a later one")
        contents = {
            f"{stem}.safetensors": serialize_arrays(arrays),
            f"{stem}.json": json.dumps(scalars, allow_nan=False).encode(),
        }
        for name, content in contents.items():
            files.write(name, content)
        digests = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
        older = [entry for entry in previous if entry.files.keys() != digests.keys()]
        older = [entry for entry in older if entry.whole] or older
        entries = [_Entry(files=digests), *older][:KEPT]
        manifest = {"format": FORMAT, "checkpoints": [entry.files for entry in entries]}
        if not files.write_manifest(MANIFEST, json.dumps(manifest).encode()):
            raise CheckpointError(f"{folder}: attempt {attempt} was superseded by another worker")
        _remove_others(files, entries, attempt=attempt)
    except CheckpointError:
        raise
    except OSError as error:
        free = free_bytes(folder) if isinstance(folder, Path) else None
        room = "" if free is None else f" ({free:,} bytes free)"
        raise CheckpointError(
            f"{folder / stem}: cannot be written: {error.strerror or error}{room}"
        ) from error


def newest(folder: Place, *, measured: bool = False) -> Checkpoint | None:
    """Return the newest intact checkpoint; None, to start from nothing, if there is none.

    With `measured`, the newest of a whole epoch: its network is the one that was measured.

    Warns when the newest is damaged and an older one or none takes its place.

    Raises:
        OSError: nothing can be read here just now, damaged or not.
    """
    files = files_at(folder)
    entries = [each for each in _read_manifest(files, folder) if each.whole or not measured]
    for entry in entries:
        try:
            return _read(files, entry)
        except StoreError:
            raise
        except (OSError, SafetensorError, ValueError, TypeError, LookupError) as error:
            if isinstance(error, OSError) and error.errno in _PASSING:
                raise
            names = " and ".join(entry.files)
            _log.warning("%s: checkpoint %s is damaged and left out: %s", folder, names, error)
    if _exists(files):
        _log.warning("%s: no intact checkpoint; training starts over", folder)
    return None


def _read(files: Files, entry: _Entry) -> Checkpoint:
    contents: dict[str, bytes] = {}
    for name, digest in entry.files.items():
        content = files.read(name)
        if hashlib.sha256(content).hexdigest() != digest:
            raise ValueError(f"{name} does not match its sha256")
        contents[Path(name).suffix] = content
    scalars = json.loads(contents[".json"])
    if scalars["format"] != FORMAT:
        raise ValueError(f"format {scalars['format']} is not {FORMAT}")
    history = tuple(EpochMeasured(**epoch) for epoch in scalars["history"])
    if [epoch.epoch for epoch in history] != list(range(1, len(history) + 1)):
        raise ValueError("its history has gaps")
    tensors, sums = parse_tensors(contents[".safetensors"]), scalars.get("under_way")
    if sums is None and not history:
        raise ValueError("it is of no epoch")
    return Checkpoint(
        identity=scalars["identity"],
        history=history,
        under_way=None if sums is None else UnderWay(sums=Sums(**sums), noise=tensors.pop(_NOISE)),
        tensors=tensors,
    )


def _read_manifest(files: Files, folder: Place) -> list[_Entry]:
    """Return the manifest's entries, newest first; none if it is missing or damaged."""
    try:
        manifest: Mapping[str, Any] = json.loads(files.read_manifest(MANIFEST))
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


def _exists(files: Files) -> bool:
    try:
        files.read_manifest(MANIFEST)
    except FileNotFoundError:
        return False
    return True


def _parts_of(name: str) -> re.Match[str]:
    match = FILE_PATTERN.fullmatch(name)
    if match is None:
        raise ValueError(f"not the name of a checkpoint file: {name!r}")
    return match


def _remove_others(files: Files, entries: Iterable[_Entry], *, attempt: int) -> None:
    """Remove what the manifest no longer names, but nothing that a later attempt may be writing."""
    named = {name for entry in entries for name in entry.files}
    for name in files.names():
        match = FILE_PATTERN.fullmatch(meant_for(name) or name)
        if match is not None and int(match["attempt"]) <= attempt and name not in named:
            files.remove([name])
