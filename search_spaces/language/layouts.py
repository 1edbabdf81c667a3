"""The layouts of a space: named in the file, or spanned by the types its stages may have."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from search_spaces.language.choices import domain
from search_spaces.language.constraints import OrderRules, StageType
from search_spaces.language.domains import AnyDomain, Domain, Fixed, Open
from search_spaces.language.errors import KeyPath, SpaceError, shown
from search_spaces.language.layout_space import (
    ConvolutionStems,
    LayoutSpace,
    OpenStem,
    PatchStems,
    StageSpace,
    Times,
)
from search_spaces.language.mistakes import Mistakes
from search_spaces.language.options import KEYS as OPTIONS
from search_spaces.language.options import OptionSpace, option_space
from search_spaces.language.points import IMAGE_SIZE
from search_spaces.language.recipe import RecipeSpace
from search_spaces.language.values import MAX_STAGES, PATCH, STAGE_BOUNDS, section, sequence

VIT_REL = "ViT_REL"  # the paper's name of the network of patches and transformer blocks alone
NAME_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
TYPES_PATTERN = re.compile(r"[CT](-[CT])*")
DEFAULT_STRIDE = Fixed(value=2)  # every stage halves the map (paper, Section 2.2)

OWN: Mapping[StageType, tuple[str, ...]] = {  # options that a stage may take for itself
    StageType.CONVOLUTION: ("kernel", "expansion", "squeeze_ratio"),
    StageType.TRANSFORMER: ("expansion", "head_size"),
}

_MAX_LAYOUTS = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class SharedStage:
    """What `stages` says of one stage; a layout may say it instead."""

    types: tuple[StageType, ...] = ()
    depth: Domain | None = None
    width: Domain | Times | None = None
    stride: Domain | None = None
    own: tuple[tuple[str, AnyDomain], ...] = ()  # options of the stage, of whichever type it is
    width_path: KeyPath = ()  # where the width was written


@dataclass(frozen=True, kw_only=True, slots=True)
class Shared:
    """What all layouts of a space have in common."""

    stem: ConvolutionStems | None
    stages: tuple[SharedStage, ...]
    options: OptionSpace
    written: Mapping[str, Any]  # the options as the file has them: a layout may say some itself
    image_size: Domain | None  # None: not said
    recipe: RecipeSpace
    sized: bool  # a size that is not given is found: `match` without `within`
    rules: OrderRules


def spanned_layouts(shared: Shared) -> tuple[LayoutSpace, ...]:
    """Return the layouts that the stages' types span, without those that break an order rule.

    Raises:
        SpaceError: a stage lacks its type, or no layout is left.
    """
    if not shared.stages:
        raise SpaceError((), "needs 'layouts', or 'stages' with a 'type' each")
    for index, stage in enumerate(shared.stages):
        if not stage.types:
            raise SpaceError(("stages", index), "needs 'type' where the space has no 'layouts'")
    orders = tuple(product(*(stage.types for stage in shared.stages)))
    allowed = [types for types in orders if shared.rules.broken_by(types) is None]
    if not allowed:
        raise SpaceError(("stages",), f"no layout is left: {shared.rules.broken_by(orders[0])}")
    return tuple(_stage_layout("-".join(types), types, shared) for types in allowed)


def named_layouts(value: Any, shared: Shared, mistakes: Mistakes) -> tuple[LayoutSpace, ...]:
    """Return the layouts listed by name, or mapped from name to what differs from `stages`.

    A name that is unsafe or twice there, and a layout that cannot be built, are noted.

    Raises:
        SpaceError: they are not written as layouts at all.
    """
    path: KeyPath = ("layouts",)
    for index, stage in enumerate(shared.stages):
        if stage.types:
            raise SpaceError(
                ("stages", index, "type"), "is not used where 'layouts' are named: remove one"
            )
    if isinstance(value, list):
        named = [((*path, index), name, None) for index, name in enumerate(value)]
    elif isinstance(value, dict):
        named = [((*path, name), name, keys) for name, keys in value.items()]
    else:
        raise SpaceError(path, f"must be a list or mapping of names, not {shown(value)}")
    if not 1 <= len(named) <= _MAX_LAYOUTS:
        raise SpaceError(path, f"must name from 1 to {_MAX_LAYOUTS} layouts, not {len(named)}")
    seen: set[str] = set()
    found: list[LayoutSpace] = []
    for place, name, keys in named:
        with mistakes.noted():
            _check_name(name, place)
            if name in seen:
                raise SpaceError(place, f"layout {name} is listed twice")
            seen.add(name)
            found.append(_layout(name, keys, shared, path=place))
    return tuple(found)


def _check_name(name: Any, path: KeyPath) -> None:
    if not isinstance(name, str) or not NAME_PATTERN.fullmatch(name) or ".." in name:
        raise SpaceError(
            path,
            f"a layout's name must be 1 to 32 letters, digits, '.', '_' or '-', begin with a "
            f"letter or digit and hold no '..', not {shown(name)}",
        )


def _layout(name: str, value: Any, shared: Shared, *, path: KeyPath) -> LayoutSpace:
    if name == VIT_REL or (isinstance(value, dict) and "patch" in value):
        return _patch_layout(name, value, shared, path=path)
    keys = section(value, path, known=("types", "depths", "widths", "strides", *OPTIONS))
    shared = _with_options(shared, keys, path=path)
    by_name = TYPES_PATTERN.fullmatch(name) is not None
    written = keys.get("types", name)
    if not isinstance(written, str) or not TYPES_PATTERN.fullmatch(written):
        raise SpaceError(
            (*path, "types") if "types" in keys else path,
            f"layout '{name}' needs types such as C-C-T-T, or 'patch' for a network like {VIT_REL}",
        )
    if by_name and written != name:
        raise SpaceError((*path, "types"), f"a layout called {name} cannot be {shown(written)}")
    types = tuple(StageType(letter) for letter in written.split("-"))
    if (rule := shared.rules.broken_by(types)) is not None:
        raise SpaceError(path, rule)
    return _stage_layout(name, types, _overridden(shared, keys, len(types), path=path), path=path)


def _with_options(shared: Shared, keys: Mapping[str, Any], *, path: KeyPath) -> Shared:
    """Return `shared` with the layout's own options in place."""
    own = {key: keys[key] for key in OPTIONS if key in keys}
    if not own:
        return shared
    mistakes = Mistakes()
    found = option_space({**shared.written, **own}, mistakes)
    for mistake in mistakes.found:
        if mistake.path[0] in own:  # others were noted where all layouts' options were read
            raise SpaceError((*path, *mistake.path), mistake.message)
    if shared.sized:
        found.check_fixed(path)
    return replace(shared, options=found)


def _overridden(shared: Shared, keys: Mapping[str, Any], count: int, *, path: KeyPath) -> Shared:
    """Return `shared` with the layout's own depths, widths and strides in place."""
    if count > MAX_STAGES:
        raise SpaceError(path, f"a network has at most {MAX_STAGES} stages, not {count}")
    if shared.stages and len(shared.stages) != count:
        raise SpaceError(
            path, f"the layout has {count} stages, but 'stages' lists {len(shared.stages)}"
        )
    stages = list(shared.stages or (SharedStage(),) * count)
    for key, bounds in STAGE_BOUNDS.items():
        if f"{key}s" not in keys:
            continue
        place = (*path, f"{key}s")
        entries = sequence(keys[f"{key}s"], place)
        if len(entries) != count:
            raise SpaceError(
                place, f"must have {count} entries, one for each stage, not {len(entries)}"
            )
        for index, entry in enumerate(entries):
            found = domain(entry, (*place, index), bounds=bounds)
            stages[index] = _with(stages[index], key, found, path=(*place, index))
    return replace(shared, stages=tuple(stages))


def _with(stage: SharedStage, key: str, found: Domain, *, path: KeyPath) -> SharedStage:
    match key:
        case "depth":
            return replace(stage, depth=found)
        case "width":
            return replace(stage, width=found, width_path=path)
    return replace(stage, stride=found)


def _stage_layout(
    name: str, types: Sequence[StageType], shared: Shared, *, path: KeyPath = ()
) -> LayoutSpace:
    stem = shared.stem or (OpenStem(patches=False) if shared.sized else None)
    if stem is None:
        raise SpaceError((), f"needs 'stem': layout {name} begins with convolutions")
    stages: list[StageSpace] = []
    for index, (type_, stage) in enumerate(zip(types, shared.stages, strict=True)):
        unsized = Open() if shared.sized else None
        depth, width = stage.depth or unsized, stage.width or unsized
        if depth is None or width is None:
            missing = "depth" if depth is None else "width"
            raise SpaceError(
                path or ("stages", index),
                f"layout {name} has no {missing} for S{index + 1}: give '{missing}s' in the "
                f"layout or '{missing}' in 'stages', or 'match' without 'within' to have it found",
            )
        own = tuple((key, each) for key, each in stage.own if key in OWN[type_])
        if type_ is StageType.TRANSFORMER and not isinstance(width, Times):
            heads = dict(own).get("head_size")
            sizes = shared.options.head_sizes if heads is None else heads.values()
            _check_heads(width, tuple(map(int, sizes)), path=stage.width_path)
        stride = stage.stride or DEFAULT_STRIDE
        if index == 0 and stage.stride is None and isinstance(width, Open):
            stride = width  # small images want S1 to keep the stem's map
        stages.append(StageSpace(type=type_, depth=depth, width=width, stride=stride, own=own))
    return LayoutSpace(
        name=name,
        stem=stem,
        stages=tuple(stages),
        options=shared.options.of_types(types),
        image_size=shared.image_size,
        recipe=shared.recipe,
    )


def _patch_layout(name: str, value: Any, shared: Shared, *, path: KeyPath) -> LayoutSpace:
    keys = section(value, path, known=("patch", "depth", "width", *OPTIONS))
    shared = _with_options(shared, keys, path=path)
    for key in ("patch", "depth", "width"):
        if key not in keys and not shared.sized:
            raise SpaceError(path, f"layout {name} needs '{key}'")
    if TYPES_PATTERN.fullmatch(name):
        raise SpaceError((*path, "patch"), f"a layout called {name} begins with convolutions")
    sizes: dict[str, Domain] = {
        key: domain(keys[key], (*path, key), bounds=STAGE_BOUNDS[key]) if key in keys else Open()
        for key in ("depth", "width")
    }
    _check_heads(sizes["width"], shared.options.head_sizes, path=(*path, "width"))
    stride = Fixed(value=1)  # all blocks see the same map
    stage = StageSpace(
        type=StageType.TRANSFORMER, depth=sizes["depth"], width=sizes["width"], stride=stride
    )
    stem = OpenStem(patches=True)
    if "patch" in keys:
        patches = domain(keys["patch"], (*path, "patch"), bounds=PATCH)
        _check_patches(name, patches, shared.image_size)
        stem = PatchStems(size=patches)
    return LayoutSpace(
        name=name,
        stem=stem,
        stages=(stage,),
        options=shared.options.of_types([stage.type]),
        image_size=shared.image_size,
        recipe=shared.recipe,
    )


def _check_patches(name: str, patches: Domain, image_size: Domain | None) -> None:
    """Refuse a size of images that no patch divides: the layout would have no network there.

    Where only some patches do not, `nas.space.candidate` rejects those points, one by one.
    """
    for pixels in () if image_size is None else image_size.values():
        if all(pixels % patch for patch in patches.values()):
            raise SpaceError(
                (IMAGE_SIZE,),
                f"images of {pixels} pixels cannot be cut into patches of "
                f"{_either(patches.values())} pixels, as layout {name} does: choose a multiple",
            )


def _check_heads(width: Domain, head_sizes: tuple[int, ...], *, path: KeyPath) -> None:
    """Refuse a transformer stage of which no width can be split into heads.

    Where only some of its widths cannot, `nas.space.candidate` rejects those points, one by one.
    """
    if width.values() and all(value % size for value in width.values() for size in head_sizes):
        raise SpaceError(
            path,
            f"the width of a transformer stage must be a multiple of head_size "
            f"{_either(head_sizes)}, not {_either(width.values())}",
        )


def _either(values: Sequence[int]) -> str:
    return " or ".join(str(value) for value in values[:3])
