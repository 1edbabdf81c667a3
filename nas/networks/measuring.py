"""What a baseline costs and whether it takes the study's images: known before anything runs."""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from nas.errors import SpecError
from nas.study.records import BaselineConfig
from search_spaces.language.errors import one_line

if TYPE_CHECKING:
    from torch import nn

_DEVICES = ("meta", "cpu")  # without memory or work, where the network's code allows that


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """What building a network once has shown."""

    parameters: int  # trained ones
    macs: int  # multiply-adds of one forward pass of one image
    drops_paths: bool  # whether it has the stochastic depth that was asked for
    shapes: Mapping[str, tuple[int, ...]]  # of weights and statistics, by name


@lru_cache(maxsize=64)  # its price, its drop path and its shapes are asked for one by one
def measure(config: BaselineConfig, construct: Callable[[BaselineConfig], "nn.Module"]) -> Measured:
    """Build the network with `construct`, and let it see images of zeros.

    Multiply-adds are half of what `torch.utils.flop_counter` counts: convolutions and products of
    matrices, those of attention included, as `coatnet.cost` counts ours.

    Raises:
        SpecError: it cannot be built, or cannot be trained on such images; `key` is one of
            BaselineSpec's.
    """
    import torch

    problem: SpecError | None = None
    for device in _DEVICES:
        try:
            with torch.random.fork_rng(devices=[]), torch.device(device):
                return _measured(construct(config), config)
        except SpecError as error:
            if error.__cause__ is None:  # our own verdict, the same on every device
                raise
            problem = error
    assert problem is not None
    raise problem


def _measured(model: "nn.Module", config: BaselineConfig) -> Measured:
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    shape = (config.in_channels, config.image_size, config.image_size)
    parameters = sum(part.numel() for part in model.parameters() if part.requires_grad)
    model.requires_grad_(False)  # the counter, under no_grad alone, trips over some networks
    try:
        with torch.no_grad(), warnings.catch_warnings(action="ignore"):
            trained_on = model.train()(torch.zeros(2, *shape))
            with FlopCounterMode(display=False) as counter:
                evaluated = model.eval()(torch.zeros(1, *shape))
    except Exception as error:  # whatever a network's own code raises at images it cannot take
        raise refused(config, error) from error
    for logits, batch in ((trained_on, 2), (evaluated, 1)):
        if getattr(logits, "shape", None) != (batch, config.classes):
            raise SpecError(
                f"{config.network} is no classifier: images must give logits (batch, "
                f"{config.classes})",
                key="network" if config.options == "{}" else "options",
            )
    return Measured(
        parameters=parameters,
        macs=counter.get_total_flops() // 2,
        drops_paths=any(getattr(part, "drop_prob", 0.0) for part in model.modules()),
        shapes={name: tuple(part.shape) for name, part in model.state_dict().items()},
    )


def refused(config: BaselineConfig, error: Exception) -> SpecError:
    """Return what a network's own code raised as one line for the user."""
    said = one_line((str(error).strip().splitlines() or [""])[0], limit=200)
    reason = f"{type(error).__name__}: {said}" if said else type(error).__name__
    given = "" if config.options == "{}" else f" with options {_shown_options(config)}"
    size, channels = config.image_size, config.in_channels
    return SpecError(
        f"{config.network}{given} cannot be used on images of {size}x{size} pixels and {channels} "
        f"channel{'s' if channels > 1 else ''}: {reason}",
        key="network" if config.options == "{}" else "options",
    )


def _shown_options(config: BaselineConfig) -> str:
    """Return the options as they are written in a spec."""
    return one_line(config.options.replace('"', ""), limit=120)
