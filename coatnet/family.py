"""The family of the paper, CoAtNet-0 to CoAtNet-7, and the sizes it published."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from types import MappingProxyType

from coatnet.config import BlockType, CoAtNetConfig, StageConfig, StemConfig

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


FAMILY: Mapping[str, CoAtNetConfig] = MappingProxyType(
    {
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
        "coatnet-7": _member(
            192, (C, 2, 256), (C, 4, 512), (C, 8, 1024), (T, 42, 2048), (T, 2, 3072), head=128
        ),
    }
)


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
        name=f"coatnet-{number}",
        image_size=image_size,
        parameters=parameters,
        macs=macs,
        source=f"arXiv 2106.04803v2, {table}",
    )
    for number, image_size, parameters, macs, table in (
        (0, 224, 25e6, 4.2e9, "Table 4"),
        (1, 224, 42e6, 8.4e9, "Table 4"),
        (2, 224, 75e6, 15.7e9, "Table 4"),
        (3, 224, 168e6, 34.7e9, "Table 4"),
        (0, 384, 25e6, 13.4e9, "Table 4"),
        (1, 384, 42e6, 27.4e9, "Table 4"),
        (2, 384, 75e6, 49.8e9, "Table 4"),
        (3, 384, 168e6, 107.4e9, "Table 4"),
        (4, 384, 275e6, 189.5e9, "Table 4"),
        (2, 512, 75e6, 96.7e9, "Table 4"),
        (3, 512, 168e6, 203.1e9, "Table 4"),
        (4, 512, 275e6, 360.9e9, "Table 4"),
        (5, 512, 688e6, 812e9, "Table 5"),
        (6, 512, 1.47e9, 1521e9, "Table 5"),
        (7, 512, 2.44e9, 2586e9, "Table 5"),
    )
)


def named(
    name: str,
    *,
    image_size: int | None = None,
    classes: int | None = None,
    in_channels: int | None = None,
    drop_path: float | None = None,
) -> CoAtNetConfig:
    """Return a member of the family, with what is given changed.

    Raises:
        ValueError: no member has this name, or a value breaks a rule.
    """
    if name not in FAMILY:
        nearest = get_close_matches(name, FAMILY, n=1, cutoff=0.0)[0]
        raise ValueError(f"no network is named {name!r}: did you mean {nearest!r}?")
    return adapted(
        FAMILY[name],
        image_size=image_size,
        classes=classes,
        in_channels=in_channels,
        drop_path=drop_path,
    )


def adapted(
    config: CoAtNetConfig,
    *,
    image_size: int | None,
    classes: int | None,
    in_channels: int | None,
    drop_path: float | None,
) -> CoAtNetConfig:
    """Return `config` with those fields changed that are not None."""
    return replace(
        config,
        image_size=config.image_size if image_size is None else image_size,
        classes=config.classes if classes is None else classes,
        in_channels=config.in_channels if in_channels is None else in_channels,
        drop_path=config.drop_path if drop_path is None else drop_path,
    )
