"""The rules of descriptions: each breach of one is a `ValueError` of one line that says it."""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from enum import StrEnum

KERNELS = (3, 5, 7)
MOST_EXPANSION = 8
MOST_SQUEEZE_RATIO = 4.0


def require(condition: bool, rule: str) -> None:
    """Refuse with these words what does not meet the condition."""
    if not condition:
        raise ValueError(rule)


def require_count(name: str, value: object) -> None:
    """Refuse what is no whole number of at least 1."""
    if type(value) is int and value >= 1:  # thousands of networks ask this many times each
        return
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{name} must be a whole number of at least 1, not {value!r}")


def require_kernel(name: str, value: object) -> None:
    """Refuse other sides of a depthwise convolution than 3, 5 and 7."""
    if not isinstance(value, int) or value not in KERNELS:
        raise ValueError(f"{name} must be 3, 5 or 7, not {value!r}")


def require_expansion(name: str, value: object) -> None:
    """Refuse what is no whole number from 1 to 8."""
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST_EXPANSION:
        raise ValueError(f"{name} must be a whole number from 1 to {MOST_EXPANSION}, not {value!r}")


def require_squeeze_ratio(name: str, value: float) -> None:
    """Refuse what is not between 0 and 4."""
    if not 0.0 <= value <= MOST_SQUEEZE_RATIO:
        raise ValueError(f"{name} must be in [0, {MOST_SQUEEZE_RATIO:g}], not {value}")


def require_keys(owner: type, values: object, name: str) -> None:
    """Refuse what is no mapping, or lacks a key of the dataclass, or has others."""
    require(isinstance(values, Mapping), f"{name} must be a mapping, not {values!r}")
    assert isinstance(values, Mapping)
    known = {field.name: field.default is MISSING for field in fields(owner)}
    unknown = [key for key in values if key not in known]
    missing = [key for key, needed in known.items() if needed and key not in values]
    require(not unknown, f"{name} has unknown keys {unknown}; known are {list(known)}")
    require(not missing, f"{name} misses the keys {missing}")


def chosen(options: type[StrEnum], name: str, value: object) -> StrEnum:
    """Return the option of that word; refuse other words."""
    known = [option.value for option in options]
    require(value in known, f"{name} must be one of {known}, not {value!r}")
    return options(value)
