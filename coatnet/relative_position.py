"""The learnt bias of relative positions (paper, Section 3).

Names: h heads, n cells of a map row by row, m offsets between two cells.
"""

import torch
from torch import nn
from torch.nn import functional

from coatnet.dimensions import Size


class RelativePositionBias(nn.Module):
    """P: one scalar for each head and each of the (2 H - 1) x (2 W - 1) offsets of two cells.

    Learnt per head and per layer, without sharing or bucketing. For another map than it is stored
    for, the table is resized bilinearly each time it is used ("bilinear interpolation ... to the
    size of (2H' - 1) x (2W' - 1)"), as the official relatives do: the network keeps its
    parameters at every resolution.
    """

    index_nn: torch.Tensor

    def __init__(self, *, heads: int, size: Size, stored_size: Size) -> None:
        """Build for maps of `size`, with a table for maps of `stored_size`."""
        super().__init__()
        self.size = size
        self.resized = stored_size != size
        self.table = nn.Parameter(torch.zeros(heads, *table_shape(stored_size)))
        self.register_buffer("index_nn", relative_index(size), persistent=False)

    def forward(self) -> torch.Tensor:
        """Return the bias (h, n, n) of each head for each pair (i, j) of cells."""
        table_hij = resized(self.table, table_shape(self.size)) if self.resized else self.table
        # index_select: its backward is 2 to 5 times as fast on CPUs as that of table[:, index].
        bias_hm = table_hij.flatten(1).index_select(1, self.index_nn.flatten())
        return bias_hm.unflatten(1, self.index_nn.shape)


def table_shape(size: Size) -> Size:
    """Return how many offsets of rows and of columns two cells of a map can have."""
    return 2 * size[0] - 1, 2 * size[1] - 1


def resized(table_hij: torch.Tensor, shape: Size) -> torch.Tensor:
    """Return the table for another map, interpolated bilinearly; its middle stays the middle."""
    return functional.interpolate(table_hij[None], shape, mode="bilinear", align_corners=False)[0]


def relative_index(size: Size) -> torch.Tensor:
    """Return (n, n): where in a flattened table the offset of cell i from cell j is found.

    Offsets (row_i - row_j, column_i - column_j) count from the most negative one, so that the
    table's middle is the offset (0, 0); this is P[i - i' + H, j - j' + W] of Section 3, which
    counts from 1.
    """
    height, width = size
    if torch.get_default_device().type == "meta":  # where the first sum takes a second of imports
        return torch.empty(height * width, height * width, dtype=torch.int64)
    row, column = torch.arange(height), torch.arange(width)
    offset_ij = row[:, None] - row + height - 1
    offset_kl = column[:, None] - column + width - 1
    index_ikjl = offset_ij[:, None, :, None] * (2 * width - 1) + offset_kl[None, :, None, :]
    return index_ikjl.reshape(height * width, height * width)
