"""Networks that one device cannot hold: each process keeps its part of every tensor (FSDP2).

A block's weights are whole only while it computes. Checkpoints hold whole tensors: they know no
number of processes, and a training goes on with another, or with weights that are not sharded.
torch's part of this takes a second to import, which trials of one process are spared.
"""

from typing import TYPE_CHECKING, cast

import torch
from torch import distributed, nn

if TYPE_CHECKING:
    from torch.distributed.tensor import DTensor

LEAST = 500_000  # parameters that are gathered at once, so that a collective call is worth it


def shard(model: nn.Module, *, device: torch.device) -> None:
    """Leave this process its part of the weights of `model`, in place; all processes call it.

    Gradients are sums over processes: losses are parts of a whole batch's mean.
    """
    from torch.distributed.device_mesh import init_device_mesh  # noqa: PLC0415
    from torch.distributed.fsdp import FSDPModule, fully_shard  # noqa: PLC0415

    mesh = init_device_mesh(device.type, (distributed.get_world_size(),))
    # pyrefly: ignore [no-matching-overload] - torch's overloads leave memory_format out
    model.to(memory_format=torch.contiguous_format)  # FSDP takes no other; activations stay as are
    for each in [*_gathered_alone(model), model]:
        fully_shard(each, mesh=mesh)
    for each in model.modules():
        if isinstance(each, FSDPModule):
            each.set_gradient_divide_factor(1.0)
            each.set_force_sum_reduction_for_comms(True)


def is_sharded(tensor: torch.Tensor) -> bool:
    """Tell."""
    return hasattr(tensor, "full_tensor")


def whole(tensor: torch.Tensor) -> torch.Tensor:
    """Return a tensor with all its parts; a sharded one on the CPU, all processes ask together."""
    return cast("DTensor", tensor).full_tensor().cpu() if is_sharded(tensor) else tensor


def here(tensor: torch.Tensor) -> torch.Tensor:
    """Return what this process has of a tensor; it shares its memory."""
    return cast("DTensor", tensor).to_local() if is_sharded(tensor) else tensor


def put(into: torch.Tensor, values: torch.Tensor) -> None:
    """Replace the numbers of `into` by those of a whole tensor: of a sharded one, its part."""
    if not is_sharded(into):
        into.copy_(values)
        return
    from torch.distributed.tensor import distribute_tensor  # noqa: PLC0415

    sharded, local = cast("DTensor", into), here(into)
    values = values.to(device=local.device, dtype=local.dtype)
    # Every process has read the same file: none is asked for its numbers.
    part = distribute_tensor(values, sharded.device_mesh, sharded.placements, src_data_rank=None)
    local.copy_(part.to_local())


def _gathered_alone(model: nn.Module) -> list[nn.Module]:
    """Return the smallest parts in a row, blocks mostly, that have enough weights."""
    found: list[nn.Module] = []
    for parent in reversed(list(model.modules())):  # children come before their parents
        if not isinstance(parent, (nn.Sequential, nn.ModuleList)):
            continue
        for child in parent.children():
            large = sum(parameter.numel() for parameter in child.parameters()) >= LEAST
            if large and not set(found).intersection(child.modules()):
                found.append(child)
    return found
