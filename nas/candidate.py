"""From a point of the space to a network with its price, or to a rejection that says why."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from coatnet.config import BlockType, CoAtNetConfig, StageConfig, StemConfig, StemType
from coatnet.cost import Cost, cost
from nas.errors import SpecError
from nas.records import DataShape, Trial
from nas.spec import StudySpec
from search_spaces.language.constraints import Match
from search_spaces.language.parse import parse_space
from search_spaces.language.space import PatchStem, Point, SearchSpace

MAX_GRID = 10_000  # points listed at most: two seconds


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """A network that can be trained, and what it costs."""

    label: str  # what the ranking calls it: the layout, or layout#k where a layout has several
    layout: str  # the name in the file
    config: CoAtNetConfig
    cost: Cost

    @classmethod
    def of(cls, trial: Trial) -> "Candidate":
        """Return the candidate that a trial trains."""
        return cls(
            label=trial.label,
            layout=trial.layout,
            config=trial.config,
            cost=Cost(parameters=trial.parameters, macs=trial.macs),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Rejection:
    """A point that cannot be trained or does not match the size asked for."""

    layout: str
    point: str  # the point in words
    reason: str
    mismatch: float | None = None  # of its size, relative; None: it cannot be built at all


def make_candidate(
    point: Point,
    shape: DataShape,
    *,
    drop_path: float = 0.0,
    match: Match | None = None,
    label: str | None = None,
) -> Candidate | Rejection:
    """Return the point as a network for data of this shape; without `label`, called its layout."""
    try:
        config = _config(point, shape, drop_path=drop_path)
    except ValueError as error:
        return Rejection(layout=point.layout, point=str(point), reason=str(error))
    price = cost(config)
    reasons, mismatch = _mismatch(price, match) if match is not None else ([], 0.0)
    if reasons:
        return Rejection(
            layout=point.layout, point=str(point), reason="; ".join(reasons), mismatch=mismatch
        )
    return Candidate(label=label or point.layout, layout=point.layout, config=config, cost=price)


def candidates(spec: StudySpec, shape: DataShape) -> Iterator[Candidate | Rejection]:
    """Return every point of the study's space in grid order, as a candidate or a rejection.

    A layout with one accepted candidate lends it its name; of several, the k-th is called
    ``layout#k``.

    Raises:
        SpecError: the space is too large to list, or no point of it is accepted.
    """
    space = study_space(spec)
    if space.count() > MAX_GRID:
        raise SpecError(
            f"the space has {space.count()} points, more than the {MAX_GRID} that are listed: "
            "narrow its ranges or use sampler 'tpe'",
            key="space",
        )
    found = [
        make_candidate(point, shape, drop_path=spec.training.drop_path, match=space.match)
        for point in space.points()
    ]
    accepted = Counter(made.layout for made in found if isinstance(made, Candidate))
    if not accepted:
        raise SpecError(_none_accepted(space, found), key="space")
    return iter(_labelled(found, accepted))


def study_space(spec: StudySpec) -> SearchSpace:
    """Return the space of a spec, which was checked when the spec was loaded.

    Raises:
        SpaceError: the spec was built by hand, and its space breaks a rule.
    """
    return parse_space(spec.space)


def _config(point: Point, shape: DataShape, *, drop_path: float) -> CoAtNetConfig:
    stem = point.stem
    if isinstance(stem, PatchStem):
        stem_config = StemConfig(
            type=StemType.PATCH, width=point.stages[0].width, depth=1, stride=stem.size
        )
    else:
        stem_config = StemConfig(width=stem.width, depth=stem.depth, stride=stem.stride)
    return CoAtNetConfig(
        stem=stem_config,
        stages=tuple(
            StageConfig(
                block=BlockType(stage.type.value),
                depth=stage.depth,
                width=stage.width,
                stride=stage.stride,
            )
            for stage in point.stages
        ),
        head_size=point.head_size,
        image_size=shape.image_size,
        in_channels=shape.channels,
        classes=shape.classes,
        drop_path=drop_path,
        batch_norm_momentum=point.batch_norm_momentum,
    )


def _mismatch(price: Cost, match: Match) -> tuple[list[str], float]:
    """Return what does not match, in words, and the largest relative difference."""
    wanted = (
        ("parameters", price.parameters, match.parameters),
        ("MACs", price.macs, match.macs),
    )
    reasons: list[str] = []
    largest = 0.0
    for name, actual, target in wanted:
        if target is None:
            continue
        difference = abs(actual - target) / target
        largest = max(largest, difference)
        if difference > match.within:
            reasons.append(
                f"{actual:,} {name}, {difference:.1%} {'over' if actual > target else 'under'} "
                f"the {target:,} asked for within {match.within:.1%}"
            )
    return reasons, largest


def _none_accepted(space: SearchSpace, found: list[Candidate | Rejection]) -> str:
    rejections = [made for made in found if isinstance(made, Rejection)]
    closest = min(rejections, key=lambda r: float("inf") if r.mismatch is None else r.mismatch)
    count = space.count()
    which = "its only point" if count == 1 else f"none of its {count} points"
    verb = "is not" if count == 1 else "is"
    return f"{which} {verb} accepted; the closest is {closest.point}: {closest.reason}"


def _labelled(
    found: list[Candidate | Rejection], accepted: Counter[str]
) -> Iterator[Candidate | Rejection]:
    numbers: Counter[str] = Counter()
    for made in found:
        if isinstance(made, Candidate) and accepted[made.layout] > 1:
            numbers[made.layout] += 1
            made = replace(made, label=f"{made.layout}#{numbers[made.layout]}")
        yield made
