"""A space as one drawing: the first candidate of each layout, and the prices of all points."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from coatnet.config import CoAtNetConfig
from coatnet.drawing import draw, draw_all
from nas.errors import SpecError
from nas.space.candidate import Candidate, Rejection, make_candidate, sized_space
from nas.space.histograms import below, draw_spreads
from nas.space.spread import spreads
from nas.spec.study import StudySpec
from nas.study.records import DataShape
from nas.study.storage import replacing
from search_spaces.language.layout_space import LayoutSpace
from search_spaces.language.space import SearchSpace

MOST_POINTS = 2_000  # of a layout, looked at for one that is accepted: some 0.3 s


@dataclass(frozen=True, kw_only=True, slots=True)
class SpaceDrawing:
    """An SVG document, and which layouts are not in it, with the reason, a sentence each."""

    svg: str
    left_out: tuple[str, ...] = ()


def draw_space(spec: StudySpec, shape: DataShape, *, layout: str | None = None) -> SpaceDrawing:
    """Draw the layouts below one another, or one layout with all its numbers and layers.

    Of a layout with several candidates the first in grid order is drawn. Under all layouts stands
    how the prices of all their points are spread.

    Raises:
        SpecError: there is no such layout, or none that can be drawn.
    """
    space, unsized = sized_space(spec, shape)
    left_out = [f"{rejection.layout}: {rejection.reason}" for rejection in unsized]
    if layout is not None:
        space, left_out = _only(space, layout, left_out), []
    found: dict[str, CoAtNetConfig] = {}
    for layout_space in space.layouts:
        made = _first(layout_space, space, shape, drop_path=spec.training.drop_path)
        if isinstance(made, Candidate):
            found[made.layout] = cast("CoAtNetConfig", made.config)  # as `sizing.network` says
        else:
            left_out.append(f"{made.layout}: {made.reason}")
    if not found:
        raise SpecError(f"nothing to draw: {left_out[0]}", key="space")
    if len(found) == 1 and (layout is not None or not left_out):
        [(name, config)] = found.items()
        svg = draw(config, title=f"{name} of {spec.name}")
    else:
        svg = draw_all(found, title=f"Layouts of {spec.name}")
    if layout is None:
        drawn = tuple(each for each in space.layouts if each.name in found)
        spread = spreads(replace(space, layouts=drawn), shape)
        svg = below(svg, draw_spreads(spread, title=f"Prices of {spec.name}"))
    return SpaceDrawing(svg=svg, left_out=tuple(left_out))


def write_drawing(path: Path, svg: str) -> None:
    """Write the drawing to `path`; a reader sees the old one or the new, never half of one.

    Raises:
        OSError: the file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as beside:
        beside.write_text(svg, encoding="utf-8")


def _only(space: SearchSpace, layout: str, left_out: list[str]) -> SearchSpace:
    try:
        return replace(space, layouts=(space.layout(layout),))
    except KeyError as error:
        sentences = (sentence for sentence in left_out if sentence.startswith(f"{layout}:"))
        raise SpecError(next(sentences, error.args[0]), key="--layout") from error


def _first(
    layout: LayoutSpace, space: SearchSpace, shape: DataShape, *, drop_path: float
) -> Candidate | Rejection:
    """Return the first candidate of a layout, or the first reason why there is none."""
    rejection: Rejection | None = None
    count = min(layout.count(), MOST_POINTS)
    for index in range(count):
        made = make_candidate(layout.point_at(index), shape, space=space, drop_path=drop_path)
        if isinstance(made, Candidate):
            return made
        rejection = rejection or made
    assert rejection is not None
    if count == 1:
        return rejection
    of_all = f"none of its first {count:,} points" if count < layout.count() else "no point"
    return replace(rejection, reason=f"{of_all} is accepted; the first: {rejection.reason}")
