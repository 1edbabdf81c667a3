"""The stem: from images to the first feature map (S0 of Figure 4, or the patches of ViT_REL).

Names: b batch, c channels, h and w rows and columns of a map.
"""

from torch import nn

from coatnet.config import StemConfig, StemType
from coatnet.norms import BATCH_NORM_EPSILON


class Stem(nn.Sequential):
    """Images (b, in_channels, h, w) to a map (b, width, h / stride, w / stride), rounded up.

    Convolution: 3x3 convolutions with bias, the first one strided, BN and GELU between them and
    nothing after the last; the paper draws "a simple 2-layer convolutional stem" without norms,
    this is MaxViT's. Patch (Section 2.2, ViT_REL): one convolution whose kernel is its stride.
    """

    def __init__(self, config: StemConfig, *, in_channels: int, batch_norm_momentum: float) -> None:
        """Build the stem described by `config`."""
        width, stride = config.width, config.stride
        if config.type is StemType.PATCH:
            super().__init__(nn.Conv2d(in_channels, width, stride, stride=stride))
            return
        layers: list[nn.Module] = [nn.Conv2d(in_channels, width, 3, stride=stride, padding=1)]
        for _ in range(config.depth - 1):
            layers += [
                nn.BatchNorm2d(width, eps=BATCH_NORM_EPSILON, momentum=batch_norm_momentum),
                nn.GELU(),
                nn.Conv2d(width, width, 3, padding=1),
            ]
        super().__init__(*layers)
