"""A network of transformers, as one that takes images and returns logits."""

import torch
from torch import nn


class LogitsOnly(nn.Module):
    """Unwraps what networks of transformers return."""

    def __init__(self, network: nn.Module) -> None:
        """Wrap an image classifier of transformers."""
        super().__init__()
        self.network = network

    def forward(self, images_bchw: torch.Tensor) -> torch.Tensor:
        """Return the logits (b, k)."""
        return self.network(pixel_values=images_bchw).logits

    def no_weight_decay(self) -> frozenset[str]:
        """Return the names of the class tokens, which CvT's own recipe does not decay."""
        return frozenset(name for name, _ in self.named_parameters() if name.endswith("cls_token"))
