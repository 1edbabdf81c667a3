"""Plain values of a file turned into numbers and domains, each with its rule and bounds."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from search_spaces.language.domains import Choice, Domain, Fixed, Range
from search_spaces.language.errors import KeyPath, SpaceError, did_you_mean, shown

_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)([kMG]?)")
_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9}
_LARGEST_SIZE = 10**15


@dataclass(frozen=True, kw_only=True, slots=True)
class Bounds:
    """The least and the largest value allowed; keeps sizes within what can be built."""

    least: int
    most: int


MAX_STAGES = 8
DEPTH = Bounds(least=1, most=1_000)
WIDTH = Bounds(least=1, most=65_536)
STRIDE = Bounds(least=1, most=2)
STAGE_BOUNDS: Mapping[str, Bounds] = {"depth": DEPTH, "width": WIDTH, "stride": STRIDE}
STEM_STRIDE = Bounds(least=1, most=64)
PATCH = Bounds(least=1, most=1_024)


def section(value: Any, path: KeyPath, *, known: tuple[str, ...]) -> Mapping[str, Any]:
    """Return a mapping that holds known keys only; null counts as empty.

    Raises:
        SpaceError: it is no mapping, or holds another key.
    """
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise SpaceError(path, f"must be a mapping of keys, not {shown(value)}")
    for key in value:
        if key not in known:
            raise SpaceError((*path, key), f"unknown key{did_you_mean(key, known)}")
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


def domain(value: Any, path: KeyPath, *, bounds: Bounds) -> Domain:
    """Return what was written as ``2``, ``[1, 2]`` or ``{from: 1, to: 4, step: 1}``.

    Raises:
        SpaceError: it is none of these, or a value is outside the bounds.
    """
    try:
        if isinstance(value, list):
            return Choice(
                options=tuple(
                    whole(option, (*path, index), bounds=bounds)
                    for index, option in enumerate(value)
                )
            )
        if isinstance(value, dict):
            return _range(value, path, bounds=bounds)
    except SpaceError:
        raise
    except ValueError as error:
        raise SpaceError(path, str(error)) from error
    if not isinstance(value, int) or isinstance(value, bool):
        raise SpaceError(
            path,
            "must be a whole number, a list of choices or a range "
            f"{{from: 1, to: 4, step: 1}}, not {shown(value)}",
        )
    return Fixed(value=whole(value, path, bounds=bounds))


def _range(value: dict[str, Any], path: KeyPath, *, bounds: Bounds) -> Range:
    keys = section(value, path, known=("from", "to", "step"))
    for key in ("from", "to"):
        if key not in keys:
            raise SpaceError(path, f"a range needs '{key}'")
    return Range(
        first=whole(keys["from"], (*path, "from"), bounds=bounds),
        last=whole(keys["to"], (*path, "to"), bounds=bounds),
        step=whole(keys.get("step", 1), (*path, "step"), bounds=Bounds(least=1, most=bounds.most)),
    )
