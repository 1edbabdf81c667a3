"""From the plain values of a file's `space` section to a SearchSpace, strictly."""

from collections.abc import Mapping
from typing import Any

from search_spaces.language.block_times import COMMAND, BlockTimes, block_times
from search_spaces.language.choices import domain, real_domain
from search_spaces.language.constraints import (
    Constraints,
    Match,
    OrderRules,
    Quantity,
    StageType,
)
from search_spaces.language.domains import AnyDomain, Domain, Fixed, Open, endless
from search_spaces.language.errors import KeyPath, SpaceError, shown
from search_spaces.language.layout_space import ConvolutionStems, LayoutSpace, Times
from search_spaces.language.layouts import OWN, Shared, SharedStage, named_layouts, spanned_layouts
from search_spaces.language.limits import constraints
from search_spaces.language.mistakes import Mistakes
from search_spaces.language.options import KEYS as OPTIONS
from search_spaces.language.options import ONE_POINT, number_domain, option_space
from search_spaces.language.points import IMAGE_SIZE
from search_spaces.language.recipe import recipe_space
from search_spaces.language.space import SearchSpace
from search_spaces.language.values import (
    DEPTH,
    MAX_STAGES,
    STAGE_BOUNDS,
    STEM_STRIDE,
    WIDTH,
    Reals,
    flag,
    number,
    section,
    sequence,
    size,
)
from search_spaces.language.values import IMAGE_SIZE as PIXELS

_RULES = ("allow_transformer_before_convolution", "allow_transformer_first")
KEYS = (
    "stem", *OPTIONS, IMAGE_SIZE, "stages", "layouts", "recipe", "match", "budget", "constraints",
    "latency",
    *_RULES,
)  # fmt: skip
_OWN_KEYS = tuple(dict.fromkeys(key for keys in OWN.values() for key in keys))
STAGE_KEYS = ("type", *STAGE_BOUNDS, *_OWN_KEYS)
TIMES = Reals(least=0.0, most=100.0, words="more than 0 and at most 100", open=(True, False))
# Where a value is wrong, one that no other rule takes offence at: a mistake is said once.
_WRONG = Open()
_STEM = {"width": _WRONG, "depth": Fixed(value=2), "stride": Fixed(value=2)}


def parse_space(values: Mapping[str, Any]) -> SearchSpace:
    """Return the space that a file's `space` section describes.

    Paths in errors begin at the section: the caller, which knows the file, adds the line.

    Raises:
        SpaceError: a key is unknown, a value breaks its rule, or no layout is left; its `others`
            are what else is wrong.
    """
    mistakes = Mistakes()
    keys = mistakes.known(values, (), keys=KEYS)
    match: Match | None = None
    with mistakes.noted():
        match = _match(keys["match"]) if "match" in keys else None
    rules = constraints(keys, mistakes)
    times = _times(keys.get("latency"), rules, mistakes)
    sized = match is not None and match.within is None
    shared = Shared(
        stem=_stem(keys["stem"], mistakes) if "stem" in keys else None,
        stages=_shared_stages(keys.get("stages", []), mistakes),
        options=option_space(keys, mistakes),
        written={key: keys[key] for key in OPTIONS if key in keys},
        image_size=_image_size(keys, mistakes),
        recipe=recipe_space(keys.get("recipe"), mistakes),
        sized=sized,
        rules=_order_rules(keys, mistakes),
    )
    if not mistakes.found and sized:
        with mistakes.noted():
            _check_sized(shared)
    layouts: tuple[LayoutSpace, ...] = ()
    with mistakes.noted():
        if "layouts" in keys:
            layouts = named_layouts(keys["layouts"], shared, mistakes)
        else:
            layouts = spanned_layouts(shared)
    mistakes.check()
    return SearchSpace(layouts=layouts, match=match, constraints=rules, times=times)


def _times(value: Any, rules: Constraints, mistakes: Mistakes) -> BlockTimes | None:
    """Return the table of block times, without which no latency can be limited."""
    found: BlockTimes | None = None
    with mistakes.noted():
        found = block_times(value, ("latency",))
        limit = next((each for each in rules.limits if each.quantity is Quantity.LATENCY), None)
        if limit is not None and found is None:
            raise SpaceError(limit.path, f"needs a table of block times: {COMMAND}")
    return found


def _order_rules(keys: Mapping[str, Any], mistakes: Mistakes) -> OrderRules:
    given: dict[str, bool] = {}
    for key in _RULES:
        if key in keys:
            with mistakes.noted():
                given[key] = flag(keys[key], (key,))
    return OrderRules(**given)


def _image_size(keys: Mapping[str, Any], mistakes: Mistakes) -> Domain | None:
    if IMAGE_SIZE in keys:
        with mistakes.noted():
            return domain(keys[IMAGE_SIZE], (IMAGE_SIZE,), bounds=PIXELS)
    return None


def _check_sized(shared: Shared) -> None:
    """Refuse choices where `match` takes one point of each layout: it knows no other than sizes."""
    hint = "give 'match' a 'within', or leave it one value"
    shared.options.check_fixed()
    if shared.image_size is not None and shared.image_size.size > 1:
        raise SpaceError((IMAGE_SIZE,), f"has choices, {ONE_POINT}")
    for name, each in shared.recipe:
        if each.size > 1:
            raise SpaceError(("recipe", name), f"has choices, {ONE_POINT}")
    for index, stage in enumerate(shared.stages):
        if isinstance(stage.width, Times) or stage.own:
            raise SpaceError(
                ("stages", index), f"'match' finds depths and widths that are numbers: {hint}"
            )


def _stem(value: Any, mistakes: Mistakes) -> ConvolutionStems | None:
    bounds = {"width": WIDTH, "depth": DEPTH, "stride": STEM_STRIDE}
    found: dict[str, Domain] = dict(_STEM)
    with mistakes.noted():
        keys = mistakes.known(value, ("stem",), keys=tuple(bounds))
        if "width" not in keys:
            raise SpaceError(("stem",), "needs 'width'")
        for key, written in keys.items():
            with mistakes.noted():
                found[key] = domain(written, ("stem", key), bounds=bounds[key])
    return ConvolutionStems(**found)


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


def _shared_stages(value: Any, mistakes: Mistakes) -> tuple[SharedStage, ...]:
    path: KeyPath = ("stages",)
    with mistakes.noted():
        entries = sequence(value, path)
        if len(entries) > MAX_STAGES:
            raise SpaceError(path, f"a network has at most {MAX_STAGES} stages, not {len(entries)}")
        return tuple(
            _shared_stage(entry, (*path, index), mistakes) for index, entry in enumerate(entries)
        )
    return ()


def _shared_stage(value: Any, path: KeyPath, mistakes: Mistakes) -> SharedStage:
    keys: Mapping[str, Any] = {}
    with mistakes.noted():
        keys = mistakes.known(value, path, keys=STAGE_KEYS)
    domains: dict[str, Any] = {key: _WRONG for key in STAGE_BOUNDS if key in keys}
    own: dict[str, AnyDomain] = {}
    types = (StageType.CONVOLUTION,) if "type" in keys else ()
    for key, written in keys.items():
        with mistakes.noted():
            if key == "type":
                types = _stage_types(written, (*path, key))
            elif key in _OWN_KEYS:
                own[key] = number_domain(key, written, (*path, key))
            elif key == "width":
                domains[key] = _width(written, (*path, key))
            else:
                domains[key] = domain(written, (*path, key), bounds=STAGE_BOUNDS[key])
    idle = [key for key in own if types and not any(key in OWN[each] for each in types)]
    for key in idle:
        types_word = " or ".join(types)
        mistakes.found.append(
            SpaceError((*path, key), f"a stage of type {types_word} has none: remove it")
        )
    return SharedStage(types=types, width_path=(*path, "width"), own=tuple(own.items()), **domains)


def _width(value: Any, path: KeyPath) -> Domain | Times:
    if isinstance(value, dict) and "times_previous" in value:
        place = (*path, "times_previous")
        section(value, path, known=("times_previous",))
        factors = real_domain(value["times_previous"], place, reals=TIMES)
        if endless(factors):
            raise SpaceError(place, "cannot be listed without steps: give 'step', or choices")
        return Times(factors=factors)
    return domain(value, path, bounds=WIDTH)


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
