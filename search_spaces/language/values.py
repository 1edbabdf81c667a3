"""Plain values of a file turned into numbers and domains, each with its rule and bounds."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from search_spaces.language.errors import KeyPath, SpaceError, did_you_mean, shown

_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)([kMG]?)")
_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9}
_LARGEST_SIZE = 10**15
_TIME = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ns|us|ms|s)")
_SECONDS = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9}


@dataclass(frozen=True, kw_only=True, slots=True)
class Bounds:
    """The least and the largest value allowed; keeps sizes within what can be built."""

    least: int
    most: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Reals:
    """The least and the largest number allowed, in words too."""

    least: float
    most: float
    words: str  # "must be ..."
    open: tuple[bool, bool] = (False, False)  # whether the ends themselves are refused

    def holds(self, value: float) -> bool:
        """Tell whether a number is allowed."""
        above = value > self.least if self.open[0] else value >= self.least
        return above and (value < self.most if self.open[1] else value <= self.most)


MAX_STAGES = 8
DEPTH = Bounds(least=1, most=1_000)
WIDTH = Bounds(least=1, most=65_536)
STRIDE = Bounds(least=1, most=2)
STAGE_BOUNDS: Mapping[str, Bounds] = {"depth": DEPTH, "width": WIDTH, "stride": STRIDE}
HEADS = WIDTH  # channels of an attention head
KERNELS = (3, 5, 7)  # cells on a side of MBConv's depthwise convolution
EXPANSION = Bounds(least=1, most=8)
SQUEEZE = Reals(least=0.0, most=4.0, words="from 0 to 4")
STEM_STRIDE = Bounds(least=1, most=64)
PATCH = Bounds(least=1, most=1_024)
IMAGE_SIZE = Bounds(least=1, most=4_096)  # pixels a side


def section(value: Any, path: KeyPath, *, known: tuple[str, ...]) -> Mapping[str, Any]:
    """Return a mapping that holds known keys only; null counts as empty.

    Raises:
        SpaceError: it is no mapping, or holds another key.
    """
    entries = mapping(value, path)
    for key in entries:
        if key not in known:
            raise SpaceError((*path, key), f"unknown key{did_you_mean(key, known)}")
    return entries


def mapping(value: Any, path: KeyPath) -> Mapping[str, Any]:
    """Return a mapping of any keys; null counts as empty.

    Raises:
        SpaceError: it is none.
    """
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise SpaceError(path, f"must be a mapping of keys, not {shown(value)}")
    return value


def sequence(value: Any, path: KeyPath) -> list[Any]:
    """Return a list.

    Raises:
        SpaceError: it is none.
    """
    if not isinstance(value, list):
        raise SpaceError(path, f"must be a list, not {shown(value)}")
    return value


def whole(value: Any, path: KeyPath, *, bounds: Bounds) -> int:
    """Return a whole number within bounds.

    Raises:
        SpaceError: it is none, or outside.
    """
    if not isinstance(value, int) or isinstance(value, bool):
        raise SpaceError(path, f"must be a whole number, not {shown(value)}")
    if not bounds.least <= value <= bounds.most:
        raise SpaceError(path, f"must be from {bounds.least} to {bounds.most}, not {value}")
    return value


def number(value: Any, path: KeyPath) -> float:
    """Return a number.

    Raises:
        SpaceError: it is none.
    """
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise SpaceError(path, f"must be a number, not {shown(value)}")
    return float(value)


def real(value: Any, path: KeyPath, *, reals: Reals) -> float:
    """Return a number within bounds.

    Raises:
        SpaceError: it is none, or outside.
    """
    found = number(value, path)
    if not reals.holds(found):
        raise SpaceError(path, f"must be {reals.words}, not {found}")
    return found


def flag(value: Any, path: KeyPath) -> bool:
    """Return true or false.

    Raises:
        SpaceError: it is neither.
    """
    if not isinstance(value, bool):
        raise SpaceError(path, f"must be true or false, not {shown(value)}")
    return value


def size(value: Any, path: KeyPath) -> int:
    """Return a number of parameters or MACs: ``150000``, ``150k`` or ``4.2G``.

    Raises:
        SpaceError: it is none.
    """
    found = _SIZE.fullmatch(str(value)) if not isinstance(value, bool) else None
    if found is None:
        raise SpaceError(path, f"must be a size such as 150000, 150k or 4.2G, not {shown(value)}")
    exact = Decimal(found[1]) * _UNITS[found[2]]
    if exact != int(exact) or not 1 <= exact <= _LARGEST_SIZE:
        raise SpaceError(path, f"must be a whole number from 1 to 10^15, not {shown(value)}")
    return int(exact)


def duration(value: Any, path: KeyPath) -> int:
    """Return nanoseconds: ``3ms``, ``250us`` or ``0.1s``.

    Raises:
        SpaceError: it is none.
    """
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    exact = Decimal(found[1]) * _SECONDS[found[2]] if found else Decimal(0)
    if exact != int(exact) or not 1 <= exact <= _LARGEST_SIZE:
        raise SpaceError(path, f"must be a time such as 3ms, 250us or 0.1s, not {shown(value)}")
    return int(exact)


def word(value: Any, path: KeyPath, *, known: tuple[str, ...]) -> str:
    """Return one of the known words.

    Raises:
        SpaceError: it is another.
    """
    if value not in known:
        hint = did_you_mean(value, known) if isinstance(value, str | None) else ""
        raise SpaceError(
            path,
            f"must be {', '.join(known[:-1])} or {known[-1]}, not {shown(value)}"
            f"{hint if hint.endswith('?') else ''}",
        )
    return value
