"""Stochastic depth: a residual branch is left out, per sample, with a given rate."""

import torch

from coatnet.config import CoAtNetConfig


def drop_path(branch: torch.Tensor, rate: float, training: bool) -> torch.Tensor:
    """Zero whole samples of `branch` (batch first) with probability `rate`, scaling up the rest.

    Free when the rate is 0 or the network is not training.
    """
    if rate == 0.0 or not training:
        return branch
    # Not dropout(): compiled, that is made anew for each block's rate, this serves all.
    shape = (branch.shape[0],) + (1,) * (branch.ndim - 1)
    kept = torch.rand(shape, device=branch.device) >= rate
    return branch * (kept / (1.0 - rate)).to(branch.dtype)


def drop_path_rates(config: CoAtNetConfig) -> tuple[tuple[float, ...], ...]:
    """Return each block's rate, stage by stage: linear from 0 to the last block's full rate.

    The paper gives one rate per model and no schedule (Table 10); linear in the block's number is
    what the official relatives do.
    """
    last = sum(stage.depth for stage in config.stages) - 1
    number = 0
    rates: list[tuple[float, ...]] = []
    for stage in config.stages:
        blocks = range(number, number + stage.depth)
        rates.append(tuple(config.drop_path * (block / last if last else 1.0) for block in blocks))
        number += stage.depth
    return tuple(rates)
