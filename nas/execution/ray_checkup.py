"""Looks at every node of a Ray cluster from inside: versions, GPUs, disk, and shared storage."""

import os
import platform
import shutil
import socket
import tempfile
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from nas.objects.conditions import check_conditions
from nas.objects.folder import ObjectFolder
from nas.spec.paths import is_uri

ANSWER_SECONDS = 90.0
_MARK = ".nas-doctor-"


@dataclass(frozen=True, kw_only=True, slots=True)
class NodeFacts:
    """What one node said of itself; `problem` is why it could not."""

    node: str
    python: str = ""
    libraries: tuple[tuple[str, str], ...] = ()  # name, version; "" where it is not there
    ray_gpus: float = 0.0  # that Ray hands out
    torch_gpus: int = 0  # that torch can use
    free_bytes: int = 0  # where its temporary files go
    reads_storage: bool = True
    writes_storage: bool = True
    storage_free_bytes: int | None = None
    problem: str = ""


def look_here(folder: str | None = None, nonce: str = "", gpus: float = 0.0) -> NodeFacts:
    """Return the facts of this process's machine; with a folder, whether it has that nonce."""
    reads = writes = True
    free = None
    if folder is not None:
        reads, writes = _reads(folder, nonce), _writes(folder, nonce)
        free = None if is_uri(folder) else _free(Path(folder))
    return NodeFacts(
        node=socket.gethostname(),
        python=platform.python_version(),
        libraries=tuple((name, _version(name)) for name in ("ray", "torch", "coatnet-nas")),
        ray_gpus=gpus,
        torch_gpus=_torch_gpus() if gpus or _has_devices() else 0,
        free_bytes=_free(Path(tempfile.gettempdir())) or 0,
        reads_storage=reads,
        writes_storage=writes,
        storage_free_bytes=free,
    )


def look_everywhere(folder: str | None, nonce: str) -> tuple[NodeFacts, ...]:
    """Return the facts of every living node; this process is connected, and wrote the nonce."""
    import ray  # noqa: PLC0415 - reads its environment at import
    from ray.util.scheduling_strategies import (  # noqa: PLC0415
        NodeAffinitySchedulingStrategy,
    )

    look: Any = ray.remote(num_cpus=0, max_retries=0)(look_here)
    asked = {}
    for node in ray.nodes():
        if not node["Alive"]:
            continue
        there = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
        name = f"{node['NodeManagerAddress']} ({node['NodeID'][:6]})"
        gpus = node["Resources"].get("GPU", 0.0)
        asked[name] = look.options(scheduling_strategy=there).remote(folder, nonce, gpus)
    found = []
    for name, answer in asked.items():
        try:
            facts = ray.get(answer, timeout=ANSWER_SECONDS)
        except ray.exceptions.RayError as error:
            lines = str(error).strip().splitlines() or [type(error).__name__]
            found.append(NodeFacts(node=name, problem=lines[-1][:200]))
            continue
        found.append(replace(facts, node=name))
    return tuple(found)


def write_nonce(folder: str, nonce: str) -> None:
    """Leave a nonce for the nodes to read, in a folder or an object store.

    Raises:
        OSError: it cannot be written, or the store ignores the conditions of a put.
    """
    if is_uri(folder):
        check_conditions(ObjectFolder(folder))
    else:
        Path(folder).mkdir(parents=True, exist_ok=True)
    _write(folder, f"{_MARK}{nonce}", nonce)


def remove_nonce(folder: str, nonce: str) -> None:
    """Take away what was written into the folder."""
    start = f"{_MARK}{nonce}"
    if is_uri(folder):
        store = ObjectFolder(folder)
        store.remove([name for name in store.names() if name.startswith(start)])
        return
    for path in Path(folder).glob(f"{start}*"):
        path.unlink(missing_ok=True)


def _reads(folder: str, nonce: str) -> bool:
    name = f"{_MARK}{nonce}"
    try:
        if is_uri(folder):
            found = ObjectFolder(folder).read(name)
            return found is not None and found.content == nonce.encode()
        return (Path(folder) / name).read_text(encoding="utf-8") == nonce
    except OSError:
        return False


def _writes(folder: str, nonce: str) -> bool:
    try:
        _write(folder, f"{_MARK}{nonce}-{socket.gethostname()}-{os.getpid()}", nonce)
    except OSError:
        return False
    return True


def _write(folder: str, name: str, text: str) -> None:
    if is_uri(folder):
        ObjectFolder(folder).put(name, text.encode())
    else:
        (Path(folder) / name).write_text(text, encoding="utf-8")


def _free(folder: Path) -> int | None:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _has_devices() -> bool:
    """Whether there is a reason to import torch: on a busy node that takes a minute."""
    return any(Path("/dev").glob("nvidia[0-9]*"))


def _torch_gpus() -> int:
    try:
        import torch  # noqa: PLC0415 - see `_has_devices`; and perhaps it is not there
    except ImportError:
        return 0
    return torch.cuda.device_count()
