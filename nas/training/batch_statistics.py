"""Batch normalization's statistics estimated anew, so that a measurement does not lag behind."""

from collections.abc import Callable

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from nas.data.images import CountedDeviceImages
from nas.data.on_device import Normalize
from nas.training.metrics import nothing


def estimate_statistics(
    model: nn.Module,
    images: CountedDeviceImages,
    *,
    normalize: Normalize,
    precision: torch.dtype = torch.float32,
    batch_size: int = 256,
    between: Callable[[], None] = nothing,
) -> None:
    """Replace running means and variances by those of `images` under the weights as they are.

    With a momentum of 0.1 and few steps an epoch the running statistics are of weights long gone: a
    measurement then shows the lag, and more of it the more convolution a layout has
    (docs/measures.md, "Batch statistics"). Training itself normalizes by each batch and goes on
    bit by bit as without this. Networks without batch normalization stay as they are.

    Args:
        model: changed in place; drop path and the like are off while it looks.
        images: to estimate from; training images.
        normalize: pixels to what the network takes.
        precision: of matrix products, as in training.
        batch_size: at most so many images at once; batches are of nearly one size, since each
            counts alike.
        between: called before each batch; what it raises leaves the model half estimated.
    """
    layers = [each for each in model.modules() if isinstance(each, _BatchNorm)]
    if not layers:
        return
    was_training, momenta = model.training, [layer.momentum for layer in layers]
    model.eval()
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # the mean over all batches
        layer.train()
    count = len(images)
    chosen = torch.arange(count).tensor_split(-(-count // batch_size))
    mixed = torch.autocast(
        normalize.scale.device.type, torch.bfloat16, enabled=precision is torch.bfloat16
    )
    with torch.no_grad(), mixed:
        for batch, _ in images.batches(chosen):
            between()
            model(normalize(batch))
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum
    model.train(was_training)
