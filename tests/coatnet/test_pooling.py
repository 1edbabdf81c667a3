"""Pooling against loops: whatever the size of the map, only its own cells count."""

import pytest
import torch

from coatnet.pooling import pool
from tests.coatnet.options import POOLS, options, pooled

SIZES = [(1, 1), (2, 2), (4, 6), (5, 5), (7, 4), (1, 6), (3, 8)]


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("kind", POOLS)
def test_pooling_is_its_definition(kind, size, memory_format):
    torch.manual_seed(0)
    x_bchw = torch.randn(2, 3, *size, dtype=torch.float64) - 3  # no zero may win over the map
    x_bchw = x_bchw.contiguous(memory_format=memory_format)
    config = options(**POOLS[kind])
    expected_bchw = pooled(x_bchw, config)
    assert expected_bchw.shape[2:] == (-(-size[0] // 2), -(-size[1] // 2))
    found_bchw = pool(x_bchw, 2, config)
    torch.testing.assert_close(found_bchw, expected_bchw, atol=1e-14, rtol=1e-12)


@pytest.mark.parametrize("kind", POOLS)
def test_means_keep_a_constant_map(kind):
    """Also at the edges, where cells are missing."""
    x_bchw = torch.full((1, 1, 5, 7), 2.5, dtype=torch.float64)
    assert (pool(x_bchw, 2, options(**POOLS[kind])) == 2.5).all()
