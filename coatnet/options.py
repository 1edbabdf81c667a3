"""What a network may choose between, in the words of its description."""

from enum import StrEnum


class BlockType(StrEnum):
    """What a stage is made of (paper, Section 2.2)."""

    CONVOLUTION = "C"  # MBConv with squeeze-and-excitation
    TRANSFORMER = "T"  # relative self-attention and a feed-forward network


class AttentionType(StrEnum):
    """Which cells a cell attends to (paper, Section 2.2, options A to C)."""

    GLOBAL = "global"  # all of the map
    WINDOW = "window"  # those of its own window: the map is cut into windows that do not overlap
    LINEAR = "linear"  # all, by kernel features whose products cost no more than the map has cells


class RelativeBias(StrEnum):
    """Where the learnt bias of relative positions enters attention (paper, Eq. 2 and 3)."""

    PRE = "pre"  # y_pre: added to the logits, before the softmax
    POST = "post"  # y_post: added to the weights, after it
    NONE = "none"


class StridePlace(StrEnum):
    """Where an MBConv block of stride 2 leaves out cells."""

    EXPAND = "expand"  # the first 1x1 convolution (Eq. 5)
    DEPTHWISE = "depthwise"  # the depthwise convolution (Table 9)
    POOL = "pool"  # pooling before the first convolution


class PoolType(StrEnum):
    """How identity branches, and transformer blocks before attention, are down-sampled."""

    MAX = "max"
    AVERAGE = "average"


class NormType(StrEnum):
    """What normalises inside MBConv (Table 8)."""

    BATCH = "batch"
    LAYER = "layer"


class StemType(StrEnum):
    """How images become the first feature map."""

    CONVOLUTION = "convolution"  # S0: 3x3 convolutions, the first one strided
    PATCH = "patch"  # ViT_REL: one convolution whose kernel equals its stride
