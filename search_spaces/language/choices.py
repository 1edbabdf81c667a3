"""What may be chosen, as it is written: ``2``, ``[1, 2]`` or ``{from: 1, to: 4, step: 1}``."""

from collections.abc import Callable
from typing import Any, TypeVar

from search_spaces.language.domains import Choice, Domain, Fixed, FloatRange, Range, Value
from search_spaces.language.errors import KeyPath, SpaceError, shown
from search_spaces.language.values import Bounds, Reals, flag, number, real, section, whole

T = TypeVar("T")
V = TypeVar("V", bound=Value)


def domain(value: Any, path: KeyPath, *, bounds: Bounds) -> Domain:
    """Return whole numbers: one, a list of choices, or a range.

    Raises:
        SpaceError: it is none of these, or a value is outside the bounds.
    """
    if isinstance(value, dict):
        return _ruled(lambda: _range(value, path, bounds=bounds), path)
    if isinstance(value, list):
        return listed(value, path, lambda option, place: whole(option, place, bounds=bounds))
    if not isinstance(value, int) or isinstance(value, bool):
        raise SpaceError(
            path,
            "must be a whole number, a list of choices or a range "
            f"{{from: 1, to: 4, step: 1}}, not {shown(value)}",
        )
    return Fixed(value=whole(value, path, bounds=bounds))


def real_domain(
    value: Any, path: KeyPath, *, reals: Reals
) -> Fixed[float] | Choice[float] | FloatRange:
    """Return numbers: one, a list of choices, or a range; without 'step' it has no end of values.

    Raises:
        SpaceError: it is none of these, or a value is outside the bounds.
    """
    if isinstance(value, dict):
        return _ruled(lambda: _float_range(value, path, reals=reals), path)
    return choices(value, path, lambda option, place: real(option, place, reals=reals))


def choices(value: Any, path: KeyPath, one: Callable[[Any, KeyPath], V]) -> Fixed[V] | Choice[V]:
    """Return one value, or a list of choices, each as `one` reads it.

    Raises:
        SpaceError: as `one`, or one is listed twice.
    """
    if isinstance(value, list):
        return listed(value, path, one)
    return Fixed(value=one(value, path))


def listed(value: list[Any], path: KeyPath, one: Callable[[Any, KeyPath], V]) -> Choice[V]:
    """Return a list of choices, each as `one` reads it.

    Raises:
        SpaceError: as `one`, or one is listed twice.
    """
    options = tuple(one(option, (*path, index)) for index, option in enumerate(value))
    return _ruled(lambda: Choice(options=options), path)


def _ruled(make: Callable[[], T], path: KeyPath) -> T:
    """Return what `make` does; what a domain itself refuses is said of `path`."""
    try:
        return make()
    except SpaceError:
        raise
    except ValueError as error:
        raise SpaceError(path, str(error)) from error


def _range(value: dict[str, Any], path: KeyPath, *, bounds: Bounds) -> Range:
    keys = section(value, path, known=("from", "to", "step", "log"))
    _need_ends(keys, path)
    return Range(
        first=whole(keys["from"], (*path, "from"), bounds=bounds),
        last=whole(keys["to"], (*path, "to"), bounds=bounds),
        step=whole(keys.get("step", 1), (*path, "step"), bounds=Bounds(least=1, most=bounds.most)),
        log=flag(keys.get("log", False), (*path, "log")),
    )


def _float_range(value: dict[str, Any], path: KeyPath, *, reals: Reals) -> FloatRange:
    keys = section(value, path, known=("from", "to", "step", "log"))
    _need_ends(keys, path)
    return FloatRange(
        first=real(keys["from"], (*path, "from"), reals=reals),
        last=real(keys["to"], (*path, "to"), reals=reals),
        step=number(keys["step"], (*path, "step")) if "step" in keys else None,
        log=flag(keys.get("log", False), (*path, "log")),
    )


def _need_ends(keys: Any, path: KeyPath) -> None:
    for key in ("from", "to"):
        if key not in keys:
            raise SpaceError(path, f"a range needs '{key}'")
