"""The point of the space that a trial's network was made from."""

from collections.abc import Mapping

from nas.networks.registry import family_of
from nas.study.records import Trial
from search_spaces.language.domains import Value
from search_spaces.language.layout_space import LayoutSpace
from search_spaces.language.points import LAYOUT
from search_spaces.language.space import SearchSpace


def point_of(trial: Trial, space: SearchSpace) -> Mapping[str, Value]:
    """Return the values of the space's variables that the trial was planned with.

    Journals written before 0.2 have none: there they are read off the network.

    Args:
        trial: of a network that is a point of `space`.
        space: whose points the sampler chose from: sizes matched, as `sized_space` returns it.

    Raises:
        ValueError: the trial has no point, and its network is none of this space.
    """
    if trial.point is not None:
        return trial.point
    if not family_of(trial.config).searched:
        raise ValueError(f"trial {trial.id} has no point: its network is a baseline")
    try:
        layout = space.layout(trial.layout)
    except KeyError as error:
        raise ValueError(f"trial {trial.id} has no point: {error.args[0]}") from error
    return {LAYOUT: layout.name, **_read_off(trial, layout)}


def _read_off(trial: Trial, layout: LayoutSpace) -> Mapping[str, int]:
    described = family_of(trial.config).describe(trial.config)
    stages = zip(described.depths, described.widths, described.strides, strict=True)
    sizes = [size for stage in stages for size in stage]
    variables = layout.variables
    names = [
        f"{layout.name}/{what}{number}"
        for number in range(1, len(layout.stages) + 1)
        for what in ("depth", "width", "stride")
    ]
    if len(sizes) != len(names):
        raise ValueError(
            f"trial {trial.id} has no point: its network has {len(described.depths)} stages, "
            f"layout {layout.name} of the space has {len(layout.stages)}"
        )
    values: dict[str, int] = {}
    for name, size in zip(names, sizes, strict=True):
        allowed = variables.get(name)
        if allowed is None:  # the space leaves no choice there
            continue
        if size not in allowed.values():
            raise ValueError(
                f"trial {trial.id} has no point: '{name}' of its network is {size}, which the "
                "space does not have"
            )
        values[name] = size
    return values
