"""How long the parts of networks take on a device: measured numbers that a space brings along."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from search_spaces.language.errors import KeyPath, SpaceError, shown
from search_spaces.language.values import section, sequence

COMMAND = "`nas space latency SPEC --to FILE` measures one, and `latency: FILE` names it"
KEYS = ("format", "device", "precision", "turns", "at", "load", "versions", "checked", "times")
FORMAT = 1
_ENTRY = re.compile(r"([0-9]{1,15}) (\S.*)")


@dataclass(frozen=True, kw_only=True, slots=True)
class BlockTimes:
    """What `latency` in a budget is added up from: one forward pass of an image, part by part."""

    device: str
    nanoseconds: Mapping[str, int]  # by part, as `nas.space.part_times` calls it


def block_times(value: Any, path: KeyPath) -> BlockTimes | None:
    """Return the table that a space brings along, the content of the file that `latency` names.

    Raises:
        SpaceError: it is none.
    """
    if value is None:
        return None
    if not isinstance(value, dict):
        raise SpaceError(path, f"must name a file of block times, not {shown(value)}: {COMMAND}")
    keys = section(value, path, known=KEYS)
    if keys.get("format") != FORMAT or not isinstance(keys.get("device"), str):
        raise SpaceError(path, f"is no table of block times of format {FORMAT}: {COMMAND}")
    return BlockTimes(
        device=keys["device"],
        nanoseconds=dict(
            _entry(each, (*path, "times", place))
            for place, each in enumerate(sequence(keys.get("times"), (*path, "times")))
        ),
    )


def _entry(value: Any, path: KeyPath) -> tuple[str, int]:
    found = _ENTRY.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise SpaceError(path, f"must be nanoseconds and a part, not {shown(value)}")
    return found[2], int(found[1])
