"""Writes Parquet shards in the hub's layout."""

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from PIL import Image
from pyarrow import parquet

IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def png(pixels: np.ndarray) -> bytes:
    """Return an image, gray [H, W] or RGB [H, W, 3], as a file's bytes."""
    content = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(content, format="PNG")
    return content.getvalue()


def pictures(count: int, *, seed: int = 0, side: int = 6) -> list[np.ndarray]:
    """Return different RGB images."""
    rng = np.random.default_rng(seed)
    return list(rng.integers(0, 255, (count, side, side, 3), dtype=np.uint8))


def hub(names: Sequence[str], *, label: str = "label") -> dict[bytes, bytes]:
    """Return the metadata that the hub writes for a ClassLabel."""
    features = {"image": {"_type": "Image"}, label: {"names": [*names], "_type": "ClassLabel"}}
    return {b"huggingface": json.dumps({"info": {"features": features}}).encode()}


def write_shard(
    path: Path,
    cells: Sequence[bytes | None],
    labels: Any,
    *,
    metadata: dict[bytes, bytes] | None = None,
    columns: tuple[str, str] = ("image", "label"),
    group: int = 1000,
) -> Path:
    """Write a shard; a label array may be of any type."""
    rows = [None if cell is None else {"bytes": cell, "path": "/etc/passwd"} for cell in cells]
    labels = labels if isinstance(labels, pa.Array) else pa.array(labels)
    table = pa.table([pa.array(rows, IMAGE), labels], names=[*columns])
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(table.replace_schema_metadata(metadata), path, row_group_size=group)
    return path
