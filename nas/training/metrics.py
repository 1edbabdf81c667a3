"""The comparable measurement: loss and accuracy in evaluation mode, of the raw weights."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn
from torch.nn import functional

from nas.data.images import CountedDeviceImages
from nas.data.on_device import Normalize


@contextmanager
def evaluation_mode(model: nn.Module) -> Iterator[None]:
    """Switch to evaluation without gradients, and back to what it was."""
    was_training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        model.train(was_training)


def evaluate(
    model: nn.Module,
    images: CountedDeviceImages,
    *,
    normalize: Normalize,
    precision: torch.dtype = torch.float32,
    batch_size: int = 256,
) -> tuple[float, float]:
    """Return the mean cross-entropy in nats, without label smoothing, and the accuracy in [0, 1].

    Sums run in double precision, so that the batch size does not show in the result's digits.
    """
    device = normalize.scale.device
    loss_sum = torch.zeros((), dtype=torch.float64, device=device)
    correct = torch.zeros((), dtype=torch.int64, device=device)
    mixed = torch.autocast(device.type, torch.bfloat16, enabled=precision is torch.bfloat16)
    with evaluation_mode(model), mixed:
        for batch, labels in images.batches(torch.arange(len(images)).split(batch_size)):
            logits = model(normalize(batch)).float()
            losses = functional.cross_entropy(logits, labels, reduction="none")
            loss_sum += losses.double().sum()
            correct += (logits.argmax(dim=1) == labels).sum()
    loss, right = torch.stack((loss_sum, correct.double())).tolist()
    return loss / len(images), right / len(images)
