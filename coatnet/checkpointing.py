"""Activation checkpointing: a block's activations are computed again instead of kept.

Training then keeps what goes into each block and, of one block at a time, what is inside; it
costs about one more forward pass (`coatnet.cost` has the price of both).
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.checkpoint import checkpoint


def run_checkpointed(block: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """Return ``block(x)``; what its backward needs is computed when it is needed.

    Equal to the plain pass in outputs, gradients, drop path and running statistics.
    """

    def contexts() -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
        return nullcontext(), _statistics_kept(block)

    found = checkpoint(block, x, use_reentrant=False, context_fn=contexts)
    assert isinstance(found, torch.Tensor)
    return found


@contextmanager
def _statistics_kept(block: nn.Module) -> Iterator[None]:
    """Normalise by batch statistics without counting the batch a second time."""
    norms = [layer for layer in block.modules() if isinstance(layer, _BatchNorm)]
    before = [(norm.momentum, norm.num_batches_tracked) for norm in norms]
    for norm in norms:
        # Not track_running_stats = False: autograd would save fewer tensors than the first time,
        # which checkpoint refuses.
        norm.momentum = 0.0
        norm.num_batches_tracked = None
    try:
        yield
    finally:
        for norm, (momentum, batches) in zip(norms, before, strict=True):
            norm.momentum, norm.num_batches_tracked = momentum, batches
