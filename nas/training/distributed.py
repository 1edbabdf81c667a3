"""Several processes that train one trial: each takes its share of every batch, and sums are shared.

Every process holds the whole network, or its part of it (`nas.training.sharding`), and goes
through the same steps; what is drawn is drawn for the whole batch by all of them. So a trial trains
as in one process, up to the order of additions.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import torch
from torch import distributed, nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm

from nas.errors import SpecError
from nas.training.group import Group

PATIENCE = timedelta(minutes=10)  # for another process, which may decode or measure meanwhile


@contextmanager
def joined(group: Group | None, device: torch.device) -> Iterator[None]:
    """Be one of a group; None is a trial of one process. When one leaves, the others fail."""
    if group is None or group.size == 1:
        yield
        return
    distributed.init_process_group(
        "nccl" if device.type == "cuda" else "gloo",
        init_method=f"tcp://{group.address}",
        rank=group.rank,
        world_size=group.size,
        timeout=PATIENCE,
    )
    try:
        yield
    finally:
        distributed.destroy_process_group()


def add_up(tensors: Sequence[torch.Tensor]) -> None:
    """Replace tensors of one type by their sums over all processes."""
    flat = torch.cat([each.reshape(-1) for each in tensors])
    distributed.all_reduce(flat)
    start = 0
    for each in tensors:
        each.copy_(flat[start : start + each.numel()].view_as(each))
        start += each.numel()


def share_batch_norms(model: nn.Module) -> None:
    """Have batch normalization see whole batches: statistics are those of all processes.

    Raises:
        SpecError: the network has batch normalization of its own kind.
    """
    for layer in model.modules():
        if type(layer) is nn.BatchNorm2d:
            layer.__class__ = SharedBatchNorm2d
        elif isinstance(layer, _BatchNorm):
            raise SpecError(
                f"must be 1: {type(layer).__name__} of this network knows its own part of a batch "
                "alone",
                key="resources.workers",
            )


class SharedBatchNorm2d(nn.BatchNorm2d):
    """Batch normalization over the images of all processes (torch's own is for GPUs alone).

    Without gradients, where statistics are estimated anew, every process sees all images.
    """

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """Return [B, C, H, W] normalized by the mean and variance of each channel."""
        if not self.training or not torch.is_grad_enabled():
            return super().forward(input)
        x_bchw = input.float()
        part = x_bchw.new_tensor([x_bchw.numel() / max(x_bchw.shape[1], 1)])
        sums = _Sum.apply(torch.cat([x_bchw.sum((0, 2, 3)), part]))
        count = sums[-1].detach()
        centred = x_bchw - (sums[:-1] / count)[:, None, None]
        variance = _Sum.apply(centred.square().sum((0, 2, 3))) / count
        self._follow((sums[:-1] / count).detach(), variance.detach() * count / (count - 1))
        y_bchw = centred * (variance + self.eps).rsqrt()[:, None, None]
        if self.affine:
            y_bchw = y_bchw * self.weight[:, None, None] + self.bias[:, None, None]
        return y_bchw.to(input.dtype).contiguous(memory_format=torch.channels_last)

    @torch.no_grad()
    def _follow(self, mean: torch.Tensor, variance: torch.Tensor) -> None:
        if self.running_mean is None or self.running_var is None:
            return
        assert self.num_batches_tracked is not None
        self.num_batches_tracked.add_(1)
        momentum = self.momentum
        weight = 1 / float(self.num_batches_tracked) if momentum is None else momentum
        self.running_mean.lerp_(mean, weight)
        self.running_var.lerp_(variance, weight)


class _Sum(torch.autograd.Function):
    """The sum over all processes, of gradients too."""

    @staticmethod
    def forward(_context: Any, tensor: torch.Tensor) -> torch.Tensor:
        summed = tensor.clone()
        distributed.all_reduce(summed)
        return summed

    @staticmethod
    def backward(_context: Any, gradient: torch.Tensor) -> torch.Tensor:  # pyrefly: ignore [bad-override]
        summed = gradient.clone()
        distributed.all_reduce(summed)
        return summed


def shared_loss(
    logits: torch.Tensor, targets: torch.Tensor, *, count: int, smoothing: float
) -> torch.Tensor:
    """Return this process's part of the mean over a batch of `count` images."""
    total = functional.cross_entropy(logits, targets, label_smoothing=smoothing, reduction="sum")
    return total / count


def first_says(said: bool, device: torch.device) -> bool:
    """Return what the first process says."""
    told = torch.tensor([float(said)], device=device)
    distributed.broadcast(told, 0)
    return bool(told.item())


def agree(number: int) -> None:
    """Check that all processes go on from the same place.

    Raises:
        RuntimeError: they do not.
    """
    least_and_most = torch.tensor([number, -number], dtype=torch.float64)
    if distributed.get_backend() == "nccl":
        least_and_most = least_and_most.cuda()
    distributed.all_reduce(least_and_most, op=distributed.ReduceOp.MIN)
    least, most = least_and_most.tolist()
    if not math.isclose(least, -most):
        raise RuntimeError(f"processes go on from steps {least:g} to {-most:g}")
