"""Stochastic depth: a residual branch is left out, per sample, with a given rate."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from coatnet.config import CoAtNetConfig

_share: tuple[int, slice] | None = None  # images of the whole batch, and which of them are here


@contextmanager
def drawn_for(count: int, rows: slice) -> Iterator[None]:
    """Draw for a batch of `count` images of which this process has `rows`.

    So several processes that share a batch drop the branches that one would.
    """
    global _share
    before, _share = _share, None if rows == slice(0, count) else (count, rows)
    try:
        yield
    finally:
        _share = before


def _drawn(shape: tuple[int, ...], device: torch.device) -> torch.Tensor:
    if _share is None:
        return torch.rand(shape, device=device)
    count, rows = _share
    return torch.rand((count, *shape[1:]), device=device)[rows]


def drop_path(branch: torch.Tensor, rate: float, training: bool) -> torch.Tensor:
    """Zero whole samples of `branch` (batch first) with probability `rate`, scaling up the rest.

    Free when the rate is 0 or the network is not training.
    """
    if rate == 0.0 or not training:
        return branch
    # Not dropout(): compiled, that is made anew for each block's rate, this serves all.
    shape = (branch.shape[0],) + (1,) * (branch.ndim - 1)
    kept = _drawn(shape, branch.device) >= rate
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
