"""The same network in timm: its options, and where each of our tensors lies in it.

timm's `MaxxVit` is an independent implementation of the blocks of MaxViT. It has stages of stride 2
only, and stems of two 3x3 convolutions. Nothing of timm is imported here.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import torch

from coatnet.attention import RelativeAttention
from coatnet.config import BlockType, CoAtNetConfig, PoolType, StageConfig, StridePlace
from coatnet.dimensions import block_options
from coatnet.model import CoAtNet
from coatnet.norms import BATCH_NORM_EPSILON, LAYER_NORM_EPSILON

_POOLS = {
    (PoolType.MAX, 2): "max2",
    (PoolType.MAX, 3): "max",
    (PoolType.AVERAGE, 2): "avg2",
    (PoolType.AVERAGE, 3): "avg",
}
_STRIDES = {StridePlace.EXPAND: "1x1", StridePlace.DEPTHWISE: "dw", StridePlace.POOL: "pool"}
_MBCONV = {
    "pre_norm": "pre_norm",
    "expand": "conv1_1x1",
    "expand_norm": "norm1",
    "depthwise": "conv2_kxk",
    "depthwise_norm": "norm2",
    "squeeze_excitation.reduce": "se.fc1",
    "squeeze_excitation.expand": "se.fc2",
    "project": "conv3_1x1",
}
_TRANSFORMER = {
    "attention.qkv": "attn.qkv",
    "attention.output": "attn.proj",
    "feed_forward_norm": "norm2",
    "feed_forward.0": "mlp.fc1",
    "feed_forward.2": "mlp.fc2",
}
_ENDS = {
    "stem.0": "stem.conv1",
    "stem.1": "stem.norm1",
    "stem.3": "stem.conv2",
    "head.norm": "head.norm",
    "head.inner": "head.pre_logits.fc",
    "head.classifier": "head.fc",
}
_WITHOUT_BIAS = {"expand", "depthwise"}
_BATCH_NORMS = {"stem.1", "pre_norm", "expand_norm", "depthwise_norm"}
_TABLE = "attn.rel_pos.relative_position_bias_table"


def timm_options(config: CoAtNetConfig) -> dict[str, Any]:
    """Return the keywords of timm's `MaxxVitCfg`, and of `conv_cfg` and `transformer_cfg` of each
    stage, since timm has one of each for a network: `{"network": ..., "stages": [...]}`.

    They say what timm has an option for; that the networks are equal is for a comparison to tell.

    Raises:
        ValueError: blocks of one of timm's stages differ, or there is no such pooling.
    """
    merged = list(_merged(config))
    if merged[0][0].stride != 2:
        raise ValueError("timm's first stage halves the resolution")
    if (config.pool, config.pool_size) not in _POOLS:
        raise ValueError(f"timm has no {config.pool.value} pooling of {config.pool_size} pixels")
    stages = []
    for first, *others in merged:
        own = block_options(config, first)
        if any(block_options(config, other) != own or other.width != first.width
               for other in others):  # fmt: skip
            raise ValueError("timm has one width and one kind of blocks in what it calls a stage")
        pool = _POOLS[config.pool, config.pool_size]
        conv = {
            "stride_mode": _STRIDES[config.mbconv_stride],
            "pool_type": pool,
            "downsample_pool_type": pool,
            "kernel_size": own.kernel,
            "expand_ratio": own.expansion,
            "attn_ratio": own.squeeze_ratio,
            "norm_eps": BATCH_NORM_EPSILON,
        }
        transformer = {
            "dim_head": own.head_size,
            "expand_ratio": own.expansion,
            "pool_type": pool,
            "norm_eps": LAYER_NORM_EPSILON,
        }
        stages.append({"conv_cfg": conv, "transformer_cfg": transformer})
    network = {
        "embed_dim": [parts[0].width for parts in merged],
        "depths": [sum(part.depth for part in parts) for parts in merged],
        "block_type": [
            [part.block.value for part in parts for _ in range(part.depth)] for parts in merged
        ],
        "stem_width": config.stem.width,
        "stem_bias": True,
        "head_hidden_size": config.stages[-1].width,
    }
    return {"network": network, "stages": stages}


def as_timm(model: CoAtNet, values: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return `values` of the model's parameters and buffers by their names and in forms of timm."""
    heads = {
        name: layer.output.in_features // layer.head_size
        for name, layer in model.named_modules()
        if isinstance(layer, RelativeAttention)
    }
    found: dict[str, torch.Tensor] = {}
    for ours, theirs in names(model.config):
        if ours not in values:
            continue
        value = values[ours]
        if theirs.endswith(_TABLE):  # (heads, rows, columns) of offsets to (offsets, heads)
            value = value.flatten(1).T
        elif ".attn.qkv." in theirs:  # first q, k or v, then the head: there the other way round
            count = heads[ours.partition(".qkv")[0]]
            value = value.unflatten(0, (3, count, -1)).transpose(0, 1).flatten(0, 2)
        if theirs.startswith("stages") and value.ndim == 2 and not theirs.endswith(_TABLE):
            value = value[:, :, None, None]  # a matrix to a 1x1 convolution
        found[theirs] = value
    return found


def names(config: CoAtNetConfig) -> Iterator[tuple[str, str]]:
    """Yield the names, ours and timm's, of each parameter and of each buffer."""
    yield from _layers(_ENDS, "", "")
    in_width, number = config.stem.width, 0
    for place, parts in enumerate(_merged(config)):
        block = 0
        for part in parts:
            for own in range(part.depth):
                ours, theirs = f"stages.{number}.{own}.", f"stages.{place}.blocks.{block}."
                if in_width != part.width:
                    yield from _layers({"shortcut": "shortcut.expand"}, ours, theirs)
                yield from _block(part.block, ours, theirs, strided=block == 0)
                in_width, block = part.width, block + 1
            number += 1


def _block(block: BlockType, ours: str, theirs: str, *, strided: bool) -> Iterator[tuple[str, str]]:
    if block is BlockType.CONVOLUTION:
        yield from _layers(_MBCONV, ours, theirs)
        return
    norm = "norm1.norm" if strided else "norm1"
    yield from _layers({"attention_norm": norm, **_TRANSFORMER}, ours, theirs)
    yield f"{ours}attention.positions.table", f"{theirs}{_TABLE}"


def _layers(layers: Mapping[str, str], ours: str, theirs: str) -> Iterator[tuple[str, str]]:
    for our_layer, their_layer in layers.items():
        kinds = ["weight"] if our_layer in _WITHOUT_BIAS else ["weight", "bias"]
        if our_layer in _BATCH_NORMS:
            kinds += ["running_mean", "running_var", "num_batches_tracked"]
        for kind in kinds:
            yield f"{ours}{our_layer}.{kind}", f"{theirs}{their_layer}.{kind}"


def _merged(config: CoAtNetConfig) -> Iterator[list[StageConfig]]:
    """Yield timm's stages: ours, where those of stride 1 belong to the one before."""
    parts: list[StageConfig] = []
    for stage in config.stages:
        if stage.stride == 2 and parts:
            yield parts
            parts = []
        parts.append(stage)
    yield parts
