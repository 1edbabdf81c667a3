"""What a network costs, computed from its description alone: exact, in microseconds, no torch.

Convention: a MAC is one multiply-add of a convolution or a matrix product, the two products of
attention included; norms, activations, pooling, softmax, biases and additions count nothing. This
is half of what `torch.utils.flop_counter` counts. The paper's "#FLOPs" are multiply-adds and come
out 1 to 3.5 % higher, which some operations per attention logit would explain.
"""

from dataclasses import dataclass, field, replace
from typing import TypeAlias

from coatnet.block_costs import (
    PartCost,
    head_cost,
    input_kernel,
    mbconv_cost,
    stem_cost,
    transformer_cost,
)
from coatnet.config import BlockType, CoAtNetConfig, ImageSize, sides
from coatnet.dimensions import BlockOptions, Size, block_options
from coatnet.memory import (
    ITEM_BYTES,
    Activations,
    Kept,
    head_kept,
    mbconv_kept,
    stem_kept,
    transformer_kept,
)

STATE_BYTES = 16  # a parameter: weight, gradient and AdamW's two moments, each float32
_CONVOLUTION = BlockType.CONVOLUTION  # Python 3.11 takes long to look up a member of an enum


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """Parameters and multiply-adds of a network, and the memory and work of training it."""

    parameters: int  # trained ones; the statistics of batch norm and the like are none
    macs: int  # multiply-adds of one forward pass of one image
    input_macs: int = field(repr=False)  # of these, the stem's first convolution
    recomputed_macs: int = field(repr=False)  # once more, if blocks are checkpointed
    activations: Activations = field(repr=False)

    @property
    def state_bytes(self) -> int:
        """Bytes of weights, gradients and AdamW's two moments, all float32: 16 a parameter."""
        return STATE_BYTES * self.parameters

    def activation_bytes(
        self,
        dtype: str = "float32",
        *,
        checkpointing: bool = False,
        fused_attention: bool = False,
    ) -> int:
        """Return the peak of what training keeps of one image for the backward pass, in bytes.

        Equal to what autograd is seen to save on a CPU (`coatnet.memory` says what counts); drop
        path's one number a branch is left out. The loss comes on top: some 4 bytes a class.

        Args:
            dtype: ``float32``, or ``bfloat16`` for training under `torch.autocast`.
            checkpointing: as with `CoAtNet.checkpoint_activations`: the input of every block, and
                the inside of one block at a time.
            fused_attention: as with kernels that keep no weights of attention (n x n for each
                head), as ours on GPUs do; y_post and linear attention have none. On GPUs autocast
                also keeps float32 copies of what layer norms take in, which is not counted.

        Raises:
            ValueError: the dtype is another one.
        """
        if dtype not in ITEM_BYTES:
            raise ValueError(f"dtype must be one of {list(ITEM_BYTES)}, not {dtype!r}")
        count = self.activations.checkpointed_bytes if checkpointing else self.activations.bytes
        return count(ITEM_BYTES[dtype], fused=fused_attention)

    def training_bytes(
        self,
        batch_size: int,
        dtype: str = "float32",
        *,
        checkpointing: bool = False,
        fused_attention: bool = False,
    ) -> int:
        """Return the bytes of a training step: the state and the activations of a batch.

        With bfloat16 also autocast's copies of the weights, 2 bytes a parameter. What operations
        need while they run is not in it, nor what an allocator leaves unused.

        Raises:
            ValueError: the dtype is another one than `activation_bytes` knows.
        """
        image = self.activation_bytes(
            dtype, checkpointing=checkpointing, fused_attention=fused_attention
        )
        copies = ITEM_BYTES[dtype] * self.parameters if dtype != "float32" else 0
        return self.state_bytes + copies + batch_size * image

    def training_macs(self, *, checkpointing: bool = False) -> int:
        """Return the multiply-adds of a training step's forward and backward pass, of one image.

        The backward pass has each product twice, for the gradients of both factors; only images
        need none. Checkpointing computes the blocks again, each up to the last thing it keeps.
        """
        again = self.recomputed_macs if checkpointing else 0
        return 3 * self.macs - self.input_macs + again


# Equal blocks that follow each other, the first of a stage or all others of it: which stage, how
# many, their type and options, width in and out, stride, map in and out, and the map their table is
# stored for.
_Run: TypeAlias = tuple[int, int, BlockType, BlockOptions, int, int, int, Size, Size, Size]


def cost(config: CoAtNetConfig, image_size: ImageSize | None = None) -> Cost:
    """Return the cost of `config`, built for images of `image_size` pixels instead if given.

    Another image size changes the parameters too: the relative-position tables grow with the map,
    unless `bias_image_size` is set. Equal to the instantiated model's count, to counted FLOPs / 2
    (module docstring), and to the bytes that autograd saves (`coatnet.memory`). With the family
    of Table 3 this gives the paper's sizes (25, 42, 75, 168, 275 M at 224 pixels).

    Raises:
        ValueError: the network cannot be built for `image_size`.
    """
    if image_size is not None:
        if isinstance(image_size, tuple) and image_size == image_size[:1] * 2:
            image_size = image_size[0]
        config = replace(config, image_size=image_size)
    sizes, width = config.map_sizes, config.stages[-1].width
    parameters, macs = stem_cost(config, sizes[0])
    input_macs = input_kernel(config) * config.stem.width * sizes[0][0] * sizes[0][1]
    recomputed = 0
    blocks: list[tuple[int, Kept]] = []
    for run in _runs(config, sizes):
        _, times, block, options, in_width, out, stride, in_size, size, _ = run
        kept = mbconv_kept if block is _CONVOLUTION else transformer_kept
        blocks.append((times, kept(config, options, in_width, out, stride, in_size, size)))
        block_parameters, block_macs = _run_cost(config, run)
        parameters += times * block_parameters
        macs += times * block_macs
        recomputed += times * (block_macs - _not_recomputed(config, run))
    head = head_cost(config, width)
    return Cost(
        parameters=parameters + head.parameters,
        macs=macs + head.macs,
        input_macs=input_macs,
        recomputed_macs=recomputed,
        activations=Activations(
            stem=stem_kept(config, sides(config.image_size), sizes[0]),
            blocks=tuple(blocks),
            head=head_kept(width),
        ),
    )


def part_costs(config: CoAtNetConfig) -> tuple[PartCost, ...]:
    """Return the cost of the stem, of each stage and of the head; they add up to `cost`."""
    sizes = config.map_sizes
    stages = [PartCost(0, 0)] * len(config.stages)
    for run in _runs(config, sizes):
        stage, times, *_ = run
        (parameters, macs), before = _run_cost(config, run), stages[stage]
        stages[stage] = PartCost(before.parameters + times * parameters, before.macs + times * macs)
    return stem_cost(config, sizes[0]), *stages, head_cost(config, config.stages[-1].width)


def _runs(config: CoAtNetConfig, sizes: tuple[Size, ...]) -> list[_Run]:
    bias_sizes = config.bias_map_sizes if config.bias_image_size else sizes
    width = config.stem.width
    found: list[_Run] = []
    for i, stage in enumerate(config.stages):
        block, options = stage.block, block_options(config, stage)
        out, size, bias = stage.width, sizes[i + 1], bias_sizes[i + 1]
        found.append((i, 1, block, options, width, out, stage.stride, sizes[i], size, bias))
        if stage.depth > 1:
            found.append((i, stage.depth - 1, block, options, out, out, 1, size, size, bias))
        width = out
    return found


def _run_cost(config: CoAtNetConfig, run: _Run) -> PartCost:
    _, _, block, options, in_width, width, _, in_size, size, bias_size = run
    if block is _CONVOLUTION:
        return mbconv_cost(config, options, in_width, width, in_size, size)
    return transformer_cost(config, options, in_width, width, size, bias_size)


def _not_recomputed(config: CoAtNetConfig, run: _Run) -> int:
    """Return the MACs of a block's last product, if nothing is kept after its operands.

    `torch.utils.checkpoint` stops as soon as it has everything that the backward pass needs.
    """
    if config.drop_path:
        return 0
    _, _, block, options, in_width, width, stride, _, size, _ = run
    if block is _CONVOLUTION:
        if in_width != width:
            return in_width * width * size[0] * size[1]
        if stride != 1:
            return 0
    return options.expansion * width * width * size[0] * size[1]
