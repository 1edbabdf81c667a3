"""The comparable measurement: loss and accuracy in evaluation mode, of the raw weights."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from nas.data.images import CountedDeviceImages
from nas.data.on_device import Normalize
from nas.study.correct import encode


@dataclass(frozen=True, kw_only=True, slots=True)
class Measurement:
    """What a network does on a fixed set of images."""

    loss: float  # mean cross-entropy, nats, without label smoothing
    accuracy: float  # fraction
    loss_error: float | None  # standard error of the mean over images, nats; None of one image
    correct: str  # which images it is right about, a bit an image (`nas.study.correct`)


def nothing() -> None:
    """Do nothing between two batches."""


@contextmanager
def evaluation_mode(model: nn.Module) -> Iterator[None]:
    """Switch to evaluation without gradients, and back to what it was."""
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():  # not inference_mode(): sharded weights are gathered in buffers
            yield  # that training uses again
    finally:
        model.train(was_training)


def evaluate(
    model: nn.Module,
    images: CountedDeviceImages,
    *,
    normalize: Normalize,
    precision: torch.dtype = torch.float32,
    batch_size: int = 256,
    between: Callable[[], None] = nothing,
) -> Measurement:
    """Measure loss and accuracy in evaluation mode.

    Sums run in double precision, so that the batch size does not show in the result's digits.
    `between` is called before each batch; what it raises ends the measuring.
    """
    device = normalize.scale.device
    loss_sum = torch.zeros((), dtype=torch.float64, device=device)
    square_sum = torch.zeros((), dtype=torch.float64, device=device)
    correct: list[torch.Tensor] = []  # stays on the device to the end, as the sums do
    mixed = torch.autocast(device.type, torch.bfloat16, enabled=precision is torch.bfloat16)
    with evaluation_mode(model), mixed:
        for batch, labels in images.batches(torch.arange(len(images)).split(batch_size)):
            between()
            logits = model(normalize(batch)).float()
            losses = functional.cross_entropy(logits, labels, reduction="none")
            loss_sum += losses.double().sum()
            square_sum += losses.double().square().sum()
            correct.append(logits.argmax(dim=1) == labels)
    sums = torch.stack((loss_sum, square_sum))
    found = torch.cat((sums, *(each.double() for each in correct))).cpu().numpy()
    (loss, squares), bits = found[:2].tolist(), found[2:] > 0
    return Measurement(
        loss=loss / len(images),
        accuracy=int(bits.sum()) / len(images),
        loss_error=_mean_error(loss, squares, len(images)),
        correct=encode(bits),
    )


def _mean_error(total: float, squares: float, n: int) -> float | None:
    """Return the standard error of a mean of n numbers from their sum and that of their squares."""
    if n < 2:
        return None
    return math.sqrt(max(squares - total**2 / n, 0.0) / (n - 1) / n)
