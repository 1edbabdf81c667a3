"""The family of the paper, CoAtNet-0 to CoAtNet-7, and the sizes it published."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from math import prod
from types import MappingProxyType
from typing import Any

from coatnet.config import (
    VIT_REL,
    BlockType,
    CoAtNetConfig,
    StageConfig,
    StemConfig,
    StemType,
    StridePlace,
    changed,
)
from coatnet.cost import cost

C, T = BlockType.CONVOLUTION, BlockType.TRANSFORMER


def _member(stem_width: int, *stages: tuple[BlockType, int, int], head: int = 32) -> CoAtNetConfig:
    """One column of Table 3, 11 or 12: (block, depth L, width D) of S1, S2, ..."""
    built: list[StageConfig] = []
    for block, depth, width in stages:
        # CoAtNet-6 and -7 mix MBConv and transformer blocks in S3 (Section A.2): written here as
        # two stages of which the second keeps the size, its first block widening by a 1x1 shortcut.
        stride = 1 if len(stages) == 5 and len(built) == 3 else 2
        built.append(StageConfig(block=block, depth=depth, width=width, stride=stride))
    return CoAtNetConfig(stem=StemConfig(width=stem_width), stages=tuple(built), head_size=head)


def _small(
    image_size: int, stem_width: int, *stages: tuple[BlockType, int, int], head: int = 32
) -> CoAtNetConfig:
    member = _member(stem_width, *stages, head=head)
    first, *others = member.stages
    return replace(
        member,
        stages=(replace(first, stride=1), *others),
        image_size=image_size,
        classes=10,
        batch_norm_momentum=0.1,
    )


_TABLES = {
    # Table 3
    "coatnet-0": _member(64, (C, 2, 96), (C, 3, 192), (T, 5, 384), (T, 2, 768)),
    "coatnet-1": _member(64, (C, 2, 96), (C, 6, 192), (T, 14, 384), (T, 2, 768)),
    "coatnet-2": _member(128, (C, 2, 128), (C, 6, 256), (T, 14, 512), (T, 2, 1024)),
    "coatnet-3": _member(192, (C, 2, 192), (C, 6, 384), (T, 14, 768), (T, 2, 1536)),
    "coatnet-4": _member(192, (C, 2, 192), (C, 12, 384), (T, 28, 768), (T, 2, 1536)),
    # Table 11
    "coatnet-5": _member(192, (C, 2, 256), (C, 12, 512), (T, 28, 1280), (T, 2, 2048), head=64),
    # Table 12, as printed. S4's width of 2048 is probably a misprint of 3072: printed, the
    # network has 1.348 B parameters, with 3072 it has 1.471 B, and the paper states 1.47 B.
    "coatnet-6": _member(
        192, (C, 2, 192), (C, 4, 384), (C, 8, 768), (T, 42, 1536), (T, 2, 2048), head=128
    ),
    "coatnet-6-s4-3072": _member(
        192, (C, 2, 192), (C, 4, 384), (C, 8, 768), (T, 42, 1536), (T, 2, 3072), head=128
    ),
    "coatnet-7": _member(
        192, (C, 2, 256), (C, 4, 512), (C, 8, 1024), (T, 42, 2048), (T, 2, 3072), head=128
    ),
}
# Table 9 and the dagger of Table 5: the stride in the depthwise convolution instead of the 1x1.
_STRIDED_DEPTHWISE = {
    f"{name}-strided-dconv": replace(_TABLES[name], mbconv_stride=StridePlace.DEPTHWISE)
    for name in ("coatnet-0", "coatnet-1", "coatnet-2", "coatnet-3")
}
# Ours, for images of 28 to 64 pixels: S1 keeps the stem's map, so that attention still has one.
_SMALL = {
    "coatnet-28": _small(28, 8, (C, 1, 12), (C, 1, 24), (T, 1, 48), (T, 1, 96), head=12),
    "coatnet-32": _small(32, 24, (C, 1, 32), (C, 2, 64), (T, 2, 128), (T, 1, 256)),
    "coatnet-64": _small(64, 32, (C, 2, 48), (C, 2, 96), (T, 4, 192), (T, 2, 384)),
}
FAMILY: Mapping[str, CoAtNetConfig] = MappingProxyType({**_TABLES, **_STRIDED_DEPTHWISE, **_SMALL})


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishedSize:
    """A size printed in the paper, rounded as printed; its "#FLOPs" are multiply-adds."""

    name: str
    image_size: int  # pixels
    parameters: float
    macs: float
    source: str


PUBLISHED: tuple[PublishedSize, ...] = tuple(
    PublishedSize(
        name=f"coatnet-{member}",
        image_size=image_size,
        parameters=parameters,
        macs=macs,
        source=f"arXiv 2106.04803v2, {table}",
    )
    for member, image_size, parameters, macs, table in (
        ("0", 224, 25e6, 4.2e9, "Table 4"),
        ("1", 224, 42e6, 8.4e9, "Table 4"),
        ("2", 224, 75e6, 15.7e9, "Table 4"),
        ("3", 224, 168e6, 34.7e9, "Table 4"),
        ("0", 384, 25e6, 13.4e9, "Table 4"),
        ("1", 384, 42e6, 27.4e9, "Table 4"),
        ("2", 384, 75e6, 49.8e9, "Table 4"),
        ("3", 384, 168e6, 107.4e9, "Table 4"),
        ("4", 384, 275e6, 189.5e9, "Table 4"),
        ("2", 512, 75e6, 96.7e9, "Table 4"),
        ("3", 512, 168e6, 203.1e9, "Table 4"),
        ("4", 512, 275e6, 360.9e9, "Table 4"),
        ("5", 512, 688e6, 812e9, "Table 5"),
        ("6", 512, 1.47e9, 1521e9, "Table 5"),
        ("6-s4-3072", 512, 1.47e9, 1521e9, "Table 5"),
        ("7", 512, 2.44e9, 2586e9, "Table 5"),
        ("0-strided-dconv", 224, 25e6, 4.6e9, "Table 9"),
        ("1-strided-dconv", 224, 42e6, 8.8e9, "Table 9"),
        ("2-strided-dconv", 224, 75e6, 16.6e9, "Table 9"),
        ("3-strided-dconv", 384, 168e6, 114e9, "Table 5"),
        ("3-strided-dconv", 512, 168e6, 214e9, "Table 5"),
    )
)


def named(name: str, **changes: Any) -> CoAtNetConfig:
    """Return a member of the family, with the fields of `CoAtNetConfig` changed that are given.

    Options may be given as plain words: ``named("coatnet-0", relative_bias="post")``.

    Raises:
        ValueError: no member has this name, a field is unknown, or a value breaks a rule.
    """
    if name not in FAMILY:
        nearest = get_close_matches(name, FAMILY, n=1, cutoff=0.0)[0]
        raise ValueError(f"no network is named {name!r}: did you mean {nearest!r}?")
    return changed(FAMILY[name], **changes)


def in_layout(config: CoAtNetConfig, layout: str) -> CoAtNetConfig:
    """Return `config` with its stages in another layout: any order of C and T, or ``ViT_REL``.

    Depths and widths stay, so sizes do not: layouts of one size are found by `coatnet.match`. Of
    the stages' own options those stay that the other blocks have too.
    ``ViT_REL`` (Section 2.2) has the width and the stride of the last stage but one (S3: patches
    of 16 pixels) and as many blocks as bring its parameters closest to those of `config`.

    Raises:
        ValueError: the layout names another number of stages, or cannot be built.
    """
    if layout == VIT_REL:
        return _patches(config)
    letters = layout.split("-")
    if len(letters) != len(config.stages) or not set(letters) <= {"C", "T"}:
        raise ValueError(
            f"layout must be {VIT_REL} or {len(config.stages)} letters C or T "
            f"joined by '-', such as {config.layout}, not {layout!r}"
        )
    stages = zip(config.stages, letters, strict=True)
    return replace(
        config,
        stages=tuple(stage.made_of(BlockType(letter)) for stage, letter in stages),
    )


def patched_stage(config: CoAtNetConfig) -> StageConfig:
    """Return the stage that ViT_REL is made after: the last but one (S3)."""
    return config.stages[max(len(config.stages) - 2, 0)]


def _patches(config: CoAtNetConfig) -> CoAtNetConfig:
    strides = [config.stem.stride, *(stage.stride for stage in config.stages[:-1] or config.stages)]
    like = replace(patched_stage(config).made_of(T), stride=1)
    stem = StemConfig(type=StemType.PATCH, width=like.width, depth=1, stride=prod(strides))

    def of_depth(depth: int) -> CoAtNetConfig:
        return replace(config, stem=stem, stages=(replace(like, depth=depth),))

    target, one, two = (cost(c).parameters for c in (config, of_depth(1), of_depth(2)))
    return of_depth(max(1, 1 + round((target - one) / (two - one))))
