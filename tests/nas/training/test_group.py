"""Shares of a batch are whole, in order, and as equal as can be."""

import pytest

from nas.training.group import share_of


@pytest.mark.parametrize(("count", "size"), [(10, 1), (10, 3), (2, 3), (0, 2), (64, 8)])
def test_shares_go_together(count, size):
    shares = [range(count)[share_of(count, rank=rank, size=size)] for rank in range(size)]
    assert [row for share in shares for row in share] == list(range(count))
    lengths = [len(share) for share in shares]
    assert max(lengths) - min(lengths) <= 1
