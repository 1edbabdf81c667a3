"""The folder of a saved network: its files, how they replace old ones, and how they are read."""

import json
import os
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coatnet.config import CoAtNetConfig

try:
    import fcntl
except ImportError:  # Windows: there, savers of one folder at one time are not kept apart
    fcntl = None

FORMAT = 1
WEIGHTS, CONFIG, CARD = "model.safetensors", "config.json", "README.md"
LONGEST_CONFIG = 2**24  # bytes; the names of 20,000 classes are a thirtieth
LOCK_SECONDS = 60.0
PICKLES = frozenset({".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Description:
    """What config.json holds: the network, and whatever was said when it was saved."""

    config: CoAtNetConfig
    metadata: Mapping[str, Any]

    def to_json(self) -> bytes:
        """Return the file's content.

        Raises:
            ValueError: the metadata is not JSON.
        """
        try:
            values = {
                "format": FORMAT,
                "architecture": self.config.to_dict(),
                "metadata": dict(self.metadata),
            }
            return json.dumps(values, indent=2, allow_nan=False).encode() + b"\n"
        except (TypeError, ValueError, RecursionError) as error:
            raise ValueError(f"metadata must be plain JSON values: {error}") from error


def read_description(folder: Path) -> Description:
    """Return what config.json says.

    Raises:
        FileNotFoundError: it is missing.
        ValueError: it is not what `Description.to_json` writes.
    """
    path = folder / CONFIG
    require_file(path)
    if path.stat().st_size > LONGEST_CONFIG:
        raise ValueError(f"{path} must have at most {LONGEST_CONFIG:,} bytes")
    try:
        values = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not JSON: {error}") from error
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        found = values.get("format") if isinstance(values, dict) else None
        raise ValueError(f"{path} must have format {FORMAT}, not {found!r}")
    for key in ("architecture", "metadata"):
        if not isinstance(values.get(key), dict):
            raise ValueError(f"{path} must have a mapping {key!r}")
    try:
        config = CoAtNetConfig.from_dict(values["architecture"])
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path}: {error}") from error
    return Description(config=config, metadata=values["metadata"])


def require_file(path: Path) -> None:
    """Do nothing if there is a file.

    Raises:
        FileNotFoundError: there is none; if there are pickles instead, the message says so.
    """
    if path.is_file():
        return
    if path.name == WEIGHTS and path.parent.is_dir():
        pickles = sorted(p.name for p in path.parent.iterdir() if p.suffix.lower() in PICKLES)
        if pickles:
            raise FileNotFoundError(
                f"{path.parent} has {pickles[0]} but no {WEIGHTS}: pickles can run any program and "
                f"are never read; convert it, if you trust it, with safetensors.torch.save_file"
            )
    raise FileNotFoundError(f"{path} does not exist: is this a folder written by save?")


def replace_files(folder: Path, writers: Mapping[str, Callable[[Path], object]]) -> None:
    """Write each file beside its place, to disk, and then rename all, in the order given.

    Others who save to or load from the folder wait meanwhile (`locked`), so that files of
    different networks never mix. Should it fail before the renaming, the old files stay.

    Raises:
        OSError: a file cannot be written; its `filename` is the file's own.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        beside: dict[Path, Path] = {}
        for name, write in writers.items():
            path = folder / f".{name}.{os.getpid()}.{secrets.token_hex(4)}"
            stack.callback(path.unlink, missing_ok=True)
            try:
                write(path)
                with path.open("rb") as file:
                    os.fsync(file.fileno())
            except OSError as error:
                if error.errno is not None:
                    error.filename = str(folder / name)
                raise
            beside[path] = folder / name
        with locked(folder, exclusive=True):
            for path, place in beside.items():
                path.replace(place)


@contextmanager
def locked(folder: Path, *, exclusive: bool) -> Iterator[None]:
    """Hold the folder, alone or with other readers, where the system can lock folders.

    Raises:
        TimeoutError: somebody else held it for a minute.
    """
    if fcntl is None or not folder.is_dir():
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        _lock(descriptor, folder, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH)
        yield
        if exclusive:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)  # and with it the lock


def _lock(descriptor: int, folder: Path, kind: int) -> None:
    assert fcntl is not None
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"{folder} has been locked by another process for {LOCK_SECONDS:.0f} s: "
                    "end it, or save to another folder"
                ) from error
            time.sleep(0.02)
        except OSError:  # file systems without locks: there, savers are not kept apart
            return
        else:
            return
