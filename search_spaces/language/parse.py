"""From the plain values of a file's `space` section to a SearchSpace, strictly."""

from collections.abc import Mapping
from typing import Any

from search_spaces.language.constraints import Match, OrderRules, StageType
from search_spaces.language.errors import KeyPath, SpaceError, shown
from search_spaces.language.layouts import Shared, SharedStage, named_layouts, spanned_layouts
from search_spaces.language.options import KEYS as OPTIONS
from search_spaces.language.options import network_options
from search_spaces.language.space import ConvolutionStem, SearchSpace
from search_spaces.language.values import (
    DEPTH,
    MAX_STAGES,
    STAGE_BOUNDS,
    STEM_STRIDE,
    WIDTH,
    domain,
    flag,
    number,
    section,
    sequence,
    size,
    whole,
)

_KEYS = (
    "stem",
    *OPTIONS,
    "stages",
    "layouts",
    "match",
    "allow_transformer_before_convolution",
    "allow_transformer_first",
)


def parse_space(values: Mapping[str, Any]) -> SearchSpace:
    """Return the space that a file's `space` section describes.

    Paths in errors begin at the section: the caller, which knows the file, adds the line.

    Raises:
        SpaceError: a key is unknown, a value breaks its rule, or no layout is left.
    """
    keys = section(values, (), known=_KEYS)
    match = _match(keys["match"]) if "match" in keys else None
    shared = Shared(
        stem=_stem(keys["stem"]) if "stem" in keys else None,
        stages=_shared_stages(keys.get("stages", [])),
        options=network_options(keys),
        sized=match is not None and match.within is None,
        rules=OrderRules(
            **{
                key: flag(keys[key], (key,))
                for key in ("allow_transformer_before_convolution", "allow_transformer_first")
                if key in keys
            }
        ),
    )
    named = "layouts" in keys
    layouts = named_layouts(keys["layouts"], shared) if named else spanned_layouts(shared)
    return SearchSpace(layouts=layouts, match=match)


def _stem(value: Any) -> ConvolutionStem:
    keys = section(value, ("stem",), known=("width", "depth", "stride"))
    if "width" not in keys:
        raise SpaceError(("stem",), "needs 'width'")
    bounds = {"width": WIDTH, "depth": DEPTH, "stride": STEM_STRIDE}
    return ConvolutionStem(
        **{key: whole(keys[key], ("stem", key), bounds=bounds[key]) for key in keys}
    )


def _match(value: Any) -> Match:
    keys = section(value, ("match",), known=("parameters", "macs", "within"))
    sizes = {key: size(keys[key], ("match", key)) for key in keys if key != "within"}
    try:
        if "within" in keys:
            return Match(**sizes, within=number(keys["within"], ("match", "within")))
        return Match(**sizes)
    except SpaceError:
        raise
    except ValueError as error:
        raise SpaceError(("match",), str(error)) from error


def _shared_stages(value: Any) -> tuple[SharedStage, ...]:
    path: KeyPath = ("stages",)
    entries = sequence(value, path)
    if len(entries) > MAX_STAGES:
        raise SpaceError(path, f"a network has at most {MAX_STAGES} stages, not {len(entries)}")
    return tuple(_shared_stage(entry, (*path, index)) for index, entry in enumerate(entries))


def _shared_stage(value: Any, path: KeyPath) -> SharedStage:
    keys = section(value, path, known=("type", *STAGE_BOUNDS))
    domains = {
        key: domain(keys[key], (*path, key), bounds=bounds)
        for key, bounds in STAGE_BOUNDS.items()
        if key in keys
    }
    types = _stage_types(keys["type"], (*path, "type")) if "type" in keys else ()
    return SharedStage(types=types, width_path=(*path, "width"), **domains)


def _stage_types(value: Any, path: KeyPath) -> tuple[StageType, ...]:
    options = value if isinstance(value, list) else [value]
    if not options:
        raise SpaceError(path, "a list of choices needs at least one entry")
    for option in options:
        if option not in ("C", "T"):
            raise SpaceError(path, f"must be C, T or [C, T], not {shown(option)}")
        if options.count(option) > 1:
            raise SpaceError(path, f"{option} is listed twice")
    return tuple(StageType(option) for option in options)
