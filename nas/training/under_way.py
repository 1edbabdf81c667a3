"""An epoch that has begun: what its steps have added up to, and where its noise stands."""

from dataclasses import dataclass

import torch


@dataclass(kw_only=True, slots=True)
class Sums:
    """An epoch's sums, for its means."""

    loss: float = 0.0  # times images
    gradient_norm: float = 0.0
    images: int = 0
    steps: int = 0
    learning_rate: float = 0.0  # of the last step
    seconds: float = 0.0  # that the steps took, of all segments


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class UnderWay:
    """An epoch between two of its steps: all that its remaining steps need beside the weights."""

    sums: Sums
    noise: torch.Tensor  # uint8, the state of the stream that drop path draws from


def noise_of(device: torch.device) -> torch.Tensor:
    """Return the state of the device's global random stream."""
    return torch.cuda.get_rng_state(device) if device.type == "cuda" else torch.get_rng_state()


def set_noise(state: torch.Tensor, device: torch.device) -> bool:
    """Go on with a stream; False if it is of another kind of device."""
    if state.numel() != noise_of(device).numel():
        return False
    if device.type == "cuda":
        torch.cuda.set_rng_state(state, device)
    else:
        torch.set_rng_state(state)
    return True
