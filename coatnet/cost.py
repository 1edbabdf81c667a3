"""What a network costs, computed from its description alone: exact, in microseconds, no torch.

Convention: a MAC is one multiply-add of a convolution or a matrix product, the two products of
attention included; norms, activations, pooling, softmax, biases and additions count nothing. This
is half of what `torch.utils.flop_counter` counts. The paper's "#FLOPs" are multiply-adds and come
out 1 to 3.5 % higher, which some operations per attention logit would explain.
"""

from dataclasses import dataclass, replace

from coatnet.config import BlockType, CoAtNetConfig, StemConfig, StemType

EXPANSION = 4  # "always", MBConv and feed-forward network (paper, caption of Table 3)
SQUEEZE_RATIO = 0.25  # "always" (paper, caption of Table 3)


@dataclass(frozen=True, slots=True)
class Cost:
    """Trained parameters, and multiply-adds of one forward pass of one image."""

    parameters: int
    macs: int

    def __add__(self, other: "Cost") -> "Cost":
        """Return the cost of both parts."""
        return Cost(self.parameters + other.parameters, self.macs + other.macs)

    def __mul__(self, times: int) -> "Cost":
        """Return the cost of `times` equal parts."""
        return Cost(self.parameters * times, self.macs * times)


def cost(config: CoAtNetConfig, image_size: int | None = None) -> Cost:
    """Return the cost of `config`, built for images of `image_size` pixels instead if given.

    Another image size changes the parameters too: the relative-position tables grow with the map.
    Equal to the instantiated model's count, and to counted FLOPs / 2 (module docstring). With the
    family of Table 3 this gives the paper's sizes (25, 42, 75, 168, 275 M at 224 pixels).

    Raises:
        ValueError: the network cannot be built for `image_size`.
    """
    if image_size is not None:
        config = replace(config, image_size=image_size)
    size = -(-config.image_size // config.stem.stride)
    total = _stem(config.stem, config.in_channels, size * size)
    width = config.stem.width
    for stage in config.stages:
        size = -(-size // stage.stride)
        if stage.block is BlockType.CONVOLUTION:
            first = _mbconv(width, stage.width, size)
            other = _mbconv(stage.width, stage.width, size)
        else:
            first = _transformer(width, stage.width, size, config.head_size)
            other = _transformer(stage.width, stage.width, size, config.head_size)
        width = stage.width
        total = total + first + other * (stage.depth - 1)
    head = _dense(width, width, 1) + _dense(width, config.classes, 1)
    return total + head + Cost(2 * width, 0)


def squeezed_width(width: int) -> int:
    """Return the bottleneck of squeeze-and-excitation in a block that puts out `width` channels."""
    return max(1, int(SQUEEZE_RATIO * width))


def _dense(in_width: int, width: int, positions: int) -> Cost:
    """A linear map with bias, applied at `positions` places; also a 1x1 convolution."""
    return Cost(in_width * width + width, in_width * width * positions)


def _stem(stem: StemConfig, in_channels: int, cells: int) -> Cost:
    if stem.type is StemType.PATCH:
        return _dense(stem.stride**2 * in_channels, stem.width, cells)
    first = _dense(9 * in_channels, stem.width, cells)
    batch_norm = Cost(2 * stem.width, 0)
    return first + (batch_norm + _dense(9 * stem.width, stem.width, cells)) * (stem.depth - 1)


def _mbconv(in_width: int, width: int, size: int) -> Cost:
    hidden, squeezed, cells = EXPANSION * width, squeezed_width(width), size * size
    norms = Cost(2 * in_width + 4 * hidden, 0)
    expand = Cost(in_width * hidden, in_width * hidden * cells)
    depthwise = Cost(9 * hidden, 9 * hidden * cells)
    gate = _dense(hidden, squeezed, 1) + _dense(squeezed, hidden, 1)
    project = _dense(hidden, width, cells)
    return norms + expand + depthwise + gate + project + _shortcut(in_width, width, cells)


def _transformer(in_width: int, width: int, size: int, head_size: int) -> Cost:
    cells = size * size
    norms = Cost(2 * in_width + 2 * width, 0)
    projections = _dense(in_width, 3 * width, cells) + _dense(width, width, cells)
    products = Cost((width // head_size) * (2 * size - 1) ** 2, 2 * cells * cells * width)
    hidden = EXPANSION * width
    feed_forward = _dense(width, hidden, cells) + _dense(hidden, width, cells)
    return norms + projections + products + feed_forward + _shortcut(in_width, width, cells)


def _shortcut(in_width: int, width: int, cells: int) -> Cost:
    return _dense(in_width, width, cells) if in_width != width else Cost(0, 0)
