"""Networks as folders: model.safetensors, config.json and a card; nothing is ever unpickled."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from coatnet.config import CoAtNetConfig
from coatnet.cost import cost
from coatnet.model import CoAtNet

FORMAT = 1
WEIGHTS, CONFIG, CARD = "model.safetensors", "config.json", "README.md"


def save(
    model: CoAtNet,
    folder: str | os.PathLike[str],
    *,
    metadata: Mapping[str, Any] | None = None,
    card: str | None = None,
) -> None:
    """Write `model` to `folder`, each file beside its place first and then renamed.

    `metadata` is any JSON mapping, kept as it is; `card` is Markdown, by default a few lines.

    Raises:
        ValueError: the metadata is not JSON.
    """
    try:
        description = json.dumps(
            {
                "format": FORMAT,
                "architecture": model.config.to_dict(),
                "metadata": dict(metadata or {}),
            },
            indent=2,
            allow_nan=False,
        )
    except (TypeError, ValueError) as error:
        raise ValueError(f"metadata must be plain JSON values: {error}") from error
    tensors = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / WEIGHTS, save_tensors(tensors))
    _write(folder / CONFIG, description.encode() + b"\n")
    _write(folder / CARD, (card or _card(model.config)).encode())


def load(folder: str | os.PathLike[str]) -> CoAtNet:
    """Return the network saved in `folder`, on the CPU, in evaluation mode.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: a file is not what `save` writes, or the two do not fit each other.
    """
    architecture = _description(folder)["architecture"]
    try:
        config = CoAtNetConfig.from_dict(architecture)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{Path(folder) / CONFIG}: {error}") from error
    path = Path(folder) / WEIGHTS
    try:
        tensors = load_tensors(_read(path))
    except SafetensorError as error:
        raise ValueError(f"{path} is not a safetensors file: {error}") from error
    model = CoAtNet(config, seed=0)
    expected = {name: (tensor.shape, tensor.dtype) for name, tensor in model.state_dict().items()}
    if missing := sorted(expected.keys() - tensors.keys()):
        raise ValueError(f"{path} misses {len(missing)} tensors of the network: {missing[0]}, ...")
    if unknown := sorted(tensors.keys() - expected.keys()):
        raise ValueError(f"{path} has {len(unknown)} tensors too many: {unknown[0]}, ...")
    for name, (shape, dtype) in expected.items():
        found = tensors[name]
        if (found.shape, found.dtype) != (shape, dtype):
            raise ValueError(
                f"{path}: {name} must be {tuple(shape)} of {dtype}, "
                f"not {tuple(found.shape)} of {found.dtype}"
            )
    model.load_state_dict(tensors)
    return model.eval()


def load_metadata(folder: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the metadata given to `save`.

    Raises:
        FileNotFoundError: config.json is missing.
        ValueError: it is not what `save` writes.
    """
    return _description(folder)["metadata"]


def _description(folder: str | os.PathLike[str]) -> dict[str, Any]:
    path = Path(folder) / CONFIG
    try:
        description = json.loads(_read(path))
    except ValueError as error:
        raise ValueError(f"{path} is not JSON: {error}") from error
    if not isinstance(description, dict) or description.get("format") != FORMAT:
        found = description.get("format") if isinstance(description, dict) else None
        raise ValueError(f"{path} must have format {FORMAT}, not {found!r}")
    for key in ("architecture", "metadata"):
        if not isinstance(description.get(key), dict):
            raise ValueError(f"{path} must have a mapping {key!r}")
    return description


def _read(path: Path) -> bytes:
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist: is this a folder written by save?")
    return path.read_bytes()


def _write(path: Path, content: bytes) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _card(config: CoAtNetConfig) -> str:
    price = cost(config)
    return (
        f"# CoAtNet {config.layout}\n\n"
        f"{price.parameters:,} parameters, {price.macs:,} multiply-adds an image of "
        f"{config.image_size} x {config.image_size} pixels, {config.classes} classes.\n\n"
        '```python\nimport coatnet\n\nmodel = coatnet.load(".")\n```\n'
    )
