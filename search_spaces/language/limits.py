"""What a space says of prices and shapes: sections `budget` and `constraints`."""

import re
from collections.abc import Mapping
from typing import Any

from search_spaces.language.constraints import Constraints, Limit, Quantity
from search_spaces.language.errors import KeyPath, SpaceError, shown
from search_spaces.language.mistakes import Mistakes
from search_spaces.language.values import duration, flag, size

PRICES = tuple(each.value for each in Quantity if each is not Quantity.TOTAL_DEPTH)
SHAPES = ("widths_do_not_shrink", Quantity.TOTAL_DEPTH.value)
_BOUND = re.compile(r"(<=|>=)\s*(\S+)")


def constraints(keys: Mapping[str, Any], mistakes: Mistakes) -> Constraints:
    """Return what sections `budget` and `constraints` rule out; mistakes are noted."""
    limits: list[Limit] = []
    shrinking = False
    for name, known in (("budget", PRICES), ("constraints", SHAPES)):
        entries: Mapping[str, Any] = {}
        with mistakes.noted():
            entries = mistakes.known(keys.get(name), (name,), keys=known)
        for key, written in entries.items():
            with mistakes.noted():
                if written is None and key == Quantity.LATENCY:
                    continue  # taken back on a command line: no limit
                if key == "widths_do_not_shrink":
                    shrinking = flag(written, (name, key))
                else:
                    limits.append(limit(Quantity(key), written, (name, key)))
    return Constraints(limits=tuple(limits), widths_do_not_shrink=shrinking)


def limit(quantity: Quantity, value: Any, path: KeyPath) -> Limit:
    """Return what was written as ``"<=25M"``, ``">=3M"`` or ``[3G, 4.2G]``; latency as ``"<=3ms"``.

    Raises:
        SpaceError: it is none of these.
    """
    least = most = None
    read, samples = size, "'<=25M', '>=3M' or [3G, 4.2G]"
    if quantity is Quantity.LATENCY:
        read, samples = duration, "'<=3ms', '>=800us' or [1ms, 3ms]"
    if isinstance(value, list) and len(value) == 2:
        least, most = (read(each, (*path, index)) for index, each in enumerate(value))
    elif isinstance(value, str) and (found := _BOUND.fullmatch(value)):
        bound = read(found[2], path)
        least, most = (bound, None) if found[1] == ">=" else (None, bound)
    else:
        raise SpaceError(path, f"must be a range such as {samples}, not {shown(value)}")
    try:
        return Limit(quantity=quantity, least=least, most=most, path=path)
    except ValueError as error:
        raise SpaceError(path, str(error)) from error
