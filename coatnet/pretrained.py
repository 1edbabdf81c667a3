"""Networks as folders: model.safetensors, config.json and a card; nothing is ever unpickled."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from coatnet.folder import locked, read_description
from coatnet.hub import Folder
from coatnet.model import CoAtNet


def save(
    model: CoAtNet,
    folder: Folder,
    *,
    metadata: Mapping[str, Any] | None = None,
    card: str | None = None,
) -> None:
    """Write `model` to `folder`, each file beside its place first and then renamed.

    `metadata` is any JSON mapping, kept as it is; `card` is Markdown, by default one that says
    what the network is (`coatnet.card`). Those who save to one folder at a time wait for each
    other. Parameters keep their types.

    Raises:
        ValueError: the metadata is not JSON, the model has no weights (meta device), or they are
            not those of its config.
    """
    model.save_pretrained(folder, metadata=metadata, card=card)


def load(
    folder: Folder,
    *,
    resize_tables: bool = False,
    dtype: torch.dtype | None = None,
    seed: int = 0,
    **changes: Any,
) -> CoAtNet:
    """Return the network saved in `folder`, on the CPU, in evaluation mode.

    `changes` are fields of its config, for training it further:

    - `image_size`, pixels: parameters stay what they are, the tables of relative positions are
      resized as they are used (`CoAtNetConfig.bias_image_size`; paper, Section 3). With
      `resize_tables` they are resized once and stored for that size: the same outputs, but
      parameters that depend on the size, and another network to train.
    - `classes`: another number gives a new last layer, the one that `create` makes of `seed`; all
      else stays. The same number changes nothing.
    - `drop_path`, `batch_norm_momentum`: what training alone uses (paper, Table 10).

    The file's parameters must be of float32 unless `dtype` (float16, bfloat16, float32 or
    float64) is given, to which all of any of these types are converted. No random numbers are
    drawn. The files may be links, as in the hub's cache.

    Raises:
        FileNotFoundError: a file is missing, or there are only pickles.
        ValueError: a file is not what `save` writes, the two do not fit each other, or a field
            cannot be changed.
    """
    return CoAtNet.from_folder(
        folder, resize_tables=resize_tables, dtype=dtype, seed=seed, **changes
    )


def load_metadata(folder: Folder) -> dict[str, Any]:
    """Return the metadata given to `save`.

    Raises:
        FileNotFoundError: config.json is missing.
        ValueError: it is not what `save` writes.
    """
    folder = Path(folder)
    with locked(folder, exclusive=False):
        return dict(read_description(folder).metadata)
