"""What training keeps in memory, from a network's description alone: in microseconds, no torch.

Activations are counted as autograd keeps them in a training-mode forward pass on a CPU: the bytes
of the distinct storages that `torch.autograd.graph.saved_tensors_hooks` shows, of one image (what
one more image in the batch adds), parameters and buffers excluded, images in channels_last. Views
of one storage count once, and a view keeps the whole storage alive. Not per image and not counted:
statistics of batch norm, gathered bias tables, and autocast's bfloat16 copies of the weights.
Each function below lists what one kind of block keeps, and for which operation's backward.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from coatnet.config import (
    AttentionType,
    CoAtNetConfig,
    NormType,
    PoolType,
    RelativeBias,
    StemType,
    StridePlace,
)
from coatnet.dimensions import BlockOptions, Size, attended, pads_beforehand, squeezed_width

# Python 3.11 takes as long to look up a member of an enum as to multiply three times.
_LAYER, _MAX, _POST = NormType.LAYER, PoolType.MAX, RelativeBias.POST
_DEPTHWISE, _POOL, _LINEAR = StridePlace.DEPTHWISE, StridePlace.POOL, AttentionType.LINEAR

ITEM_BYTES: Mapping[str, int] = MappingProxyType({"float32": 4, "bfloat16": 2})

INDEX_BYTES = 8  # max pooling keeps where each maximum was, as int64
STATISTICS_BYTES = 8  # layer norm keeps mean and 1 / standard deviation of a cell, as float32


class Kept(NamedTuple):  # a tuple: a price has a dozen, and a dataclass takes three times as long
    """What one part of a network keeps of one image."""

    entering: int  # values of what goes in; a value is of the dtype that the pass computes in
    inside: int  # values of all else
    constant: int  # bytes that are the same in every dtype
    fusible: int = 0  # of the values inside, those of attention that fused kernels compute again
    instead: int = 0  # bytes that fused kernels keep for them


@dataclass(frozen=True, kw_only=True, slots=True)
class Activations:
    """What all parts keep, in their order; equal blocks that follow each other are one entry."""

    stem: Kept
    blocks: tuple[tuple[int, Kept], ...]  # how many, and what each keeps
    head: Kept

    def bytes(self, item: int, *, fused: bool) -> int:
        """Return what is kept when the backward pass begins: the most that ever is.

        A value has `item` bytes; `fused` is said of attention.
        """
        total = self._outside(item) + self.head.inside * item + self.head.constant
        for times, (entering, inside, constant, fusible, instead) in self.blocks:
            block = (entering + inside) * item + constant
            total += times * (block - fusible * item + instead if fused else block)
        return total

    def checkpointed_bytes(self, item: int, *, fused: bool) -> int:
        """Return the most that is kept at a time when every block is checkpointed.

        The backward pass computes a block's inside again when it reaches the block. By then the
        later blocks are done, and gone with what they had taken in. The head keeps less than the
        last block, so it never decides.
        """
        inputs = most = 0
        for times, (entering, inside, constant, fusible, instead) in self.blocks:
            inputs += times * entering * item
            block = inside * item + constant
            most = max(most, inputs + (block - fusible * item + instead if fused else block))
        return self._outside(item) + most

    def _outside(self, item: int) -> int:
        return (self.stem.entering + self.stem.inside) * item


def stem_kept(config: CoAtNetConfig, image: Size, size: Size) -> Kept:
    """Return what the stem keeps of `image`, putting out a map of `size`.

    The images, for the first convolution; before each further one what BN, GELU and it take in.
    """
    stem = config.stem
    layers = stem.depth - 1 if stem.type is StemType.CONVOLUTION else 0
    images = config.in_channels * image[0] * image[1]
    return Kept(images, 3 * layers * stem.width * size[0] * size[1], 0)


def head_kept(width: int) -> Kept:
    """Return what the head keeps: what norm and first dense layer take in, and the tanh."""
    return Kept(0, 3 * width, STATISTICS_BYTES)


def mbconv_kept(
    config: CoAtNetConfig,
    options: BlockOptions,
    in_width: int,
    width: int,
    stride: int,
    in_size: Size,
    size: Size,
) -> Kept:
    """Return what an MBConv block keeps.

    | for                                | values                                              |
    |------------------------------------|-----------------------------------------------------|
    | pre-norm                           | its input                                           |
    | expansion (or pooling before it)   | the normed input, also where only a part is used    |
    | norm, GELU, depthwise convolution  | what each takes in                                  |
    | norm, GELU                         | what each takes in                                  |
    | gating, projection                 | what is gated, before or after; the gate's vectors  |
    | pooling, shortcut                  | indices of the maxima; what the shortcut takes in   |
    """
    in_cells, cells = in_size[0] * in_size[1], size[0] * size[1]
    hidden, squeezed = options.expansion * width, squeezed_width(options, width)
    pooled_indices = INDEX_BYTES * in_width * cells if config.pool is _MAX else 0
    inside, constant = in_width * in_cells, 0
    if stride != 1:
        constant += pooled_indices
        if in_width != width:
            inside += in_width * cells
        if config.mbconv_stride is _POOL:
            constant += pooled_indices
            inside += in_width * cells
    expanded_size = in_size if config.mbconv_stride is _DEPTHWISE else size
    expanded = expanded_size[0] * expanded_size[1]
    convolved = expanded
    if pads_beforehand(options, expanded_size):
        padding = options.kernel - 1
        convolved = (expanded_size[0] + padding) * (expanded_size[1] + padding)
    inside += hidden * (2 * expanded + convolved + 3 * cells)
    if squeezed:  # gated is the projection's kernel, or its input where that is smaller
        inside += hidden * min(width, cells) + 2 * (hidden + squeezed)
    if config.mbconv_norm is _LAYER:
        constant += STATISTICS_BYTES * (in_cells + expanded + cells)
    return Kept(in_width * in_cells, inside, constant)


def transformer_kept(
    config: CoAtNetConfig,
    options: BlockOptions,
    in_width: int,
    width: int,
    stride: int,
    in_size: Size,
    size: Size,
) -> Kept:
    """Return what a transformer block keeps.

    | for                  | values                                                            |
    |----------------------|-------------------------------------------------------------------|
    | norm                 | its input                                                         |
    | pooling              | the normed input, indices of the maxima of both branches          |
    | shortcut, q k v      | what each takes in; the shortcut without pooling: the input       |
    | attention            | see `_attention`                                                  |
    | output projection    | what it takes in                                                  |
    | feed-forward network | what norm and first layer take in; GELU and second, expanded each |
    """
    in_cells, cells = in_size[0] * in_size[1], size[0] * size[1]
    inside, constant = in_width * cells, STATISTICS_BYTES * (in_cells + cells)
    if stride != 1:
        inside += in_width * in_cells
        if in_width != width:
            inside += in_width * cells
        if config.pool is _MAX:
            constant += 2 * INDEX_BYTES * in_width * cells
    attention, fusible, fused = _attention(config, options.head_size, width, size)
    inside += attention + (3 + 2 * options.expansion) * width * cells
    return Kept(in_width * in_cells, inside, constant, fusible, fused)


def _attention(
    config: CoAtNetConfig, head_size: int, width: int, size: Size
) -> tuple[int, int, int]:
    """Return the values that attention keeps, which of them fused kernels do not, and their bytes.

    Softmax keeps its weights. The products keep q, scaled, and k and v: as copies, or as views of
    what the projection put out, which then stays as a whole. Fused kernels keep the logarithm of
    each row's sum instead of the weights; y_post has none, it needs the weights.
    """
    heads, cells = width // head_size, size[0] * size[1]
    if config.attention is _LINEAR:
        # elu: q, k and with them v; the products: q twice, k, v, k v, sum; the quotient: both
        # sides. q is kept once where the products need no copies, v not again of a single head.
        vectors = 6 if heads == 1 else 7 if cells == 1 else 8
        return vectors * width * cells + width * (head_size + 1) + heads * cells, 0, 0
    rows, columns = attended(config, size)
    across = -(-size[1] // columns)
    attending = -(-size[0] // rows) * across * rows * columns
    views = heads == 1 or (across > 1 and rows > 1)
    vectors = (4 if views else 3) * width * attending
    weights = heads * attending * rows * columns
    if config.relative_bias is _POST:
        return vectors + 2 * weights, 0, 0
    return vectors + weights, weights, 4 * heads * attending
