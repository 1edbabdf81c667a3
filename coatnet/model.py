"""The network, in the order of the paper's Figure 4, and its initialisation.

Names: b batch, c channels, h and w rows and columns of a map, k classes.
"""

import hashlib
from typing import Any

import torch
from torch import nn

from coatnet.config import CoAtNetConfig, changed, sides
from coatnet.family import named
from coatnet.norms import LAYER_NORM_EPSILON
from coatnet.stage import Stage
from coatnet.stem import Stem
from coatnet.storable import Storable

BIAS_TABLE = "positions.table"  # how the names of relative position tables end
BIAS_TABLE_STD = 0.02  # as the official relatives (MaxViT)


def create(
    name_or_config: str | CoAtNetConfig, *, seed: int | None = None, **changes: Any
) -> "CoAtNet":
    """Build a network of the family, or of a description, with the fields changed that are given.

    ``create("coatnet-0", image_size=384, classes=10, relative_bias="post", drop_path=0.2)``. With
    a seed the parameters depend on it and on their names and shapes only, and torch's global
    random state stays as it was; without one the seed is drawn from that state. Under
    ``torch.device("meta")`` it takes no memory.

    Raises:
        ValueError: no network has this name, a field is unknown, or a value breaks a rule.
    """
    if isinstance(name_or_config, str):
        return CoAtNet(named(name_or_config, **changes), seed=seed)
    return CoAtNet(changed(name_or_config, **changes), seed=seed)


class CoAtNet(Storable):
    """Stem S0, stages S1, S2, ... (`stages.0`, `stages.1`, ...), then the head."""

    def __init__(self, config: CoAtNetConfig, *, seed: int | None = None) -> None:
        """Build the network of `config` and initialise it (see `initialize`, `create`)."""
        super().__init__(config)
        if seed is None:
            seed = int(torch.randint(2**31, (), device="cpu"))
        with torch.random.fork_rng(devices=[]):  # the layers' constructors draw, to no purpose
            self.stem = Stem(
                config.stem,
                in_channels=config.in_channels,
                batch_norm_momentum=config.batch_norm_momentum,
            )
            self.stages = nn.Sequential(*(Stage(config, i) for i in range(len(config.stages))))
            self.head = Head(config.stages[-1].width, config.classes)
        self.initialize(seed)

    def forward(self, images_bchw: torch.Tensor) -> torch.Tensor:
        """Return the logits (b, k).

        Raises:
            ValueError: the images' size or number of channels is not the network's.
        """
        config = self.config
        expected = (config.in_channels, *sides(config.image_size))
        if tuple(images_bchw.shape[1:]) != expected:
            raise ValueError(
                f"images must be (batch, {', '.join(map(str, expected))}), "
                f"not {tuple(images_bchw.shape)}"
            )
        # All maps follow the images' layout in memory; channels last, tokens are views of them.
        images_bchw = images_bchw.contiguous(memory_format=torch.channels_last)
        return self.head(self.stages(self.stem(images_bchw)))

    def checkpoint_activations(self, enabled: bool = True) -> None:
        """Keep only what goes into each block for the backward pass; compute the rest again.

        Same results; about a third more time for a fraction of the memory (`coatnet.cost`).
        """
        for stage in self.stages:
            assert isinstance(stage, Stage)
            stage.checkpointing = enabled

    def compile_blocks(self, **options: Any) -> None:
        """Compile block by block: blocks of equal shapes share one compilation.

        `options` go to `torch.compile`. Made for GPUs: on CPUs it takes minutes to gain little.
        """
        for stage in self.stages:
            for block in stage.children():
                block.compile(**options)

    @torch.no_grad()
    def initialize(self, seed: int) -> None:
        """Set all parameters anew.

        | parameter                | distribution                                              |
        |--------------------------|-----------------------------------------------------------|
        | convolution kernels      | normal, variance 2 / (output channels x cells)            |
        | matrices                 | uniform, Glorot; q, k and v each as one matrix            |
        | relative position tables | normal, 0.02                                              |
        | scales of norms          | 1                                                         |
        | biases                   | 0                                                         |

        The paper does not state its initialisation. Of its official relatives MaxViT uses normal
        0.02 everywhere, TensorFlow's model garden Glorot. After four epochs on digits a tiny
        C-C-T-T was at 22 % with the first (two seeds) and at 89 % with this (three). Depthwise
        kernels count all output channels too: with a variance of 2 / 9, which would keep the size
        of gradients, AdamW turns them too slowly before their BN (86 %).

        Over depth the stream's standard deviation grows from 1 to between 2 and 5, as each block
        adds about the same variance; the logits start at 0.6 to 0.8
        (``tests/coatnet/test_initialisation.py`` holds both, and the gradients, to bands).

        Each parameter draws from a generator of its own, seeded by `seed` and its name: networks
        that share names and shapes share values, so layouts are compared from the same start.
        """
        for name, parameter in self.named_parameters():
            if parameter.is_meta:
                continue
            if parameter.ndim == 1:
                parameter.fill_(0.0 if name.endswith("bias") else 1.0)
                continue
            generator = torch.Generator("cpu").manual_seed(_stream(seed, name))
            values = torch.empty(parameter.shape, device="cpu")
            if name.endswith(BIAS_TABLE):
                nn.init.normal_(values, std=BIAS_TABLE_STD, generator=generator)
            elif parameter.ndim == 4:
                nn.init.kaiming_normal_(values, mode="fan_out", generator=generator)
            else:
                for matrix in values.chunk(3 if name.endswith("qkv.weight") else 1):
                    nn.init.xavier_uniform_(matrix, generator=generator)
            parameter.copy_(values)

    def no_weight_decay(self) -> frozenset[str]:
        """Return the names of the parameters not to decay: biases, norms' scales, bias tables.

        The paper states none; these are MaxViT's.
        """
        return frozenset(
            name
            for name, parameter in self.named_parameters()
            if parameter.ndim == 1 or name.endswith(BIAS_TABLE)
        )


class Head(nn.Module):
    """Global average pooling, LayerNorm, Linear(D, D) with tanh, Linear(D, classes).

    Figure 4 shows a pooling and one dense layer. The inner one is MaxViT's: only with it do the
    parameter counts agree with the paper's.
    """

    def __init__(self, width: int, classes: int) -> None:
        """Build the head on maps of `width` channels."""
        super().__init__()
        self.norm = nn.LayerNorm(width, eps=LAYER_NORM_EPSILON)
        self.inner = nn.Linear(width, width)
        self.classifier = nn.Linear(width, classes)

    def forward(self, x_bchw: torch.Tensor) -> torch.Tensor:
        """Return the logits (b, k)."""
        return self.classifier(self.inner(self.norm(x_bchw.mean((2, 3)))).tanh())


def _stream(seed: int, name: str) -> int:
    """Return the seed of one parameter's generator."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{name}".encode()).digest()[:8])
