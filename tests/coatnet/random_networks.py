"""Random networks with every option, counted, and what autograd keeps of them."""

import random

import pytest
import torch
from torch import nn
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.flop_counter import FlopCounterMode

from coatnet import CoAtNet, CoAtNetConfig
from coatnet.config import (
    AttentionType,
    BlockType,
    ImageSize,
    NormType,
    PoolType,
    RelativeBias,
    StageConfig,
    StemConfig,
    StemType,
    StridePlace,
    sides,
)
from coatnet.cost import PartCost

# A few hundred in the gate, the rest by `pytest -m long`.
HUNDREDS = [*range(3), *(pytest.param(i, marks=pytest.mark.long) for i in range(3, 10))]


def random_config(seed: int) -> CoAtNetConfig:
    """Describe a small network, also one that the paper would not build: the same for a seed."""
    draw = random.Random(seed)
    patch = draw.random() < 0.2
    stem_stride, head_size = draw.randint(1, 4), draw.choice([1, 2, 3, 4, 8])
    attention = draw.choice(list(AttentionType))
    biases = list(RelativeBias)
    if attention is AttentionType.LINEAR:
        biases = [RelativeBias.NONE]

    def stage() -> StageConfig:
        block = draw.choice(list(BlockType))
        convolution, own = block is BlockType.CONVOLUTION, draw.random() < 0.5
        heads = draw.choice([1, 2, 3, 4, 8]) if own and not convolution else None
        return StageConfig(
            block=block,
            depth=draw.randint(1, 2),
            width=(heads or head_size) * draw.randint(1, 4),
            stride=draw.choice([1, 2]),
            kernel=draw.choice([None, 3, 5, 7]) if own and convolution else None,
            expansion=draw.choice([None, 1, 2, 3, 6, 8]) if own else None,
            squeeze_ratio=draw.choice([None, 0.0, 0.5]) if own and convolution else None,
            head_size=heads,
        )

    def image_size() -> ImageSize:
        unit = stem_stride if patch else 1
        height, width = (unit * draw.randint(1, 6 if patch else 20) for _ in range(2))
        return height if height == width or draw.random() < 0.5 else (height, width)

    return CoAtNetConfig(
        stem=StemConfig(
            type=StemType.PATCH if patch else StemType.CONVOLUTION,
            width=draw.randint(1, 12),
            depth=1 if patch else draw.randint(1, 3),
            stride=stem_stride,
        ),
        stages=tuple(stage() for _ in range(draw.randint(1, 4))),
        attention=attention,
        window=draw.randint(1, 6),
        relative_bias=draw.choice(biases),
        bias_image_size=draw.choice([None, image_size()]),
        head_size=head_size,
        mbconv_stride=draw.choice(list(StridePlace)),
        mbconv_norm=draw.choice(list(NormType)),
        kernel=draw.choice([3, 3, 5, 7]),
        expansion=draw.choice([4, 4, *range(1, 9)]),
        squeeze_ratio=draw.choice([0.0, 0.25, 1.0]),
        pool=draw.choice(list(PoolType)),
        pool_size=draw.choice([2, 3]),
        image_size=image_size(),
        in_channels=draw.randint(1, 4),
        classes=draw.randint(1, 11),
        drop_path=draw.choice([0.0, 0.1]),
    )


def images(config: CoAtNetConfig, count: int, device: str = "cpu") -> torch.Tensor:
    """Return black images (b, c, h, w) for the network, in channels_last as training has them."""
    shape = (count, config.in_channels, *sides(config.image_size))
    return torch.zeros(shape, device=device).to(memory_format=torch.channels_last)


def build(config: CoAtNetConfig, device: str = "cpu") -> CoAtNet:
    """Return the network, ready to train."""
    with torch.device(device):
        return CoAtNet(config, seed=0).to(memory_format=torch.channels_last).train()


def counted(config: CoAtNetConfig, device: str = "meta") -> PartCost:
    """Build the network, without memory on the meta device, and count."""
    model = build(config, device).eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(images(config, 1, device))
    parameters = sum(parameter.numel() for parameter in model.parameters())
    assert counter.get_total_flops() % 2 == 0
    return PartCost(parameters, counter.get_total_flops() // 2)


def saved_bytes(model: nn.Module, images_bchw: torch.Tensor, dtype: torch.dtype) -> int:
    """Return the bytes of all storages that autograd keeps of a pass, but the model's own."""
    own = {t.untyped_storage()._cdata for t in (*model.parameters(), *model.buffers())}
    kept: dict[int, torch.UntypedStorage] = {}  # the storage itself, so that no address is reused

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in own:
            kept[storage._cdata] = storage
        return tensor

    mixed = dtype is torch.bfloat16
    with (
        saved_tensors_hooks(keep, lambda tensor: tensor),
        torch.autocast("cpu", torch.bfloat16, enabled=mixed),
    ):
        model(images_bchw)
    return sum(storage.nbytes() for storage in kept.values())


def saved_bytes_per_image(
    config: CoAtNetConfig, *dtypes: torch.dtype, device: str = "cpu"
) -> list[int]:
    """Return, for each dtype, what the third image of a batch adds.

    A batch of one shares more memory than others do. There is no autocast for the meta device.
    """
    model = build(config, device)
    batches = [images(config, count, device) for count in (2, 3)]
    kept = [[saved_bytes(model, batch, dtype) for batch in batches] for dtype in dtypes]
    return [three - two for two, three in kept]
