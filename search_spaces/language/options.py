"""What a space may say of all blocks of a network alike: the options of CoAtNet that papers weigh.

Each is one value, or choices of which every network takes one. The three options of attention are
one variable, because they do not go together freely: only windows have a size, and linear attention
has no bias. So every value of a variable means another network.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from itertools import product
from typing import Any

from search_spaces.language.choices import choices, domain, real_domain
from search_spaces.language.constraints import StageType
from search_spaces.language.domains import AnyDomain, Choice, Fixed, Value
from search_spaces.language.errors import KeyPath, SpaceError, shown
from search_spaces.language.mistakes import Mistakes
from search_spaces.language.values import EXPANSION, KERNELS, SQUEEZE, WIDTH, Bounds, Reals, word

WINDOW = Bounds(least=1, most=4_096)
POOL_SIZE = Bounds(least=2, most=3)
MOMENTUM = Reals(least=0.0, most=1.0, words="more than 0 and at most 1", open=(True, False))
# `coatnet.config` has the same words and defaults; a space knows no networks, so a test compares.
WORDS: Mapping[str, tuple[str, ...]] = {
    "attention": ("global", "window", "linear"),
    "relative_bias": ("pre", "post", "none"),
    "mbconv_stride": ("expand", "depthwise", "pool"),
    "mbconv_norm": ("batch", "layer"),
    "pool": ("max", "average"),
}
ATTENTION = "attention"  # the variable of the three options of attention: "window 7 pre", "linear"
ONE_POINT = "but 'match' takes one point a layout: give 'match' a 'within', or leave it one value"
# Blocks of one type alone have them; the rest matter to networks of either.
_OF_CONVOLUTIONS = frozenset({"mbconv_stride", "mbconv_norm", "squeeze_ratio", "kernel"})
_OF_TRANSFORMERS = frozenset({ATTENTION, "head_size"})


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkOptions:
    """The choices that hold for all blocks of a network."""

    attention: str = "global"  # what a cell attends to: all cells, its window's, or linear
    window: int = 7  # cells on a side of a window, for window attention
    relative_bias: str = "pre"  # before the softmax, after it, or none (paper, Eq. 2 and 3)
    head_size: int = 32  # channels of an attention head (paper, Section 3)
    mbconv_stride: str = "expand"  # where an MBConv of stride 2 leaves out cells (Eq. 5, Table 9)
    mbconv_norm: str = "batch"  # Table 8
    squeeze_ratio: float = 0.25  # squeeze-and-excitation's bottleneck over the width; 0: none
    kernel: int = 3  # cells on a side of MBConv's depthwise convolution
    expansion: int = 4  # hidden width over width, in MBConv and feed-forward networks
    pool: str = "max"
    pool_size: int = 2  # 2x2 or 3x3
    batch_norm_momentum: float = 0.01  # as in the authors' TensorFlow code; short runs need 0.1


KEYS = tuple(field.name for field in fields(NetworkOptions))
_IN_ATTENTION = ("attention", "window", "relative_bias")


@dataclass(frozen=True, kw_only=True, slots=True)
class OptionSpace:
    """The domain of every option, by the name of its variable."""

    domains: tuple[tuple[str, AnyDomain], ...]
    window: int = 7  # said of networks that attend to no windows

    def of_types(self, types: Sequence[StageType]) -> "OptionSpace":
        """Return what is left to choose in a layout of such stages.

        An option that no block of it has takes its first value.
        """
        idle = frozenset[str]()
        if StageType.CONVOLUTION not in types:
            idle |= _OF_CONVOLUTIONS
        if StageType.TRANSFORMER not in types:
            idle |= _OF_TRANSFORMERS
        domains = ((name, _first(each) if name in idle else each) for name, each in self.domains)
        return replace(self, domains=tuple(domains))

    def domain(self, name: str) -> AnyDomain:
        """Return the domain of that variable."""
        return dict(self.domains)[name]

    @property
    def head_sizes(self) -> tuple[int, ...]:
        """The sizes that an attention head may have, in channels."""
        return tuple(int(value) for value in self.domain("head_size").values())

    def check_fixed(self, path: KeyPath = ()) -> None:
        """Refuse choices where `match` takes one point of each layout: it chooses sizes alone.

        Raises:
            SpaceError: an option has more than one value.
        """
        for name, each in self.domains:
            if each.size > 1:
                raise SpaceError((*path, name), f"has choices, {ONE_POINT}")

    def options(self, values: Mapping[str, Value]) -> NetworkOptions:
        """Return the options where the variables have these values."""
        given: dict[str, Any] = dict(values)
        words = str(given.pop(ATTENTION)).split()
        return NetworkOptions(
            attention=words[0],
            relative_bias=words[-1] if len(words) > 1 else "none",
            window=int(words[1]) if len(words) > 2 else self.window,
            **given,
        )

    def values(self, options: NetworkOptions) -> dict[str, Value]:
        """Return the values of the variables that `options` turns into these options."""
        words = [options.attention]
        if options.attention == "window":
            words.append(str(options.window))
        if options.attention != "linear":
            words.append(options.relative_bias)
        plain = {name: getattr(options, name) for name in KEYS if name not in _IN_ATTENTION}
        return {ATTENTION: " ".join(words), **plain}


def _first(each: AnyDomain) -> AnyDomain:
    return Fixed(value=each.values()[0])


def option_space(keys: Mapping[str, Any], mistakes: Mistakes) -> OptionSpace:
    """Return the domains of the options among the keys of a space; mistakes are noted."""
    found: dict[str, AnyDomain] = {
        key: Fixed(value=value) for key, value in asdict(NetworkOptions()).items()
    }
    for key in KEYS:
        if key in keys:
            if key == "head_size":
                found[key] = Fixed(value=1)  # where it is wrong, no width is blamed
            with mistakes.noted():
                found[key] = option_domain(key, keys[key])
    attention, window, bias = (found.pop(key) for key in _IN_ATTENTION)
    variants: AnyDomain = Fixed(value="global pre")
    with mistakes.noted():
        path = ("relative_bias",) if "relative_bias" in keys else ("attention",)
        variants = attention_domain(attention, window, bias, path=path)
    idle = int(window.values()[0])
    return OptionSpace(domains=((ATTENTION, variants), *found.items()), window=idle)


def option_domain(key: str, value: Any) -> AnyDomain:
    """Return the domain that is written for one option.

    Raises:
        SpaceError: a value breaks its rule.
    """
    path: KeyPath = (key,)
    if key in WORDS:
        return choices(value, path, lambda each, place: word(each, place, known=WORDS[key]))
    return number_domain(key, value, path)


def number_domain(key: str, value: Any, path: KeyPath) -> AnyDomain:
    """Return the domain of an option that is a number, of a network or of one stage.

    Raises:
        SpaceError: a value breaks its rule.
    """
    match key:
        case "squeeze_ratio":
            return real_domain(value, path, reals=SQUEEZE)
        case "batch_norm_momentum":
            return real_domain(value, path, reals=MOMENTUM)
        case "kernel":
            return choices(value, path, _kernel)
        case "window":
            return domain(value, path, bounds=WINDOW)
        case "pool_size":
            return domain(value, path, bounds=POOL_SIZE)
        case "expansion":
            return domain(value, path, bounds=EXPANSION)
    return domain(value, path, bounds=WIDTH)


def _kernel(value: Any, path: KeyPath) -> int:
    if value not in KERNELS or isinstance(value, bool):
        raise SpaceError(path, f"must be 3, 5 or 7, not {shown(value)}")
    return int(value)


def attention_domain(
    attention: AnyDomain, window: AnyDomain, bias: AnyDomain, *, path: KeyPath
) -> Fixed[str] | Choice[str]:
    """Return the variants of attention that the three domains span.

    Raises:
        SpaceError: linear attention alone, with a bias.
    """
    variants: list[str] = []
    for kind in attention.values():
        match kind:
            case "window":
                variants += [f"window {w} {b}" for w, b in product(window.values(), bias.values())]
            case "linear":
                variants.append("linear")
            case _:
                variants += [f"{kind} {b}" for b in bias.values()]
    if variants == ["linear"] and "none" not in bias.values():
        raise SpaceError(
            path,
            "linear attention forms no pairs of cells to have a bias: it needs "
            "'relative_bias: none'",
        )
    return Choice(options=tuple(variants)) if len(variants) > 1 else Fixed(value=variants[0])
