"""A fine-tuning begins with the weights of the trial it follows, but for a new classifier."""

import torch
from torch import nn

from nas.errors import CheckpointError
from nas.training import checkpoint
from nas.training.checkpoint_files import Place


def inherit(model: nn.Module, folder: Place, *, classes: int) -> str:
    """Load the newest weights of the trial whose checkpoints are in `folder` into `model`.

    The averaged weights where the recipe kept them. Tables of relative positions keep the size
    they were trained at; the network resizes them as it uses them (paper, Section 3). The
    classifier stays as drawn where the number of classes is another.

    Args:
        model: the network to fine-tune, of the same blocks.
        folder: of the parent's checkpoints.
        classes: of the new images.

    Returns:
        The identity of the training that the weights come from.

    Raises:
        CheckpointError: there is no intact checkpoint, or it is of a network of other blocks.
    """
    saved = checkpoint.newest(folder, measured=True)
    if saved is None:
        raise CheckpointError(f"{folder}: no intact checkpoint to fine-tune from")
    weights = _weights(saved.tensors, "average.module.") or _weights(saved.tensors, "model.")
    own = model.state_dict()
    if weights.keys() != own.keys():
        raise CheckpointError(f"{folder}: the checkpoint is of a network of other blocks")
    for name, tensor in weights.items():
        if tensor.shape == own[name].shape:
            own[name].copy_(tensor)
        elif not own[name].shape[0] == classes != tensor.shape[0]:
            raise CheckpointError(
                f"{folder}: {name} has shape {tuple(tensor.shape)}, the network to fine-tune has "
                f"{tuple(own[name].shape)}: it cannot be taken to images of another size"
            )
    return saved.identity


def _weights(tensors: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }
