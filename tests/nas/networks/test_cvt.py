"""A network of transformers looks like any other: images in, logits out."""

from types import SimpleNamespace

import torch
from torch import nn

from nas.networks.cvt import LogitsOnly


class Classifier(nn.Module):
    """Answers as a network of transformers does."""

    def __init__(self) -> None:
        super().__init__()
        self.cls_token = nn.Parameter(torch.zeros(1))
        self.head = nn.Linear(2, 3)

    def forward(self, pixel_values: torch.Tensor) -> SimpleNamespace:
        return SimpleNamespace(logits=self.head(pixel_values), hidden_states=None)


def test_logits_come_out_bare() -> None:
    inner = Classifier()
    images = torch.rand(4, 2)
    assert torch.equal(LogitsOnly(inner)(images), inner.head(images))


def test_class_tokens_are_not_decayed() -> None:
    assert LogitsOnly(Classifier()).no_weight_decay() == {"network.cls_token"}
