"""From points of a space to networks, and from a layout to the point of the size wanted."""

from dataclasses import fields, replace
from itertools import product
from typing import Any

from coatnet.config import BlockType, CoAtNetConfig, StageConfig, StemConfig, StemType, changed
from coatnet.matching import Matched, closest
from coatnet.size_grid import SizeGrid, default_grid
from nas.study.records import DataShape
from search_spaces.language.constraints import Match
from search_spaces.language.domains import Domain, Fixed, Open
from search_spaces.language.layout_space import (
    ConvolutionStems,
    LayoutSpace,
    OpenStem,
    PatchStems,
    StageSpace,
    Times,
)
from search_spaces.language.points import ConvolutionStem, PatchStem, Point, Stage

SMALL_IMAGE = 64  # pixels: up to here S1 keeps the stem's map, as in the family's small members


def network(point: Point, shape: DataShape, *, drop_path: float = 0.0) -> CoAtNetConfig:
    """Return the point as a network for data of this shape.

    Raises:
        ValueError: it cannot be built.
    """
    stem = point.stem
    if isinstance(stem, PatchStem):
        width = point.stages[0].width
        stem_config = StemConfig(type=StemType.PATCH, width=width, depth=1, stride=stem.size)
    else:
        assert isinstance(stem, ConvolutionStem)
        stem_config = StemConfig(width=stem.width, depth=stem.depth, stride=stem.stride)
    plain = CoAtNetConfig(
        stem=stem_config,
        stages=tuple(
            StageConfig(
                block=BlockType(stage.type.value),
                depth=stage.depth,
                width=stage.width,
                stride=stage.stride,
                **_own(stage),
            )
            for stage in point.stages
        ),
        head_size=point.options.head_size,
        image_size=point.image_size or shape.image_size,
        in_channels=shape.channels,
        classes=shape.classes,
        drop_path=drop_path,
    )
    options = {each.name: getattr(point.options, each.name) for each in fields(point.options)}
    return changed(plain, **options)  # which are plain words there


def _own(stage: Stage) -> dict[str, Any]:
    """Return the options that the stage takes for itself."""
    given = {
        "kernel": stage.kernel,
        "expansion": stage.expansion,
        "squeeze_ratio": stage.squeeze_ratio,
        "head_size": stage.head_size,
    }
    return {name: value for name, value in given.items() if value is not None}


def sized(layout: LayoutSpace, match: Match, shape: DataShape) -> LayoutSpace:
    """Return the layout with the one point that is closest to the sizes wanted.

    What the space says of depths and widths is the grid; what it leaves open is chosen from
    `coatnet.size_grid.default_grid`. Of several strides those that come closest are taken.

    Raises:
        ValueError: no point of the layout can be built, or there are too many to weigh.
    """
    if layout.image_size is not None:  # one, since `match` is refused beside choices
        shape = replace(shape, image_size=layout.image_size.at(0))
    best: Matched | None = None
    for strides in product(*(_strides(stage, shape) for stage in layout.stages)):
        found = _closest(layout, strides, match, shape)
        if best is None or found.off < best.off:
            best = found
    assert best is not None
    return _fixed(layout, best.config)


def _closest(
    layout: LayoutSpace, strides: tuple[int, ...], match: Match, shape: DataShape
) -> Matched:
    (heads,) = layout.options.head_sizes  # `match` is refused beside choices
    unsized = replace(
        layout,
        stem=_stem(layout.stem, shape),
        stages=tuple(
            replace(
                stage, depth=Fixed(value=1), width=Fixed(value=heads), stride=Fixed(value=stride)
            )
            for stage, stride in zip(layout.stages, strides, strict=True)
        ),
    )
    config = network(unsized.point_at(0), shape)
    grid = _grid(layout, config, match)
    return closest(config, grid, parameters=match.parameters, macs=match.macs)


def _grid(layout: LayoutSpace, config: CoAtNetConfig, match: Match) -> SizeGrid:
    """Return what the layout says; default sizes, and how these grow, where it says nothing."""
    default = default_grid(config, parameters=match.parameters, macs=match.macs)
    open_stem = layout.stem == OpenStem(patches=False)
    open_widths = [isinstance(stage.width, Open) for stage in layout.stages]
    return SizeGrid(
        depths=tuple(
            stage.depth.values() or depths
            for stage, depths in zip(layout.stages, default.depths, strict=True)
        ),
        widths=tuple(
            _numbers(stage).values() or widths
            for stage, widths in zip(layout.stages, default.widths, strict=True)
        ),
        stem_widths=default.stem_widths if open_stem else (),
        growth=default.growth if all(open_widths) else None,
        stem_growth=default.stem_growth if open_stem and open_widths[0] else None,
    )


def _strides(stage: StageSpace, shape: DataShape) -> tuple[int, ...]:
    return stage.stride.values() or (1 if shape.image_size <= SMALL_IMAGE else 2,)


def _stem(
    stem: ConvolutionStems | PatchStems | OpenStem, shape: DataShape
) -> ConvolutionStems | PatchStems:
    """Return a stem to build with; the patches of ViT_REL are as large as S3's stride, or less."""
    if not isinstance(stem, OpenStem):
        return stem
    if not stem.patches:
        return ConvolutionStems(width=_one(1), depth=_one(2), stride=_one(2))
    most = 8 if shape.image_size <= SMALL_IMAGE else 16
    sizes = (size for size in range(most, 0, -1) if shape.image_size % size == 0)
    return PatchStems(size=_one(next(sizes)))


def _numbers(stage: StageSpace) -> Domain:
    """Return the widths of a stage that is matched: numbers, as the language sees to."""
    assert not isinstance(stage.width, Times)
    return stage.width


def _fixed(layout: LayoutSpace, config: CoAtNetConfig) -> LayoutSpace:
    stem = config.stem
    stages = [
        StageSpace(type=stage.type, depth=_one(c.depth), width=_one(c.width), stride=_one(c.stride))
        for stage, c in zip(layout.stages, config.stages, strict=True)
    ]
    found = PatchStems(size=_one(stem.stride))
    if stem.type is not StemType.PATCH:
        found = ConvolutionStems(
            width=_one(stem.width), depth=_one(stem.depth), stride=_one(stem.stride)
        )
    return replace(layout, stem=found, stages=tuple(stages))


def _one(value: int) -> Domain:
    return Fixed(value=value)
