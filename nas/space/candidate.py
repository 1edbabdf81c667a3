"""From a point of the space to a network with its price, or to a rejection that says why."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import coatnet
from coatnet.cost import Cost
from nas.errors import SpecError
from nas.networks.family import Size
from nas.space.feasible import FeasibleSpace
from nas.space.part_times import looked_up, network_time
from nas.space.sizing import network, sized
from nas.spec.study import StudySpec
from nas.study.records import DataShape, NetworkConfig
from search_spaces.language.constraints import Limit, Match, Quantity
from search_spaces.language.domains import Value
from search_spaces.language.layout_space import LayoutSpace
from search_spaces.language.parse import parse_space
from search_spaces.language.points import Point
from search_spaces.language.space import SearchSpace

MAX_GRID = 10_000  # points listed at most: two seconds


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """A network that can be trained, and what it costs."""

    label: str  # what the ranking calls it: the layout, or layout#k where a layout has several
    layout: str  # the name in the file; of a baseline its label
    config: NetworkConfig
    cost: Size
    point: Mapping[str, Value] | None = None  # the space's variables; None: of no space
    recipe: Mapping[str, Value] | None = None  # what differs from the study's; None: nothing
    parameters_off: float | None = None  # from the size to match, relative; None: not asked for
    macs_off: float | None = None
    nanoseconds: int | None = None  # of one image, by the space's block times; None: it has none

    @property
    def off(self) -> float:
        """The larger relative difference from the sizes to match, without sign."""
        return max(abs(self.parameters_off or 0.0), abs(self.macs_off or 0.0))


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
    space: SearchSpace,
    drop_path: float = 0.0,
    label: str | None = None,
) -> Candidate | Rejection:
    """Return the point as a network for data of this shape, or why `space` turns it down.

    Without `label` it is called its layout.
    """
    if (broken := space.broken_by(point)) is not None:
        return Rejection(layout=point.layout, point=str(point), reason=broken)
    recipe = dict(point.recipe)
    rate = float(recipe.get("drop_path", drop_path))
    try:
        config = network(point, shape, drop_path=rate)
    except ValueError as error:
        return Rejection(layout=point.layout, point=str(point), reason=str(error))
    cost, match = coatnet.cost(config), space.match
    time = None if space.times is None else network_time(config, looked_up(space.times))
    made = Candidate(
        label=label or point.layout,
        layout=point.layout,
        config=config,
        cost=Size(parameters=cost.parameters, macs=cost.macs),
        point=space.assignment(point),
        recipe=recipe or None,
        parameters_off=_off(cost.parameters, None if match is None else match.parameters),
        macs_off=_off(cost.macs, None if match is None else match.macs),
        nanoseconds=time,
    )
    if reasons := _broken_limits(point, cost, space, time=time or 0):
        mismatch = None if match is None or match.within is None else made.off
        return Rejection(
            layout=point.layout, point=str(point), reason="; ".join(reasons), mismatch=mismatch
        )
    return made


def candidates(spec: StudySpec, shape: DataShape) -> Iterator[Candidate | Rejection]:
    """Return every point of the study's space in grid order, as a candidate or a rejection.

    A layout with one accepted candidate lends it its name; of several, the k-th is called
    ``layout#k``.

    Raises:
        SpecError: the space is too large to list, or no point of it is accepted.
    """
    space, unsized = sized_space(spec, shape)
    found = [
        make_candidate(point, shape, space=space, drop_path=spec.training.drop_path)
        for point in _points(space, shape)
    ]
    accepted = Counter(made.layout for made in found if isinstance(made, Candidate))
    if not accepted and space.constraints.limits:
        feasible = FeasibleSpace(space, shape)
        if feasible.empty:
            raise feasible.why_empty()
    if not accepted:
        raise SpecError(_none_accepted(space, found), key="space")
    return _labelled([*found, *unsized], accepted)


def _points(space: SearchSpace, shape: DataShape) -> Iterable[Point]:
    """Return the points to list: all of a small space, of a large one those within its limits.

    Raises:
        SpecError: there are too many, or none.
    """
    if space.count() <= MAX_GRID and not space.endless:
        return space.points()
    if not space.limits and not space.constraints.widths_do_not_shrink:
        raise _too_many(space)
    feasible = FeasibleSpace(space, shape)
    if feasible.empty:
        raise feasible.why_empty()
    try:
        return feasible.points(most=MAX_GRID)
    except ValueError as error:
        raise _too_many(space) from error


def _too_many(space: SearchSpace) -> SpecError:
    if space.endless:
        return SpecError(
            "a range of the recipe has no steps, so that its points cannot be listed: give 'step' "
            "or choices, or use another sampler than 'grid'",
            key="space.recipe",
        )
    kept = " within its limits" if space.limits else ""
    return SpecError(
        f"the space has {space.count():,} points, more than the {MAX_GRID:,} that are listed"
        f"{kept}: narrow its ranges, use another sampler than 'grid', or 'match' without "
        "'within', which takes one point of each layout",
        key="space",
    )


def study_space(spec: StudySpec) -> SearchSpace:
    """Return the space of a spec, which was checked when the spec was loaded.

    Raises:
        SpaceError: the spec was built by hand, and its space breaks a rule.
    """
    return parse_space(spec.space)


def asks_for_all(spec: StudySpec) -> bool:
    """Tell whether the space has no more points than are asked for, so few that all are listed."""
    asked, space = spec.search.candidates, study_space(spec)
    return asked is not None and not space.endless and space.count() <= min(asked, MAX_GRID)


def sized_space(spec: StudySpec, shape: DataShape) -> tuple[SearchSpace, tuple[Rejection, ...]]:
    """Return the space whose points a sampler may choose from, and the layouts that have none.

    Where sizes are to be matched as closely as can be, this is one point of each layout, which is
    found without listing the others. The space may be huge.

    Raises:
        SpecError: no layout has a point.
    """
    space = study_space(spec)
    if space.match is None or space.match.within is not None:
        return space, ()
    layouts: list[LayoutSpace] = []
    unsized: list[Rejection] = []
    for layout in space.layouts:
        try:
            layouts.append(sized(layout, space.match, shape))
        except ValueError as error:
            unsized.append(Rejection(layout=layout.name, point=layout.name, reason=str(error)))
    if not layouts:
        raise SpecError(
            f"no layout can be sized: {unsized[0].point}: {unsized[0].reason}", key="space"
        )
    return replace(space, layouts=tuple(layouts)), tuple(unsized)


def off_words(parameters: int, macs: int, match: Match) -> str:
    """Return how far sizes are from those to match: ``parameters +0.1%, MACs -0.2%``."""
    offs = {"parameters": _off(parameters, match.parameters), "MACs": _off(macs, match.macs)}
    return ", ".join(f"{name} {off:+.1%}" for name, off in offs.items() if off is not None)


def _off(actual: int, target: int | None) -> float | None:
    return None if target is None else actual / target - 1


def quantity(which: Quantity, cost: Cost, *, total_depth: int, time: int = 0) -> int:
    """Return what a network has of a quantity that spaces can limit; `time` is in nanoseconds."""
    match which:
        case Quantity.PARAMETERS:
            return cost.parameters
        case Quantity.MACS:
            return cost.macs
        case Quantity.ACTIVATION_BYTES:
            return cost.activation_bytes()
        case Quantity.STATE_BYTES:
            return cost.state_bytes
        case Quantity.LATENCY:
            return time
    return total_depth


def _broken_limits(point: Point, cost: Cost, space: SearchSpace, *, time: int) -> list[str]:
    """Return the limits that the network is beyond, in words."""
    reasons: list[str] = []
    for limit in space.limits:
        actual = quantity(limit.quantity, cost, total_depth=point.total_depth, time=time)
        if not limit.allows(actual):
            reasons.append(_beyond(limit, actual, space.match))
    return reasons


def _beyond(limit: Limit, actual: int, match: Match | None) -> str:
    if limit.path[:1] != ("match",):
        return f"{actual:,} {limit.quantity.words}, where {limit.path[0]} asks for {limit.range}"
    assert match is not None
    assert match.within is not None
    target = match.macs if limit.quantity is Quantity.MACS else match.parameters
    assert target is not None
    off = actual / target - 1
    return (
        f"{actual:,} {limit.quantity.words}, {abs(off):.1%} {'over' if off > 0 else 'under'} "
        f"the {target:,} asked for within {match.within:.1%}"
    )


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
