"""From a description to the network that is trained: ours, or one of another family."""

import torch
from torch import nn

from coatnet.config import CoAtNetConfig
from coatnet.model import CoAtNet, create
from nas.networks.construction import construct
from nas.study.records import NetworkConfig


def build(config: NetworkConfig, *, seed: int, drop_path: float | None = None) -> nn.Module:
    """Return the network on the CPU, its weights drawn from `seed` alone.

    `forward` takes normalized images (b, c, h, w) and returns logits (b, k).

    Args:
        config: the network.
        seed: of the weights; torch's global random stream stays as it was.
        drop_path: stochastic depth, in place of the config's.

    Raises:
        SpecError: a baseline's library is missing here, or is another version that has no such
            network.
    """
    if isinstance(config, CoAtNetConfig):
        return create(config, drop_path=drop_path, seed=seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return construct(config, drop_path=drop_path)


def undecayed(model: nn.Module) -> frozenset[str]:
    """Return the names of the parameters that weight decay leaves alone.

    Of ours, those that MaxViT's authors leave alone; of others biases, norms' scales, and what the
    network itself names in `no_weight_decay` (class tokens, embeddings of positions), as in timm's
    own recipes.
    """
    if isinstance(model, CoAtNet):
        return model.no_weight_decay()
    own = getattr(model, "no_weight_decay", frozenset)()
    return frozenset(
        name
        for name, parameter in model.named_parameters()
        if parameter.ndim <= 1 or name.endswith(".bias") or name in own
    )


def checkpoint_activations(model: nn.Module, *, enabled: bool) -> None:
    """Keep only what goes into each block, where the network knows how to."""
    if isinstance(model, CoAtNet):
        model.checkpoint_activations(enabled)
        return
    switch = getattr(model, "set_grad_checkpointing", None)  # timm's name for it
    if enabled and callable(switch):
        switch(True)
