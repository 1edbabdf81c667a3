"""A network that is described by a config and kept as a folder, in the hub's convention."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Self, TypeVar

import torch
from torch import nn

from coatnet import weights
from coatnet.card import card as written_card
from coatnet.config import CoAtNetConfig, changed
from coatnet.folder import (
    CARD,
    CONFIG,
    WEIGHTS,
    Description,
    locked,
    read_description,
    replace_files,
)
from coatnet.hub import Folder, find
from coatnet.relative_position import RelativePositionBias, relative_index, resized

CHANGEABLE = ("image_size", "classes", "drop_path", "batch_norm_momentum")
CLASSIFIER = "head.classifier"
Network = TypeVar("Network", bound="Storable")


class Storable(nn.Module):
    """The base of `CoAtNet`: built by ``cls(config, seed=...)``, initialised by `initialize`."""

    def __init__(self, config: CoAtNetConfig, *, seed: int | None = None) -> None:
        """Remember the description; `seed` is for those who build a network of it."""
        super().__init__()
        self.config = config

    def initialize(self, seed: int) -> None:
        """Set all parameters anew, but those on the meta device."""
        raise NotImplementedError

    def save_pretrained(
        self,
        save_directory: Folder,
        *,
        metadata: Mapping[str, Any] | None = None,
        card: str | None = None,
        push_to_hub: bool = False,
    ) -> None:
        """Write the network to a folder, as `coatnet.save` does.

        Raises:
            ValueError: as `coatnet.save`; or it shall be pushed, which the hub's program does.
        """
        if push_to_hub:
            raise ValueError(
                "nothing is uploaded from here: save, then `hf upload ORG/NAME FOLDER`"
            )
        description = Description(config=self.config, metadata=metadata or {})
        content = description.to_json()
        text = written_card(self.config, metadata) if card is None else card
        tensors = self.state_dict()
        self._check_unchanged(tensors)
        replace_files(
            Path(save_directory),
            {
                WEIGHTS: lambda path: weights.write(path, tensors),
                CONFIG: lambda path: path.write_bytes(content),
                CARD: lambda path: path.write_bytes(text.encode()),
            },
        )

    @classmethod
    def from_pretrained(
        cls,
        pretrained_model_name_or_path: Folder,
        *,
        revision: str | None = None,
        cache_dir: Folder | None = None,
        force_download: bool = False,
        local_files_only: bool = True,
        token: str | bool | None = None,
        **options: Any,
    ) -> Self:
        """Return the network of a folder, or of a repository in the hub's local cache.

        It never downloads: `local_files_only` and `token` are of no effect, they are there for
        calls written for the hub's own classes. `options` are those of `coatnet.load`.

        Raises:
            FileNotFoundError: it is neither a folder nor in the cache, or a file is missing.
            ValueError: the name or the revision is none, a download is forced, or as
                `coatnet.load`.
        """
        if force_download:
            raise ValueError(
                "nothing is downloaded from here: `hf download ORG/NAME --force-download`"
            )
        folder = find(pretrained_model_name_or_path, revision=revision, cache_dir=cache_dir)
        return cls.from_folder(folder, **options)

    @classmethod
    def from_folder(
        cls,
        folder: Folder,
        *,
        resize_tables: bool = False,
        dtype: torch.dtype | None = None,
        seed: int = 0,
        **changes: Any,
    ) -> Self:
        """Return the network of a folder: see `coatnet.load`."""
        if dtype is not None and dtype not in weights.FLOATS.values():
            raise ValueError(f"dtype must be one of {[*weights.FLOATS.values()]}, not {dtype}")
        folder = Path(folder)
        with torch.no_grad(), torch.device("cpu"):
            with locked(folder, exclusive=False):
                stored = read_description(folder).config
                config = _changed(stored, changes, resize_tables=resize_tables)
                blank, tensors = _read(cls, stored, folder / WEIGHTS, dtype)
            model = blank if config == stored else _without_memory(cls, config)
            _fill(model, tensors, stored, seed)
        return model.eval()

    def _check_unchanged(self, tensors: Mapping[str, torch.Tensor]) -> None:
        """Refuse to write what `load` would refuse to read."""
        expected = _without_memory(type(self), self.config).state_dict()
        weights.require_names("the network", set(tensors), expected)
        for name, tensor in tensors.items():
            if tensor.is_meta:
                raise ValueError(f"{name} is on the meta device: there are no weights to save")
            if tensor.shape != expected[name].shape:
                raise ValueError(
                    f"{name} is {tuple(tensor.shape)} where the network's config says "
                    f"{tuple(expected[name].shape)}: change the config, by create or load, too"
                )


def _without_memory(network: type[Network], config: CoAtNetConfig) -> Network:
    with torch.device("meta"):
        return network(config, seed=0)


def _read(
    network: type[Network], config: CoAtNetConfig, path: Path, dtype: torch.dtype | None
) -> tuple[Network, dict[str, torch.Tensor]]:
    """Return the network, without memory still, and its tensors."""
    with weights.opened(path) as file:
        # A description of a million blocks shall not be built to find that it is wrong.
        blocks, found = sum(stage.depth for stage in config.stages), len(file.keys())
        if blocks > found:
            raise ValueError(f"{path} has {found} tensors, too few for {blocks} blocks")
        blank = _without_memory(network, config)
        return blank, weights.read(file, path, blank.state_dict(), dtype=dtype)


def _fill(
    model: Storable, tensors: dict[str, torch.Tensor], stored: CoAtNetConfig, seed: int
) -> None:
    """Make the tensors of a network `stored` the parameters of one without memory."""
    if model.config.classes != stored.classes:
        removed = [tensors.pop(f"{CLASSIFIER}.{name}") for name in ("weight", "bias")]
        model.get_submodule(CLASSIFIER).to_empty(device="cpu").to(removed[0].dtype)
        model.initialize(seed)  # it alone: all others are on the meta device still
    for name, module in model.named_modules():
        if isinstance(module, RelativePositionBias):
            module.index_nn = relative_index(module.size)
            table = f"{name}.table"
            heads, rows, columns = module.table.shape
            if tensors[table].shape != (heads, rows, columns):
                tensors[table] = resized(tensors[table], (rows, columns))
    model.load_state_dict(tensors, strict=False, assign=True)
    everything = (*model.parameters(), *model.buffers())
    assert not any(tensor.is_meta for tensor in everything), "a tensor was not loaded"


def _changed(
    stored: CoAtNetConfig, changes: Mapping[str, Any], *, resize_tables: bool
) -> CoAtNetConfig:
    """Return the description to load for; tables stay those stored, if not resized."""
    if others := [name for name in changes if name not in CHANGEABLE]:
        raise ValueError(
            f"{others[0]} cannot be given at loading, only {', '.join(CHANGEABLE)}: "
            "the weights belong to all else"
        )
    config = changed(stored, **changes)
    if config.image_size == stored.image_size and not resize_tables:
        return config
    stored_for = stored.bias_image_size or stored.image_size
    if resize_tables or config.image_size == stored_for:
        return replace(config, bias_image_size=None)
    return replace(config, bias_image_size=stored_for)
