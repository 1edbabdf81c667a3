"""A network that every format can hold, and real images for it."""

import numpy as np
import torch
from sklearn.datasets import load_digits

from coatnet import CoAtNet
from coatnet.config import BlockType, CoAtNetConfig, StageConfig, StemConfig
from nas.data.decoding import resize_gray
from nas.export.preprocessing import Preprocessing

PREPROCESSING = Preprocessing(
    image_size=64, channels=1, mean=(0.3,), std=(0.32,), class_names=tuple("0123456789")
)
BATCHES = (1, 7, 64)


def images(count: int) -> np.ndarray:
    """Return digits uint8 [count, 1, 64, 64]."""
    digits = (load_digits().images[:count] * 15.9).astype(np.uint8)
    return resize_gray(digits, size=64)


def network() -> CoAtNet:
    """Return C-T at 64 pixels, whose normalizations have seen images."""
    config = CoAtNetConfig(
        stem=StemConfig(width=8, depth=2),
        stages=(
            StageConfig(block=BlockType.CONVOLUTION, depth=2, width=8),
            StageConfig(block=BlockType.TRANSFORMER, depth=2, width=16),
        ),
        head_size=8,
        image_size=64,
        in_channels=1,
        classes=10,
    )
    torch.manual_seed(0)
    model = CoAtNet(config)
    with torch.no_grad():
        for _ in range(20):
            model((torch.from_numpy(images(64)) / 255 - 0.3) / 0.32)
        for value in model.parameters():
            value.add_(0.05 * torch.randn_like(value))
    return model.eval()


def expected(model: CoAtNet, pixels: np.ndarray) -> np.ndarray:
    """Return the logits of pixels, normalized as the card says."""
    with torch.no_grad():
        return model((torch.from_numpy(pixels) / 255 - 0.3) / 0.32).numpy()
